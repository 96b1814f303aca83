"""How rows keep out of each other's way: which of their columns differ, and how many rows can."""

from __future__ import annotations

from math import lcm
from typing import TYPE_CHECKING

from pytest_migrations.rows.recipes.numbering import FEWEST, REPEATING
from pytest_migrations.rows.types.scalar import UNLIMITED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pytest_migrations.rows.table import Key

#: By which number a row goes where it has to differ in the last, and in the last but one: see ``rows_of``.
_TURNS = {(True, False): "r.e", (False, True): "r.d", (False, False): REPEATING}


class Differing:
    """What keys ask of columns.

    ``capacity`` says of each column that gets values after how many rows the same come again: at the first that is long
    enough rows differ. ``elsewhere`` are those columns that foreign keys choose. Those that are ``checked`` may get
    other values.
    """

    def __init__(
        self,
        keys: Sequence[Key],
        rows: int,
        capacity: Mapping[str, int],
        elsewhere: frozenset[str],
        checked: Collection[str],
    ) -> None:
        self._keys = sorted(keys, key=lambda key: len(key.columns))
        self._rows = rows
        self._capacity = capacity
        self._elsewhere = elsewhere
        self._checked = checked
        self._telling = frozenset[str]().union(*(key.columns for key in keys if key.by_value and len(key.columns) == 1))
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

    def turns(self, bound: Collection[str], partial: Collection[str]) -> dict[str, str]:
        """By which number of the row columns go that are in keys of several: each has a value twice, not all at once.

        One column of a key tells all rows apart but the last but one and that before it, which another tells apart.
        Those that are ``bound`` to others stay as they are. Those of ``partial`` keys repeat in the last row alone.
        That foreign keys have enough to choose from is hoped.
        """
        if self.rows < FEWEST:
            return {}
        alone, apart, able = set[str](), set(partial), set[str]()
        for key in self._keys:
            if key.by_value and any(name in alone & apart and self.is_long(name) for name in key.columns):
                continue  # they differ by another key
            free = [name for name in self._capacity if name in key.columns and self._can_repeat(name, bound)]
            telling = [name for name in free if name in self.columns and self.is_long(name)]
            telling.sort(key=apart.__contains__)
            others = [name for name in free if name not in telling[:1]]
            if key.by_value and telling and others:
                alone.add(telling[0])
                apart.update([] if apart.intersection(others) else others[-1:])
                able.update(free)
            else:
                alone |= key.columns & self.columns
                apart |= key.columns
        found = {name: _TURNS.get((name in alone, name in apart), "") for name in able}
        return {name: turn for name, turn in found.items() if turn and (name not in self.columns or self.is_long(name))}

    def _can_repeat(self, name: str, bound: Collection[str]) -> bool:
        return name not in bound and (name in self._elsewhere or self._capacity[name] > 1)

    def is_long(self, name: str) -> bool:
        """Whether rows can be expected to differ in a column."""
        return name in self._elsewhere or (name not in self._checked and self._capacity.get(name, 0) >= self._rows)

    def _different(self, key: Key) -> frozenset[str]:
        own = key.columns - self._elsewhere
        if own != key.columns:
            own -= frozenset(self._checked)  # which may get few values
        long = [name for name, capacity in self._capacity.items() if name in own and capacity >= self._rows]
        long.sort(key=lambda name: name not in self._telling)
        return frozenset(long[:1]) if long and key.by_value else key.columns

    def _most(self, key: Key) -> int:
        """In how many rows the columns that foreign keys do not choose can differ: in none all are the same.

        Of a column that gets no value of ours nothing is known.
        """
        capacities = [self._capacity.get(name, UNLIMITED) for name in key.columns - self._elsewhere]
        return lcm(*capacities) if key.by_value else max(capacities, default=1)
