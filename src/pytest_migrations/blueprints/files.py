"""Puts drafts into a folder: all files of them or none, and never over one that is there."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.errors import UserError, display_path
from pytest_migrations.formats.detection import format_to_write
from pytest_migrations.formats.reading.folder import Folder
from pytest_migrations.server.locks import Lock, take

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_migrations.formats.writing.draft import Draft, NewFiles

#: Held while versions are given out, so that two people at once get two; hidden, and gone afterwards.
_LOCK = ".pytest-migrations-new.lock"


class Written(NamedTuple):
    """What was written, in the order of the migrations."""

    format: str
    paths: list[Path]
    notes: list[str]


def write_drafts(folder: Path, format: str | None, drafts: Iterable[Draft]) -> Written:  # noqa: A002 (the option's name)
    """Write each as the next migration of the folder, which is made where it is missing.

    :param format: its name, where it is not to be detected.
    :raises UserError: where the format cannot have them, or the folder cannot be written to; nothing is then left.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{display_path(folder)} is a file. Name the folder it lies in in --dir.")
    try:
        with ExitStack() as undo:
            _make(folder, undo)
            with _alone(folder):
                written = _write_all(folder, format, drafts, undo)
            undo.pop_all()
    except OSError as error:
        where = display_path(Path(error.filename or folder))
        raise UserError(f"{where}: {error.strerror or error}. Nothing was written.") from None
    return written


def _write_all(folder: Path, format: str | None, drafts: Iterable[Draft], undo: ExitStack) -> Written:  # noqa: A002
    known = format_to_write(Folder(folder), format)
    if known.write is None:
        raise UserError(f"How migrations of the format {known.name} are written is not known. Nothing was written.")
    written = Written(known.name, [], [])
    for draft in drafts:
        new = known.write(Folder(folder), draft)
        written.paths.extend(_write(folder, new, undo))
        written.notes.extend(note for note in new.notes if note not in written.notes)
    return written


def _write(folder: Path, new: NewFiles, undo: ExitStack) -> Iterator[Path]:
    for name, text in new.files.items():
        path = folder / name
        _make(path.parent, undo)
        with path.open("x", encoding="utf-8", newline="") as file:
            undo.callback(path.unlink, missing_ok=True)
            file.write(text)
        yield path
    for name, text in new.replaced.items():
        path = folder / name
        undo.callback(path.write_bytes, path.read_bytes())
        path.write_bytes(text.encode())


def _make(folder: Path, undo: ExitStack) -> None:
    """Make a folder, and what it lies in; what is there is left as it is."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir()
        undo.callback(path.rmdir)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    path = folder / _LOCK
    with _taken(path):
        try:
            yield
        finally:
            with suppress(OSError):  # Windows deletes no file that is open
                path.unlink()


def _taken(path: Path) -> Lock:
    while path.parent.is_dir():
        with suppress(FileNotFoundError):  # whoever held it has deleted it: the next one is made anew
            return take(path)
    raise UserError(f"{display_path(path.parent)} was deleted meanwhile. Nothing was written.")
