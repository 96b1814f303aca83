"""Tables that were attached to another one or let go: what goes with them and back again, and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.derive.inheritance import SHARED, is_like, whole_of
from pytest_migrations.derive.names import Entry, entries_in
from pytest_migrations.derive.objects.columns import NAMED
from pytest_migrations.derive.objects.hanging import enabled
from pytest_migrations.derive.objects.kind import TAKE_IN, NotDerivableError, own_name, relation_of
from pytest_migrations.derive.state import Back

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_migrations.derive.catalog import Facts
    from pytest_migrations.derive.objects.kind import Row

#: What goes back with its table where that does, and which of its facts do.
_WITH_TABLE = {
    "index": ("partition of", "index partition of"),
    "constraint": ("partition of", "index partition of"),
    "column": ("identity", "not null no inherit", "not null local"),
}


class Partitions:
    """What a statement did to tables that are partitions or inherit, and what that means for their parts.

    ``ancestors`` are by table those that it inherits from or is a partition of, and ``is_made`` tells what the script
    itself has made.
    """

    def __init__(
        self,
        before: Facts,
        after: Facts,
        ancestors: Mapping[str, tuple[str, ...]],
        is_made: Callable[[Entry], bool],
    ) -> None:
        self._before, self._ancestors, self._is_made = before, ancestors, is_made
        #: The tables that are attached to others than before, and those of them that are partitions now.
        self._moved = {
            name
            for (kind, name), row in after.items()
            if kind in ("table", "foreign table")
            and (was := before.get((kind, name)))
            and (was["partition of"], was["inherits"]) != (row["partition of"], row["inherits"])
        }
        self._attached = {
            name for name in self._moved if (after.get(("table", name)) or after["foreign table", name])["partition of"]
        }

    def is_moved(self, kind: str, row: Row) -> bool:
        """Whether it belongs to a table that was attached or detached, and goes back with it."""
        return kind in _WITH_TABLE and relation_of(row) in self._moved

    def moved_facts(self, kind: str, row: Row) -> tuple[str, ...]:
        """The facts of it that go back with its table."""
        return _WITH_TABLE[kind] if self.is_moved(kind, row) else ()

    def is_kept(self, kind: str, row: Row) -> bool:
        """Whether it is shared, and stays when the partition that it belongs to is let go."""
        return kind in SHARED and relation_of(row) in self._attached

    def is_left(self, kind: str, before: Row, after: Row) -> bool:
        """Whether it was inherited, and is now its table's own, which was there before the script."""
        is_let_go = before.get("inherited") == "yes" != after.get("inherited") and not self.is_moved(kind, after)
        return is_let_go and not any(map(self._is_made, entries_in(after["parent"])))

    def whole_for_good(self, kind: str, before: Row, after: Row) -> Entry | None:
        """That of the partitioned table of which it has become a part, and with which it would go."""
        if kind not in SHARED or self.is_moved(kind, after) or whole_of(before):
            return None
        return None if any(map(self._is_made, entries_in(after["parent"]))) else whole_of(after)

    def check_attaching(self, partition: str, table: str) -> None:
        """Attaching it again must not make indexes that it did not have, nor take others of those that it has."""
        there = [(name, row) for (kind, name), row in self._before.items() if kind in SHARED]
        for name, row in there:
            if row.get("invalid") and relation_of(row) == table:
                raise NotDerivableError(f"to attach {partition} again would make its part of {name}")
        own = [row for _, row in there if relation_of(row) == partition]
        for row in own:
            whole, alike = whole_of(row), [other for other in own if is_like(other, row)]
            if whole and len(alike) > 1:
                raise NotDerivableError(
                    f"to attach {partition} again may make another of its indexes part of {whole.name}"
                )

    def copied_again(self, name: str, row: Row) -> list[Back]:
        """A partition's copy of a trigger comes with its original, enabled as that is where it is attached."""
        if row["comment"]:
            raise NotDerivableError(f"{name}, a copy of a trigger, had a comment")
        above = [("trigger", f"{own_name(name, row)} on {table}") for table in self._ancestors.get(row["on"], ())]
        rows = [row, *(self._before[one] for one in above if one in self._before)]
        if all(one["enabled"] == "origin" for one in rows):
            return []
        only = "ONLY " if any(row["on"] in tables for tables in self._ancestors.values()) else ""
        return [Back(enabled("TRIGGER", name, row, only), TAKE_IN)]

    def stands_alone(self, constraint: str, row: Row, version: int) -> bool:
        """Whether partitions get their parts by their own names, or children would become NOT NULL (until 17)."""
        one = Entry("constraint", constraint)
        parts = [other for other in self._before.values() if one in entries_in(other.get("follows"))]
        has_children = any(relation_of(row) in above for above in self._ancestors.values())
        is_primary = has_children and row["definition"].startswith("PRIMARY KEY")
        return any(map(whole_of, parts)) or (is_primary and not parts and version < NAMED)
