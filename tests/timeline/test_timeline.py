"""The walk: any order of questions, what PostgreSQL does not roll back, confirmation, and what ends a connection."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.failure import MigrationError
from pytest_migrations.runner import Runner
from pytest_migrations.timeline.timeline import BlockedError
from tests.timeline.verdicts import PASSED, outcomes, reasons

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.runner import Ran
    from pytest_migrations.server.server import Server

    Make = Callable[..., History]


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the migrations that were applied for good, in order."""
    names: list[str] = []
    apply = Runner.apply

    def noted(self: Runner, migration: Migration, **options: Any) -> Ran:
        names.append(migration.name)
        return apply(self, migration, **options)

    monkeypatch.setattr(Runner, "apply", noted)
    return names


def test_a_later_migration_may_rely_on_the_number_that_a_serial_gives(make_history: Make, timeline: Any) -> None:
    history = make_history(
        ("CREATE TABLE t (id serial PRIMARY KEY, a text)", "DROP TABLE t"),
        ("INSERT INTO t (a) VALUES ('x')", "DELETE FROM t WHERE a = 'x'"),
        ("ALTER SEQUENCE t_id_seq RESTART WITH 100", "SELECT setval('t_id_seq', 1)"),
        ("INSERT INTO t (a) VALUES ('y')", "DELETE FROM t WHERE a = 'y'"),
        (
            """DO $$ BEGIN ASSERT (SELECT array_agg(id ORDER BY id) FROM t) = '{1,100}'; END $$;
            INSERT INTO t (a) VALUES ('z'); DO $$ BEGIN ASSERT (SELECT max(id) FROM t) = 101; END $$""",
            "DELETE FROM t WHERE id = 101",
        ),
    )
    walked = timeline(history)
    for index in range(4):
        assert outcomes(walked, index) == PASSED
    # Its second apply finds the sequence further on, in the transaction and for good: that is the migration's fault.
    assert outcomes(walked, 4) == ["passed", "passed", "passed", "failed"]


def test_what_sessions_begin_with_holds_from_the_next_migration_on(make_history: Make, timeline: Any) -> None:
    setting = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I {}', current_database()); END $$"
    history = make_history(
        ("CREATE SCHEMA app; CREATE TABLE app.t (x int)", "DROP SCHEMA app CASCADE"),
        (
            setting.format('SET search_path = app, "Odd, one"')
            + ";"
            + setting.format("SET plpgsql.variable_conflict = error"),
            setting.format("RESET ALL"),
        ),
        ("ALTER TABLE t ADD y int", "ALTER TABLE t DROP y"),
        ("CREATE INDEX CONCURRENTLY i ON t (x)", "DROP INDEX CONCURRENTLY app.i"),
    )
    walked = timeline(history)
    assert [outcomes(walked, index) for index in (3, 2, 1, 0)] == [PASSED] * 4


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_any_order_gives_the_same_and_applies_each_at_most_twice(
    make_history: Make, timeline: Any, applied: list[str], order: tuple[int, ...]
) -> None:
    history = make_history(
        ("CREATE TABLE a ()", "DROP TABLE a"), ("CREATE TABLE b ()", "SELECT 1"), ("CREATE TABLE c ()", "DROP TABLE c")
    )
    walked = timeline(history)
    found = {index: outcomes(walked, index) for index in order}
    assert found == {0: PASSED, 1: ["passed", "passed", "failed", "failed"], 2: PASSED}
    confirmations = 1  # of the second, whose second apply fails before it counts
    shadow = 1  # which follows to the second
    assert max(applied.count(migration.name) for migration in history.migrations) <= 2 + confirmations + shadow


def test_what_was_selected_is_proved_in_one_walk(make_history: Make, timeline: Any, applied: list[str]) -> None:
    history = make_history(*[(f"CREATE TABLE t{i} ()", f"DROP TABLE t{i}") for i in range(4)])
    walked = timeline(history, asked=range(4))
    assert [outcomes(walked, index) for index in (3, 0, 2, 1)] == [PASSED] * 4
    assert len(applied) == 4


