"""Rows of the user's own for a version: SQL files in ``seeds/``, put in once that version is reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_migrations.errors import Place, UserError, display_path
from pytest_migrations.formats.reading.folder import SEEDS, TELLS, Folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pytest_migrations.migration import History, Script

_HOW_IT_IS_NAMED = "Call it as the version is (006.sql, 006_some_words.sql), or as the migration is."


@dataclass(frozen=True)
class Seeds:
    """Scripts that put rows in, by how many migrations are applied when they are to run."""

    scripts: Mapping[int, tuple[Script, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.scripts)

    def at(self, position: int) -> tuple[Script, ...]:
        """Those that are to run when so many migrations are applied, in their order."""
        return self.scripts.get(position, ())

    def until(self, position: int) -> Iterator[Script]:
        """All that are to run until so many are applied."""
        return (script for at in sorted(self.scripts) if at <= position for script in self.scripts[at])

    def followed_by(self, others: Seeds) -> Seeds:
        """These and others, which run behind these of the same version."""
        positions = sorted({*self.scripts, *others.scripts})
        return Seeds({position: self.at(position) + others.at(position) for position in positions})


def read_seeds(history: History, folder: Path | None = None) -> Seeds:
    """The files of a folder, or without one of ``seeds`` in that of the migrations, if there is one.

    Where migrations lie in such a folder, it is one of theirs.

    :raises UserError: where a file belongs to no version, or to one that has one already, or cannot be read.
    """
    if folder is None:
        folder = history.folder / SEEDS
        if not folder.is_dir() or any(migration.path.is_relative_to(folder) for migration in history.migrations):
            return Seeds()
    elif any(migration.path.parent == folder for migration in history.migrations):
        raise UserError(f"{display_path(folder)} holds the migrations themselves: seeds need a folder of their own.")
    listing = Folder(folder)
    _refuse_others(listing)
    found: dict[int, Script] = {}
    for name in listing.files:
        script = listing.script(name)
        position = _position(history, script, name[: -len(".sql")])
        if position in found:
            both = f"{display_path(found[position].path)} and {display_path(script.path)}"
            migration = history.migrations[position - 1].name
            raise _at(script.path, f"{both} are both for {migration}. Write them into one file.")
        found[position] = script
    return Seeds({position: (script,) for position, script in found.items()})


def _refuse_others(folder: Folder) -> None:
    for name in folder.other_files:
        if not TELLS.fullmatch(name):
            raise _at(
                folder.path / name,
                f"{display_path(folder.path / name)} is among the seeds, and is no .sql file. "
                "Write what it is for in SQL, or move it elsewhere.",
            )
    for name in folder.subfolders:
        raise _at(
            folder.path / name,
            f"{display_path(folder.path / name)} is a folder among the seeds, where it is not looked into. "
            "Move its files up, or elsewhere.",
        )


def _position(history: History, script: Script, named: str) -> int:
    """By the whole name, or else by what stands before a ``_``: a version may have some itself."""
    try:
        return history.position_of(named)
    except LookupError as error:
        if shorter := named.rpartition("_")[0]:
            return _position(history, script, shorter)
        raise _at(script.path, f"{display_path(script.path)} is a seed, and {error}. {_HOW_IT_IS_NAMED}") from None


def _at(path: Path, told: str) -> UserError:
    error = UserError(told)
    error.place = Place(path, 1, 1, "")
    return error
