"""Asks a server of ours whether findings are true: each is confirmed or refuted, or it says why it was not tried."""

from __future__ import annotations

from contextlib import contextmanager
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.errors import UserError
from pytest_migrations.operations.presence import is_there
from pytest_migrations.runner import CLEAN_SESSION, Runner
from pytest_migrations.server.run_folder import RunFolder
from pytest_migrations.servers import RunServers
from pytest_migrations.sql.framing import NEVER_INSIDE, OWN_TRANSACTION, can_run_inside, fit_in_transaction
from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.traits import Trait
from pytest_migrations.timeline.renewal import renewed
from pytest_migrations.transactions import leave_transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_migrations.effects import Named
    from pytest_migrations.migration import History, Migration, Script
    from pytest_migrations.server.choice import ServerOptions
    from pytest_migrations.server.server import Database, Server
    from pytest_migrations.validate import Finding


class Answer(Enum):
    """What the server says of a finding."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    #: It is about the files, or what it is about cannot be run in a transaction of which nothing is kept.
    NOT_TRIED = "not tried"


def confirm(history: History, findings: Sequence[Finding], options: ServerOptions) -> tuple[str, list[Answer]]:
    """Run the history in a database of its own, statement by statement, whatever fails; its rollbacks leave nothing.

    Give the version of the server, and an answer for each finding: a statement that fails confirms it, one that
    succeeds refutes it.

    :raises UserError: where there is no server to be had.
    """
    asked: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.statement is not None:
            asked.setdefault(finding.migration, []).append(finding)
    answers: dict[int, Answer] = {}
    with _database(history, options) as (server, database):
        connect = partial(server.connect, database)
        connection = connect()
        try:
            for migration in history:
                _run_migration(connection, migration, asked.get(migration.name, []), answers)
                connection = renewed(connection, migration, connect)
        finally:
            connection.close()
        version = server.version
    return version, [answers.get(id(finding), Answer.NOT_TRIED) for finding in findings]


def _run_migration(
    connection: psycopg.Connection, migration: Migration, findings: Sequence[Finding], answers: dict[int, Answer]
) -> None:
    failed = _run(connection, migration, migration.up)
    for finding in findings:
        if not finding.in_rollback:
            answers[id(finding)] = _answer(finding, failed)
    of_rollback = [finding for finding in findings if finding.in_rollback]
    if not of_rollback or migration.down is None or not can_run_inside(statements(migration.down)):
        return
    connection.execute("BEGIN")

    def look(number: int) -> None:
        for finding in of_rollback:
            if finding.absent is not None and finding.statement == number and not failed:
                answers[id(finding)] = _seen(connection, finding.absent, expected=False)

    failed_down = _run_each(connection, migration.down, look)
    for finding in of_rollback:
        about = finding.left or finding.lost
        if about is not None and not failed and not failed_down:  # else it tells nothing of the whole
            answers[id(finding)] = _seen(connection, about, expected=finding.left is not None)
        elif about is None and finding.absent is None:
            answers[id(finding)] = _answer(finding, failed_down)
    leave_transaction(connection)


def _answer(finding: Finding, failed: set[int]) -> Answer:
    return Answer.CONFIRMED if finding.statement in failed else Answer.REFUTED


def _seen(connection: psycopg.Connection, named: Named, *, expected: bool) -> Answer:
    there = is_there(connection, named)
    if there is None:
        return Answer.NOT_TRIED
    return Answer.CONFIRMED if there is expected else Answer.REFUTED


def _run(connection: psycopg.Connection, migration: Migration, script: Script) -> set[int]:
    """Apply what can be applied; the numbers of the statements that fail."""
    if script.program is not None:
        try:
            Runner(connection).apply(migration)
        except UserError:
            return {0}
        return set()
    connection.execute(CLEAN_SESSION)
    if not script.transactional or not fit_in_transaction(statements(script)):
        return _run_each(connection, script)
    connection.execute("BEGIN")
    failed = _run_each(connection, script)
    try:
        connection.execute("COMMIT")
    except psycopg.Error:  # a deferred constraint
        leave_transaction(connection)
    return failed


def _run_each(
    connection: psycopg.Connection, script: Script, before: Callable[[int], None] = lambda _: None
) -> set[int]:
    """Send each statement but those that begin and end transactions; inside of one, a failure undoes that one alone."""
    failed = set()
    is_inside = connection.info.transaction_status is psycopg.pq.TransactionStatus.INTRANS
    for number, statement in enumerate(statements(script)):
        if statement.traits & OWN_TRANSACTION or (is_inside and statement.traits & NEVER_INSIDE):
            continue
        if Trait.COPY_STREAM in statement.traits:  # nobody is there to send or take the rows
            failed.add(number)
            continue
        before(number)
        try:
            with connection.transaction() if is_inside else _alone():
                connection.execute(statement.text.encode())
        except psycopg.Error:
            if connection.closed:
                raise
            failed.add(number)
    return failed


@contextmanager
def _alone() -> Iterator[None]:
    yield


@contextmanager
def _database(history: History, options: ServerOptions) -> Iterator[tuple[Server, Database]]:
    run = RunFolder.reserve()
    servers = RunServers(lambda: run, options, [history])
    try:
        with servers.alone() as server:
            database = server.create_database()
            servers.prepare(server, database, history)
            yield server, database
            server.drop(database)
    finally:
        run.close()
