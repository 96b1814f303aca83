"""What a tool's ledger is: data and one function."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.foreign_ledgers.taking import Taken
    from pytest_migrations.migration import History


class Kind(Enum):
    """What a column holds, whichever of the types for it was chosen."""

    NUMBER = ("smallint", "integer", "bigint", "numeric")
    TEXT = ("text", "character varying", "character", "citext")
    TRUTH = ("boolean",)
    TIME = ("timestamp with time zone", "timestamp without time zone", "date")
    OTHER = ()

    @classmethod
    def of(cls, type_name: str) -> Kind:
        """The kind of a type, by what ``format_type`` calls it."""
        return next((kind for kind in cls if type_name in kind.value), cls.OTHER)


@dataclass(frozen=True)
class Table:
    """A table of a database, as far as its columns tell what it is."""

    schema: str
    name: str
    columns: Mapping[str, Kind]


@dataclass(frozen=True)
class Shape:
    """What a ledger looks like. The first column is one that hardly any other table has, unless ``named`` is given."""

    columns: Mapping[str, Kind | None]
    #: A pattern for the whole name of the table, where its columns do not tell.
    named: str = ""
    #: Whether it has no other columns.
    alone: bool = False
    #: A table that lies in the same schema.
    beside: str = ""

    def fits(self, table: Table, neighbours: set[str]) -> bool:
        """Whether the table is such a ledger; ``neighbours`` are names of tables in its schema."""
        return (
            all(name in table.columns and kind in (None, table.columns[name]) for name, kind in self.columns.items())
            and (not self.alone or len(table.columns) == len(self.columns))
            and (not self.named or re.fullmatch(self.named, table.name) is not None)
            and (not self.beside or self.beside in neighbours)
        )


@dataclass(frozen=True)
class Tool:
    """A tool that keeps a ledger of its own."""

    #: What its users call it.
    name: str
    #: The formats that a folder of its migrations may be taken for: plain numbered files are "ours".
    formats: tuple[str, ...]
    shapes: tuple[Shape, ...]
    #: The columns that ``taken`` looks at, of which some may be absent.
    reads: tuple[str, ...] = ()
    #: What the rows say of a history; None where the tool is only to be recognised, since its migrations are programs.
    taken: Callable[[Sequence[Row], History], Taken] | None = None
