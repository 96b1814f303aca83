"""A backup is there complete and checked, or not at all: whoever dies, and whatever fills up."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.operations.backups import archives, keeping
from pytest_migrations.operations.backups.taking import back_up
from pytest_migrations.operations.session import Limits, working_on
from pytest_migrations.operations.target import Target
from pytest_migrations.server import clients
from pytest_migrations.server.programs import ProgramError
from pytest_migrations.server.server import Server
from tests.operations.backups.conftest import BIG
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.server.server import Database


@pytest.fixture
def waiting(target: Target) -> Iterator[None]:
    """A table that somebody has locked: pg_dump waits for it, for ever where it is told so."""
    with target.connect() as connection, connection.transaction(force_rollback=True):
        connection.execute("lock table users in access exclusive mode")
        yield


def dumps_running(target: Target) -> list[int]:
    """The processes of pg_dump that read the target, whoever started them."""
    database = target.parameters["dbname"].encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if command[0].endswith(b"pg_dump") and database in b" ".join(command):
            found.append(int(entry.parent.name))
    return found


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_it_is_named_checked_and_for_our_eyes_only(target: Target, database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "backups"
    backup = back_up(target, folder, version="023")
    assert backup.name == f"{database.name}-{backup.taken_at:%Y%m%dT%H%M%SZ}-023.dump"
    assert abs(backup.taken_at - datetime.now(timezone.utc)) < timedelta(minutes=1)
    assert (backup.objects, backup.version, backup.size) == (2, "023", backup.path.stat().st_size)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert keeping.backups_in(folder) == [backup]


@pytest.mark.parametrize("name", ['my "db"', "dots.and-dashes", "größe", ".hidden", "a/../b", "50%"])
def test_any_name_of_a_database(server: Server, tmp_path: Path, name: str) -> None:
    with server.connect_admin() as admin:
        admin.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(name)))
        try:
            target = Target.named(psycopg.conninfo.make_conninfo(server.dsn, dbname=name))
            backup = back_up(target, tmp_path, version="2024/add users-2")
        finally:
            admin.execute(psycopg.sql.SQL("drop database {}").format(psycopg.sql.Identifier(name)))
    assert backup.path.parent == tmp_path
    assert backup.origin.database == name
    backup.path.with_suffix(".json").unlink()
    (found,) = keeping.backups_in(tmp_path)
    assert (found.origin.database, found.version, found.taken_at) == (name, "2024/add users-2", backup.taken_at)


def test_it_is_not_held_up_by_the_lock_of_a_run(target: Target, tmp_path: Path) -> None:
    with working_on(target, Limits()) as session:
        session.ledger.create()
        objects = [entry.partition(" ")[0] for entry in _entries(back_up(target, tmp_path))]
    assert {"TABLE", "SCHEMA"} <= {*objects}  # the ledger is part of it


def _entries(backup: keeping.Backup) -> list[str]:
    (client, *_) = clients._installed()
    return archives.entries(client, backup.path)


def test_two_of_one_second_are_two(target: Target, tmp_path: Path) -> None:
    taken = []
    threads = [threading.Thread(target=lambda: taken.append(back_up(target, tmp_path))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({backup.path for backup in taken}) == 3
    assert {backup.path for backup in keeping.backups_in(tmp_path)} == {backup.path for backup in taken}


def older(backup: keeping.Backup, **changes: Any) -> Path:
    """One that looks like it and was taken an hour before all others."""
    count = len(list(backup.path.parent.glob("*.dump")))
    taken_at = backup.taken_at - timedelta(hours=count)
    path = backup.path.with_name(keeping.file_name(backup.origin.database, taken_at, backup.version))
    path.write_bytes(b"old")
    known = json.loads(backup.path.with_suffix(".json").read_text())
    known["origin"] |= changes
    path.with_suffix(".json").write_text(json.dumps({**known, "taken_at": taken_at.isoformat()}))
    return path


def test_the_last_ones_of_this_database_on_this_server_are_kept(target: Target, tmp_path: Path) -> None:
    first = back_up(target, tmp_path)
    ours = [older(first) for _ in range(3)]
    others = [older(first, server="production:5432"), older(first, system="1"), older(first, database="other")]
    nameless = older(first)
    nameless.with_suffix(".json").unlink()
    last = back_up(target, tmp_path, keep=3)
    kept = {backup.path for backup in keeping.backups_in(tmp_path)}
    assert kept == {last.path, first.path, ours[0], *others, nameless}
    assert not ours[1].with_suffix(".json").exists()


def test_a_clock_that_was_set_back_costs_nothing_new(target: Target, tmp_path: Path) -> None:
    first = back_up(target, tmp_path)
    known = json.loads(first.path.with_suffix(".json").read_text())
    known["taken_at"] = (first.taken_at + timedelta(days=1)).isoformat()
    first.path.with_suffix(".json").write_text(json.dumps(known))
    last = back_up(target, tmp_path, keep=1)
    assert [backup.path for backup in keeping.backups_in(tmp_path)] == [last.path]


def test_old_ones_stay_where_the_new_one_fails(target: Target, tmp_path: Path) -> None:
    first = back_up(target, tmp_path)
    before = names_in(tmp_path)
    with target.connect() as connection:
        connection.execute("create role nobody_reads login")
    try:
        poor = Target({**target.parameters, "user": "nobody_reads"}, target.ledger)
        with pytest.raises(UserError) as failed:
            back_up(poor, tmp_path, keep=1)
    finally:
        with target.connect() as connection:
            connection.execute("drop role nobody_reads")
    assert str(failed.value).startswith(f"No backup of {first.origin.database} was taken: pg_dump 18.")
    assert "permission denied for table users" in str(failed.value)
    assert "pg_read_all_data" in str(failed.value)
    assert names_in(tmp_path) == before


def test_what_locks_a_table_is_named(target: Target, tmp_path: Path) -> None:
    worker = Target({**target.parameters, "application_name": "worker"}, target.ledger)
    with worker.connect() as connection, connection.transaction():
        connection.execute("lock table users in access exclusive mode")
        with pytest.raises(UserError) as failed:
            back_up(target, tmp_path, lock_timeout=0.2)
        pid = connection.info.backend_pid
    told = rf"Waiting for ACCESS SHARE on public\.users, held since [0-9:]+ by pid {pid} \(app=worker, user=postgres\)"
    assert re.search(told, str(failed.value))
    assert "--lock-timeout" in str(failed.value)
    assert names_in(tmp_path) == []


def test_no_password_is_on_a_command_line_or_in_a_message(target: Target, tmp_path: Path, waiting: None) -> None:
    guarded = Target({**target.parameters, "password": "s3cr3t/@:"}, target.ledger)
    seen: list[bytes] = []

    def look(_: int) -> None:
        seen.extend(
            path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if b"pg_dump" in path.read_bytes()
        )

    with pytest.raises(UserError) as late:
        back_up(guarded, tmp_path, progress=look, lock_timeout=0.5)
    assert seen
    assert not [command for command in seen if b"s3cr3t" in command]
    wrong = Target({**guarded.parameters, "user": "nobody_at_all"}, target.ledger)
    with pytest.raises(UserError) as failed:
        back_up(wrong, tmp_path)
    assert "s3cr3t" not in f"{late.value} {failed.value}"


def test_a_folder_that_is_a_file(target: Target, tmp_path: Path) -> None:
    (tmp_path / "backups").touch()
    with pytest.raises(UserError, match=r"backups takes none: File exists\.\nA folder .* --backups DIR"):
        back_up(target, tmp_path / "backups")


def test_a_folder_that_cannot_be_made(target: Target) -> None:
    with pytest.raises(UserError, match=r"takes none: .*\n.*--backups DIR"):
        back_up(target, Path("/proc/backups"))


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with no room for a backup."""
    folder = tmp_path / "full"
    folder.mkdir()
    unmount = shutil.which("umount") or "umount"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=False)
    if mounted.returncode:
        pytest.skip("only root may mount")
    yield folder
    subprocess.run([unmount, folder], check=True)


