"""What Flyway is told beside its migrations: flyway.conf or flyway.toml, and the ``.conf`` of one script.

As Flyway 13 reads them (flyway-core: ConfigUtils.java, SqlScriptMetadata.java): ``key = value`` a line; a script's own
settings win over the common ones. Of TOML we read what Flyway's documentation shows, tables and values in one line.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.formats.reading.above import files_above
from pytest_migrations.formats.reading.folder import Folder, mistake

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_migrations.errors import UserError

_TABLE = re.compile(r"[ \t]*\[(?P<name>[^\[\]]+)\]")
_SETTING = re.compile(r"^[ \t]*(?P<key>[^\s#!=:][^=:\n]*?)[ \t]*[=:][ \t]*(?P<value>[^\r\n]*?)[ \t]*\r?$", re.MULTILINE)
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9_]+)\}")
_KNOWN = ("executeInTransaction", "encoding", "placeholderReplacement", "shouldExecute")
_KNOWN_ONES = f"It knows {', '.join(_KNOWN)}."
_TRUE_OR_FALSE = "Write true or false; shouldExecute may also be one comparison, A==B or A!=B."
_SAVE_AS_UTF_8 = "Save the script as UTF-8 and say encoding=UTF-8: migrations are sent to the server in that encoding."
_UTF_8 = ("UTF-8", "UTF8", "US-ASCII", "ASCII")
_COMPARISON = re.compile(r"(?P<left>[^=!&|()]*?)\s*(?P<operator>[=!]=)\s*(?P<right>[^=!&|()]*)")


class ScriptSettings(NamedTuple):
    """How one script is read and run."""

    transactional: bool = True
    replaces: bool = True
    runs: bool = True


def common_settings(folder: Path) -> dict[str, str]:
    """The settings of the nearest flyway.toml or else flyway.conf, in the folder or above it."""
    for name in ("flyway.toml", "flyway.conf"):
        for path in files_above(folder, name)[:1]:
            return _settings(Folder(path.parent).text(name))
    return {}


def _settings(text: str) -> dict[str, str]:
    settings, table = {}, ""
    for line in text.splitlines():
        if match := _TABLE.match(line):
            table = f"{match['name'].strip()}."
        elif match := _SETTING.match(line):
            settings[table + match["key"].strip("\"'")] = _value(match["value"])
    return settings


def _value(text: str) -> str:
    quoted = re.match(r"([\"'])(?P<inside>.*?)\1[ \t]*(?:#.*)?$", text)
    return quoted["inside"] if quoted else _VARIABLE.sub(lambda variable: os.environ.get(variable[1], ""), text)


def script_settings(
    folder: Folder, name: str, common: Mapping[str, str], filled: Callable[[Path, str], str]
) -> ScriptSettings:
    """The settings of a script: those of its own ``.conf``, and else the common ones.

    :param filled: the text of a file with its placeholders replaced.
    :raises UserError: for a value that Flyway refuses, an encoding that is not UTF-8, a condition that we cannot judge.
    """
    default = ScriptSettings(
        transactional=common.get("flyway.executeInTransaction", "true").lower() != "false",
        replaces=common.get("flyway.placeholderReplacement", "true").lower() != "false",
    )
    path = folder.path / f"{name}.conf"
    if not path.is_file():
        return default
    own = _Conf(path, filled(path, folder.text(f"{name}.conf")))
    own.check()
    return ScriptSettings(
        transactional=own.truth("executeInTransaction", default.transactional),
        replaces=own.truth("placeholderReplacement", default.replaces),
        runs=own.truth("shouldExecute", default.runs),
    )


class _Conf:
    """The settings of one script as they stand in its ``.conf``."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self._found = {match["key"]: match for match in _SETTING.finditer(text)}

    def check(self) -> None:
        for key, match in self._found.items():
            if key not in _KNOWN:
                raise self._error(match.start("key"), f"Flyway has no such setting of one script: {key}", _KNOWN_ONES)
            if key == "encoding" and match["value"].upper() not in _UTF_8:
                what = f"the encoding {match['value']} is not supported"
                raise self._error(match.start("value"), what, _SAVE_AS_UTF_8)

    def truth(self, key: str, otherwise: bool) -> bool:
        if key not in self._found:
            return otherwise
        value = self._found[key]["value"]
        if (answer := _judged(value) if key == "shouldExecute" else _boolean(value)) is None:
            raise self._error(self._found[key].start("value"), f"{key}={value} cannot be read", _TRUE_OR_FALSE)
        return answer

    def _error(self, offset: int, what: str, remedy: str) -> UserError:
        return mistake(self._path, self._text, offset, what, remedy)


def _boolean(value: str) -> bool | None:
    return {"true": True, "false": False}.get(value.lower())


def _judged(value: str) -> bool | None:
    """A condition: true, false, or a comparison of two texts (what joins several is not known here)."""
    if match := _COMPARISON.fullmatch(value):
        return (match["left"] == match["right"]) == (match["operator"] == "==")
    return _boolean(value)
