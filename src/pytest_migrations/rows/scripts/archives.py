"""Which tables migrations move rows into, that their rollbacks fetch back: nobody else puts any there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.rows.scripts.nodes import Node, below, nodes_of
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.migration import History, Migration, Script


def archives(history: History) -> frozenset[str]:
    """The names of those tables, without their schemas."""
    return frozenset(name for migration in history.migrations for name in _archives_of(migration))


def _archives_of(migration: Migration) -> set[str]:
    """What gets rows from a table that goes on without them, which then come from there."""
    if migration.down is None:
        return set()
    back = {(target, source) for target, sources in _copied(migration.down) for source in sources}
    if not back:
        return set()
    emptied = _emptied(migration.up)
    return {
        target
        for target, sources in _copied(migration.up)
        for source in sources
        if source in emptied and (source, target) in back
    }


def _copied(script: Script) -> Iterator[tuple[str, set[str]]]:
    """Each table that rows are put into by a query, and the tables that it reads."""
    for kind, fields in _parts(script):
        if kind == "InsertStmt" and "selectStmt" in fields:
            read = [fields["selectStmt"], fields.get("withClause", {})]
            named = {part["relname"] for kind, part in below(read) if kind == "RangeVar" or "relname" in part}
            if named:
                yield fields["relation"]["relname"], named


def _emptied(script: Script) -> set[str]:
    """The tables that rows are taken from."""
    found = set()
    for kind, fields in _parts(script):
        if kind == "DeleteStmt":
            found.add(fields["relation"]["relname"])
        elif kind == "TruncateStmt":
            found |= {relation["RangeVar"]["relname"] for relation in fields["relations"]}
    return found


def _parts(script: Script) -> Iterator[tuple[str, Node]]:
    for statement in statements(script):
        yield from (part for node in nodes_of(statement) for part in below(node))
