"""Rows that a migration forbids: a new CHECK is not true of them, or a new partition would have to hold them."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.rows.scripts.bounds import Bounds, bounds_in
from pytest_migrations.rows.scripts.nodes import below, by_column, column_of, nodes_of
from pytest_migrations.sql.grammar import SyntaxMistakeError, sql_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_migrations.migration import Statement
    from pytest_migrations.rows.scripts.nodes import Node
    from pytest_migrations.rows.scripts.sought import Sought
    from pytest_migrations.rows.table import Table

_ADDED_TO_DOMAIN = "C"  # of AlterDomainStmt, as in PostgreSQL's parsenodes.h


class _Check(NamedTuple):
    """A CHECK that is new to a table, or to a domain, by its name without its schema."""

    owner: str
    is_of_domain: bool
    condition: Node


def forbidden_by(statements: Iterable[Statement], tables: Iterable[Table]) -> Sought:
    """What is true of rows that statements forbid in tables, as they are now.

    One that is about a column that is not there yet is left out. One that is not valid yet is taken for valid: it will
    be, or the row is in nobody's way.
    """
    found: dict[str, list[str]] = {}
    given = list(tables)
    for check, bounds in map(_new_in, statements):
        for table in given:
            conditions = [*_broken(check, table), *_within(bounds, table)]
            found.setdefault(table.bare_name, []).extend(conditions)
    return {name: tuple(dict.fromkeys(conditions)) for name, conditions in found.items() if conditions}


@lru_cache(maxsize=1024)
def _new_in(statement: Statement) -> tuple[tuple[_Check, ...], tuple[Bounds, ...]]:
    text = statement.text.lower()
    if "check" not in text and "partition" not in text:
        return (), ()
    parts = [part for node in nodes_of(statement) for part in below(node)]
    return tuple(_checks(parts)), tuple(bounds_in(parts))


def _checks(parts: Iterable[tuple[str, Node]]) -> Iterator[_Check]:
    for kind, fields in parts:
        if kind == "AlterTableStmt":
            for command in (each["AlterTableCmd"] for each in fields["cmds"]):
                if command["subtype"] == "AT_AddConstraint":
                    yield from _check(fields["relation"]["relname"], command["def"], is_of_domain=False)
        elif kind == "AlterDomainStmt" and fields["subtype"] == _ADDED_TO_DOMAIN:
            yield from _check(fields["typeName"][-1]["String"]["sval"], fields["def"], is_of_domain=True)


def _check(owner: str, definition: Node, *, is_of_domain: bool) -> Iterator[_Check]:
    constraint = definition["Constraint"]
    if constraint["contype"] == "CONSTR_CHECK":
        yield _Check(owner, is_of_domain, constraint["raw_expr"])


def _broken(checks: Iterable[_Check], table: Table) -> Iterator[str]:
    """What is true of rows of a table that checks are not true of: be it of each column that is of a domain."""
    for check in checks:
        for column in _asked(check, table):
            with suppress(SyntaxMistakeError):
                yield f"({sql_of(by_column(check.condition, column))}) IS FALSE"


def _asked(check: _Check, table: Table) -> Iterator[str]:
    """The columns that a check of a domain is about; an empty name for one of the table, where it has all of its."""
    if check.is_of_domain:
        yield from (each.name for each in table.columns if (each.type.kind, each.type.base) == ("domain", check.owner))
    elif check.owner == table.bare_name:
        named = {column_of(fields) for kind, fields in below(check.condition) if kind == "ColumnRef"}
        if named <= {column.name for column in table.columns}:
            yield ""


def _within(several: Iterable[Bounds], table: Table) -> Iterator[str]:
    """What is true of rows of a table that lie within bounds: so far those are in its default partition."""
    for bounds in several:
        if bounds.table == table.bare_name and table.partition_key:
            yield from bounds.conditions(table.partition_key)
