"""A snapshot that leaves out what the open transaction has not touched is the full one, whatever was done in it.

PYTEST_MIGRATIONS_EXAMPLES=2000 digs deeper than the default.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_migrations.catalog.difference import compare, describe
from pytest_migrations.catalog.snapshot import Snapshot, take_snapshot
from tests.catalog.commands import CHAPTERS, chapter
from tests.catalog.test_against_pg_dump import _STAGE, _statements

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.catalog.conftest import Server


def _difference(short: Snapshot, full: Snapshot) -> str:
    """What the two know differently, with everything that a snapshot knows of an object."""
    if (found := compare(full, short)) and not found.equal:
        return describe(found)
    if dict(short.column_order) != dict(full.column_order):
        return "column order"
    relatives = [(key, short.parents(key), short.follows(key)) for key in short]
    return "" if sorted(relatives) == sorted((k, full.parents(k), full.follows(k)) for k in full) else "relatives"


def _runs(connection: psycopg.Connection[Any], statement: str) -> bool:
    try:
        connection.execute(statement.encode())
    except psycopg.Error:
        return False
    return True


def _try_each(connection: psycopg.Connection[Any], statements: Iterable[str], *, undone: Iterable[bool]) -> list[str]:
    """Run the statements in one transaction; those that are ``undone`` are rolled back to a savepoint."""
    wrong: list[str] = []
    begun = take_snapshot(connection)
    connection.execute("begin")
    done: list[str] = []
    for statement, undo in zip(statements, undone, strict=False):
        connection.execute("savepoint here")
        if not _runs(connection, statement):
            connection.execute("rollback to here")
            continue
        done.append(statement)
        if difference := _difference(take_snapshot(connection, since=begun), take_snapshot(connection)):
            wrong.append(f"{statement}\n  short against full: {difference}")
        if undo:
            connection.execute("rollback to here")
            if difference := _difference(take_snapshot(connection, since=begun), take_snapshot(connection)):
                wrong.append(f"{statement}, undone\n  short against full: {difference}")
    connection.execute("rollback")
    if difference := _difference(take_snapshot(connection), begun):
        wrong.append(f"after the transaction: {difference}")
    return [*done, *wrong] if wrong else []


@pytest.mark.parametrize("name", CHAPTERS)
@pytest.mark.parametrize("undo", [False, True], ids=["kept", "undone"])
def test_after_every_command(connection: psycopg.Connection[Any], name: str, *, undo: bool) -> None:
    stage, changes = chapter(name, connection.info.server_version // 10000)
    for statement in stage:
        connection.execute(statement.encode())
    wrong = _try_each(connection, changes, undone=[undo] * len(changes))
    assert not wrong, "\n".join(wrong)


@settings(
    max_examples=int(os.environ.get("PYTEST_MIGRATIONS_EXAMPLES", "8")),
    deadline=None,
    derandomize="PYTEST_MIGRATIONS_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(
    before=st.lists(_statements(), max_size=20),
    statements=st.lists(_statements(), min_size=25, max_size=60),
    undone=st.lists(st.booleans(), min_size=60, max_size=60),
)
def test_after_whatever_hypothesis_thinks_of(
    server: Server, before: list[str], statements: list[str], undone: list[bool]
) -> None:
    with server.fresh() as connection:
        connection.execute(_STAGE.encode())
        for statement in before:
            _runs(connection, statement)
        wrong = _try_each(connection, statements, undone=undone)
        assert not wrong, "\n".join(wrong)
