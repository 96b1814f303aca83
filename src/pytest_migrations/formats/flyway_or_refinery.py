"""Whose files named ``V1__name.sql`` are: Flyway's or refinery's.

Both look for them at any depth and apply them in the order of their versions, so that a folder of nothing else may be
read as either. But ``U1__name.sql`` undoes V1 in Flyway, and in refinery is a migration of its own.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from pathlib import PurePosixPath

from pytest_migrations.formats.reading.above import files_above
from pytest_migrations.formats.reading.folder import Folder

#: Pairs of .up.sql and .down.sql may have a V and two underscores as well.
_NAME = re.compile(r"(?:[VUB](?P<version>[0-9]+(?:[._][0-9]+)*)|R)__.*(?<!\.up)(?<!\.down)\.sql", re.DOTALL)
_NAMES_REFINERY = re.compile(rb"^[ \t]*(?:\[.*dependencies\.)?refinery\b", re.MULTILINE)


class Owner(Enum):
    """The tool that the names, or the settings beside or above the folder, speak for."""

    FLYWAY = auto()
    REFINERY = auto()
    EITHER = auto()


def candidates(folder: Folder) -> list[str]:
    """The files that are named as both tools want it: in the folder or, where it holds no SQL itself, below it."""
    return [name for name in folder.files or folder.deep_files if _NAME.fullmatch(PurePosixPath(name).name)]


def owner_of(folder: Folder) -> Owner:
    """Settings and manifests have the first word, then names that only one of the two can mean."""
    names = [PurePosixPath(name).name for name in candidates(folder)]
    if any(files_above(folder.path, settings) for settings in ("flyway.conf", "flyway.toml")):
        return Owner.FLYWAY
    if files_above(folder.path, "refinery.toml") or _cargo_names_refinery(folder):
        return Owner.REFINERY
    if any(_only_flyways(folder, name) for name in names):
        return Owner.FLYWAY
    versions, undone = _versions(names, "V"), _versions(names, "U")
    if undone - versions:
        return Owner.REFINERY
    return Owner.FLYWAY if undone else Owner.EITHER


def _cargo_names_refinery(folder: Folder) -> bool:
    manifests = files_above(folder.path, "Cargo.toml")
    return any(_NAMES_REFINERY.search(Folder(path.parent).data(path.name)) for path in manifests)


def _only_flyways(folder: Folder, name: str) -> bool:
    """Repeatable and baseline migrations, versions of several parts, settings of one script."""
    match = _NAME.fullmatch(name)
    assert match is not None
    return name[0] in "RB" or not match["version"].isdecimal() or f"{name}.conf" in folder.other_files


def _versions(names: list[str], letter: str) -> set[int]:
    return {int(match["version"]) for name in names if name[0] == letter and (match := _NAME.fullmatch(name))}
