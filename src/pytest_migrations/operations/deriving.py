"""The rollback that the ledger keeps of a migration, found while that is applied."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_migrations.derive.derivation import Derivation
from pytest_migrations.operations.kept_rollback import own_rollback
from pytest_migrations.sql.framing import NEVER_INSIDE
from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.traits import Trait

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.migration import Migration, Script, Statement
    from pytest_migrations.operations.entry import Entry


_OF_A_ROLE = re.compile(r"\b(?:ROLE|AUTHORIZATION|RESET\s+ALL|DISCARD\s+ALL)\b", re.IGNORECASE)
_TAKES_ON = re.compile(r"SET\s+(?:SESSION\s+)?ROLE\b", re.IGNORECASE)
_OF_A_SESSION = {"variable_set_stmt", "discard_stmt"}
_BEFORE_ALL = {"variable_set_stmt", "transaction_stmt"}
_ROLE = """
SELECT quote_ident(current_setting('role')) FROM pg_catalog.pg_roles
WHERE rolname = session_user AND NOT rolsuper AND current_setting('role') <> 'none'
"""


class Deriving:
    """Follows one attempt to apply a migration on ``connection``.

    Of one that has no rollback it is derived. One that has its own gets that once it is through; until then a script
    that commits in steps has what takes back the steps that were kept: its own takes back the whole.

    ``earlier`` takes back what was done of it before: steps that are not run again, or what a file did that runs
    whenever it has changed. It is empty where nothing was done, and None where nobody knows.
    """

    def __init__(self, connection: psycopg.Connection, migration: Migration, earlier: str | None) -> None:
        self._down = own_rollback(migration)
        self._earlier = earlier
        is_derived = self._down is None or (migration.up.program is None and commits_in_steps(migration.up))
        self._connection = connection
        self._derivation = Derivation(connection) if is_derived else None
        #: Where the last statement stands.
        self._offset = -1
        self._is_in_one_role = is_derived and _is_in_one_role(migration.up)

    def before(self, statement: Statement) -> None:
        """Called before a statement is sent."""
        if self._derivation is None and statement.offset <= self._offset and statement.script.program is None:
            self._derivation = Derivation(self._connection)  # it did not fit in a transaction, and begins anew in steps
        self._offset = statement.offset
        if self._derivation is not None:
            self._derivation.before(statement)

    def after(self, statement: Statement) -> None:
        """Called behind a statement that succeeded."""
        if self._derivation is not None:
            self._derivation.after(statement)

    def _as_role(self) -> str:
        """What takes on the role that the script is in, where its own user may not all that it may."""
        row = self._connection.execute(_ROLE).fetchone() if self._is_in_one_role else None
        return f"SET ROLE {row[0]};\n" if row else ""

    def onto(self, entry: Entry, *, is_through: bool) -> Entry:
        """The entry with the rollback from where the script is now, and what is to be said of it."""
        if is_through and self._down is not None:
            own = self._down.text.strip() if self._down.program is None else None
            return replace(entry, rollback_sql=own, rollback_note=None)
        if self._derivation is None:
            return entry
        derived = self._derivation.result()
        if derived.missing:
            first, more = derived.missing[0], len(derived.missing) - 1
            others = f" (and {more} more)" if more else ""
            return replace(
                entry, rollback_sql=None, rollback_note=f"no way back: {first.place}: {first.reason}{others}"
            )
        if self._earlier is None:
            known = entry.rollback_note if entry.rollback_sql is None else None
            note = known or "no way back: how to undo what was done of it before is not known"
            return replace(entry, rollback_sql=None, rollback_note=note)
        as_role = self._as_role() if derived.sql.strip() else ""
        whole = f"{as_role}{derived.sql.rstrip()}\n{self._earlier}".strip()
        note = "its rollback is derived from its statements" if whole else "there is nothing to be undone"
        return replace(entry, rollback_sql=whole, rollback_note=note)


def _is_in_one_role(script: Script) -> bool:
    """Whether it takes on a role before it does anything else, and keeps it to its end."""
    commands = statements(script)
    first = next((number for number, one in enumerate(commands) if one.kind not in _BEFORE_ALL), len(commands))
    about = [n for n, one in enumerate(commands) if one.kind in _OF_A_SESSION and _OF_A_ROLE.search(one.text)]
    is_undone = any(one.text.lower().startswith(("rollback", "abort")) for one in commands)
    return len(about) == 1 and about[0] < first and not is_undone and bool(_TAKES_ON.match(commands[about[0]].text))


def commits_in_steps(script: Script) -> bool:
    """Whether some of it can be kept without the rest, as far as its text tells."""
    commands = statements(script)
    if not script.transactional or any(statement.traits & NEVER_INSIDE for statement in commands):
        return True
    frames = [number for number, statement in enumerate(commands) if Trait.TRANSACTION_FRAME in statement.traits]
    return frames not in ([], [0, len(commands) - 1])
