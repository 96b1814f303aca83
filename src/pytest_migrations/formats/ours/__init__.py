"""Our own format: one file per migration, its rollback in comments at the end.

::

    -- Migration 007: Grant monitoring system
    -- Dependencies: users, grants
    -- No transaction

    CREATE TABLE ...;

    -- ROLLBACK:
    -- DROP TABLE ...;
    -- END ROLLBACK

A file without the block is a plain migration without a rollback, so this is also how a folder of numbered SQL files
of no particular tool is read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.ours.rollback_block import MARKER, split_rollback
from pytest_migrations.formats.reading.order import in_numeric_order, numbers, numeric_duplicates, untaken
from pytest_migrations.formats.writing.draft import NewFiles
from pytest_migrations.formats.writing.versions import next_stem
from pytest_migrations.migration import Migration, Problem, Script

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.writing.draft import Draft

#: A number, or numbers with dots, which may be followed by one more: 007, 03.04.00_50. A hyphen between a number and
#: another belongs to neither: 2024-01-31-users.sql is of the day, not of the year.
_NAME = re.compile(r"(?P<version>[0-9]+(?:(?:\.[0-9]+)+(?:_[0-9]+)?)?)(?:_|-(?![0-9]+[-_.])).*\.sql", re.DOTALL)
_HEADER_LINE = re.compile(r"\s*(?:--(?P<comment>.*))?")
_DEPENDENCIES = re.compile(r"\s*Dependencies\s*:(?P<names>.*)", re.IGNORECASE)
_NO_TRANSACTION = re.compile(r"\s*No[ -]transaction\s*[.:]?\s*", re.IGNORECASE)
_NO_NAMES = {"", "-", "none", "n/a"}

_NUMBER = re.compile(r"\s*Migration\s+(?P<number>[0-9]+)\s*:.*", re.IGNORECASE)
_TITLE = rb"\A--[ \t]*Migration[ \t]+[0-9]+[ \t]*:"
_EVIDENCE = re.compile(MARKER.pattern.encode() + b"|" + _TITLE, re.MULTILINE | re.IGNORECASE)


def numbered(folder: Folder) -> list[str]:
    """The names of the files that this format takes."""
    return [name for name in folder.files if _NAME.fullmatch(name)]


def _evidence(folder: Folder) -> list[str]:
    return [name for name in numbered(folder) if _EVIDENCE.search(folder.data(name))]


def _read(folder: Folder) -> Reading:
    names = numbered(folder)
    migrations = in_numeric_order(_migration(folder, name) for name in names)
    problems = [
        *numeric_duplicates(migrations),
        *_misnumbered(migrations),
        *untaken(folder, names, "NNN_name.sql (a number, then _ or -)"),
    ]
    return Reading(migrations, problems)


def number_within(migration: Migration) -> str:
    """The number by which its first lines call it; empty where they do not."""
    found = (_NUMBER.fullmatch(comment) for comment in _header(migration.up.source))
    return next((number["number"] for number in found if number), "")


def _misnumbered(migrations: Iterable[Migration]) -> Iterator[Problem]:
    """Files whose first lines call them by another number: one of the two was forgotten when the file was renamed."""
    for migration in migrations:
        number = number_within(migration)
        if number and (int(number),) != numbers(migration.version):
            yield Problem(
                migration.path,
                f"{migration.name} calls itself migration {number}: its name or that line is wrong. Write "
                f"{migration.version} into its first lines, or give it back its name.",
            )


def _migration(folder: Folder, name: str) -> Migration:
    path, source = folder.path / name, folder.text(name)
    header = _header(source)
    transactional = not any(_NO_TRANSACTION.fullmatch(comment) for comment in header)
    up, down = split_rollback(path, source)
    return Migration(
        version=name[: found.end("version")] if (found := _NAME.fullmatch(name)) else name,
        name=name,
        up=Script(path, source, up, transactional=transactional),
        down=None if down is None else Script(path, source, down, indent=3, transactional=transactional),
        dependencies=_dependencies(header),
    )


def _header(source: str) -> list[str]:
    """The comments before the first line that is none: nothing before them can make them part of a string."""
    comments = []
    for line in source.split("\n"):
        match = _HEADER_LINE.fullmatch(line)
        if match is None:
            break
        if match["comment"] is not None:
            comments.append(match["comment"])
    return comments


def _dependencies(header: list[str]) -> tuple[str, ...]:
    lines = [match["names"] for comment in header if (match := _DEPENDENCIES.fullmatch(comment))]
    names = [name.strip() for line in lines for name in line.split(",")]
    return tuple(name for name in names if name.lower() not in _NO_NAMES)


def _write(folder: Folder, draft: Draft) -> NewFiles:
    stem = next_stem((*folder.files, *folder.other_files), draft, separators="_-")
    found = _NAME.fullmatch(f"{stem}.sql")
    header = f"-- Migration {found['version'] if found else stem}: {draft.title}\n"
    marker = "" if draft.transactional else "-- No transaction\n"
    rollback = "".join(f"-- {line}".rstrip() + "\n" for line in draft.down.splitlines())
    text = f"{header}{marker}\n{draft.up}\n-- ROLLBACK:\n{rollback}-- END ROLLBACK\n"
    return NewFiles({f"{stem}.sql": text})


OURS = Format(
    name="ours",
    looks_like="NNN_name.sql or NNN-name.sql, with or without a rollback between '-- ROLLBACK:' and '-- END ROLLBACK'",
    evidence=_evidence,
    read=_read,
    write=_write,
)
