"""Which rows the statements of a migration are looking for: what their WHERE says of one table."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_migrations.sql.grammar import SyntaxMistakeError, sql_of, trees

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.migration import Migration, Script

#: By the name of a table conditions on its columns, as SQL.
Sought = dict[str, tuple[str, ...]]


def sought_by(migration: Migration) -> Sought:
    """What its UPDATE, DELETE and INSERT ... SELECT say of the columns of one table alone.

    Those of its rollback may look for rows that only the migration brings.
    """
    found: Sought = {}
    for table, condition in _conditions_in(migration.up):
        found[table] = (*found.get(table, ()), condition)
    return found


@lru_cache(maxsize=512)
def _conditions_in(script: Script) -> tuple[tuple[str, str], ...]:
    if script.program is not None or "where" not in script.text.lower():
        return ()
    try:
        found = [pair for tree in trees(script.text) for pair in _within({tree.kind: tree.node})]
    except SyntaxMistakeError:  # the server judges it
        return ()
    return tuple(dict.fromkeys(found))


def _within(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for each in node:
            yield from _within(each)
    elif isinstance(node, dict):
        for kind, fields in node.items():
            if kind in ("UpdateStmt", "DeleteStmt") and not (fields.get("fromClause") or fields.get("usingClause")):
                yield from _condition(fields["relation"], fields.get("whereClause"))
            if kind == "InsertStmt" and (query := (fields.get("selectStmt") or {}).get("SelectStmt")):
                sources = query.get("fromClause") or []
                if len(sources) == 1 and "RangeVar" in sources[0]:
                    yield from _condition(sources[0]["RangeVar"], query.get("whereClause"))
            yield from _within(fields)


def _condition(table: dict[str, Any], where: Any) -> Iterator[tuple[str, str]]:
    """What a statement says of a table; nothing where others have a say."""
    called = {table["relname"], (table.get("alias") or {}).get("aliasname")}
    if where:
        with suppress(SyntaxMistakeError, _SpeaksOfOthersError):
            yield table["relname"], sql_of(_unqualified(where, called))


class _SpeaksOfOthersError(Exception):
    """A condition names another table, or asks a query."""


def _unqualified(node: Any, called: set[str | None]) -> Any:
    """The condition with the columns of the table named by themselves."""
    if isinstance(node, list):
        return [_unqualified(each, called) for each in node]
    if not isinstance(node, dict):
        return node
    if "SubLink" in node or "ParamRef" in node:
        raise _SpeaksOfOthersError
    if "ColumnRef" in node:
        names = [field.get("String", {}).get("sval") for field in node["ColumnRef"]["fields"]]
        if len(names) > 1 and names[-2] not in called:
            raise _SpeaksOfOthersError
        return {"ColumnRef": {**node["ColumnRef"], "fields": node["ColumnRef"]["fields"][-1:]}}
    return {key: _unqualified(value, called) for key, value in node.items()}
