"""How two snapshots differ, in as few differences as a person would count."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from pytest_migrations.catalog.folding import folded
from pytest_migrations.catalog.objects import Key
from pytest_migrations.catalog.wording import change_texts, object_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_migrations.catalog.objects import CatalogObject
    from pytest_migrations.catalog.snapshot import Snapshot

Change = Literal["missing", "changed", "left behind"]
_ORDER: tuple[Change, ...] = ("missing", "changed", "left behind")


class FieldChange(NamedTuple):
    """A fact about an object, as it was expected and as it is; None where there is nothing to say."""

    field: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        before, after = change_texts(*self)
        return f"{self.field}: {before} -> {after}"


@dataclass(frozen=True)
class Difference:
    """How one object differs: it is ``missing``, it was ``left behind``, or it ``changed``.

    ``before`` and ``after`` are short texts for a reader: what was expected and what is there, of a changed object
    only what differs. ``changes`` has the same in full.
    """

    kind: str
    name: str
    change: Change
    before: str = ""
    after: str = ""
    changes: tuple[FieldChange, ...] = field(default=(), repr=False)

    @property
    def key(self) -> Key:
        return Key(self.kind, self.name)

    @property
    def text(self) -> str:
        """What a reader needs besides the name: ``not null: true -> false``, or what the object was."""
        return "; ".join(map(str, self.changes)) or self.before or self.after


class ColumnOrder(NamedTuple):
    """A table whose columns are the same ones in another order."""

    table: str
    expected: tuple[str, ...]
    actual: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """What differs between an expected and an actual snapshot.

    Tables with their columns in another order, and texts of expressions that were ``respelled`` and mean the same,
    are no differences.
    """

    differences: tuple[Difference, ...] = ()
    column_order: tuple[ColumnOrder, ...] = ()
    respelled: tuple[Difference, ...] = ()

    @property
    def equal(self) -> bool:
        return not self.differences

    def without(self, left_out: Callable[[str, str], bool]) -> Comparison:
        """The same without the objects that ``left_out`` names by kind and name."""
        if self.equal and not self.column_order:
            return self
        return replace(
            self,
            differences=tuple(d for d in self.differences if not left_out(d.kind, d.name)),
            column_order=tuple(order for order in self.column_order if not left_out("table", order.table)),
        )


def compare(expected: Snapshot, actual: Snapshot) -> Comparison:
    """How ``actual`` differs from ``expected``: missing is what only the latter has, left behind only the former."""
    found = [
        difference for before, after in expected.differing_pages(actual) for difference in _differences(before, after)
    ]
    found.sort(key=lambda difference: _ORDER.index(difference.change))
    comparison = Comparison(folded(found, expected, actual), tuple(_column_orders(expected, actual)))
    return comparison.without(expected.leave_out)


def describe(comparison: Comparison, limit: int = 15) -> str:
    """The differences as lines of aligned columns: at most ``limit``, then how many more there are."""
    shown = comparison.differences[:limit]
    kinds = max((len(difference.kind) for difference in shown), default=0)
    names = max((len(difference.name) for difference in shown if len(difference.name) <= 48), default=0)
    lines = [
        f"{difference.change:<11}  {difference.kind:<{kinds}}  {difference.name:<{names}}   {difference.text}".rstrip()
        for difference in shown
    ]
    if len(comparison.differences) > limit:
        lines.append(f"... and {len(comparison.differences) - limit} more")
    return "\n".join(lines)


def _differences(before: Mapping[Key, CatalogObject], after: Mapping[Key, CatalogObject]) -> Iterator[Difference]:
    for key in sorted({**before, **after}):
        if key not in after:
            yield Difference(*key, "missing", before=object_text(key.kind, before[key].fields))
        elif key not in before:
            yield Difference(*key, "left behind", after=object_text(key.kind, after[key].fields))
        elif changes := tuple(_changes(before[key].fields, after[key].fields)):
            texts = [(change.field, *change_texts(*change)) for change in changes]
            yield Difference(
                *key,
                "changed",
                before="; ".join(f"{name}: {old}" for name, old, _ in texts),
                after="; ".join(f"{name}: {new}" for name, _, new in texts),
                changes=changes,
            )


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[FieldChange]:
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            yield FieldChange(name, before.get(name), after.get(name))


def _column_orders(expected: Snapshot, actual: Snapshot) -> Iterator[ColumnOrder]:
    if expected.same_order(actual):
        return
    there = actual.column_order
    for table, columns in expected.column_order.items():
        if table in there and columns != there[table] and set(columns) == set(there[table]):
            yield ColumnOrder(table, columns, there[table])
