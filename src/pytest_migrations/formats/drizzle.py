"""Drizzle's migrations: ``0000_name.sql`` listed in ``meta/_journal.json``, or ``<timestamp>_name/migration.sql``.

As drizzle-orm 0.45 reads the first and 1.0.0-rc.4 the second (drizzle-orm/src/migrator.ts, pg-core/dialect.ts): the
order is that of the journal, or that of the folders' names, and ``--> statement-breakpoint`` ends a statement wherever
it stands. All that is pending runs in one transaction; here each migration has its own, which is committed at the end
also where the script has ended it and begun another. There are no rollbacks.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_migrations.errors import UserError, display_path
from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.json_file import parsed
from pytest_migrations.formats.reading.order import untaken
from pytest_migrations.formats.supabase import belongs_to_supabase
from pytest_migrations.formats.writing.draft import by_its_tool
from pytest_migrations.migration import Migration, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.migration import Script

_JOURNAL = "meta/_journal.json"
_FILE = "migration.sql"
_SNAPSHOT = "snapshot.json"
_BREAKPOINT = "--> statement-breakpoint"
_POSTGRESQL = ("postgresql", "postgres", "pg")
_OWN_TRANSACTION = re.compile(r"^[ \t]*(BEGIN|COMMIT)[ \t]*;", re.MULTILINE | re.IGNORECASE)
_DIALECT = re.compile(r'"dialect"\s*:\s*"([^"]*)"')


class _Entry(NamedTuple):
    tag: str
    #: When it was generated, in milliseconds.
    when: int

    @property
    def file(self) -> str:
        return f"{self.tag}.sql"


def has_snapshots(folder: Folder) -> bool:
    """Whether folders that hold a migration.sql are drizzle's; old snapshots may have been deleted."""
    return any({_FILE, _SNAPSHOT} <= content for content in folder.subfolders.values())


def _has_journal(folder: Folder) -> bool:
    return "_journal.json" in folder.subfolders.get("meta", ())


def _evidence(folder: Folder) -> list[str]:
    if _has_journal(folder) and not belongs_to_supabase(folder):
        return list(folder.files) or [_JOURNAL]
    return [f"{name}/{_FILE}" for name in _migration_folders(folder)] if has_snapshots(folder) else []


def _read(folder: Folder) -> Reading:
    return _by_journal(folder) if _has_journal(folder) else _by_folders(folder)


def _by_journal(folder: Folder) -> Reading:
    entries = _entries(folder)
    present = {entry.tag: entry for entry in entries if entry.file in folder.files}
    migrations = [
        Migration(tag.partition("_")[0], entry.file, _script(folder, entry.file)) for tag, entry in present.items()
    ]
    problems = [
        *_twice(folder, entries),
        *_without_file(folder, entries),
        *_back_in_time(folder, entries),
        *untaken(folder, [entry.file for entry in entries], f"in {_JOURNAL}"),
    ]
    return Reading(migrations, problems)


def _entries(folder: Folder) -> list[_Entry]:
    journal = parsed(folder, _JOURNAL)
    try:
        _check_dialect(folder, _JOURNAL, journal["dialect"])
        return [_Entry(str(entry["tag"]), int(entry["when"])) for entry in journal["entries"]]
    except (KeyError, TypeError, ValueError):
        raise UserError(
            f"{display_path(folder.path / _JOURNAL)} is no journal of drizzle: it has a dialect, and entries that each "
            "have a tag and a when. Take it from version control again, or have drizzle-kit write it."
        ) from None


def _check_dialect(folder: Folder, name: str, dialect: Any) -> None:
    if dialect not in _POSTGRESQL:
        raise UserError(
            f"{display_path(folder.path / name)}: these migrations are for {dialect}, not for PostgreSQL, "
            "which is all that pytest-migrations proves. Name another folder in --migrations-dir."
        )


def _script(folder: Folder, name: str) -> Script:
    script = folder.script(name)
    text = script.text.replace(_BREAKPOINT, ";".ljust(len(_BREAKPOINT)))
    begins_another = [word.upper() for word in _OWN_TRANSACTION.findall(text)][-2:] == ["COMMIT", "BEGIN"]
    return replace(script, text=f"{text}\n;COMMIT" if begins_another else text)


def _twice(folder: Folder, entries: list[_Entry]) -> Iterator[Problem]:
    tags = [entry.tag for entry in entries]
    for tag in dict.fromkeys(tags):
        if tags.count(tag) > 1:
            yield Problem(
                folder.path / _JOURNAL, f"{_JOURNAL} lists {tag} {tags.count(tag)} times: delete all but one."
            )


def _without_file(folder: Folder, entries: list[_Entry]) -> Iterator[Problem]:
    for entry in entries:
        if entry.file not in folder.files:
            yield Problem(
                folder.path / _JOURNAL,
                f"{_JOURNAL} lists {entry.tag}, but there is no {entry.file}, without which drizzle runs nothing at "
                "all: add the file, or delete the entry.",
            )


def _back_in_time(folder: Folder, entries: list[_Entry]) -> Iterator[Problem]:
    for first, second in pairwise(entries):
        if second.when <= first.when and first.tag != second.tag:
            yield Problem(
                folder.path / second.file,
                f'{second.file} is never run where {first.file} has been: its "when" in {_JOURNAL} is not later, and '
                "drizzle runs only what is later than the last that it has run. Generate it anew.",
            )


def _by_folders(folder: Folder) -> Reading:
    names = _migration_folders(folder)
    snapshots = [f"{name}/{_SNAPSHOT}" for name in names if _SNAPSHOT in folder.subfolders[name]]
    for name in snapshots[-1:]:
        if dialect := _DIALECT.search(folder.text(name)):
            _check_dialect(folder, name, dialect[1])
    migrations = [
        Migration(name.partition("_")[0], f"{name}/{_FILE}", _script(folder, f"{name}/{_FILE}")) for name in names
    ]
    return Reading(migrations, [*untaken(folder, (), f"timestamp_name/{_FILE}")])


def _migration_folders(folder: Folder) -> list[str]:
    return [name for name, content in folder.subfolders.items() if _FILE in content]


DRIZZLE = Format(
    name="drizzle",
    looks_like=f"0000_name.sql and {_JOURNAL}, or timestamp_name/{_FILE} with {_SNAPSHOT} beside it (drizzle)",
    evidence=_evidence,
    read=_read,
    write=by_its_tool(
        "drizzle-kit writes its migrations, and its journal with them: drizzle-kit generate --custom --name={name}"
    ),
)
