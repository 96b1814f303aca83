"""Up and down at random: what depends on the path, which rows are lost, and how short that is told."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pytest_migrations.checks.verdict import Rules, Verdict
from pytest_migrations.checks.walk import judge
from pytest_migrations.errors import UserError
from pytest_migrations.rows.filling.filler import Filler
from pytest_migrations.runner import Runner
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.server import Server
from pytest_migrations.timeline.random_walk import straight_way, wandering
from pytest_migrations.timeline.random_walk.path import Path, Step
from pytest_migrations.timeline.random_walk.straight_way import CannotGoError
from pytest_migrations.timeline.random_walk.wandering import wander
from pytest_migrations.timeline.terms import Terms
from tests.timeline.conftest import OneServer
from tests.timeline.verdicts import PASSED, outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.runner import Ran
    from pytest_migrations.server.run_folder import RunFolder
    from pytest_migrations.timeline.random_walk.wandering import Wandered

    Make = Callable[..., History]
    Walk = Callable[..., Wandered]

ROWS = 5
UP, DOWN, PUT = Step.UP, Step.DOWN, Step.PUT


@pytest.fixture
def walk(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    """Wander on the tests' server, on which no database must be left, however that ends.

    At random it is not for long: what these tests look for is found before.
    """
    monkeypatch.setattr(wandering, "_LEAST_STEPS", 8)
    before = _databases(server)

    def go(history: History, *, barred: Collection[int] = (), **options: Any) -> Wandered:
        given = {"isolated": False, "rows": ROWS, **options}
        return wander(history, OneServer(server), Terms(60.0), barred=barred, **given)

    yield go
    assert _databases(server) == before


def _databases(server: Server) -> list[str]:
    with server.connect_admin() as admin:
        return [name for (name,) in admin.execute("SELECT datname FROM pg_database ORDER BY 1")]


def said(found: Wandered, history: History) -> str:
    return verdict(found, history).reason


def verdict(found: Wandered, history: History) -> Verdict:
    return judge(found, history, Rules(), ROWS)


def table(name: str) -> tuple[str, str]:
    return f"CREATE TABLE {name} (id int, name text)", f"DROP TABLE {name}"


COLUMN = ("ALTER TABLE t ADD b int DEFAULT 3", "ALTER TABLE t DROP b")
#: Leaves its row, so that behind it there is one for each time that it was applied.
GREETS = ("INSERT INTO t VALUES (1, 'hello')", "SELECT 1")
COUNTS = (
    "DO $$ BEGIN IF (SELECT count(*) FROM t WHERE name = 'hello') = 1 THEN CREATE INDEX few ON t (id); END IF; END $$",
    "DROP INDEX IF EXISTS few",
)


def test_a_clean_history_passes(make_history: Make, walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    history = make_history(
        table("t"), COLUMN, ("CREATE INDEX CONCURRENTLY i ON t (b)", "DROP INDEX CONCURRENTLY i"), table("u")
    )
    found = walk(history)
    told = verdict(found, history)
    assert told.outcome == "passed"
    assert told.reason == f"{found.paths} paths, {found.steps} steps, rows put in {found.puts} times"
    assert found.puts > 10
    assert found.paths >= 4
    assert found.steps > 50


def test_a_schema_that_depends_on_what_several_migrations_did(make_history: Make, walk: Walk, timeline: Any) -> None:
    history = make_history(table("t"), GREETS, COLUMN, COUNTS, table("u"))
    walked = timeline(history)
    assert [outcomes(walked, index) for index in range(5)] == [PASSED] * 5
    found = verdict(walk(history, rows=0), history)
    assert found.outcome == "failed"
    assert found.reason == (
        "The schema at 004_m.sql depends on the path:\n\n"
        "  start at 002_m.sql\n"
        "  down  002_m.sql\n"
        "  up    002_m.sql\n"
        "  up    003_m.sql\n"
        "  up    004_m.sql\n\n"
        "missing      index  public.few   on (id)"
    )
    assert found.findings == ("missing: index public.few",)
    assert str(found.place).endswith("004_m.sql:1:1")


def test_a_schema_that_depends_on_rows(make_history: Make, walk: Walk) -> None:
    looks = (
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM t) THEN ALTER TABLE t ADD c int; END IF; END $$",
        "ALTER TABLE t DROP COLUMN IF EXISTS c",
    )
    history = make_history(table("t"), COLUMN, looks)
    assert said(walk(history), history) == (
        "The schema at 003_m.sql depends on the path:\n\n"
        "  start at 002_m.sql\n"
        "  put in 5 rows a table\n"
        "  up    003_m.sql\n\n"
        "missing      column  public.t.c   integer"
    )


def test_rows_that_are_lost_over_two_migrations(make_history: Make, walk: Walk) -> None:
    """Rows that are put in right before the second are none that it deletes, as nobody sees which these are."""
    history = make_history(
        table("t"),
        ("ALTER TABLE t ADD origin text DEFAULT 'old'", "ALTER TABLE t DROP origin"),
        ("DELETE FROM t WHERE origin = (SELECT 'old')", "SELECT 1"),
        table("u"),
    )
    found = walk(history)
    assert found.fault is not None
    assert found.fault.path == Path(1, (PUT, UP, UP, DOWN))
    assert said(found, history).startswith(
        "5 rows of public.t are lost on the way:\n\n"
        "  start at 001_m.sql\n"
        "  put in 5 rows a table\n"
        "  up    002_m.sql\n"
        "  up    003_m.sql\n"
        "  down  003_m.sql\n\n"
        "  lost         5 rows of public.t\n"
    )
    assert said(found, history).endswith("... and 2 more")
    assert verdict(found, history).findings == ("lost: rows of public.t",)


def test_rows_that_were_put_in_higher_up_may_stay(make_history: Make, walk: Walk) -> None:
    history = make_history(table("t"), ("ALTER TABLE t RENAME name TO called", "ALTER TABLE t RENAME called TO name"))
    assert walk(history).fault is None


def test_wide_tables_and_long_ones(make_history: Make, walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_migrations.rows.losses.contents._MOST_ROWS", 100)
    columns = ", ".join(f"c{number} int" for number in range(120))
    long = "CREATE TABLE long AS SELECT n FROM generate_series(1, 200) n"
    wider = ("ALTER TABLE wide ADD z int", "ALTER TABLE wide DROP z")
    history = make_history((f"CREATE TABLE wide ({columns})", "DROP TABLE wide"), (long, "DROP TABLE long"), wider)
    assert walk(history).fault is None


STAMPED = """
CREATE TABLE t (id int PRIMARY KEY, name text, at timestamptz);
CREATE TABLE counter (n int);
INSERT INTO counter VALUES (0);
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE counter SET n = n + 1; NEW.at = clock_timestamp(); RETURN NEW;
END $$;
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION stamp();
"""


def test_what_triggers_write_is_no_fault(make_history: Make, walk: Walk) -> None:
    history = make_history(
        (STAMPED, "DROP TABLE t, counter; DROP FUNCTION stamp"),
        ("ALTER TABLE t ADD more int", "ALTER TABLE t DROP more"),
    )
    assert walk(history).fault is None
    dropped = make_history(
        (STAMPED, "DROP TABLE t, counter; DROP FUNCTION stamp"),
        ("ALTER TABLE t DROP name", "ALTER TABLE t ADD name text"),
    )
    assert walk(dropped).fault is not None


def test_a_step_that_fails_on_the_path(make_history: Make, walk: Walk) -> None:
    history = make_history(
        ("CREATE TABLE t (id int UNIQUE, name text)", "DROP TABLE t"),
        ("INSERT INTO t VALUES (1)", "SELECT 1"),
        COLUMN,
    )
    found = walk(history)
    assert found.fault is not None
    assert found.fault.path == Path(2, (DOWN, UP))
    assert said(found, history).startswith(
        "002_m.sql does not apply on this path:\n\n  start at 002_m.sql\n  down  002_m.sql\n  up    002_m.sql\n\n"
    )
    assert "duplicate key value" in said(found, history)


def test_rows_in_the_way_of_a_migration_are_no_fault(make_history: Make, walk: Walk) -> None:
    history = make_history(
        table("t"),
        ("ALTER TABLE t ADD d date", "ALTER TABLE t DROP d"),
        ("ALTER TABLE t ALTER d SET NOT NULL", "ALTER TABLE t ALTER d DROP NOT NULL"),
        table("u"),
    )
    found = walk(history)
    assert found.fault is None
    assert found.puts


def test_what_was_filled_before_is_not_in_the_way(make_history: Make, walk: Walk) -> None:
    history = make_history(
        table("t"),
        ("ALTER TABLE t ADD d int; UPDATE t SET d = 1", None),
        ("ALTER TABLE t ALTER d SET NOT NULL", "ALTER TABLE t ALTER d DROP NOT NULL; UPDATE t SET name = NULL"),
    )
    found = walk(history)
    assert found.fault is not None
    assert found.fault.path == Path(2, (PUT, UP, DOWN))


MAKES = """
CREATE TABLE t (id int PRIMARY KEY, name text);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE IF NOT EXISTS made (); RETURN NEW; END $$;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
"""
UNMAKES = "DROP TABLE t; DROP FUNCTION f"


def test_a_trigger_that_changes_rows_is_no_fault(make_history: Make, walk: Walk) -> None:
    history = make_history(
        table("t"),
        ("CREATE TABLE total AS SELECT 0 AS rows", "DROP TABLE total"),
        (
            """
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN UPDATE total SET rows = rows + 1; RETURN NEW; END $$;
            CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()
            """,
            "DROP FUNCTION f CASCADE",
        ),
    )
    found = walk(history)
    assert found.fault is None
    assert found.puts


def test_a_trigger_that_makes_tables_keeps_no_rows_out_of_others(make_history: Make, walk: Walk) -> None:
    history = make_history(
        table("users"),
        (MAKES, UNMAKES),
        ("ALTER TABLE t ADD x int", "ALTER TABLE t DROP x"),
        ("ALTER TABLE t ADD y int", "ALTER TABLE t DROP y; UPDATE users SET name = NULL"),
    )
    found = walk(history)
    assert found.fault is not None
    assert found.fault.path == Path(3, (PUT, UP, DOWN))
    assert [loss.table for loss in found.fault.losses] == ["public.users"]


@pytest.mark.parametrize("keeps", ["NEW", "NULL"])
def test_where_no_table_takes_rows_it_proves_nothing_of_them(make_history: Make, walk: Walk, keeps: str) -> None:
    history = make_history((MAKES.replace("NEW", keeps), UNMAKES), ("ALTER TABLE t ADD x int", "ALTER TABLE t DROP x"))
    found = walk(history)
    told = verdict(found, history)
    gone = f"{found.paths} paths, {found.steps} steps"
    assert told.outcome == "skipped"
    assert told.reason == f"no table took any row, so that none could be lost ({gone}, and the schema was right)"
    assert verdict(walk(history, rows=0), history).outcome == "passed"


def test_without_any_tables_there_is_nothing_to_put_rows_into(make_history: Make, walk: Walk) -> None:
    history = make_history(("CREATE SCHEMA s", "DROP SCHEMA s"))
    assert verdict(walk(history), history).outcome == "passed"


def test_what_keeps_rows_out_of_some_tables_keeps_none_out_of_others(
    make_history: Make, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trigger that takes too long, say."""
    fill = Filler.fill

    def refuses(self: Filler, connection: Any, tables: Any, **options: Any) -> Any:
        if any(table.has_triggers and oid not in options["most"] for oid, table in tables.items()):
            raise psycopg.errors.QueryCanceled
        return fill(self, connection, tables, **options)

    monkeypatch.setattr(Filler, "fill", refuses)
    history = make_history(table("users"), (MAKES, UNMAKES), ("SELECT 1", "UPDATE users SET name = NULL"))
    found = walk(history)
    assert found.fault is not None
    assert found.fault.path == Path(2, (PUT, UP, DOWN))


