"""Tools that know files: sql-migrate, rambler, node-pg-migrate, graphile-migrate, Prisma, drizzle."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History
    from tests.foreign_ledgers.conftest import Told

    Tell = Callable[[str, History], Told]
    Read = Callable[..., History]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_sql_migrate(told: Tell, history: Read) -> None:
    files = {f"{number}_m.sql": f"-- +migrate Up\nCREATE TABLE t{number} ();\n" for number in (1, 2, 10)}
    ledger = """
        CREATE TABLE gorp_migrations (id text PRIMARY KEY, applied_at timestamptz);
        INSERT INTO gorp_migrations VALUES ('1_m.sql', '2024-01-01 12:00Z'), ('10_m.sql', NULL), ('1_gone.sql', NULL)"""
    found = told(ledger, history(files))
    assert (found.tool, found.applied, found.unknown) == ("sql-migrate", ["1_m.sql", "10_m.sql"], ["1_gone.sql"])
    assert found.times == ["2024-01-01 12:00:00", ""]


def test_a_later_sql_migrate_remembers_what_was_in_the_files(told: Tell, history: Read) -> None:
    files = {f"{number}_m.sql": f"-- +migrate Up\nCREATE TABLE t{number} ();\n" for number in (1, 2)}
    ledger = f"""
        CREATE TABLE migration_info (id text PRIMARY KEY, applied_at timestamptz, checksum text);
        INSERT INTO migration_info VALUES ('1_m.sql', now(), '{sha256(files["1_m.sql"])}'), ('2_m.sql', now(), 'x')"""
    found = told(ledger, history(files))
    assert (found.tool, found.applied, found.changed) == ("sql-migrate", ["1_m.sql", "2_m.sql"], ["2_m.sql"])


def test_rambler(told: Tell, history: Read) -> None:
    ledger = """
        CREATE TABLE migrations (migration varchar(255) NOT NULL);
        INSERT INTO migrations VALUES ('001_a.sql'), ('003_c.sql'), ('000_gone.sql')"""
    files = dict.fromkeys(("001_a.sql", "002_b.sql", "003_c.sql"), "-- rambler up\nSELECT 1;\n")
    found = told(ledger, history(files))
    assert (found.tool, found.applied, found.unknown) == ("rambler", ["001_a.sql", "003_c.sql"], ["000_gone.sql"])


def test_node_pg_migrate(told: Tell, history: Read) -> None:
    ledger = """
        CREATE TABLE pgmigrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL);
        INSERT INTO pgmigrations (name, run_on) VALUES ('1700000000000_a', now()), ('1700000001000_b', now()),
            ('1700000002000_c.up', now()), ('1700000003000_code', now())"""
    files = {
        "1700000000000_a.sql": "-- Up Migration\nSELECT 1;\n",
        "1700000001000_b.up.sql": "SELECT 1;",
        "1700000002000_c.up.sql": "SELECT 1;",
        "1700000004000_d.sql": "SELECT 1;",
    }
    found = told(ledger, history(files, "node-pg-migrate"))
    assert (found.tool, found.applied) == ("node-pg-migrate", [*files][:3])
    assert found.unknown == ["1700000003000_code"]


def test_graphile_migrate(told: Tell, history: Read) -> None:
    ledger = """
        CREATE SCHEMA graphile_migrate;
        CREATE TABLE graphile_migrate.migrations (hash text PRIMARY KEY,
            previous_hash text REFERENCES graphile_migrate.migrations, filename text NOT NULL,
            date timestamptz NOT NULL DEFAULT now());
        INSERT INTO graphile_migrate.migrations VALUES ('sha1:a', NULL, '000001.sql', '2024-01-01'),
            ('sha1:b', 'sha1:a', '000002-two.sql', '2024-01-02')"""
    header = "--! Previous: {}\n--! Hash: {}\n\nSELECT 1;\n"
    files = {
        "committed/000001-one.sql": header.format("-", "sha1:a"),
        "committed/000002-two.sql": header.format("sha1:a", "sha1:other"),
        "committed/000003.sql": header.format("sha1:other", "sha1:c"),
    }
    found = told(ledger, history(files))
    assert (found.tool, found.table) == ("graphile-migrate", "graphile_migrate.migrations")
    assert (found.applied, found.changed) == ([*files][:2], ["committed/000002-two.sql"])


PRISMA = """
CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
    migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL
    DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0);
INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, rolled_back_at) VALUES
"""


def test_prisma(told: Tell, history: Read) -> None:
    files = {f"2024010{number}000000_m/migration.sql": f"CREATE TABLE t{number} ();\n" for number in range(1, 6)}
    one, two, three, four, _ = (name.partition("/")[0] for name in files)
    checksum = sha256("CREATE TABLE t1 ();\n")
    rows = f"""
        ('1', '{checksum}', '{one}', '2024-01-01', NULL), ('2', 'other', '{two}', '2024-01-02', NULL),
        ('3', '{checksum}', '{three}', NULL, NULL), ('4', '{checksum}', '{four}', NULL, '2024-01-04'),
        ('5', '{checksum}', '20230101000000_gone', '2023-01-01', NULL)"""
    found = told(PRISMA + rows, history({**files, "migration_lock.toml": 'provider = "postgresql"\n'}))
    names = [*files]
    assert (found.tool, found.applied, found.changed) == ("Prisma", names[:2], names[1:2])
    assert (list(found.failed), found.unknown) == (names[2:3], ["20230101000000_gone"])


def test_what_prisma_applied_after_a_failure(told: Tell, history: Read) -> None:
    name = "20240101000000_m"
    tries = ("NULL, '2024-01-01'", "'2024-01-02', NULL", "NULL, NULL")
    rows = ", ".join(f"('{number}', '', '{name}', {moments})" for number, moments in enumerate(tries))
    found = told(PRISMA + rows, history({f"{name}/migration.sql": "SELECT 1;"}))
    assert (found.applied, found.times) == ([f"{name}/migration.sql"], ["2024-01-02 00:00:00"])


def journal(**whens: int) -> str:
    entries = [{"idx": index, "tag": tag, "when": when} for index, (tag, when) in enumerate(whens.items())]
    return json.dumps({"version": "7", "dialect": "postgresql", "entries": entries})


def test_drizzle_knows_the_moment_and_the_hash(told: Tell, history: Read) -> None:
    same = "CREATE TABLE IF NOT EXISTS a ();\n"
    files = {"0000_a.sql": same, "0001_b.sql": same, "0002_c.sql": "SELECT 2;", "0003_d.sql": "SELECT 3;"}
    whens = {name.removesuffix(".sql"): 1700000000000 + 1000 * index for index, name in enumerate(files)}
    ledger = f"""
        CREATE SCHEMA drizzle;
        CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);
        INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('{sha256(same)}', 1700000000000),
            ('other', 1700000002000), ('{sha256("SELECT 3;")}', 1), ('gone', 1600000000000), ('gone too', NULL)"""
    found = told(ledger, history({**files, "meta/_journal.json": journal(**whens)}))
    assert (found.tool, found.applied) == ("drizzle", ["0000_a.sql", "0002_c.sql", "0003_d.sql"])
    assert found.changed == ["0002_c.sql"]
    assert found.unknown == ["one generated at 2020-09-13 12:26:40 UTC", "one of hash gone too"]


def test_drizzle_in_folders(told: Tell, history: Read) -> None:
    files = {f"2024010{number}000000_m/migration.sql": f"SELECT {number};" for number in (1, 2, 3)}
    snapshot = {"20240103000000_m/snapshot.json": '{"dialect": "postgres"}'}
    ledger = """
        CREATE SCHEMA drizzle;
        CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint,
            name text, applied_at timestamptz DEFAULT now(), version int);
        INSERT INTO drizzle.__drizzle_migrations (hash, created_at, name, applied_at) VALUES
            ('other', 1704067200000, NULL, NULL), ('other', 5, '20240102000000_m', '2024-02-01')"""
    found = told(ledger, history(files | snapshot, "drizzle"))
    assert (found.applied, found.times) == ([*files][:2], ["", "2024-02-01 00:00:00"])
