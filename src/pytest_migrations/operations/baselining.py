"""Begins the ledger of a database that has migrations already, which somebody else has applied."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.operations.correction import Correction
from pytest_migrations.operations.ledger import Ledger
from pytest_migrations.operations.marking import as_applied
from pytest_migrations.operations.standing import standings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.migration import History
    from pytest_migrations.operations.entry import Entry


def to_baseline(history: History, entries: Mapping[str, Entry], to: str | None) -> list[Correction]:
    """The migrations up to and including the version (or name) ``to``, or all, are to count as applied.

    :raises UserError: where there is no such version, or the ledger knows of applied ones already.
    """
    if applied := [standing.name for standing in standings(history, entries) if standing.is_in_database]:
        raise UserError(
            f"The ledger has {len(applied)} applied migrations already, the last is {applied[-1]}. To say of a single "
            "one that it is applied: pytest-migrations mark FILE --applied"
        )
    try:
        position = len(history) if to is None else history.position_of(to)
    except LookupError as error:
        raise UserError(f"--to {to}: {error}") from None
    return [
        Correction(f"{migration.name}: applied", partial(Ledger.write, entry=as_applied(migration)))
        for migration in history.migrations[:position]
    ]
