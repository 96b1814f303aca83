"""What files are to be called so that their versions are in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pytest_migrations.migration import Migration


def renames(ordered: Sequence[Migration], moving: Collection[Migration]) -> tuple[tuple[str, str], ...]:
    """The old and new names of the files to rename: those that move, where there are free versions, or all on the way.

    ``ordered`` are all migrations in the order that is wanted. Empty where versions are no numbers.
    """
    if not all(migration.version.isdecimal() and not migration.part for migration in ordered):
        return ()
    versions = _with_free_ones(ordered, moving) or sorted((m.version for m in ordered), key=int)
    pairs = zip(ordered, versions, strict=True)
    return tuple((m.name, m.name.replace(m.version, version, 1)) for m, version in pairs if version != m.version)


def _with_free_ones(ordered: Sequence[Migration], moving: Collection[Migration]) -> list[str]:
    """The versions of those that stay, and for each that moves the next free one; empty where one finds none."""
    staying = [int(migration.version) for migration in ordered if migration not in moving]
    versions: list[str] = []
    last = -1
    for migration in ordered:
        number = last + 1 if migration in moving else int(migration.version)
        behind = next((other for other in staying if other > last), None)
        if migration in moving and behind is not None and number >= behind:
            return []
        versions.append(str(number).zfill(len(migration.version)) if migration in moving else migration.version)
        last = number
    return versions
