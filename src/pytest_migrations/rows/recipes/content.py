"""What a column holds, row by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pytest_migrations.rows.table import Type


@dataclass
class Content:
    """SQL over numbered rows ``r``: the ``usual`` value, and what stands there instead in some of them."""

    usual: str
    #: Whether the last row has another value than the first.
    is_alone: bool = False
    #: In which rows it is NULL.
    null: str = ""
    #: The places of rows that have room for an unusual value, and such values, those first that come first.
    room: Sequence[int] = ()
    unusual: list[str] = field(default_factory=list)
    #: Whether it differs from row to row.
    differs: bool = True
    #: In which rows it was put.
    chosen: list[str] = field(default_factory=list)

    @property
    def sql(self) -> str:
        return _case([(self.null, "NULL"), *self._placed], self.usual)

    @property
    def apart(self) -> str:
        """In which rows it is unusual, or was chosen; nothing where it is so nowhere."""
        return " OR ".join([*self.chosen, *(condition for condition, _ in self._placed)])

    @property
    def _placed(self) -> list[tuple[str, str]]:
        return [(f"r.p = {place}", value) for place, value in zip(self.room, self.unusual, strict=False)]

    def withdraw(self, places: Collection[int]) -> bool:
        """Take away the unusual values at these places; those behind move up. Whether there was one."""
        there = [place in places for place in self.room[: len(self.unusual)]]
        keeping = [False] * (len(self.unusual) - len(there))
        self.unusual = [value for value, is_away in zip(self.unusual, [*there, *keeping], strict=True) if not is_away]
        return any(there)

    def take(self, values: Sequence[str | None], row: str, type_: Type) -> None:
        """Hold these values in turn, by the ``row``, and no others."""
        self.unusual = []
        self.differs = len(set(values)) > 1
        number = f"{row} % {len(values)}"
        empty = [str(row) for row, value in enumerate(values) if value is None]
        self.null = f"{number} IN ({', '.join(empty)})" if empty else ""
        if self.differs:
            whens = " ".join(f"WHEN {row} THEN {value or 'NULL'}" for row, value in enumerate(values))
            self.usual = f"(CASE {number} {whens} END)::{type_.name}"
        else:
            self.usual = values[0] or f"NULL::{type_.name}"

    def put(self, rows: str, value: str | None) -> None:
        """Hold a value in the ``rows`` of which that is true."""
        self.differs = True
        if value is None or self.null:
            self.null = f"CASE WHEN {rows} THEN {value is None} ELSE {self.null or 'false'} END"
        if value is not None:
            self.chosen = [*self.chosen, rows, *(condition for condition, _ in self._placed)]
            self.usual = _case([(rows, value), *self._placed], self.usual)
            self.unusual = []


def _case(arms: Sequence[tuple[str, str]], otherwise: str) -> str:
    whens = " ".join(f"WHEN {condition} THEN {value}" for condition, value in arms if condition)
    return f"CASE {whens} ELSE {otherwise} END" if whens else otherwise
