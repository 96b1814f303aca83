"""The database that follows the walk with the user's own rows in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pytest_migrations.failure import MigrationError
from pytest_migrations.migration import Program, Script
from pytest_migrations.rows.seeds.files import Seeds
from pytest_migrations.runner import Runner
from pytest_migrations.timeline.on_rows.seeded import Seeded, Stand
from tests.timeline.conftest import OneServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.runner import Ran
    from pytest_migrations.server.server import Server

    Make = Callable[..., History]
    Seed = Callable[..., Seeded]

FOUR: list[tuple[str, str | None]] = [
    ("CREATE TABLE t (x int)", None),
    ("ALTER TABLE t ADD y int", None),
    ("ALTER TABLE t ALTER x SET NOT NULL", None),
    ("CREATE TABLE last ()", None),
]


@pytest.fixture
def seeded(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seed]:
    """Seeds by position, as SQL."""
    monkeypatch.chdir(tmp_path)
    made: list[Seeded] = []

    def make(history: History, seeds: dict[int, str | Script], **options: Any) -> Seeded:
        scripts = {
            position: (Script(tmp_path / f"seeds/{position}.sql", seed, seed) if isinstance(seed, str) else seed,)
            for position, seed in seeds.items()
        }
        options = {"server": server, "timeout": None} | options
        made.append(Seeded(history, OneServer(server), Seeds(scripts), **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def ask(stand: Stand, query: str) -> list[Any]:
    assert stand.connection is not None, stand.why_not
    return [row[0] for row in stand.connection.execute(query.encode())]


def databases(server: Server) -> int:
    with server.connect(server.create_database()) as connection:
        return len(connection.execute("SELECT FROM pg_database WHERE datname ~ '^pytest_migrations_'").fetchall())


def test_rows_are_carried_along(make_history: Make, seeded: Seed) -> None:
    walk = seeded(make_history(*FOUR), {1: "INSERT INTO t VALUES (1)", 2: "INSERT INTO t VALUES (2, 2)"})
    assert [walk.has_rows(index) for index in range(4)] == [False, True, True, True]
    assert ask(walk.stand_before(0), "SELECT count(*) FROM pg_class WHERE relname = 't'") == [0]
    assert ask(walk.stand_before(1), "SELECT x FROM t") == [1]
    assert ask(walk.stand_before(1), "SELECT x FROM t") == [1]
    stand = walk.stand_before(3)
    assert ask(stand, "SELECT y FROM t ORDER BY x") == [None, 2]
    assert (stand.failed, stand.notes, stand.why_not) == ((), (), "")
    assert stand.seeds == ("seeds/1.sql", "seeds/2.sql")
    assert ask(walk.stand_before(4), "SELECT count(*) FROM last") == [0]


def test_a_seed_of_the_last_version_is_run(make_history: Make, seeded: Seed) -> None:
    walk = seeded(make_history(*FOUR), {4: "INSERT INTO last DEFAULT VALUES", 1: "INSERT INTO t VALUES (1)"})
    assert ask(walk.stand_before(4), "SELECT count(*) FROM last") == [1]


def test_going_back_begins_anew(make_history: Make, seeded: Seed, server: Server) -> None:
    walk = seeded(make_history(*FOUR), {1: "INSERT INTO t VALUES (1)", 2: "INSERT INTO t VALUES (2)"})
    before = databases(server)
    assert ask(walk.stand_before(3), "SELECT count(*) FROM t") == [2]
    assert ask(walk.stand_before(1), "SELECT count(*) FROM t") == [1]
    walk.close()
    assert databases(server) == before + 1  # the one that asked


def test_a_session_that_was_left_open_or_closed(make_history: Make, seeded: Seed) -> None:
    walk = seeded(make_history(*FOUR), {1: "INSERT INTO t VALUES (1)"})
    connection = walk.stand_before(1).connection
    assert connection is not None
    connection.execute("BEGIN")
    connection.execute("SET search_path = nowhere")
    connection.execute("DELETE FROM public.t")
    assert ask(walk.stand_before(1), "SELECT x FROM t") == [1]
    connection.close()
    assert ask(walk.stand_before(2), "SELECT x FROM t") == [1]


def test_a_seed_that_fails_is_told_once_and_left_out(make_history: Make, seeded: Seed) -> None:
    text = "INSERT INTO t VALUES (1);\nINSERT INTO t VALUES\n  (nonsense)"
    walk = seeded(make_history(*FOUR), {1: text, 2: "INSERT INTO t VALUES (2)"})
    stand = walk.stand_before(1)
    assert ask(stand, "SELECT x FROM t") == []
    (error,) = stand.failed
    assert isinstance(error, MigrationError)
    assert error.sqlstate == "42703"
    shown = str(error)
    assert shown.startswith('seeds/1.sql:3:4: column "nonsense" does not exist (42703 ')
    assert "   3 |   (nonsense)\n     |    ^" in shown
    assert (
        "Nothing of this script was kept.\nThis seed runs when 001_m.sql was applied, on the schema of then." in shown
    )
    stand = walk.stand_before(2)
    assert (ask(stand, "SELECT x FROM t"), stand.failed) == ([2], ())
    assert walk.stand_before(1).failed == ()


def test_that_of_a_version_that_is_passed_is_told_too(make_history: Make, seeded: Seed) -> None:
    walk = seeded(make_history(*FOUR), {1: "oops", 2: "INSERT INTO t VALUES (2)"})
    assert len(walk.stand_before(3).failed) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("INSERT INTO t VALUES (1);\nVACUUM t", "seeds/1.sql:2:1: this seed cannot run in one transaction"),
        ("INSERT INTO t VALUES (1);\nROLLBACK", "seeds/1.sql:2:1: this seed cannot run in one transaction"),
        ("BEGIN;\nINSERT INTO t VALUES (1)", "seeds/1.sql:1:1: this seed cannot run in one transaction"),
        ("INSERT INTO t VALUES (1);\n\\i more.sql", "Only psql understands it"),
        ("COPY t FROM STDIN;\n1\n\\.\n", "Only psql understands it: write the rows as INSERT."),
        ("INSERT INTO t VALUES (1);\nCREATE ROLE seeded", "seeds/1.sql:1:1: this seed changes what all databases"),
        ("ALTER TABLE t ADD FOREIGN KEY (x) REFERENCES t (x)", "seeds/1.sql:1:"),
        ("DO $$ BEGIN COMMIT; END $$", "2D000"),
    ],
    ids=["vacuum", "rollback", "unfinished", "psql", "copy", "role", "server", "commit in a block"],
)
def test_what_a_seed_cannot_be(make_history: Make, seeded: Seed, text: str, told: str) -> None:
    stand = seeded(make_history(*FOUR), {1: text}).stand_before(1)
    (error,) = stand.failed
    assert told in str(error)
    assert ask(stand, "SELECT x FROM t") == []


def test_its_own_transaction_and_settings_are_its_own(make_history: Make, seeded: Seed) -> None:
    text = "BEGIN; SET search_path = nowhere; INSERT INTO public.t VALUES (1); COMMIT; SELECT pg_advisory_lock(1)"
    stand = seeded(make_history(*FOUR), {1: text}).stand_before(1)
    assert ask(stand, "SELECT x FROM t") == [1]
    assert ask(stand, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()") == [0]


def test_it_may_take_as_long_as_a_migration(make_history: Make, seeded: Seed) -> None:
    stand = seeded(make_history(*FOUR), {1: "SELECT pg_sleep(10)"}, timeout=0.2).stand_before(1)
    assert "took longer than 0.2 s (--migrations-timeout)" in str(stand.failed[0])


def test_a_program(make_history: Make, seeded: Seed, tmp_path: Path) -> None:
    def run(connection: psycopg.Connection[Any]) -> None:
        connection.execute("INSERT INTO t VALUES (1)")
        connection.commit()
        connection.execute("INSERT INTO t VALUES (2)")
        connection.rollback()

    def vacuum(connection: psycopg.Connection[Any]) -> None:
        connection.execute("VACUUM")

    def connect(_: psycopg.Connection[Any]) -> None:
        raise OSError("postgresql://me:hunter2@there/db")

    scripts = {
        position: Script(tmp_path / "conftest.py", "code", "", program=Program(function, "conftest.py"))
        for position, function in ((1, run), (2, vacuum), (3, connect))
    }
    walk = seeded(make_history(*FOUR), scripts)
    assert ask(walk.stand_before(1), "SELECT x FROM t") == [1]
    (error,) = walk.stand_before(2).failed
    assert "conftest.py:1:1: this seed cannot run in one transaction" in str(error)
    (error,) = walk.stand_before(3).failed
    assert "OSError: postgresql://me:*******@there/db" in str(error)


def test_behind_a_migration_that_does_not_apply_the_seeds_before_it_are_out(make_history: Make, seeded: Seed) -> None:
    seeds = {1: "INSERT INTO t VALUES (NULL)", 2: "INSERT INTO t VALUES (2)", 3: "INSERT INTO t VALUES (3)"}
    walk = seeded(make_history(*FOUR), seeds)
    assert ask(walk.stand_before(2), "SELECT count(*) FROM t") == [2]
    stand = walk.stand_before(3)
    assert ask(stand, "SELECT x FROM t") == [3]
    assert stand.notes == ("without seeds/1.sql, seeds/2.sql, to whose rows 003_m.sql does not apply",)
    assert stand.failed == ()
    assert ask(walk.stand_before(4), "SELECT x FROM t") == [3]
    stand = walk.stand_before(1)
    assert (ask(stand, "SELECT count(*) FROM t"), stand.notes) == ([1], ())
    assert ask(walk.stand_before(4), "SELECT x FROM t") == [3]


def test_each_is_applied_a_few_times_however_many_reject_rows(
    make_history: Make, seeded: Seed, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied: list[Migration] = []
    apply = Runner.apply

    def noted(self: Runner, migration: Migration, **options: Any) -> Ran:
        applied.append(migration)
        return apply(self, migration, **options)

    monkeypatch.setattr(Runner, "apply", noted)
    rejects = ("DO $$ BEGIN IF EXISTS (SELECT FROM t) THEN RAISE 'rows'; END IF; END $$", None)
    history = make_history(FOUR[0], *[rejects] * 4)
    walk = seeded(history, {position: f"INSERT INTO t VALUES ({position})" for position in range(1, 5)})
    before = databases(server)
    assert [ask(walk.stand_before(index), "SELECT x FROM t") for index in range(1, 5)] == [[1], [2], [3], [4]]
    assert [applied.count(migration) for migration in history.migrations] == [2, 3, 3, 2, 0]
    assert ask(walk.stand_before(1), "SELECT x FROM t") == [1]
    assert ask(walk.stand_before(4), "SELECT x FROM t") == [4]
    walk.close()
    assert databases(server) == before + 1  # the one that asked


def test_a_migration_that_changes_roles_for_the_rows(make_history: Make, seeded: Seed, server: Server) -> None:
    role = "DO $$ BEGIN IF EXISTS (SELECT FROM t) THEN EXECUTE 'CREATE ' || 'ROLE for_rows'; END IF; END $$"
    walk = seeded(make_history(FOUR[0], (role, None), FOUR[3]), {1: "INSERT INTO t VALUES (1)"})
    stand = walk.stand_before(2)
    assert ask(stand, "SELECT count(*) FROM pg_roles WHERE rolname = 'for_rows'") == [0]
    assert stand.notes == ("without seeds/1.sql, to whose rows 002_m.sql does not apply",)


def test_one_that_does_not_apply_without_any_is_not_the_seeds_fault(make_history: Make, seeded: Seed) -> None:
    walk = seeded(make_history(FOUR[0], ("oops", None), FOUR[3]), {1: "INSERT INTO t VALUES (1)"})
    stand = walk.stand_before(2)
    assert stand.connection is None
    assert "002_m.sql does not apply once more, without any seed" in stand.why_not
    assert ask(walk.stand_before(1), "SELECT x FROM t") == [1]


def test_where_no_server_of_its_own_can_be_had(make_history: Make, seeded: Seed) -> None:
    stand = seeded(make_history(*FOUR), {1: "SELECT 1"}, server=None).stand_before(1)
    assert stand.connection is None
    assert "seeds need a server of their own" in stand.why_not


def test_a_session_that_a_seed_ends(make_history: Make, seeded: Seed) -> None:
    walk = seeded(
        make_history(*FOUR), {1: "SELECT pg_terminate_backend(pg_backend_pid())", 2: "INSERT INTO t VALUES (2)"}
    )
    stand = walk.stand_before(2)
    assert len(stand.failed) == 1
    assert ask(stand, "SELECT x FROM t") == [2]
