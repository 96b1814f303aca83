"""Migrations on tables with rows on a walk, whose other checks go on as if nothing had been."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.checks import judge
from pytest_migrations.checks.verdict import Rules
from pytest_migrations.errors import UserError
from pytest_migrations.lent import lend_inside
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.server import Server
from pytest_migrations.timeline.terms import Terms
from pytest_migrations.timeline.timeline import Timeline
from tests.timeline.conftest import OneServer
from tests.timeline.on_rows.proofs import NOTHING, USERS, verdict
from tests.timeline.verdicts import PASSED, outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.server.run_folder import RunFolder
    from pytest_migrations.timeline.proof import Proof

    Make = Callable[..., History]
    Prove = Callable[..., Proof]


@pytest.fixture
def prove(make_history: Make, timeline: Callable[..., Timeline]) -> Prove:
    """Prove a migration behind one that makes tables."""

    def prove(up: str, down: str | None = NOTHING, *, first: str = USERS, **terms: Any) -> Proof:
        history = make_history((first, None), (up, down))
        return timeline(history, terms=Terms(**{"rows": 5, **terms})).proof(1)

    return prove


REMEMBERING = """
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.a = NEW.a; RETURN NEW; END';
CREATE TRIGGER f BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
INSERT INTO t VALUES (1);
"""


def test_a_trigger_that_remembers_types_of_before(make_history: Make, timeline: Callable[..., Timeline]) -> None:
    """PL/pgSQL does so for as long as the session lasts: in a new one the table takes rows."""
    history = make_history(
        (REMEMBERING, NOTHING),
        ("DELETE FROM t; ALTER TABLE t ALTER a TYPE text", None),
        ("ALTER TABLE t ADD b int", "ALTER TABLE t DROP b"),
    )
    assert verdict(timeline(history, terms=Terms(rows=5)).proof(2)).outcome == "passed"


def test_a_table_that_is_only_referred_to_refers_to_none(make_history: Make, timeline: Callable[..., Timeline]) -> None:
    """Though an earlier migration has filled what it would refer by."""
    history = make_history(
        ("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a)", None),
        ("UPDATE b SET a_id = (SELECT min(id) FROM a); CREATE TABLE c (b_id int NOT NULL REFERENCES b)", None),
        ("ALTER TABLE c ADD n int", "ALTER TABLE c DROP n"),
    )
    assert verdict(timeline(history, terms=Terms(rows=5)).proof(2)).outcome == "passed"


def test_other_checks_never_see_the_rows(make_history: Make, timeline: Callable[..., Timeline]) -> None:
    empty = "DO $$ BEGIN IF EXISTS (SELECT FROM users) THEN RAISE 'seen'; END IF; END $$"
    history = make_history((USERS, "DROP TABLE users CASCADE"), (empty, empty))
    line = timeline(history, terms=Terms(rows=5))
    assert outcomes(line, 1) == PASSED
    assert "seen" in verdict(line.proof(1)).reason


@pytest.mark.parametrize("by_rule", [False, True])
def test_sequences_stand_where_they_stood(
    make_history: Make, timeline: Callable[..., Timeline], *, by_rule: bool
) -> None:
    counted = """
CREATE SEQUENCE counted;
CREATE TABLE t (id bigserial PRIMARY KEY, a int GENERATED ALWAYS AS IDENTITY);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM nextval(''counted''); RETURN NEW; END';
CREATE TRIGGER f BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
"""
    if by_rule:
        counted = counted[: counted.index("CREATE FUNCTION")] + "CREATE TABLE u (n int DEFAULT nextval('counted'));"
        counted += "CREATE RULE r AS ON INSERT TO t DO ALSO INSERT INTO u DEFAULT VALUES"
    unmoved = "DO $$ BEGIN IF (SELECT last_value + is_called::int FROM {}) <> 1 THEN RAISE 'moved'; END IF; END $$"
    after = [(unmoved.format(name), None) for name in ("counted", "t_id_seq", "t_a_seq")]
    history = make_history((counted, None), ("ALTER TABLE t ADD b int", "ALTER TABLE t DROP b"), *after)
    line = timeline(history, terms=Terms(rows=5))
    assert verdict(line.proof(1)).outcome == "passed"
    assert [judge("apply", line.proof(place), Rules()).outcome for place in (2, 3, 4)] == ["passed"] * 3


def test_a_rollback_that_does_not_run_at_all_is_told_once(prove: Prove) -> None:
    proof = prove("ALTER TABLE users ADD x int", "DROP TABLE nowhere")
    said = verdict(proof)
    assert (said.outcome, said.blames) == ("skipped", "002_m.sql::rollback")


def test_without_rows_there_is_nothing_to_say(prove: Prove) -> None:
    assert prove("UPDATE users SET n = 1", rows=0).with_rows is None


ON_ROWS = "DO $$ BEGIN IF EXISTS (SELECT FROM users) THEN {}; END IF; END $$"


def test_a_session_that_ends_on_rows_alone(make_history: Make, timeline: Callable[..., Timeline]) -> None:
    ends = ON_ROWS.format("PERFORM pg_terminate_backend(pg_backend_pid())")
    line = timeline(make_history((USERS, None), (ends, NOTHING), (NOTHING, NOTHING)), terms=Terms(rows=5))
    assert "terminating connection" in verdict(line.proof(1)).reason
    assert outcomes(line, 1) == PASSED
    assert outcomes(line, 2) == PASSED


def test_a_hook_that_ends_the_transaction(prove: Prove) -> None:
    def put_in(connection: psycopg.Connection[Any], _: Migration) -> None:
        connection.execute("INSERT INTO users (id) VALUES (7)")
        with lend_inside(connection, "the hook") as lent:
            lent.execute("COMMIT")

    proof = prove("UPDATE users SET n = 1", None, put_rows_in=put_in)
    assert "SQL of the hook has ended the transaction" in verdict(proof).reason
    assert judge("apply", proof, Rules()).outcome == "passed"


def test_what_a_hook_raises_moves_no_sequence(make_history: Make, timeline: Callable[..., Timeline]) -> None:
    def put_in(connection: psycopg.Connection[Any], _: Migration) -> None:
        connection.execute("SELECT nextval('s')")
        raise UserError("no")

    unmoved = "DO $$ BEGIN IF (SELECT is_called FROM s) THEN RAISE 'moved'; END IF; END $$"
    history = make_history(("CREATE SEQUENCE s", None), ("CREATE TABLE t ()", None), (unmoved, None))
    line = timeline(history, terms=Terms(rows=5, put_rows_in=put_in))
    assert verdict(line.proof(1)).reason == "no"
    assert judge("apply", line.proof(2), Rules()).outcome == "passed"


def test_a_server_that_crashes_on_rows_alone(make_history: Make, run_folder: RunFolder) -> None:
    """It has forgotten what was committed last: the other checks begin anew."""
    server = Server.start_own(run_folder, ServerOptions(server="embedded"), Requirements())
    assert server
    crash = ON_ROWS.format("EXECUTE $x$COPY (SELECT 1) TO PROGRAM 'kill -9 $PPID'$x$; PERFORM pg_sleep(5)")
    history = make_history((USERS, None), (NOTHING, crash), ("CREATE TABLE t ()", "DROP TABLE t"))
    line = Timeline(history, OneServer(server), terms=Terms(rows=5))
    assert outcomes(line, 1) == PASSED
    assert "the rollback does not run" in verdict(line.proof(1)).reason
    assert outcomes(line, 2) == PASSED
    line.close()
    server.stop()
