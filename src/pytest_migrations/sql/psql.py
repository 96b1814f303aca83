"""What only psql understands of a script: meta commands, COPY data, COPY from and to the client."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.sql.traits import Trait

if TYPE_CHECKING:
    from pytest_migrations.migration import Statement

_PSQL_ONLY = re.compile(
    r"^[ \t]*(?P<meta>\\[a-z!?][^\r\n]*)"
    r"|(?P<end>\\g(?:exec|set|desc|x)?\b[^\r\n]*)$"
    r"|^[ \t]*(?P<copy>COPY\b[^;]*\bFROM\s+STDIN\b[^;]*;)",
    re.MULTILINE | re.IGNORECASE,
)
#: What to do about COPY, or about a meta command by its name.
_INSTEAD = {
    "COPY": "write the rows as INSERT",
    "c": "delete it, a migration runs in one database",
    "connect": "delete it, a migration runs in one database",
    "gexec": "write a DO block that executes the text",
    "i": "write the text of that file here",
    "include": "write the text of that file here",
    "ir": "write the text of that file here",
    "restrict": "delete it, pg_dump writes it for psql alone",
    "set": "write the value where it is used",
    "unrestrict": "delete it, pg_dump writes it for psql alone",
}


class OnlyInPsql(NamedTuple):
    """What a server does not run, and where it stands, from the start of its statement."""

    offset: int
    what: str

    @property
    def message(self) -> str:
        return f"{self.what} is not SQL that a server runs"

    @property
    def advice(self) -> str:
        command = re.match(r".*\\([a-z]+)", self.what)
        instead = _INSTEAD.get(command[1] if command else "COPY", "delete it, or write in SQL what it is for")
        return f"Only psql understands it: {instead}."


def only_in_psql(statement: Statement) -> OnlyInPsql | None:
    """What only psql could run of a statement, or of a script that could not be parsed, if anything."""
    if Trait.COPY_STREAM in statement.traits:
        return OnlyInPsql(0, "COPY from or to the client")
    if not statement.kind and (found := _PSQL_ONLY.search(statement.text)):
        what = "COPY data in the script:" if found["copy"] else "the psql meta command"
        return OnlyInPsql(found.start(found.lastgroup or 0), f"{what} {found.group().strip()}")
    return None
