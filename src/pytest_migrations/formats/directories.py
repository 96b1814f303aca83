"""One folder per migration: ``version_name/up.sql`` and ``down.sql`` (diesel).

As diesel_migrations 2 does it (migrations_internals/src/lib.rs): the version is what stands before the first ``_``,
without its hyphens, and versions are compared as text. An empty folder is passed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.order import misleading_text_order, textual_duplicates, untaken
from pytest_migrations.formats.writing.draft import NewFiles
from pytest_migrations.formats.writing.versions import following
from pytest_migrations.migration import Migration, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.writing.draft import Draft

_EXPECTED = "version_name/up.sql"
#: A loose file of another name is no slip of somebody who meant to write a migration.
_LOOKS_VERSIONED = re.compile(r"[0-9].*", re.DOTALL)
#: The one key that diesel reads. tomllib would read it too, but only from Python 3.11 on, and there is to be one way.
_RUN_IN_TRANSACTION = re.compile(r"^[ \t]*run_in_transaction[ \t]*=[ \t]*(?P<value>[^\s#]*)", re.MULTILINE)


def _evidence(folder: Folder) -> list[str]:
    return [
        f"{name}/up.sql" for name, content in folder.subfolders.items() if "up.sql" in content and name[0].isdigit()
    ]


def _read(folder: Folder) -> Reading:
    names = [name for name, content in folder.subfolders.items() if "up.sql" in content]
    migrations = sorted((_migration(folder, name) for name in names), key=lambda m: (m.version, m.name))
    problems = [
        *textual_duplicates(migrations),
        *misleading_text_order(migrations, "diesel"),
        *_unversioned(migrations),
        *_orphans(folder),
        *_bad_metadata(folder, names),
        *untaken(folder, (), _EXPECTED, only=_LOOKS_VERSIONED),
    ]
    return Reading(migrations, problems)


def _migration(folder: Folder, name: str) -> Migration:
    transactional = _run_in_transaction(folder, name) != "false"
    has_rollback = "down.sql" in folder.subfolders[name]
    return Migration(
        version=_compared(name.partition("_")[0]),
        name=f"{name}/up.sql",
        up=folder.script(f"{name}/up.sql", transactional=transactional),
        down=folder.script(f"{name}/down.sql", transactional=transactional) if has_rollback else None,
    )


def _compared(version: str) -> str:
    return version.replace("-", "")


def _run_in_transaction(folder: Folder, name: str) -> str:
    """The value of the key: true without a metadata.toml, and false in one that does not name it, as diesel has it."""
    if "metadata.toml" not in folder.subfolders[name]:
        return "true"
    match = _RUN_IN_TRANSACTION.search(folder.text(f"{name}/metadata.toml"))
    return match["value"] if match else "false"


def _unversioned(migrations: list[Migration]) -> Iterator[Problem]:
    for migration in migrations:
        if not migration.version.isdecimal():
            yield Problem(
                migration.path,
                f"{migration.name} has no number before the first _, so its place in the order is that of its letters: "
                f"name the folder {_EXPECTED.partition('/')[0]}.",
            )


def _orphans(folder: Folder) -> Iterator[Problem]:
    for name, content in folder.subfolders.items():
        if "down.sql" in content and "up.sql" not in content:
            yield Problem(
                folder.path / name / "down.sql",
                f"{name}/down.sql rolls back nothing: there is no up.sql beside it. Add that file, or delete this one.",
            )


def _bad_metadata(folder: Folder, names: list[str]) -> Iterator[Problem]:
    for name in names:
        if (value := _run_in_transaction(folder, name)) not in ("true", "false"):
            yield Problem(
                folder.path / name / "metadata.toml",
                f"run_in_transaction = {value} of {name}/metadata.toml is neither true nor false: "
                "diesel then ignores the file and uses a transaction.",
            )


def _write(folder: Folder, draft: Draft) -> NewFiles:
    versions = [name.partition("_")[0] for name in folder.subfolders if name[0].isdecimal()]
    version = following(versions, draft.moment, "%Y-%m-%d-%H%M%S", key=_compared, text_order_of="diesel")
    name = f"{version}_{draft.name}"
    files = {f"{name}/up.sql": draft.up, f"{name}/down.sql": draft.down}
    if not draft.transactional:
        files[f"{name}/metadata.toml"] = "run_in_transaction = false\n"
    return NewFiles(files)


DIRECTORIES = Format(
    name="directories",
    looks_like="version_name/up.sql with down.sql beside it (diesel)",
    evidence=_evidence,
    read=_read,
    write=_write,
)
