from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.server import folders, installations, starting
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.server import Server

from .conftest import requiring

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.server.run_folder import RunFolder

EMBEDDED = ServerOptions(server="embedded")
SOURCES = Path(starting.__file__).parents[2]
ROOT = sys.platform != "win32" and os.geteuid() == 0


def show(server: Server, name: str) -> object:
    with server.connect_admin() as admin:
        row = admin.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row
    return row[0]


def test_settings_are_ours_and_the_users(run: RunFolder) -> None:
    server = Server.start_or_join(
        run, ServerOptions(server="embedded", settings={"work_mem": "7MB", "jit": "on"}), Requirements()
    )
    assert [show(server, name) for name in ("fsync", "autovacuum", "wal_level", "max_locks_per_transaction")] == [
        "off",
        "off",
        "logical",
        "4096",
    ]
    assert show(server, "work_mem") == "7MB"
    assert show(server, "jit") == "on"
    assert show(server, "listen_addresses") == ""


def test_a_bad_setting_is_told_in_the_servers_words(run: RunFolder) -> None:
    options = ServerOptions(server="embedded", settings={"shared_buffers": "plenty"})
    with pytest.raises(UserError, match=r"(?s)did not start.*shared_buffers.*plenty.*migrations_server_settings"):
        Server.start_or_join(run, options, Requirements())
    assert not list(run.path.glob("pg*"))


def test_variables_of_libpq_lead_nowhere_else(run: RunFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "services").write_text("[production]\nhost=production.example\npassword=x\nsslmode=verify-full\n")
    hostile = {
        "PGHOST": "production.example",
        "PGHOSTADDR": "192.0.2.1",
        "PGPORT": "1",
        "PGUSER": "nobody",
        "PGDATABASE": "production",
        "PGSERVICE": "production",
        "PGSERVICEFILE": str(tmp_path / "services"),
        "PGPASSFILE": str(tmp_path / "missing"),
        "PGOPTIONS": "-c nonsense=1",
        "PGSSLMODE": "verify-full",
        "PGTARGETSESSIONATTRS": "standby",
        "PGCLIENTENCODING": "LATIN1",
        "PGDATA": "/nowhere",
    }
    for name, value in hostile.items():
        monkeypatch.setenv(name, value)
    server = Server.start_or_join(run, EMBEDDED, Requirements())
    seen: list[dict[str, str]] = []

    def looking(**parameters: Any) -> psycopg.Connection[Any]:
        seen.append({name: os.environ[name] for name in hostile})
        return psycopg.connect(**parameters)

    with server.connect(server.create_database(), factory=looking) as connection:
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)
        assert connection.info.encoding == "utf-8"
    assert seen == [hostile]
    monkeypatch.setenv("PGSERVICE", "nowhere")
    with pytest.raises(UserError, match="PGSERVICE, or the DSN, names it"):
        server.connect_admin()


