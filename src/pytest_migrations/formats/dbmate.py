"""Marked sections of dbmate: ``-- migrate:up`` and ``-- migrate:down`` in one file.

As dbmate 2 reads it (pkg/dbmate/migration.go, db.go): a file holds one or more pairs of sections, up before down, each
sent as one message and each in a transaction of its own unless its marker says ``transaction:false``; the down sections
run in the order of the file, not backwards. Markers are lines, whether inside a string or not. Files are sorted by
name, as text, and the version is the number that the name begins with.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.errors import UserError
from pytest_migrations.formats.folder import place_in
from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.order import misleading_text_order, textual_duplicates, untaken
from pytest_migrations.migration import Migration, Script

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_migrations.formats.folder import Folder

_NAME = re.compile(r"[0-9]+.*\.sql", re.DOTALL)
_MARKER = re.compile(r"^--[ \t]*migrate:(?P<direction>up|down)(?P<options>[ \t][^\r\n]*)?(?=\r?$)", re.MULTILINE)
_EVIDENCE = re.compile(rb"^--[ \t]*migrate:(?:up|down)(?:\s|$)", re.MULTILINE)
_NO_SQL = re.compile(r"\s*(?:--.*)?")
_EXAMPLE = (
    "dbmate wants in each file:\n\n    -- migrate:up\n    CREATE TABLE ...;\n\n    -- migrate:down\n    DROP TABLE ...;"
)


class _Section(NamedTuple):
    direction: str
    options: list[str]
    start: int
    #: Behind the marker.
    body: int
    end: int


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
    sections = _sections(path, source)
    return Migration(
        version=name[: len(name) - len(name.lstrip("0123456789"))],
        name=name,
        up=_script(path, source, [section for section in sections if section.direction == "up"]),
        down=_script(path, source, [section for section in sections if section.direction == "down"]),
    )


def _sections(path: Path, source: str) -> list[_Section]:
    markers = list(_MARKER.finditer(source))
    if not markers:
        raise _error(path, source, 0, "this file has no '-- migrate:up'")
    _check_no_sql_before(path, source, markers[0].start())
    ends = [*(marker.start() for marker in markers[1:]), len(source)]
    sections = [
        _Section(marker["direction"], (marker["options"] or "").split(), marker.start(), marker.end(), end)
        for marker, end in zip(markers, ends, strict=True)
    ]
    expected = "up"
    for section in sections:
        if section.direction != expected:
            what = "a second '-- migrate:up' without a '-- migrate:down' before it"
            if section.direction == "down":
                what = "'-- migrate:down' without a '-- migrate:up' before it"
            raise _error(path, source, section.start, what)
        expected = "down" if expected == "up" else "up"
    if expected == "down":
        raise _error(path, source, sections[-1].start, "'-- migrate:up' without a '-- migrate:down' behind it")
    return sections


def _check_no_sql_before(path: Path, source: str, first: int) -> None:
    offset = 0
    for line in source[:first].split("\n"):
        if not _NO_SQL.fullmatch(line):
            raise _error(path, source, offset + len(line) - len(line.lstrip()), "SQL before '-- migrate:up'")
        offset += len(line) + 1


def _script(path: Path, source: str, sections: list[_Section]) -> Script:
    """The sections at their lines, with the rest blanked; markers become ``;``, as each section is sent for itself."""
    text, behind = "", 0
    for section in sections:
        text += "\n" * source.count("\n", behind, section.start) + ";" + source[section.body : section.end]
        behind = section.end
    transactional = not any("transaction:false" in section.options for section in sections)
    return Script(path, source, text, transactional=transactional)


def _error(path: Path, source: str, offset: int, what: str) -> UserError:
    place = place_in(path, source, offset)
    return UserError(f"{place}: {what}\n{place.excerpt()}\n{_EXAMPLE}")


DBMATE = Format(
    name="dbmate",
    looks_like="NNN_name.sql with '-- migrate:up' and '-- migrate:down' inside (dbmate)",
    evidence=_evidence,
    read=_read,
)
