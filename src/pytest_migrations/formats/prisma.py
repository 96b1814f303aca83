"""One folder per migration: ``<timestamp>_name/migration.sql`` (Prisma).

Prisma knows a migration by the whole name of its folder, sorts folders by it as text, and has no rollbacks. It begins
no transaction, but sends the file at once, which PostgreSQL runs as one (PostgreSQL docs, "Multiple Statements in a
Simple Query"; Prisma 6, schema-engine).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.formats.drizzle import has_snapshots
from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.order import untaken
from pytest_migrations.formats.writing.draft import NewFiles, without_rollback
from pytest_migrations.formats.writing.versions import TIMESTAMP, following
from pytest_migrations.migration import Migration, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.writing.draft import Draft

_FILE = "migration.sql"
_LOCK = "migration_lock.toml"
_EXPECTED = f"timestamp_name/{_FILE}"
_LOOKS_VERSIONED = re.compile(r"[0-9].*", re.DOTALL)


def _named(folder: Folder) -> list[str]:
    return [name for name, content in folder.subfolders.items() if _FILE in content]


def _evidence(folder: Folder) -> list[str]:
    if has_snapshots(folder) and _LOCK not in folder.other_files:
        return []  # drizzle's
    return [f"{name}/{_FILE}" for name in _named(folder)]


def _read(folder: Folder) -> Reading:
    migrations = [Migration(name, f"{name}/{_FILE}", folder.script(f"{name}/{_FILE}")) for name in _named(folder)]
    return Reading(migrations, [*_empty(folder), *untaken(folder, (), _EXPECTED, only=_LOOKS_VERSIONED)])


def _empty(folder: Folder) -> Iterator[Problem]:
    for name, content in folder.subfolders.items():
        if not content and _LOOKS_VERSIONED.fullmatch(name):
            yield Problem(
                folder.path / name,
                f"{name} is empty, which Prisma takes for an error (P3015): add its {_FILE}, or delete the folder.",
            )


def _write(folder: Folder, draft: Draft) -> NewFiles:
    versions = [name.partition("_")[0] for name in folder.subfolders if _LOOKS_VERSIONED.fullmatch(name)]
    version = following(versions, draft.moment, TIMESTAMP, text_order_of="Prisma")
    notes = [without_rollback("Prisma"), "Say the same in schema.prisma: Prisma compares the two."]
    return NewFiles({f"{version}_{draft.name}/{_FILE}": draft.up}, notes)


PRISMA = Format(
    name="prisma",
    looks_like=f"{_EXPECTED} (Prisma)",
    evidence=_evidence,
    read=_read,
    write=_write,
)
