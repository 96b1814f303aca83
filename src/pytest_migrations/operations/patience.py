"""Tries again what waits for a lock, and finds out behind a failure what was kept."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.failure import MigrationError
from pytest_migrations.operations.aftermath import Aftermath
from pytest_migrations.operations.entry import UNDER_WAY, Entry, State, beginning
from pytest_migrations.runner import CLEAN_BUT_FOR_LOCKS
from pytest_migrations.server.connections import again

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.operations.blockers import Blocker, Blockers
    from pytest_migrations.operations.session import Session

#: lock_not_available and deadlock_detected: whoever was in the way may be gone in a moment.
_RETRIED = {"55P03", "40P01"}
#: How long to wait before each of the three further tries, in seconds.
_BACK_OFF = (1.0, 2.0, 4.0)
#: A server that restarts takes no connection meanwhile.
_RESTART_SECONDS = 30.0


@dataclass(frozen=True)
class Waiting:
    """Told when a migration could not get a lock, before it is tried again after ``seconds``."""

    migration: Migration
    blocker: Blocker | None
    seconds: float


class Patience:
    """Insists on what is to be done on the target of a session; ``blockers`` tells who is in the way of it."""

    def __init__(self, session: Session, history: History, blockers: Blockers, tell: Callable[[Waiting], None]) -> None:
        self._session = session
        self._history = history
        self._blockers = blockers
        self._tell = tell

    def insist(self, attempt: Callable[[Entry], Entry], begun: Entry, end: State) -> Entry:
        """Try until it has succeeded, failed, or waited too often for a lock; the entry with which it has ended."""
        since, entry, tries = time.monotonic(), begun, 0
        failure: MigrationError | None = None
        while True:
            tries += 1
            self._blockers.last = None
            try:
                return attempt(entry)
            except MigrationError as error:
                failure = error
            except UserError as error:
                if failure is None:
                    raise
                first = f"{failure.headline}\n{failure.place.excerpt()}"
                raise UserError(f"{first}\nIt was tried again:\n{error}") from error
            was_lost = self._come_back(failure)
            entries = self._entries()
            kept = entries.get(begun.name, replace(begun, state=State.FAILED, statements=0))  # unknown: not kept
            if kept.state is end and kept.checksum == begun.checksum:  # it was lost behind its very commit
                return kept
            aftermath = Aftermath(self._session.connection, self._history, failure, kept, end)
            if was_lost:
                raise aftermath.lost()
            if failure.sqlstate not in _RETRIED:
                self._note(failure, entries.get(failure.migration.identity), end)
                raise aftermath.advised(has_applied=any(entry.is_in_database for entry in entries.values()))
            blocker = self._blockers.last
            if tries > len(_BACK_OFF):
                raise aftermath.locked(blocker, f"Tried {tries} times in {time.monotonic() - since:.0f} s.")
            self._tell(Waiting(failure.migration, blocker, _BACK_OFF[tries - 1]))
            time.sleep(_BACK_OFF[tries - 1])
            entry = begun.gone_on_from(kept) if kept.state is UNDER_WAY[end] else begun

    def _come_back(self, failure: MigrationError) -> bool:
        """Connect again where the connection was lost; whether it was."""
        connection = self._session.connection
        if not connection.closed and not connection.broken:
            return False
        try:
            again(self._session.reconnect, _RESTART_SECONDS)
        except UserError as error:
            raise UserError(
                f"{failure.headline}\n{failure.place.excerpt()}\n{error}\nWhat was kept, the ledger knows: see "
                "`pytest-migrations status` when the server is well and nothing of this run is left on it."
            ) from error
        return True

    def _entries(self) -> dict[str, Entry]:
        """What the ledger says after a failure."""
        self._session.connection.execute(CLEAN_BUT_FOR_LOCKS)
        self._session.ledger.watch(wanted=False)
        return self._session.ledger.entries()

    def _note(self, failure: MigrationError, known: Entry | None, end: State) -> None:
        """Let the ledger say what went wrong, where it has anything to say of the migration."""
        if end is State.APPLIED:
            # One that runs again whenever it has changed is still there as it was.
            is_known = known is not None and (known.is_in_database or known.state is State.ROLLED_BACK)
            failed = known if known is not None and is_known else beginning(failure.migration)
            self._session.ledger.write(replace(failed, error=failure.headline))
        elif known is not None and known.state is UNDER_WAY[end]:
            self._session.ledger.write(replace(known, error=failure.headline))
