"""What tables that have partitions or children have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.derive.names import Entry, entries_in

if TYPE_CHECKING:
    from pytest_migrations.derive.catalog import Facts
    from pytest_migrations.derive.objects.kind import Row

#: What the partitions have as parts of that of the partitioned table.
SHARED = ("index", "constraint")


def all_ancestors(before: Facts, after: Facts) -> dict[str, tuple[str, ...]]:
    """Of each table those that it inherits from or is a partition of, before or after."""
    above: dict[str, list[str]] = {}
    for (kind, name), row in (*before.items(), *after.items()):
        if kind in ("table", "foreign table"):
            above.setdefault(name, []).extend(filter(None, (row["partition of"], *(row["inherits"] or ()))))

    def all_above(name: str) -> list[str]:
        return [found for parent in above.get(name, ()) for found in (parent, *all_above(parent))]

    return {name: tuple(dict.fromkeys(all_above(name))) for name in above}


def whole_of(row: Row) -> Entry | None:
    """That of the partitioned table of which an index, or a constraint with its index, is a part."""
    index = row.get("partition of") or row.get("index partition of")
    return next(iter(entries_in(row.get("follows"))), Entry("relation", index)) if index else None


def is_like(row: Row, other: Row) -> bool:
    """Whether two indexes, or two constraints, say the same under different names."""
    one, two = (str(said["definition"]).rpartition(" ON ")[2].partition(" USING ") for said in (row, other))
    return one[2] == two[2] if one[1] else one[0] == two[0]


def is_reference(kind: str, row: Row) -> bool:
    return kind == "constraint" and str(row["definition"]).startswith("FOREIGN KEY")
