"""Says of a migration that it is applied, pending or rolled back, after somebody has seen to it by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.operations.correction import Correction
from pytest_migrations.operations.entry import State, beginning, whoever_runs
from pytest_migrations.operations.standing import named, standings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.operations.entry import Entry
    from pytest_migrations.operations.standing import Standing


def to_mark(history: History, entries: Mapping[str, Entry], wanted: str, state: State | None) -> list[Correction]:
    """What the ledger is to say of the migration of this file, name or version; None is that it is pending.

    Nothing where it says so already.

    :raises UserError: where there is no such migration, or it cannot be said of it.
    """
    standing = named(wanted, standings(history, entries), history)
    entry = standing.entry
    if (entry.state if entry else None) is state:
        return []
    if state is State.ROLLED_BACK and entry is None:
        raise UserError(f"{standing.name} was never applied to this database, so it cannot have been rolled back.")
    before = f"{standing.stand.value}{f' ({standing.note})' if standing.note else ''}"
    text = f"{standing.name}: {before} -> {state.value if state else 'pending'}"
    if state is None:
        assert entry is not None
        text += ". The rollback that only the ledger has is forgotten with it" if _is_only_kept(standing) else ""
        return [Correction(text, lambda ledger: ledger.remove(entry.name))]
    marked = _in_state(state, standing)
    if entry is not None and entry.is_unfinished and state is State.APPLIED:
        text += ". Its rollback is the one of its file then: that of the steps that were kept is forgotten"
    elif _is_only_kept(standing) and marked.rollback_sql is None:
        text += ". The rollback that the ledger has may be another one's than this file's, and is forgotten"
    return [Correction(text, lambda ledger: ledger.write(marked))]


def as_applied(migration: Migration, applied_at: datetime | None = None, by: str | None = None) -> Entry:
    """The entry of a migration that was applied without us, at a time that may be known, by another than who says so.

    ``by`` is empty where nobody knows who that was.
    """
    begun = beginning(migration)
    by = begun.applied_by if by is None else by
    return replace(begun, state=State.APPLIED, applied_at=applied_at, applied_by=by, statements=begun.total_statements)


def _is_only_kept(standing: Standing) -> bool:
    """Whether the ledger has a rollback of it, and its file none."""
    entry, migration = standing.entry, standing.migration
    return entry is not None and entry.rollback_sql is not None and (migration is None or migration.down is None)


def _in_state(state: State, standing: Standing) -> Entry:
    if state is State.APPLIED and standing.migration is not None:
        marked, before = as_applied(standing.migration, datetime.now(timezone.utc)), standing.entry
        if before is not None and _is_only_kept(standing) and _was_whole(before, marked):
            return replace(marked, rollback_sql=before.rollback_sql, rollback_note=before.rollback_note)
        return marked
    assert standing.entry is not None
    return replace(
        standing.entry, state=state, applied_at=datetime.now(timezone.utc), applied_by=whoever_runs(), error=None
    )


def _was_whole(before: Entry, marked: Entry) -> bool:
    """Whether what counts as rolled back was applied from this file, so that the rollback of that is still its own.

    Not where it had stopped half-way, or a rollback was run since: then the statements are counted that were run.
    """
    return (
        before.state is State.ROLLED_BACK
        and before.checksum == marked.checksum
        and before.statements == before.total_statements == marked.total_statements
    )