def test_a_full_disk(target: Target, full_disk: Path) -> None:
    with target.connect() as connection:
        connection.execute(BIG)
    with pytest.raises(UserError) as failed:
        back_up(target, full_disk)
    assert "No space left on device" in str(failed.value)
    assert "has room is needed" in str(failed.value)
    assert names_in(full_disk) == []
    assert dumps_running(target) == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
def test_a_pg_dump_that_dies(target: Target, tmp_path: Path, waiting: None, how: signal.Signals) -> None:
    def strike(_: int) -> None:
        for pid in dumps_running(target):
            os.kill(pid, how)

    with pytest.raises(UserError, match=f"pg_dump was killed by {how.name}"):
        back_up(target, tmp_path, progress=strike, lock_timeout=0)
    assert names_in(tmp_path) == []


def test_a_connection_that_is_lost(target: Target, tmp_path: Path, waiting: None) -> None:
    def strike(_: int) -> None:
        with target.connect() as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where application_name = 'pg_dump' and datname = current_database()"
            )

    with pytest.raises(UserError, match="The server, or the way to it, was lost"):
        back_up(target, tmp_path, progress=strike, lock_timeout=0)
    assert names_in(tmp_path) == []


def dumps_at(target: Target) -> list[Any]:
    with target.connect() as connection:
        return connection.execute("select pid from pg_stat_activity where application_name = 'pg_dump'").fetchall()


