"""A folder of migrations on disk: what lies in it, and its files as text."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_migrations.errors import Place, UserError, display_path
from pytest_migrations.migration import Script

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: A folder in one of migrations that holds rows for the tests.
SEEDS = "seeds"
#: A file that is there for people.
TELLS = re.compile(r"(?:README|LICENSE).*|.*\.(?:md|rst|txt)", re.IGNORECASE)

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Folder:
    """The visible content of a folder, read once and in a fixed order.

    Names are POSIX paths below the folder. Hidden files and folders are left out, and so is whatever is no ``.sql``
    file: notes, editors' backups (``x.sql~``, ``x.sql.bak``).
    """

    path: Path
    #: Values for the placeholders of the formats that have some (ini ``migrations_placeholders``).
    placeholders: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The names of its ``.sql`` files (``x.SQL`` too: nobody means to hide a file like that)."""
        return tuple(name for name, is_folder in self._entries if not is_folder and name.lower().endswith(".sql"))

    @cached_property
    def deep_files(self) -> tuple[str, ...]:
        """The names of its ``.sql`` files and of those in visible subfolders at any depth."""
        below = (
            f"{name}/{deep}"
            for name, is_folder in self._entries
            if is_folder
            for deep in Folder(self.path / name).deep_files
        )
        return tuple(sorted((*self.files, *below)))

    @cached_property
    def other_files(self) -> tuple[str, ...]:
        """The names of all its other files."""
        return tuple(name for name, is_folder in self._entries if not is_folder and name not in self.files)

    @cached_property
    def subfolders(self) -> dict[str, frozenset[str]]:
        """The names of its visible subfolders, each with the names of all that lies in it."""
        return {name: _names_in(self.path / name) for name, is_folder in self._entries if is_folder}

    def data(self, name: str) -> bytes:
        """The bytes of a file, without a byte order mark.

        :raises UserError: where it cannot be read.
        """
        if name not in self._data:
            try:
                self._data[name] = (self.path / name).read_bytes().removeprefix(_BYTE_ORDER_MARK)
            except OSError as error:
                raise _unreadable(self.path / name, error) from None
        return self._data[name]

    def text(self, name: str) -> str:
        """A file as the server is to get it: its line ends as they are, without a byte order mark.

        :raises UserError: where it cannot be read, is not UTF-8, or holds a NUL byte, which no statement may.
        """
        data = self.data(name)
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise _not_utf8(self.path / name, data, error) from None
        if (nul := text.find("\0")) >= 0:
            place = place_in(self.path / name, text, nul)
            raise UserError(
                f"{place}: a NUL character, which PostgreSQL takes nowhere in a statement\n{place.excerpt()}\n"
                "Delete it, or save the file as UTF-8 if it was written in UTF-16."
            )
        return text

    def script(self, name: str, *, transactional: bool = True) -> Script:
        """A file that is one script from its first line to its last."""
        text = self.text(name)
        return Script(self.path / name, text, text, transactional=transactional)

    @cached_property
    def _entries(self) -> list[tuple[str, bool]]:
        try:
            with os.scandir(self.path) as entries:
                return sorted((entry.name, entry.is_dir()) for entry in entries if not entry.name.startswith("."))
        except OSError as error:
            raise _unreadable(self.path, error) from None

    @cached_property
    def _data(self) -> dict[str, bytes]:
        return {}


def is_seed(name: str) -> bool:
    """Whether a file of this name below a folder of migrations lies among the rows for the tests."""
    return name.startswith(f"{SEEDS}/")


def place_in(path: Path, source: str, offset: int) -> Place:
    """Where in a file the character of its text at ``offset`` (from 0) stands."""
    return Script(path, source, source).place(offset)


def mistake(path: Path, source: str, offset: int, what: str, remedy: str) -> UserError:
    """What is wrong at the character of a file's text at ``offset``, and what to do."""
    place = place_in(path, source, offset)
    return UserError.at(place, what, remedy)


def _names_in(path: Path) -> frozenset[str]:
    try:
        return frozenset(entry.name for entry in path.iterdir())
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> UserError:
    return UserError(
        f"{display_path(path)} cannot be read: {error.strerror or error}. "
        "It lies in a folder of migrations: make it readable for the user who runs pytest, or move it elsewhere."
    )


def _not_utf8(path: Path, data: bytes, error: UnicodeDecodeError) -> UserError:
    shown = data.decode(errors="replace")
    place = place_in(path, shown, len(data[: error.start].decode()))
    remedy = (
        "It begins like a UTF-16 file: save it as UTF-8."
        if data.startswith(_UTF_16_MARKS)
        else "Save the file as UTF-8; migrations are sent to the server in that encoding."
    )
    return UserError(f"{place}: the byte 0x{data[error.start]:02X} is not UTF-8\n{place.excerpt()}\n{remedy}")
