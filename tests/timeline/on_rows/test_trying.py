"""What is tried again: with real commits, and without triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.timeline.on_rows.proofs import LOOSE, NOTHING, lost, tried, verdict

if TYPE_CHECKING:
    from tests.timeline.on_rows.proofs import Prove

STAMPED = """
CREATE TABLE users (id int PRIMARY KEY, name text, updated_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE audit (id bigserial PRIMARY KEY, at timestamptz DEFAULT now(), was jsonb);
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO audit (was) VALUES (to_jsonb(OLD)); NEW.updated_at = clock_timestamp(); RETURN NEW;
END $$;
CREATE TRIGGER stamp BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION stamp();
"""


def test_what_triggers_note_is_no_loss(prove: Prove) -> None:
    proof = prove("UPDATE users SET name = name || '!'", "UPDATE users SET name = left(name, -1)", first=STAMPED)
    assert verdict(proof).outcome == "passed", verdict(proof).reason
    assert set(tried(proof).rows) == {"public.users", "public.audit"}


def test_a_moment_that_is_kept_as_a_number(prove: Prove) -> None:
    micros = "timestamptz NOT NULL DEFAULT now()", "bigint NOT NULL DEFAULT 0"
    clock = "clock_timestamp(); RETURN", "extract(epoch FROM clock_timestamp()) * 1000000; RETURN"
    proof = prove(
        "UPDATE users SET name = name || '!'",
        "UPDATE users SET name = left(name, -1)",
        first=STAMPED.replace(*micros).replace(*clock),
    )
    assert verdict(proof).outcome == "passed", verdict(proof).reason


def test_a_moment_is_lost_with_its_column(prove: Prove) -> None:
    proof = prove(
        "ALTER TABLE users DROP updated_at",
        "ALTER TABLE users ADD updated_at timestamptz NOT NULL DEFAULT now()",
        first=STAMPED,
    )
    assert lost(proof)[0] == ["changed 5 rows of public.users (updated_at)"]


@pytest.mark.parametrize(
    ("up", "down"),
    [
        ("UPDATE users SET updated_at = now()", NOTHING),
        ("ALTER TABLE users ALTER updated_at TYPE timestamptz USING now()", NOTHING),
        (
            "CREATE TABLE kept AS TABLE users; DELETE FROM users",
            "INSERT INTO users (id, name) SELECT id, name FROM kept; DROP TABLE kept",
        ),
        (
            "INSERT INTO users TABLE users ON CONFLICT (id) DO UPDATE SET updated_at = now(); VACUUM users",
            NOTHING,
        ),
    ],
    ids=["update", "type", "default", "outside"],
)
def test_a_moment_that_the_scripts_themselves_write_is_a_change(prove: Prove, up: str, down: str) -> None:
    assert lost(prove(up, down, first=STAMPED))[0] == ["changed 5 rows of public.users (updated_at)"]


def test_what_cannot_be_in_a_transaction(prove: Prove) -> None:
    assert verdict(prove("VACUUM users", None)).outcome == "passed"
    proof = prove("BEGIN; DELETE FROM loose WHERE user_id = 5; COMMIT; VACUUM loose")
    assert lost(proof)[0] == ["lost 1 row of public.loose"]
    meets = f"INSERT INTO loose SELECT generate_series({LOOSE}, {LOOSE + 4}); VACUUM loose"
    assert verdict(prove(meets, f"DELETE FROM loose WHERE id < {LOOSE + 5}")).outcome == "passed"


def test_what_fails_in_a_transaction_alone_is_no_failure(prove: Prove) -> None:
    first = (
        "CREATE TABLE a (id int PRIMARY KEY);"
        "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a DEFERRABLE INITIALLY DEFERRED)"
    )
    assert verdict(prove("ALTER TABLE b ADD x int", "ALTER TABLE b DROP x", first=first)).outcome == "passed"
    later = "ALTER TYPE mood ADD VALUE 'great'; INSERT INTO moods VALUES ('great')"
    assert verdict(prove(later, "DELETE FROM moods WHERE mood::text = 'great'")).outcome == "passed"
