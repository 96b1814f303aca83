"""Servers and sessions that are lost, and people who interrupt: what is said, and what is still proved."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.server import connections, databases
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.server import Server
from pytest_migrations.timeline import walk
from pytest_migrations.timeline.timeline import BlockedError, Timeline
from tests.timeline.conftest import OneServer
from tests.timeline.verdicts import PASSED, outcomes, reasons

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_migrations.migration import History
    from pytest_migrations.server.run_folder import RunFolder

    Make = Callable[..., History]

A = ("CREATE TABLE a ()", "DROP TABLE a")
B = ("CREATE TABLE b ()", "DROP TABLE b")
#: The program runs in the data directory, as a child of the session's own process.
KILL_SERVER = "COPY (SELECT 1) TO PROGRAM 'kill -9 `head -1 postmaster.pid`'; SELECT pg_sleep(5)"
CRASH = "COPY (SELECT 1) TO PROGRAM 'kill -9 $PPID'; SELECT pg_sleep(5)"


@pytest.fixture
def own_server(run_folder: RunFolder) -> Iterator[Server]:
    started = Server.start_own(run_folder, ServerOptions(server="embedded"), Requirements())
    assert started
    yield started
    started.stop()


@pytest.mark.parametrize("pair", [(KILL_SERVER, "SELECT 1"), ("CREATE TABLE x ()", KILL_SERVER)], ids=["up", "down"])
def test_a_server_that_ends_is_said_once(
    make_history: Make, own_server: Server, monkeypatch: pytest.MonkeyPatch, pair: tuple[str, str]
) -> None:
    monkeypatch.setattr(connections, "_RECOVERY_SECONDS", 0.3)
    walked = Timeline(make_history(A, pair, B), OneServer(own_server))
    assert outcomes(walked, 0) == PASSED
    with pytest.raises(
        UserError, match=r"The server was lost while 002_m\.sql was tried: [^\n]+\n\nIt no longer"
    ) as lost:
        walked.proof(1)
    assert "postmaster.pid" not in str(lost.value)
    assert outcomes(walked, 0) == PASSED
    walked.close()


def test_a_rollback_that_crashes_the_server_fails_alone(make_history: Make, own_server: Server) -> None:
    """PostgreSQL ends all sessions of a server, ours that creates databases as well, and goes on."""
    walked = Timeline(make_history(A, ("CREATE TABLE x ()", CRASH), B), OneServer(own_server))
    assert outcomes(walked, 1) == ["passed", "failed", "skipped", "skipped"]
    assert "the connection was lost" in reasons(walked, 1)
    assert (outcomes(walked, 2), reasons(walked, 2).strip()) == (PASSED, "")
    assert outcomes(walked, 0) == PASSED
    walked.close()


def test_an_apply_that_crashes_the_server_blocks_the_rest(make_history: Make, own_server: Server) -> None:
    walked = Timeline(make_history(A, (CRASH, "SELECT 1"), B), OneServer(own_server))
    assert outcomes(walked, 1) == ["failed", "skipped", "skipped", "skipped"]
    with pytest.raises(BlockedError):
        walked.proof(2)
    assert outcomes(walked, 0) == PASSED
    walked.close()


@pytest.mark.parametrize(
    "pair",
    [
        ("SELECT pg_sleep(30)", "SELECT 1"),
        ("SELECT 1", "SELECT pg_sleep(30)"),
        # Both scripts run outside a transaction, so that the clone is where it sleeps.
        ("SELECT 1", "VACUUM a; SELECT pg_sleep(30)"),
    ],
    ids=["up", "down", "clone"],
)
@pytest.mark.parametrize("interruption", [KeyboardInterrupt, pytest.fail.Exception])
def test_whoever_interrupts_is_heard_and_may_ask_again(
    make_history: Make,
    timeline: Any,
    server: Server,
    pair: tuple[str, str],
    interruption: type[BaseException],
) -> None:
    def interrupt(*_: object) -> None:
        raise interruption("enough")

    previous = signal.signal(signal.SIGUSR1, interrupt)
    timer = threading.Timer(0.6, signal.raise_signal, [signal.SIGUSR1])
    walked = timeline(make_history(A, pair, B))
    assert outcomes(walked, 0) == PASSED
    try:
        timer.start()
        with pytest.raises(interruption, match="enough"):
            walked.proof(1)
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, previous)
    assert outcomes(walked, 0) == PASSED
    assert outcomes(walked, 1) == ["failed", "skipped", "skipped", "skipped"]
    assert "002_m.sql was interrupted: enough" in reasons(walked, 1)
    with pytest.raises(BlockedError):
        walked.proof(2)
    walked.close()
    assert no_session_sleeps(server)


def no_session_sleeps(server: Server) -> bool:
    with server.connect_admin() as admin:
        query = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE %s AND state = 'active')"
        return admin.execute(query, ["SELECT pg_sleep(30%"]).fetchone() == (True,)


def test_asked_before_it_was_walked_after_an_interruption(
    make_history: Make, timeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The walk was interrupted in the second migration while the third was asked for: the first was not proved yet."""
    walked = timeline(make_history(A, B, ("SELECT 1", "SELECT 1")))
    with monkeypatch.context() as patch:
        patch.setattr(walk.Walk, "step", stopping_at(walk.Walk.step, 2))
        with pytest.raises(KeyboardInterrupt):
            walked.proof(2)
    assert outcomes(walked, 0) == PASSED


def stopping_at(step: Callable[[walk.Walk], object], call: int) -> Callable[[walk.Walk], object]:
    calls: list[walk.Walk] = []

    def stop(walked: walk.Walk) -> object:
        calls.append(walked)
        if len(calls) == call:
            raise KeyboardInterrupt
        return step(walked)

    return stop


def test_a_database_that_cannot_be_made_is_said(
    make_history: Make, timeline: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("sorry, too many clients already")

    monkeypatch.setattr(Server, "connect", refuse)
    with pytest.raises(UserError, match="too many clients"):
        timeline(make_history(A)).proof(0)


def test_somebody_who_looks_on_keeps_it_from_being_confirmed(
    make_history: Make, timeline: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tool that watches all databases of a given server, say: a database with sessions cannot be cloned."""
    monkeypatch.setattr(databases, "_SESSION_SECONDS", 0.2)
    walked = timeline(make_history(A, ("CREATE TABLE x ()", "SELECT 1"), B))
    assert outcomes(walked, 0) == PASSED
    with server.connect(walked._walk._database, application_name="nosy"):
        assert outcomes(walked, 1) == ["passed", "passed", "failed", "failed"]
    assert "not confirmed with real commits" in reasons(walked, 1)
    assert "nosy" in reasons(walked, 1)
    assert outcomes(walked, 2) == PASSED
