"""What a database holds, in the names of effects: the oracle of the schema that validate follows."""

from __future__ import annotations

from typing import Any

import psycopg

from pytest_migrations.effects import effects_of
from pytest_migrations.migration import Migration
from pytest_migrations.validate.acting import act
from pytest_migrations.validate.outlook import Outlook
from pytest_migrations.validate.scene import Scene
from pytest_migrations.validate.schema import Schema

Keys = set[tuple[str, tuple[str, ...]]]
_OURS = "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')"
_IN = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
_EXTENSIONS = "NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e' AND d.objid = {}.oid)"
_LISTING = f"""
SELECT 'relation', n.nspname, c.relname, NULL FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_IN} AND {_EXTENSIONS.format("c")}
UNION ALL SELECT 'column', n.nspname, c.relname, a.attname
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_IN} AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'm', 'p', 'f', 'c')
UNION ALL SELECT 'constraint', n.nspname, c.relname, k.conname
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_IN} AND k.contype IN ('c', 'f', 'p', 'u', 'x')
UNION ALL SELECT 'type', n.nspname, t.typname, NULL FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE {_IN} AND t.typrelid = 0 AND t.typelem = 0 AND {_EXTENSIONS.format("t")}
UNION ALL SELECT 'routine', n.nspname, p.proname, NULL FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE {_IN} AND {_EXTENSIONS.format("p")}
UNION ALL SELECT 'trigger', n.nspname, c.relname, t.tgname
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal
UNION ALL SELECT 'policy', n.nspname, c.relname, p.polname
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
UNION ALL SELECT 'schema', n.nspname, NULL, NULL FROM pg_namespace n WHERE {_OURS}
"""
_KINDS = frozenset({"relation", "column", "constraint", "type", "routine", "trigger", "policy", "schema"})


def real(connection: psycopg.Connection[Any]) -> Keys:
    """The objects of a database."""
    rows = connection.execute(_LISTING.encode()).fetchall()
    return {(kind, tuple(part for part in path if part is not None)) for kind, *path in rows}


def followed(*migrations: Migration) -> Schema:
    """The schema behind them, as validate follows it."""
    schema = Schema()
    scene = Scene(schema, Outlook(migrations))
    for number, migration in enumerate(migrations):
        schema.journal.mark()
        act(scene, effects_of(migration.up), number)
    assert not scene.clashes
    return schema


def simulated(schema: Schema) -> Keys:
    """Its objects that are there for sure, those of extensions aside."""
    return {
        key
        for key, thing in schema.things.items()
        if key[0] in _KINDS and thing.is_certain and not (thing.owner and thing.owner.named.kind == "extension")
    }