def test_behind_a_broken_one_nothing_is_tried_but_before_it_everything(make_history: Make, timeline: Any) -> None:
    walked = timeline(make_history(("CREATE TABLE a ()", "DROP TABLE a"), ("boom", "SELECT 1"), ("SELECT 1", None)))
    with pytest.raises(BlockedError, match=r"002_m\.sql does not apply"):
        walked.proof(2)
    assert outcomes(walked, 1) == ["failed", "skipped", "skipped", "skipped"]
    assert outcomes(walked, 0) == PASSED


@pytest.mark.parametrize(
    ("up", "down"),
    [
        ("CREATE INDEX CONCURRENTLY i ON t (a)", "DROP INDEX CONCURRENTLY i"),
        ("CREATE INDEX i ON t (a)", "DROP INDEX CONCURRENTLY i"),
        (
            "ALTER TYPE e ADD VALUE 'z'",
            "DROP TYPE e CASCADE; CREATE TYPE e AS ENUM ('x'); ALTER TABLE t ADD COLUMN e e",
        ),
        ("CREATE TABLE u ()", "DO $$ BEGIN DROP TABLE u; COMMIT; END $$"),
        ("BEGIN; CREATE TABLE u (); COMMIT", "BEGIN; DROP TABLE u; COMMIT"),
        ("CREATE TABLE u ()", "BEGIN; SELECT 1; ROLLBACK; DROP TABLE u"),
        # In one transaction the rollback's constraint would stay immediate for the second apply.
        (
            "INSERT INTO n VALUES (1, 2); INSERT INTO n VALUES (2, 1)",
            "SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM n WHERE id < 3",
        ),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; CREATE TABLE u ()", "DROP TABLE u"),
    ],
)
def test_what_works_only_with_real_commits_passes(make_history: Make, timeline: Any, up: str, down: str) -> None:
    stage = (
        "CREATE TYPE e AS ENUM ('x'); CREATE TABLE t (a int, e e);"
        "CREATE TABLE n (id int PRIMARY KEY, up int REFERENCES n DEFERRABLE INITIALLY DEFERRED)"
    )
    walked = timeline(make_history((stage, None), (up, down), ("CREATE TABLE after ()", "DROP TABLE after")))
    assert (outcomes(walked, 1), reasons(walked, 1).strip()) == (PASSED, "")
    assert outcomes(walked, 2) == PASSED


def test_a_wrong_rollback_outside_transactions_is_found(make_history: Make, timeline: Any) -> None:
    walked = timeline(
        make_history(
            ("CREATE TABLE t (a int)", None),
            ("CREATE INDEX CONCURRENTLY i ON t (a); CREATE INDEX CONCURRENTLY j ON t (a)", "DROP INDEX CONCURRENTLY i"),
        )
    )
    assert outcomes(walked, 1) == ["passed", "passed", "failed", "failed"]
    assert "public.j" in reasons(walked, 1)


KILL = "SELECT pg_terminate_backend(pg_backend_pid())"


def test_a_rollback_that_ends_its_connection_fails_alone(make_history: Make, timeline: Any) -> None:
    walked = timeline(make_history(("CREATE TABLE a ()", KILL), ("CREATE TABLE b ()", "DROP TABLE b")))
    assert outcomes(walked, 0) == ["passed", "failed", "skipped", "skipped"]
    assert "terminating connection" in reasons(walked, 0)
    assert outcomes(walked, 1) == PASSED


def test_an_apply_that_ends_its_connection_blocks_the_rest(make_history: Make, timeline: Any) -> None:
    walked = timeline(make_history(("CREATE TABLE a ()", "DROP TABLE a"), (KILL, "SELECT 1"), ("SELECT 1", None)))
    assert outcomes(walked, 1) == ["failed", "skipped", "skipped", "skipped"]
    with pytest.raises(BlockedError):
        walked.proof(2)
    assert outcomes(walked, 0) == PASSED


