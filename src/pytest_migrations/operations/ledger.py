"""The ledger: a table in the target database that says what was done to it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from pytest_migrations.errors import UserError
from pytest_migrations.operations.entry import Entry, State
from pytest_migrations.operations.literals import lacking, literals_of
from pytest_migrations.transactions import leave_transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    "kept_checksum": "text",
    "in_doubt": "text",
}
#: Their types, and what is read from columns of each.
_TYPES = {name: re.split(" (?:NOT|PRIMARY)", definition)[0] for name, definition in _COLUMNS.items()}
_HELD: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "double precision": (int, float),
    "timestamptz": (datetime,),
}
#: In the order in which migrations were applied.
_ORDER = "id"
#: All that a ledger has.
COLUMNS = (_ORDER, *_COLUMNS)
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
#: What a script may have left in the session, that would keep us from the ledger.
_AS_OURSELVES = ("SET LOCAL SESSION AUTHORIZATION DEFAULT", "SET LOCAL role = DEFAULT")
#: However the settings of the session spell times and fractions.
_SETTLED = ", ".join(
    ["id", "extract(epoch FROM applied_at)"]
    + [name for name, kind in _COLUMNS.items() if kind.startswith(("text", "integer"))]
)
_FINGERPRINT = f"SELECT count(*), sum(hashtextextended(ROW({_SETTLED})::text, 0)) FROM {{ledger}}"  # noqa: S608 (our own)
_INSERT = f"INSERT INTO {{ledger}} ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))})"  # noqa: S608
_WRITE = f"{_INSERT} ON CONFLICT (name) DO UPDATE SET {', '.join(f'{name} = EXCLUDED.{name}' for name in _COLUMNS)}"
_WRITE_LAST = f"{_WRITE}, {_ORDER} = EXCLUDED.{_ORDER}"


class Ledger:
    """The ledger of a database, over a connection in autocommit mode. ``name`` is its schema and its table.

    ``rights`` are those on the table that its user cannot do without.
    """

    def __init__(
        self, connection: psycopg.Connection[Any], name: tuple[str, str], rights: Sequence[str] = ("SELECT",)
    ) -> None:
        self.name = name
        self._connection = connection
        self._rights = rights
        self._table = sql.Identifier(*name)
        self._escaped = self._table.as_string().replace("%", "%%")
        #: What the table held when we last wrote to it, while it is watched.
        self._fingerprint: tuple[Any, ...] | None = None
        #: Whether this session has changed what it says, or may have.
        self.has_written = False
        #: What may have a row; None where that was not read.
        self._names: set[str] | None = None

    def __str__(self) -> str:
        return ".".join(self.name)

    def exists(self) -> bool:
        """Whether there is one. Raises UserError where something else has its name."""
        rows = self._connection.execute(
            """
            SELECT c.relkind::text,
                   has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'),
                   array_agg(a.attname::text)
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE n.nspname = %s AND c.relname = %s GROUP BY c.oid, c.relkind, n.oid
            """,
            self.name,
        ).fetchall()
        if not rows:
            return False
        ((kind, is_readable, columns),) = rows
        missing = [column for column in COLUMNS if column not in (columns or [])]
        if missing or kind not in "rp":
            raise UserError(
                f"{self} is no ledger of pytest-migrations: it lacks {', '.join(missing) or 'a table'}. If another "
                "tool made it, name another place with --ledger SCHEMA.TABLE, and take over what it says with "
                "`pytest-migrations baseline`. If it is ours and was damaged, restore it from a backup, or move it "
                "away and say with `pytest-migrations baseline` what is applied."
            )
        if not is_readable:
            raise UserError(f"The user {self._user} may not read the ledger {self}. Grant it: {self._grant()}")
        return True

    def create(self) -> None:
        """Make it where there is none. Raises UserError where the user may not."""
        if self.exists():
            row = self._connection.execute(
                "SELECT bool_and(has_table_privilege(%s, r)) FROM unnest(%s::text[]) r",
                [self._table.as_string(), list(self._rights)],
            ).fetchone()
            if row == (False,):
                raise UserError(f"The user {self._user} may not write to the ledger {self}. Grant it: {self._grant()}")
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
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReservedName) as error:
            raise UserError(
                f"The user {self._user} may not create the ledger {self}: {error.diag.message_primary}. Let somebody "
                f"who may say\n    GRANT CREATE ON DATABASE {quoted(self._connection.info.dbname)} TO "
                f"{quoted(self._user)};\n"
                "or name a schema in which the user may create tables: --ledger SCHEMA.TABLE"
            ) from None

    def entries(self) -> dict[str, Entry]:
        """All rows by name, in the order in which they were applied; none where there is no ledger."""
        try:
            entries = self._read() if self.exists() else {}
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            raise UserError(f"The ledger {self} cannot be read: {error.diag.message_primary or error}") from error
        self._names = set(entries)
        return entries

    def _read(self) -> dict[str, Entry]:
        columns = sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
        query = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(columns, self._table, sql.Identifier(_ORDER))
        rows = self._connection.execute(query, binary=True).fetchall()  # whatever the DateStyle
        return {row[0]: self._entry(dict(zip(_COLUMNS, row, strict=True))) for row in rows}

    def _entry(self, row: dict[str, Any]) -> Entry:
        for column, value in row.items():
            if value is not None and not isinstance(value, _HELD[kind := _TYPES[column]]):
                raise UserError(
                    f"The ledger {self} has a column {column} that is no {kind}: somebody has given it another type. "
                    f"Give it back: ALTER TABLE {self._table.as_string()} ALTER {column} TYPE {kind} USING "
                    f"{column}::{kind};"
                )
        if row["state"] not in {state.value for state in State}:
            raise UserError(
                f"The ledger says of {row['name']} that it is {row['state']!r}, which it never writes: somebody was at "
                "it by hand. Say what is true with `pytest-migrations mark`, after that row was deleted."
            )
        return Entry(**{**row, "state": State(row["state"])})

    def newest(self) -> str | None:
        """The version of the migration that was applied last; None where there is none."""
        applied = [entry.version for entry in self.entries().values() if entry.state is State.APPLIED]
        return applied[-1] if applied else None

    def watch(self, *, wanted: bool) -> None:
        """From now on see whether somebody else writes to the table, or no longer: it costs more the longer it is."""
        self._fingerprint = None
        if wanted:
            (self._fingerprint,) = _rows_of(self._execute([_FINGERPRINT]))

    def write(self, entry: Entry, *, in_place: bool = False) -> None:
        """Write an entry, in the transaction that the connection is in, or in one of its own.

        One that is applied comes last from now on, unless it stays ``in_place``.

        :raises LedgerTouchedError: where it is gone, or is watched and somebody else has written to it.
        """
        if characters := lacking(self._connection, entry.name):
            raise UserError(
                f"The ledger cannot hold the name of {entry.name}: the database's encoding has no {characters}. "
                "Nothing of it was kept. Rename the file."
            )
        values = {**vars(entry), "state": entry.state.value}
        change = _WRITE_LAST if entry.state is State.APPLIED and not in_place else _WRITE
        if self._names is not None and entry.name not in self._names:
            change = _INSERT  # 50 of 230 microseconds less: the server plans no UPDATE
            self._names.add(entry.name)
        self._change(change, [values[name] for name in _COLUMNS])

    def remove(self, name: str) -> None:
        """Forget a migration, as ``write`` does it."""
        self._change("DELETE FROM {ledger} WHERE name = %s", [name])

    def rename(self, old: str, new: str, version: str) -> None:
        """Let an entry be that of a file that was renamed, as ``write`` does it."""
        self._change("UPDATE {ledger} SET name = %s, version = %s WHERE name = %s", [new, version, old])
        self._names = None

    def _change(self, change: str, values: Sequence[Any]) -> None:
        """Run one statement on the table, in one round trip with what has to be around it."""
        looking = [] if self._fingerprint is None else [_FINGERPRINT]
        try:
            cursor = self._execute([*looking, change, *looking], values)
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
            raise LedgerTouchedError(f"the ledger {self} is gone") from error
        except psycopg.OperationalError:  # as of the server itself, or of a lock
            raise
        except psycopg.Error as error:
            raise LedgerTouchedError(f"the ledger {self} takes no entry: {error.diag.message_primary}") from error
        if looking:
            before, after = _rows_of(cursor)
            if before != self._fingerprint:
                raise LedgerTouchedError(f"the ledger {self} was written to by somebody else")
            self._fingerprint = after
        self.has_written = True

    def _execute(self, statements: Sequence[str], values: Sequence[Any] = ()) -> psycopg.Cursor[Any]:
        """Run some, in the transaction that the connection is in or in one of their own."""
        alone = self._connection.info.transaction_status == TransactionStatus.IDLE
        around = [*_AS_OURSELVES, *statements, "COMMIT"] if alone else [*_AS_OURSELVES, *statements]
        if self._connection.info.parameter_status("client_encoding") != "UTF8":  # a script's doing
            self._connection.execute(
                "BEGIN; SET LOCAL client_encoding = 'UTF8'" if alone else "SET LOCAL client_encoding = 'UTF8'"
            )
        elif alone:
            around.insert(0, "BEGIN")
        # Several statements at once have no parameters on the server, and to let psycopg compose them takes longer.
        literals = tuple(map(literals_of(self._connection), values))
        text = "; ".join(around).replace("{ledger}", self._escaped) % literals
        try:
            return self._connection.execute(text.encode())
        finally:
            if alone:
                leave_transaction(self._connection)

    @property
    def _user(self) -> str:
        return self._connection.info.user

    def _grant(self) -> str:
        user, schema = quoted(self._user), quoted(self.name[0])
        rights = f"{', '.join(self._rights)} ON {self._table.as_string()}"
        return f"GRANT USAGE ON SCHEMA {schema} TO {user}; GRANT {rights} TO {user};"


def quoted(name: str) -> str:
    """The name as SQL has it, for a command that the user may copy."""
    return name if _PLAIN.fullmatch(name) else sql.Identifier(name).as_string()


class LedgerTouchedError(UserError):
    """A script has written to the ledger, which is the runner's alone."""


def _rows_of(cursor: psycopg.Cursor[Any]) -> list[tuple[Any, ...]]:
    """All rows that several statements gave."""
    rows = []
    more: bool | None = True
    while more:
        if cursor.description is not None:
            rows += cursor.fetchall()
        more = cursor.nextset()
    return rows
