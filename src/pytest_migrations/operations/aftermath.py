"""What the user is told of a migration that failed: what was kept of it, who was in the way, the way out."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Any

from pytest_migrations.advice import ALREADY_THERE, advise, advise_on_rollback
from pytest_migrations.errors import UserError
from pytest_migrations.failure import Kept, MigrationError
from pytest_migrations.operations.doubt import doubt_of
from pytest_migrations.operations.entry import UNDER_WAY, Entry, State
from pytest_migrations.operations.target import LEDGER_SCHEMA
from pytest_migrations.operations.way_out import can_go_on, way_out

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.migration import History
    from pytest_migrations.operations.blockers import Blocker


class LockedError(UserError):
    """A migration did not get a lock that others hold."""


@dataclass(frozen=True)
class Aftermath:
    """A failure on the way to the state ``end``, and what the ledger says of the migration now."""

    connection: psycopg.Connection[Any]
    history: History
    failure: MigrationError
    kept: Entry
    end: State

    def advised(self, *, has_applied: bool) -> MigrationError:
        """The failure with what to do about it. ``has_applied`` is whether the database has any migration."""
        failure, apply = self.failure, self.end is State.APPLIED
        advice = failure.advice or (advise(failure, self.history, {}) if apply else advise_on_rollback(failure))
        more = ""
        if apply and failure.sqlstate in ALREADY_THERE and not has_applied:
            more = "If this database was migrated before, by hand or another tool: pytest-migrations baseline"
        if failure.sqlstate == "42P06" and f'"{LEDGER_SCHEMA}"' in failure.message:
            more = f"It is the ledger's own: leave it out of a dump, by pg_dump --exclude-schema={LEDGER_SCHEMA}."
        if self.kept.state is UNDER_WAY[self.end]:
            failure.kept = Kept.IN_STEPS
        elif not apply and self.kept.state is State.APPLIED:
            again = f"pytest-migrations rollback {quote(failure.migration.name)}"
            more = f"The migration stays applied. Mend the rollback in its file, and try again: {again}"
        failure.advice = "\n".join(filter(None, [advice, more, self._half()]))
        return failure

    def locked(self, blocker: Blocker | None, tried: str) -> LockedError:
        """It has waited too often for a lock. ``tried`` says how often, as a sentence."""
        end_it = f", or end it: SELECT pg_terminate_backend({blocker.pid});" if blocker else "."
        who = [str(blocker)] if blocker else []
        left = self._half() or "Nothing was changed."
        last = f"{tried} {left} Try again when what is in the way is done{end_it}"
        return LockedError("\n".join([self._head, *who, last]))

    def lost(self) -> UserError:
        """The connection was lost, and the script did not get through."""
        left = self._half() or "Nothing of it was kept. Run again when the server is well."
        return UserError(f"{self._head}\n{left}")

    @property
    def _head(self) -> str:
        return f"{self.failure.headline}\n{self.failure.place.excerpt(self.failure.remark)}"

    def _half(self) -> str:
        """What was kept of a migration that stopped half-way, and the way out; empty of one that did not."""
        if not self.kept.is_unfinished:
            return ""
        migration = self.failure.migration
        doubt = doubt_of(self.connection, migration, self.kept)
        left = f"; of the next, {doubt.text}" if doubt else ""
        kept, out = f"{self.kept.kept}{left}", way_out(migration.name, migration, self.kept, doubt)
        if self.kept.state is UNDER_WAY[self.end]:
            return f"{kept[0].upper()}{kept[1:]}. {out}"
        if self.kept.rollback_sql is None:  # that of its file is for the whole, and has failed on the half
            on = "Go on with `pytest-migrations run --continue`, or undo" if can_go_on(migration, self.kept) else "Undo"
            out = f"{on} those by hand, and say so: pytest-migrations mark {quote(migration.name)} --pending"
        return f"Nothing of the rollback was kept, and of the migration {kept}. {out}"
