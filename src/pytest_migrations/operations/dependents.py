"""Which applied migrations depend on one that is to be rolled back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_migrations.effects import Verb, depends_on, effects_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.effects import Named
    from pytest_migrations.migration import Migration


def dependents(of: Migration, later: Sequence[Migration]) -> list[tuple[Migration, str]]:
    """Those of the ``later`` ones, in their order, that depend on it or on another of them that does, each with why.

    It is read from their scripts. Of one without its file there is only the rollback that the ledger has kept (as its
    down script): what that names tells what it stands on, and what that drops, what it has made.
    """
    found: list[tuple[Migration, str]] = []
    for migration in later:
        for other in (of, *(dependent for dependent, _ in found)):
            if objects := _needed_of(other, _known(migration)):
                found.append((migration, f"{', '.join(map(str, objects))} of {other.name}"))
                break
    return found


def _needed_of(earlier: Migration, later: Migration) -> tuple[Named, ...]:
    if not _is_without_file(earlier):
        return depends_on(later, earlier)
    assert earlier.down is not None
    made = {effect.object.key for effect in effects_of(earlier.down).of(Verb.DROP)}
    return tuple({e.object.key: e.object for e in effects_of(later.up).effects if e.object.key in made}.values())


def _known(migration: Migration) -> Migration:
    """With what is known of its scripts in place of the one that is not."""
    return replace(migration, up=migration.down) if migration.down and _is_without_file(migration) else migration


def _is_without_file(migration: Migration) -> bool:
    return not migration.up.written and migration.down is not None
