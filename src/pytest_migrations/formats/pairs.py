"""Two files per migration: ``X.up.sql`` and ``X.down.sql`` (golang-migrate, sqlx and the like).

Versions are numbers, and up and down find each other by the number, as in golang-migrate 4 (source/migration.go) and
sqlx 0.8 (migrate/source.rs); the rest of the name only decides where a number is given twice. A letter V before the
number, and ``.`` or ``-`` behind it, are what home-made readers of such pairs allow. ``_up.sql`` / ``_down.sql`` is
taken for the ending where no file of the folder ends in ``.up.sql`` and at least one has its partner.

``NNN_name.sql`` in such a folder is applied by sqlx, as a migration without rollback, and passed over by
golang-migrate; we apply it and say so. But a pair that ends in ``_up.sql`` and ``_down.sql`` where others end in
``.up.sql`` is a slip of the pen, which no tool runs as it was meant: we pass over it and say so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.pop import names_a_database
from pytest_migrations.formats.reading.order import in_numeric_order, numeric_duplicates, untaken
from pytest_migrations.formats.writing.draft import NewFiles
from pytest_migrations.formats.writing.versions import TIMESTAMP, next_stem
from pytest_migrations.migration import Migration, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.writing.draft import Draft
    from pytest_migrations.migration import Script

_DOTTED = re.compile(r"(?P<stem>[Vv]?(?P<version>[0-9]+)(?:[_.-].*)?)\.(?P<direction>up|down)\.sql", re.DOTALL)
_UNDERSCORED = re.compile(r"(?P<stem>[Vv]?(?P<version>[0-9]+)(?:[_.-].*)?)_(?P<direction>up|down)\.sql", re.DOTALL)
_SIMPLE = re.compile(r"(?P<stem>(?P<version>[0-9]+)_.*)\.sql", re.DOTALL)

#: sqlx looks at nothing but the first characters of the file.
_NO_TRANSACTION = "-- no-transaction"


class _File(NamedTuple):
    name: str
    stem: str
    number: int


class _Files(NamedTuple):
    ups: list[_File]
    downs: list[_File]
    simple: list[_File]
    slips: list[_File]


def _files(folder: Folder) -> _Files:
    ending = _DOTTED if any(_DOTTED.fullmatch(name) for name in folder.files) else _UNDERSCORED
    files = _Files([], [], [], [])
    for name in folder.files:
        if match := ending.fullmatch(name):
            kind = files.ups if match["direction"] == "up" else files.downs
            kind.append(_File(name, match["stem"], int(match["version"])))
        elif (match := _UNDERSCORED.fullmatch(name)) and _partner(match) in folder.files:
            files.slips.append(_File(name, match["stem"], int(match["version"])))
        elif match := _SIMPLE.fullmatch(name):
            files.simple.append(_File(name, match["stem"], int(match["version"])))
    return files


def _partner(match: re.Match[str]) -> str:
    return f"{match['stem']}_{'down' if match['direction'] == 'up' else 'up'}.sql"


def _evidence(folder: Folder) -> list[str]:
    files = _files(folder)
    if any(_DOTTED.fullmatch(file.name) for file in [*files.ups, *files.downs]):
        names = [file.name for file in files.ups] or [file.name for file in files.downs]
        return [name for name in names if not names_a_database(name)]
    # A file called 003_scale_up.sql is no half of a pair.
    partners = {file.stem for file in files.downs}
    return [file.name for file in files.ups if file.stem in partners]


def _read(folder: Folder) -> Reading:
    files = _files(folder)
    downs = dict(_partners(files))
    ups = [*files.ups, *files.simple]
    migrations = in_numeric_order(
        Migration(str(up.number), up.name, _script(folder, up), _script(folder, downs[up]) if up in downs else None)
        for up in ups
    )
    taken = [file.name for kind in files for file in kind]
    problems = [
        *numeric_duplicates(migrations),
        *_orphans(folder, files, downs),
        *_without_direction(folder, files),
        *_slips(folder, files),
        *untaken(folder, taken, "NNN_name.up.sql or NNN_name.down.sql"),
    ]
    return Reading(migrations, problems)


def _partners(files: _Files) -> Iterator[tuple[_File, _File]]:
    """Each up file with its down file: that of its own name, or else the only one of its number."""
    by_stem = {down.stem: down for down in files.downs}
    spoken_for = {up.stem for up in files.ups}
    for up in files.ups:
        free = [down for down in files.downs if down.number == up.number and down.stem not in spoken_for]
        same_number = [other for other in files.ups if other.number == up.number]
        if up.stem in by_stem:
            yield up, by_stem[up.stem]
        elif len(free) == len(same_number) == 1:
            yield up, free[0]


def _script(folder: Folder, file: _File) -> Script:
    return folder.script(file.name, transactional=not folder.text(file.name).startswith(_NO_TRANSACTION))


def _orphans(folder: Folder, files: _Files, downs: dict[_File, _File]) -> Iterator[Problem]:
    used = set(downs.values())
    for down in files.downs:
        if down not in used:
            yield Problem(
                folder.path / down.name,
                f"{down.name} rolls back nothing: there is no {down.stem}"
                f"{down.name[len(down.stem)]}up.sql beside it. Add that file, or delete this one.",
            )


def _without_direction(folder: Folder, files: _Files) -> Iterator[Problem]:
    for file in files.simple:
        yield Problem(
            folder.path / file.name,
            f"{file.name} has neither .up nor .down in its name, unlike the others: sqlx applies such a file, "
            f"golang-migrate passes over it. Call it {file.stem.removesuffix('_up')}.up.sql.",
        )


def _slips(folder: Folder, files: _Files) -> Iterator[Problem]:
    for file in files.slips:
        right = f"{file.stem}.{file.name[len(file.stem) + 1 :]}"
        yield Problem(
            folder.path / file.name,
            f"{file.name} is passed over: the others end in .up.sql and .down.sql. Call it {right}.",
        )


def _write(folder: Folder, draft: Draft) -> NewFiles:
    files = _files(folder)
    newest = max((file for kind in files for file in kind), key=lambda file: file.number, default=None)
    letter = newest.name[0] if newest and newest.name[0] in "Vv" else ""
    names = (name[1:] if name[0] in "Vv" else name for name in (*folder.files, *folder.other_files))
    stem = letter + next_stem(names, draft, TIMESTAMP, "_-.")
    dot = "." if not files.ups or _DOTTED.fullmatch(files.ups[0].name) else "_"
    marker = "" if draft.transactional else f"{_NO_TRANSACTION}\n"
    return NewFiles({f"{stem}{dot}up.sql": marker + draft.up, f"{stem}{dot}down.sql": marker + draft.down})


PAIRS = Format(
    name="pairs",
    looks_like="NNN_name.up.sql with NNN_name.down.sql beside it (golang-migrate, sqlx)",
    evidence=_evidence,
    read=_read,
    write=_write,
)
