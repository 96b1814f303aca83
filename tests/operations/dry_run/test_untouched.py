"""The target of a dry run is read and nothing else: seen from its locks, its counters, its rows, and who may look."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.operations.dry_run.standby import standby_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.server.run_folder import RunFolder
    from pytest_migrations.server.server import Server
    from tests.commands import Cli
    from tests.operations.dry_run.conftest import Grants

_NEXT_TRANSACTION = "select pg_snapshot_xmax(pg_current_snapshot())::text"
_WRITTEN = """
select sum(tup_inserted + tup_updated + tup_deleted), sum(temp_files) from pg_stat_database
"""
_EVERYTHING_SHARED = """
select array_agg(datname order by 1), (select array_agg(rolname order by 1) from pg_roles),
    (select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid())
from pg_database
"""


def shared(query: Callable[[str], list[tuple[object, ...]]]) -> tuple[object, ...]:
    """What all databases share, when the sessions that were closed a moment ago have ended."""
    for _ in range(50):
        (found,) = query(_EVERYTHING_SHARED)
        if not found[-1]:
            break
        time.sleep(0.1)
    return found


@pytest.mark.parametrize("own_server", ["embedded", "embedded:15"], indirect=True, scope="module")
def test_nothing_is_written_and_nobody_is_kept_waiting(grants: Grants, cli: Cli, dump: Callable[[], bytes]) -> None:
    before = (dump(), shared(grants.query), grants.query(_NEXT_TRANSACTION), grants.query(_WRITTEN))
    modes: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        with psycopg.connect(grants.dsn, autocommit=True) as connection:
            while not done.is_set():
                rows = connection.execute(
                    "select mode from pg_locks where locktype = 'relation' and pid <> pg_backend_pid() "
                    "union all select 'advisory' from pg_locks where locktype = 'advisory'"
                ).fetchall()
                modes.update(mode for (mode,) in rows)

    watching = threading.Thread(target=watch)
    watching.start()
    result = cli("run", "--dry-run")
    back = cli("rollback", "001", "--dry-run")
    done.set()
    watching.join()
    assert (result.code, back.code) == (0, 0), result.err + back.err
    assert modes == {"AccessShareLock"}
    after = (dump(), shared(grants.query), grants.query(_NEXT_TRANSACTION), grants.query(_WRITTEN))
    assert after == before


def test_by_somebody_who_may_only_read(grants: Grants, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", grants.dsn_of("reader"))
    result = cli("run", "--dry-run")
    assert (result.code, result.err) == (0, "")
    assert "as deploy, who owns the ledger: reader may only read" in result.out


def test_by_somebody_who_may_not_read_all_of_it(grants: Grants, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    grants.query("create role stranger login")
    try:
        monkeypatch.setenv("DATABASE_URL", grants.dsn_of("stranger"))
        result = cli("run", "--dry-run")
    finally:
        grants.query("drop role stranger")
    assert result.code == 2
    assert "may not read the ledger" in result.err


def test_where_sessions_are_read_only(grants: Grants, cli: Cli) -> None:
    grants.query("alter role deploy set default_transaction_read_only = on")
    try:
        result = cli("run", "--dry-run")
    finally:
        grants.query("alter role deploy reset default_transaction_read_only")
    assert (result.code, result.err) == (0, "")


def test_on_a_standby(
    grants: Grants, cli: Cli, own_server: Server, run_folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with standby_of(own_server, run_folder) as dsn:
        monkeypatch.setenv("DATABASE_URL", make_conninfo(dsn, dbname="grants", user="deploy"))
        result = cli("run", "--dry-run")
        assert (result.code, result.err) == (0, "")
        assert "Done: 2 applied" in result.out
        real = cli("run")
    assert real.code == 2
    assert "is a standby" in real.err


def test_a_lock_is_waited_for_as_long_as_was_said(grants: Grants, cli: Cli) -> None:
    with psycopg.connect(grants.dsn, application_name="worker") as connection:
        connection.execute("lock table users in access exclusive mode")
        result = cli("run", "--dry-run", "--lock-timeout", "200ms")
        pid = connection.info.backend_pid
    assert result.code == 2
    assert "The dry run could not read the target" in result.err
    assert f"by pid {pid} (app=worker, user=postgres)" in result.err


def test_the_targets_own_server_is_none_for_it(grants: Grants, cli: Cli) -> None:
    before = shared(grants.query)
    result = cli("run", "--dry-run", "--server", grants.dsn)
    assert result.code == 2
    assert "the target's own server, where nothing is to be changed" in result.err
    assert shared(grants.query) == before


def test_a_server_that_is_borrowed_is_left_as_it_was(grants: Grants, server: Server, cli: Cli) -> None:
    with server.connect_admin() as admin:
        before = admin.execute(_EVERYTHING_SHARED.encode()).fetchone()
        result = cli("run", "--dry-run", "--server", server.dsn)
        assert (result.code, result.err) == (0, "")
        assert "It runs as the user of --server, not as deploy." in result.out
        assert admin.execute(_EVERYTHING_SHARED.encode()).fetchone() == before
    assert conninfo_to_dict(server.dsn)["host"] != conninfo_to_dict(grants.dsn)["host"]
