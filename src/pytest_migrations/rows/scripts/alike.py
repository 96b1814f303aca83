"""Rows that a unique index may forbid: two that are alike, and satisfy its condition."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_migrations.rows.scripts.nodes import below, column_of, nodes_of, parts_of
from pytest_migrations.sql.grammar import SyntaxMistakeError, sql_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_migrations.migration import Statement
    from pytest_migrations.rows.table import Table


class _Condition(NamedTuple):
    columns: frozenset[str]
    sql: str


def alike(statements: Iterable[Statement], tables: Mapping[int, Table]) -> dict[int, Table]:
    """The tables, where two rows that are alike satisfy the conditions of unique indexes which statements create.

    What these say of a column that is not there yet is left out: each row will have the same in it.
    """
    found = dict(tables)
    for statement in statements:
        if statement.kind not in ("index_stmt", "do_stmt") or "unique" not in statement.text.lower():
            continue
        for name, parts in _conditions(statement):
            for oid, table in found.items():
                columns = {column.name for column in table.columns}
                told = [f"({part.sql})" for part in parts if part.columns and part.columns <= columns]
                if table.bare_name == name and told:
                    found[oid] = replace(table, alike=(*table.alike, " AND ".join(told)))
    return found


@lru_cache(maxsize=256)
def _conditions(statement: Statement) -> tuple[tuple[str, tuple[_Condition, ...]], ...]:
    """Of each unique index that has a condition its table, and what that consists of."""
    found = []
    for kind, fields in (each for node in nodes_of(statement) for each in below(node)):
        if kind == "IndexStmt" and fields.get("unique") and "whereClause" in fields:
            with suppress(SyntaxMistakeError):
                found.append((fields["relation"]["relname"], tuple(map(_condition, parts_of(fields["whereClause"])))))
    return tuple(found)


def _condition(node: dict[str, Any]) -> _Condition:
    named = frozenset(column_of(fields) or "" for kind, fields in below(node) if kind == "ColumnRef")
    return _Condition(named, sql_of(node))