def test_a_rollback_that_drops_the_schema(make_history: Make, timeline: Any) -> None:
    walked = timeline(
        make_history(
            ("CREATE TABLE a ()", "DROP TABLE a"),
            ("CREATE TABLE b ()", "DROP SCHEMA public CASCADE"),
            ("CREATE TABLE c ()", "DROP TABLE c"),
        )
    )
    assert outcomes(walked, 1)[:3] == ["passed", "passed", "failed"]
    assert "schema" in reasons(walked, 1)
    assert outcomes(walked, 2) == PASSED


def test_an_interruption_is_remembered_and_does_not_spoil_what_was_proved(
    make_history: Make, timeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stop(BaseException):
        pass

    def stop(*_: object, **__: object) -> None:
        raise Stop

    walked = timeline(make_history(("CREATE TABLE a ()", "DROP TABLE a"), ("CREATE TABLE b ()", None)))
    assert outcomes(walked, 0) == PASSED
    with monkeypatch.context() as patch:
        patch.setattr(Runner, "apply", stop)
        with pytest.raises(Stop):
            walked.proof(1)
    assert outcomes(walked, 0) == PASSED
    assert outcomes(walked, 1)[0] == "failed"
    assert "interrupted" in reasons(walked, 1)


def test_a_search_path_of_nothing_goes_to_clones(make_history: Make, timeline: Any) -> None:
    nothing = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = %L', current_database(), ''); END $$"
    walked = timeline(make_history((nothing, None), ("CREATE TABLE public.t ()", "SELECT 1")))
    assert outcomes(walked, 1) == ["passed", "passed", "failed", "failed"]


def test_settings_of_the_database_are_shared_with_nobody(make_history: Make, timeline: Any) -> None:
    """Though they lie in a catalog that the cluster shares: what needs a clone is confirmed also on a given server."""
    setting = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I {}', current_database()); END $$"
    walked = timeline(
        make_history(
            (setting.format("SET work_mem = 1234"), setting.format("RESET work_mem")),
            (setting.format("SET work_mem = 4321"), "SELECT 1"),
            ("CREATE TABLE t (a int)", "DROP TABLE t"),
            ("CREATE INDEX CONCURRENTLY i ON t (a)", "DROP INDEX CONCURRENTLY i"),
        )
    )
    assert [outcomes(walked, index) for index in (0, 2, 3)] == [PASSED] * 3
    assert outcomes(walked, 1) == ["passed", "passed", "failed", "passed"]
    assert "database setting  work_mem" in reasons(walked, 1)


def test_a_failed_second_apply_says_what_to_do(make_history: Make, timeline: Any) -> None:
    walked = timeline(make_history(("CREATE TABLE a ()", "SELECT 1")))
    proof = walked.proof(0)
    assert proof.trial is not None
    assert isinstance(proof.trial.reapplied, MigrationError)
    assert "The rollback leaves it behind" in reasons(walked, 0)


def test_roles_that_a_given_server_had_before_are_not_touched(
    server: Server, make_history: Make, timeline: Any
) -> None:
    with server.connect_admin() as admin:
        admin.execute(b"CREATE ROLE of_somebody_else")
        try:
            walked = timeline(make_history(("CREATE TABLE a ()", None), ("DROP ROLE of_somebody_else", None)))
            assert outcomes(walked, 1)[0] == "failed"
            assert "changes what the server had before it: the role of_somebody_else" in reasons(walked, 1)
        finally:
            admin.execute(b"DROP ROLE of_somebody_else")


def test_a_given_server_itself_is_never_changed(make_history: Make, timeline: Any) -> None:
    walked = timeline(make_history(("CREATE TABLE a ()", None), ("ALTER SYSTEM SET work_mem = '7MB'", None)))
    assert [outcomes(walked, index)[0] for index in (0, 1)] == ["passed", "failed"]
    assert "did not start" in reasons(walked, 1)
