"""Which transactions the statements of a script can be in, and which they control themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.sql.traits import Trait

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.migration import Statement

#: The script's own BEGIN, COMMIT and ROLLBACK.
OWN_TRANSACTION = Trait.TRANSACTION_FRAME | Trait.TRANSACTION_CONTROL
#: What no transaction that somebody else began can hold.
NEVER_INSIDE = Trait.OUTSIDE_TRANSACTION | Trait.TRANSACTION_CONTROL


def fit_in_transaction(commands: Sequence[Statement]) -> bool:
    """Whether one transaction around all can hold them as they are."""
    return not any(statement.traits & (NEVER_INSIDE | Trait.TRANSACTION_FRAME) for statement in commands)


def can_run_inside(commands: Sequence[Statement]) -> bool:
    """Whether they can run, without their BEGIN and COMMIT, in a transaction of which nothing is kept."""
    frames = sum(Trait.TRANSACTION_FRAME in statement.traits for statement in commands)
    never = NEVER_INSIDE | Trait.NEVER_UNDONE
    return frames % 2 == 0 and not any(statement.traits & never for statement in commands)


def end_first(commands: Sequence[Statement]) -> bool:
    """Whether the first transaction that they control is one that they have not begun."""
    frames = [statement for statement in commands if Trait.TRANSACTION_FRAME in statement.traits]
    return bool(frames) and commits(frames[0])


def commits(statement: Statement) -> bool:
    return Trait.TRANSACTION_FRAME in statement.traits and statement.text.lower().startswith(("commit", "end"))
