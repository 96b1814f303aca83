"""Everything about a schema that pg_dump would print, as comparable objects."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_migrations.catalog import rows, signs
from pytest_migrations.catalog.names import NAMES
from pytest_migrations.catalog.objects import CatalogObject, Key, nothing
from pytest_migrations.catalog.privileges import normalised
from pytest_migrations.catalog.reading import read_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from pytest_migrations.catalog.records import Page

_COLUMN_ORDER = "column order"
#: Pages that are not compared with the others.
_APART = (_COLUMN_ORDER, signs.PAGE, NAMES.name, *rows.ALL_ROWS.pages)
#: Columns of a page that say where an object stands and not what it is.
_PLACES = ("kind", "name", "parent", "follows")


class Snapshot(Mapping[Key, Mapping[str, str]]):
    """The objects of a database by their key, each with its fields.

    Two are equal if their objects are, but for those that ``leave_out`` names by kind and name; the order of columns in
    a table is apart (``column_order``). Comparing is a comparison of bytes, kind by kind: what the server sent is only
    read where it differs.
    """

    def __init__(self, pages: Mapping[str, Page], leave_out: Callable[[str, str], bool] = nothing) -> None:
        self.pages = dict(pages)
        self.leave_out = leave_out
        self._read: dict[str, dict[Key, CatalogObject]] = {}

    def __getitem__(self, key: Key) -> Mapping[str, str]:
        return self._objects[key].fields

    def __iter__(self) -> Iterator[Key]:
        return iter(self._objects)

    def __len__(self) -> int:
        return len(self._objects)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Snapshot):
            return NotImplemented
        from pytest_migrations.catalog.difference import compare  # noqa: PLC0415 (knows snapshots)

        return compare(self, other).equal

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Snapshot of {len(self)} objects>"

    @property
    def column_order(self) -> Mapping[str, tuple[str, ...]]:
        """The columns of every table and composite type, in order, by its name."""
        return {key.name: tuple(item.fields.get("columns", "").split("\n")) for key, item in self._ordered.items()}

    def parents(self, key: Key) -> tuple[str, ...]:
        return self._objects[key].parents

    def follows(self, key: Key) -> tuple[str, ...]:
        return self._objects[key].follows

    def differing_pages(
        self, other: Snapshot
    ) -> Iterator[tuple[Mapping[Key, CatalogObject], Mapping[Key, CatalogObject]]]:
        """The objects of each kind of which the two do not hold the same.

        Where the readers might not see the same (a migration made its own role an ordinary one), what only one of them
        was shown is left out.
        """
        for name in {**self.pages, **other.pages}:
            if name in _APART or self.pages.get(name) == other.pages.get(name):
                continue
            mine, theirs = self._page(name), other._page(name)
            if unknown := self._columns(name, other) ^ other._columns(name, self):
                mine, theirs = _without(unknown, mine, theirs), _without(unknown, theirs, mine)
            if mine.keys() != theirs.keys() or any(mine[key].fields != theirs[key].fields for key in mine):
                yield mine, theirs

    def same_order(self, other: Snapshot) -> bool:
        return self.pages.get(_COLUMN_ORDER) == other.pages.get(_COLUMN_ORDER)

    def _columns(self, name: str, other: Snapshot) -> frozenset[str]:
        """The columns of a page; of one that only the other has, that one's."""
        return frozenset((self.pages.get(name) or other.pages[name]).heading.names)

    @cached_property
    def _objects(self) -> dict[Key, CatalogObject]:
        return {key: item for name in self.pages if name not in _APART for key, item in self._page(name).items()}

    @property
    def _ordered(self) -> dict[Key, CatalogObject]:
        return self._page(_COLUMN_ORDER)

    def _page(self, name: str) -> dict[Key, CatalogObject]:
        if name not in self._read:
            self._read[name] = {Key(row["kind"], row["name"]): _object(row) for row in self.pages.get(name, ())}
        return self._read[name]


def take_snapshot(
    connection: psycopg.Connection[Any],
    *,
    cluster: bool = False,
    since: Snapshot | None = None,
    leave_out: Callable[[str, str], bool] = nothing,
) -> Snapshot:
    """Read what the database holds now, inside the connection's open transaction or in one of its own.

    ``cluster`` adds what all databases of the server share: roles, memberships, tablespaces, parameters. ``since`` is
    the state in which the open transaction began, where it is known: what cannot have changed is not read again. The
    session is left as it was (settings, role, locks); whoever a script has become, its own user reads. Raises
    psycopg.Error where the server does, as in a transaction that has failed already.
    """
    pages = read_pages(connection, cluster=cluster, since=None if since is None else since.pages)
    return Snapshot(pages, leave_out)


def _without(
    unknown: frozenset[str], objects: Mapping[Key, CatalogObject], others: Mapping[Key, CatalogObject]
) -> dict[Key, CatalogObject]:
    """The objects, those that others are to be compared with without certain fields."""
    return {
        key: item._replace(fields={name: text for name, text in item.fields.items() if name not in unknown})
        if key in others
        else item
        for key, item in objects.items()
    }


def _object(row: dict[str, Any]) -> CatalogObject:
    fields = {name: _text(name, value) for name, value in row.items() if name not in _PLACES}
    return CatalogObject(
        {name: text for name, text in fields.items() if text is not None},
        _names(row.get("parent")),
        _names(row.get("follows")),
    )


def _names(value: str | list[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(filter(None, value))


def _text(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ("\n" if name == "columns" else ", ").join(map(str, value))
    if isinstance(value, dict):
        return normalised(value["acl"], value["default"], value["owner"])
    return str(value)
