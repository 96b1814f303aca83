"""A folder ``seeds`` among migrations of any format: rows for the tests, and neither a migration nor a mistake."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.rows.seeds.files import read_seeds

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History

    Read = Callable[..., History]

PLAN = "%project=app\n\nusers 2024-01-31T12:00:00Z A <a@example.org> # why\n"
REVISION = "revision = '1'\ndown_revision = None\n\ndef upgrade(): pass\n\ndef downgrade(): pass\n"
#: A migration of each format, and how the file of its seed is called besides.
FORMATS = {
    "ours": ({"001_users.sql": ""}, "1"),
    "pairs": ({"001_users.up.sql": "", "001_users.down.sql": ""}, "001_users"),
    "directories": ({"2024-01-01_users/up.sql": "", "2024-01-01_users/down.sql": ""}, "2024-01-01_users"),
    "prisma": ({"2024_users/migration.sql": ""}, "2024_users"),
    "goose": ({"001_users.sql": "-- +goose Up\nSELECT 1;\n"}, "001_users"),
    "dbmate": ({"001_users.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\n"}, "001"),
    "flyway": ({"V1_2__users.sql": "", "U1.2__users.sql": ""}, "1.2_some_words"),
    "refinery": ({"V1__users.sql": ""}, "1"),
    "sqitch": ({"sqitch.plan": PLAN, "deploy/users.sql": "SELECT 1;"}, "users"),
    "pop": ({"1_users.postgres.up.sql": ""}, "1_users"),
    "drizzle": ({"2024_a/migration.sql": "", "2024_a/snapshot.json": json.dumps({"dialect": "postgres"})}, "2024_a"),
    "supabase": ({"20240101000000_users.sql": ""}, "20240101000000_users"),
    "atlas": ({"1_users.sql": "", "atlas.sum": "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"}, "1_users"),
    "liquibase": ({"a.sql": "--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n"}, "1_some_words"),
    "sql-migrate": ({"1_users.sql": "-- +migrate Up\nSELECT 1;\n"}, "1_users"),
    "yoyo": ({"1_users.sql": "SELECT 1;", "1_users.rollback.sql": "SELECT 1;"}, "1_users"),
    "node-pg-migrate": ({"1_users.sql": "-- Up Migration\nSELECT 1;\n-- Down Migration\n"}, "1_users"),
    "tern": ({"001_users.sql": "SELECT 1;\n---- create above / drop below ----\n"}, "1"),
    "rambler": ({"1_users.sql": "-- rambler up\nSELECT 1;\n-- rambler down\n"}, "1"),
    "alembic": ({"env.py": "from alembic import context\n", "versions/a.py": REVISION}, "1"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_seeds_are_neither_migrations_nor_problems(history: Read, name: str) -> None:
    files, stem = FORMATS[name]
    alone = history(files, name)
    beside = history(files | {f"seeds/{stem}.sql": "SELECT 2;", "seeds/README.md": ""}, name)
    assert [migration.name for migration in beside.migrations] == [migration.name for migration in alone.migrations]
    assert (beside.problems, beside.notes) == (alone.problems, alone.notes)
    (seed,) = read_seeds(beside).at(1)
    assert seed.text == "SELECT 2;"


@pytest.mark.parametrize("files", [FORMATS["flyway"][0], {"a/V1__a.sql": ""}, FORMATS["liquibase"][0]], ids=str)
def test_they_speak_for_no_format(history: Read, files: dict[str, str]) -> None:
    assert history(files | {"seeds/1.sql": ""}).format == history(files).format


def test_what_a_tool_takes_for_a_migration_is_no_seed(history: Read) -> None:
    read = history({"V1__a.sql": "", "seeds/V2__b.sql": ""})
    assert [migration.name for migration in read.migrations] == ["V1__a.sql", "seeds/V2__b.sql"]
    assert not read_seeds(read)
