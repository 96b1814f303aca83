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

    It is read from their scripts and from what they declare. Of one without its file there is only the rollback that
    the ledger has kept (as its down script): what that names tells what it stands on, and what that drops, what it has
    made. Where nothing tells, it depends if the server would let it be dropped along: a program, or behind a CASCADE.
    """
    found: list[tuple[Migration, str]] = []
    for migration in later:
        for other in (of, *(dependent for dependent, _ in found)):
            if why := _why(migration, other):
                found.append((migration, why))
                break
    return found


def _why(later: Migration, earlier: Migration) -> str:
    """Why it depends on it; empty where it does not."""
    if objects := _needed_of(earlier, _known(later)):
        return f"needs {', '.join(map(str, objects))} of {earlier.name}"
    if names := _declared(later, earlier):
        return f"says that it stands on {', '.join(names)} of {earlier.name}"
    if later.up.program is not None or earlier.up.program is not None:
        return f"may need {earlier.name}: they are programs, which cannot be read"
    opaque = effects_of(later.up).opaque
    if opaque and earlier.down and any(effect.cascade for effect in effects_of(earlier.down).effects):
        return f"may need {earlier.name}, whose rollback drops with CASCADE: {opaque[0].place} cannot be read"
    return ""


def _declared(later: Migration, earlier: Migration) -> list[str]:
    """The names by which it is said that it stands on the other: the other's own, or those of its tables."""
    tables = {effect.object.short for effect in effects_of(earlier.up).of(Verb.CREATE)}
    own = {earlier.name, earlier.identity, earlier.version, earlier.part, earlier.name.rpartition(".")[0]}
    return [name for name in later.dependencies if name in tables | own]


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
