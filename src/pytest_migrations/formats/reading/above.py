"""Files of a tool that lie in the folder of migrations or above it: its settings, the manifest of the project."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: ``src/main/resources/db/migration`` is five levels below its project.
_LEVELS = 7


def files_above(folder: Path, name: str) -> list[Path]:
    """The files of that name in the folder and above it, the nearest first, up to the root of the repository."""
    return [place / name for place in _places(folder) if (place / name).is_file()]


def _places(folder: Path) -> Iterator[Path]:
    here = folder.absolute()
    for place in islice((here, *here.parents), _LEVELS):
        yield place
        if (place / ".git").exists():
            return
