"""Takes a backup: pg_dump's custom format of the whole database, there complete and checked or not at all."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import psycopg
from psycopg.rows import class_row

from pytest_migrations.errors import UserError, display_path
from pytest_migrations.operations.backups import archives, keeping
from pytest_migrations.operations.backups.keeping import UNFINISHED, Backup, Origin
from pytest_migrations.operations.blockers import SESSION, Blocker
from pytest_migrations.server import clients, locks, settling
from pytest_migrations.server.programs import ProgramError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_migrations.operations.target import Target

KEEP = 10


def back_up(
    target: Target,
    folder: Path,
    *,
    version: str | None = None,
    keep: int = KEEP,
    lock_timeout: float = 5.0,
    progress: Callable[[int], None] = lambda _: None,
) -> Backup:
    """Back the target up into the folder, which is made where it is missing.

    ``version`` is that of the last applied migration, for the name. Of this database on this server the last ``keep``
    backups stay. ``lock_timeout`` is the longest that pg_dump waits for a table, in seconds; 0 is for ever.
    ``progress`` is told how many bytes were written so far.

    :raises UserError: where there is no backup then, with why; nothing of it is left in the folder.
    """
    with target.connect() as connection:
        client = clients.for_server(connection)
        login = clients.login_of(connection, target.parameters)
        origin = Origin(connection.info.dbname, target.where, settling.system_identifier(connection))
        server_version = settling.version(connection)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        keeping.sweep(folder)
        with _unfinished(folder, origin.database, version) as (lock, path, taken_at):
            archives.write(client, login, path, lock_timeout=lock_timeout, progress=progress)
            os.fsync(lock.descriptor)
            objects = len(archives.entries(client, path))
            archives.check(client, path)
            size = path.stat().st_size
            backup = Backup(path, origin, taken_at, version, size, objects, server_version)
            backup = _published(backup)
    except ProgramError as error:
        raise UserError(f"{_no_backup(origin)}: {client}:\n{error}\n{advice(str(error), target)}") from None
    except OSError as error:
        reason = f"{display_path(folder)} takes none: {error.strerror or error}"
        raise UserError(f"{_no_backup(origin)}: {reason}.\n{_MAKE_ROOM}") from None
    others = [other for other in keeping.backups_in(folder) if other.path != backup.path]
    for old in keeping.superseded((other for other in others if other.origin == origin), keep - 1):
        keeping.remove(old)
    return backup


@contextmanager
def _unfinished(folder: Path, database: str, version: str | None) -> Iterator[tuple[locks.Lock, Path, datetime]]:
    """A new file that only we may read, locked as long as we live, and gone at the end if nobody has renamed it."""
    taken_at = datetime.now(timezone.utc).replace(microsecond=0)
    while True:
        final = folder / keeping.file_name(database, taken_at, version)
        path = final.with_name(final.name + UNFINISHED)
        if (lock := locks.try_take(path)) is not None:
            if not final.exists():
                break
            path.unlink()
            lock.release()
        taken_at += timedelta(seconds=1)  # another one of this second
    with lock:
        try:
            yield lock, path, taken_at
        finally:
            path.unlink(missing_ok=True)


def _published(backup: Backup) -> Backup:
    """Give a checked backup its name, durably: what comes next changes the database that it is of."""
    final = backup.path.with_name(backup.name.removesuffix(UNFINISHED))
    try:
        keeping.record(backup, beside=final)
        backup.path.rename(final)
    except BaseException:
        keeping.record_of(final).unlink(missing_ok=True)
        raise
    if os.name == "posix":
        descriptor = os.open(final.parent, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    return replace(backup, path=final)


def _no_backup(origin: Origin) -> str:
    return f"No backup of {origin.database} was taken"


def advice(reason: str, target: Target) -> str:
    """What to do about what pg_dump said."""
    if "statement timeout" in reason or "lock timeout" in reason:
        return f"{_who_locks(target)}\nTry again when that is done, or wait longer with --lock-timeout."
    found = (remedy for words, remedy in _ADVICE.items() if re.search(words, reason, re.IGNORECASE))
    return next(found, "Nothing of it was kept.")


_MAKE_ROOM = "A folder that is writable and has room is needed: make it so, or name another with --backups DIR."
_ADVICE = {
    "No space left on device|could not write|Disk quota exceeded": _MAKE_ROOM,
    "permission denied": (
        "pg_dump reads everything. Name a user who may: a superuser, or a member of pg_read_all_data "
        "(GRANT pg_read_all_data TO ...)."
    ),
    "row-level security": (
        "Row-level security would leave rows out. Name a user whom it does not hold back: a superuser, or one with "
        "BYPASSRLS."
    ),
    "SIGKILL": "The operating system kills what needs more memory than there is.",
    "closed the connection|terminating connection|could not connect|connection to server": (
        "The server, or the way to it, was lost. See whether it runs, and try again."
    ),
}

#: Those who wait for one too: who comes later waits behind them (PostgreSQL docs, 13.3.1).
_EXCLUSIVE = f"""
SELECT 'ACCESS SHARE on ' || n.nspname || '.' || c.relname AS wanted,
       {SESSION}
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
ORDER BY l.granted DESC, a.xact_start LIMIT 5
"""  # noqa: S608 (its own words)


def _who_locks(target: Target) -> str:
    """Who holds what pg_dump has just waited for in vain; it has ended, so that nobody can ask who blocked it."""
    with suppress(UserError, psycopg.Error), target.connect() as connection:
        blockers = connection.cursor(row_factory=class_row(Blocker)).execute(_EXCLUSIVE.encode()).fetchall()
        if blockers:
            return "\n".join(map(str, blockers))
    return "Who held the lock cannot be said any more."
