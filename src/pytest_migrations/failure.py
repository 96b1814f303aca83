"""A migration that failed: what, where, what the server says, what was kept."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from pytest_migrations.errors import Place, UserError, without_passwords
from pytest_migrations.sqlstates import name_of

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.migration import Migration, Statement
    from pytest_migrations.sql.psql import OnlyInPsql


class Kept(Enum):
    """What is left in the database of a script that failed."""

    NOTHING = "Nothing of this script was kept."
    NOTHING_OF_ALL = "Nothing was kept, of this script or of those before it in the run."
    IN_STEPS = "It ran outside a transaction."
    BEFORE = "It ran outside a transaction: what stands before this statement was kept."


AT_COMMIT = "when the transaction was committed"


class MigrationError(UserError):
    """A script of a migration failed.

    ``sqlstate`` is the server's error code, or None where the server was not the one to object. ``advice``, what to
    do next, is added by whoever knows the whole history.
    """

    is_verdict = True

    def __init__(
        self,
        migration: Migration,
        place: Place,
        message: str,
        *,
        sqlstate: str | None = None,
        details: tuple[str, ...] = (),
        kept: Kept = Kept.NOTHING,
        remark: str = "",
    ) -> None:
        self.message = without_passwords(message)
        super().__init__(self.message)
        self.migration = migration
        self.place: Place = place
        self.sqlstate = sqlstate
        self.details = tuple(map(without_passwords, details))
        self.kept = kept
        self.remark = remark
        self.advice = ""
        self.took_too_long = False
        #: What the server objected to, where it was the server.
        self.statement: Statement | None = None
        #: The table that it names as ``schema.table``, apart from the message; empty where it names none.
        self.table = ""

    @property
    def headline(self) -> str:
        """One line: place, message, SQLSTATE and its name."""
        code = f" ({self.sqlstate} {name_of(self.sqlstate)})" if self.sqlstate else ""
        return f"{self.place}: {self.message}{code}"

    @property
    def finding(self) -> str:
        """What happened and where, and not what was kept or what to do."""
        parts = [self.headline, self.place.excerpt(self.remark), "\n".join(self.details)]
        return "\n\n".join(filter(None, parts))

    def __str__(self) -> str:
        parts = [self.finding]
        parts.append("\n".join(line for line in (self.kept.value, self.advice) if line))
        return "\n\n".join(parts)

    @classmethod
    def from_server(
        cls, migration: Migration, statement: Statement, error: psycopg.Error, kept: Kept, *, remark: str = ""
    ) -> MigrationError:
        """Make the error of what the server (or the lost connection) said of a statement.

        A ``remark`` says of what else it was said: of what was sent before it or behind it.
        """
        diagnosis = error.diag
        place = statement.place_at(_offset_in(statement, diagnosis, is_its_own=not remark))
        message = diagnosis.message_primary or f"the connection was lost: {str(error).splitlines()[0]}"
        details = [
            f"{name}: {text}"
            for name, text in (
                ("detail", diagnosis.message_detail),
                ("hint", diagnosis.message_hint),
                ("in", _first_lines(diagnosis.context)),
            )
            if text
        ]
        if diagnosis.internal_query:
            details.append(f"query: {_first_lines(diagnosis.internal_query)}")
        if statement.generated and statement.text:
            details.append(f"statement: {_first_lines(statement.text.strip())}")
        made = cls(
            migration,
            place,
            message,
            sqlstate=error.sqlstate,
            details=tuple(details),
            kept=kept,
            remark=remark,
        )
        made.statement = statement
        made.table = f"{diagnosis.schema_name}.{diagnosis.table_name}" if diagnosis.table_name else ""
        return made

    @classmethod
    def from_program(cls, migration: Migration, place: Place, error: BaseException, kept: Kept) -> MigrationError:
        """Make the error of a program that raised what the server has no part in."""
        message = f"{type(error).__name__}: {error}".rstrip(": ").splitlines()
        return cls(migration, place, message[0], details=("\n".join(message[1:4]),) if message[1:] else (), kept=kept)

    @classmethod
    def timed_out(cls, migration: Migration, statement: Statement, kept: Kept, seconds: float | None) -> MigrationError:
        """Make the error of a script that took longer than allowed."""
        error = cls(
            migration,
            statement.place,
            f"canceled: the script took longer than {seconds:g} s (--migrations-timeout)",
            kept=kept,
            remark="it was running this statement",
        )
        error.took_too_long = True
        error.advice = "If it needs that long, allow it more: --migrations-timeout=SECONDS, or 0 for ever."
        return error

    @classmethod
    def unfinished_transaction(cls, migration: Migration, last: Statement) -> MigrationError:
        """Make the error of a script that ends inside a transaction which it began itself."""
        return cls(migration, last.place, "the script ends inside a transaction that it began: its COMMIT is missing")

    @classmethod
    def only_in_psql(cls, migration: Migration, statement: Statement, found: OnlyInPsql) -> MigrationError:
        """Make the error of a script that only psql could run."""
        error = cls(migration, statement.script.place(statement.offset + found.offset), found.message)
        error.advice = found.advice
        return error


def _offset_in(statement: Statement, diagnosis: psycopg.errors.Diagnostic, *, is_its_own: bool) -> int:
    """Where the server points, or the first mention of the name that it complains of (a foreign key's table, say).

    Where it does not speak of the text of the statement, it points elsewhere.
    """
    if diagnosis.statement_position:
        return int(diagnosis.statement_position) - 1 if is_its_own else 0
    if statement.kind == "do_stmt" and (line := _LINE_OF_BLOCK.search(diagnosis.context or "")):
        return _offset_in_block(statement.text, int(line["number"]), diagnosis)
    named = re.search(r'"(.+?)"', diagnosis.message_primary or "")
    if named is None or diagnosis.context:
        return 0
    mentions = [found.start() for found in re.finditer(rf"(?<!\w){re.escape(named[1])}(?!\w)", statement.text)]
    if not mentions:
        return 0
    # What rows violate is what a statement ends with: ALTER TABLE t DROP CONSTRAINT c, ADD CONSTRAINT c CHECK (...).
    return mentions[-1 if (diagnosis.sqlstate or "").startswith(_INTEGRITY_VIOLATION) else 0]


#: A class of codes (PostgreSQL docs, Appendix A).
_INTEGRITY_VIOLATION = "23"
_LINE_OF_BLOCK = re.compile(r"function inline_code_block line (?P<number>\d+)")
_QUOTE = re.compile(r"\$\w*\$|'")


def _offset_in_block(text: str, number: int, diagnosis: psycopg.errors.Diagnostic) -> int:
    """Where a line of a DO block begins, counted from its opening quote, or behind that what the server points at."""
    quote = _QUOTE.search(text)
    start = quote.end() if quote else 0
    for _ in range(number - 1):
        start = text.find("\n", start) + 1
    query = diagnosis.internal_query or ""
    if query and (found := text.find(query, start)) >= 0:
        return found + int(diagnosis.internal_position or 1) - 1
    return start + len(text[start:]) - len(text[start:].lstrip())


def _first_lines(text: str | None, most: int = 3) -> str:
    lines = (text or "").splitlines()
    return "\n".join(lines[:most]) + (" ..." if len(lines) > most else "")
