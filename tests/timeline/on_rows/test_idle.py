"""What met no row, or changed none, is not proved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.migration import Program, Script, Statement
from pytest_migrations.timeline.on_rows.idle import IdleWatch
from tests.timeline.on_rows.proofs import NOTHING, USERS, lost, verdict

if TYPE_CHECKING:
    import psycopg

    from tests.timeline.on_rows.proofs import Prove


@pytest.mark.parametrize(
    ("up", "what"),
    [
        ("SELECT 1;\nDELETE FROM users WHERE false", "DELETE in line 2"),
        ("UPDATE users SET n = 1 WHERE name = md5('x') AND name IS NULL", "UPDATE in line 1"),
        ("WITH a AS (SELECT 1) INSERT INTO users SELECT id + 1 FROM users WHERE false", "INSERT in line 1"),
    ],
)
@pytest.mark.parametrize("down", [NOTHING, None])
def test_what_met_no_row_is_not_proved(prove: Prove, up: str, what: str, down: str | None) -> None:
    """With a rollback or without: how it would do on a row nobody has seen."""
    said = verdict(prove(up, down))
    assert said.outcome == "skipped"
    assert said.reason.startswith(f"not proved of 002_m.sql: no row was changed by the {what} of 002_m.sql")


FUNCTION = "CREATE FUNCTION f() RETURNS void LANGUAGE {} AS $$ {} $$;\nSELECT f()"


KEPT = "INSERT INTO orders TABLE kept; DROP TABLE kept"


@pytest.mark.parametrize(
    ("up", "down", "what"),
    [
        ("DO $$ BEGIN UPDATE users SET n = 1 WHERE false; END $$", NOTHING, "changed in users by the DO block"),
        (
            """DO $$ BEGIN CREATE TABLE kept AS TABLE orders; DELETE FROM orders; DELETE FROM loose WHERE false;
               UPDATE moods SET note = note WHERE false; END $$""",
            KEPT,
            "deleted in loose by the DO block",
        ),
        (
            "DO $$ BEGIN UPDATE users SET n = n + 1; UPDATE users SET name = 'x' WHERE false; END $$",
            "UPDATE users SET n = n - 1",
            "changed in users by the DO block",
        ),
        ("DO $$ BEGIN EXECUTE 'DELETE FROM loose WHERE false'; END $$", NOTHING, "changed by the DO block"),
        (
            "WITH d AS (DELETE FROM loose WHERE false RETURNING id) UPDATE users SET n = n + 1",
            "UPDATE users SET n = n - 1",
            "deleted in loose by the UPDATE",
        ),
        (FUNCTION.format("sql", "DELETE FROM loose WHERE false"), NOTHING, "deleted in loose by the SELECT"),
        (
            FUNCTION.format("plpgsql", "BEGIN UPDATE users SET n = n; END"),
            "DROP FUNCTION f()",
            "changed in users by the SELECT",
        ),
        (
            "CREATE FUNCTION g() RETURNS void LANGUAGE sql AS 'DELETE FROM loose WHERE false';"
            + FUNCTION.format("plpgsql", "BEGIN PERFORM g(); END"),
            "DROP FUNCTION f(); DROP FUNCTION g()",
            "deleted in loose by the SELECT",
        ),
        (
            """CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM loose WHERE false; COMMIT; END $$;
               CALL p()""",
            "DROP PROCEDURE p()",
            "deleted in loose by the CALL",
        ),
    ],
)
def test_one_of_several_changes_that_met_no_row(prove: Prove, up: str, down: str, what: str) -> None:
    said = verdict(prove(up, down))
    assert said.outcome == "skipped"
    assert f"no row was {what} in line " in said.reason


def test_a_row_is_found_for_what_a_function_changes(prove: Prove) -> None:
    deletes = FUNCTION.format("plpgsql", "BEGIN DELETE FROM users WHERE kind = 'gold'; END")
    assert lost(prove(deletes, "DROP FUNCTION f()"))[1] == ["SELECT f() loses rows of public.users"]


def test_what_no_row_can_be_for_is_no_matter(prove: Prove) -> None:
    first = USERS + "ALTER TABLE users ALTER name SET NOT NULL;"
    update = "UPDATE users u SET name = '' WHERE u.name IS NULL"
    assert verdict(prove(update, first=first)).outcome == "passed"
    assert verdict(prove(f"DO $$ BEGIN {update}; END $$", first=first)).outcome == "passed"
    not_yet = "DELETE FROM users WHERE name IS NULL AND false; ALTER TABLE users ALTER name SET NOT NULL"
    assert "23502" in verdict(prove(not_yet)).reason


@pytest.mark.parametrize(
    ("added", "up", "proved"),
    [
        ("x int DEFAULT 5", "UPDATE users SET x = 5", True),
        ("x int DEFAULT 5, ADD y int", "UPDATE users u SET y = 7 WHERE u.x IS NULL", True),
        ("x timestamptz DEFAULT now()", "UPDATE users SET x = now()", True),
        # Of other rows something may become.
        ("x int DEFAULT 5", "UPDATE users SET x = 7 WHERE name = 'a' AND name = 'b'", False),
        ("x int DEFAULT 5", "UPDATE users SET x = 7 FROM loose l WHERE l.id = x", False),
        ("x int", "UPDATE users SET x = n; UPDATE users SET x = 7 WHERE x = 5", False),
        (
            "x int",
            "DO $$ BEGIN EXECUTE 'UPDATE users SET x = n'; END $$; UPDATE users SET x = 7 WHERE x = 5",
            False,
        ),
        (
            "x int, ADD y int",
            "DO $$ BEGIN UPDATE users SET x = n; UPDATE users SET y = 7 WHERE x = 5; END $$",
            False,
        ),
        ("x int", "DO $$ BEGIN UPDATE users SET x = 7; UPDATE users SET n = n; END $$", False),
        ("x int GENERATED ALWAYS AS (n * 2) STORED, ADD y int", "UPDATE users SET y = 7 WHERE x = 5", False),
        ("IF NOT EXISTS n int", "UPDATE users SET n = 1 WHERE n = 5 AND n = 6", False),
        ("x int; CREATE TABLE x (n int)", "UPDATE x SET n = 1", False),
    ],
)
def test_what_is_alike_for_any_row_is_no_matter(prove: Prove, added: str, up: str, proved: bool) -> None:
    down = "ALTER TABLE users DROP IF EXISTS x, DROP IF EXISTS y; DROP TABLE IF EXISTS x"
    assert verdict(prove(f"ALTER TABLE users ADD {added}; {up}", down)).outcome == ("passed" if proved else "skipped")


def test_a_do_block_that_changes_nothing_that_was_there_is_no_matter(prove: Prove) -> None:
    assert verdict(prove("DO $$ BEGIN IF false THEN INSERT INTO users VALUES (1); END IF; END $$")).outcome == "passed"


def test_of_two_functions_with_one_name_nothing_is_said(prove: Prove) -> None:
    other = "CREATE FUNCTION f(int) RETURNS void LANGUAGE sql AS 'DELETE FROM loose WHERE false';"
    up = other + FUNCTION.format("sql", "SELECT 1")
    assert verdict(prove(up, "DROP FUNCTION f(); DROP FUNCTION f(int)")).outcome == "passed"


def test_an_update_that_changes_nothing_is_not_proved(prove: Prove) -> None:
    for _ in range(2):  # the statements of a script that was read again are those that were remembered
        proof = prove("UPDATE users SET name = replace(name, 'nowhere', '')")
        assert verdict(proof).outcome == "skipped"
        assert "no row was changed by the UPDATE in line 1 of 002_m.sql" in verdict(proof).reason


@pytest.mark.parametrize(("met", "is_idle"), [(1, False), (7, True)])
def test_what_a_program_sends_in_a_loop(connection: psycopg.Connection[Any], met: int, is_idle: bool) -> None:
    """Some of the rows that it meets may be left as they are, all may not."""
    connection.execute("CREATE TABLE t (id int, n int); INSERT INTO t VALUES (1, 1)")
    script = Script(Path("1.py"), "send()", "", program=Program(lambda _: None, "1.py"))
    watch = IdleWatch(connection, script, {})
    for number in (5, met, 6):
        statement = Statement(script, 0, f"DELETE FROM t WHERE id = {number}", generated=True)
        watch.before(statement)
        connection.execute(statement.text.encode())
        watch.after(statement)
    assert bool(watch.found) is is_idle
