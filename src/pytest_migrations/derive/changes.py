"""From what there was before a statement and what there is behind it to the statements that lead back."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_migrations.derive.inheritance import SHARED, all_ancestors, is_reference, whole_of
from pytest_migrations.derive.names import Entry, entries_in, entry, schema_of
from pytest_migrations.derive.objects import OBJECTS
from pytest_migrations.derive.objects.kind import (
    DROP,
    MAKE,
    PUT_BACK,
    SAY,
    Change,
    NotDerivableError,
    goes_with,
    own_name,
    relation_of,
)
from pytest_migrations.derive.objects.privileges import granted, same, statements
from pytest_migrations.derive.partitions import Partitions
from pytest_migrations.derive.state import Back
from pytest_migrations.derive.views import Views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_migrations.derive.catalog import Facts
    from pytest_migrations.derive.objects.kind import PutBack, Row
    from pytest_migrations.derive.plans.plan import Moved

#: What is known of an object beside its own facts.
_TEXTS = ("source", "shape")
_PLACES = ("parent", "follows", "on", "inherited")
#: In which order new things of one statement are dropped: first what hangs on others.
_DROPS_FIRST = ("policy", "rule", "trigger", "statistics", "constraint", "index", "column")


class Terms(NamedTuple):
    """What else has to be known: the server's major version, and whether new objects come with privileges.

    ``is_made`` tells objects that the script itself has made, of which nothing needs to be put back.
    """

    version: int
    has_default_privileges: bool
    is_made: Callable[[Entry], bool]


@dataclass
class WayBack:
    """What a statement did: how it is taken back, the objects that it made, and what is missing."""

    backs: list[Back] = dataclasses.field(default_factory=list)
    made: list[Entry] = dataclasses.field(default_factory=list)
    #: Objects of the script's own that are gone.
    gone: list[Entry] = dataclasses.field(default_factory=list)
    #: Indexes of the script's own that are part of another one now.
    taken: list[Entry] = dataclasses.field(default_factory=list)
    renamed: list[tuple[Entry, Entry]] = dataclasses.field(default_factory=list)
    #: Objects of the script's own that were changed, which need no way back.
    touched: list[Entry] = dataclasses.field(default_factory=list)
    missing: list[str] = dataclasses.field(default_factory=list)


def way_back(before: Facts, after: Facts, terms: Terms, moved: Moved | None = None) -> WayBack:
    """How a statement is taken back that found ``before`` and left ``after``, and may have ``moved`` an object."""
    old = next((key for key in before if moved and key[0] in moved.kinds and key not in after), None)
    new = next((key for key in after if moved and key[0] in moved.kinds and key not in before), None)
    if moved is None or old is None or new is None:
        return _Comparison(before, after, terms).way_back()
    found = _Comparison(_without(before, old), _without(after, new), terms).way_back()
    clause = moved.clause.format(schema=schema_of(old[1]))
    about = entry(*new) if terms.is_made(entry(*old)) else None
    found.backs.append(Back(f"ALTER {OBJECTS[new[0]].word} {new[1]} {clause}", about=about))
    found.renamed.append((entry(*old), entry(*new)))
    return found


def _without(facts: Facts, moved: tuple[str, str]) -> Facts:
    return {key: row for key, row in facts.items() if key not in (moved, ("source", moved[1]), ("shape", moved[1]))}


class _Comparison:
    def __init__(self, before: Facts, after: Facts, terms: Terms) -> None:
        self._before, self._after = _whole(before, after), _whole(after, before)
        self._terms, self._is_made = terms, terms.is_made
        self._new = {entry(*key) for key in self._after if key not in self._before}
        self._gone = {entry(*key) for key in self._before if key not in self._after}
        self._ancestors = all_ancestors(self._before, self._after)
        self._partitions = Partitions(self._before, self._after, self._ancestors, self._is_made)
        self._views = Views(self._before, self._after, self._gone)
        #: The relations that have lost a column for good: what stood on it cannot be made again either.
        self._narrowed = {
            relation_of(row)
            for (kind, name), row in self._before.items()
            if kind == "column" and (kind, name) not in self._after and not self._is_made(entry(kind, name))
        }
        self._rows = {key: (row, self._after[key]) for key, row in self._before.items() if key in self._after}
        self._found = WayBack()

    def way_back(self) -> WayBack:
        for kind, name in sorted(self._after, key=lambda key: self._depth(key, self._after)):
            key, row = (kind, name), self._after[kind, name]
            if key not in self._before:
                self._take_away(kind, name, row)
            elif self._before[key] != row or self._views.is_remade(kind, name, row):
                self._put_back(kind, name, self._before[key], row)
        gone = [key for key in self._before if key not in self._after and key[0] not in _TEXTS]
        for kind, name in sorted(gone, key=self._comes_back):
            self._bring_back(kind, name, self._before[kind, name])
        self._found.backs.sort(key=lambda back: back.place)
        return self._found

    def _depth(self, key: tuple[str, str], facts: Facts) -> tuple[int, int]:
        kind = key[0]
        rank = _DROPS_FIRST.index(kind) if kind in _DROPS_FIRST else len(_DROPS_FIRST)
        try:
            return rank, len(self._ancestors.get(relation_of(facts[key]), ()))
        except (NotDerivableError, KeyError, IndexError, TypeError, AttributeError):
            return rank, 0

    def _comes_back(self, key: tuple[str, str]) -> tuple[int, int]:
        """Views before what hangs on them, those that others need first; keys before what refers to them."""
        kind, name = key
        if kind == "view":
            return 0, self._views.depth(name)
        return (2 if is_reference(kind, self._before[key]) or kind in ("trigger", "rule", "policy") else 1), 0

    def _take_away(self, kind: str, name: str, row: Row) -> None:
        one, parents = entry(kind, name), goes_with(row)
        if kind in _TEXTS or row.get("identity of"):
            return
        self._found.made.append(one)
        if row.get("copied"):
            return
        if self._partitions.is_kept(kind, row):
            parents = entries_in(row["parent"])
        if any(parent in self._new or self._is_made(parent) for parent in parents):
            return
        try:
            sql = _kind(kind, name).dropped(name, row)
        except NotDerivableError as error:
            self._found.missing.append(str(error))
            return
        self._found.backs.append(Back(sql, DROP, one))

    def _bring_back(self, kind: str, name: str, row: Row) -> None:
        one, parents = entry(kind, name), goes_with(row)
        if self._is_made(one):
            self._found.gone.append(one)
            if kind in SHARED and any(whole in self._gone and not self._is_made(whole) for whole in parents):
                self._found.missing.append(f"{name} came with what is dropped, and would come with it again")
        elif not any(map(self._is_made, parents)) and not self._goes_along(kind, row):
            try:
                self._found.backs += self._made_again(kind, name, row)
            except NotDerivableError as error:
                self._found.missing.append(str(error))

    def _goes_along(self, kind: str, row: Row) -> bool:
        """Whether it comes back with something else, or cannot since that does not."""
        above = entries_in(row.get("parent")) if kind in SHARED and whole_of(row) else goes_with(row)
        if row.get("identity of") or any(parent in self._gone for parent in above):
            return not self._views.hangs_on_one(row)
        return kind in ("constraint", "index", "statistics") and relation_of(row) in self._narrowed

    def _made_again(self, kind: str, name: str, row: Row) -> list[Back]:
        """The statements that make an object anew, and put back what was said about it and granted on it."""
        of = _kind(kind, name)
        if row.get("copied"):
            return self._partitions.copied_again(name, row)
        texts = next((self._before[text, name] for text in _TEXTS if (text, name) in self._before), {})
        if kind == "constraint" and self._partitions.stands_alone(name, row, self._terms.version):
            texts = {"only": True}
        if kind == "column" and self._views.hangs_on_one(row):
            made = []  # with the view
        elif of.make is None:
            lost = {"table": " with its rows", "column": " with its values"}.get(kind, "")
            raise NotDerivableError(f"the {kind} {name} is dropped{lost}")
        elif "privileges" in row and self._terms.has_default_privileges:
            raise NotDerivableError(f"the {kind} {name} is dropped, and new ones come with privileges here")
        else:
            # References come behind the parts of the keys that they refer to.
            made = [Back(of.make(name, {**row, **texts}), PUT_BACK if is_reference(kind, row) else MAKE)]
        blank = {field: value if field in of.made_with or field in _PLACES else None for field, value in row.items()}
        if row.get("enabled") == "origin":
            blank["enabled"] = "origin"
        return made + list(self._facts_back(kind, name, row, blank))

    def _made_anew(self, kind: str, name: str, row: Row) -> list[Back]:
        """A view that has only just been made again with its columns, and what hangs on it, which has to be made."""
        if self._terms.has_default_privileges:
            raise NotDerivableError(f"the view {name} has new columns, and new views come with privileges here")
        if kind not in ("view", "column"):
            return self._made_again(kind, name, row)
        blank = {field: row[field] if field in ("options", *_PLACES) else None for field in row}
        return list(self._facts_back(kind, name, row, blank))

    def _put_back(self, kind: str, name: str, before: Row, after: Row) -> None:
        one, is_moved = entry(kind, name), self._partitions.is_moved(kind, after)
        above = [] if kind == "table" else entries_in(after.get("parent")) if is_moved else goes_with(after)
        if self._partitions.is_left(kind, before, after):
            self._found.missing.append(f"{name} is its own now")
        if own := [made for made in (one, *above) if self._is_made(made)]:
            self._found.touched += own
            if whole := self._partitions.whole_for_good(kind, before, after):
                self._take(one, whole)
            return
        try:
            if kind != "shape" and self._views.is_remade(kind, name, after):
                self._found.backs += self._made_anew(kind, name, before)
            else:
                self._found.backs += self._facts_back(kind, name, before, after)
        except NotDerivableError as error:
            self._found.missing.append(str(error))

    def _take(self, one: Entry, whole: Entry) -> None:
        """It became part of that of a partitioned table."""
        if self._is_made(one) and (whole in self._new or self._is_made(whole)):
            self._found.taken.append(one)
        else:
            self._found.missing.append(f"{one.name} is part of {whole.name} for good")

    def _facts_back(self, kind: str, name: str, before: Row, after: Row) -> Iterator[Back]:
        of = _kind(kind, name)
        changed = [
            field
            for field in {**before, **after}
            if field not in (*_PLACES, *of.derived, *self._partitions.moved_facts(kind, after))
            and not _same(field, before.get(field), after.get(field))
        ]
        if before.get("partition of") and not after.get("partition of") and kind == "table":
            self._partitions.check_attaching(name, before["partition of"])
        if "owner" in changed and "privileges" in changed and after["owner"] is not None:
            raise NotDerivableError(f"{name} has another owner, and other privileges by that")
        by_function: dict[PutBack, list[str]] = {}
        for field in changed:
            if field not in of.put_back:
                raise NotDerivableError(
                    f"{field} of {name} was {_said(before.get(field))} and is {_said(after.get(field))}"
                )
            by_function.setdefault(of.put_back[field], []).append(field)
        for put_back, fields in by_function.items():
            yield from put_back(
                Change(kind, name, before, after, tuple(fields), self._terms.version, self._ancestors, self._rows)
            )
        if "privileges" in changed and kind != "column":
            yield from self._columns_granted_again(name)

    def _columns_granted_again(self, relation: str) -> Iterator[Back]:
        """What is granted on columns goes with what is revoked on their relation (PostgreSQL docs, REVOKE, Notes)."""
        for (kind, name), row in self._before.items():
            if kind == "column" and row.get("privileges") and relation_of(row) == relation:
                there = granted(row["privileges"]["acl"], row["privileges"]["owner"])
                for sql in statements(there, {}, f"TABLE {relation}", own_name(name, row)):
                    yield Back(sql, SAY)


def _kind(kind: str, name: str) -> Any:
    if kind not in OBJECTS:
        raise NotDerivableError(f"nothing is known of the way back for the {kind} {name}")
    return OBJECTS[kind]


def _same(field: str, before: Any, after: Any) -> bool:
    return same(before, after) if field == "privileges" else before == after


def _said(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _whole(facts: Facts, others: Facts) -> Facts:
    """The facts with those objects that are there all the time, and tell of themselves only where they are special."""
    whole = dict(facts)
    for key, row in others.items():
        if key in facts:
            continue
        if key[0] == "column" and row["parent"].startswith(("view", "materialized view")):
            whole[key] = {field: row[field] if field == "parent" else None for field in row}
        elif key[0] == "default privileges":
            whole[key] = {**row, "privileges": {**row["privileges"], "acl": row["privileges"]["default"]}}
    return whole
