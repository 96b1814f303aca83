"""Who is in the way of a statement that waits for a lock: looked at while it waits, since afterwards it is too late."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import class_row

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
        who = f"pid {self.pid} ({f'app={self.application}, ' if self.application else ''}user={self.user})"
        idle = ", idle in a transaction; its last query was" if self.state.startswith("idle in") else ""
        if self.wanted:
            what = f"{self.wanted}, held{f' since {self.since}' if self.since else ''} by"
        else:
            what = f"the end of a transaction{f', begun at {self.since}' if self.since else ''}, of"
        return f"Waiting for {what} {who}{idle}: {self.query}"


#: What is said of a session in the way, ``a`` of pg_stat_activity.
SESSION = """a.pid, coalesce(a.application_name, '') AS application, coalesce(a.usename, '') AS "user",
       coalesce(to_char(a.xact_start, 'HH24:MI:SS'), '') AS since, coalesce(a.state, '') AS state,
       left(regexp_replace(coalesce(a.query, ''), '\\s+', ' ', 'g'), 120) AS query"""
_BLOCKERS = f"""
SELECT coalesce((
           SELECT upper(regexp_replace(regexp_replace(l.mode, 'Lock$', ''), '(?<=[a-z])(?=[A-Z])', ' ', 'g'))
                  || coalesce(' on ' || n.nspname || '.' || c.relname, '')
           FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE l.pid = %(pid)s AND NOT l.granted AND l.locktype IN ('relation', 'tuple') LIMIT 1), '') AS wanted,
       {SESSION}
FROM unnest(pg_blocking_pids(%(pid)s)) b JOIN pg_stat_activity a ON a.pid = b
ORDER BY a.xact_start LIMIT 1
"""  # noqa: S608 (its own words)


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
