"""Committed migrations of graphile-migrate: ``committed/000001-name.sql``, each with the hash of the one before.

As graphile-migrate 2 reads them (src/migration.ts, src/hash.ts, src/header.ts): files are sorted by their number, as
text; ``--! Name: value`` lines at the top are headers, with an empty line behind them; a first line
``--! no-transaction`` of what follows means no transaction. There are no rollbacks. ``current.sql`` is no migration
until it is committed: as ``graphile-migrate migrate`` does, we leave it out.

The database has another name in each proof, so ``:DATABASE_NAME`` has no value unless ini ``migrations_placeholders``
gives it one; the owner of the database is the role that runs the migrations.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.graphile.gmrc import settings_above
from pytest_migrations.formats.reading.order import textual_duplicates, untaken
from pytest_migrations.formats.reading.placeholders import filled_in
from pytest_migrations.formats.writing.draft import by_its_tool
from pytest_migrations.migration import Migration, Problem
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_migrations.formats.reading.folder import Folder

_COMMITTED = "committed"
_ALLOWED = "AllowInvalidHash"
_CURRENT = "current"
_NAME = re.compile(r"(?P<version>[0-9]+)(?:-[-_a-zA-Z0-9]*)?\.sql")
_EVIDENCE = re.compile(rb"\A(?:--! [A-Z].*\n)*--! (?:Previous|Hash): *(?:-|sha1:)")
_HEADER = re.compile(r"--! (?P<name>[A-Z][a-zA-Z0-9_]*)(?::(?P<value>[^\r\n]*))?(?:\r?\n|\Z)")
_NO_TRANSACTION = re.compile(r"\s*--!\s*no-transaction\b")
_WHERE_CRLF_COMES_FROM = "Git may have put them there: write `committed/*.sql -text` into .gitattributes."


class _File(NamedTuple):
    name: str
    headers: Sequence[tuple[str, str]]
    #: All behind the headers.
    rest: str
    #: How many lines the headers take.
    lines: int

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name)


def _prefix(folder: Folder) -> str:
    """Where the committed files lie: the folder may be the one of the project, or that of the committed alone."""
    return f"{_COMMITTED}/" if _COMMITTED in folder.subfolders else ""


def _named(folder: Folder) -> list[str]:
    prefix = _prefix(folder)
    names = folder.subfolders[_COMMITTED] if prefix else folder.files
    return sorted(f"{prefix}{name}" for name in names if _NAME.fullmatch(name))


def _evidence(folder: Folder) -> list[str]:
    return [name for name in _named(folder) if _EVIDENCE.match(folder.data(name))]


def _read(folder: Folder) -> Reading:
    names = _named(folder)
    settings = settings_above(folder.path)
    given = {name.removeprefix(":"): value for name, value in folder.placeholders.items()}
    values = {"DATABASE_OWNER": "CURRENT_USER", **settings.placeholders, **given}
    files = [_file(folder, name) for name in names]
    migrations = [_migration(folder, file, values, settings.session) for file in files]
    problems = [
        *textual_duplicates(migrations),
        *_bad_headers(folder, files),
        *_broken_chain(folder, files),
        *_other_hashes(folder, files),
        *(() if _prefix(folder) else untaken(folder, names, "NNNNNN.sql or NNNNNN-name.sql")),
    ]
    return Reading(migrations, problems, [*settings.notes, *_uncommitted(folder)])


def _file(folder: Folder, name: str) -> _File:
    text, headers, offset = folder.text(name), [], 0
    while match := _HEADER.match(text, offset):
        headers.append((match["name"], (match["value"] or "").strip()))
        offset = match.end()
        if offset == len(text):
            break
    return _File(name, headers, text[offset:], text.count("\n", 0, offset))


def _migration(folder: Folder, file: _File, values: Mapping[str, str], session: Mapping[str, str]) -> Migration:
    script = folder.script(file.name, transactional=not _NO_TRANSACTION.match(file.rest))
    names = "|".join(map(re.escape, values))
    placeholder = re.compile(rf"(?<!:):(?P<name>{names}|DATABASE_[A-Z_]+)\b")
    text = filled_in(replace(script, text="\n" * file.lines + file.rest), placeholder, values)
    return Migration(
        version=file.name.rpartition("/")[2].partition("-")[0].removesuffix(".sql"),
        name=file.name,
        up=replace(script, text=_settings(session) + text),
        may_be_edited=file.header(_ALLOWED) is not None,
    )


def _settings(session: Mapping[str, str]) -> str:
    """What each script starts with, in the line of its first header."""
    quoted = ((name.replace("'", "''"), value.replace("'", "''")) for name, value in session.items())
    return "".join(f"SELECT set_config('{name}', '{value}', false);" for name, value in quoted)


def _bad_headers(folder: Folder, files: list[_File]) -> Iterator[Problem]:
    for file in files:
        if wrong := _wrong_with_headers(file):
            yield Problem(folder.path / file.name, f"graphile-migrate refuses {file.name}: {wrong}")


def _wrong_with_headers(file: _File) -> str:
    names = [name for name, _ in file.headers]
    if twice := next((name for name in names if names.count(name) > 1), None):
        return f"it has two headers '--! {twice}'. Delete one."
    for name in ("Previous", "Hash"):
        if not file.header(name):
            return f"it has no header '--! {name}: ...'. Write it as current.sql, and commit it with graphile-migrate."
    if file.rest.startswith("\r"):
        return f"its lines end in CRLF. {_WHERE_CRLF_COMES_FROM}"
    return "" if file.rest.startswith("\n") or not file.rest else "no empty line stands behind its headers. Add one."


def _broken_chain(folder: Folder, files: list[_File]) -> Iterator[Problem]:
    if files and (previous := files[0].header("Previous")) not in ("-", None):
        yield Problem(
            folder.path / files[0].name,
            f"{files[0].name} is the first file, but says that it follows {previous}: add the file of that hash.",
        )
    for first, second in pairwise(files):
        if second.header("Previous") is not None and second.header("Previous") != first.header("Hash"):
            yield Problem(
                folder.path / second.name,
                f"{second.name} does not follow {first.name}: its '--! Previous' is not the other's '--! Hash'. "
                "A file is missing, or two branches have committed: uncommit this one, and commit it again.",
            )


def _other_hashes(folder: Folder, files: list[_File]) -> Iterator[Problem]:
    for file in files:
        written, allowed = file.header("Hash"), file.header(_ALLOWED) is not None
        if not written or "\r\n" in file.rest:
            continue
        if written != _hash(file) and not allowed:
            yield Problem(
                folder.path / file.name,
                f"{file.name} was changed after it was committed: its hash is {_hash(file)} now, which is not what its "
                "header says. Undo the change, or write '--! AllowInvalidHash' below that header.",
            )
        if written == _hash(file) and allowed:
            yield Problem(
                folder.path / file.name,
                f"graphile-migrate refuses {file.name}: it says AllowInvalidHash, but its hash is right. "
                "Delete that header.",
            )


def _hash(file: _File) -> str:
    previous = file.header("Previous") or "-"
    body = "\n".join(["" if previous == "-" else previous, file.rest.strip()]).strip() + "\n"
    return f"sha1:{hashlib.sha1(body.encode(), usedforsecurity=False).hexdigest()}"


def _uncommitted(folder: Folder) -> Iterator[str]:
    names = [f"{_CURRENT}.sql", *(f"{_CURRENT}/{name}" for name in sorted(folder.subfolders.get(_CURRENT, ())))]
    present = [name for name in names if name in folder.files or (name.endswith(".sql") and "/" in name)]
    if any(statements(folder.script(name)) for name in present):
        yield f"What is not committed is left out ({', '.join(present)}), as `graphile-migrate migrate` does."


GRAPHILE = Format(
    name="graphile",
    looks_like="committed/NNNNNN-name.sql with '--! Previous: ...' and '--! Hash: ...' at the top (graphile-migrate)",
    evidence=_evidence,
    read=_read,
    write=by_its_tool(
        "graphile-migrate makes migrations of current.sql: write there, then graphile-migrate commit --message {title}"
    ),
    has_placeholders=True,
)
