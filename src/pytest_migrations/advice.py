"""What to do next about a failed migration, where the history or the error code tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.migration import how_much_later
from pytest_migrations.sql.grammar import statements
from pytest_migrations.sqlstates import advice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.failure import MigrationError
    from pytest_migrations.migration import History, Migration

#: PostgreSQL docs, Appendix A: codes of "does not exist" and the kind of object that was missing.
_MISSING = {
    "42P01": "relation",
    "42703": "column",
    "42704": "type",
    "42883": "function",
    "3F000": "schema",
}
#: Where the server's message says all that can be said without knowing the migrations.
_SAYS_ALL = {*_MISSING, "22012", "22023", "42601", "42702", "42725", "42809", "P0001", "XX000"}
ALREADY_THERE = {"42701", "42710", "42723", "42P06", "42P07"}
_NO_EXTENSION = "The server has no such extension: install it there, or ask whoever runs it to."
_ANOTHER_SERVER = " Or choose another server with --migrations-server."
_NAME = re.compile(r'"((?:[^"]|"")+)"|\b(?:function|type) ([\w.]+)')


def advise(
    error: MigrationError, history: History, lacking: Mapping[str, str], *, is_server_chosen: bool = False
) -> str:
    """One or two sentences about a failed apply, or nothing where there is no more to say than the server did.

    ``lacking`` has for extensions that no server has what was looked at. ``is_server_chosen``: another would do.
    """
    code, message = error.sqlstate or "", error.message
    if code == "42704" and message.startswith("role "):
        return (
            f"If it is to exist before the migrations run, name it in the ini file: migrations_roles = {_name(message)}"
        )
    if "extension" in message and code in ("0A000", "58P01", "22023"):
        return lacking.get(_name(message), _NO_EXTENSION + _ANOTHER_SERVER * is_server_chosen)
    if code in _MISSING and (later := _created_later(_MISSING[code], _name(message), error.migration, history)):
        creator, distance = later
        return (
            f'{creator.name} creates "{_name(message)}", {how_much_later(distance)}: '
            f"move it before {error.migration.name}, or move what needs it behind it."
        )
    return _general(error)


def advise_on_rollback(error: MigrationError) -> str:
    """The same about a failed rollback, of which no later migration is the cause."""
    if error.sqlstate == "P0001":
        return "If it says so on purpose, leave the rollback out: a migration without one is no failure."
    return _general(error)


def _general(error: MigrationError) -> str:
    """What the code alone tells."""
    if error.sqlstate == "2BP01" and "requires it" in error.message:  # the hint says what to drop instead
        return ""
    if error.message.startswith("unterminated"):
        return "What begins there never ends: close it. All that follows was read as part of it."
    if error.sqlstate == "25001" and error.migration.up.program is not None:
        return "Put it into a block: with op.get_context().autocommit_block():"
    if error.message.startswith("the connection was lost"):
        return "The server's log says why it ended the connection."
    return "" if error.sqlstate in _SAYS_ALL else advice(error.sqlstate or "")


def advise_on_reapply(error: MigrationError) -> str:
    """The same about a migration that applied and, after its rollback, does not: the rollback is where to look."""
    code = error.sqlstate or ""
    if code in ALREADY_THERE:
        return "The rollback leaves it behind: remove it there, or guard this statement."
    if code in _MISSING:
        return "It was there when the migration was first applied: the rollback does not leave it there."
    return _general(error)


def _name(message: str) -> str:
    """The object that the message names, without its schema."""
    found = _NAME.search(message)
    return (found[1] or found[2]).split(".")[-1] if found else ""


def _created_later(kind: str, name: str, migration: Migration, history: History) -> tuple[Migration, int] | None:
    if not name:
        return None
    # Of one that is gone on with, only the rest of its script may be left.
    start = next((n for n, other in enumerate(history, 1) if other.identity == migration.identity), len(history))
    for distance, later in enumerate(history.migrations[start:], 1):
        if any((kind, name) in statement.creates for statement in statements(later.up)):
            return later, distance
    return None
