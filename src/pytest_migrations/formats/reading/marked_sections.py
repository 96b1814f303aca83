"""Sections of a file that lines with markers begin, as dbmate, node-pg-migrate and rambler have them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.migration import Script
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Iterable

_NO_SQL = re.compile(r"\s*(?:--.*)?")


class Section(NamedTuple):
    """What stands from a marker to the next one, or to the end of the file."""

    marker: re.Match[str]
    end: int

    @property
    def start(self) -> int:
        return self.marker.start()

    @property
    def body(self) -> int:
        """Where the marker ends."""
        return self.marker.end()


def sections(source: str, marker: re.Pattern[str]) -> list[Section]:
    """All sections of a file in its order; what stands before the first marker is in none."""
    markers = list(marker.finditer(source))
    ends = [*(following.start() for following in markers[1:]), len(source)]
    return [Section(found, end) for found, end in zip(markers, ends, strict=False)]


def first_statement(file: Script, start: int, end: int) -> int | None:
    """Where the first statement between two offsets of a file begins; None where there are blanks and comments only."""
    found = statements(Script(file.path, file.source, file.text[start:end]))
    return start + found[0].offset if found else None


def first_line_of_sql(text: str) -> int | None:
    """Where the first line begins that is neither blank nor a ``--`` comment, for tools that look no closer."""
    offset = 0
    for line in text.split("\n"):
        if not _NO_SQL.fullmatch(line):
            return offset + len(line) - len(line.lstrip())
        offset += len(line) + 1
    return None


def blanked(source: str, kept: Iterable[Section]) -> str:
    """The sections at their lines, with the rest blanked; markers become ``;``, as each section is sent for itself."""
    text, behind = "", 0
    for section in kept:
        text += "\n" * source.count("\n", behind, section.body) + ";" + source[section.body : section.end]
        behind = section.end
    return text
