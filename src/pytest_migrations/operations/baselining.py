"""Begins the ledger of a database that has migrations already, which somebody else has applied."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.formats.reading.order import some
from pytest_migrations.operations.correction import Correction
from pytest_migrations.operations.ledger import Ledger
from pytest_migrations.operations.marking import as_applied
from pytest_migrations.operations.standing import standings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pytest_migrations.foreign_ledgers import Said
    from pytest_migrations.migration import History, Migration
    from pytest_migrations.operations.entry import Entry


def to_baseline(
    history: History, entries: Mapping[str, Entry], to: str | None, said: Said | None = None
) -> list[Correction]:
    """What is to count as applied: all up to and including the version (or name) ``to``, else what a tool has said.

    :raises UserError: where neither tells, there is no such version, the ledger knows of applied ones already, or the
        other tool has left one half-way or has applied what the folder does not have.
    """
    if applied := [standing.name for standing in standings(history, entries) if standing.is_in_database]:
        raise UserError(
            f"The ledger has begun: by it this database has {some(applied)} already, wholly or in part (see "
            "pytest-migrations status). To say of a single one that it is applied: "
            "pytest-migrations mark FILE --applied"
        )
    if to is not None:
        try:
            return [_applied(migration) for migration in history.migrations[: history.position_of(to)]]
        except LookupError as error:
            raise UserError(f"--to {to}: {error}") from None
    if said is None:
        raise UserError(
            "No other tool has a ledger here that tells of these migrations. Say which one was the last that this "
            f"database has: --to {history.migrations[-1].version} where it has all of them."
        )
    _refuse_doubts(said)
    changed = said.taken.changed
    return [_applied(m, at, said.by, is_changed=m in changed) for m, at in said.taken.applied.items()]


def _refuse_doubts(said: Said) -> None:
    if said.taken.failed:
        name, why = next((migration.name, why) for migration, why in said.taken.failed.items())
        raise UserError(
            f"{name}: {why}. Nothing was changed. Bring the database into the state before or behind it by hand, and "
            "let the other tool know; or say with --to VERSION which migration was the last."
        )
    if said.taken.unknown:
        raise UserError(
            f"{said.ledger.tool.name} has applied what no file of this folder is: {some(said.taken.unknown)}. Nothing "
            "was changed. Put the files back (is this the right branch?), or say with --to VERSION which migration was "
            "the last."
        )


def _applied(
    migration: Migration, at: datetime | None = None, by: str | None = None, *, is_changed: bool = False
) -> Correction:
    entry = as_applied(migration, at, by)
    if is_changed:
        entry = replace(entry, checksum="of another file")
    when = f" {at.astimezone():%Y-%m-%d %H:%M:%S}" if at else ""
    note = ", from a file that was another one then" if is_changed else ""
    return Correction(f"{migration.name}: applied{when}{note}", partial(Ledger.write, entry=entry))
