"""One file of Liquibase's formatted SQL, line by line.

As Liquibase 5 reads it (liquibase-standard: AbstractFormattedChangeLogParser.java, FormattedSqlChangeLogParser.java),
blind to quotes: a line that looks like ``--changeset`` or ``--rollback`` is one wherever it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.formats.reading.folder import place_in
from pytest_migrations.migration import Problem

if TYPE_CHECKING:
    from pathlib import Path

_CHANGESET = re.compile(r'\s*--\s*changeset\s+(?P<author>"[^"]+"|[^:]+):(?P<id>"[^"]+"|\S+).*', re.IGNORECASE)
_LIKE_CHANGESET = re.compile(r"\s*--\s*changeset.*|-\s*changeset\s.*", re.IGNORECASE)
_PROPERTY = re.compile(r"\s*--\s*property\s+.*:.*\s+.*:.*", re.IGNORECASE)
_ROLLBACK = re.compile(r"(?P<mark>\s*--\s*rollback )(?P<sql>.*)", re.IGNORECASE)
_LIKE_ROLLBACK = re.compile(r"\s*--\s*rollback:.*", re.IGNORECASE)
_BLOCK_BEGIN = re.compile(r"\s*/\*\s*liquibase\s*rollback\s*", re.IGNORECASE)
_BLOCK_END = re.compile(r"(?P<sql>.*)\*/\s*")
_IGNORE_LINES = re.compile(r"--\s*ignoreLines:(?P<what>start|end|\d+)", re.IGNORECASE)
_PRECONDITION = re.compile(r"\s*--\s*precondition.*", re.IGNORECASE)
_COMMENT = re.compile(r"--\s*comment:? .*", re.IGNORECASE)
_VALID_CHECKSUM = re.compile(r"--\s*validCheckSum:? .*", re.IGNORECASE)
_REFUSED = re.compile(r"--\s*comments:? .*", re.IGNORECASE)
_NO_SQL = re.compile(r"\s*(?:--.*)?")
_EXAMPLE = (
    "Liquibase wants in each file:\n\n    --liquibase formatted sql\n\n    --changeset author:id\n"
    "    CREATE TABLE a ();\n    --rollback DROP TABLE a;"
)


@dataclass
class Changeset:
    """A changeset as it is written: SQL by the number of its line, from 0."""

    author: str
    id: str
    #: Where its first line begins, and that line.
    offset: int
    line: str
    up: dict[int, str] = field(default_factory=dict)
    down: dict[int, str] = field(default_factory=dict)
    #: How many characters were taken off the first line of ``down``.
    indent: int = 0
    has_preconditions: bool = False
    #: Whether it has a validCheckSum: Liquibase then takes it though it is not what it was.
    may_be_edited: bool = False

    @property
    def name(self) -> str:
        return f"{self.author}:{self.id}"

    def attribute(self, name: str) -> str:
        """What the first line says of an attribute, or an empty string."""
        return attribute(self.line, name)


def attribute(line: str, name: str) -> str:
    """The value of ``name:value`` or ``name:"value"`` in a line, or an empty string."""
    match = re.search(rf'\b{name}:("[^"]*"|\S*)', line, re.IGNORECASE)
    return match[1].strip('"') if match else ""


@dataclass
class LiquibaseFile:
    """What a file holds, and Liquibase's state while it walks down the lines."""

    path: Path
    source: str
    changesets: list[Changeset] = field(default_factory=list)
    properties: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _offset: int = 0  # of the line it is at
    _block: int | None = None  # where the block of a rollback begins
    _block_line: str = ""  # the one before, in that block
    _ignored: int = 0  # how many lines are still to be ignored; below 0: until ignoreLines:end
    _has_lost_sql: bool = False

    @property
    def logical_path(self) -> str:
        """What Liquibase is to call the file, as its first line says; empty where that is its path."""
        return attribute(self.source.lstrip().partition("\n")[0], "logicalFilePath")

    def parsed(self) -> LiquibaseFile:
        for number, line in enumerate(self.source.split("\n")):
            self._line(number, line.removesuffix("\r"))
            self._offset += len(line) + 1
        if self._block is not None:
            raise self._error(self._block, "this rollback is never closed by '*/'", "Close it.")
        for changeset in self.changesets[:-1]:
            if not "".join(changeset.up.values()).strip():
                self._problem(changeset.offset, "Liquibase refuses this file, since this changeset has no SQL.")
        return self

    def _line(self, number: int, line: str) -> None:
        if self._ignored:
            self._ignored -= 1
            if (match := _IGNORE_LINES.fullmatch(line)) and match["what"] == "end":
                self._ignored = 0
        elif self._block is not None:
            self._in_block(number, line)
        elif _PROPERTY.fullmatch(line):
            self.properties.append(line)
        elif match := _IGNORE_LINES.fullmatch(line):
            self._ignored = int(match["what"]) if match["what"].isdecimal() else -1
        elif match := _CHANGESET.fullmatch(line):
            author, identifier = match["author"].strip('"'), match["id"].strip('"')
            self.changesets.append(Changeset(author, identifier, self._offset, line))
        elif _LIKE_CHANGESET.fullmatch(line):
            raise self._error(self._offset, "this is no changeset: '--changeset author:id'", _EXAMPLE)
        elif self.changesets:
            self._in_changeset(self.changesets[-1], number, line)
        elif not _NO_SQL.fullmatch(line) and not self._has_lost_sql:
            self._has_lost_sql = True
            self._problem(self._offset, "Liquibase passes over what stands before the first changeset.")

    def _in_changeset(self, changeset: Changeset, number: int, line: str) -> None:
        if match := _ROLLBACK.fullmatch(line):
            changeset.indent = changeset.indent if changeset.down else len(match["mark"])
            changeset.down[number] = match["sql"]
        elif _BLOCK_BEGIN.fullmatch(line):
            self._block, self._block_line = self._offset, ""
        elif _PRECONDITION.fullmatch(line):
            changeset.has_preconditions = True
        elif _LIKE_ROLLBACK.fullmatch(line):
            self._problem(self._offset, "For Liquibase this is no rollback: write a blank behind --rollback, no colon.")
        elif _REFUSED.fullmatch(line):
            self._problem(self._offset, "Liquibase refuses this file: it takes this line for a misspelt --comment.")
        elif _VALID_CHECKSUM.fullmatch(line):
            changeset.may_be_edited = True
        elif not _COMMENT.fullmatch(line):
            changeset.up[number] = line

    def _in_block(self, number: int, line: str) -> None:
        end = _BLOCK_END.fullmatch(line)
        sql = end["sql"] if end else line
        if "--" in self._block_line or re.search(r"\w\n\w", f"{self._block_line}\n{sql}"):
            self._problem(
                self._offset,
                "Liquibase joins the lines of such a block with nothing between them, which makes other SQL of them: "
                "begin this one with a blank, and write no -- comments in the block.",
            )
        self.changesets[-1].down[number] = self._block_line = sql
        self._block = None if end else self._block

    def _problem(self, offset: int, what: str) -> None:
        place = place_in(self.path, self.source, offset)
        self.problems.append(Problem(self.path, f"{place}: {what}\n{place.excerpt()}"))

    def _error(self, offset: int, what: str, remedy: str) -> UserError:
        place = place_in(self.path, self.source, offset)
        return UserError.at(place, what, remedy)
