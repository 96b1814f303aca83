"""Reads from the catalog what decides which rows tables take, in one query."""

from __future__ import annotations

import json
import re
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from psycopg import errors, sql
from psycopg.rows import tuple_row

from pytest_migrations.catalog.session import BY_INDEX, NOT_TEMPORARY, pinned
from pytest_migrations.rows.question import FIRST_OF_USERS, QUERY
from pytest_migrations.rows.table import Check, Column, ForeignKey, Key, Table, Type
from pytest_migrations.sql.grammar import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import psycopg

_NAME = '"pytest_migrations rows"'
_PREPARE = f"prepare {_NAME}(text[], oid[]) as {QUERY};"
#: The plan is made where there are few tables, and kept.
_FEW_OF_MANY = f"{NOT_TEMPORARY} {BY_INDEX} set local enable_seqscan = off;"
_KINDS = {"b": "base", "c": "composite", "d": "domain", "e": "enum", "r": "range", "m": "multirange"}


def read_tables(
    connection: psycopg.Connection[Any], *, names: Collection[str] = (), oids: Collection[int] = ()
) -> tuple[dict[int, Table], set[int]]:
    """The tables with these names, in whatever schema, or OIDs, and all that their rows have to refer to, by OID.

    Also which of them were asked for, those that inherit from one included. What belongs to an extension is left out,
    and what the user may not read.
    Raises psycopg.Error where the server does.
    """
    if not names and not oids:
        return {}, set()
    execute = sql.SQL("execute {} ({}::text[], {}::oid[])").format(sql.SQL(_NAME), list(names), list(oids))
    ask = _FEW_OF_MANY + execute.as_string(connection)
    try:
        (result,) = pinned(connection, ask)
    except errors.InvalidSqlStatementName:
        (result,) = pinned(connection, NOT_TEMPORARY + _PREPARE + ask)
    rows = [
        (result.get_value(row, 0), int(result.get_value(row, 1) or 0), json.loads(result.get_value(row, 2) or b"{}"))
        for row in range(result.ntuples)
    ]
    types = _Types({oid: facts for kind, oid, facts in rows if kind == b"type"})
    described = {oid: facts for kind, oid, facts in sorted(rows, key=itemgetter(1)) if kind == b"table"}
    return (
        {oid: _table(oid, facts, types) for oid, facts in described.items()},
        {oid for oid, facts in described.items() if facts["asked"]},
    )


def tables_of(connection: psycopg.Connection[Any]) -> dict[int, Table]:
    """All tables of the database that are a user's, without their partitions, by OID."""
    oids = [oid for (oid,) in connection.cursor(row_factory=tuple_row).execute(_ALL)]
    return {oid: table for oid, table in read_tables(connection, oids=oids)[0].items() if table.root == oid}


_ALL = f"""
SELECT c.oid::pg_catalog.int8 FROM pg_catalog.pg_class c
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND NOT c.relispartition AND c.oid >= {FIRST_OF_USERS}
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
""".encode()


class _Types:
    """Makes types of what was read of them, each with the modifiers that a column has."""

    def __init__(self, facts: Mapping[int, dict[str, Any]]) -> None:
        self._facts = facts

    def make(self, oid: int, modifier: int, name: str) -> Type:
        facts = self._facts[oid]
        kind: Any = _KINDS[facts["kind"]]
        if kind == "base" and facts["element"]:
            kind = "array"
        return Type(
            name,
            kind,
            facts["base"],
            modifier,
            tuple(facts["labels"] or ()),
            self._element(kind, facts, modifier),
            tuple((attribute, self.make(*place)) for attribute, *place in facts["attributes"] or ()),
            tuple(facts["checks"] or ()),
            facts["nullable"],
        )

    def _element(self, kind: str, facts: Mapping[str, Any], modifier: int) -> Type | None:
        if not facts["element"]:
            return None
        of = self._facts[facts["element"]]
        inner = facts["modifier"] if kind == "domain" else modifier if kind == "array" else -1
        return self.make(facts["element"], inner, of["name"])


def _table(oid: int, facts: Mapping[str, Any], types: _Types) -> Table:
    columns = tuple(
        Column(name, types.make(type_, modifier, shown), position, nullable, generated or "", has_default, bool(counts))
        for name, type_, modifier, shown, position, nullable, generated, has_default, counts in facts["columns"] or ()
    )
    named = {column.position: column.name for column in columns}
    checks = [
        Check(name, frozenset(named[place] for place in places or () if place in named), condition)
        for name, places, condition in facts["checks"] or ()
    ]
    return Table(
        oid=oid,
        name=facts["quoted"],
        bare_name=facts["name"],
        shown=f"{facts['schema']}.{facts['name']}",
        columns=columns,
        checks=(*checks, *_bounds(facts, columns)),
        keys=tuple(
            Key(frozenset(named[place] for place in places or ()), takes_nulls, by_value, where or "")
            for places, takes_nulls, by_value, where in facts["keys"] or ()
        ),
        foreign_keys=tuple(
            ForeignKey(name, tuple(named[place] for place in places), target, tuple(referred), all_or_none)
            for name, places, target, referred, all_or_none in facts["foreign"] or ()
        ),
        evaluated=tuple(
            Check(name, frozenset(named[place] for place in places), f"num_nulls({expressions}) >= 0")
            for name, places, expressions in facts["indexed"] or ()
            if places
        ),
        deferrable=tuple(
            ("" if is_ambiguous else f"{schema}.{quoted(name)}", deferred)
            for schema, name, deferred, is_ambiguous in facts["deferrable"] or ()
        ),
        has_triggers=bool(facts["triggers"]),
        has_rules=bool(facts["rules"]),
        is_partitioned=bool(facts["partitioned"]),
        partition_key=facts["key"] or "",
        cannot=_why_never(facts),
        root=facts["root"] or oid,
        identity=tuple(facts["identity"] or ()),
        functions=facts["functions"] or "",
    )


def _why_never(facts: Mapping[str, Any]) -> str:
    if facts["forbidden"]:
        return "the user may not put rows into it"
    return "it has no partitions" if facts["partitioned"] and facts["partitions"] is None else ""


def _bounds(facts: Mapping[str, Any], columns: Iterable[Column]) -> list[Check]:
    """What rows of a partition, or of a table with partitions, have to satisfy beside the constraints."""
    found = []
    if facts["partition"]:
        found.append(facts["partition"])
    conditions = facts["partitions"] or [None]
    if None not in conditions:  # a default partition that is alone takes anything
        found.append(" OR ".join(conditions))
    return [Check("its partitions", _named_in(condition, columns), condition) for condition in found]


def _named_in(condition: str, columns: Iterable[Column]) -> frozenset[str]:
    words = {
        within.replace('""', '"') or word for within, word in re.findall(r'"((?:[^"]|"")+)"|([^\W\d]\w*)', condition)
    }
    return frozenset(column.name for column in columns if column.name in words)
