"""The ledger: a table in the target database that says what was done to it."""

from __future__ import annotations

import getpass
import hashlib
import socket
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from datetime import datetime

    from pytest_migrations.migration import Migration


class State(str, Enum):
    """What the ledger says of a migration. One that it does not know is pending."""

    #: It is being applied in steps that commit, or was when its process died.
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"
    #: As APPLYING, on its way back.
    ROLLING_BACK = "rolling back"
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True)
class Entry:
    """A row of the ledger."""

    name: str
    version: str
    checksum: str
    state: State
    #: When the state was reached.
    applied_at: datetime | None
    seconds: float | None
    #: Who did it: user@host.
    applied_by: str
    #: How many statements were done for good, of how many.
    statements: int
    total_statements: int
    #: The SQL that takes it back, as it was when it was applied.
    rollback_sql: str | None = None
    #: Where that comes from, or why there is none.
    rollback_note: str | None = None
    #: What went wrong, where it failed.
    error: str | None = None

    @property
    def is_unfinished(self) -> bool:
        """Whether some of it may have been kept, and some may not."""
        in_steps = self.state in (State.APPLYING, State.ROLLING_BACK)
        return in_steps or (self.state is State.FAILED and self.statements > 0)

    @property
    def is_in_database(self) -> bool:
        """Whether it was applied, wholly or in part, and not rolled back."""
        return self.state is State.APPLIED or self.is_unfinished


_COLUMNS = {
    "name": "text PRIMARY KEY",
    "version": "text NOT NULL",
    "checksum": "text NOT NULL",
    "state": "text NOT NULL CHECK (state IN ('applying', 'applied', 'failed', 'rolling back', 'rolled back'))",
    "applied_at": "timestamptz",
    "seconds": "double precision",
    "applied_by": "text NOT NULL",
    "statements": "integer NOT NULL",
    "total_statements": "integer NOT NULL",
    "rollback_sql": "text",
    "rollback_note": "text",
    "error": "text",
}
#: In the order in which migrations were applied.
_ORDER = "id"
#: What a script may have left in the session, that would keep us from the ledger.
_AS_OURSELVES = sql.SQL("SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL ROLE NONE; ")


