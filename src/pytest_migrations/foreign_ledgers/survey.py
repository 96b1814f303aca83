"""Which ledgers of other tools a database has, and what each says of a folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_migrations.errors import UserError
from pytest_migrations.foreign_ledgers.finding import find
from pytest_migrations.foreign_ledgers.tools.home_made import HOME_MADE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from pytest_migrations.foreign_ledgers.ledger import ForeignLedger
    from pytest_migrations.foreign_ledgers.taking import Taken
    from pytest_migrations.migration import History


@dataclass(frozen=True)
class Said:
    """What one ledger says of a history; nothing where it cannot be read, or its tool's migrations are programs."""

    ledger: ForeignLedger
    history: History
    taken: Taken

    @property
    def by(self) -> str:
        """The tool that has applied them; empty where nobody knows which that is."""
        return "" if self.ledger.tool is HOME_MADE else self.ledger.tool.name

    @property
    def is_of_folder(self) -> bool:
        """Whether it is about the migrations of the folder, so that nobody else may apply them.

        A database may have ledgers of others beside: of an application in Django, of a library that brings its tables.
        """
        if self.taken.applied or self.taken.failed:
            return True
        return self.ledger.is_for(self.history) and bool(self.ledger.hindrance or self.taken.unknown)


def survey(connection: psycopg.Connection[Any], history: History) -> list[Said]:
    """What each ledger in the database says of a history: first those of the tools that it is written for.

    Nothing is written, and no lock above ACCESS SHARE is taken, for which it waits as long as the session's
    lock_timeout allows.

    :raises psycopg.Error: where the server does.
    """
    said = [
        Said(ledger, history, ledger.match([] if ledger.hindrance else ledger.read(connection), history))
        for ledger in find(connection)
    ]
    return sorted(said, key=lambda one: (not one.ledger.is_for(history), -len(one.taken.applied)))


def the_one(said: Sequence[Said], table: str | None = None) -> Said | None:
    """The ledger to take over: the one that is named, or the only one that is about the folder; None without any.

    One of a tool that the folder is written for is about it also where nothing was applied yet.

    :raises UserError: where there are several, or none of that name, or it cannot be read.
    """
    if table is None:
        empty = [one for one in said if one.ledger.is_for(one.history)]
        candidates = [one for one in said if one.is_of_folder] or empty
    else:
        candidates = [one for one in said if table in one.ledger.names]
        if not candidates:
            there = f"There are these:\n{_listed(said)}" if said else "There is none in this database."
            raise UserError(f"{table} is no ledger that we know. {there}")
    if len(candidates) > 1:
        raise UserError(
            f"More than one ledger says what was applied here:\n{_listed(candidates)}\n"
            "Name one of them with --from TABLE."
        )
    if candidates and candidates[0].ledger.hindrance:
        raise UserError(candidates[0].ledger.hindrance)
    return candidates[0] if candidates else None


def _listed(said: Sequence[Said]) -> str:
    return "\n".join(f"  {one.ledger.table} ({one.ledger.tool.name})" for one in said)
