"""Sees which statements of a migration were to change rows and changed none."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from pytest_migrations.catalog.session import aside
from pytest_migrations.rows.losses.image import image_of
from pytest_migrations.rows.scripts.changes import changes
from pytest_migrations.rows.scripts.routines import bodies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.migration import Script, Statement
    from pytest_migrations.rows.scripts.changes import Change
    from pytest_migrations.rows.table import Table

#: What the open transaction has written so far to a table and to those whose rows are its own as well; where it is not
#: known which one it is, or the rows are those of others (a view), to all. NULL where nothing counts that.
_COUNT = """
WITH RECURSIVE given AS (
  SELECT c.oid, c.relkind FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass({table})
), family(oid) AS (
  SELECT oid FROM given UNION SELECT i.inhrelid FROM family JOIN pg_catalog.pg_inherits i ON i.inhparent = family.oid
)
SELECT CASE WHEN {table} = '' OR EXISTS (SELECT FROM given WHERE relkind IN ('r', 'p', 'v')) THEN (
    SELECT sum({written}) FROM pg_catalog.pg_class
    WHERE relkind = 'r' AND pg_catalog.current_setting('track_counts') = 'on' AND CASE
      WHEN EXISTS (SELECT FROM given WHERE relkind <> 'v') THEN oid IN (TABLE family) ELSE oid >= 16384 END)
  END
"""
_WRITTEN = {
    verb: sql.SQL(f"pg_catalog.pg_stat_get_xact_tuples_{verb}(oid)") for verb in ("inserted", "updated", "deleted")
}
#: Whether a column can be NULL, where there is such a table.
_NULLABLE = """
SELECT NOT bool_or(a.attnotnull) FROM pg_catalog.pg_attribute a
WHERE a.attrelid = pg_catalog.to_regclass({table}) AND a.attname = ANY({columns})
"""
#: What a table and those of its columns are that are not generated.
_COLUMNS = """
SELECT pg_catalog.json_build_array(a.attrelid::int8, pg_catalog.json_agg(a.attnum)) FROM pg_catalog.pg_attribute a
WHERE a.attrelid = pg_catalog.to_regclass({table}) AND a.attname = ANY({columns}) AND a.attnum > 0
  AND a.attgenerated = '' GROUP BY a.attrelid
"""
_IMAGE = "SELECT pg_catalog.concat_ws(' ', {image}) FROM {table} t"


class Idle(NamedTuple):
    """A ``statement`` of which a change of rows came to nothing; that is said ``within`` it, or by what it calls."""

    statement: Statement
    within: Statement
    change: Change


class _Watched(NamedTuple):
    within: Statement
    change: Change
    #: The columns that others within the same set.
    but: list[str]


class _State(NamedTuple):
    """What is another one if rows were changed as was said; None is what is not known."""

    written: bytes | None
    image: bytes | None


class IdleWatch:
    """To be told ``before`` and ``after`` each statement of ``script`` on a connection, to which ``tables`` are known.

    ``found`` are those that have written no row, or behind which all rows are what they were: these have met some, and
    yet nothing is known of what they do to others.
    """

    def __init__(self, connection: psycopg.Connection, script: Script, tables: Mapping[int, Table]) -> None:
        #: By the place of a statement and what it is to do; None where it did so once. A program may send it in a loop.
        self._seen_at: dict[tuple[int, Change], Idle | None] = {}
        self._connection = connection
        self._script = script
        self._tables = tables
        #: The names of tables whose rows may differ in columns that were added, by what others hold.
        self._written: set[tuple[str, ...]] = set()
        self._before: list[tuple[_Watched, _State]] = []

    @property
    def found(self) -> tuple[Idle, ...]:
        return tuple(idle for idle in self._seen_at.values() if idle is not None)

    def before(self, statement: Statement) -> None:
        self._before = []
        if statement.script == self._script:
            self._before = [(watched, self._seen(watched)) for watched in self._watched(statement)]

    def after(self, statement: Statement) -> None:
        for watched, before in self._before:
            key, after = (statement.offset, watched.change), self._seen(watched)
            wrote_none = after.written is not None and after.written == (before.written or b"0")
            is_same = after.image is not None and after.image == before.image
            if wrote_none or is_same:
                self._seen_at.setdefault(key, Idle(statement, watched.within, watched.change))
            else:
                self._seen_at[key] = None

    def _watched(self, statement: Statement) -> list[_Watched]:
        try:
            parts = list(chain([statement], bodies(self._connection, statement)))
        except psycopg.Error:  # the statement will say so itself
            return []
        found = []
        for part in parts:
            able = [change for change in changes(part) if not self._can_meet_none(change)]
            alike = [change for change in able if self._is_alike_for_all(change)]
            self._written |= {change.table[-1:] for change in able if change not in alike}
            for change in able:
                if change in alike and not self._written & {(), change.table[-1:]}:
                    continue
                others = frozenset[str]().union(*(each.columns for each in able if each.table == change.table))
                found.append(_Watched(part, change, sorted(others - change.columns) if change.columns else []))
        return found

    def _can_meet_none(self, change: Change) -> bool:
        """Whether it is for rows that cannot be: with NULL in a column that does not take it."""
        return bool(change.nulls) and self._ask(_NULLABLE, table=_named(change), columns=list(change.nulls)) == b"f"

    def _is_alike_for_all(self, change: Change) -> bool:
        """Whether it is about columns alone that were not there before: in these all rows that were are alike.

        So it does the same to other rows, unless something else has been written to the table.
        """
        if change.verb != "updated":
            return False
        columns = change.columns | change.named
        found = self._ask(_COLUMNS, table=_named(change), columns=list(columns))
        oid, places = json.loads(found or b"[0, []]")
        known = {column.position for column in self._tables[oid].columns} if oid in self._tables else set(places)
        return len(places) == len(columns) and known.isdisjoint(places)

    def _seen(self, watched: _Watched) -> _State:
        _, change, but = watched
        written = image = None
        if self._connection.info.transaction_status == TransactionStatus.INTRANS:
            # An UPDATE may move rows from one partition to another.
            verbs = {"changed": tuple(_WRITTEN), "updated": ("updated", "deleted")}.get(change.verb, (change.verb,))
            counters = sql.SQL(" + ").join(_WRITTEN[verb] for verb in verbs)
            written = self._ask(_COUNT, table=_named(change), written=counters)
        if change.table:
            row = sql.SQL("pg_catalog.to_jsonb(t) - {}::text[]").format(but)
            image = self._ask(_IMAGE, table=sql.Identifier(*change.table), image=image_of(row))
        return _State(written, image)

    def _ask(self, query: str, **parts: object) -> bytes | None:
        """The answer, as the script's own session sees it."""
        try:
            (result,) = aside(self._connection, sql.SQL(query).format(**parts).as_string(self._connection))
        except psycopg.Error:
            return None
        return result.get_value(0, 0)


def _named(change: Change) -> str:
    return sql.Identifier(*change.table).as_string() if change.table else ""
