"""The bounds of new partitions, and what is true of rows within them."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.rows.scripts.nodes import below, column_of, nodes
from pytest_migrations.sql.grammar import SyntaxMistakeError, quoted, sql_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_migrations.rows.scripts.nodes import Node


class Bounds(NamedTuple):
    """What a partition of a table, by its name without its schema, is to hold."""

    table: str
    spec: Node

    def conditions(self, key: str) -> Iterator[str]:
        """What is true of rows within, by the table's key, as in ``RANGE (day)``; none where that is not understood."""
        with suppress(SyntaxMistakeError):
            names = _parts(key)
            listed = ", ".join(map(sql_of, self.spec.get("listdatums", ())))
            ends = (
                [f"{names[0]} IN ({listed})"]
                if listed
                else [
                    *_compared(names, self.spec.get("lowerdatums", ()), ">=", ">"),
                    *_compared(names, self.spec.get("upperdatums", ()), "<", "<="),
                ]
            )
            if ends:
                yield " AND ".join(ends)


def bounds_in(parts: Iterable[tuple[str, Node]]) -> Iterator[Bounds]:
    """Those of the partitions that nodes of a tree make or attach, but for default ones."""
    for kind, fields in parts:
        if kind == "CreateStmt" and "partbound" in fields:
            yield Bounds(fields["inhRelations"][0]["RangeVar"]["relname"], fields["partbound"])
        elif kind == "AlterTableStmt":
            for command in (each["AlterTableCmd"] for each in fields["cmds"]):
                if command["subtype"] == "AT_AttachPartition":
                    yield Bounds(fields["relation"]["relname"], command["def"]["PartitionCmd"]["bound"])


def _compared(names: Sequence[str], values: Sequence[Node], usual: str, above: str) -> Iterator[str]:
    """How a key compares with one end: by as many columns as that has values for.

    Behind MAXVALUE rows that are equal in those before are below that end, behind MINVALUE above it.
    """
    given = list(takewhile(lambda value: not _endless(value), values))
    if given:
        last = _endless(values[len(given)]) if len(given) < len(values) else ""
        operator = above if last == "maxvalue" else usual
        yield f"({', '.join(names[: len(given)])}) {operator} ({', '.join(map(sql_of, given))})"


def _endless(value: Node) -> str:
    """MINVALUE or MAXVALUE, in small letters, where a value is that."""
    return column_of(value.get("ColumnRef", {})) or ""


@lru_cache(maxsize=256)
def _parts(key: str) -> tuple[str, ...]:
    """The columns and expressions that a key consists of, as SQL."""
    (table,) = nodes(f"CREATE TABLE t () PARTITION BY {key}", is_block=False)
    elements = [fields for kind, fields in below(table) if kind == "PartitionElem"]
    return tuple(quoted(each["name"]) if "name" in each else f"({sql_of(each['expr'])})" for each in elements)
