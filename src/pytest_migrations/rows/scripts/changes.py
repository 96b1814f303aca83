"""What statements, and those within DO blocks, are to do to rows that are there, by their text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.rows.scripts.nodes import below, column_of, nodes_of, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.migration import Statement
    from pytest_migrations.rows.scripts.nodes import Node


class Change(NamedTuple):
    """What is to become of rows of a table: "updated", "deleted", "inserted" (from those of others), or "changed".

    The table is as the statement names it; of SQL that a block makes up itself nobody knows which one it is.
    """

    table: tuple[str, ...]
    verb: str
    #: Those that an UPDATE sets, and those that it names beside them, be they of other tables.
    columns: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    #: Columns that are NULL in each row that it is for.
    nulls: tuple[str, ...] = ()


_VERBS = {"UpdateStmt": "updated", "DeleteStmt": "deleted", "InsertStmt": "inserted", "MergeStmt": "changed"}
#: What EXECUTE is given begins so.
_MADE_UP = re.compile(
    r"(?:'|\$\w*\$)\s*(?:update|delete|merge|with|insert\b.*\bselect\b.*\bfrom)\b", re.IGNORECASE | re.DOTALL
)


@lru_cache(maxsize=1024)
def changes(statement: Statement) -> tuple[Change, ...]:
    """What it is to do to rows that are there, as INSERT ... VALUES does nothing; none where it is not understood."""
    return tuple(dict.fromkeys(_changes(statement)))


def _changes(statement: Statement) -> Iterator[Change]:
    for node in nodes_of(statement):
        for kind, fields in below(node):
            if kind == "PLpgSQL_stmt_dynexecute" and _MADE_UP.search(fields["query"]["PLpgSQL_expr"]["query"]):
                yield Change((), "changed")
            elif kind in _VERBS and (kind != "InsertStmt" or _reads_rows(fields)):
                relation = fields["relation"]
                table = tuple(relation[part] for part in ("schemaname", "relname") if part in relation)
                verb = "changed" if "onConflictClause" in fields else _VERBS[kind]
                targets = fields.get("targetList", ()) if kind == "UpdateStmt" else ()
                columns = frozenset(target["ResTarget"].get("name", "") for target in targets)
                yield Change(table, verb, columns, frozenset(_named(fields) if targets else ()), tuple(_nulls(fields)))


def _reads_rows(insert: Node) -> bool:
    """Whether it takes rows of others, not only such values."""
    waiting = [insert.get("selectStmt", {}).get("SelectStmt", {})]
    while waiting:
        query = waiting.pop()
        if "fromClause" in query:
            return True
        waiting += [query[side] for side in ("larg", "rarg") if side in query]
    return False


def _named(update: Node) -> Iterator[str]:
    for kind, fields in below(update):
        if kind == "ColumnRef":
            yield column_of(fields) or "*"


def _nulls(fields: Node) -> Iterator[str]:
    """The columns of its own table that an UPDATE or DELETE wants to be NULL."""
    relation = fields["relation"]
    called = {relation["relname"], relation.get("alias", {}).get("aliasname")}
    for part in parts_of(fields.get("whereClause", {})):
        test = part.get("NullTest", {})
        reference = test.get("arg", {}).get("ColumnRef", {})
        column, qualifiers = column_of(reference), reference.get("fields", [])[:-1]
        if column is None or test["nulltesttype"] != "IS_NULL":
            continue
        if qualifiers:
            is_its_own = qualifiers[-1].get("String", {}).get("sval") in called
        else:
            is_its_own = not {"fromClause", "usingClause"} & fields.keys()
        if is_its_own:
            yield column