def test_what_is_barred_is_not_crossed(make_history: Make, walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    rolled_back = set()
    rollback = Runner.rollback

    def noted(self: Runner, migration: Migration, **options: Any) -> Ran:
        rolled_back.add(migration.name)
        return rollback(self, migration, **options)

    monkeypatch.setattr(Runner, "rollback", noted)
    looks = "DO $$ BEGIN IF NOT EXISTS (SELECT FROM t) THEN CREATE TABLE u (); END IF; END $$"
    history = make_history(table("t"), (looks, "boom"), table("v"), ("CREATE TABLE w ()", None))
    assert walk(history, barred=[1]).fault is None
    assert rolled_back == {"001_m.sql", "003_m.sql"}
    assert "does not roll back on this path" in said(walk(history), history)


def test_no_way_back_at_all(make_history: Make, walk: Walk) -> None:
    history = make_history(("CREATE TABLE t ()", None))
    assert verdict(walk(history), history).outcome == "skipped"
    history = make_history(table("t"))
    assert verdict(walk(history, barred=[0]), history).outcome == "skipped"
    assert walk(make_history()).paths == 0


def test_one_migration(make_history: Make, walk: Walk) -> None:
    history = make_history(table("t"))
    assert verdict(walk(history), history).outcome == "passed"
    history = make_history(("CREATE TYPE e AS ENUM (); CREATE TABLE t ()", "DROP TABLE t"))
    assert said(walk(history), history) == (
        "The schema before 001_m.sql depends on the path:\n\n"
        "  start at 001_m.sql\n"
        "  down  001_m.sql\n\n"
        "left behind  type  public.e\n\n"
        "001_m.sql::roundtrip tests this alone."
    )


def test_the_time_that_a_script_may_take(make_history: Make, server: Server) -> None:
    history = make_history(table("t"), ("SELECT 1", "SELECT pg_sleep(20)"))
    found = wander(history, OneServer(server), Terms(0.2), isolated=False, barred=(), rows=0)
    assert "took longer than 0.2 s" in said(found, history)


def test_many_migrations(make_history: Make, walk: Walk) -> None:
    history = make_history(*(table(f"t{number}") for number in range(12)))
    found = walk(history)
    assert found.fault is None
    assert found.steps > 5 * len(history)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("count", [1, 4, 9])
def test_whatever_ends_it_no_database_is_left(
    make_history: Make, walk: Walk, monkeypatch: pytest.MonkeyPatch, error: type[BaseException], count: int
) -> None:
    """On the straight way, on the way to a start, on a path."""
    calls = []
    apply = Runner.apply

    def ends(self: Runner, migration: Migration, **options: Any) -> Ran:
        calls.append(migration)
        if len(calls) >= count:
            raise error
        return apply(self, migration, **options)

    monkeypatch.setattr(Runner, "apply", ends)
    with pytest.raises(error):
        walk(make_history(table("t"), table("u"), table("v")))


def test_a_lost_server_is_no_fault(make_history: Make, walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("gone")

    monkeypatch.setattr(straight_way.StraightWay, "at", lost)
    with pytest.raises(UserError, match="gone"):
        walk(make_history(table("t")))


class OwnServers(OneServer):
    """As a run has them that starts its servers."""

    can_start_more = True

    def __init__(self, server: Server, run: RunFolder) -> None:
        super().__init__(server)
        self._run = run
        self.started: list[Server] = []

    def own(self) -> Server:  # type: ignore[override]
        server = Server.start_own(self._run, ServerOptions(server="embedded"), Requirements())
        assert server is not None
        self.started.append(server)
        return server


ROLE = ("CREATE ROLE somebody", "DROP ROLE somebody")


def test_roles(make_history: Make, server: Server, run_folder: RunFolder) -> None:
    servers = OwnServers(server, run_folder)
    history = make_history(table("t"), ROLE, COLUMN)
    found = wander(history, servers, Terms(60.0), isolated=True, barred=(), rows=ROWS)
    assert verdict(found, history).outcome == "passed"
    assert len(servers.started) == found.paths + 1
    for started in servers.started:
        with pytest.raises(UserError), suppress(TypeError):
            started.connect_admin()


def test_a_role_that_stays(make_history: Make, server: Server, run_folder: RunFolder) -> None:
    creates = "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'x') THEN CREATE ROLE x; END IF; END $$"
    history = make_history(table("t"), (creates, "SELECT 1"))
    found = wander(history, OwnServers(server, run_folder), Terms(60.0), isolated=True, barred=(), rows=ROWS)
    assert "left behind  role  x" in said(found, history)


def test_roles_on_a_given_server(make_history: Make, walk: Walk) -> None:
    with pytest.raises(CannotGoError, match="needs a server of its own"):
        walk(make_history(table("t"), ROLE), isolated=True)


def test_it_is_found_far_apart(make_history: Make, walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wandering, "_MOST_SECONDS", 0.0)  # how it becomes shorter is a matter of random_walk/
    between = [table(f"x{number}") for number in range(7)]
    history = make_history(table("a"), table("b"), table("t"), GREETS, *between, COUNTS, table("c"))
    found = walk(history)
    assert found.fault is not None and found.fault.comparison is not None
    assert [str(each.name) for each in found.fault.comparison.differences] == ["public.few"]
    assert not found.fault.is_shortest
    assert said(found, history).endswith("\n\nThere was no time to look for a shorter path to it.")


def test_a_rollback_that_takes_rows_of_long_before(
    make_history: Make, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wandering, "_MOST_SECONDS", 0.0)  # as above
    history = make_history(
        table("t"),
        ("ALTER TABLE t ADD kind text DEFAULT 'x'", "ALTER TABLE t DROP kind"),
        *(table(f"x{number}") for number in range(5)),
        ("ALTER TABLE t ADD b int", "ALTER TABLE t DROP b; DELETE FROM t WHERE kind = 'x'"),
    )
    found = walk(history)
    assert found.fault is not None
    assert [loss.table for loss in found.fault.losses] == ["public.t"]


def test_rows_that_a_migration_looks_for(make_history: Make, walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wandering, "_MOST_SECONDS", 0.0)  # as above
    history = make_history(
        ("CREATE TABLE t (id int PRIMARY KEY, state text NOT NULL)", "DROP TABLE t"),
        *(table(f"x{number}") for number in range(3)),  # when it comes to them, the table has got its rows
        ("DELETE FROM t WHERE state = 'gone'", "SELECT 1"),
    )
    fault = walk(history).fault
    assert fault is not None
    assert [str(loss).split() for loss in fault.losses] == [["lost", "1", "row", "of", "public.t"]]


def test_what_applies_once_on_rows_but_not_twice(make_history: Make, walk: Walk) -> None:
    history = make_history(
        table("t"),
        ("CREATE TABLE u (id int UNIQUE)", "DROP TABLE u"),
        ("INSERT INTO u SELECT DISTINCT id FROM t", "SELECT 1"),
    )
    found = walk(history)
    assert found.fault is not None and found.fault.error is not None
    assert found.fault.path == Path(2, (PUT, UP, DOWN, UP))


def test_what_was_moved_to_an_archive_comes_back_from_there_alone(make_history: Make, walk: Walk) -> None:
    history = make_history(
        ("CREATE TABLE u (id int PRIMARY KEY)", "DROP TABLE u"),
        ("CREATE TABLE t (id int PRIMARY KEY, u int NOT NULL REFERENCES u)", "DROP TABLE t"),
        ("CREATE TABLE old (id int, u int)", "DROP TABLE old"),
        ("INSERT INTO old SELECT * FROM t; DELETE FROM t", "INSERT INTO t SELECT * FROM old; DELETE FROM old"),
    )
    assert walk(history).fault is None
