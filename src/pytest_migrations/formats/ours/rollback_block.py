"""The rollback that our own format keeps in comments, taken out of its file exactly as it was written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_migrations.formats.reading.folder import mistake
from pytest_migrations.sql.grammar import UnfinishedError, line_comments
from pytest_migrations.sql.remarks import is_remark

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_migrations.errors import UserError

#: A line that begins or ends the block, if it is a real comment.
MARKER = re.compile(r"^[ \t]*--[ \t]*(?:END[ \t]+)?ROLLBACK[ \t]*:?[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_END = re.compile(r"--[ \t]*END", re.IGNORECASE)
#: What can open a string, a quoted name, a quoted body or a block comment.
_QUOTES = re.compile(r"['\"$]|/\*")
_COMMENT = re.compile(r"[ \t]*(?:--.*)?\r?")
_EXAMPLE = "A rollback is written as:\n\n    -- ROLLBACK:\n    -- DROP TABLE users;\n    -- END ROLLBACK"


@dataclass(frozen=True)
class _Marker:
    start: int
    end: int
    ends_block: bool


def split_rollback(path: Path, source: str) -> tuple[str, str | None]:
    """The SQL to apply and the SQL to roll back of a file's text; None where it has no rollback block.

    Exactly one ``-- `` (or a bare ``--``) is taken off each line of the block, and the lines before it are left blank,
    so a place in the result is that place in the file, three characters further to the left.

    :raises UserError: where the block is not closed, not alone, not last, or holds a line that is no comment.
    """
    markers = _real_markers(path, source)
    if not markers:
        return source, None
    begin, end = _one_block(path, source, markers)
    _check_nothing_behind(path, source, end)
    blank = "\n" * source.count("\n", 0, begin.end + 1)
    return source[: begin.start], blank + _uncommented(path, source, begin, end)


def _real_markers(path: Path, source: str) -> list[_Marker]:
    """The marker lines that are comments, not part of a string or a function body."""
    candidates = list(MARKER.finditer(source))
    if not candidates:
        return []
    markers = [_Marker(match.start(), match.end(), bool(_END.match(match.group().lstrip()))) for match in candidates]
    if not _QUOTES.search(source, 0, markers[-1].start):
        return markers
    try:
        real = {comment.offset for comment in line_comments(source)}
    except UnfinishedError as error:
        raise _hidden(path, source, error) from None
    return [marker for marker in markers if source.index("--", marker.start) in real]


def _one_block(path: Path, source: str, markers: list[_Marker]) -> tuple[_Marker, _Marker]:
    begin = markers[0]
    if begin.ends_block:
        raise mistake(path, source, begin.start, "'-- END ROLLBACK' without a '-- ROLLBACK:' before it", _EXAMPLE)
    if len(markers) == 1:
        raise mistake(path, source, begin.start, "this rollback is never closed by '-- END ROLLBACK'", _EXAMPLE)
    end = markers[1]
    if not end.ends_block:
        raise mistake(path, source, end.start, "a second '-- ROLLBACK:' before the first one was closed", _EXAMPLE)
    if len(markers) > 2:
        raise mistake(
            path,
            source,
            markers[2].start,
            "a file has one rollback, and this one has ended above",
            "Put all of it between one '-- ROLLBACK:' and one '-- END ROLLBACK'.",
        )
    return begin, end


def _check_nothing_behind(path: Path, source: str, end: _Marker) -> None:
    offset = end.end + 1
    for line in source[offset:].split("\n"):
        if not _COMMENT.fullmatch(line):
            raise mistake(
                path,
                source,
                offset + len(line) - len(line.lstrip()),
                "SQL behind '-- END ROLLBACK'",
                "The rollback is the last part of a file: move what is to be applied above '-- ROLLBACK:'.",
            )
        offset += len(line) + 1


def _uncommented(path: Path, source: str, begin: _Marker, end: _Marker) -> str:
    offset = begin.end + 1
    lines = []
    for line in source[offset : end.start].split("\n"):
        if is_remark(line):
            lines.append("")
        elif line.startswith("--"):
            lines.append(line[3:] if line.startswith("-- ") else line[2:])
        elif line.strip():
            raise mistake(
                path,
                source,
                offset + len(line) - len(line.lstrip()),
                "this line of the rollback does not begin with '--'",
                f"It would run when the migration is applied. {_EXAMPLE}",
            )
        else:
            lines.append(line.lstrip(" \t"))
        offset += len(line) + 1
    return "\n".join(lines)


def _hidden(path: Path, source: str, error: UnfinishedError) -> UserError:
    return mistake(
        path,
        source,
        error.offset,
        str(error).partition(" at or near ")[0],
        "PostgreSQL cannot read on behind it, so the '-- ROLLBACK:' or '-- END ROLLBACK' of this file is not found.",
    )
