"""What there is to know of a kind of objects to lead back from what a statement did to one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_migrations.derive.names import Entry, entries_in, schema_of
from pytest_migrations.derive.state import Back

Row = Mapping[str, Any]


class NotDerivableError(Exception):
    """What a statement did cannot be taken back by another statement; the text is a sentence without its full stop."""


#: The places of what leads back: partitions are let go, new things dropped, lost things made again, facts put back.
LET_GO, DROP, MAKE, PUT_BACK, SAY, TAKE_IN = range(6)


@dataclass(frozen=True)
class Change:
    """An object whose facts a statement has changed: the rows before and after it, and the names of what changed."""

    kind: str
    name: str
    before: Row
    after: Row
    fields: tuple[str, ...]
    #: The server's major version.
    version: int
    #: Of all that was looked at: by relation, those that it inherits from or is a partition of.
    ancestors: Mapping[str, tuple[str, ...]]
    #: All that was looked at and is still there, by kind and name: the rows before and after.
    rows: Mapping[tuple[str, str], tuple[Row, Row]]

    @property
    def relation(self) -> str:
        """The relation that the object is a part of."""
        return relation_of(self.after)

    @property
    def has_children(self) -> bool:
        return any(self.relation in above for above in self.ancestors.values())

    @property
    def is_partitioned(self) -> bool:
        """Whether the object's relation is."""
        rows = self.rows.get(("table", self.relation))
        return rows is not None and rows[0]["partition by"] is not None

    @property
    def above(self) -> list[tuple[Row, Row]]:
        """The columns of this name of the relations that the column's own inherits from, the nearest first."""
        return self._columns(self.ancestors.get(self.relation, ()))

    @property
    def below(self) -> list[tuple[Row, Row]]:
        """The columns of this name of the relations that inherit from the column's own."""
        return self._columns([name for name, above in self.ancestors.items() if self.relation in above])

    def _columns(self, relations: Iterable[str]) -> list[tuple[Row, Row]]:
        keys = [("column", f"{relation}.{own_name(self.name, self.after)}") for relation in relations]
        return [self.rows[key] for key in keys if key in self.rows]


PutBack = Callable[[Change], list[Back]]


@dataclass(frozen=True)
class ObjectKind:
    """How a kind of objects is called in SQL, and how its facts are put back.

    ``put_back`` has the functions by what they put back; one that is there for several facts is called once. A fact
    without one cannot be put back. ``derived`` are facts that follow from others. ``make`` makes an object that was
    dropped again, with the facts ``made_with``; None where that would lose something.
    """

    word: str
    put_back: Mapping[str, PutBack] = field(default_factory=dict)
    derived: frozenset[str] = frozenset()
    drop: Callable[[str, Row], str] | None = None
    make: Callable[[str, Row], str] | None = None
    made_with: frozenset[str] = frozenset()

    def dropped(self, name: str, row: Row) -> str:
        return self.drop(name, row) if self.drop else f"DROP {self.word} {name}"


def relation_of(row: Row) -> str:
    """The relation that an object is a part of, by the object's facts."""
    parent = row["parent"] if isinstance(row["parent"], str) else row["parent"][-1]
    for kind in ("foreign table ", "materialized view ", "table ", "view ", "type ", "sequence "):
        if parent.startswith(kind):
            return str(parent[len(kind) :])
    raise NotDerivableError(f"it belongs to {parent}")


def relation_word(row: Row) -> str:
    """ALTER what: the word for the relation that an object is a part of."""
    parent = row["parent"] if isinstance(row["parent"], str) else row["parent"][-1]
    return "FOREIGN TABLE" if parent.startswith("foreign") else parent.rpartition(" " + relation_of(row))[0].upper()


def goes_with(row: Row) -> list[Entry]:
    """What an object goes with when that is dropped, by the object's facts."""
    above = entries_in(row.get("parent")) + entries_in(row.get("follows"))
    return [one for one in above if one.kind != "schema"]


def own_name(name: str, row: Row) -> str:
    """The name of a part without its relation: of a column, or of a trigger."""
    relation = relation_of(row)
    return name.removesuffix(f" on {relation}").removeprefix(f"{relation}.")


def beside(relation: str, name: str) -> str:
    """A name in the schema of a relation."""
    schema = schema_of(relation)
    return f"{schema}.{name}" if schema else name
