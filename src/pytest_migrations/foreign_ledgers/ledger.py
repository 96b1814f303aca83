"""A ledger of another tool in a database, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.rows import tuple_row

from pytest_migrations.errors import UserError
from pytest_migrations.foreign_ledgers.row import Row
from pytest_migrations.foreign_ledgers.taking import Taken
from pytest_migrations.foreign_ledgers.tool import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from pytest_migrations.foreign_ledgers.tool import Table, Tool
    from pytest_migrations.migration import History


@dataclass(frozen=True)
class ForeignLedger:
    """A table in which another tool records what it has applied."""

    tool: Tool
    #: Its name as SQL has it: ``public.goose_db_version``.
    table: str
    #: What keeps the session's role from reading all of it, with what mends that; empty where nothing does.
    hindrance: str
    _table: Table

    @property
    def names(self) -> tuple[str, ...]:
        """What a user may call the table: with its schema, or without, and quoted or not."""
        return self.table, f"{self._table.schema}.{self._table.name}", self._table.name

    @property
    def tells(self) -> bool:
        """Whether it can say anything of a folder: the migrations of some tools are programs."""
        return self.tool.taken is not None

    def is_for(self, history: History) -> bool:
        """Whether the folder is written as its tool wants it."""
        return history.format in self.tool.formats

    def read(self, connection: psycopg.Connection[Any]) -> list[Row]:
        """All of its rows, in no order.

        Takes ACCESS SHARE and waits for it as long as the session's lock_timeout allows.

        :raises UserError: where the role may not read it.
        :raises psycopg.Error: where the server does.
        """
        if self.hindrance:
            raise UserError(self.hindrance)
        columns = [name for name in self.tool.reads if name in self._table.columns]
        query = sql.SQL("SELECT {} FROM {}").format(
            sql.SQL(", ").join(_as_text(name, self._table.columns[name]) for name in columns),
            sql.Identifier(self._table.schema, self._table.name),
        )
        with connection.cursor(row_factory=tuple_row) as cursor:
            return [Row(dict(zip(columns, values, strict=True))) for values in cursor.execute(query)]

    def match(self, rows: Sequence[Row], history: History) -> Taken:
        """What its rows say of the migrations of a folder."""
        return self.tool.taken(rows, history) if self.tool.taken else Taken()


def _as_text(column: str, kind: Kind) -> sql.Composable:
    """A column as text, whatever its type; a time as seconds since 1970, whatever the session's DateStyle.

    A time without a zone was written in the one of the tool's session. That is mostly what ours has too.
    """
    if kind is not Kind.TIME:
        return sql.SQL("{}::text").format(sql.Identifier(column))
    moment = "{} AT TIME ZONE 'UTC'" if column.endswith("_utc") else "{}::timestamptz"
    return sql.SQL(f"extract(epoch FROM {moment})::text").format(sql.Identifier(column))
