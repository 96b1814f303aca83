"""Fills tables with rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import psycopg

    from pytest_migrations.rows.table import Table


@dataclass(frozen=True)
class Filled:
    """What came of filling tables: ``tables`` are those that were asked for and all that they refer to."""

    tables: tuple[Table, ...] = ()
    #: How many rows were put into each, by OID.
    rows: Mapping[int, int] = field(default_factory=dict)
    #: Why a table that holds no row got none, by OID.
    empty: Mapping[int, str] = field(default_factory=dict)


class Filler:
    """Puts ``rows`` rows into each table; remembers of tables what satisfies their conditions, from fill to fill."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def fill(self, connection: psycopg.Connection[Any], tables: Collection[int], *, seed: int = 0) -> Filled:
        """Fill the tables with these OIDs, and those that they refer to, in the open transaction.

        Another ``seed`` gives other values. What cannot be filled is left as it is.
        """
        raise NotImplementedError
