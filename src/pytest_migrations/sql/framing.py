"""Which transactions the statements of a script can be in, and which they control themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.sql.traits import Trait

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.migration import Statement

#: The script's own BEGIN, COMMIT and ROLLBACK.
OWN_TRANSACTION = Trait.TRANSACTION_FRAME | Trait.TRANSACTION_CONTROL
#: What no transaction that somebody else began can hold.
NEVER_INSIDE = Trait.OUTSIDE_TRANSACTION | Trait.TRANSACTION_CONTROL
#: The server's answers that mean: not inside a transaction block (PostgreSQL docs, Appendix A):
#: 25001 active_sql_transaction, 2D000 invalid_transaction_termination (COMMIT inside DO or CALL),
#: 55P04 unsafe_new_enum_value_usage.
NOT_IN_A_TRANSACTION = frozenset({"25001", "2D000", "55P04"})
#: What the server refuses outside a transaction block (RequireTransactionBlock in its sources): LOCK, a cursor, and
#: among the statements about transactions the savepoints.
_ONLY_INSIDE = {"declare_cursor_stmt", "lock_stmt", "transaction_stmt"}
_AND_CHAIN = re.compile(r"\bAND\s+CHAIN\b", re.IGNORECASE)


def fit_in_transaction(commands: Sequence[Statement]) -> bool:
    """Whether one transaction around all can hold them as they are."""
    return not any(statement.traits & (NEVER_INSIDE | Trait.TRANSACTION_FRAME) for statement in commands)


def means_the_same_alone(statement: Statement) -> bool:
    """Whether one that commits by itself does what it does in a transaction around it alone, as far as its text tells.

    The server may still say that it is ``NOT_IN_A_TRANSACTION``.
    """
    return fit_in_transaction([statement]) and statement.kind not in _ONLY_INSIDE


def can_run_inside(commands: Sequence[Statement]) -> bool:
    """Whether they can run, without their BEGIN and COMMIT, in a transaction of which nothing is kept."""
    frames = sum(Trait.TRANSACTION_FRAME in statement.traits for statement in commands)
    never = NEVER_INSIDE | Trait.NEVER_UNDONE
    return frames % 2 == 0 and not any(statement.traits & never for statement in commands)


def end_first(commands: Sequence[Statement]) -> bool:
    """Whether the first transaction that they control is one that they have not begun."""
    frames = [statement for statement in commands if Trait.TRANSACTION_FRAME in statement.traits]
    return bool(frames) and commits(frames[0])


def may_commit(statement: Statement) -> bool:
    """Whether it may keep what a transaction has done until then: it is about transactions, and no ROLLBACK."""
    return bool(statement.traits & OWN_TRANSACTION) and not statement.text.lower().startswith(("rollback", "abort"))


def commits(statement: Statement) -> bool:
    return Trait.TRANSACTION_FRAME in statement.traits and ends_transaction(statement)


def ends_transaction(statement: Statement) -> bool:
    """Whether it keeps what a transaction has done, perhaps to begin the next one."""
    return bool(statement.traits & OWN_TRANSACTION) and statement.text.lower().startswith(("commit", "end"))


def chains(statement: Statement) -> bool:
    """Whether a statement that ends a transaction begins the next one."""
    return _AND_CHAIN.search(statement.text) is not None
