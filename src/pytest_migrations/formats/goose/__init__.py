"""Marked sections of goose: ``-- +goose Up``, ``-- +goose Down`` in one file.

As goose 3.27 reads it (internal/sqlparser/parser.go), line by line and blind to quotes: a line that begins with ``--``
and holds ``+goose`` is an annotation wherever it stands, and only a ``;`` at the end of a line outside of
StatementBegin and StatementEnd ends a statement. Lines reach the server with LF. Files without a number before the
first ``_`` are passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.goose.envsub import BadExpansionError, expanded
from pytest_migrations.formats.reading.folder import mistake
from pytest_migrations.formats.reading.order import among, in_numeric_order, numeric_duplicates, untaken
from pytest_migrations.formats.reading.statement_ends import StatementEnds
from pytest_migrations.formats.writing.blocks import kept_whole
from pytest_migrations.formats.writing.draft import NewFiles
from pytest_migrations.formats.writing.versions import TIMESTAMP, next_stem
from pytest_migrations.migration import Migration, Script

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_migrations.errors import UserError
    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.writing.draft import Draft

_NAME = re.compile(r"0*[1-9][0-9]*_.*\.sql", re.DOTALL)
_GO_NAME = re.compile(r"0*[1-9][0-9]*_.*\.go", re.DOTALL)
_EVIDENCE = re.compile(rb"^[ \t]*--[ \t]*\+goose[ \t]+up\b", re.MULTILINE | re.IGNORECASE)
_ANNOTATIONS = ("Up", "Down", "StatementBegin", "StatementEnd", "NO TRANSACTION", "ENVSUB ON", "ENVSUB OFF")
_BY_LOWER_CASE = {annotation.lower(): annotation for annotation in _ANNOTATIONS}


def _named(folder: Folder) -> list[str]:
    return [name for name in folder.files if _NAME.fullmatch(name)]


def _evidence(folder: Folder) -> list[str]:
    return [name for name in _named(folder) if _EVIDENCE.search(folder.data(name))]


def _read(folder: Folder) -> Reading:
    names = _named(folder)
    files = {name: _Parser(folder.path / name, folder.text(name)).parsed() for name in names}
    migrations = in_numeric_order(_migration(folder, name, file) for name, file in files.items())
    problems = [
        *numeric_duplicates(migrations),
        *(problem for file in files.values() for problem in file.problems),
        *untaken(folder, names, "NNN_name.sql (a number above 0, then _)"),
    ]
    in_go = {
        folder.path / name: _number(name)
        for name in folder.other_files
        if _GO_NAME.fullmatch(name) and not name.endswith("_test.go")
    }
    return Reading(migrations, problems, in_code=among(in_go, [_number(migration.name) for migration in migrations]))


def _number(name: str) -> int:
    return int(name.partition("_")[0])


def _migration(folder: Folder, name: str, file: _Parser) -> Migration:
    def script(lines: list[str]) -> Script:
        text = "\n".join(lines)
        return Script(folder.path / name, file.source, text, transactional=file.transactional)

    down = script(file.down) if file.section == "Down" else None
    return Migration(str(_number(name)), name, script(file.up), down)


@dataclass
class _Parser:
    """goose's state while it walks down the lines of a file, and what it has found."""

    path: Path
    source: str
    up: list[str] = field(default_factory=list)
    down: list[str] = field(default_factory=list)
    transactional: bool = True
    section: str = ""
    _block: int | None = None  # where StatementBegin stands
    _expands: bool = False

    def __post_init__(self) -> None:
        self._ends = StatementEnds("goose", "-- +goose", self.path, self.source)
        self.problems = self._ends.problems

    def parsed(self) -> _Parser:
        offset = 0
        for line in self.source.split("\n"):
            kept = self._line(line.removesuffix("\r"), offset)
            self.up.append(kept if self.section == "Up" else "")
            self.down.append(kept if self.section == "Down" else "")
            offset += len(line) + 1
        if not self.section:
            raise self._error(0, "this file has no '-- +goose Up'", "Put it in a line of its own before the SQL.")
        if self._block is not None:
            raise self._error(self._block, "this StatementBegin has no '-- +goose StatementEnd'", "Add it.")
        self._ends.check_ended(len(self.source))
        return self

    def _line(self, line: str, offset: int) -> str:
        """What is left of a line for the server."""
        stripped = line.strip()
        is_comment = stripped.startswith("--")
        if is_comment and "+goose" in line:
            return self._annotated(self._annotation(line, offset), offset)
        if not stripped or (is_comment and self._ends.pending is None):
            return line
        if not self.section:
            raise self._error(
                offset, "SQL before '-- +goose Up'", "goose does not know when to run it: move it below that line."
            )
        self._ends.take(line, offset, in_block=self._block is not None)
        return self._expanded(line, offset) if self._expands else line

    def _annotation(self, line: str, offset: int) -> str:
        words = line.replace("--", "").replace("+goose", "", 1).strip()
        if line[0] in " \t":
            raise self._error(
                offset, "goose takes no annotation with blanks before it", "Move it to the start of its line."
            )
        if words.lower() not in _BY_LOWER_CASE:
            known = ", ".join(_ANNOTATIONS)
            raise self._error(offset, "goose has no such annotation", f"It knows these: {known}.")
        return _BY_LOWER_CASE[words.lower()]

    def _annotated(self, annotation: str, offset: int) -> str:
        """Do what an annotation says; what stands in its line instead (one per line, so no place is moved)."""
        match annotation:
            case "Up" if self.section:
                raise self._error(offset, "a second '-- +goose Up'", "A file has one: put all of it below the first.")
            case "Down" if self.section != "Up" or self._block is not None:
                raise self._error(
                    offset, "'-- +goose Down' does not follow '-- +goose Up'", "A file has one of each, Up first."
                )
            case "Up" | "Down":
                self._ends.check_ended(offset)
                self.section = annotation
            case "StatementBegin" if not self.section or self._block is not None:
                raise self._error(
                    offset, "StatementBegin outside of a section or in another block", "Move it below Up or Down."
                )
            case "StatementBegin":
                self._block = offset
            case "StatementEnd" if self._block is None:
                raise self._error(offset, "StatementEnd without a StatementBegin", "Add one above, or delete this one.")
            case "StatementEnd":
                self._block = self._ends.pending = None
                return ";"  # it ends a statement that has no semicolon of its own
            case "NO TRANSACTION":
                self.transactional = False
            case _:
                self._expands = annotation == "ENVSUB ON"
        return ""

    def _expanded(self, line: str, offset: int) -> str:
        try:
            return expanded(line)
        except BadExpansionError as error:
            raise self._error(offset + error.offset, str(error), "ENVSUB is on for this line.") from None

    def _error(self, offset: int, what: str, remedy: str) -> UserError:
        return mistake(self.path, self.source, offset, what, remedy)


def _write(folder: Folder, draft: Draft) -> NewFiles:
    stem = next_stem((*folder.files, *folder.other_files), draft, TIMESTAMP)
    up, down = (kept_whole(sql, "-- +goose StatementBegin", "-- +goose StatementEnd") for sql in (draft.up, draft.down))
    marker = "" if draft.transactional else "-- +goose NO TRANSACTION\n\n"
    return NewFiles({f"{stem}.sql": f"{marker}-- +goose Up\n{up}\n-- +goose Down\n{down}"})


GOOSE = Format(
    name="goose",
    looks_like="NNN_name.sql with '-- +goose Up' and '-- +goose Down' inside (goose)",
    evidence=_evidence,
    read=_read,
    write=_write,
)