class Ledger:
    """The ledger of a database, over a connection in autocommit mode. ``name`` is its schema and its table."""

    def __init__(self, connection: psycopg.Connection[Any], name: tuple[str, str]) -> None:
        self.name = name
        self._connection = connection
        self._table = sql.Identifier(*name)
        #: What the table held when we last looked at it, or wrote to it.
        self._fingerprint: tuple[Any, ...] | None = None

    def __str__(self) -> str:
        return ".".join(self.name)

    def exists(self) -> bool:
        """Whether there is one. Raises UserError where something else has its name."""
        rows = self._connection.execute(
            """
            SELECT c.relkind::text, has_table_privilege(c.oid, 'SELECT'), array_agg(a.attname::text)
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE n.nspname = %s AND c.relname = %s GROUP BY c.oid, c.relkind
            """,
            self.name,
        ).fetchall()
        if not rows:
            return False
        ((kind, is_readable, columns),) = rows
        missing = [column for column in (_ORDER, *_COLUMNS) if column not in (columns or [])]
        if missing or kind not in "rp":
            raise UserError(
                f"{self} is no ledger of pytest-migrations: it lacks {', '.join(missing) or 'a table'}. If another "
                "tool made it, name another place with --ledger SCHEMA.TABLE, and take over what it says with "
                "`pytest-migrations baseline`. If it is ours and was damaged, restore it from a backup, or move it "
                "away and say with `pytest-migrations baseline` what is applied."
            )
        if not is_readable:
            raise UserError(f"The user {self._user} may not read the ledger {self}. Grant it: {self._grant('SELECT')}")
        return True

    def create(self) -> None:
        """Make it where there is none. Raises UserError where the user may not."""
        if self.exists():
            row = self._connection.execute(
                "SELECT has_table_privilege(%s::regclass, 'INSERT, UPDATE, DELETE')", [self._table.as_string()]
            ).fetchone()
            if row == (False,):
                raise UserError(
                    f"The user {self._user} may not write to the ledger {self}. Grant it: "
                    f"{self._grant('SELECT, INSERT, UPDATE, DELETE')}"
                )
            return
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(definition)) for name, definition in _COLUMNS.items()
        )
        try:
            with self._connection.transaction():
                # IF NOT EXISTS asks for the right to create schemas even where there is this one.
                query = "SELECT FROM pg_catalog.pg_namespace WHERE nspname = %s"
                if self._connection.execute(query, [self.name[0]]).fetchone() is None:
                    self._connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(self.name[0])))
                self._connection.execute(
                    sql.SQL("CREATE TABLE {} (id bigint GENERATED BY DEFAULT AS IDENTITY, {})").format(
                        self._table, columns
                    )
                )
                comment = sql.Literal("What pytest-migrations has done to this database.")
                self._connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(self._table, comment))
        except psycopg.errors.InsufficientPrivilege as error:
            raise UserError(
                f"The user {self._user} may not create the ledger {self}: {error.diag.message_primary}. Let somebody "
                f"who may say\n    GRANT CREATE ON DATABASE {self._connection.info.dbname} TO {self._user};\n"
                "or name a schema in which the user may create tables: --ledger SCHEMA.TABLE"
            ) from None

    def entries(self) -> dict[str, Entry]:
        """All rows by name, in the order in which they were applied."""
        columns = sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
        query = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(columns, self._table, sql.Identifier(_ORDER))
        rows = self._connection.execute(query).fetchall()
        with self._connection.transaction():
            self._fingerprint = self._connection.execute(self._fingerprinting()).fetchone()
        return {row[0]: _entry(dict(zip(_COLUMNS, row, strict=True))) for row in rows}

    def write(self, entry: Entry) -> None:
        """Write an entry, in the transaction that the connection is in, or in one of its own.

        One that is applied comes last from now on.

        :raises LedgerTouchedError: where somebody else has written to the ledger since we last did.
        """
        values = {**vars(entry), "state": entry.state.value}
        replaced = sql.SQL(", ").join(
            sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name))
            for name in (*_COLUMNS, *([_ORDER] if entry.state is State.APPLIED else []))
        )
        self._change(
            sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT (name) DO UPDATE SET {}").format(
                self._table,
                sql.SQL(", ").join(map(sql.Identifier, _COLUMNS)),
                sql.SQL(", ").join(sql.Literal(values[name]) for name in _COLUMNS),
                replaced,
            )
        )

    def remove(self, name: str) -> None:
        """Forget a migration, as ``write`` does it."""
        self._change(sql.SQL("DELETE FROM {} WHERE name = {}").format(self._table, sql.Literal(name)))

    def rename(self, old: str, new: str, version: str) -> None:
        """Let an entry be that of a file that was renamed, as ``write`` does it."""
        self._change(
            sql.SQL("UPDATE {} SET name = {}, version = {} WHERE name = {}").format(
                self._table, sql.Literal(new), sql.Literal(version), sql.Literal(old)
            )
        )

    def _change(self, change: sql.Composable) -> None:
        """Run one statement on the table, in one round trip with what has to be around it."""
        looking = self._fingerprinting()
        statements = sql.SQL("; ").join([looking, change, looking])
        alone = self._connection.info.transaction_status == TransactionStatus.IDLE
        begin, end = (sql.SQL("BEGIN; "), sql.SQL("; COMMIT")) if alone else (sql.SQL(""), sql.SQL(""))
        cursor = self._connection.cursor()
        try:
            cursor.execute(begin + _AS_OURSELVES + statements + end)
        except psycopg.Error:
            if alone:
                self._connection.rollback()
            raise
        before, *_, after = _rows_of(cursor)
        if self._fingerprint is not None and before != self._fingerprint:
            raise LedgerTouchedError(f"the ledger {self} was written to by somebody else")
        self._fingerprint = after

    def _fingerprinting(self) -> sql.Composed:
        return sql.SQL("SELECT count(*), sum(hashtextextended(name || state || checksum, statements)) FROM {}").format(
            self._table
        )

    @property
    def _user(self) -> str:
        return self._connection.info.user

    def _grant(self, rights: str) -> str:
        user = sql.Identifier(self._user).as_string()
        return f"GRANT USAGE ON SCHEMA {self.name[0]} TO {user}; GRANT {rights} ON {self._table.as_string()} TO {user};"


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(**{**row, "state": State(row["state"])})


class LedgerTouchedError(Exception):
    """A script has written to the ledger, which is the runner's alone."""


def _rows_of(cursor: psycopg.Cursor[Any]) -> list[tuple[Any, ...]]:
    rows = []
    more: bool | None = True
    while more:
        if cursor.description is not None:
            rows += cursor.fetchall()
        more = cursor.nextset()
    return rows


def checksum(migration: Migration) -> str:
    """What is the same as long as what it applies is: SHA-256 of the up script, line ends and blanks around it aside.

    A rollback that was mended is no change of what was applied.
    """
    written = migration.up.written.replace("\r\n", "\n").strip()
    return hashlib.sha256(written.encode()).hexdigest()


def whoever_runs() -> str:
    """The user of the operating system, and its host: deploy@ci-7."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
