"""Ledgers as other tools make them, beside folders of real files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pytest_migrations.foreign_ledgers import survey
from pytest_migrations.formats import read_history

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import psycopg

    from pytest_migrations.foreign_ledgers import Said
    from pytest_migrations.migration import History
    from pytest_migrations.server.server import Server


@pytest.fixture(scope="session")
def shared_connection(server: Server) -> Iterator[psycopg.Connection[Any]]:
    database = server.create_database()
    with server.connect(database) as connection:
        yield connection
    server.drop(database)


@pytest.fixture
def connection(shared_connection: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """An empty database, in a transaction of which nothing is kept: quicker than one each."""
    with shared_connection.transaction(force_rollback=True):
        yield shared_connection


@pytest.fixture
def own_connection(server: Server) -> Iterator[psycopg.Connection[Any]]:
    """A database in which others may look as well."""
    database = server.create_database()
    with server.connect(database) as connection:
        yield connection
    server.drop(database)


@pytest.fixture
def history(tmp_path: Path) -> Callable[..., History]:
    """What read_history makes of files, each named below one folder."""

    def read(files: Mapping[str, str], format: str | None = None) -> History:  # noqa: A002
        path = tmp_path / "migrations"
        for name, content in files.items():
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode())
        return read_history(path, format)

    return read


class Told(NamedTuple):
    """A ledger's words, by the names of the migrations."""

    tool: str
    table: str
    applied: list[str]
    failed: dict[str, str]
    changed: list[str]
    unknown: list[str]
    #: When the applied ones were applied, in UTC.
    times: list[str]

    @classmethod
    def of(cls, said: Said) -> Told:
        taken = said.taken
        return cls(
            said.ledger.tool.name,
            said.ledger.table,
            [migration.name for migration in taken.applied],
            {migration.name: why for migration, why in taken.failed.items()},
            [migration.name for migration in taken.changed],
            list(taken.unknown),
            [f"{at:%Y-%m-%d %H:%M:%S}" if at else "" for at in taken.applied.values()],
        )


@pytest.fixture
def told(connection: psycopg.Connection[Any]) -> Callable[..., Told]:
    """Runs SQL that makes one ledger, and says what that says of a history."""

    def tell(sql: str, history: History) -> Told:
        connection.execute("SET timezone = 'UTC'")
        connection.execute(sql.encode())
        (said,) = survey(connection, history)
        return Told.of(said)

    return tell
