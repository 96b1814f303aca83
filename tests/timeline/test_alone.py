"""A history that makes roles, on a given server: it walks alone there, and takes nothing but its own with it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.server import connections
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.run_folder import RunFolder
from pytest_migrations.server.server import Server
from pytest_migrations.servers import RunServers
from pytest_migrations.timeline.given import GivenServer
from pytest_migrations.timeline.timeline import Timeline
from tests.timeline.verdicts import PASSED, outcomes, reasons
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_migrations.migration import History

    Make = Callable[..., History]

ROLE = ("CREATE ROLE of_mine; GRANT pg_monitor TO of_mine", "DROP ROLE of_mine")
OWNED = ("CREATE TABLE a (); ALTER TABLE a OWNER TO of_mine", "DROP TABLE a")
HIDDEN = (
    "DO $$ BEGIN EXECUTE 'CREATE ' || 'ROLE hidden'; END $$",
    "DO $$ BEGIN EXECUTE 'DROP ' || 'ROLE hidden'; END $$",
)
PLAIN = ("CREATE TABLE b ()", "DROP TABLE b")


class Given:
    """Somebody's server, with what is on it."""

    def __init__(self, run_folder: RunFolder) -> None:
        started = Server.start_own(run_folder, ServerOptions(server="embedded"), Requirements())
        assert started
        self.server = started
        self.admin = started.connect_admin()
        self.dsn = started.create_database().dsn
        self.is_dead = False
        self.before = self.content()

    def content(self) -> list[tuple[str]]:
        query = b"SELECT datname FROM pg_database UNION ALL SELECT rolname FROM pg_roles ORDER BY 1"
        return self.admin.execute(query).fetchall()

    def close(self) -> None:
        self.admin.close()
        self.server.stop()


@pytest.fixture
def given(run_folder: RunFolder) -> Iterator[Given]:
    server = Given(run_folder)
    yield server
    server.close()


@pytest.fixture
def alone(given: Given) -> Iterator[Callable[[History], Timeline]]:
    """Timelines of a run that was given the server; when the test ends it must hold what it held before."""
    run = RunFolder.reserve()
    made: list[Timeline] = []

    def make(history: History) -> Timeline:
        servers = RunServers(lambda: run, ServerOptions(server=given.dsn), [history])
        made.append(Timeline(history, servers))
        return made[-1]

    yield make
    for each in made:
        each.close()
    run.close()
    if given.is_dead:
        shutil.rmtree(run.path)  # it is kept for a day, in case that the server comes back
    else:
        assert given.content() == given.before


def test_nothing_of_it_stays(given: Given, make_history: Make, alone: Callable[[History], Timeline]) -> None:
    walked = alone(make_history(ROLE, OWNED, PLAIN))
    for index in (2, 0, 1):
        assert (outcomes(walked, index), reasons(walked, index).strip()) == (PASSED, "")
    assert given.content() == given.before  # not only when the run ends


def test_a_role_that_no_word_announces(make_history: Make, alone: Callable[[History], Timeline]) -> None:
    walked = alone(make_history(PLAIN, HIDDEN))
    assert [outcomes(walked, index) for index in (0, 1)] == [PASSED, PASSED]


def test_what_fails_says_that_it_was_not_confirmed(make_history: Make, alone: Callable[[History], Timeline]) -> None:
    walked = alone(make_history(ROLE, ("CREATE ROLE leaked", "SELECT 1"), PLAIN))
    assert outcomes(walked, 1)[:3] == ["passed", "passed", "failed"]
    assert "role" in reasons(walked, 1)
    assert "leaked" in reasons(walked, 1)
    assert "not confirmed with real commits" in reasons(walked, 1)
    assert outcomes(walked, 2) == PASSED


def test_a_migration_that_fails_behind_a_role(make_history: Make, alone: Callable[[History], Timeline]) -> None:
    walked = alone(make_history(ROLE, ("boom", None)))
    assert outcomes(walked, 1)[0] == "failed"


def test_a_role_with_rights_on_what_the_server_shares(make_history: Make, alone: Callable[[History], Timeline]) -> None:
    granted = ("GRANT CONNECT ON DATABASE postgres TO of_mine", "REVOKE CONNECT ON DATABASE postgres FROM of_mine")
    walked = alone(make_history(ROLE, granted))
    assert outcomes(walked, 1) == PASSED


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_create_physical_replication_slot('s')",
        "ALTER SYSTEM SET work_mem = '1MB'",
        "CREATE DATABASE of_mine",
        "VACUUM; CREATE ROLE another",
    ],
)
def test_what_cannot_be_undone_is_refused_before_it_runs(
    make_history: Make, alone: Callable[[History], Timeline], statement: str
) -> None:
    walked = alone(make_history(ROLE, (statement, None)))
    assert outcomes(walked, 0) == PASSED
    assert outcomes(walked, 1)[0] == "failed"
    assert "not done on a server that pytest-migrations did not start" in reasons(walked, 1)


