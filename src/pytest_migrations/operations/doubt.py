"""The one statement of a stopped script of which the ledger cannot say whether it ran: what the database says of it.

Only a statement that no transaction can hold is in doubt. What there is of it is looked at before it is sent, and the
ledger keeps that: what is there now, and was not then, it has left. Where the script is gone on with, that is put
right: an index that is invalid is built again (PostgreSQL docs, CREATE INDEX, "Building Indexes Concurrently"), a
partition that is half detached is detached (ALTER TABLE, "DETACH PARTITION ... FINALIZE").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg

from pytest_migrations.errors import UserError
from pytest_migrations.operations.entry import State
from pytest_migrations.operations.leftovers import LOOKS, Judgement, Outcome, has_not_run
from pytest_migrations.sql.grammar import statements, trees

if TYPE_CHECKING:
    from psycopg import sql

    from pytest_migrations.errors import Place
    from pytest_migrations.migration import Migration, Statement
    from pytest_migrations.operations.entry import Entry
    from pytest_migrations.operations.leftovers import Look, Sight


@dataclass(frozen=True)
class Doubt:
    """What can be said of a statement that was sent: the migration's name, and where its script is now."""

    migration: str
    place: Place
    judgement: Judgement
    #: Whether the script still has it there.
    is_same: bool

    @property
    def text(self) -> str:
        """For the user."""
        return self.judgement.text


class _Sent(NamedTuple):
    """A statement that was sent, as the ledger keeps it."""

    kind: str
    text: str
    #: What there was before it: empty where nothing was looked for, None where that was not allowed.
    there: Sight | None

    @property
    def look(self) -> Look | None:
        """What judges it by what there was before it, where that was looked for."""
        return LOOKS.get(self.kind) if self.there != {} else None


def _sent(in_doubt: str) -> _Sent:
    return _Sent(**json.loads(in_doubt))


def sight(connection: psycopg.Connection[Any], statement: Statement) -> str:
    """What there is, before a statement is sent in this session, of what it makes or takes away; for the ledger."""
    there: Sight | None = {}
    if look := LOOKS.get(statement.kind):
        (tree,) = trees(statement.text)
        try:
            there = look.see(connection, tree.node)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UntranslatableCharacter):
            there = None  # what keeps us from looking keeps the statement from running
    return json.dumps(_Sent(statement.kind, statement.text, there)._asdict())


def is_about(in_doubt: str, statement: Statement) -> bool:
    """Whether that was kept for a statement of this text."""
    return _sent(in_doubt).text == statement.text


def is_hopeless(entry: Entry) -> bool:
    """Whether nobody can tell of the statement that it has stopped in what that has done."""
    return entry.in_doubt is not None and _sent(entry.in_doubt).look is None


def by_hand(name: str) -> str:
    """What to do then, about the migration of that name."""
    return (
        "Look at what it does, bring the database into the state before or behind the whole migration by hand, and say "
        f"which: pytest-migrations mark {quote(name)} --applied, or --pending"
    )


def doubt_of(connection: psycopg.Connection[Any], migration: Migration, entry: Entry) -> Doubt | None:
    """Look at what is there of the statement that a migration has stopped in; None where it stopped between two.

    The connection is in autocommit mode; nothing is changed.
    """
    if entry.in_doubt is None:
        return None
    script = migration.up if entry.state is State.APPLYING or migration.down is None else migration.down
    rest = statements(script)[entry.statements :]
    sent = _sent(entry.in_doubt)
    place = rest[0].place if rest else script.start
    return Doubt(migration.name, place, _judged(connection, sent), bool(rest) and rest[0].text == sent.text)


def _judged(connection: psycopg.Connection[Any], sent: _Sent) -> Judgement:
    if sent.look is None:
        return Judgement(Outcome.ASK, "it may have run, wholly or in part")
    if sent.there is None:
        return has_not_run("it was refused")
    try:
        return sent.look.judge(connection, sent.there)
    except psycopg.errors.InsufficientPrivilege:
        return Judgement(Outcome.ASK, "this user may not see what it has left")


def undo(connection: psycopg.Connection[Any], doubt: Doubt) -> None:
    """Take back what it has left.

    :raises UserError: where that cannot be.
    """
    if doubt.judgement.to_undo is None:
        first = "Go on first: pytest-migrations run --continue. Or undo it by hand."
        is_certain = doubt.judgement.outcome is not Outcome.ASK
        raise UserError.at(
            doubt.place,
            f"{doubt.text}, and the rollback that was derived does not take that back",
            first if is_certain else by_hand(doubt.migration),
        )
    _execute(connection, doubt.judgement.to_undo)


def settle(connection: psycopg.Connection[Any], doubt: Doubt) -> bool:
    """Put right what it has left, and say whether the script's statement there still has to run.

    What has another one now has to run; what the former has left is taken back.

    :raises UserError: where nobody can tell.
    """
    judgement = doubt.judgement
    first = judgement.to_go_on if doubt.is_same else judgement.to_undo
    if judgement.outcome is Outcome.ASK or first is None:
        said = f"{doubt.text}: nobody can tell"
        if judgement.outcome is not Outcome.ASK:
            said = f"this is not what was sent there, of which {doubt.text}"
        raise UserError.at(doubt.place, said, by_hand(doubt.migration))
    _execute(connection, first)
    return judgement.outcome is Outcome.RUN or not doubt.is_same


def _execute(connection: psycopg.Connection[Any], commands: tuple[sql.Composable, ...]) -> None:
    for command in commands:
        connection.execute(command.as_bytes(connection))
