"""Which format a folder is written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError, display_path
from pytest_migrations.formats.alembic import ALEMBIC
from pytest_migrations.formats.dbmate import DBMATE
from pytest_migrations.formats.directories import DIRECTORIES
from pytest_migrations.formats.folder import Folder
from pytest_migrations.formats.goose import GOOSE
from pytest_migrations.formats.order import unaddressable
from pytest_migrations.formats.ours import OURS, numbered
from pytest_migrations.formats.pairs import PAIRS
from pytest_migrations.formats.prisma import PRISMA
from pytest_migrations.formats.strangers import stranger_in
from pytest_migrations.migration import History

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_migrations.formats.format import Format

#: Every format there is. A new one is one file and one line here.
_ALL = (
    OURS,
    PAIRS,
    DIRECTORIES,
    PRISMA,
    GOOSE,
    DBMATE,
    ALEMBIC,
)

#: What ``--migrations-format`` takes.
FORMATS: dict[str, Format] = {known.name: known for known in _ALL}


def read_history(
    folder: Path,
    format: str | None = None,  # noqa: A002 (the option's own name)
    placeholders: Mapping[str, str] | None = None,
) -> History:
    """All migrations of a folder in the order in which they are applied.

    :param folder: where the migrations lie; it becomes ``History.folder`` as it is.
    :param format: a name in FORMATS; without it the folder's content decides.
    :param placeholders: values for the placeholders of the formats that have some.
    :raises UserError: where the folder or a file cannot be read, no format or more than one fits, or a file leaves
        open what its SQL is. What is only wrong with names and order is told by ``History.problems``.
    """
    listing = Folder(_existing(folder), placeholders or {})
    chosen = _detect(listing) if format is None else _named(format)
    reading = chosen.read(listing)
    if not reading.migrations:
        raise _nothing_found(listing, [chosen])
    problems = (*reading.problems, *unaddressable(reading.migrations))
    return History(folder, chosen.name, tuple(reading.migrations), problems, tuple(reading.notes), reading.ledger)


def _existing(folder: Path) -> Path:
    if not folder.exists():
        raise UserError(
            f"{display_path(folder)}: no such folder. Name the folder that holds the migrations in --migrations-dir."
        )
    if not folder.is_dir():
        raise UserError(f"{display_path(folder)} is a file. Name the folder it lies in in --migrations-dir.")
    return folder


def _named(name: str) -> Format:
    if name not in FORMATS:
        known = "\n".join(f"  {known.name}: {known.looks_like}" for known in _ALL)
        raise UserError(f"--migrations-format={name}: there is no such format. There are:\n{known}")
    return FORMATS[name]


def _detect(folder: Folder) -> Format:
    """The format with the most files that speak for it alone; plain numbered files speak for none and are ours."""
    evidence = {known.name: known.evidence(folder) for known in _ALL}
    most = max(len(names) for names in evidence.values())
    if most:
        best = [name for name, names in evidence.items() if len(names) == most]
        if len(best) > 1:
            raise _ambiguous(folder, {name: evidence[name] for name in best})
        return FORMATS[best[0]]
    if stranger := stranger_in(folder):
        raise UserError(
            f"{display_path(folder.path)} holds migrations of {stranger.tool} ({stranger.file}: {stranger.sign}), "
            f"which is not supported. Supported are:\n{_looked_for(_ALL)}\n"
            "Name one of them with --migrations-format= if the folder is one nevertheless."
        )
    if numbered(folder):
        return OURS
    raise _nothing_found(folder, list(_ALL))


def _ambiguous(folder: Folder, evidence: dict[str, list[str]]) -> UserError:
    found = "\n".join(f"  {name}: {_some(names)}" for name, names in evidence.items())
    options = " or ".join(f"--migrations-format={name}" for name in evidence)
    return UserError(
        f"{display_path(folder.path)} holds migrations of more than one format:\n{found}\nSay which with {options}, "
        "or give each a folder of its own."
    )


def _nothing_found(folder: Folder, formats: list[Format]) -> UserError:
    content = [*folder.files, *(f"{name}/" for name in folder.subfolders)]
    holds = f"It holds {_some(content)}." if content else "It holds no .sql file and no folder."
    return UserError(
        f"{display_path(folder.path)}: no migrations found. Looked for:\n{_looked_for(formats)}\n{holds}\n"
        "Name the folder that holds them in --migrations-dir."
    )


def _looked_for(formats: tuple[Format, ...] | list[Format]) -> str:
    return "\n".join(f"  {known.looks_like}" for known in formats)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
