"""Looks at what a run is about to apply before it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.validate import Finding, Severity, validate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.migration import History, Migration


class FindingsError(UserError):
    """What is to be run would break, or the way back would."""

    is_verdict = True


@dataclass(frozen=True)
class Validated:
    """Told when nothing in what is to be run would break, of so many migrations in all."""

    migrations: int
    #: Of those that are to be run: what would not break, and is hardly meant.
    warnings: tuple[Finding, ...]


def validate_before(history: History, wanted: Sequence[Migration]) -> Validated:
    """Validate the history: what is found in migrations that are applied already stops nobody.

    :raises FindingsError: with what would break in those to be run, or in the folder.
    """
    validation = validate(history)
    names = {migration.name for migration in wanted} | {""}
    found = [finding for finding in validation.findings if finding.migration in names]
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    if errors:
        count = f"{len(errors)} findings" if len(errors) > 1 else "1 finding"
        order = ""
        if validation.suggested_order:
            order = "\nAnother order works: `pytest-migrations validate` shows it, and what to rename for it."
        raise FindingsError("\n\n".join([*map(str, errors), f"Nothing was changed: {count}.{order}"]))
    return Validated(len(history), tuple(found))
