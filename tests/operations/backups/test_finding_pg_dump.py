"""Which pg_dump takes a backup: one that is new enough, of this machine or of the server's container."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.operations.backups import archives
from pytest_migrations.operations.backups.taking import back_up
from pytest_migrations.operations.target import Target
from pytest_migrations.server import clients, published
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.server.run_folder import RunFolder

_DEBIAN = Path("/usr/lib/postgresql/15/bin")


@pytest.mark.skipif(not _DEBIAN.exists(), reason="no PostgreSQL 15 here")
def test_the_pg_dump_of_the_servers_major_version(run_folder: RunFolder, tmp_path: Path) -> None:
    server = Server.start_own(run_folder, ServerOptions(server=f"embedded:{_DEBIAN}"), Requirements())
    assert server is not None
    database = server.create_database()
    with server.connect(database) as connection:
        backup = back_up(Target.named(database.dsn), tmp_path)
        assert clients.for_server(connection).version.startswith("15.")
    server.stop()
    assert backup.server_version == server.version
    assert backup.path.read_bytes()[:8] == b"PGDMP\x01\x0e\x00"  # the format of 12 to 15


def test_the_pg_dump_of_the_servers_container(contained: Target, container: Server, tmp_path: Path) -> None:
    backup = back_up(contained, tmp_path / "backups")
    with contained.connect() as connection:
        client = clients.for_server(connection)
    assert client.container is not None
    assert client.version.split(".") == container.version.split(".")
    assert (backup.objects, backup.server_version) == (1, container.version)
    archives.check(client, backup.path)


def test_a_container_that_publishes_the_port_of_another_server(
    contained: Target, target: Target, tmp_path: Path
) -> None:
    """As where an engine is far away, and the port of the same number here is something else."""
    (container,) = published.publishing(int(contained.parameters["port"]))
    with contained.connect() as connection, target.connect() as other:
        assert clients._is_here(connection)
        assert not clients._is_here(other)  # on a socket
        assert clients._is_server_of(connection, container)
        assert not clients._is_server_of(other, container)


def test_without_a_pg_dump(target: Target, tmp_path: Path, only: Callable[[str], None]) -> None:
    only(str(tmp_path))
    with pytest.raises(UserError) as failed:
        back_up(target, tmp_path / "backups")
    assert str(failed.value).splitlines() == [
        "No pg_dump for PostgreSQL 18: its version has to be 18 or newer. Looked at:",
        f"  docker  no container here publishes the server at {target.where}",
        "Ways to get one:",
        "  pip install 'pytest-migrations[embedded]'  (PostgreSQL 18)",
        "  apt install postgresql-client-18           (Debian, Ubuntu, with apt.postgresql.org)",
        "  dnf install postgresql18                   (Red Hat, with yum.postgresql.org)",
        "  brew install libpq                         (macOS)",
        "On another path: put its folder into PATH.",
    ]
    assert not (tmp_path / "backups").exists()


@pytest.mark.skipif(not _DEBIAN.exists(), reason="no PostgreSQL 15 here")
def test_a_pg_dump_that_is_too_old(target: Target, tmp_path: Path, only: Callable[[str], None]) -> None:
    only(f"{_DEBIAN}:{os.environ['PATH']}")
    with pytest.raises(UserError, match=r"pg_dump 15\.\S+ in /usr/lib/postgresql/15/bin +too old: it reads no Postgre"):
        back_up(target, tmp_path)
