"""Scripts that are put together from parts of files, each of which keeps its places."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.migration import Origin, Script

if TYPE_CHECKING:
    from collections.abc import Iterable


class Part(NamedTuple):
    """Text for a script, and the place that it has: ``length`` characters of a file, from ``offset`` on."""

    text: str
    file: Script
    offset: int
    length: int


def part_of(file: Script, start: int, end: int) -> Part:
    """A part of a file as it is."""
    return Part(file.text[start:end], file, start, end - start)


def assembled(file: Script, parts: Iterable[Part], *, transactional: bool = True) -> Script:
    """The script of a file (all of whose text is given) that consists of these parts, in this order."""
    parts = list(parts)
    starts = accumulate((len(part.text) for part in parts), initial=0)
    return Script(
        file.path,
        file.source,
        "".join(part.text for part in parts),
        transactional=transactional,
        origins=tuple(
            Origin(start, part.file, part.offset, part.length) for start, part in zip(starts, parts, strict=False)
        ),
    )
