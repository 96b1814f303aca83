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
    from datetime import datetime

    from pytest_migrations.foreign_ledgers import Taken
    from pytest_migrations.migration import History, Migration
    from pytest_migrations.operations.entry import Entry


def to_baseline(
    history: History, entries: Mapping[str, Entry], to: str | None, taken: Taken | None = None
) -> list[Correction]:
    """What is to count as applied: what another tool has ``taken`` there, else all up to and including ``to``, or all.

    :raises UserError: where there is no such version, the ledger knows of applied ones already, or the other tool has
        left one half-way.
    """
    if applied := [standing.name for standing in standings(history, entries) if standing.is_in_database]:
        raise UserError(
            f"The ledger has {len(applied)} applied migrations already, the last is {applied[-1]}. To say of a single "
            "one that it is applied: pytest-migrations mark FILE --applied"
        )
    if taken is not None and to is None:
        if taken.failed:
            name, why = next((migration.name, why) for migration, why in taken.failed.items())
            raise UserError(
                f"{name}: {why}. Nothing was changed. Bring the database into the state before or behind it by hand, "
                "and let the other tool know; or say with --to VERSION which migration was the last."
            )
        return [_applied(migration, at) for migration, at in taken.applied.items()]
    try:
        position = len(history) if to is None else history.position_of(to)
    except LookupError as error:
        raise UserError(f"--to {to}: {error}") from None
    return [_applied(migration) for migration in history.migrations[:position]]


def _applied(migration: Migration, at: datetime | None = None) -> Correction:
    when = f" {at.astimezone():%Y-%m-%d %H:%M:%S}" if at else ""
    return Correction(f"{migration.name}: applied{when}", partial(Ledger.write, entry=as_applied(migration, at)))
