"""One file per migration: ``V1__name.sql`` (refinery).

As refinery 0.9 reads it (refinery_core/src: util.rs, runner.rs, traits/mod.rs, drivers/postgres.rs): files are looked
for at any depth, versions are whole numbers and are applied in their order, each file as one message in a transaction.
``U1__name.sql`` is unversioned: no undo, but a migration that may also be applied when newer ones have been. There are
no rollbacks. Migrations in Rust are not run here.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pytest_migrations.formats.flyway_or_refinery import Owner, candidates, owner_of
from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.order import among, in_numeric_order, numeric_duplicates, untaken
from pytest_migrations.formats.writing.draft import NewFiles, check_transactional, without_rollback
from pytest_migrations.formats.writing.versions import following
from pytest_migrations.migration import Migration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.writing.draft import Draft

_NAME = re.compile(r"[UV](?P<version>[0-9]+)__\w+\.sql")
_IN_RUST = re.compile(r"[UV](?P<version>[0-9]+)__\w+\.rs")
_LARGEST_INT4 = 2**31 - 1


def _evidence(folder: Folder) -> list[str]:
    names = candidates(folder)
    return names if names and owner_of(folder) is Owner.REFINERY else []


def _read(folder: Folder) -> Reading:
    versions = {name: match["version"] for name in folder.deep_files if (match := _match(name))}
    migrations = in_numeric_order(
        Migration(str(int(version)), name, folder.script(name)) for name, version in versions.items()
    )
    problems = [
        *numeric_duplicates(migrations),
        *untaken(folder, versions, "V1__name.sql (V or U, a whole number, two underscores)", among=folder.deep_files),
    ]
    in_rust = {
        folder.path / name: int(match["version"]) for name in folder.other_files if (match := _IN_RUST.fullmatch(name))
    }
    in_code = among(in_rust, [int(migration.version) for migration in migrations])
    return Reading(migrations, problems, list(_notes(migrations)), in_code=in_code)


def _match(name: str) -> re.Match[str] | None:
    return _NAME.fullmatch(PurePosixPath(name).name)


def _notes(migrations: Sequence[Migration]) -> Iterator[str]:
    if any(int(migration.version) > _LARGEST_INT4 for migration in migrations):
        yield "versions above 2147483647 need refinery's feature int8-versions"


def _write(folder: Folder, draft: Draft) -> NewFiles:
    check_transactional(draft, "refinery")
    taken = {name: match["version"] for name in folder.deep_files if (match := _match(name))}
    in_rust = [match["version"] for name in folder.other_files if (match := _IN_RUST.fullmatch(name))]
    version = following((*taken.values(), *in_rust), draft.moment, "1")
    newest = max(taken, key=lambda name: int(taken[name]), default="")
    name = PurePosixPath(newest).parent / f"V{version}__{draft.name}.sql"
    return NewFiles({str(name): draft.up}, [without_rollback("refinery")])


REFINERY = Format(
    name="refinery",
    looks_like="V1__name.sql, and refinery.toml or a Cargo.toml that names refinery above it (refinery)",
    evidence=_evidence,
    read=_read,
    write=_write,
)
