"""Which kinds are asked together, as one statement of which each row is a page, or one relation's part of a page.

The groups are the common kinds, the parts of relations, what looks into relations, the seldom kinds, and those of the
whole cluster. Half the time of a small database would go into seldom kinds: those of which it has no object, and those
whose objects take long to find and hardly ever change.
"""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from pytest_migrations.catalog.kinds import KINDS
from pytest_migrations.catalog.touched import NAMES, RELATIONS, RELATIONS_QUERY, RENAMED_IN, SPELLED_BY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_migrations.catalog.kinds.kind import Kind, Reader


class Group(Enum):
    """The value is the name of its prepared statement."""

    COMMON = "pytest_migrations_common"
    PARTS = "pytest_migrations_parts"
    #: The parts of certain relations, whose OIDs are the statement's parameter.
    PARTS_OF_SOME = "pytest_migrations_parts_of_some"
    ACROSS = "pytest_migrations_across"
    SELDOM = "pytest_migrations_seldom"
    CLUSTER = "pytest_migrations_cluster"


_PARTS = [*(kind for kind in KINDS if kind.parts), NAMES]
#: The kinds of each group, by what they are called.
KINDS_OF = {
    Group.COMMON: [k for k in KINDS if not (k.parts or k.across or k.shared or k.rare_in or k.changes_with)],
    Group.PARTS: _PARTS,
    Group.PARTS_OF_SOME: _PARTS,
    Group.ACROSS: [k for k in KINDS if k.across],
    Group.SELDOM: [k for k in KINDS if k.rare_in or k.changes_with],
    Group.CLUSTER: [k for k in KINDS if k.shared],
}

#: The page that tells what of the other groups has to be asked.
SIGNS = "signs"


def names_of(group: Group) -> list[str]:
    """The pages that the group always has."""
    return [*(kind.name for kind in KINDS_OF[group]), *([SIGNS, RELATIONS] if group is Group.COMMON else [])]


def statement(group: Group, reader: Reader) -> str:
    """The query of a group: a page's name, the relation that it is about or 0, and the text of the rows."""
    if group in (Group.PARTS, Group.PARTS_OF_SOME):
        return " union all ".join(_parts(kind, reader, only=group is Group.PARTS_OF_SOME) for kind in KINDS_OF[group])
    pages = [_page(kind, reader) for kind in KINDS_OF[group]]
    if group is Group.COMMON:
        pages += [
            f"{_page(kind, reader)} where {_written(kind.changes_with, 'updated', 'deleted')}"
            for kind in KINDS
            if kind.changes_with
        ]
        pages += [_SIGNS_QUERY, RELATIONS_QUERY]
    return " union all ".join(pages)


def _page(kind: Kind, reader: Reader) -> str:
    return f"""
        select '{kind.name}', 0::oid, (
            select string_agg(r::text, '' order by r.kind, r.name::text collate "C")
            from ({kind.sql(reader)} offset 0) r)"""


def _parts(kind: Kind, reader: Reader, *, only: bool) -> str:
    # The record without its first field, the relation.
    return f"""
        select '{kind.name}', r.relation,
            string_agg(substr(r::text, 2 + length(r.relation::text)), '' order by r.kind, r.name::text collate "C")
        from ({kind.sql(reader, only=only)} offset 0) r
        group by r.relation"""


def _written(catalogs: Iterable[str], *how: str) -> str:
    """Whether this transaction has written to a catalog. The counters may hold more (PostgreSQL docs 27.2.2)."""
    counted = " + ".join(f"pg_stat_get_xact_tuples_{manner}(id)" for manner in how)
    names = ", ".join(f"('pg_catalog.{catalog}')" for catalog in catalogs)
    return (
        f"exists (select from (values {names}) c(name), to_regclass(c.name) id where id is not null and {counted} > 0)"
    )


_RARE_IN = ["pg_extension", *(catalog for kind in KINDS for catalog in kind.rare_in)]
#: No row of an object's own changes when it joins an extension, leaves it, or comes to depend on it.
#: With the counters off, nothing is known.
_SIGNS_QUERY = f"""
select '{SIGNS}', 0::oid, json_build_object(
    'seldom', current_setting('track_counts') = 'off' or {_written(_RARE_IN, "inserted", "updated", "deleted")},
    'names', current_setting('track_counts') = 'off' or {_written(RENAMED_IN, "updated")}
        or {_written(SPELLED_BY, "inserted", "updated", "deleted")},
    'members', (select count(*) || ' ' || coalesce(sum(objid::int8 * (classid::int8 % 997 + 1)), 0)
        from pg_depend where refclassid = 'pg_extension'::regclass and deptype in ('e', 'x')))::text
"""
