"""Which format a folder is written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError, display_path
from pytest_migrations.formats.alembic import ALEMBIC
from pytest_migrations.formats.atlas import ATLAS
from pytest_migrations.formats.dbmate import DBMATE
from pytest_migrations.formats.directories import DIRECTORIES
from pytest_migrations.formats.drizzle import DRIZZLE
from pytest_migrations.formats.flyway import FLYWAY
from pytest_migrations.formats.goose import GOOSE
from pytest_migrations.formats.graphile import GRAPHILE
from pytest_migrations.formats.liquibase import LIQUIBASE
from pytest_migrations.formats.node_pg_migrate import NODE_PG_MIGRATE
from pytest_migrations.formats.ours import OURS, numbered
from pytest_migrations.formats.pairs import PAIRS
from pytest_migrations.formats.pop import POP
from pytest_migrations.formats.prisma import PRISMA
from pytest_migrations.formats.rambler import RAMBLER
from pytest_migrations.formats.reading.folder import TELLS, Folder
from pytest_migrations.formats.reading.order import some, unaddressable
from pytest_migrations.formats.refinery import REFINERY
from pytest_migrations.formats.sqitch import SQITCH
from pytest_migrations.formats.sql_migrate import SQL_MIGRATE
from pytest_migrations.formats.supabase import SUPABASE
from pytest_migrations.formats.tern import TERN
from pytest_migrations.formats.yoyo import YOYO
from pytest_migrations.migration import History

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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
    FLYWAY,
    REFINERY,
    SQITCH,
    POP,
    DRIZZLE,
    SUPABASE,
    ATLAS,
    GRAPHILE,
    LIQUIBASE,
    SQL_MIGRATE,
    YOYO,
    NODE_PG_MIGRATE,
    TERN,
    RAMBLER,
    ALEMBIC,
)

#: What ``--migrations-format`` takes.
FORMATS: dict[str, Format] = {known.name: known for known in _ALL}


def read_history(
    folder: Path,
    format: str | None = None,  # noqa: A002 (the option's own name)
    placeholders: Mapping[str, str] | None = None,
    more: Sequence[Format] = (),
) -> History:
    """All migrations of a folder in the order in which they are applied.

    :param folder: where the migrations lie; it becomes ``History.folder`` as it is.
    :param format: a name in FORMATS; without it the folder's content decides.
    :param placeholders: values for the placeholders of the formats that have some.
    :param more: formats besides FORMATS, which come before those where both fit.
    :raises UserError: where the folder or a file cannot be read, no format or more than one fits, or a file leaves
        open what its SQL is. What is only wrong with names and order is told by ``History.problems``.
    """
    listing = Folder(_existing(folder), placeholders or {})
    known = [*more, *(ours for ours in _ALL if ours.name not in {other.name for other in more})]
    chosen = _detect(listing, more, known) if format is None else _named(format, known)
    reading = chosen.read(listing)
    if not reading.migrations:
        raise _nothing_found(listing, [chosen])
    problems = (*reading.problems, *unaddressable(reading.migrations))
    left_out = some([item.name for item in reading.in_code])
    in_code = (f"Only SQL is run here; left out are migrations in code: {left_out}.",) if left_out else ()
    return History(
        folder,
        chosen.name,
        tuple(reading.migrations),
        problems,
        (*reading.notes, *in_code),
        reading.ledger,
        reading.order,
        tuple(reading.superseded),
        tuple(reading.in_code),
    )


def format_to_write(folder: Folder, format: str | None = None) -> Format:  # noqa: A002 (as above)
    """The format of a folder's next migration: the one that is named, else that of the others, else ours.

    :raises UserError: where what lies there is of no format that we know, or of more than one.
    """
    if format is not None:
        return _named(format, _ALL)
    return _detect(folder, (), _ALL) if _is_inhabited(folder) else OURS


def _is_inhabited(folder: Folder) -> bool:
    """Whether there is more in the folder than what tells people about it."""
    return bool(folder.files or folder.subfolders or any(not TELLS.fullmatch(name) for name in folder.other_files))


def _existing(folder: Path) -> Path:
    if not folder.exists():
        raise UserError(
            f"{display_path(folder)}: no such folder. Name the folder that holds the migrations in --migrations-dir."
        )
    if not folder.is_dir():
        raise UserError(f"{display_path(folder)} is a file. Name the folder it lies in in --migrations-dir.")
    return folder


def _named(name: str, known: Sequence[Format]) -> Format:
    for format_ in known:
        if format_.name == name:
            return format_
    listed = "\n".join(f"  {format_.name}: {format_.looks_like}" for format_ in known)
    raise UserError(f"--migrations-format={name}: there is no such format. There are:\n{listed}")


def _detect(folder: Folder, more: Sequence[Format], known: Sequence[Format]) -> Format:
    """The format with the most files that speak for it alone; plain numbered files speak for none and are ours."""
    if found := _most_evident(folder, more) or _most_evident(folder, known):
        return found
    if numbered(folder):
        return OURS
    raise _nothing_found(folder, known)


def _most_evident(folder: Folder, formats: Sequence[Format]) -> Format | None:
    """The one with the most evidence; None where no file speaks for any of them."""
    evidence = {format_: names for format_ in formats if (names := format_.evidence(folder))}
    most = max(map(len, evidence.values()), default=0)
    best = [format_ for format_, names in evidence.items() if len(names) == most]
    if len(best) > 1:
        raise _ambiguous(folder, {format_.name: evidence[format_] for format_ in best})
    return best[0] if best else None


def _ambiguous(folder: Folder, evidence: dict[str, list[str]]) -> UserError:
    found = "\n".join(f"  {name}: {some(names)}" for name, names in evidence.items())
    options = " or ".join(f"--migrations-format={name}" for name in evidence)
    return UserError(
        f"{display_path(folder.path)} holds migrations of more than one format:\n{found}\nSay which with {options}, "
        "or give each a folder of its own."
    )


def _nothing_found(folder: Folder, formats: Sequence[Format]) -> UserError:
    content = [*folder.files, *(f"{name}/" for name in folder.subfolders)]
    holds = f"It holds {some(content)}." if content else "It holds no .sql file and no folder."
    return UserError(
        f"{display_path(folder.path)}: no migrations found. Looked for:\n{_looked_for(formats)}\n{holds}\n"
        "Name the folder that holds them in --migrations-dir."
    )


def _looked_for(formats: Sequence[Format]) -> str:
    return "\n".join(f"  {known.looks_like}" for known in formats)
