"""What comes of migrations on tables with rows: what fails, and what is left as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.failure import MigrationError
from tests.timeline.on_rows.proofs import USERS, tried, verdict

if TYPE_CHECKING:
    from tests.timeline.on_rows.proofs import Prove

JOINED = "UPDATE loose SET {} FROM users u WHERE u.id = user_id"


@pytest.mark.parametrize(
    ("up", "sqlstate", "column"),
    [
        ("ALTER TABLE users ADD COLUMN x int NOT NULL", "23502", 30),
        ("ALTER TABLE users ALTER name SET NOT NULL", "23502", 25),
        ("ALTER TABLE users ADD UNIQUE (email)", "23505", 1),
        ("CREATE UNIQUE INDEX u ON users (n)", "23505", 21),
        ("ALTER TABLE loose ADD FOREIGN KEY (user_id) REFERENCES users", "23503", 13),
        ("ALTER TABLE users ADD CHECK (n < 100)", "23514", 1),
        ("ALTER TABLE users ALTER name TYPE int USING name::int", "22P02", 1),
        ("ALTER TABLE users ALTER amount TYPE numeric(6, 4)", "22003", 1),
        ("ALTER TABLE users ALTER kind TYPE varchar(5)", "22001", 1),
        ("CREATE TYPE m AS ENUM ('sad', 'ok');\nALTER TABLE moods ALTER mood TYPE m USING mood::text::m", "22P02", 1),
        ("ALTER TABLE users ADD CHECK (n >= 0)", "23514", 1),
        ("ALTER TABLE users ADD part int GENERATED ALWAYS AS (100 / n) STORED", "22012", 1),
        ("ALTER TABLE users ADD CHECK (name <> '')", "23514", 1),
        ("CREATE UNIQUE INDEX u ON tags (lower(tag))", "23505", 21),
        ("CREATE UNIQUE INDEX u ON users (name) WHERE email IS NULL AND kind IS NOT NULL", "23505", 21),
        (
            f"{JOINED.format('user_id = u.id')};\nALTER TABLE loose ADD FOREIGN KEY (user_id) REFERENCES users",
            "23503",
            13,
        ),
        ("UPDATE users SET id = 1", "23505", 1),
        ("DO $$ BEGIN EXECUTE format('ALTER TABLE %I ALTER name SET NOT NULL', 'us' || 'ers'); END $$", "23502", 7),
        ("CREATE UNIQUE INDEX CONCURRENTLY u ON users (email)", "23505", 34),
    ],
)
def test_what_fails_in_production_fails(prove: Prove, up: str, sqlstate: str, column: int) -> None:
    proof = prove(up, None)
    error = tried(proof).applied
    assert isinstance(error, MigrationError)
    assert (error.sqlstate, error.place.column) == (sqlstate, column)
    said = verdict(proof)
    assert (said.outcome, said.place) == ("failed", error.place)
    assert said.reason.startswith("The migration does not apply to tables with rows in them.\n\n")
    assert error.finding in said.reason
    assert "in public." in said.reason


def test_rows_meet_without_a_foreign_key(prove: Prove) -> None:
    proof = prove(
        f"ALTER TABLE loose ADD email text;\n{JOINED.format('email = u.email')}", "ALTER TABLE loose DROP email"
    )
    assert verdict(proof).outcome == "passed"
    assert not tried(proof).idle


def test_findings_name_no_value_of_ours(prove: Prove) -> None:
    (finding,) = verdict(prove("ALTER TABLE users ALTER name TYPE int USING name::int", None)).findings
    assert finding.endswith("with rows in them. invalid input syntax for type integer (22P02)")


@pytest.mark.parametrize(
    ("up", "down"),
    [
        (
            "ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME name TO title",
            "ALTER TABLE people RENAME title TO name; ALTER TABLE people RENAME TO users",
        ),
        (
            "CREATE SCHEMA other; ALTER TABLE loose SET SCHEMA other",
            "ALTER TABLE other.loose SET SCHEMA public; DROP SCHEMA other",
        ),
        ("ALTER TABLE users ALTER n TYPE text", "ALTER TABLE users ALTER n TYPE int USING n::int"),
        ("CREATE TABLE kept AS TABLE loose; DELETE FROM loose", "INSERT INTO loose TABLE kept; DROP TABLE kept"),
        ("INSERT INTO users (id) VALUES (1)", "DELETE FROM users WHERE id = 1"),
        ("ALTER TABLE users ADD x int NOT NULL DEFAULT 1", "ALTER TABLE users DROP x"),
        ("UPDATE users SET name = name || '!'", "UPDATE users SET name = left(name, -1)"),
    ],
)
def test_what_keeps_its_rows_passes(prove: Prove, up: str, down: str) -> None:
    proof = prove(up, down)
    assert verdict(proof).outcome == "passed", verdict(proof).reason
    assert tried(proof).rows


def test_a_rollback_that_runs_on_empty_tables_alone(prove: Prove) -> None:
    first = USERS + "ALTER TABLE users ALTER name SET NOT NULL;"
    proof = prove(
        "ALTER TABLE users ALTER name DROP NOT NULL;\nUPDATE users SET name = NULL WHERE n IS NULL",
        "ALTER TABLE users ALTER name SET NOT NULL",
        first=first,
    )
    reason = verdict(proof).reason
    assert reason.startswith("With rows in the tables, the rollback does not run.\n\n")
    assert "001_m.down.sql" not in reason
    assert "002_m.down.sql:1:25: " in reason


def test_nothing_is_asked_before_the_isolation_level_is_set(prove: Prove) -> None:
    update = "BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; UPDATE users SET n = n + 1; COMMIT"
    assert verdict(prove(update, "UPDATE users SET n = n - 1")).outcome == "passed"


def test_without_a_rollback_nothing_brings_rows_back(prove: Prove) -> None:
    for gone in ("DELETE FROM loose", "ALTER TABLE loose DROP user_id", "DELETE FROM loose; VACUUM loose"):
        proof = prove(gone, None)
        assert verdict(proof).outcome == "skipped"
        assert "has no rollback" in verdict(proof).reason
    for kept in ("ALTER TABLE loose ADD x int; UPDATE loose SET x = id", "INSERT INTO loose VALUES (1)"):
        assert verdict(prove(kept, None)).outcome == "passed"


def test_a_script_that_takes_its_time_on_rows_alone(prove: Prove) -> None:
    proof = prove("SELECT pg_sleep(5) FROM users", None, timeout=0.5)
    said = verdict(proof)
    assert "canceled: the script took longer than 0.5 s" in said.reason
    assert "--migrations-timeout=SECONDS" in said.reason
