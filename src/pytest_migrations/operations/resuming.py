"""Goes on with a script that stopped between two statements, or in the middle of one that no transaction can hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from pytest_migrations.effects import Verb, effects_of
from pytest_migrations.errors import UserError
from pytest_migrations.operations.doubt import by_hand, doubt_of, settle
from pytest_migrations.operations.entry import State, checksum_of
from pytest_migrations.runner import CLEAN_BUT_FOR_LOCKS
from pytest_migrations.sql.grammar import statements, tree_of
from pytest_migrations.sql.traits import enum_name

if TYPE_CHECKING:
    from pytest_migrations.migration import Migration, Script, Statement
    from pytest_migrations.operations.doubt import Doubt
    from pytest_migrations.operations.entry import Entry
    from pytest_migrations.operations.session import Session

#: What lives in a session, and went with it: settings can be set again, the rest cannot be had back.
_OF_A_SESSION = {"declare_cursor_stmt", "listen_stmt", "load_stmt", "prepare_stmt"}
#: Where a block or a call sets something for the session.
_SETS = {
    "call_stmt": re.compile(r"\bset_config\s*\(", re.IGNORECASE),
    "do_stmt": re.compile(
        r"\bset_config\s*\(|(?:^|[;'$]|\b(?:BEGIN|THEN|ELSE|LOOP))\s*SET\s+(?!LOCAL\b|CONSTRAINTS\b|TRANSACTION\b)",
        re.IGNORECASE | re.MULTILINE,
    ),
    **dict.fromkeys(
        ("select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"),
        re.compile(r"\bset_config\s*\((?!.*,\s*(?:true|'t(?:rue)?')\s*\))", re.IGNORECASE | re.DOTALL),
    ),
}
_ONLY_OF_A_TRANSACTION = re.compile(r"\s*SET\s+(?:LOCAL|TRANSACTION|CONSTRAINTS)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Resumption:
    """Where a script is gone on with, and what brings the settings back that its statements before that had made.

    ``settings`` go behind other statements: each begins with a semicolon.
    """

    #: How many of its statements are left out: they are done.
    done: int = 0
    settings: bytes = b""
    #: What takes back all that was done of it; None where that is not known.
    rollback_sql: str | None = None


def resume(session: Session, migration: Migration, script: Script, entry: Entry) -> Resumption:
    """Get ready to go on with a script whose ``entry`` says how far it came.

    The session is clean then, and has the settings that the script had made. What the statement behind the last one
    that was kept has left, if it ran at all, is put right.

    :raises UserError: where nobody can say where to go on.
    """
    commands = statements(script)
    if script.program is not None or len(commands) < entry.statements:
        what = "of a program" if script.program is not None else f": the script has {len(commands)}"
        raise UserError.at(
            script.start,
            f"it cannot be gone on behind statement {entry.statements} {what}",
            by_hand(migration.name) if script.program is not None else _back_or_by_hand(migration.name, entry),
        )
    if not are_as_they_were(script, entry):
        raise UserError.at(
            script.start,
            f"the first {entry.statements} statements are not those that were done: they were edited since",
            f"Undo that edit; only what comes behind them may change. Or: {_back_or_by_hand(migration.name, entry)}",
        )
    if lost := lost_with_its_session(script, entry.statements):
        raise UserError.at(
            lost.place,
            "what this made went with its session, so the script cannot be gone on with",
            _back_or_by_hand(migration.name, entry),
        )
    settings = settings_behind(script, entry.statements)
    session.lock.check(CLEAN_BUT_FOR_LOCKS + settings)
    doubt = doubt_of(session.connection, migration, entry)
    if doubt is not None and not settle(session.connection, doubt):
        return Resumption(entry.statements + 1, settings, _with_undo(doubt, session, entry.rollback_sql))
    return Resumption(entry.statements, settings, entry.rollback_sql)


def are_as_they_were(script: Script, entry: Entry) -> bool:
    """Whether the script still begins with the statements of it that were done."""
    return entry.kept_checksum in (None, checksum_of(statements(script)[: entry.statements]))


def _back_or_by_hand(name: str, entry: Entry) -> str:
    """What to do where a script cannot be gone on with."""
    hand = by_hand(name)
    if entry.state is not State.APPLYING or entry.rollback_sql is None:
        return hand
    return f"Take back what was kept: pytest-migrations rollback {quote(name)}. Or {hand[0].lower()}{hand[1:]}"


def lost_with_its_session(script: Script, done: int) -> Statement | None:
    """The first of the statements that were done which has made more of its session than settings that can be read."""
    temporary = _making_what_is_temporary(script, done)
    for number, statement in enumerate(statements(script)[:done]):
        sets = _SETS.get(statement.kind)
        is_set = sets is not None and sets.search(statement.text) is not None
        if statement.kind in _OF_A_SESSION or number in temporary or is_set:
            return statement
    return None


def _making_what_is_temporary(script: Script, done: int) -> set[int]:
    """The numbers of the statements whose temporary objects were there at last."""
    there: dict[tuple[str, ...], int] = {}
    for effect in effects_of(script).of(Verb.CREATE, Verb.DROP):
        if effect.object.path[0] == "pg_temp" and len(effect.object.path) == 2 and effect.statement < done:
            there.pop(effect.object.path, None)
            if effect.verb is Verb.CREATE:
                there[effect.object.path] = effect.statement
    return set(there.values())


def _with_undo(doubt: Doubt, session: Session, rollback_sql: str | None) -> str | None:
    """The rollback with what takes back the statement that was found to have run."""
    commands = doubt.judgement.to_undo
    if commands is None or rollback_sql is None:
        return None
    left = [command for command in commands if command not in doubt.judgement.to_go_on]  # that was done just now
    undo = "".join(f"{command.as_string(session.connection)};\n" for command in left)
    return f"{undo}{rollback_sql}"


def settings_behind(script: Script, done: int) -> bytes:
    """Those of its statements that were done which set something for the session, each behind a semicolon."""
    settings: list[Statement] = []
    #: How many there were at the beginning of the transaction, and at each savepoint.
    marks = {"": 0}
    for statement in statements(script)[:done]:
        if statement.kind == "variable_set_stmt" and not _ONLY_OF_A_TRANSACTION.match(statement.text):
            settings.append(statement)
        elif statement.kind == "transaction_stmt":
            node = tree_of(statement)
            kind = enum_name(node, "kind").removeprefix("TRANS_STMT_")
            if kind in ("ROLLBACK", "ROLLBACK_TO"):
                del settings[marks.get(node.savepoint_name, 0) :]
            elif kind in ("BEGIN", "START", "COMMIT", "SAVEPOINT"):
                marks[node.savepoint_name] = len(settings)
    return "".join(f"; {statement.text}" for statement in settings).encode()
