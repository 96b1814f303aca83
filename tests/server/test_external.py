from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pytest_migrations.errors import UserError
from pytest_migrations.server import external
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.run_folder import RunFolder
from pytest_migrations.server.server import Server
from tests.waiting import until

from .conftest import Owners, requiring
from .test_watchdog import line, watchdog_of

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "s3cret/@:%"


class Somebodys:
    """A server that is not ours: it has users of its own, and a database that must stay."""

    def __init__(self, run: RunFolder) -> None:
        server = Server.start_or_join(run, ServerOptions(server="embedded"), Requirements())
        self.home = Path(next(run.path.glob("pg*")))
        self.admin: psycopg.Connection[Any] = server.connect_admin()
        for statement in (
            "CREATE ROLE creator LOGIN CREATEDB",
            "CREATE ROLE creates_roles LOGIN CREATEDB CREATEROLE",
            "CREATE ROLE reader LOGIN",
            f"CREATE ROLE guarded LOGIN CREATEDB PASSWORD '{PASSWORD}'",
            "CREATE ROLE owning NOLOGIN",
            "GRANT owning TO creator",
            "CREATE DATABASE production",
            "CREATE DATABASE pytest_migrations_of_somebody_else",
        ):
            self.admin.execute(statement)
        rules = self.home / "data/pg_hba.conf"
        rules.write_text("local all guarded scram-sha-256\n" + rules.read_text())
        self.admin.execute("SELECT pg_reload_conf()")
        self.before = self.databases()

    def dsn(self, user: str = "creator", **more: str) -> str:
        return make_conninfo(host=str(self.home), user=user, dbname="production", **more)

    def databases(self) -> list[str]:
        return [row[0] for row in self.admin.execute("SELECT datname FROM pg_database ORDER BY 1")]

    def roles(self) -> list[str]:
        return [row[0] for row in self.admin.execute("SELECT rolname FROM pg_roles ORDER BY 1")]

    def untouched(self) -> bool:
        return self.databases() == self.before and "owner_of_tests_app" not in self.roles()


@pytest.fixture(scope="module")
def somebodys() -> Iterator[Somebodys]:
    run = RunFolder.reserve()
    server = Somebodys(run)
    yield server
    server.admin.close()
    run.close()


def borrow(run: RunFolder, dsn: str, **options: Any) -> Server:
    return Server.start_or_join(run, ServerOptions(server=dsn, **options), Requirements())


def test_it_creates_and_drops_only_its_own_databases(somebodys: Somebodys) -> None:
    run = RunFolder.reserve()
    server = borrow(run, somebodys.dsn())
    assert server.kind == "external"
    database = server.create_database(label="a")
    with server.connect(database) as connection:
        connection.execute("CREATE TABLE t ()")
    clone = server.clone(database)
    with server.connect(clone) as connection:
        connection.execute("TABLE t")
    server.drop(clone)
    with pytest.raises(ValueError, match="no database of pytest-migrations"):
        server.drop(type(database)("production", ""))
    assert len(somebodys.databases()) == len(somebodys.before) + 1
    assert Server.start_own(run, ServerOptions(server=somebodys.dsn()), Requirements()) is None
    run.close()
    assert somebodys.untouched()
    assert not run.path.exists()


def test_two_runs_leave_each_other_alone(somebodys: Somebodys) -> None:
    first, second = RunFolder.reserve(), RunFolder.reserve()
    kept = borrow(first, somebodys.dsn()).create_database()
    borrow(second, somebodys.dsn()).create_database()
    second.close()
    assert kept.name in somebodys.databases()
    first.close()
    assert somebodys.untouched()


def test_databases_belong_to_the_role_that_is_asked_for(somebodys: Somebodys, run: RunFolder) -> None:
    server = borrow(run, somebodys.dsn(), role="owning")
    database = server.clone(server.create_database())
    with server.connect(database) as connection:
        connection.execute("DISCARD ALL")
        assert connection.execute("SELECT current_user, session_user").fetchone() == ("owning", "creator")
        connection.execute("CREATE TABLE public.t ()")
    with psycopg.connect(database.dsn) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("owning",)


def test_roles_that_are_missing_come_and_go_with_the_run(somebodys: Somebodys) -> None:
    run = RunFolder.reserve()
    server = borrow(run, somebodys.dsn("creates_roles"), roles=("reader", "app of the run"))
    assert "app of the run" in somebodys.roles()
    with server.connect(server.create_database()) as connection:
        connection.execute('CREATE TABLE t (); GRANT SELECT ON t TO "app of the run"')
    run.close()
    assert "app of the run" not in somebodys.roles()
    assert "reader" in somebodys.roles()
    assert somebodys.untouched()


