"""A database that is worth a backup, here and in a container, and machines that lack PostgreSQL's programs."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.operations.target import Target
from pytest_migrations.server import containers, installations
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_migrations.server.run_folder import RunFolder
    from pytest_migrations.server.server import Database

#: Two megabytes, also in a dump.
BIG = "create table big as select md5(n::text) a, md5((-n)::text) b from generate_series(1, 30000) n"


@pytest.fixture(scope="session")
def container(run_folder: RunFolder) -> Iterator[Server]:
    if not containers.engine_answers():
        reason = f"no container engine answers at {containers.engine_address()}"
        pytest.fail(reason) if os.environ.get("PYTEST_MIGRATIONS_REQUIRE_DOCKER") else pytest.skip(reason)
    image = os.environ.get("PYTEST_MIGRATIONS_TEST_IMAGE", "postgres:15")
    server = Server.start_own(run_folder, ServerOptions(server=f"docker:{image}"), Requirements())
    assert server is not None
    yield server
    server.stop()


@pytest.fixture
def contained(container: Server, only: Callable[[str], None], tmp_path: Path) -> Target:
    """A database in a container, where this machine has no programs of PostgreSQL."""
    docker = shutil.which("docker")
    assert docker
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").symlink_to(docker)
    only(str(tmp_path / "bin"))
    database = container.create_database(label="grants")
    with container.connect(database) as connection:
        connection.execute(BIG)
    return Target.named(database.dsn)


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Leave this machine no programs of PostgreSQL but those of the folders in a PATH."""

    def leave(path: str) -> None:
        monkeypatch.setattr(installations, "_WHEELS", ())
        monkeypatch.setattr(installations, "_PLACES", ())
        monkeypatch.setenv("PATH", path)

    return leave


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    database = server.create_database(label="grants")
    with server.connect(database) as connection:
        connection.execute("create table users (id int primary key, name text not null)")
        connection.execute("insert into users select n, md5(n::text) from generate_series(1, 1000) n")
    yield database
    server.drop(database)


@pytest.fixture
def target(database: Database) -> Target:
    return Target.named(database.dsn)
