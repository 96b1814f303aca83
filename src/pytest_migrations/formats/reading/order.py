"""Problems of a folder's names: versions given twice, an order that misleads, files that no tool takes."""

from __future__ import annotations

import re
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from pytest_migrations.formats.reading.folder import is_seed
from pytest_migrations.migration import InCode, Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.migration import Migration

_ANY_NAME = re.compile(r".*", re.DOTALL)
#: Versions of so many digits are dates or timestamps.
DATE_DIGITS = len("20260120")


def version_of(name: str) -> str:
    """The number that a file's name begins with, or all of the name where there is none, for tools that need none."""
    return name[: len(name) - len(name.lstrip("0123456789"))] or name.removesuffix(".sql")


def in_numeric_order(migrations: Iterable[Migration]) -> list[Migration]:
    """By the numbers of the version; two of one version by name, so that the order is the same on every machine."""
    return sorted(migrations, key=lambda migration: (numbers(migration.version), migration.name))


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version: 7 of 007, and 3, 4, 0 and 50 of 03.04.00_50."""
    return tuple(map(int, re.split(r"[._]", version)))


def numeric_duplicates(migrations: Sequence[Migration]) -> Iterator[Problem]:
    """Versions given twice; ``7_a`` and ``007_b`` are both 7. ``migrations`` must be in order."""
    for _, group in groupby(migrations, key=lambda migration: numbers(migration.version)):
        yield from _one_version(list(group))


def textual_duplicates(migrations: Sequence[Migration]) -> Iterator[Problem]:
    """Versions given twice in a tool that compares them as text. ``migrations`` must be in order of the version."""
    for _, group in groupby(migrations, key=lambda migration: migration.version):
        yield from _one_version(list(group))


def misleading_text_order(migrations: Sequence[Migration], tool: str) -> Iterator[Problem]:
    """Neighbours whose numbers say another order than their text, in a tool that sorts as text.

    Timestamps of different precision are not meant: 20260120 is before 202601201530 and 20260121 as text and as time.
    """
    for first, second in pairwise(migrations):
        if not (first.version.isdecimal() and second.version.isdecimal()):
            continue
        counted = min(len(first.version), len(second.version)) < DATE_DIGITS
        if counted and int(first.version) > int(second.version):
            yield Problem(
                second.path,
                f"{tool} sorts versions as text and so applies {first.name} before {second.name}: "
                "give all versions as many digits.",
            )


def unaddressable(migrations: Iterable[Migration]) -> Iterator[Problem]:
    """Names that would end the path in a test's id (pytest docs, "Selecting tests by node ID")."""
    for migration in migrations:
        path = migration.name.removesuffix(f"::{migration.part}")
        if found := [mark for mark in ("::", "[") if mark in path or mark in migration.part]:
            yield Problem(
                migration.path,
                f"{migration.name} has {' and '.join(found)} in its name, where pytest takes an id apart: rename it.",
            )


def untaken(
    folder: Folder,
    taken: Iterable[str],
    expected: str,
    only: re.Pattern[str] = _ANY_NAME,
    among: Iterable[str] | None = None,
) -> Iterator[Problem]:
    """The ``.sql`` files (named like ``only``) that belong to no migration: whoever wrote them thinks that they run.

    ``among``: where the tool looks, if that is not just in the folder itself. Rows for the tests are meant to be there.
    """
    known = set(taken)
    for name in folder.files if among is None else among:
        if name not in known and only.fullmatch(name) and not is_seed(name):
            yield Problem(
                folder.path / name,
                f"{name} is not run, since its name is not {expected}: rename it, or move it out of this folder.",
            )


def among(paths: Mapping[Path, Any], places: Collection[Any]) -> list[InCode]:
    """Migrations in code, by what says their places in the order, among others that have these ``places``."""
    return [InCode(path, sum(other < place for other in places)) for path, place in paths.items()]


def some(names: Sequence[str]) -> str:
    """The first names of a list, and how many there are beside them."""
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _one_version(group: list[Migration]) -> Iterator[Problem]:
    for migration in group[1:]:
        yield Problem(
            migration.path,
            f"{migration.name} has the version {migration.version}, and so has {group[0].name}: "
            "which of them is to run first cannot be told. Give one of them a version of its own.",
        )
