"""What the rows of a table are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_migrations.rows.recipes.nulls import Nulls
from pytest_migrations.rows.recipes.numbering import rows_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pytest_migrations.rows.table import Check, Table


@dataclass(frozen=True)
class Wanted:
    """Up to ``rows`` rows of a table, of which one satisfies each condition that is ``sought``, where one can."""

    rows: int
    seed: int = 0
    sought: tuple[str, ...] = ()
    nulls: Nulls = Nulls.SOME
    #: Whether columns repeat a value as far as keys of several seem to let them.
    repeating: bool = True
    #: What texts begin with, in front of a number.
    texts: str = ""
    #: Columns of foreign keys to what gets no rows: they can only be NULL.
    lacking: frozenset[str] = frozenset()
    #: Whether no number may be so large that one can hardly reckon with it.
    modest: bool = False


@dataclass(frozen=True)
class Recipe:
    """``count`` rows of a table, numbered as ``rows_of`` does.

    ``values`` has SQL by the name of the column. Other columns of foreign keys take theirs from the tables that they
    refer to, and are NULL where ``nulls`` says so.
    """

    table: Table
    count: int
    values: Mapping[str, str]
    nulls: Mapping[str, str]
    #: In which rows such a column has a value of its own, that refers to none.
    apart: Mapping[str, str]
    #: The columns that no two rows may share a value of.
    unique: frozenset[str]
    #: By which number of the row columns of keys go, where a foreign key chooses from one behind the other.
    turns: Mapping[str, str]
    #: Of keys whose columns hold few values: those of foreign keys, how many values the others hold, and how many rows
    #: there can be where the foreign keys are NULL.
    bounds: tuple[tuple[frozenset[str], int, int], ...]
    #: Values for columns of foreign keys, where these have nothing to choose from.
    usual: Mapping[str, str]
    #: Values of columns of foreign keys that these cannot choose: they refer to rows that agree.
    settled: Mapping[str, str]
    #: Those of them that are the same in all rows.
    constant: frozenset[str]
    #: Conditions that hang on what foreign keys refer to.
    checks: tuple[Check, ...]
    #: Of generated columns the expressions, and the columns in them.
    generated: Mapping[str, tuple[str, frozenset[str]]]
    #: By the OID of a table what rows of it are to satisfy so that these rows can refer to them.
    demands: Mapping[int, tuple[str, ...]]
    nulled: Nulls

    @property
    def rows(self) -> str:
        """The numbered rows, for the FROM of a query."""
        return rows_of(self.count)

    def can_lack(self, columns: Collection[str]) -> bool:
        """Whether a row may have NULL in all of these columns."""
        able = {column.name for column in self.table.columns if column.takes_null}
        return self.nulled is not Nulls.NONE and able.issuperset(columns)
