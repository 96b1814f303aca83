"""Marked sections of rambler: any number of ``-- rambler up`` and ``-- rambler down`` in one file.

As rambler 5 reads it (migration.go, service.go, driver/postgresql): up sections run in the order of the file and down
sections in the reverse one, each sent as one message and so in a transaction of its own. What stands below any other
``-- rambler`` line, or above the first one, is passed over in silence; we refuse it. All ``.sql`` files are taken,
sorted by name as text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.assembly import Part, assembled, part_of
from pytest_migrations.formats.reading.folder import mistake
from pytest_migrations.formats.reading.marked_sections import blanked, first_statement, sections
from pytest_migrations.formats.reading.order import misleading_text_order, untaken, version_of
from pytest_migrations.formats.writing.draft import NewFiles
from pytest_migrations.formats.writing.versions import TIMESTAMP, next_stem
from pytest_migrations.migration import Migration, Script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.errors import UserError
    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.reading.marked_sections import Section
    from pytest_migrations.formats.writing.draft import Draft

_MARKER = re.compile(r"^-- rambler(?P<command>[^\r\n]*)", re.MULTILINE)
_SLIP = re.compile(r"^(?!-- rambler)[ \t]*--[ \t]*rambler[ \t]+(?:up|down)\b", re.MULTILINE | re.IGNORECASE)
_EVIDENCE = re.compile(rb"^[ \t]*--[ \t]*rambler[ \t]+(?:up|down)\b", re.MULTILINE | re.IGNORECASE)
_EXAMPLE = (
    "rambler wants in each file:\n\n    -- rambler up\n    CREATE TABLE ...;\n\n"
    "    -- rambler down\n    DROP TABLE ...;"
)


def _named(folder: Folder) -> list[str]:
    return [name for name in folder.files if name.endswith(".sql")]


def _evidence(folder: Folder) -> list[str]:
    return [name for name in _named(folder) if _EVIDENCE.search(folder.data(name))]


def _read(folder: Folder) -> Reading:
    names = _named(folder)
    migrations = [_migration(folder, name) for name in names]
    problems = [
        *misleading_text_order(migrations, "rambler"),
        *untaken(folder, names, "NNN_name.sql (with .sql in lower case)"),
    ]
    return Reading(migrations, problems)


def _migration(folder: Folder, name: str) -> Migration:
    file = folder.script(name)
    found = _sections(file)
    ups = [section for section in found if _command(section) == "up"]
    downs = [section for section in found if _command(section) == "down"]
    return Migration(
        version=version_of(name),
        name=name,
        up=Script(file.path, file.source, blanked(file.source, ups), transactional=len(ups) <= 1),
        down=assembled(file, _backwards(file, downs), transactional=len(downs) <= 1) if downs else None,
    )


def _sections(file: Script) -> list[Section]:
    def error(offset: int, what: str) -> UserError:
        return mistake(file.path, file.source, offset, what, _EXAMPLE)

    if slip := _SLIP.search(file.source):
        raise error(slip.start(), "rambler takes this line for a mere comment")
    found = sections(file.source, _MARKER)
    if not found:
        raise error(0, "this file has no '-- rambler up'")
    if (offset := first_statement(file, 0, found[0].start)) is not None:
        raise error(offset, "SQL before '-- rambler up', which rambler never runs")
    for section in found:
        if _command(section) not in ("up", "down") and first_statement(file, section.body, section.end) is not None:
            raise error(section.start, "this is neither up nor down: rambler never runs what stands below")
    return found


def _command(section: Section) -> str:
    return section.marker["command"].strip()


def _backwards(file: Script, downs: list[Section]) -> Iterator[Part]:
    """Each section at its places, and behind it a ``;``, as it is sent for itself."""
    for section in reversed(downs):
        yield part_of(file, section.body, section.end)
        yield Part("\n;\n", file, section.end, 0)


def _write(folder: Folder, draft: Draft) -> NewFiles:
    stem = next_stem(folder.files, draft, TIMESTAMP, "_-", text_order_of="rambler")
    return NewFiles({f"{stem}.sql": f"-- rambler up\n{draft.up}\n-- rambler down\n{draft.down}"})


RAMBLER = Format(
    name="rambler",
    looks_like="NNN_name.sql with '-- rambler up' and '-- rambler down' inside (rambler)",
    evidence=_evidence,
    read=_read,
    write=_write,
)
