"""What Flyway is told beside its migrations: flyway.conf or flyway.toml, and the ``.conf`` of one script.

As Flyway 13 reads them (flyway-core: ConfigUtils.java, SqlScriptMetadata.java): ``key = value`` a line; a script's own
settings win over the common ones. Of TOML we read what Flyway's documentation shows, tables and values in one line.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.formats.above import files_above
from pytest_migrations.formats.folder import Folder, mistake

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_TABLE = re.compile(r"[ \t]*\[(?P<name>[^\[\]]+)\]")
_SETTING = re.compile(r"^[ \t]*(?P<key>[^\s#!=:][^=:\n]*?)[ \t]*[=:][ \t]*(?P<value>[^\r\n]*?)[ \t]*\r?$", re.MULTILINE)
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9_]+)\}")
_KNOWN = ("executeInTransaction", "encoding", "placeholderReplacement", "shouldExecute")
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

    :param filled: a text with its placeholders replaced.
    :raises UserError: for a value that Flyway refuses, an encoding that is not UTF-8, a condition that we cannot judge.
    """
    default = ScriptSettings(
        transactional=common.get("flyway.executeInTransaction", "true").lower() != "false",
        replaces=common.get("flyway.placeholderReplacement", "true").lower() != "false",
    )
    conf = f"{name}.conf"
    if not (folder.path / conf).is_file():
        return default
    text = folder.text(conf)
    own = {match["key"]: match for match in _SETTING.finditer(text)}
    for key, match in own.items():
        if key not in _KNOWN:
            raise mistake(
                folder.path / conf, text, match.start("key"), f"Flyway has no setting {key} for one script", _KNOWN_ONES
            )
    if (encoding := own.get("encoding")) and encoding["value"].upper() not in _UTF_8:
        raise mistake(
            folder.path / conf,
            text,
            encoding.start("value"),
            f"the encoding {encoding['value']} is not supported",
            f"Save {name} as UTF-8 and say encoding=UTF-8: migrations are sent to the server in that encoding.",
        )

    def truth(key: str, otherwise: bool) -> bool:
        if key not in own:
            return otherwise
        value = filled(folder.path / conf, own[key]["value"])
        if (answer := _judged(value) if key == "shouldExecute" else _boolean(value)) is None:
            what = f"{key}={own[key]['value']} cannot be read"
            raise mistake(folder.path / conf, text, own[key].start("value"), what, _BOOLEAN)
        return answer

    return ScriptSettings(
        transactional=truth("executeInTransaction", default.transactional),
        replaces=truth("placeholderReplacement", default.replaces),
        runs=truth("shouldExecute", default.runs),
    )


_KNOWN_ONES = f"It knows {', '.join(_KNOWN)}."
_BOOLEAN = "Write true or false; shouldExecute may also be one comparison, A==B or A!=B."


def _boolean(value: str) -> bool | None:
    return {"true": True, "false": False}.get(value.lower())


def _judged(value: str) -> bool | None:
    """A condition: true, false, or a comparison of two texts (what joins several is not known here)."""
    if match := _COMPARISON.fullmatch(value):
        return (match["left"] == match["right"]) == (match["operator"] == "==")
    return _boolean(value)
