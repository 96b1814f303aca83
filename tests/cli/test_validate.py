"""``pytest-migrations validate``, as a user types it: the seed story and its ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.commands import Cli, Migrations

EXAMPLE = Path(__file__).parents[2] / "example_project" / "migrations"
MONITORING = """\
-- Dependencies: users, grants

CREATE TABLE grant_alerts (
    grant_id bigint NOT NULL,
    user_id  bigint NOT NULL REFERENCES users (id)
);

ALTER TABLE grant_alerts
  ADD CONSTRAINT fk_grant_alerts_grant
  FOREIGN KEY (grant_id) REFERENCES grants (id);
--
DROP TABLE grant_alerts;"""
TABLE = "CREATE TABLE {} (id bigint PRIMARY KEY);\n--\nDROP TABLE {};"


@pytest.fixture(autouse=True)
def in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_MIGRATIONS_SERVER", "embedded")


@pytest.fixture
def seed(migrations: Migrations) -> Path:
    """A foreign key to a table that is created two migrations later."""
    return migrations(
        m005_users=TABLE.format("users", "users"),
        m007_grant_monitoring_system=MONITORING,
        m008_budgets=TABLE.format("budgets", "budgets"),
        m009_grants=TABLE.format("grants", "grants"),
    )


def test_the_seed_story(seed: Path, cli: Cli) -> None:
    result = cli("validate")
    assert result.code == 1
    assert result.out == (
        "migrations/007_grant_monitoring_system.sql:10:37: foreign key to table grants, which is not there yet "
        "(foreign-key)\n"
        "   8 | ALTER TABLE grant_alerts\n"
        "   9 |   ADD CONSTRAINT fk_grant_alerts_grant\n"
        "  10 |   FOREIGN KEY (grant_id) REFERENCES grants (id);\n"
        "     |                                     ^\n"
        "009_grants.sql creates it, two migrations later. Move 009_grants.sql before 007_grant_monitoring_system.sql, "
        "or add the foreign key in a migration behind it.\n"
        "\n"
        "An order that works:\n"
        "  007_grant_monitoring_system.sql behind 009_grants.sql\n"
        "Rename for it:\n"
        "  007_grant_monitoring_system.sql to 010_grant_monitoring_system.sql\n"
        "\n"
        "4 migrations in migrations: 1 error.\n"
    )


def test_the_seed_story_for_programs(seed: Path, cli: Cli) -> None:
    found = cli("validate", "--json").json
    assert found["suggested_order"] == [
        "005_users.sql",
        "008_budgets.sql",
        "009_grants.sql",
        "007_grant_monitoring_system.sql",
    ]
    (foreign_key,) = found["findings"]
    assert {key: foreign_key[key] for key in ("rule", "severity", "migration", "line", "message")} == {
        "rule": "foreign-key",
        "severity": "error",
        "migration": "007_grant_monitoring_system.sql",
        "line": 10,
        "message": "foreign key to table grants, which is not there yet",
    }
    assert "009_grants.sql" in foreign_key["remedy"]


def test_what_follows_the_advice_is_fine(seed: Path, cli: Cli) -> None:
    """The file calls itself by its number, so that the new name alone would be wrong."""
    file = seed / "007_grant_monitoring_system.sql"
    file.write_text(f"-- Migration 007: Grant monitoring\n{file.read_text()}")
    told = (
        "  007_grant_monitoring_system.sql to 010_grant_monitoring_system.sql, and the number 007 in its first lines\n"
    )
    assert told in cli("validate").out
    file = file.rename(seed / "010_grant_monitoring_system.sql")
    assert "Write 010 into its first lines, or give it back its name." in cli("validate").out
    file.write_text(file.read_text().replace("007", "010"))
    assert cli("validate").code == 0


def test_after_the_fix_there_is_nothing_to_say(seed: Path, cli: Cli) -> None:
    (seed / "007_grant_monitoring_system.sql").rename(seed / "010_grant_monitoring_system.sql")
    result = cli("validate")
    assert (result.code, result.out) == (0, "4 migrations in migrations: no findings.\n")


def test_a_server_confirms(seed: Path, cli: Cli) -> None:
    result = cli("validate", "--prove", "--json")
    assert result.code == 1
    assert [finding["proof"] for finding in result.json["findings"]] == ["confirmed"]


def test_what_a_server_refutes_does_not_count(migrations: Migrations, cli: Cli) -> None:
    """That a function changes the search path is seen only when it is called."""
    body = "BEGIN PERFORM set_config('search_path', 's', false); END"
    migrations(
        m001_s=f"CREATE SCHEMA s; CREATE FUNCTION go() RETURNS void LANGUAGE plpgsql AS $$ {body} $$;",
        m002_users="SELECT go(); CREATE TABLE users (id int);",
        m003_email="ALTER TABLE s.users ADD email text;",
    )
    assert cli("validate").code == 1
    result = cli("validate", "--prove")
    assert result.code == 0
    assert "1 refuted and not shown." in result.out


def proofs(cli: Cli) -> dict[str, str]:
    return {finding["rule"]: finding["proof"] for finding in cli("validate", "--prove", "--json").json["findings"]}


def test_what_never_fails_is_confirmed_by_looking(migrations: Migrations, cli: Cli) -> None:
    migrations(m001_users="CREATE TABLE users (id int);\n--\nDROP TABLE IF EXISTS people;\nDROP TABLE users;")
    assert proofs(cli) == {"rollback-names-nothing": "confirmed"}


def test_of_what_was_not_applied_as_a_whole_nobody_can_tell_what_its_rollback_leaves(
    migrations: Migrations, cli: Cli
) -> None:
    up = "CREATE TABLE users (id int); CREATE TABLE roles (id int); INSERT INTO users SELECT 1 / 0;"
    migrations(m001_users=f"{up}\n--\nDROP TABLE users;")
    assert proofs(cli) == {"rollback-forgets": "not tried"}


def test_warnings_alone_are_no_failure(migrations: Migrations, cli: Cli) -> None:
    migrations(m001_users="CREATE TABLE users (id int); CREATE TABLE roles (id int);\n--\nDROP TABLE users;")
    result = cli("validate")
    assert result.code == 0
    assert "1:43: warning: the rollback leaves table roles behind (rollback-forgets)\n" in result.out
    assert result.out.endswith("1 migration in migrations: 1 warning.\n")


def test_the_example_project_is_clean(cli: Cli) -> None:
    result = cli("validate", "--dir", os.fspath(EXAMPLE))
    assert result.code == 0
    assert "no findings" in result.out
    assert (
        "006_ai_usage_metrics.sql:66:17: not read: the statement is put together when it runs (EXECUTE)" in result.out
    )


def test_a_cycle_is_shown(migrations: Migrations, cli: Cli) -> None:
    migrations(
        m001_a="CREATE TABLE a (id int PRIMARY KEY REFERENCES b (id));",
        m002_b="CREATE TABLE b (id int PRIMARY KEY); ALTER TABLE a ADD x int;",
    )
    result = cli("validate")
    assert result.code == 1
    assert (
        "No order works: these migrations need each other.\n"
        "  001_a.sql needs table b of 002_b.sql\n"
        "  002_b.sql needs table a of 001_a.sql\n"
    ) in result.out


def test_other_formats(tmp_path: Path, cli: Cli) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "001_orders.sql").write_text(
        "-- +goose Up\nCREATE TABLE orders (u int REFERENCES users (id));\n-- +goose Down\nDROP TABLE order;\n"
    )
    (folder / "002_users.sql").write_text("-- +goose Up\nCREATE TABLE users (id int PRIMARY KEY);\n")
    result = cli("validate")
    assert result.code == 1
    assert "migrations/001_orders.sql:2:39: foreign key to table users, which is not there yet" in result.out
    assert 'migrations/001_orders.sql:4:12: syntax error at or near "order"' in result.out


def test_programs_are_not_read(tmp_path: Path, cli: Cli) -> None:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions.parent / "env.py").write_text("from alembic import context\n")
    (versions / "1_a.py").write_text("revision = 'a'\ndown_revision = None\ndef upgrade():\n    pass\n")
    result = cli("validate")
    assert result.code == 0
    assert "All migrations are programs, which cannot be read: pytest-migrations test runs them.\n" in result.out


def test_without_migrations_it_cannot_be_tried(cli: Cli) -> None:
    assert cli("validate").code == 2


def test_what_needs_a_client_is_confirmed(migrations: Migrations, cli: Cli) -> None:
    migrations(m001_t="CREATE TABLE t (id int); COPY t FROM STDIN;", m002_u="CREATE TABLE u ();")
    assert proofs(cli) == {"syntax": "confirmed"}


def test_a_server_is_asked_in_sessions_that_begin_as_they_would(migrations: Migrations, cli: Cli) -> None:
    default = "EXECUTE format('ALTER DATABASE %I SET search_path = m', current_database());"
    migrations(
        m001_m=f"CREATE SCHEMA m; CREATE TABLE m.t (id int); DO $$ BEGIN {default} END $$;",
        m002_t="ALTER TABLE t ADD x int;",
    )
    assert cli("validate").code == 1
    assert cli("validate", "--prove").code == 0
