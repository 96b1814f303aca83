r"""What psql makes of a script before the server sees it: variables filled in, and commands of its own.

As psql 18 reads it (src/fe_utils/psqlscan.l): ``:name``, ``:'name'`` and ``:"name"`` are replaced outside of strings,
quoted names, quoted bodies and comments. One that is not set is left as it stands, which is SQL only in a slice of an
array and in JSON. ``\set`` gives values, and what only changes how results are shown is left out. All else is left in,
where the runner refuses it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_migrations.formats.reading.folder import mistake
from pytest_migrations.migration import Script

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_migrations.errors import UserError

_PIECES = re.compile(
    r"""
      --[^\n]* | /\*.*?\*/
    | [eE]'(?:\\.|''|[^'\\])*' | '(?:''|[^'])*' | "(?:""|[^"])*"
    | \$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$
    | [^\W\d][\w$]* | :: | :=
    | ^[ \t]*\\set[ \t]+(?P<set>\w+)[ \t]+(?P<value>[^\r\n]*)
    | ^[ \t]*\\(?P<shown>echo|qecho|warn|pset|timing|[xat]|encoding[ \t]+UTF-?8)(?![^\s\\])[^\r\n]*
    | :(?P<quote>['"]?)(?P<name>\w+)(?P=quote)
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
#: What ends before the colon of an array's slice or of JSON_OBJECT('key':value), which are no variables.
_OPERAND = re.compile(r"[\w'\")\[\]]")
#: What a plain value looks like. The output of a command, or parts of a value, must be given to us.
_VALUE = re.compile(r"(?P<word>(?:'(?P<text>(?:''|[^'\\])*)')|[^\s'\"`:\\]+)[ \t]*")
#: Variables that change what psql does. They are on in any case (Sqitch sees to the first); off is refused.
_SWITCHES = ("ON_ERROR_STOP", "AUTOCOMMIT")
_ON = ("1", "on", "true", "yes")


def psql_script(path: Path, source: str, variables: Mapping[str, str]) -> Script:
    """The script that psql would send, run outside of a transaction as psql does it.

    :raises UserError: where a variable is needed whose value is not known.
    """
    return Script(
        path, source, _PIECES.sub(_Variables(path, source, dict(variables)).sent, source), transactional=False
    )


@dataclass
class _Variables:
    """The variables while psql goes through a script."""

    path: Path
    source: str
    values: dict[str, str]

    def sent(self, piece: re.Match[str]) -> str:
        """What is left of a piece of the script for the server."""
        if piece["set"]:
            return self._set(piece)
        if piece["shown"]:
            return ""
        name, quote = piece["name"], piece["quote"]
        if name in self.values:
            value = self.values[name]
            return quote + value.replace(quote, quote * 2) + quote if quote else value
        if name and not _OPERAND.match(self.source, max(piece.start() - 1, 0)):
            raise self._unknown(name, piece.start())
        return piece.group()

    def _set(self, piece: re.Match[str]) -> str:
        name, value = piece["set"], _VALUE.fullmatch(piece["value"])
        if name in _SWITCHES and (value is None or value["word"].lower() not in _ON):
            return piece.group()
        if value is not None:
            self.values[name] = value["word"] if value["text"] is None else value["text"].replace("''", "'")
        elif name not in self.values:
            raise self._unknown(name, piece.start("set"))
        return ""

    def _unknown(self, name: str, offset: int) -> UserError:
        what = f"the value of the psql variable {name} is not known"
        remedy = f"Give it one in the ini file, under migrations_placeholders: {name} = value."
        return mistake(self.path, self.source, offset, what, remedy)
