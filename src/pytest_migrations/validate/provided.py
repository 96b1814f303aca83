"""What is there before the first migration runs: a platform or the migrations' own tool has made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_migrations.migration import History


class Provided(NamedTuple):
    """What the migrations do not know."""

    #: Schemas with anything in them.
    schemas: tuple[str, ...] = ()
    #: Kinds of objects that may be anywhere.
    kinds: tuple[str, ...] = ()
    #: Tables of any schema, in which the tool keeps its records.
    tables: tuple[str, ...] = ()
    #: Code that runs among the migrations.
    code: tuple[str, ...] = ()


NOTHING = Provided()
#: By the format: the schemas of Supabase, and what the extensions bring that are on its search path.
_PLATFORMS = {
    "supabase": Provided(
        (
            "auth",
            "extensions",
            "graphql",
            "graphql_public",
            "net",
            "pgsodium",
            "realtime",
            "storage",
            "supabase_functions",
            "supabase_migrations",
            "vault",
        ),
        ("routine", "type", "operator class"),
    )
}
#: By the format: what the tools that take such folders call their tables, unless they are told otherwise.
_LEDGERS = {
    "ours": ("schema_migrations", "_sqlx_migrations"),
    "pairs": ("schema_migrations", "_sqlx_migrations"),
    "directories": ("__diesel_schema_migrations",),
    "prisma": ("_prisma_migrations",),
    "goose": ("goose_db_version",),
    "dbmate": ("schema_migrations",),
    "flyway": ("flyway_schema_history", "schema_version"),
    "refinery": ("refinery_schema_history",),
    "pop": ("schema_migration",),
    "atlas": ("atlas_schema_revisions",),
    "liquibase": ("databasechangelog", "databasechangeloglock"),
    "sql-migrate": ("gorp_migrations",),
    "yoyo": ("_yoyo_migration", "_yoyo_log", "_yoyo_version", "yoyo_lock"),
    "node-pg-migrate": ("pgmigrations",),
    "rambler": ("migrations",),
    "alembic": ("alembic_version",),
}


def _text_of(path: Path) -> str:
    """What code says; it may be a link to nowhere."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def provided_for(history: History) -> Provided:
    """What there is beside what the migrations of a folder make."""
    code = tuple(_text_of(item.path) for item in history.in_code)
    return _PLATFORMS.get(history.format, NOTHING)._replace(tables=_LEDGERS.get(history.format, ()), code=code)
