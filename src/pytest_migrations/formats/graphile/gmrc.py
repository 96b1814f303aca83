"""``.gmrc``: what graphile-migrate is told of a project, in JSON5, above the folder of its migrations."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_migrations.formats.reading.above import places_above

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_ACTIONS = ("afterReset", "beforeAllMigrations", "afterAllMigrations")
_COMMENT = r"//[^\n]*|/\*.*?\*/"
#: Strings stay as they are; comments and commas before a closing bracket go; bare keys get quotes. Compiled where there
#: is such a file: that takes longer than to load most modules.
_JSON5 = (
    rf'(?s)(?P<string>"(?:\\.|[^"\\])*")|{_COMMENT}|,(?=(?:\s|{_COMMENT})*[}}\]])|(?P<key>[A-Za-z_$][\w$]*)(?=\s*:)'
)


class Settings(NamedTuple):
    placeholders: Mapping[str, str]
    #: Settings of the session (``pgSettings``).
    session: Mapping[str, str]
    notes: list[str]


def settings_above(folder: Path) -> Settings:
    """The settings of the project that a folder of migrations belongs to."""
    for parent in places_above(folder)[1:3]:
        if (path := parent / ".gmrc").is_file():
            return _settings(path)
        if script := next((name for name in (".gmrc.js", ".gmrc.cjs") if (parent / name).is_file()), None):
            return _unknown(f"{script} is a script, which is not run")
    return Settings({}, {}, [])


def _settings(path: Path) -> Settings:
    try:
        parsed = json.loads(re.sub(_JSON5, _as_json, path.read_text(encoding="utf-8-sig")))
    except (OSError, ValueError) as error:
        return _unknown(f"{path.name} could not be read ({error})")
    known: dict[str, Any] = parsed if isinstance(parsed, dict) else {}
    actions = [name for name in _ACTIONS if known.get(name)]
    note = (
        f"The actions of {path.name} are not run ({', '.join(actions)}): what they prepare, "
        "the hook pytest_migrations_prepare can."
    )
    placeholders, session = _texts(known.get("placeholders")), _texts(known.get("pgSettings"))
    return Settings(_placeholders(placeholders), session, [note] if actions else [])


def _unknown(why: str) -> Settings:
    return Settings({}, {}, [f"{why}: its placeholders and settings are unknown."])


def _as_json(match: re.Match[str]) -> str:
    return match["string"] or (f'"{match["key"]}"' if match["key"] else " ")


def _texts(value: Any) -> dict[str, str]:
    return {name: str(text) for name, text in value.items()} if isinstance(value, dict) else {}


def _placeholders(written: Mapping[str, str]) -> dict[str, str]:
    """By name, without the colon; ``!ENV`` stands for the environment variable of that name."""
    named = {name.removeprefix(":"): text for name, text in written.items()}
    return {
        name: os.environ[name] if text == "!ENV" else text
        for name, text in named.items()
        if text != "!ENV" or name in os.environ
    }
