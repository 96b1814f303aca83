"""The way out of a migration that stopped half-way, for every message that has to name it."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from pytest_migrations.operations.deriving import commits_in_steps
from pytest_migrations.operations.doubt import by_hand, is_hopeless
from pytest_migrations.operations.entry import State
from pytest_migrations.operations.kept_rollback import is_of_ledger, own_rollback
from pytest_migrations.operations.leftovers import Outcome
from pytest_migrations.operations.resuming import are_as_they_were, lost_with_its_session
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from pytest_migrations.migration import Migration, Script
    from pytest_migrations.operations.doubt import Doubt
    from pytest_migrations.operations.entry import Entry


def way_out(name: str, migration: Migration | None, entry: Entry, doubt: Doubt | None = None) -> str:
    """What the user can do about it; ``migration`` is its file, where there is one.

    ``doubt`` is what the database says of the statement that it stopped in, where that was looked at.
    """
    is_clear = doubt is None or doubt.judgement.outcome is not Outcome.ASK
    goes_on = is_clear and can_go_on(migration, entry)
    goes_back = can_be_taken_back(migration, entry)
    if entry.state is State.APPLYING and doubt is not None:
        goes_back = goes_back and doubt.judgement.to_undo is not None
    ways = []
    if goes_on:
        ways.append("go on with `pytest-migrations run --continue`")
    if goes_back:
        to_finish = "go on with" if entry.state is State.ROLLING_BACK else "take them back with"
        ways.append(f"{to_finish} `pytest-migrations rollback {quote(name)}`")
    if not ways:
        return by_hand(name)
    out = f"Once the cause is gone {', or '.join(ways)}."
    if entry.state is State.ROLLING_BACK and migration is not None and migration.down is not None:
        out += " In its file only what comes behind the statements that are done may be mended."
    if entry.state is State.APPLYING and not goes_back:
        out += f" Or undo by hand what was kept, and say so: pytest-migrations mark {quote(name)} --pending"
    return out


def can_go_on(migration: Migration | None, entry: Entry) -> bool:
    """Whether ``run --continue`` would: there is a script, and nothing of it that is done went with its session."""
    if migration is None or is_of_ledger(migration.up) or migration.up.program is not None:
        return False
    if entry.state is not State.APPLYING or is_hopeless(entry):
        return False
    return _can_be_resumed(migration.up, entry)


def can_be_taken_back(migration: Migration | None, entry: Entry) -> bool:
    """Whether ``rollback`` would begin, or go on.

    Of a half, by what was derived of it. A rollback that somebody has written is for the whole: it is tried on a half
    only where all or nothing of it is kept.
    """
    down = own_rollback(migration) if migration is not None else None
    if is_hopeless(entry) or (down is not None and down.program is not None):
        return False
    if entry.state is State.APPLYING and entry.rollback_sql is None:
        return down is not None and not commits_in_steps(down)
    if entry.state is State.ROLLING_BACK and down is not None:
        return _can_be_resumed(down, entry)
    return entry.rollback_sql is not None or down is not None


def _can_be_resumed(script: Script, entry: Entry) -> bool:
    """Whether the statements that were done are still those, and nothing of them went with its session."""
    has_them = len(statements(script)) >= entry.statements and are_as_they_were(script, entry)
    return has_them and lost_with_its_session(script, entry.statements) is None
