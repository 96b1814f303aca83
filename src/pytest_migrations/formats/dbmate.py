"""Marked sections of dbmate: ``-- migrate:up`` and ``-- migrate:down`` in one file.

As dbmate 2 reads it (pkg/dbmate/migration.go, db.go): a file holds one or more pairs of sections, up before down, each
sent as one message and each in a transaction of its own unless its marker says ``transaction:false``; the down sections
run in the order of the file, not backwards. Markers are lines, whether inside a string or not. Files are sorted by
name, as text, and the version is the number that the name begins with.
"""

from __future__ import annotations

import re
from itertools import cycle
from typing import TYPE_CHECKING

from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.folder import mistake
from pytest_migrations.formats.reading.marked_sections import blanked, first_line_of_sql, sections
from pytest_migrations.formats.reading.order import misleading_text_order, textual_duplicates, untaken, version_of
from pytest_migrations.formats.writing.draft import NewFiles
from pytest_migrations.formats.writing.versions import TIMESTAMP, next_stem
from pytest_migrations.migration import Migration, Script

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.reading.marked_sections import Section
    from pytest_migrations.formats.writing.draft import Draft

_NAME = re.compile(r"[0-9]+.*\.sql", re.DOTALL)
_MARKER = re.compile(r"^--[ \t]*migrate:(?P<direction>up|down)(?P<options>[ \t][^\r\n]*)?(?=\r?$)", re.MULTILINE)
_EVIDENCE = re.compile(rb"^--[ \t]*migrate:(?:up|down)(?:\s|$)", re.MULTILINE)
_EXAMPLE = (
    "dbmate wants in each file:\n\n    -- migrate:up\n    CREATE TABLE ...;\n\n    -- migrate:down\n    DROP TABLE ...;"
)


def _named(folder: Folder) -> list[str]:
    return [name for name in folder.files if _NAME.fullmatch(name)]


def _evidence(folder: Folder) -> list[str]:
    return [name for name in _named(folder) if _EVIDENCE.search(folder.data(name))]


def _read(folder: Folder) -> Reading:
    names = _named(folder)
    migrations = [_migration(folder, name) for name in names]
    by_version = sorted(migrations, key=lambda migration: migration.version)
    problems = [
        *textual_duplicates(by_version),
        *misleading_text_order(migrations, "dbmate"),
        *untaken(folder, names, "NNN_name.sql (a number first)"),
    ]
    return Reading(migrations, problems)


def _migration(folder: Folder, name: str) -> Migration:
    path, source = folder.path / name, folder.text(name)
    pairs = _pairs(path, source)
    return Migration(
        version=version_of(name),
        name=name,
        up=_script(path, source, pairs[::2]),
        down=_script(path, source, pairs[1::2]),
    )


def _pairs(path: Path, source: str) -> list[Section]:
    """The sections of a file: up, down, up, down, ..."""
    found = sections(source, _MARKER)
    if not found:
        raise mistake(path, source, 0, "this file has no '-- migrate:up'", _EXAMPLE)
    if (offset := first_line_of_sql(source[: found[0].start])) is not None:
        raise mistake(path, source, offset, "SQL before '-- migrate:up'", _EXAMPLE)
    for section, expected in zip(found, cycle(("up", "down")), strict=False):
        if section.marker["direction"] != expected:
            what = "a second '-- migrate:up' without a '-- migrate:down' before it"
            if expected == "up":
                what = "'-- migrate:down' without a '-- migrate:up' before it"
            raise mistake(path, source, section.start, what, _EXAMPLE)
    if len(found) % 2:
        raise mistake(path, source, found[-1].start, "'-- migrate:up' without a '-- migrate:down' behind it", _EXAMPLE)
    return found


def _script(path: Path, source: str, kept: list[Section]) -> Script:
    options = [option for section in kept for option in (section.marker["options"] or "").split()]
    return Script(path, source, blanked(source, kept), transactional="transaction:false" not in options)


def _write(folder: Folder, draft: Draft) -> NewFiles:
    stem = next_stem(folder.files, draft, TIMESTAMP, "_-", text_order_of="dbmate")
    option = "" if draft.transactional else " transaction:false"
    text = f"-- migrate:up{option}\n{draft.up}\n-- migrate:down{option}\n{draft.down}"
    return NewFiles({f"{stem}.sql": text})


DBMATE = Format(
    name="dbmate",
    looks_like="NNN_name.sql with '-- migrate:up' and '-- migrate:down' inside (dbmate)",
    evidence=_evidence,
    read=_read,
    write=_write,
)
