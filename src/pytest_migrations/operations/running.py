"""Runs the migrations of a history that a target lacks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from shlex import quote
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.operations.applying import applier
from pytest_migrations.operations.entry import State
from pytest_migrations.operations.patience import Waiting
from pytest_migrations.operations.standing import Stand, counts_in_order, out_of_order, standings
from pytest_migrations.operations.way_out import way_out
from pytest_migrations.sql.framing import NEVER_INSIDE
from pytest_migrations.sql.grammar import statements
from pytest_migrations.timeline.renewal import changes_beginnings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_migrations.migration import History, Migration, Script, Statement
    from pytest_migrations.operations.entry import Entry
    from pytest_migrations.operations.session import Session
    from pytest_migrations.operations.standing import Standing


@dataclass(frozen=True)
class Plan:
    """Which migrations a run applies, in this order."""

    migrations: tuple[Migration, ...]
    #: What the database has of them, by their identities: of one that stopped half-way, or that runs again.
    known: Mapping[str, Entry] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.migrations)

    @property
    def scripts(self) -> list[tuple[Migration, Script]]:
        """What is left to run of each, where it stands."""
        done = {name: entry.statements for name, entry in self.known.items() if entry.is_unfinished}
        return [(migration, _without(migration.up, done.get(migration.identity, 0))) for migration in self.migrations]


@dataclass(frozen=True)
class Applying:
    """Told before a migration is applied."""

    migration: Migration


@dataclass(frozen=True)
class Applied:
    """Told when one was."""

    migration: Migration
    entry: Entry


Event = Applying | Applied | Waiting


def plan(
    history: History,
    entries: Mapping[str, Entry],
    *,
    to: str | None = None,
    allow_out_of_order: bool = False,
    go_on: bool = False,
) -> Plan:
    """What is to be run, up to and including the version (or name) ``to``.

    ``go_on`` is whether one that stopped half-way may be gone on with.

    :raises UserError: where the folder and the ledger do not go together, with what to do.
    """
    all_standings = standings(history, entries)
    _refuse_contradictions(all_standings)
    unfinished = [s for s in all_standings if s.stand is Stand.FAILED and s.is_in_database]
    for standing in unfinished:
        if not (go_on and standing.migration and _is_on_its_way(standing)):
            raise UserError(_unfinished(standing))
    if not allow_out_of_order and (late := out_of_order(history, all_standings)):
        raise UserError(_late(late, all_standings))
    end = None if to is None else history.migrations[_position(history, to) - 1]
    wanted = []
    for standing in all_standings:
        if standing.migration is not None and (standing.is_to_run or standing in unfinished):
            wanted.append(standing.migration)
        if end is not None and standing.migration is end:
            break
    if not allow_out_of_order:
        _refuse_code(history, all_standings, wanted)
    known = {m.identity: entries[m.identity] for m in wanted if m.identity in entries}
    return Plan(tuple(wanted), {name: entry for name, entry in known.items() if entry.is_in_database})


def run(session: Session, history: History, wanted: Plan, tell: Callable[[Event], None]) -> None:
    """Apply what is planned, each migration with its entry in the ledger.

    :raises MigrationError: where one fails; those before it stay.
    :raises UserError: where it cannot be tried, or the lock is lost.
    """
    if wanted.migrations:
        session.ledger.create()
    with applier(session, history, tell) as working:
        for before, migration in zip((None, *wanted.migrations), wanted.migrations, strict=False):
            if before is not None and changes_beginnings(before):
                _begin_anew(session)
            tell(Applying(migration))
            tell(Applied(migration, working.apply(migration, wanted.known.get(migration.identity))))


def _begin_anew(session: Session) -> None:
    """Go on in a session that begins as others do by now, as it would if each migration had one of its own."""
    entries = session.ledger.entries()
    session.renew()
    if session.ledger.entries() != entries:  # somebody had the lock in between
        raise UserError("Another run has gone on meanwhile. Look at pytest-migrations status, and run again.")


def run_as_one(session: Session, history: History, wanted: Plan, tell: Callable[[Event], None]) -> None:
    """Apply what is planned in one transaction: all or nothing.

    :raises MigrationError: where one fails; nothing of any was kept.
    :raises UserError: where a statement cannot be in a transaction.
    """
    for migration in wanted.migrations:
        if statement := _that_needs_commits(migration):
            raise UserError.at(
                statement.place,
                "this cannot be in one transaction with others, as --single-transaction asks",
                "Nothing was changed. Run without --single-transaction, or up to the migration before: --to.",
            )
    session.lock.check()
    session.ledger.create()
    with applier(session, history, tell) as working:
        entries = working.apply_as_one(wanted.migrations, wanted.known)
    for migration, entry in zip(wanted.migrations, entries, strict=True):
        tell(Applied(migration, entry))


def _without(script: Script, done: int) -> Script:
    """The script with blanks for its first statements."""
    commands = statements(script)[:done]
    if not commands or script.program is not None:
        return script
    end = commands[-1].offset + len(commands[-1].text)
    return replace(script, text=re.sub(r"[^\n]", " ", script.text[:end]) + script.text[end:])


def _is_on_its_way(standing: Standing) -> bool:
    """Whether it stopped while it was applied, not while it was rolled back."""
    return standing.entry is not None and standing.entry.state is State.APPLYING


def _that_needs_commits(migration: Migration) -> Statement | None:
    return next((s for s in statements(migration.up) if s.traits & NEVER_INSIDE), None)


def _position(history: History, to: str) -> int:
    try:
        return history.position_of(to)
    except LookupError as error:
        raise UserError(f"--to {to}: {error}") from None


def _refuse_contradictions(all_standings: list[Standing]) -> None:
    if missing := [s for s in all_standings if s.stand is Stand.MISSING]:
        last = missing[-1]
        if last.entry is not None and last.entry.rollback_sql is not None:
            away = f"pytest-migrations rollback {quote(last.name)}, which knows how from the ledger"
        else:
            away = f"undo it by hand, then pytest-migrations mark {quote(last.name)} --rolled-back"
        raise UserError(
            f"The database has {_listed([s.name for s in missing])}, and the folder has no such file. Nothing was "
            "changed. Put the file back (is this the right branch?). If it was renamed: pytest-migrations repair. If "
            f"it is not to be there any more: {away}."
        )
    if changed := [s.name for s in all_standings if s.stand is Stand.CHANGED]:
        were = "was" if len(changed) == 1 else "were"
        raise UserError(
            f"Since it was applied, {_listed(changed)} {were} edited: other databases will get what this one has not. "
            "Nothing was changed. Undo the edit and put the change into a new migration. If the edit changes nothing "
            "that matters (a comment, say): pytest-migrations repair."
        )


def _unfinished(standing: Standing) -> str:
    entry = standing.entry
    assert entry is not None
    what = f"The rollback of {standing.name}" if entry.state is State.ROLLING_BACK else standing.name
    why = f" ({entry.error})" if entry.error else ""
    return (
        f"{what} stopped half-way: {entry.kept}{why}. Nothing was changed now. Look at it with pytest-migrations "
        f"status. {way_out(standing.name, standing.migration, entry)}"
    )


def _late(late: list[Standing], all_standings: list[Standing]) -> str:
    newest = [s.name for s in all_standings if counts_in_order(s)][-1]
    return (
        f"{_listed([s.name for s in late])} comes before {newest}, which is applied already: it may have been written "
        f"for a database without that. Nothing was changed. Give it a version behind {newest}. If the order does not "
        "matter: pytest-migrations run --out-of-order."
    )


def _refuse_code(history: History, all_standings: list[Standing], wanted: list[Migration]) -> None:
    """What is to run may need what only the migration's own tool does before it."""
    if not history.in_code or not wanted:
        return
    numbers = {migration.identity: number for number, migration in enumerate(history)}
    there = (s.migration for s in all_standings if counts_in_order(s))
    applied = max((numbers[migration.identity] + 1 for migration in there if migration), default=0)
    last = max(numbers[migration.identity] for migration in wanted)
    if names := [item.name for item in history.in_code if applied <= item.position <= last]:
        raise UserError(
            f"{_listed(names)} {'is' if len(names) == 1 else 'are'} not SQL, and {wanted[-1].name} comes behind: only "
            f"the migrations' own tool ({history.format}) can run that. Nothing was changed. Up to there: "
            "pytest-migrations run --to VERSION. Once the tool has run it, or where what stands behind does not need "
            "it: pytest-migrations run --out-of-order."
        )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