@pytest.mark.parametrize(
    ("user", "options", "words"),
    [
        ("reader", {}, "the user reader may not create databases at .* ALTER ROLE reader CREATEDB"),
        ("creator", {"role": "nobody_knows"}, "the role nobody_knows .* CREATE ROLE nobody_knows"),
        ("creates_roles", {"role": "owning"}, "may not become owning .* GRANT owning TO creates_roles"),
        ("creator", {"roles": ("nobody_knows",)}, "the roles nobody_knows .* ALTER ROLE creator CREATEROLE"),
        ("stranger", {}, 'no connection to the server at .* role "stranger" does not exist'),
    ],
)
def test_what_is_not_allowed_is_said(
    somebodys: Somebodys, run: RunFolder, user: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError, match=f"(?s){words}"):
        borrow(run, somebodys.dsn(user), **options)
    assert somebodys.untouched()


def test_a_missing_extension_names_it_and_its_place(somebodys: Somebodys, run: RunFolder) -> None:
    with pytest.raises(UserError, match=r'migrations/003_ids.sql:2 creates the extension "nonsense"'):
        Server.start_or_join(run, ServerOptions(server=somebodys.dsn()), requiring("nonsense"))


def test_nobody_listens(run: RunFolder) -> None:
    with pytest.raises(UserError, match=r"no connection to the server at 127\.0\.0\.1:9: .*refused") as caught:
        borrow(run, "postgresql://user:hidden@127.0.0.1:9/db")
    assert "hidden" not in str(caught.value)


def test_a_password_is_used_and_never_shown(
    somebodys: Somebodys, run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="password authentication failed") as caught:
        borrow(run, somebodys.dsn("guarded", password="wr0ng/@"))
    assert "wr0ng" not in str(caught.value)
    assert caught.value.__cause__ is None
    for password in (PASSWORD, "half@s3cret", "half@@s3cret"):
        with pytest.raises(UserError, match="cannot be read") as caught:
            borrow(run, f"postgresql://guarded:{password}@localhost/db")
        assert not any(part in str(caught.value) for part in ("s3cret", PASSWORD))
    server = borrow(run, somebodys.dsn("guarded", password=PASSWORD))
    database = server.create_database()
    assert PASSWORD not in f"{database}{database!r}{server!r}"
    assert [path.stat().st_mode & 0o077 for path in run.path.glob("*") if path.is_file()] == [0] * 4
    with psycopg.connect(database.dsn) as connection:
        connection.execute("SELECT 1")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    monkeypatch.setenv("PGHOST", "production.example")
    monkeypatch.setenv("PGDATABASE", "production")
    other = RunFolder.reserve()
    borrow(other, make_conninfo(host=str(somebodys.home), user="guarded")).create_database()
    other.close()


def test_killed_at_any_moment_no_database_and_no_role_is_left(somebodys: Somebodys, owners: Owners) -> None:
    for delay in (0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3):
        owner = owners.start(somebodys.dsn("creates_roles"))
        folder = Path(line(owner.stdout))
        time.sleep(delay)
        owner.kill()
        assert until(lambda folder=folder: not folder.exists()), delay  # type: ignore[misc]
        assert somebodys.untouched(), (delay, somebodys.databases(), somebodys.roles())


def test_the_next_run_drops_what_a_killed_watchdog_left(somebodys: Somebodys, owners: Owners) -> None:
    owner = owners.start(somebodys.dsn("creates_roles"))
    folder = Path(line(owner.stdout))
    while line(owner.stdout) != "cloned":
        pass
    os.kill(watchdog_of(folder), signal.SIGKILL)
    owner.kill()
    owner.wait()
    time.sleep(0.1)
    assert not somebodys.untouched()
    RunFolder.reserve().close()
    assert until(lambda: not folder.exists(), 5)  # the watchdog of another test may be at it
    assert somebodys.untouched()


def test_a_server_that_does_not_answer_at_the_end_is_asked_again_later(somebodys: Somebodys) -> None:
    run = RunFolder.reserve()
    borrow(run, somebodys.dsn()).create_database()
    (record,) = run.path.glob(external.RECORD_PREFIX + "*")
    noted = json.loads(record.read_text())
    record.write_text(json.dumps({**noted, "admin": {**noted["admin"], "host": "/nowhere"}}))
    run.close()
    assert record.exists()
    record.write_text(json.dumps(noted))
    RunFolder.reserve().close()
    assert until(lambda: not run.path.exists(), 5)
    assert somebodys.untouched()


def test_an_old_server_is_told(somebodys: Somebodys, run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_migrations.server.settling.OLDEST_MAJOR", 99)
    with pytest.raises(UserError, match=r"PostgreSQL \d+\.\d+ at .* will not do: too old"):
        borrow(run, somebodys.dsn())
