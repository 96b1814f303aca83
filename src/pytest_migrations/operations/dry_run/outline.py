"""What a plan comes to: how many statements each migration has, and which of them no transaction can hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_migrations.sql.framing import NEVER_INSIDE, fit_in_transaction
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from pytest_migrations.migration import Migration, Script, Statement


@dataclass(frozen=True)
class Outline:
    """How a script is going to run."""

    migration: Migration
    #: None of a program, which has as many as it sends.
    statements: int | None
    #: Whether all of it is kept, or nothing.
    in_one_transaction: bool
    #: Those that no transaction can hold.
    outside: tuple[Statement, ...]


def outline(migration: Migration, script: Script) -> Outline:
    """How a script of a migration is going to run."""
    commands = statements(script)
    return Outline(
        migration,
        len(commands) if script.program is None else None,
        script.transactional and fit_in_transaction(commands),
        tuple(statement for statement in commands if statement.traits & NEVER_INSIDE),
    )
