"""Placeholders in SQL, filled in with ini ``migrations_placeholders`` and with what a format knows by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError, display_path

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

    from pytest_migrations.errors import Place
    from pytest_migrations.migration import History, Script


def filled_in(script: Script, pattern: re.Pattern[str], values: Mapping[str, str]) -> str:
    """The text of a script with the value of each placeholder in its place; its lines stay where they are.

    :param pattern: what a placeholder looks like; ``values`` has it under what its group ``name`` holds.
    :raises UserError: for one that has no value.
    """

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in values:
            raise no_value(script.place(match.start()), match[0], name)
        return values[name]

    return pattern.sub(value, script.text)


def no_value(place: Place, shown: str, name: str, or_else: str = "") -> UserError:
    """The error of a placeholder, ``shown`` at a place, that has no value; ``or_else`` says what else helps."""
    remedy = f"Give it one in the ini file, under migrations_placeholders: {name} = value{or_else}."
    return UserError.at(place, f"{shown} has no value", remedy)


def refuse_unused(history: History, names: Iterable[str]) -> None:
    """Names of placeholders that were given values have to stand somewhere in the files.

    :raises UserError: for one that does not.
    """
    paths = {path for path in history.folder.rglob("*") if path.is_file()}
    paths |= {script.path for migration in history for script in (*migration.scripts, migration.verify) if script}
    texts = [path.read_text(encoding="utf-8", errors="replace").lower() for path in paths]
    for name in names:
        if not any(name.lstrip(":").lower() in text for text in texts):
            raise UserError(f"--placeholder {name}: no file of {display_path(history.folder)} has that name in it.")
