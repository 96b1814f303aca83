"""``atlas.sum``: what Atlas remembers of a folder, so that no file of it is changed unnoticed.

As Atlas 1 computes it (sql/migrate/dir.go): each line holds a file's name and the SHA-256 over the names and contents
of all files up to it, the first line one over the others. A file that begins with ``atlas:sum ignore`` adds its name.
"""

from __future__ import annotations

import base64
import hashlib
import re
from itertools import zip_longest
from typing import TYPE_CHECKING

from pytest_migrations.migration import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_migrations.formats.reading.folder import Folder

NAME = "atlas.sum"
_LINE = re.compile(r"(?P<name>.*?)\s*h1:(?P<hash>\S+)\s*")
_IGNORED = re.compile(rb"[ -~]*atlas:sum +ignore\r?(?:\n|\Z)")
#: A file's name and its hash.
_Hashed = tuple[str, str]
_REMEDY = "If that is meant, run `atlas migrate hash`; Atlas applies nothing until then."


def sum_problems(folder: Folder, names: Sequence[str]) -> Iterator[Problem]:
    """The first thing, as Atlas does it too, in which the files differ from what the sum says of them."""
    if NAME not in folder.other_files:
        yield Problem(
            folder.path, f"There is no {NAME}, without which Atlas applies nothing: run `atlas migrate hash`."
        )
        return
    first, *lines = folder.text(NAME).splitlines() or [""]
    listed = [(match["name"], match["hash"]) for line in lines if (match := _LINE.fullmatch(line))]
    if len(listed) != len(lines) or first.strip() != f"h1:{_total(listed)}":
        yield Problem(
            folder.path / NAME,
            f"{NAME} does not fit itself: it was edited, or two branches were merged in it. {_REMEDY}",
        )
        return
    computed = _hashes((name, _data(folder, name)) for name in names)
    if listed != computed:
        yield _first_difference(folder, listed, computed)


def sum_with(folder: Folder, names: Sequence[str], new: str, text: str) -> str:
    """The sum of the files there are and of a new one, of that name and text."""
    lines = _hashes((name, text.encode() if name == new else _data(folder, name)) for name in sorted([*names, new]))
    return "".join(f"{line}\n" for line in (f"h1:{_total(lines)}", *(f"{name} h1:{hashed}" for name, hashed in lines)))


def _first_difference(folder: Folder, listed: list[_Hashed], computed: list[_Hashed]) -> Problem:
    line, file = next(pair for pair in zip_longest(listed, computed, fillvalue=("", "")) if pair[0] != pair[1])
    if file[0] not in {"", *(name for name, _ in listed)}:
        return Problem(folder.path / file[0], f"{file[0]} is not in {NAME}: it was added without Atlas. {_REMEDY}")
    if line[0] not in folder.files:
        return Problem(folder.path / NAME, f"{line[0]} is in {NAME}, but there is no such file. {_REMEDY}")
    return Problem(folder.path / line[0], f"{line[0]} was changed after {NAME} had been written. {_REMEDY}")


def _data(folder: Folder, name: str) -> bytes:
    """The bytes of a file, with its byte order mark."""
    return (folder.path / name).read_bytes()


def _hashes(files: Iterable[tuple[str, bytes]]) -> list[_Hashed]:
    computed: list[_Hashed] = []
    hashed = hashlib.sha256()
    for name, data in files:
        hashed.update(name.encode())
        if not _IGNORED.match(data):
            hashed.update(data)
            computed.append((name, _base64(hashed.digest())))
    return computed


def _total(lines: list[_Hashed]) -> str:
    return _base64(hashlib.sha256("".join(name + hashed for name, hashed in lines).encode()).digest())


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