def interrupted_while_it_waits(target: Target, folder: Path) -> None:
    """Ctrl-C comes while pg_dump waits for a lock, and would wait for ever."""

    def strike(_: int) -> None:
        if dumps_at(target):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(target, folder, progress=strike, lock_timeout=0)
    assert until(lambda: not dumps_at(target))
    assert names_in(folder) == []


def test_ctrl_c_while_pg_dump_waits(target: Target, tmp_path: Path, waiting: None) -> None:
    interrupted_while_it_waits(target, tmp_path)
    assert dumps_running(target) == []


_KILLED = """
import os, signal, sys
from pathlib import Path
from pytest_migrations.operations.backups.taking import back_up
from pytest_migrations.operations.target import Target
def die(_):
    os.kill(os.getpid(), signal.SIGKILL)
back_up(Target.named(sys.argv[1]), Path(sys.argv[2]), progress=die, lock_timeout=0)
"""


def test_what_was_killed_is_swept(target: Target, database: Database, tmp_path: Path) -> None:
    with target.connect() as connection, connection.transaction(force_rollback=True):
        connection.execute("lock table users in access exclusive mode")
        killed = subprocess.run([sys.executable, "-c", _KILLED, database.dsn, tmp_path], check=False)
        assert killed.returncode == -signal.SIGKILL
    assert [name.endswith(".dump.unfinished") for name in names_in(tmp_path)] == [True]
    assert keeping.backups_in(tmp_path) == []
    backup = back_up(target, tmp_path)
    assert names_in(tmp_path) == sorted([backup.name, backup.path.with_suffix(".json").name])
    assert until(lambda: not dumps_running(target))


def test_one_that_is_being_written_is_not_swept(target: Target, tmp_path: Path, waiting: None) -> None:
    left: list[list[str]] = []

    def meanwhile(_: int) -> None:
        keeping.sweep(tmp_path)
        left.append(names_in(tmp_path))

    with pytest.raises(UserError):
        back_up(target, tmp_path, progress=meanwhile, lock_timeout=0.5)
    assert [len(names) for names in left[:1]] == [1]


def test_an_archive_whose_data_was_cut_off_is_found_out(target: Target, tmp_path: Path) -> None:
    backup = back_up(target, tmp_path)
    with target.connect() as connection:
        client = clients.for_server(connection)
    archives.check(client, backup.path)
    cut = tmp_path / "cut.dump"
    cut.write_bytes(backup.path.read_bytes()[:-2000])
    assert len(archives.entries(client, cut)) == backup.objects  # its list says nothing
    with pytest.raises(ProgramError, match="end of file"):
        archives.check(client, cut)


def test_in_a_container_too_nothing_goes_on(contained: Target, tmp_path: Path) -> None:
    """The server, which is process 1 there, takes the death of an orphan for a crash: this session would be lost."""
    with contained.connect() as connection, connection.transaction(force_rollback=True):
        connection.execute("lock table big in access exclusive mode")
        interrupted_while_it_waits(contained, tmp_path / "backups")
        connection.execute("select")


def test_in_a_container_too_a_disk_can_be_full(full_disk: Path, contained: Target) -> None:
    with pytest.raises(UserError, match="A folder that is writable and has room is needed"):
        back_up(contained, full_disk)
    assert names_in(full_disk) == []
