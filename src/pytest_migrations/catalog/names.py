"""What relations and their parts are called: one that is renamed changes the texts of others, which then say so."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.catalog.kinds.facts import FIRST_OWN_OID
from pytest_migrations.catalog.kinds.kind import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pytest_migrations.catalog.records import Page

#: By what never changes: OIDs and the numbers of columns.
NAMES = Kind(
    "names",
    f"""
    select o.relation, 'names' as kind, o.relation as name, array_agg(o.name) as names
    from (
        select c.oid, 'r' || c.oid || '=' || c.relnamespace || '.' || c.relname from pg_class c
            where c.oid >= {FIRST_OWN_OID} and c.relpersistence <> 't' and c.relkind not in ('t', 'i', 'I')
                and c.oid = any($1)  -- only
        union all
        select i.indrelid, 'r' || c.oid || '=' || c.relnamespace || '.' || c.relname
            from pg_index i join pg_class c on c.oid = i.indexrelid
            where i.indrelid >= {FIRST_OWN_OID} and c.relpersistence <> 't'
                and i.indrelid = any($1)  -- only
        union all
        select a.attrelid, 'a' || a.attnum || '=' || a.attname
            from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p', 'f', 'c', 'v', 'm')
            where a.attrelid >= {FIRST_OWN_OID} and a.attnum > 0 and not a.attisdropped and c.relpersistence <> 't'
                and a.attrelid = any($1)  -- only
        union all
        select k.conrelid, 'k' || k.oid || '=' || k.conname from pg_constraint k where k.conrelid >= {FIRST_OWN_OID}
            and k.conrelid = any($1)  -- only
    ) o(relation, name)
    group by o.relation
    """,
    parts=True,
)

#: Texts that depend on other things in ways that PostgreSQL does not track: an array of names stands for OIDs, and a
#: row constructor has as many fields as its type has columns by now.
_UNTRACKED = re.compile(rb"::reg[a-z]+\[\]|ROW\(")


def is_untracked(pages: Iterable[Page], row_types: Collection[str] = ()) -> bool:
    """Whether a text depends on things untracked, or holds a constant of the row type of one of certain relations."""
    constants = [re.compile(rb'::"*(?:[^\s:()]+\.)?"*' + re.escape(name.encode())) for name in row_types]
    return any(
        _UNTRACKED.search(text) or any(constant.search(text) for constant in constants)
        for page in pages
        for text in page.rows.values()
        if b"ROW(" in text or b"::" in text
    )


def is_renamed(before: Page, now: Page) -> bool:
    """Whether something that was there before is called something else."""
    return any(
        names.get(thing, name) != name
        for relation in _in_both(before, now)
        for names in [_names(before, relation)]
        for thing, name in _names(now, relation).items()
    )


def with_other_columns(before: Page, now: Page) -> list[str]:
    """The names, without their schema, of relations that were there before and have other columns now."""
    return [
        _names(before, relation)[f"r{relation}"].partition(".")[2]
        for relation in _in_both(before, now)
        if _columns(before, relation) != _columns(now, relation)
    ]


def _in_both(before: Page, now: Page) -> set[int]:
    return {relation for relation, rows in now.rows.items() if before.rows.get(relation, rows) != rows}


def _columns(page: Page, relation: int) -> set[str]:
    return {thing for thing in _names(page, relation) if thing.startswith("a")}


def _names(page: Page, relation: int) -> Mapping[str, str]:
    (row,) = page.of(relation)
    return dict(name.split("=", 1) for name in row["names"])
