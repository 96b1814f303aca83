"""Two halves of a file, as tern has them: ``---- create above / drop below ----`` between them.

As tern 2.4 reads it (migrate/migrate.go): files are ``NNN_name.sql``, numbered from 1 without a gap, or tern refuses
the folder. Each half is a template (see ``templates``) and one message in one transaction, unless a line of it is
``---- tern: disable-tx ----``. A file without the line in the middle, or with nothing below it, has no way back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.assembly import assembled
from pytest_migrations.formats.reading.folder import mistake, place_in
from pytest_migrations.formats.reading.marked_sections import first_line_of_sql
from pytest_migrations.formats.reading.order import in_numeric_order, numeric_duplicates, untaken
from pytest_migrations.formats.tern.templates import Templates, has_configuration
from pytest_migrations.formats.writing.draft import NewFiles
from pytest_migrations.formats.writing.versions import next_stem
from pytest_migrations.migration import Migration, Problem, Script

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.writing.draft import Draft

#: What tern makes before the first migration (EnsureSchemaVersionTableExists); some migrations have triggers on it.
_LEDGER = "CREATE TABLE schema_version (version int4 NOT NULL);\nINSERT INTO schema_version VALUES (0);"
_NAME = re.compile(r"(?P<number>[0-9]+)_.+\.sql")
_SEPARATOR = "---- create above / drop below ----"
_MEANT_AS_SEPARATOR = re.compile(r"^[ \t]*-{2,}[ \t]*create above\b.*\bdrop below\b", re.MULTILINE | re.IGNORECASE)
_EVIDENCE = re.compile(_MEANT_AS_SEPARATOR.pattern.encode(), re.MULTILINE | re.IGNORECASE)
_DISABLE_TX = "---- tern: disable-tx ----"
_DISABLES_TX = re.compile(rf"^{_DISABLE_TX}$", re.MULTILINE)
_MEANT_TO_DISABLE_TX = re.compile(r"^[ \t]*-{2,}[ \t]*tern\b.*\bdisable.*$", re.MULTILINE | re.IGNORECASE)


def _named(folder: Folder) -> list[str]:
    return [name for name in folder.files if _NAME.fullmatch(name)]


def _evidence(folder: Folder) -> list[str]:
    named = _named(folder)
    return named if has_configuration(folder) else [name for name in named if _EVIDENCE.search(folder.data(name))]


def _read(folder: Folder) -> Reading:
    names, templates = _named(folder), Templates(folder)
    migrations = in_numeric_order(_migration(folder, name, templates) for name in names)
    problems = [
        *numeric_duplicates(migrations),
        *_gaps(migrations),
        *_without_sql(migrations),
        *_in_a_transaction_after_all(migrations),
        *untaken(folder, names, "NNN_name.sql (a number, then _)"),
    ]
    return Reading(migrations, problems, ledger=Migration("", "schema_version", Script(folder.path, _LEDGER, _LEDGER)))


def _migration(folder: Folder, name: str, templates: Templates) -> Migration:
    file = folder.script(name)
    separator = file.text.find(_SEPARATOR)
    if separator < 0 and (slip := _MEANT_AS_SEPARATOR.search(file.text)):
        what = "tern takes this line for a mere comment, and applies what stands below it"
        raise mistake(file.path, file.source, slip.start(), what, f"Write {_SEPARATOR}")

    def script(start: int, end: int) -> Script:
        parts = list(templates.filled(file, start, end))
        text = "".join(part.text for part in parts)
        return assembled(file, parts, transactional=not _DISABLES_TX.search(text.strip()))

    has_way_back = separator >= 0 and file.text[separator + len(_SEPARATOR) :].strip()
    return Migration(
        version=str(int(name.partition("_")[0])),
        name=name,
        up=script(0, separator if separator >= 0 else len(file.text)),
        down=script(separator + len(_SEPARATOR), len(file.text)) if has_way_back else None,
    )


def _gaps(migrations: Sequence[Migration]) -> Iterator[Problem]:
    before = 0
    for migration in migrations:
        number = int(migration.version)
        if not before <= number <= before + 1 or number == 0:
            yield Problem(
                migration.path,
                f"{migration.name} stands where {before + 1} should: tern wants numbers from 1 on without a gap, and "
                "refuses the folder. Give it that number, or add what is missing.",
            )
        before = number


def _without_sql(migrations: Sequence[Migration]) -> Iterator[Problem]:
    for migration in migrations:
        if first_line_of_sql(migration.up.text) is None:
            yield Problem(
                migration.path,
                f"{migration.name} has no SQL to apply, so tern refuses the folder: write some, SELECT 1 if need be.",
            )


def _in_a_transaction_after_all(migrations: Sequence[Migration]) -> Iterator[Problem]:
    """Lines that were to disable the transaction and are not exactly what tern looks for (CRLF at their end, say)."""
    for migration in migrations:
        source = migration.up.source
        for line in _MEANT_TO_DISABLE_TX.finditer(source):
            if line.group() != _DISABLE_TX:
                place = place_in(migration.path, source, line.start())
                yield Problem(
                    migration.path,
                    f"{place}: tern uses a transaction nevertheless: it looks for {_DISABLE_TX}, with nothing before "
                    "and only LF behind it.",
                )


def _write(folder: Folder, draft: Draft) -> NewFiles:
    stem = next_stem(folder.files, draft)
    marker = "" if draft.transactional else f"{_DISABLE_TX}\n"
    nothing = "" if first_line_of_sql(draft.up) is not None else "SELECT 1; -- tern refuses a file without SQL\n"
    text = f"{marker}{draft.up}{nothing}\n{_SEPARATOR}\n\n{marker}{draft.down}"
    return NewFiles({f"{stem}.sql": text})


TERN = Format(
    name="tern",
    looks_like=f"NNN_name.sql with '{_SEPARATOR}' inside (tern)",
    evidence=_evidence,
    read=_read,
    write=_write,
    has_placeholders=True,
)
