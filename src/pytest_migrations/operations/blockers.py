"""Who is in the way of a statement that waits for a lock: looked at while it waits, since afterwards it is too late."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import class_row

from pytest_migrations.errors import UserError
from pytest_migrations.transactions import leave_transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Blocker:
    """A session in the way, and what for."""

    #: The lock that is waited for: ACCESS EXCLUSIVE on public.users. Empty where it is on no relation.
    wanted: str
    pid: int
    application: str
    user: str
    #: Since when its transaction runs: 10:14:58. Empty where that is not known.
    since: str
    state: str
    query: str

    def __str__(self) -> str:
        if self.wanted:
            what = f"{self.wanted}, held{self._since} by"
        else:
            what = f"the end of a transaction{f', begun at {self.since}' if self.since else ''}, of"
        return f"Waiting for {what} {self._who}"

    def of(self, table: str) -> str:
        """What it does to a table that could not be read."""
        return f"{table} is locked{self._since} by {self._who}"

    @property
    def _since(self) -> str:
        return f" since {self.since}" if self.since else ""

    @property
    def _who(self) -> str:
        who = f"pid {self.pid} ({f'app={self.application}, ' if self.application else ''}user={self.user})"
        idle = ", idle in a transaction; its last query was" if self.state.startswith("idle in") else ""
        return f"{who}{idle}: {self.query}"


#: What is said of a session in the way, ``a`` of pg_stat_activity.
_SESSION = """a.pid, coalesce(a.application_name, '') AS application, coalesce(a.usename, '') AS "user",
       coalesce(to_char(a.xact_start, 'HH24:MI:SS'), '') AS since, coalesce(a.state, '') AS state,
       left(regexp_replace(coalesce(a.query, ''), '\\s+', ' ', 'g'), 120) AS query"""
_BLOCKERS = f"""
SELECT coalesce((
           SELECT upper(regexp_replace(regexp_replace(l.mode, 'Lock$', ''), '(?<=[a-z])(?=[A-Z])', ' ', 'g'))
                  || coalesce(' on ' || n.nspname || '.' || c.relname, '')
           FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE l.pid = %(pid)s AND NOT l.granted AND l.locktype IN ('relation', 'tuple') LIMIT 1), '') AS wanted,
       {_SESSION}
FROM unnest(pg_blocking_pids(%(pid)s)) b JOIN pg_stat_activity a ON a.pid = b
ORDER BY a.xact_start LIMIT 1
"""  # noqa: S608 (its own words)


#: Those who wait for one too: who comes later waits behind them (PostgreSQL docs, 13.3.1).
_LOCKERS = f"""
SELECT 'ACCESS SHARE on ' || n.nspname || '.' || c.relname AS wanted,
       {_SESSION}
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.locktype = 'relation'
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
  AND CASE WHEN %(schema)s::text IS NULL THEN l.mode = 'AccessExclusiveLock'
           ELSE n.nspname = %(schema)s AND c.relname = %(table)s
                AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') END
ORDER BY l.mode <> 'AccessExclusiveLock', l.granted DESC, a.xact_start LIMIT 5
"""  # noqa: S608 (its own words)


def lockers(connection: psycopg.Connection[Any], table: tuple[str, str] | None = None) -> list[Blocker]:
    """Who keeps others from reading a table now, whichever; or from writing to this one."""
    schema, name = table or (None, None)
    with connection.cursor(row_factory=class_row(Blocker)) as cursor:
        return cursor.execute(_LOCKERS.encode(), {"schema": schema, "table": name}).fetchall()


def locked(connection: psycopg.Connection[Any], ledger: tuple[str, str], remark: str = "") -> UserError:
    """What to tell of a lock that was waited for in vain before anything was run: on our ledger, or that of a tool."""
    leave_transaction(connection)
    found = lockers(connection, ledger)
    if found:
        why = found[0].of(f"The ledger {'.'.join(ledger)}")
    else:
        found = lockers(connection)
        why = str(found[0]) if found else "A table was locked by somebody who has ended since."
    end_it = f", or end it: SELECT pg_terminate_backend({found[0].pid});" if found else "."
    return UserError(f"{why}\n{remark}Try again when that is done{end_it}")


class Blockers:
    """The last session that was seen in the way; None where none was."""

    def __init__(self) -> None:
        self.last: Blocker | None = None


@contextmanager
def watched(
    pid_and_onlooker: Callable[[], tuple[int, psycopg.Connection[Any]]], lock_seconds: float
) -> Iterator[Blockers]:
    """Look now and then, in a thread, who is in the way of a session; after it was lost it is another one."""
    seen, ended = Blockers(), threading.Event()
    every = min(_LOOK_SECONDS, lock_seconds / 3) if lock_seconds else _LOOK_SECONDS

    def look() -> None:
        while not ended.wait(every):
            with suppress(psycopg.Error):  # it may see less than we wish, or be lost
                pid, onlooker = pid_and_onlooker()
                with onlooker.cursor(row_factory=class_row(Blocker)) as cursor:
                    seen.last = cursor.execute(_BLOCKERS.encode(), {"pid": pid}).fetchone() or seen.last

    thread = threading.Thread(target=look, name="pytest-migrations blockers", daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()
