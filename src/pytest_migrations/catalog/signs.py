"""Which catalogs the open transaction has written to, by the counters of the server: the others are not read again.

The counters are of rows that the transaction has inserted, updated and deleted, also of those of which nothing was kept
since (PostgreSQL docs 27.2.2). What PostgreSQL updates in place it does not count, and is in no snapshot.
"""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_migrations.catalog import rows
from pytest_migrations.catalog.kinds import KINDS
from pytest_migrations.catalog.questions import Question

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.catalog.kinds.kind import Kind, Reader
    from pytest_migrations.catalog.records import Page

PAGE = "signs"

#: The catalogs of what texts of relations name. An update there may be another name.
_RENAMED_IN = frozenset(
    {"pg_am", "pg_authid", "pg_enum", "pg_foreign_server", "pg_namespace", "pg_tablespace", "pg_type"}
)
#: Where any row may decide whether a name is printed with its schema, or at all.
_SPELLED_BY = frozenset(
    {"pg_cast", "pg_collation", "pg_opclass", "pg_operator", "pg_proc", "pg_ts_config", "pg_ts_dict"}
)
#: The same for what is no relation; ``names.py`` tells when it names a relation that is called something else.
_NAMES_IN = _RENAMED_IN | {
    *("pg_conversion", "pg_extension", "pg_foreign_data_wrapper", "pg_language", "pg_opfamily", "pg_publication"),
    *("pg_ts_parser", "pg_ts_template"),
}
_SAID_IN = _SPELLED_BY | {"pg_description", "pg_shdescription"}

_OTHERS = """(r.{oid} < 16384 or r.{oid} in (select objid from pg_depend
    where refclassid = 'pg_extension'::regclass and deptype = 'e' and classid = '{catalog}'::regclass))"""
#: Certain rows of catalogs to which nearly every migration writes: the catalog and what they are. That one of them is
#: gone is not told from another row's being gone.
_CERTAIN_ROWS = {
    "types": (
        "pg_type",
        """(r.typrelid = 0 or (select relkind from pg_class where oid = r.typrelid) = 'c')
            and not exists (select from pg_type element where element.typarray = r.oid)""",
    ),
    "domain constraints": ("pg_constraint", "r.contypid <> 0"),
    **{
        f"{catalog} of others": (catalog, _OTHERS.format(catalog=of, oid=oid))
        for catalog, of, oid in (
            ("pg_attribute", "pg_class", "attrelid"),
            *((catalog, catalog, "oid") for catalog in ("pg_class", "pg_proc", "pg_type")),
        )
    },
}

CATALOGS = sorted(
    {*_NAMES_IN, *_SAID_IN, *rows.ROWS, *(catalog for catalog, _ in _CERTAIN_ROWS.values())}.union(
        *(kind.written_in for kind in KINDS)
    )
    - _CERTAIN_ROWS.keys()
)


class Signs:
    """What the open transaction has done, and which objects belong to extensions."""

    def __init__(self, pages: Mapping[str, Page]) -> None:
        said = json.loads(pages[PAGE].rows[0])
        self.are_counted: bool = said["counted"]
        #: No row of an object's own changes when it joins an extension, leaves it, or comes to depend on it.
        self.members: str = said["members"]
        self._updated = frozenset(said["updated"] or ())
        self._deleted = frozenset(said["deleted"] or ())
        #: Of certain rows it is not told: one may be gone wherever their catalog has lost any.
        self._may_be_gone = self._deleted | {name for name, (of, _) in _CERTAIN_ROWS.items() if of in self._deleted}
        self._written = self._updated | self._deleted | frozenset(said["inserted"] or ())
        self._made_or_altered = frozenset(said["inserted"] or ()) | self._updated | frozenset(said["certain"])

    @property
    def written_pages(self) -> frozenset[str]:
        """The pages of rows that may not be what they were."""
        return frozenset(rows.page(catalog) for catalog in self._written & rows.ROWS.keys())

    @property
    def rename_what_relations_name(self) -> bool:
        """Whether what texts of relations name, but for relations and their parts, may be called something else."""
        return bool(self._updated & _RENAMED_IN or self._written & _SPELLED_BY)

    @property
    def drop_what_texts_may_name(self) -> bool:
        """Whether something is gone that a text may go on to name where PostgreSQL does not track it."""
        return bool(self._deleted & _RENAMED_IN)

    def touch(self, kind: Kind, before: Page) -> bool:
        """Whether objects of the kind, ``before`` the transaction on this page, may be others or not what they were."""
        if not self._made_or_altered.isdisjoint(kind.written_in):
            return True
        if not before.rows:
            return False
        return bool(self._may_be_gone & {*kind.written_in} or self._updated & _NAMES_IN or self._written & _SAID_IN)


def _are_written(rows: str) -> str:
    """Whether the transaction has made or altered such a row; its own number, and those after it, have no age."""
    catalog, condition = _CERTAIN_ROWS[rows]
    return f"""
        select '{rows}' where (select inserted + updated > 0 from moved where name = '{catalog}')
            and exists (select from {catalog} r where age(r.xmin) <= 0 and {condition})"""


#: The catalogs that older servers than these have not.
_NEW_IN = {"pg_publication_namespace": 15}


def _query(reader: Reader) -> str:
    there = [catalog for catalog in CATALOGS if _NEW_IN.get(catalog, 0) <= reader.version]
    catalogs = ", ".join(f"('{catalog}', 'pg_catalog.{catalog}'::regclass)" for catalog in there)
    return f"""
with moved as materialized (
    select name, pg_stat_get_xact_tuples_inserted(id) as inserted, pg_stat_get_xact_tuples_updated(id) as updated,
        pg_stat_get_xact_tuples_deleted(id) as deleted
    from (values {catalogs}) c(name, id))
select '{PAGE}', 0::oid, json_build_object(
    'counted', current_setting('track_counts') = 'on',
    'inserted', (select json_agg(name) from moved where inserted > 0),
    'updated', (select json_agg(name) from moved where updated > 0),
    'deleted', (select json_agg(name) from moved where deleted > 0),
    'certain', array({" union all ".join(map(_are_written, _CERTAIN_ROWS))}),
    'members', (select coalesce(sum(hash_record_extended(row(classid, objid, refobjid, deptype), 0)), 0)::text
        from pg_depend where refclassid = 'pg_extension'::regclass and deptype in ('e', 'x')))::text
"""


SIGNS = Question((PAGE,), _query)
