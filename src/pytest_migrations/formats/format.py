"""What a format is: data and three functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.migration import Order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.writing.draft import Draft, NewFiles
    from pytest_migrations.migration import InCode, Migration, Problem


class Reading(NamedTuple):
    """What a format makes of a folder: its migrations in order, what is wrong with it, and more for ``History``."""

    migrations: Sequence[Migration]
    problems: Sequence[Problem]
    notes: Sequence[str] = ()
    ledger: Migration | None = None
    order: Order = Order.VERSIONS
    superseded: Sequence[Migration] = ()
    in_code: Sequence[InCode] = ()


@dataclass(frozen=True)
class Format:
    """A convention of naming and writing migrations."""

    #: What ``--migrations-format`` calls it.
    name: str
    #: What its migrations look like, for messages: "NNN_name.sql, ...".
    looks_like: str
    #: The names in a folder that speak for this format and for no other.
    evidence: Callable[[Folder], list[str]]
    #: Reads a folder, whatever else lies in it. Raises UserError where it cannot tell what a file's SQL is.
    read: Callable[[Folder], Reading]
    #: Makes the files of a new migration, without writing them. Raises UserError where that is for the tool to do.
    write: Callable[[Folder, Draft], NewFiles] | None = None
    #: Whether its scripts have placeholders or variables, to which users give values.
    has_placeholders: bool = False