def test_each_variable_of_libpq_leads_nowhere_else(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of whatever libpq is installed: what comes before a variable means the same as if there were none."""
    for option in psycopg.pq.Conninfo.get_defaults():
        if option.envvar and option.keyword != b"service":
            with monkeypatch.context() as patch:
                patch.setenv(option.envvar.decode(), "nonsense")
                server.connect_admin().close()


def test_without_a_cache_and_with_one_that_cannot_be_written(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert Server.start_own(run, EMBEDDED, Requirements())
    (published,) = [one for one in (tmp_path / "cache/pytest-migrations/data").iterdir() if one.is_dir()]
    assert (published / "PG_VERSION").exists()
    assert not (published / "postmaster.pid").exists()
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/no")
    assert Server.start_own(run, EMBEDDED, Requirements())


def test_a_cache_that_was_cut_short_is_made_anew(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert Server.start_own(run, EMBEDDED, Requirements())
    shelf = tmp_path / "pytest-migrations/data"
    (published,) = [one for one in shelf.iterdir() if one.is_dir()]
    published.rename(published.with_suffix(".unfinished"))
    (published.with_suffix(".unfinished") / "PG_VERSION").unlink()
    assert Server.start_own(run, EMBEDDED, Requirements())
    assert (published / "PG_VERSION").exists()
    assert not published.with_suffix(".unfinished").exists()


@pytest.mark.parametrize("folder", ["with space", "\"double\" and 'single'", "grüße"])
def test_odd_temp_directories(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    from pytest_migrations.server.run_folder import RunFolder

    with tempfile.TemporaryDirectory(dir="/tmp") as parent:
        Path(parent).chmod(0o711)
        odd = Path(parent, folder)
        odd.mkdir(mode=0o711)
        monkeypatch.setattr(folders, "_SHARED_MEMORY", Path("/missing"))
        monkeypatch.setattr(tempfile, "tempdir", str(odd))
        run = RunFolder.reserve()
        server = Server.start_or_join(run, EMBEDDED, Requirements())
        with server.connect(server.create_database()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert odd in run.path.parents
        run.close()
        assert not run.path.exists()


@pytest.fixture
def small_disk() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", folder], check=False)
        if mounted.returncode:
            pytest.skip("may not mount a small disk")
        yield Path(folder)
        subprocess.run(["umount", "--lazy", folder], check=True)


def create_many(server: Server) -> None:
    for _ in range(20):
        server.create_database()


@pytest.mark.skipif(not ROOT, reason="only root may mount a small disk")
def test_a_full_disk(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_migrations.server.run_folder import RunFolder

    monkeypatch.setattr(folders, "_SHARED_MEMORY", Path("/missing"))
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    run = RunFolder.reserve()
    server = Server.start_or_join(run, EMBEDDED, Requirements())
    with pytest.raises(UserError, match="no room for another database"):
        create_many(server)
    with pytest.raises(UserError, match="no room for the server of the migration tests"):
        Server.start_own(run, EMBEDDED, Requirements())
    run.close()
    assert not run.path.exists()


def interpreter_for(uid: int) -> str:
    """Ours, or where it lies out of the user's reach another of the same version."""
    minor = f"python3.{sys.version_info.minor}"
    for program in (sys.executable, *(f"{folder}/{minor}" for folder in ("/usr/local/bin", "/usr/bin"))):
        try:
            subprocess.run([program, "-c", ""], check=True, user=uid, cwd="/")
        except OSError:
            continue
        return program
    raise AssertionError(f"no {minor} that another user can run")


@pytest.mark.skipif(not ROOT, reason="only root can become another user")
@pytest.mark.parametrize("user", ["nobody", "daemon"])
def test_as_another_user(user: str) -> None:
    import pwd

    entry = pwd.getpwnam(user)
    interpreter = interpreter_for(entry.pw_uid)
    if subprocess.run(["ls", sys.prefix], user=entry.pw_uid, capture_output=True, check=False).returncode:
        pytest.skip(f"{user} may not look into {sys.prefix}, where our dependencies are")
    with tempfile.TemporaryDirectory(dir="/tmp") as home:
        os.chown(home, entry.pw_uid, entry.pw_gid)
        done = subprocess.run(
            [interpreter, Path(__file__).with_name("owner.py"), "embedded"],
            input="",
            capture_output=True,
            text=True,
            check=False,
            user=entry.pw_uid,
            group=entry.pw_gid,
            extra_groups=[],
            cwd="/",
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([str(SOURCES), *sys.path]), "HOME": home},
        )
        assert done.stderr == ""
        assert done.stdout.splitlines()[-1] == "closed"
        assert f"pytest-migrations-{entry.pw_uid}" in done.stdout
        assert not Path(done.stdout.splitlines()[0]).exists()


@pytest.fixture
def out_of_reach() -> Iterator[Path]:
    """A copy of the preferred installation in a folder that only we may enter."""
    found = next(one for one in installations.installed() if one.wheel)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o700)
        package = found.bin.parent.parent
        shutil.copytree(found.bin.parent, Path(folder, package.name, found.bin.parent.name), symlinks=True)
        if (libraries := package.with_name(package.name + ".libs")).exists():
            shutil.copytree(libraries, Path(folder, libraries.name), symlinks=True)
        yield Path(folder, package.name, found.bin.parent.name, "bin")


@pytest.mark.parametrize("cache", ["usable", "unusable"])
def test_programs_that_the_servers_account_may_not_reach(
    run: RunFolder, out_of_reach: Path, cache: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        place = Path(folder, "programs") if cache == "usable" else Path("/proc/no")
        monkeypatch.setattr("pytest_migrations.server.reach._ROOTS_CACHE", place)
        monkeypatch.setenv("XDG_CACHE_HOME", folder)
        options = ServerOptions(server=f"embedded:{out_of_reach}")
        server = Server.start_or_join(run, options, requiring("vector"))
        with server.connect(server.create_database()) as connection:
            connection.execute("CREATE EXTENSION vector")
        if ROOT:
            assert place.exists() == (cache == "usable")
            assert (run.path / "programs").exists() == (cache == "unusable")