STAGE = (
    "CREATE ROLE boss; CREATE ROLE app; CREATE ROLE other; GRANT boss TO other",
    "CREATE DATABASE victim OWNER other",
    "GRANT CONNECT ON DATABASE victim TO boss",
)
UNSTAGE = ("DROP DATABASE victim", "DROP OWNED BY boss, app, other; DROP ROLE boss, app, other")


@pytest.mark.parametrize("hidden", [False, True], ids=["plain", "dynamic"])
@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("GRANT boss TO app", "the membership of app in boss"),
        ("REVOKE boss FROM other", "the membership of other in boss"),
        ("ALTER ROLE app PASSWORD 'changed'", "the role app"),
        ("COMMENT ON ROLE boss IS 'hello'", "a comment on the role boss"),
        ("GRANT CREATE ON DATABASE victim TO app", "privileges on the database victim"),
        ("ALTER DATABASE victim OWNER TO app", "the database victim"),
        ("ALTER DATABASE victim CONNECTION LIMIT 1", "the database victim"),
        ("ALTER DATABASE victim SET timezone = 'UTC'", "settings of a role or database"),
        ("ALTER DATABASE victim RENAME TO renamed", "the database victim"),
        ("DROP OWNED BY boss", "privileges on the database victim"),
        ("ALTER ROLE ALL SET work_mem = '1MB'", "settings of a role or database"),
        ("ALTER ROLE app SET work_mem = '1MB'", "settings of a role or database"),
        ("GRANT SET ON PARAMETER work_mem TO app", "privileges on work_mem"),
        ("GRANT CREATE ON TABLESPACE pg_default TO app", "privileges on the tablespace pg_default"),
    ],
)
def test_what_the_server_had_is_not_changed(
    given: Given, make_history: Make, alone: Callable[[History], Timeline], statement: str, what: str, *, hidden: bool
) -> None:
    for each in STAGE:
        given.admin.execute(each.encode())
    try:
        before = GivenServer(given.admin)
        quoted = statement.replace("'", "''")
        up = f"DO $$ BEGIN EXECUTE 'SELECT 1; ' || '{quoted}'; END $$" if hidden else statement
        walked = alone(make_history(("CREATE TABLE a ()", None), (up, None)))
        assert outcomes(walked, 1)[0] == "failed"
        assert "changes what the server had before it" in reasons(walked, 1)
        assert what in reasons(walked, 1)
        before.refuse_changes(make_history(PLAIN).migrations[0], given.admin)
    finally:
        for each in UNSTAGE:
            given.admin.execute(each.encode())


def test_what_roles_of_the_migrations_are_granted_goes_with_them(
    given: Given, make_history: Make, alone: Callable[[History], Timeline]
) -> None:
    granted = "GRANT CREATE ON TABLESPACE pg_default TO of_mine; COMMENT ON ROLE of_mine IS 'mine'"
    granted += "; ALTER ROLE of_mine SET work_mem = '1MB'; SET ROLE of_mine"
    before = GivenServer(given.admin)
    assert outcomes(alone(make_history(ROLE, (granted, None))), 1)[0] == "passed"
    before.refuse_changes(make_history(PLAIN).migrations[0], given.admin)


def test_killed_while_it_has_a_role(given: Given, tmp_path: Path) -> None:
    migrations = tmp_path / "migrations"
    migrations.mkdir()
    (migrations / "001_role.sql").write_text(ROLE[0])
    (migrations / "002_sleep.sql").write_text("SELECT pg_sleep(60)")
    command = [sys.executable, "-m", "pytest", "--migrations-dir=migrations", f"--migrations-server={given.dsn}"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    sleeping = b"SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'"
    assert until(lambda: given.admin.execute(sleeping).fetchone() is not None, 30)
    assert given.content() != given.before
    process.kill()
    process.wait()
    assert until(lambda: given.content() == given.before, 30)


def test_a_server_that_ends_meanwhile_is_said(
    given: Given, make_history: Make, alone: Callable[[History], Timeline], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_RECOVERY_SECONDS", 0.3)
    walked = alone(
        make_history(ROLE, ("COPY (SELECT 1) TO PROGRAM 'kill -9 `head -1 postmaster.pid`'; SELECT pg_sleep(5)", None))
    )
    with pytest.raises(UserError, match="The server was lost while"):
        walked.proof(1)
    given.is_dead = True


def test_a_role_that_somebody_else_makes_meanwhile_stays(
    given: Given, make_history: Make, alone: Callable[[History], Timeline], monkeypatch: pytest.MonkeyPatch
) -> None:
    create_database = Server.create_database

    def meanwhile(self: Server, **options: str) -> object:
        given.admin.execute("CREATE ROLE somebody_else")
        return create_database(self, **options)

    monkeypatch.setattr(Server, "create_database", meanwhile)
    try:
        assert outcomes(alone(make_history(ROLE)), 0) == PASSED
    finally:
        given.admin.execute("DROP ROLE somebody_else")  # raises where it is gone
