"""What became of rows of a table, in short."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_migrations.rows.losses.contents import Row, Rows

EXAMPLES = 3
_WIDTH = 100
#: So many values tell which row of a table without a key it is.
_NAMES = 2
#: As long as a uuid.
_VALUE_WIDTH = 36
#: So much of a value is shown in front of where it begins to differ.
_BEFORE = 10


@dataclass(frozen=True)
class Loss:
    """What became of rows of a table: how many, some of them in short, and in which columns they differ."""

    table: str
    change: str
    count: int
    examples: tuple[str, ...]
    columns: tuple[str, ...] = ()
    #: The rows as they were, or those that were left behind, by the columns that are there both times.
    rows: tuple[Row, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        rows = "1 row" if self.count == 1 else f"{self.count} rows"
        where = f" ({', '.join(self.columns)})" if self.columns else ""
        return f"{self.change:<12} {rows} of {self.table}{where}"

    @classmethod
    def of_whole_rows(cls, table: Rows, change: str, rows: Sequence[Row]) -> Loss:
        """Of rows that are "lost" or "left behind"."""
        examples = tuple(_in_short(row, table.key) for row in islice(rows, EXAMPLES))
        return cls(table.shown, change, len(rows), examples, rows=tuple(rows))

    @classmethod
    def of_changed(cls, table: Rows, changed: Sequence[tuple[Row, Row]]) -> Loss:
        """Of rows as they were and as they are."""
        common = list(changed[0][0])
        columns = [name for name in common if any(was[name] != is_[name] for was, is_ in changed)]
        names = table.key or [name for name in common if name not in columns][:_NAMES]
        examples = tuple(f"{_named(was, names)}{_differing(was, is_, columns)}" for was, is_ in changed[:EXAMPLES])
        were = tuple(was for was, _ in changed)
        return cls(table.shown, "changed", len(changed), examples, tuple(columns), were)


def _in_short(row: Row, key: Sequence[str]) -> str:
    """The key and as many of the other values as there is room for."""
    ordered = [*(name for name in key if name in row), *(name for name in row if name not in key)]
    text = ""
    for name in ordered:
        part = f"{name} {_value(row[name])}"
        if text and len(text) + len(part) > _WIDTH:
            return f"{text}, ..."
        text = f"{text}, {part}" if text else part
    return text


def _named(row: Mapping[str, str | None], key: Sequence[str]) -> str:
    """The key of a row in front of what else is told of it."""
    return ", ".join(f"{name} {_value(row[name])}" for name in key) + ": " if key else ""


def _differing(was: Row, is_: Row, columns: Sequence[str]) -> str:
    different = [name for name in columns if was[name] != is_[name]]
    return ", ".join(f"{name} {_apart(was[name], is_[name])}" for name in different[:EXAMPLES])


def _apart(was: str | None, is_: str | None) -> str:
    """Two values, if they are long from shortly before where they begin to differ."""
    is_long = max(len(was or ""), len(is_ or "")) > _VALUE_WIDTH
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(was or "", is_ or "", strict=False)))
    begin = same - _BEFORE if is_long and same > _VALUE_WIDTH // 2 else 0
    return f"{_value(was, begin)} -> {_value(is_, begin)}"


def _value(value: str | None, begin: int = 0) -> str:
    if value is None:
        return "NULL"
    shown = f"...{value[begin:]}" if begin else value
    shown = shown if len(shown) <= _VALUE_WIDTH else shown[: _VALUE_WIDTH - 3] + "..."
    return "'" + shown.replace("\n", "\\n") + "'"
