"""Fixtures for tests of the command line, run in this process against a real database of each test's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pytest_migrations.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_migrations.server.server import Database, Server


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Result]
Migrations = Callable[..., "Path"]
Query = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def database(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """An empty database, which DATABASE_URL names; the working directory is an empty project."""
    database = server.create_database()
    monkeypatch.setenv("DATABASE_URL", database.url_for("postgresql+psycopg"))
    monkeypatch.chdir(tmp_path)
    yield database
    server.drop(database)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    def run(*arguments: str) -> Result:
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main(arguments)
        out, err = capsys.readouterr()
        assert isinstance(exit_.value.code, int)
        return Result(exit_.value.code, out, err)

    return run


@pytest.fixture
def migrations(tmp_path: Path) -> Migrations:
    """Write migrations in our own format: their SQL, and their rollback behind a line ``--`` where they have one."""

    def write(folder: str = "migrations", **files: str) -> Path:
        target = tmp_path / folder
        target.mkdir(exist_ok=True)
        for name, text in files.items():
            up, _, down = text.partition("\n--\n")
            block = "".join(f"-- {line}\n" for line in down.splitlines())
            rollback = f"\n-- ROLLBACK:\n{block}-- END ROLLBACK\n" if down else ""
            (target / f"{name.removeprefix('m')}.sql").write_text(up + rollback)
        return target

    return write


@pytest.fixture
def query(database: Database) -> Query:
    """What a query says in the database."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    return ask
