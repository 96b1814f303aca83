"""Marked sections of sql-migrate: ``-- +migrate Up``, ``-- +migrate Down`` in one file.

As sql-migrate 1.8 reads it (sqlparse/sqlparse.go, migrate.go): all Up sections of a file are one script and all Down
sections another, both in the order of the file. Lines that begin with ``-- `` are not sent, wherever they stand, and
what it does not know in them is passed over in silence; we refuse what was meant for it. A section with the option
``notransaction`` takes its whole script out of the transaction. Files are sorted by the number that they begin with and
then by name, which makes two files of one number no mistake; those without a number come last. The separator that
programs can set (sqlparse.LineSeparator) is not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.folder import mistake, place_in
from pytest_migrations.formats.reading.marked_sections import first_statement
from pytest_migrations.formats.reading.order import untaken, version_of
from pytest_migrations.formats.reading.statement_ends import StatementEnds
from pytest_migrations.formats.writing.blocks import kept_whole
from pytest_migrations.formats.writing.draft import NewFiles
from pytest_migrations.formats.writing.versions import TIMESTAMP, next_stem
from pytest_migrations.migration import Migration, Problem, Script

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_migrations.errors import UserError
    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.writing.draft import Draft

_PREFIX = "-- +migrate "
_MEANT_FOR_IT = re.compile(r"[ \t]*--[ \t]*\+migrate\b", re.IGNORECASE)
_EVIDENCE = re.compile(rb"^[ \t]*--[ \t]*\+migrate[ \t]+(?:up|down)\b", re.MULTILINE | re.IGNORECASE)
_KNOWN = "It knows '-- +migrate ' at the start of a line, then Up, Down, StatementBegin or StatementEnd."
_NO_TRANSACTION = "notransaction"


def _named(folder: Folder) -> list[str]:
    return [name for name in folder.files if name.endswith(".sql")]


def _evidence(folder: Folder) -> list[str]:
    return [name for name in _named(folder) if _EVIDENCE.search(folder.data(name))]


def _read(folder: Folder) -> Reading:
    names = sorted(_named(folder), key=_place_in_order)
    files = {name: _Parser(folder.path / name, folder.text(name)).parsed() for name in names}
    problems = [
        *(problem for file in files.values() for problem in file.problems),
        *untaken(folder, names, "NNN_name.sql (with .sql in lower case)"),
    ]
    return Reading([_migration(name, file) for name, file in files.items()], problems)


def _place_in_order(name: str) -> tuple[bool, int, str]:
    version = version_of(name)
    return (False, int(version), name) if name[0].isdecimal() else (True, 0, name)


def _migration(name: str, file: _Parser) -> Migration:
    return Migration(
        version=version_of(name),
        name=name,
        up=file.script("Up"),
        down=file.script("Down") if "Down" in file.directions else None,
    )


@dataclass
class _Parser:
    """sql-migrate's state while it walks down the lines of a file, and what it has found."""

    path: Path
    source: str
    directions: set[str] = field(default_factory=set)
    _lines: list[tuple[str, str]] = field(default_factory=list)  # of which section, and what is left of it
    _without_transaction: set[str] = field(default_factory=set)
    _section: str = ""
    _block: int | None = None  # where StatementBegin stands

    def __post_init__(self) -> None:
        self._ends = StatementEnds("sql-migrate", "-- +migrate", self.path, self.source)
        self.problems = self._ends.problems

    def script(self, direction: str) -> Script:
        text = "\n".join(line if section == direction else "" for section, line in self._lines)
        return Script(self.path, self.source, text, transactional=direction not in self._without_transaction)

    def parsed(self) -> _Parser:
        offset = 0
        for line in self.source.split("\n"):
            kept = self._line(line.removesuffix("\r"), offset)
            self._lines.append((self._section, kept))
            offset += len(line) + 1
        if not self.directions:
            raise self._error(0, "this file has no '-- +migrate Up'", "Put it in a line of its own before the SQL.")
        self._check_closed()
        self._ends.check_ended(len(self.source))
        return self

    def _line(self, line: str, offset: int) -> str:
        """What is left of a line for the server."""
        if _MEANT_FOR_IT.match(line):
            return self._annotated(line, offset)
        if line.startswith("-- "):
            return ""
        if line.strip() and self._section:
            self._ends.take(line, offset, in_block=self._block is not None)
        return line

    def _annotated(self, line: str, offset: int) -> str:
        """Do what an annotation says; what stands in its line instead (one per line, so no place is moved)."""
        match line.removeprefix(_PREFIX).split():
            case ["Up" | "Down" as direction, *options] if line.startswith(_PREFIX):
                self._check_nothing_before(offset)
                self._check_closed()
                self._ends.check_ended(offset)
                self._section = direction
                self.directions.add(direction)
                self._take(options, offset)
            case ["StatementBegin", *_] if line.startswith(_PREFIX):
                if not self._section:
                    raise self._error(offset, "StatementBegin outside of a section", "Move it below Up or Down.")
                self._block = offset
            case ["StatementEnd", *_] if line.startswith(_PREFIX):
                if self._block is not None:
                    self._block = self._ends.pending = None
                    return ";"  # it ends a statement that has no semicolon of its own
            case _:
                raise self._error(offset, "sql-migrate takes this line for a mere comment", _KNOWN)
        return ""

    def _take(self, options: list[str], offset: int) -> None:
        if _NO_TRANSACTION in options:
            self._without_transaction.add(self._section)
        if unknown := [option for option in options if option != _NO_TRANSACTION]:
            place = place_in(self.path, self.source, offset)
            message = (
                f"{place}: sql-migrate passes over {' '.join(unknown)}: the one option it has is {_NO_TRANSACTION}."
            )
            self.problems.append(Problem(self.path, message))

    def _check_nothing_before(self, offset: int) -> None:
        file = Script(self.path, self.source, self.source)
        if not self._section and (lost := first_statement(file, 0, offset)) is not None:
            what = "SQL before '-- +migrate Up', which sql-migrate never runs"
            raise self._error(lost, what, "Move it below that line.")

    def _check_closed(self) -> None:
        if self._block is not None:
            raise self._error(self._block, "this StatementBegin has no '-- +migrate StatementEnd'", "Add it.")

    def _error(self, offset: int, what: str, remedy: str) -> UserError:
        return mistake(self.path, self.source, offset, what, remedy)


def _write(folder: Folder, draft: Draft) -> NewFiles:
    stem = next_stem(folder.files, draft, TIMESTAMP, "-_")
    up, down = (kept_whole(sql, f"{_PREFIX}StatementBegin", f"{_PREFIX}StatementEnd") for sql in (draft.up, draft.down))
    option = "" if draft.transactional else f" {_NO_TRANSACTION}"
    return NewFiles({f"{stem}.sql": f"{_PREFIX}Up{option}\n{up}\n{_PREFIX}Down{option}\n{down}"})


SQL_MIGRATE = Format(
    name="sql-migrate",
    looks_like="NNN_name.sql with '-- +migrate Up' and '-- +migrate Down' inside (sql-migrate)",
    evidence=_evidence,
    read=_read,
    write=_write,
)
