"""Puts rows into the tables that a migration touches, and learns from each trial which rows it takes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from pytest_migrations.rows.reading import read_tables, tables_of
from pytest_migrations.rows.scripts.alike import alike
from pytest_migrations.rows.scripts.backfills import Backfilled
from pytest_migrations.rows.scripts.broad import broad
from pytest_migrations.rows.scripts.changes import changes
from pytest_migrations.rows.scripts.forbidden import forbidden_by
from pytest_migrations.rows.scripts.meeting import meeting
from pytest_migrations.rows.scripts.sought import sought_by
from pytest_migrations.rows.scripts.touching import ledgers, may_touch_others, named_in, tables_among
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

    from pytest_migrations.failure import MigrationError
    from pytest_migrations.migration import Migration, Statement
    from pytest_migrations.rows.filling.filler import Filled, Filler
    from pytest_migrations.rows.losses.image import Image
    from pytest_migrations.rows.scripts.sought import Sought
    from pytest_migrations.rows.table import Table
    from pytest_migrations.timeline.on_rows.idle import Idle
    from pytest_migrations.timeline.terms import PutRowsIn

#: unique_violation and exclusion_violation (PostgreSQL docs, Appendix A): rows are in each other's way.
_MEET = ("23505", "23P01")
#: numeric_value_out_of_range and datetime_field_overflow: a number is too large for what is made of it.
_TOO_LARGE = ("22003", "22008")
#: What may put in rows that generated ones are in the way of. Where others fail so, they would in production.
_PUTS_IN = ("insert_stmt", "merge_stmt", "do_stmt", "call_stmt", "select_stmt")
_LAST_SEED = 2
#: Of the rows of a table so many satisfy what a statement looks for that met none before: all but the first, usually.
_INSISTENCE = 4
#: Where all tables get rows, no more of them do.
_MOST_TABLES = 200


@dataclass(frozen=True)
class PutIn:
    """What tables there are, which of them were asked for, and how they were filled."""

    tables: Mapping[int, Table]
    asked: set[int]
    filled: Filled
    #: Why less rows are to be seen of a table than were put in, by OID.
    unseen: Mapping[int, str] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, int]:
        return {self.tables[oid].shown: count for oid, count in sorted(self.filled.rows.items()) if oid in self.asked}

    def as_seen(self, image: Image) -> PutIn:
        """The same where triggers have taken rows away again, or policies hide them: by what an image shows of it."""
        unseen = {
            oid: f"{rows} rows were put in, and {seen} can be seen: a trigger takes them away, or a policy hides them"
            for oid, rows in self.filled.rows.items()
            if self.tables[oid].name in image and (seen := int(image[self.tables[oid].name][0])) < rows
        }
        return replace(self, unseen=unseen)

    @property
    def without_triggers(self) -> dict[str, str]:
        told = self.filled.without_triggers.items()
        return {self.tables[oid].shown: why for oid, why in told if oid in self.asked}

    @property
    def empty(self) -> dict[str, str]:
        """Of what never holds a row there is nothing to prove; one of NULLs proves as little as none."""
        return {
            self.tables[oid].shown: why
            for oid, why in {**self.filled.bare, **self.filled.empty, **self.unseen}.items()
            if oid in self.asked and not self.tables[oid].cannot
        }


@dataclass
class Supply:
    """How rows get into the tables that a migration touches.

    ``put_more_in`` puts the user's own in beside them.
    """

    migration: Migration
    filler: Filler
    put_more_in: PutRowsIn | None = None
    #: The columns that earlier migrations have filled.
    backfilled: Backfilled = field(default_factory=Backfilled)
    _put_in: PutIn | None = None
    #: Tables that the migration does not name.
    _learned: set[int] = field(default_factory=set)
    _seed: int = 0
    #: By the OID of a table how many rows it gets at most.
    _most: dict[int, int] = field(default_factory=dict)
    #: Statements that met no row; None as long as that was not tried.
    _insisting: tuple[Statement, ...] | None = None
    #: Whether numbers are smaller: no product, or moment, of others could be had.
    _modest: bool = False

    @property
    def may_touch_others(self) -> bool:
        """Whether the migration can touch tables that it does not name."""
        return may_touch_others(self.migration)

    def put_in(self, connection: psycopg.Connection) -> PutIn:
        """Put rows into the tables, in the open transaction."""
        read, asked = read_tables(connection, names=named_in(self.migration), oids=self._learned)
        known = self.backfilled.within(read)
        # What is only referred to may have NULL anywhere: what it would refer to there was not read.
        tables = {oid: known[oid] if oid in asked else table for oid, table in read.items()}
        tables = alike(statements(self.migration.up), meeting(statements(self.migration.up), tables))
        filled = self.filler.fill(
            connection,
            tables,
            seed=self._seed,
            sought=self._sought(list(tables.values())),
            most=self._most,
            modest=self._modest,
        )
        if self.put_more_in is not None:
            self.put_more_in(connection, self.migration)
        self._put_in = PutIn(tables, asked, filled)
        return self._put_in

    def _sought(self, tables: Sequence[Table]) -> Sought:
        if self._insisting:
            sought = sought_by(self._insisting, tables)
            return {name: conditions * _INSISTENCE for name, conditions in sought.items()}
        up, down = (statements(script) if script else () for script in (self.migration.up, self.migration.down))
        forbidden = forbidden_by(up, tables)
        if self._seed:  # what is looked for the migration may also bring itself
            return forbidden
        return _together(forbidden, sought_by(up, tables), broad(sought_by(down, tables)))

    def learn(self, connection: psycopg.Connection, touched: set[int]) -> bool:
        """Whether tables were touched that had been given no rows: now they will be. Behind the end of the trial."""
        assert self._put_in is not None
        missed = tables_among(connection, touched - self._put_in.tables.keys()) - self._put_in.tables.keys()
        if missed:
            missed -= ledgers(connection)
        self._learned |= missed
        return bool(missed)

    def take_all(self, connection: psycopg.Connection) -> None:
        """Let all tables get rows: of a migration that commits by itself nobody sees which ones it touches."""
        if self.may_touch_others:
            self._learned |= set(islice(tables_of(connection), _MOST_TABLES)) - ledgers(connection)

    def insist(self, idle: Sequence[Idle]) -> bool:
        """Whether statements that met no row may meet one, if all rows satisfy what they look for."""
        assert self._put_in is not None
        within = tuple(dict.fromkeys(each.within for each in idle))
        if self._insisting is not None or not sought_by(within, self._put_in.tables.values()):
            return False
        self._insisting = within
        return True

    def give_way(self, failure: MigrationError | None) -> bool:
        """Whether it may fail no more on other rows, or fewer, that are not in the way of what the migration puts in.

        Nor does it on smaller numbers, where those that were there are too large to reckon with. Of a table that holds
        no row in the end nothing is said.
        """
        if failure is not None and failure.sqlstate in _TOO_LARGE and not self._modest:
            self._modest = True
            return True
        statement = failure.statement if failure else None
        if failure is None or statement is None or failure.sqlstate not in _MEET or statement.kind not in _PUTS_IN:
            return False
        if self._insisting:
            self._insisting = ()
        elif self._seed < _LAST_SEED:
            self._seed += 1
        else:
            table = self._named_by(failure)
            if table is None or self._most.get(table) == 0:
                return False
            adds_only = statement.kind in ("insert_stmt", "do_stmt") and not changes(statement)
            self._most[table] = 1 if adds_only and table not in self._most else 0
            self._seed = 0
        return True

    def _named_by(self, failure: MigrationError) -> int | None:
        assert self._put_in is not None
        tables = self._put_in.tables
        named = [oid for oid, table in tables.items() if table.shown == failure.table]
        return named[0] if named else None


def _together(*several: Sought) -> Sought:
    names = {name for sought in several for name in sought}
    return {name: tuple(dict.fromkeys(each for sought in several for each in sought.get(name, ()))) for name in names}
