"""What went wrong, where, why, and what to do next."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

#: Wide enough for any statement a person wrote by hand; a generated line of a megabyte is cut around the caret.
_EXCERPT_WIDTH = 160
#: In a URL, in a connection string, and as SQL has it: PASSWORD 'x', OPTIONS (password 'x').
_PASSWORD = re.compile(r"(://[^\s:/@]*:)[^\s/@]+(?=@)|(\bpassword(?:\s*=\s*'?|\s+'))[^\s',)\"]+", re.IGNORECASE)


class UserError(Exception):
    """Something that the user has to know and can mend.

    Its text says what happened, where, why, and what to do next; it is shown as it is, without a traceback.
    """

    #: Where in which file, where that is known.
    place: Place | None = None
    #: Whether it tells how migrations are, and not that they could not be looked at.
    is_verdict = False

    @classmethod
    def at(cls, place: Place, what: str, remedy: str) -> UserError:
        """What is wrong at a place, with its line, and what to do."""
        error = cls(f"{place}: {what}\n{place.excerpt()}\n{remedy}")
        error.place = place
        return error


@dataclass(frozen=True)
class Place:
    """A position in a file: ``line`` and ``column`` count characters from 1."""

    path: Path
    line: int
    column: int
    source: str

    def __str__(self) -> str:
        return f"{display_path(self.path)}:{self.line}:{self.column}"

    def excerpt(self, remark: str = "") -> str:
        """The line and up to two lines before it, numbered, with a caret (and ``remark``) under the column."""
        lines = self.source.split("\n")
        first = max(self.line - 2, 1)
        width = max(len(str(self.line)), 4)
        start = max(self.column - _EXCERPT_WIDTH // 2, 0) if self.column > _EXCERPT_WIDTH else 0
        shown = [
            f"{number:>{width}} | {_printable(lines[number - 1])[start : start + _EXCERPT_WIDTH]}".rstrip()
            for number in range(first, min(self.line, len(lines)) + 1)
        ]
        before = _printable(lines[self.line - 1])[start : self.column - 1] if self.line <= len(lines) else ""
        pad = "".join(" " * _cells(character) for character in before)
        shown.append(f"{'':>{width}} | {pad}^ {remark}".rstrip())
        return "\n".join(shown)


def without_passwords(text: str) -> str:
    """The text without the passwords in it, and as long as it was."""

    def starred(found: re.Match[str]) -> str:
        before = found[1] or found[2]
        return before + "*" * (len(found[0]) - len(before))

    return _PASSWORD.sub(starred, text)


def display_path(path: Path) -> str:
    """The path as the user would type it: relative to the working directory where it lies below, POSIX slashes."""
    relative = os.path.relpath(path) if _same_drive(path) else str(path)
    return (str(path) if relative.startswith("..") else relative).replace(os.sep, "/")


def path_from(folder: Path, path: Path) -> str:
    """The path as seen from the folder, with ``/`` and perhaps ``../``; whole where no relative one leads there."""
    try:
        return os.path.relpath(path, folder).replace(os.sep, "/")
    except ValueError:  # another drive of Windows
        return path.as_posix()


def _same_drive(path: Path) -> bool:
    return not path.drive or path.drive == Path.cwd().drive


def _printable(line: str) -> str:
    return without_passwords(line).rstrip("\r").replace("\t", " ")


def _cells(character: str) -> int:
    """How many cells of a terminal a character takes (Unicode Standard Annex 11)."""
    import unicodedata  # noqa: PLC0415 (only failures need it)

    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
