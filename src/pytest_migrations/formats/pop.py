"""Pairs of files for several databases: ``NNN_name.postgres.up.sql`` beside ``NNN_name.mysql.up.sql`` (pop).

As ory/pop 6 (match.go, migrator.go) and ory/x (popx/match.go, migration_info.go) do it: files are found at any depth,
versions are compared as text, and of the files of one version and direction the one for PostgreSQL wins over the one
that names no database and is for all. ``.autocommit`` before the direction means no transaction (known to popx alone).
Files are Go templates, of which ``{{ index .Options "x" }}`` and ``{{ .Parameters.x }}`` are filled in.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.errors import UserError, display_path
from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.order import among, misleading_text_order, untaken
from pytest_migrations.formats.reading.placeholders import filled_in
from pytest_migrations.formats.writing.draft import NewFiles
from pytest_migrations.formats.writing.versions import TIMESTAMP, following
from pytest_migrations.migration import Migration, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.writing.draft import Draft
    from pytest_migrations.migration import Script

_POSTGRESQL = ("postgres", "postgresql", "pg", "pgx")
_OTHERS = ("cockroach", "cockroachdb", "crdb", "mysql", "mariadb", "sqlite", "sqlite3", "yugabyte", "yugabytedb")
_NAME = re.compile(
    rf"(?:.*/)?(?P<version>[0-9]+)_[^./]+(?:\.(?P<database>{'|'.join((*_POSTGRESQL, *_OTHERS))}))?"
    r"(?P<autocommit>\.autocommit)?\.(?P<direction>up|down)\.sql"
)
_FIZZ = re.compile(r"[0-9]+_[^.]+\.(?:up|down)\.fizz")
_FIZZ_DOWN = ".down.fizz"
_TEMPLATE = re.compile(
    r"\{\{-?\s*(?:index\s+\.Options\s+\"|(?:identifier\s+)?\.Parameters\.)?(?P<name>[^}]*?)\"?\s*-?\}\}"
)


class _File(NamedTuple):
    name: str
    version: str
    database: str
    autocommit: bool
    direction: str


def names_a_database(name: str) -> bool:
    """Whether a file is one of a pair as only pop has them."""
    match = _NAME.fullmatch(name)
    return match is not None and (match["database"] is not None or match["autocommit"] is not None)


def _evidence(folder: Folder) -> list[str]:
    if any(names_a_database(name) for name in folder.files):
        return [name for name in folder.files if _NAME.fullmatch(name)]
    return _fizz(folder)


def _read(folder: Folder) -> Reading:
    matches = [match for name in folder.deep_files if (match := _NAME.fullmatch(name))]
    files = [
        _File(match[0], match["version"], match["database"] or "", bool(match["autocommit"]), match["direction"])
        for match in matches
    ]
    ours = [file for file in files if file.database not in _OTHERS]
    ups, hidden_ups = _chosen(file for file in ours if file.direction == "up")
    downs, hidden_downs = _chosen(file for file in ours if file.direction == "down")
    if not ups and (fizz := _fizz(folder)):
        raise _only_fizz(folder, fizz)
    migrations = [_migration(folder, up, downs.get(version)) for version, up in sorted(ups.items())]
    problems = [
        *_hidden(folder, {**hidden_ups, **hidden_downs}),
        *misleading_text_order(migrations, "pop"),
        *_orphans(folder, ups, downs),
        *untaken(folder, [file.name for file in files], "NNN_name.up.sql or NNN_name.postgres.up.sql"),
    ]
    in_fizz = {folder.path / name: name.partition("_")[0] for name in _fizz(folder) if not name.endswith(_FIZZ_DOWN)}
    return Reading(migrations, problems, list(_left_out(files)), in_code=among(in_fizz, sorted(ups)))


def _chosen(files: Iterator[_File]) -> tuple[dict[str, _File], dict[_File, _File]]:
    """The file that pop runs for each version, and those that it passes over for another, with that other."""
    by_version = defaultdict(list)
    for file in files:
        by_version[file.version].append(file)
    chosen, hidden = {}, {}
    for version, candidates in by_version.items():
        best = [file for file in candidates if file.database] or candidates
        chosen[version] = best[-1]
        hidden.update(dict.fromkeys(best[:-1], best[-1]))
    return chosen, hidden


def _migration(folder: Folder, up: _File, down: _File | None) -> Migration:
    return Migration(up.version, up.name, _script(folder, up), None if down is None else _script(folder, down))


def _script(folder: Folder, file: _File) -> Script:
    script = folder.script(file.name, transactional=not file.autocommit)
    return replace(script, text=filled_in(script, _TEMPLATE, folder.placeholders))


def _hidden(folder: Folder, hidden: dict[_File, _File]) -> Iterator[Problem]:
    for file, other in hidden.items():
        yield Problem(
            folder.path / file.name,
            f"{file.name} is never run: pop takes one file of a version and direction, and here {other.name}. "
            "Give one of them a version of its own.",
        )


def _orphans(folder: Folder, ups: dict[str, _File], downs: dict[str, _File]) -> Iterator[Problem]:
    for version, down in downs.items():
        if version not in ups:
            yield Problem(
                folder.path / down.name,
                f"{down.name} rolls back nothing: no file of version {version} applies anything to PostgreSQL. "
                "Add that file, or delete this one.",
            )


def _left_out(files: list[_File]) -> Iterator[str]:
    others = [file for file in files if file.database in _OTHERS]
    if others:
        databases = ", ".join(sorted({file.database for file in others}))
        yield f"Files for other databases are left out: {len(others)} ({databases})."


def _fizz(folder: Folder) -> list[str]:
    return [name for name in folder.other_files if _FIZZ.fullmatch(name)]


def _only_fizz(folder: Folder, fizz: list[str]) -> UserError:
    return UserError(
        f"{display_path(folder.path)} holds migrations of pop in fizz ({fizz[0]}), of which pop makes the SQL itself: "
        "only those in SQL are run here.\nHave pop run them, and write each as NNN_name.up.sql."
    )


def _write(folder: Folder, draft: Draft) -> NewFiles:
    taken = {name: match["version"] for name in folder.deep_files if (match := _NAME.fullmatch(name))}
    taken |= {name: name.partition("_")[0] for name in _fizz(folder)}
    version = following(taken.values(), draft.moment, TIMESTAMP, text_order_of="pop")
    newest = max(taken, key=lambda name: (taken[name], name.count(".postgres")), default="")
    several = not taken or names_a_database(newest)
    stem = PurePosixPath(newest).parent / f"{version}_{draft.name}"
    ending = f"{'.postgres' if several else ''}{'' if draft.transactional else '.autocommit'}"
    notes = ["Other databases need files of their own of this version."] if several else []
    return NewFiles({f"{stem}{ending}.up.sql": draft.up, f"{stem}{ending}.down.sql": draft.down}, notes)


POP = Format(
    name="pop",
    looks_like="NNN_name.postgres.up.sql with NNN_name.postgres.down.sql beside it (pop)",
    evidence=_evidence,
    read=_read,
    write=_write,
    has_placeholders=True,
)
