"""Which rows are lost, changed or left behind, and by which statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.timeline.on_rows.proofs import NOTHING, lost, tried, verdict

if TYPE_CHECKING:
    from tests.timeline.on_rows.proofs import Prove


@pytest.mark.parametrize(
    ("up", "down", "said", "blamed"),
    [
        (
            "SELECT 1;\nALTER TABLE users DROP name",
            "ALTER TABLE users ADD name text;\nUPDATE users SET email = email",
            "changed 4 rows of public.users (name)",
            "ALTER TABLE users DROP name changes rows of public.users",
        ),
        (
            "DROP TABLE loose;\nSELECT 1",
            "CREATE TABLE loose (id int PRIMARY KEY, user_id int)",
            "lost 5 rows of public.loose",
            "DROP TABLE loose; loses rows of public.loose",
        ),
        (
            "DELETE FROM loose WHERE user_id = 5",
            NOTHING,
            "lost 1 row of public.loose",
            "DELETE FROM loose WHERE user_id = 5 loses rows of public.loose",
        ),
        ("TRUNCATE loose", NOTHING, "lost 5 rows of public.loose", "TRUNCATE loose loses rows of public.loose"),
        (
            "UPDATE users SET name = upper(name)",
            "UPDATE users SET name = lower(name)",
            "changed 3 rows of public.users (name)",
            "UPDATE users SET name = upper(name) changes rows of public.users",
        ),
        (
            "ALTER TABLE users ALTER amount TYPE numeric(12, 2)",
            "ALTER TABLE users ALTER amount TYPE numeric(12, 4)",
            "changed 3 rows of public.users (amount)",
            "ALTER TABLE users ALTER amount TYPE numeric(12, 2) changes rows of public.users",
        ),
        (
            "SELECT 1;\nINSERT INTO users (id) VALUES (1), (2)",
            "DELETE FROM users WHERE id = 1",
            "left behind 1 row of public.users",
            "INSERT INTO users (id) VALUES (1), (2) puts rows into public.users",
        ),
        (
            "DO $$ BEGIN\n  EXECUTE 'DELETE FROM lo' || 'ose';\nEND $$",
            NOTHING,
            "lost 5 rows of public.loose",
            "DO $$ BEGIN loses rows of public.loose",
        ),
        (
            "CREATE TABLE kept AS TABLE loose;\nDELETE FROM loose",
            "INSERT INTO loose SELECT * FROM kept WHERE user_id IS NOT NULL;\nDROP TABLE kept",
            "lost 1 row of public.loose",
            "DELETE FROM loose loses rows of public.loose",
        ),
        (
            """ALTER TABLE loose RENAME TO old; CREATE TABLE loose (LIKE old);
INSERT INTO loose SELECT * FROM old WHERE user_id IS NOT NULL;\nDROP TABLE old""",
            """CREATE TABLE old (LIKE loose); INSERT INTO old TABLE loose; DROP TABLE loose;
ALTER TABLE old RENAME TO loose""",
            "lost 1 row of public.loose",
            "DROP TABLE old loses rows of public.loose",
        ),
        (
            "UPDATE loose SET user_id = user_id + 1",
            "UPDATE loose SET user_id = user_id - 1;\nUPDATE loose SET user_id = 3 WHERE user_id IS NULL",
            "changed 1 row of public.loose (user_id)",
            "UPDATE loose SET user_id = 3 WHERE user_id IS NULL changes rows of public.loose",
        ),
    ],
)
def test_what_becomes_of_rows_and_by_which_statement(prove: Prove, up: str, down: str, said: str, blamed: str) -> None:
    proof = prove(up, down)
    assert lost(proof) == ([said], [blamed])
    found = verdict(proof)
    assert (found.outcome, found.place) == ("failed", tried(proof).culprits[0].place)
    assert found.reason.startswith("After the rollback the rows are not what they were:\n\n  ")


def test_the_rows_that_go_with_others(prove: Prove) -> None:
    proof = prove(
        "CREATE TABLE kept AS TABLE users;\nDELETE FROM users", "INSERT INTO users TABLE kept; DROP TABLE kept"
    )
    assert lost(proof) == (
        ["lost 4 rows of public.orders"],
        ["DELETE FROM users loses rows of public.orders"],
    )


@pytest.mark.parametrize(
    ("up", "said", "blamed"),
    [
        (
            "SELECT 1;\nDELETE FROM t x USING t y WHERE x.ctid < y.ctid AND x.n = y.n",
            "lost 1 row of public.t",
            "DELETE FROM t x USING t y WHERE x.ctid < y.ctid AND x.n = y.n loses rows of public.t",
        ),
        (
            "SELECT 1;\nINSERT INTO t SELECT n FROM t LIMIT 1",
            "left behind 1 row of public.t",
            "INSERT INTO t SELECT n FROM t LIMIT 1 puts rows into public.t",
        ),
    ],
)
def test_rows_that_are_the_same(prove: Prove, up: str, said: str, blamed: str) -> None:
    proof = prove(up, NOTHING, first="CREATE TABLE t (n int NOT NULL CHECK (n > 0))")
    assert lost(proof) == ([said], [blamed])


def test_three_examples_are_shown(prove: Prove) -> None:
    reason = verdict(prove("ALTER TABLE users DROP name", "ALTER TABLE users ADD name text")).reason
    assert "    id '1126203': name 'Généré 1126303' -> NULL\n" in reason
    assert reason.count("-> NULL") == 3
    assert "    ... and 1 more\n" in reason
    assert "-- pytest-migrations: skip rows (why)" in reason


PARTITIONED = """
CREATE TABLE events (id int, at date NOT NULL, note text) PARTITION BY RANGE (at);
CREATE TABLE early PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE late PARTITION OF events DEFAULT;
"""


ATTACH = "ALTER TABLE events ATTACH PARTITION early FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')"


def test_a_partition_that_comes_back(prove: Prove) -> None:
    proof = prove("ALTER TABLE events DETACH PARTITION early", ATTACH, first=PARTITIONED)
    assert verdict(proof).outcome == "passed"
    assert tried(proof).rows == {"public.events": 5, "public.early": 5}


def test_a_partition_is_lost_where_it_is_dropped(prove: Prove) -> None:
    proof = prove(
        "ALTER TABLE events DETACH PARTITION early;\nDROP TABLE early",
        "CREATE TABLE early (LIKE events);\n" + ATTACH,
        first=PARTITIONED,
    )
    said, blamed = lost(proof)
    assert blamed == ["DROP TABLE early loses rows of public.events"]
    assert len(said) == 1


def test_rows_of_a_table_are_not_those_that_inherit_from_it(prove: Prove) -> None:
    first = "CREATE TABLE base (id int); CREATE TABLE child (n int) INHERITS (base);"
    said, _ = lost(prove("DELETE FROM base", first=first))
    assert sorted(said) == ["lost 5 rows of public.base", "lost 5 rows of public.child"]
