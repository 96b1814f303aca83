"""Flyway's placeholders: ``${name}``.

As Flyway 13 replaces them (flyway-core: PlaceholderReplacingReader.java, ParsingContext.java): while a file is read, so
that they are replaced wherever they stand, in comments, strings and function bodies as well; names are compared without
regard to case, and one that has no value is an error.
"""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pytest_migrations.formats.reading.folder import place_in
from pytest_migrations.formats.reading.placeholders import no_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.formats.reading.folder import Folder

_IN_ENVIRONMENT = "FLYWAY_PLACEHOLDERS_"
_IN_SETTINGS = "flyway.placeholders."

_OR_ELSE = (
    ". Where Flyway is told placeholderReplacement=false, say so in the script's .conf, or in a flyway.conf above the "
    "folder"
)


class Placeholders:
    """The values for the placeholders of a folder, and where in a text they belong."""

    def __init__(self, folder: Folder, settings: Mapping[str, str]) -> None:
        """``settings`` of flyway.conf or flyway.toml; the environment wins over them, and the ini file over both."""
        prefix = settings.get("flyway.placeholderPrefix", "${")
        suffix = settings.get("flyway.placeholderSuffix", "}")
        self._pattern = re.compile(f"{re.escape(prefix)}(?P<name>.*?)(?:{re.escape(suffix)}|\\Z)", re.DOTALL)
        said = [
            _known_to_flyway(settings),
            _beginning_with(_IN_SETTINGS, settings),
            _beginning_with(_IN_ENVIRONMENT, os.environ),
            folder.placeholders,
        ]
        self._values = {name.lower(): value for values in said for name, value in values.items()}

    def filled(self, path: Path, text: str) -> str:
        """The text of a file with its placeholders replaced.

        :raises UserError: for one that has no value.
        """

        def value(match: re.Match[str]) -> str:
            name = match["name"].lower()
            if name == "flyway:filename":
                return PurePosixPath(path).name
            if name not in self._values:
                shown = match["name"].split("\n")[0]
                raise no_value(place_in(path, text, match.start()), f"the placeholder {shown}", shown, _OR_ELSE)
            return self._values[name]

        return self._pattern.sub(value, text)


def _beginning_with(prefix: str, values: Mapping[str, str]) -> dict[str, str]:
    return {name[len(prefix) :]: value for name, value in values.items() if name.startswith(prefix)}


def _known_to_flyway(settings: Mapping[str, str]) -> dict[str, str]:
    """Its default ones, but for the names of the user and the database, which are known only when it connects."""
    return {
        "flyway:defaultSchema": settings.get("flyway.defaultSchema", "public"),
        "flyway:table": settings.get("flyway.table", "flyway_schema_history"),
        "flyway:environment": settings.get("flyway.environment", "default"),
        "flyway:timestamp": datetime.now().strftime("%Y-%m-%d %H:%M:%S"),  # noqa: DTZ005 (Flyway means local time too)
        "flyway:workingDirectory": str(Path.cwd()),
    }
