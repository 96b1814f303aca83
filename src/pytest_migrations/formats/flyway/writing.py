"""A new migration of Flyway's: ``V8__name.sql``, its undo, and the ``.conf`` that says that it has no transaction."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pytest_migrations.formats.flyway_or_refinery import Owner, candidates, owner_of
from pytest_migrations.formats.writing.draft import NewFiles
from pytest_migrations.formats.writing.versions import following

if TYPE_CHECKING:
    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.writing.draft import Draft

_VERSION = re.compile(r"[VUB](?P<version>[0-9]+(?:[._][0-9]+)*)__.*\.\w+", re.DOTALL)
_NO_UNDO = (
    "These names are Flyway's and refinery's alike, and to refinery U{version}__... would be one more migration: no "
    "rollback was written. With --format=flyway there is one."
)
_OWN_LOCK = (
    "Flyway's own lock would keep CREATE INDEX CONCURRENTLY waiting for ever: set "
    "flyway.postgresql.transactional.lock=false."
)


def write(folder: Folder, draft: Draft) -> NewFiles:
    """The files of the next version, beside those of the newest one."""
    names = (*folder.deep_files, *folder.other_files)
    taken = {name: match["version"] for name in names if (match := _VERSION.fullmatch(PurePosixPath(name).name))}
    version = following(taken.values(), draft.moment, "1", key=_parts)
    newest = max(taken, key=lambda name: _parts(taken[name]), default="")
    place = PurePosixPath(newest).parent
    up, undo = (str(place / f"{letter}{version}__{draft.name}.sql") for letter in "VU")
    files, notes = {up: draft.up}, []
    if draft.format_is_named or not candidates(folder) or owner_of(folder) is Owner.FLYWAY:
        files[undo] = draft.down
    else:
        notes.append(_NO_UNDO.format(version=version))
    if not draft.transactional:
        files |= {f"{name}.conf": "executeInTransaction=false\n" for name in files}
        notes.append(_OWN_LOCK)
    return NewFiles(files, notes)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.split(r"[._]", version))
