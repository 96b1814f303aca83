"""Files of a tool that lie in the folder of migrations or above it: its settings, the manifest of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: Where there is no repository; ``src/main/resources/db/migration`` is five levels below its project.
_LEVELS = 7


def files_above(folder: Path, name: str) -> list[Path]:
    """The files of that name in the folder and above it, the nearest first, up to the root of the repository."""
    return [place / name for place in places_above(folder) if (place / name).is_file()]


def places_above(folder: Path) -> list[Path]:
    """The folder and those above it, the nearest first, up to the root of the repository."""
    here = folder.absolute()
    places = [here, *here.parents]
    root = next((index for index, place in enumerate(places) if (place / ".git").exists()), _LEVELS - 1)
    return places[: root + 1]
