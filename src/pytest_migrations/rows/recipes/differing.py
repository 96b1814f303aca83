"""How rows keep out of each other's way: which of their columns differ, and how many rows can."""

from __future__ import annotations

from math import lcm
from typing import TYPE_CHECKING

from pytest_migrations.rows.types.scalar import UNLIMITED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_migrations.rows.table import Key


class Differing:
    """What keys ask of columns.

    ``capacity`` says of each column that gets values after how many rows the same come again: at the first that is long
    enough rows differ. ``elsewhere`` are those columns that foreign keys choose.
    """

    def __init__(self, keys: Sequence[Key], rows: int, capacity: Mapping[str, int], elsewhere: frozenset[str]) -> None:
        self._keys = keys
        self._rows = rows
        self._capacity = capacity
        self._elsewhere = elsewhere
        #: The columns that no two rows may share a value of.
        self.columns = frozenset(name for key in keys for name in self._different(key))
        #: Those of them whose values are compared as they are, and not what is made of them.
        self.by_value = self.columns.difference(*(key.columns for key in keys if not key.by_value))
        #: Those of them whose values foreign keys do not help to differ.
        self.alone = frozenset(
            name for key in keys if not (key.by_value and key.columns & elsewhere) for name in self._different(key)
        )
        #: As many rows can differ by what foreign keys do not choose.
        self.rows = min([rows, *(self._most(key) for key in keys if not key.columns & elsewhere)])

    def bounds(self) -> tuple[tuple[frozenset[str], int, int], ...]:
        """Of the keys with columns of foreign keys: these, how many values the others have, and if these are NULL."""
        bounds = []
        for key in self._keys:
            foreign, most = key.columns & self._elsewhere, self._most(key)
            if foreign and most < self._rows:
                bounds.append((foreign, most, self._rows if key.takes_nulls else most))
        return tuple(bounds)

    def _different(self, key: Key) -> frozenset[str]:
        own = key.columns - self._elsewhere
        long = [name for name, capacity in self._capacity.items() if name in own and capacity >= self._rows]
        return frozenset(long[:1]) if long and key.by_value else key.columns

    def _most(self, key: Key) -> int:
        """In how many rows the columns that foreign keys do not choose can differ: in none all are the same.

        Of a column that gets no value of ours nothing is known.
        """
        capacities = [self._capacity.get(name, UNLIMITED) for name in key.columns - self._elsewhere]
        return lcm(*capacities) if key.by_value else max(capacities, default=1)
