"""What files are to be called so that their versions are in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pytest_migrations.migration import Migration

Renames = tuple[tuple[str, str], ...]


def renames(ordered: Sequence[Migration], moving: Collection[int], order: Sequence[int]) -> dict[int, Renames]:
    """For each number that moves the files to rename: itself, where a version is free there, or all on its way.

    ``ordered`` are the migrations in the new ``order`` of their old numbers.
    """
    versions = [migration.version for migration in ordered]
    if not all(version.isdecimal() for version in versions) or any(migration.part for migration in ordered):
        return {}
    found: dict[int, Renames] = {}
    for number in moving:
        at = list(order).index(number)
        free = _free_version(versions, at)
        found[number] = _one(ordered[at], free) if free else _shifted(ordered, at, number)
    return found


def _free_version(versions: Sequence[str], at: int) -> str:
    """A version between those of its new neighbours, empty where there is none."""
    before = int(versions[at - 1]) if at else -1
    version = before + 1
    if at + 1 < len(versions) and version >= int(versions[at + 1]):
        return ""
    return str(version).zfill(len(versions[at]))


def _one(migration: Migration, version: str) -> Renames:
    return ((migration.name, migration.name.replace(migration.version, version, 1)),)


def _shifted(ordered: Sequence[Migration], at: int, number: int) -> Renames:
    """Those between its old place and its new one take each the version of the next, and it takes the last."""
    low, high = sorted((at, number))
    versions = sorted((ordered[index].version for index in range(low, high + 1)), key=int)
    return tuple(
        pair
        for index, version in zip(range(low, high + 1), versions, strict=True)
        for pair in _one(ordered[index], version)
        if pair[0] != pair[1]
    )
