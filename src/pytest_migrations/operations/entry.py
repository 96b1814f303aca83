"""What the ledger knows of one migration."""

from __future__ import annotations

import getpass
import hashlib
import socket
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_migrations.operations.kept_rollback import own_rollback
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pytest_migrations.migration import Migration, Statement


class State(str, Enum):
    """What the ledger says of a migration. One that it does not know is pending."""

    #: It is being applied in steps that commit, or was when it failed or its process died.
    APPLYING = "applying"
    APPLIED = "applied"
    #: Nothing of it was kept.
    FAILED = "failed"
    #: As APPLYING, on its way back.
    ROLLING_BACK = "rolling back"
    ROLLED_BACK = "rolled back"


#: What a script is in on its way to each state.
UNDER_WAY = {State.APPLIED: State.APPLYING, State.ROLLED_BACK: State.ROLLING_BACK}


@dataclass(frozen=True)
class Entry:
    """A row of the ledger."""

    name: str
    version: str
    checksum: str
    state: State
    #: When the state was reached.
    applied_at: datetime | None
    seconds: float | None
    #: Who did it: user@host.
    applied_by: str
    #: How many statements of the script that is, or was, under way were done for good, of how many.
    statements: int
    total_statements: int
    #: The SQL that takes it back, as it was when it was applied; of one that is unfinished, what takes that back.
    rollback_sql: str | None = None
    #: Where that comes from, or why there is none.
    rollback_note: str | None = None
    #: What went wrong, where it failed.
    error: str | None = None
    #: Of the statements that were done, while it is unfinished.
    kept_checksum: str | None = None
    #: What there was when the statement behind those was sent, where no transaction holds that: see ``doubt``.
    in_doubt: str | None = None

    @property
    def is_unfinished(self) -> bool:
        """Whether some of it may have been kept, and some may not."""
        return self.state in (State.APPLYING, State.ROLLING_BACK)

    @property
    def kept(self) -> str:
        """How far it came, for the user: 2 of its 5 statements were kept."""
        if self.statements == self.total_statements:  # of a program nobody knows how many there are
            return f"what it had sent until then was kept ({self.statements} statements)"
        were = "was" if self.statements == 1 else "were"
        return f"{self.statements} of its {self.total_statements} statements {were} kept"

    def gone_on_from(self, kept: Entry) -> Entry:
        """The entry, as far as ``kept`` has come."""
        return replace(
            self,
            state=kept.state,
            statements=kept.statements,
            kept_checksum=kept.kept_checksum,
            in_doubt=kept.in_doubt,
            rollback_sql=kept.rollback_sql,
            rollback_note=kept.rollback_note,
        )

    @property
    def is_in_database(self) -> bool:
        """Whether it was applied, wholly or in part, and not rolled back."""
        return self.state is State.APPLIED or self.is_unfinished


def beginning(migration: Migration) -> Entry:
    """The entry of a migration of which nothing has run."""
    return Entry(
        name=migration.identity,
        version=migration.version,
        checksum=checksum(migration),
        state=State.FAILED,
        applied_at=None,
        seconds=None,
        applied_by=whoever_runs(),
        statements=0,
        total_statements=len(statements(migration.up)),
        rollback_sql=_rollback_of(migration),
    )


def _rollback_of(migration: Migration) -> str | None:
    down = own_rollback(migration)
    return None if down is None or down.program is not None else down.text.strip()


def checksum_of(done: Sequence[Statement]) -> str:
    """What is the same as long as these statements are."""
    return hashlib.sha256("\0".join(statement.text for statement in done).encode()).hexdigest()


def checksum(migration: Migration) -> str:
    """What is the same as long as what it applies is: SHA-256 of the up script, line ends and blanks around it aside.

    A rollback that was mended is no change of what was applied.
    """
    written = migration.up.written.replace("\r\n", "\n").strip()
    return hashlib.sha256(written.encode()).hexdigest()


@lru_cache(maxsize=1)
def whoever_runs() -> str:
    """The user of the operating system, and its host: deploy@ci-7."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
