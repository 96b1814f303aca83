from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.server import containers
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.run_folder import RunFolder
from pytest_migrations.server.server import Server
from tests.waiting import until

from .conftest import Owners, requiring
from .test_watchdog import line, watchdog_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def containers_of(run_id: str) -> list[str]:
    with closing(containers._client()) as client:
        found = client.containers.list(all=True, filters={"label": f"{containers.LABEL}={run_id}"})
        return [container.id for container in found]


@pytest.fixture(scope="module")
def contained(image: str) -> Iterator[tuple[Server, RunFolder]]:
    folder = RunFolder.reserve()
    options = ServerOptions(server=f"docker:{image}", role="owner", roles=("app",), settings={"work_mem": "7MB"})
    yield Server.start_or_join(folder, options, requiring("pgcrypto")), folder
    folder.close()
    assert not containers_of(folder.id)
    assert not folder.path.exists()


def test_it_hands_out_databases(contained: tuple[Server, RunFolder]) -> None:
    server, run = contained
    assert server.kind == "docker"
    assert len(containers_of(run.id)) == 1
    database = server.create_database()
    with server.connect_admin(database) as admin:
        admin.execute("CREATE EXTENSION pgcrypto")
        assert admin.execute("SHOW work_mem").fetchone() == ("7MB",)
        assert admin.execute("SHOW fsync").fetchone() == ("off",)
    clone = server.clone(database)
    with server.connect(clone) as connection:
        connection.execute("CREATE TABLE t (); GRANT SELECT ON t TO app")
        assert connection.execute("SELECT current_user").fetchone() == ("owner",)
        assert connection.execute("SELECT upper('é')").fetchone() == ("É",)
    with psycopg.connect(clone.dsn) as connection:
        connection.execute("TABLE t")
    server.drop(database)


def test_its_passwords_are_not_shown(contained: tuple[Server, RunFolder]) -> None:
    server, run = contained
    database = server.create_database()
    password = psycopg.conninfo.conninfo_to_dict(database.dsn)["password"]
    assert str(password) not in f"{database}{database!r}{server!r}{run!r}"
    assert not [path for path in run.path.iterdir() if path.is_file() and path.stat().st_mode & 0o077]


def test_variables_of_libpq_lead_nowhere_else(
    contained: tuple[Server, RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGHOSTADDR": "192.0.2.1", "PGSSLMODE": "verify-full", "PGOPTIONS": "-c nonsense=1"}.items():
        monkeypatch.setenv(name, value)
    server, _ = contained
    with server.connect(server.create_database()) as connection:
        connection.execute("SELECT 1")


def test_one_more_for_this_process(contained: tuple[Server, RunFolder], image: str) -> None:
    _, run = contained
    own = Server.start_own(run, ServerOptions(server=f"docker:{image}"), Requirements())
    assert own is not None
    assert len(containers_of(run.id)) == 2
    own.stop()
    assert len(containers_of(run.id)) == 1


def test_an_image_that_cannot_be_had(image: str, run: RunFolder) -> None:
    missing = image.partition(":")[0] + ":no-such-tag"
    with pytest.raises(UserError, match=rf"(?s)no PostgreSQL for .*\n  docker:{missing}  cannot be started: "):
        Server.start_or_join(run, ServerOptions(server=f"docker:{missing}"), Requirements())


def test_an_image_without_the_extension(image: str, run: RunFolder) -> None:
    with pytest.raises(
        UserError, match=rf'(?s)creates the extension "nonsense".*docker:{image} +no "nonsense"'
    ) as caught:
        Server.start_or_join(run, ServerOptions(server=f"docker:{image}"), requiring("nonsense", "pgcrypto"))
    assert "pgcrypto" not in str(caught.value)
    assert not containers_of(run.id)


def test_a_bad_setting_is_told_in_the_servers_words(image: str, run: RunFolder) -> None:
    options = ServerOptions(server=f"docker:{image}", settings={"shared_buffers": "plenty"})
    with pytest.raises(UserError, match=r"(?s)did not start.*shared_buffers.*plenty"):
        Server.start_or_join(run, options, Requirements())
    assert not containers_of(run.id)


def test_no_engine(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/docker.sock")
    with pytest.raises(UserError, match=r"docker  no engine answers at unix:///no/docker.sock"):
        Server.start_or_join(run, ServerOptions(server="docker"), Requirements())


def test_killed_at_any_moment_no_container_is_left(image: str, owners: Owners) -> None:
    for delay in (0.3, 0.6, 1.0):
        owner = owners.start(f"docker:{image}")
        folder = Path(line(owner.stdout))
        time.sleep(delay)
        owner.kill()
        assert until(lambda folder=folder: not folder.exists()), delay  # type: ignore[misc]
        assert not containers_of(folder.name), delay


def test_the_next_run_removes_what_a_killed_watchdog_left(image: str, owners: Owners) -> None:
    owner = owners.start(f"docker:{image}")
    folder = Path(line(owner.stdout))
    while line(owner.stdout) != "cloned":
        pass
    os.kill(watchdog_of(folder), signal.SIGKILL)
    owner.kill()
    owner.wait()
    assert len(containers_of(folder.name)) == 1
    RunFolder.reserve().close()
    assert until(lambda: not folder.exists(), 5)  # the watchdog of another test may be at it
    assert not containers_of(folder.name)


def test_no_volume_is_left(image: str, run: RunFolder) -> None:
    def volumes() -> set[Any]:
        with closing(containers._client()) as client:
            return {volume.id for volume in client.volumes.list()}

    before = volumes()
    own = Server.start_own(run, ServerOptions(server=f"docker:{image}"), Requirements())
    assert own is not None
    own.stop()
    assert volumes() <= before
