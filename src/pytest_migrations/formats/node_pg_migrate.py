"""Marked sections of node-pg-migrate: ``-- Up Migration`` and ``-- Down Migration`` in one file.

As node-pg-migrate 10 reads it (src/sqlMigration.ts, migrationLoader.ts, utils/fileNameUtils.ts): either section may
come first, and the first marker of each counts. A file without markers is applied as a whole, and so is, to the
surprise of whoever wrote it, one with a Down marker only; what stands above both is never run. Files are sorted by the
number that they begin with, of which one with 17 digits is a moment (UTC) in place of milliseconds.

Where there is an ``X.up.sql`` or ``X.down.sql``, the folder is taken to be for the loader "sql" of version 10, to which
they are one migration. Migrations in JavaScript and TypeScript are left out.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from itertools import groupby
from typing import TYPE_CHECKING

from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.folder import mistake
from pytest_migrations.formats.reading.marked_sections import Section, blanked, first_statement, sections
from pytest_migrations.formats.reading.order import among, numeric_duplicates, untaken, version_of
from pytest_migrations.formats.writing.draft import NewFiles, check_transactional
from pytest_migrations.formats.writing.versions import next_stem
from pytest_migrations.migration import Migration, Problem, Script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.errors import UserError
    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.writing.draft import Draft

_NAME = re.compile(r"(?P<number>[0-9]+).*\.sql", re.DOTALL | re.IGNORECASE)
_CODE = re.compile(r"[0-9].*\.[cm]?[jt]s", re.DOTALL | re.IGNORECASE)
_UP, _DOWN = ".up.sql", ".down.sql"
_MOMENT_DIGITS = len("20200513070724505")

_MARKER = re.compile(r"^\s*(?P<mark>--)[\s-]*(?P<direction>up|down)\s+migration[^\r\n]*", re.MULTILINE | re.IGNORECASE)
_EVIDENCE = re.compile(rb"^[ \t]*--[ \t-]*up[ \t]+migration", re.MULTILINE | re.IGNORECASE)
#: Halves of pairs, and files with the marks of other formats, may well have such a comment.
_HALF = re.compile(r".*[._](?:up|down)\.sql", re.DOTALL)
_OTHERS = re.compile(
    rb"^[ \t]*--[ \t]*(?:\+goose|\+migrate|migrate:|rambler|rollback\b|migration[ \t]+[0-9])",
    re.MULTILINE | re.IGNORECASE,
)
_EXAMPLE = (
    "node-pg-migrate wants in each file:\n\n    -- Up Migration\n    CREATE TABLE ...;\n\n"
    "    -- Down Migration\n    DROP TABLE ...;"
)


def _named(folder: Folder) -> list[str]:
    return [name for name in folder.files if _NAME.fullmatch(name)]


def _evidence(folder: Folder) -> list[str]:
    return [name for name in _named(folder) if not _HALF.fullmatch(name) and _is_marked(folder.data(name))]


def _is_marked(data: bytes) -> bool:
    return bool(_EVIDENCE.search(data)) and not _OTHERS.search(data)


def _read(folder: Folder) -> Reading:
    names = _named(folder)
    migrations = sorted(
        (_migration(folder, name) for name in names if not name.endswith(_DOWN)),
        key=lambda migration: _place_in_order(migration.name),
    )
    problems = [
        *numeric_duplicates(migrations),
        *_wrong_halves(folder, names),
        *untaken(folder, names, "NNN_name.sql (a number first)"),
    ]
    code = {folder.path / name: _place_in_order(name) for name in folder.other_files if _CODE.fullmatch(name)}
    places = [_place_in_order(migration.name) for migration in migrations]
    return Reading(migrations, problems, in_code=among(code, places))


def _place_in_order(name: str) -> tuple[int, str]:
    digits = version_of(name)
    if len(digits) == _MOMENT_DIGITS:
        try:
            moment = datetime.strptime(digits + "000", "%Y%m%d%H%M%S%f").replace(tzinfo=timezone.utc)
            return round(moment.timestamp() * 1000), name
        except ValueError:  # no date at all
            pass
    return int(digits), name


def _migration(folder: Folder, name: str) -> Migration:
    number = _NAME.fullmatch(name)
    assert number is not None
    if name.endswith(_UP):
        down_name = name.removesuffix(_UP) + _DOWN
        up, down = folder.script(name), folder.script(down_name) if down_name in folder.files else None
    else:
        up, down = _halves(folder.script(name))
    return Migration(number["number"], name, up, down)


def _halves(file: Script) -> tuple[Script, Script | None]:
    def error(offset: int, what: str) -> UserError:
        return mistake(file.path, file.source, offset, what, _EXAMPLE)

    found = sections(file.source, _MARKER)
    if not found:
        return file, None
    if (offset := first_statement(file, 0, found[0].start)) is not None:
        raise error(offset, "SQL above the first marker, which node-pg-migrate never runs")
    halves: dict[str, Script] = {}
    for direction, group in groupby(found, _direction):
        run = list(group)
        at = run[0].marker.start("mark")
        if direction in halves:
            raise error(at, f"a second '-- {direction.title()} Migration', which node-pg-migrate takes for a comment")
        halves[direction] = Script(file.path, file.source, blanked(file.source, [Section(run[0].marker, run[-1].end)]))
    if "up" not in halves:
        raise error(at, "without an '-- Up Migration', node-pg-migrate applies all of the file, this half as well")
    return halves["up"], halves.get("down")


def _direction(section: Section) -> str:
    return section.marker["direction"].lower()


def _wrong_halves(folder: Folder, names: list[str]) -> Iterator[Problem]:
    for name in names:
        stem = name.removesuffix(_UP).removesuffix(_DOWN)
        if name.endswith(_DOWN) and f"{stem}{_UP}" not in names:
            yield Problem(
                folder.path / name,
                f"{name} rolls back nothing: there is no {stem}{_UP} beside it. Add that file, or delete this one.",
            )
        elif stem + ".sql" in names and stem + ".sql" != name:
            yield Problem(
                folder.path / name,
                f"{name} is a half of {stem}, and {stem}.sql is all of it, which node-pg-migrate refuses: delete one.",
            )


def _write(folder: Folder, draft: Draft) -> NewFiles:
    check_transactional(draft, "node-pg-migrate", "Write it in JavaScript, where pgm.noTransaction() is the way out.")
    milliseconds = str(int(draft.moment.timestamp() * 1000))
    stem = next_stem((*folder.files, *folder.other_files), draft, milliseconds, "_-")
    if any(name.endswith(_UP) for name in folder.files):
        return NewFiles({stem + _UP: draft.up, stem + _DOWN: draft.down})
    return NewFiles({f"{stem}.sql": f"-- Up Migration\n{draft.up}\n-- Down Migration\n{draft.down}"})


NODE_PG_MIGRATE = Format(
    name="node-pg-migrate",
    looks_like="NNN_name.sql with '-- Up Migration' and '-- Down Migration' inside (node-pg-migrate)",
    evidence=_evidence,
    read=_read,
    write=_write,
)
