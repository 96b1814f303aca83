"""The rows of tables at one moment, to be compared with those at another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg


@dataclass(frozen=True)
class Loss:
    """What became of the rows of a table: how many, up to three of them as text, and which columns differ."""

    table: str
    change: str  # "lost", "changed" or "left behind"
    count: int
    examples: tuple[str, ...]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Image:
    """Rows by table; a table is known by its name."""


def read_image(connection: psycopg.Connection[Any], tables: Iterable[int]) -> Image:
    """Read the rows of the tables with these OIDs."""
    raise NotImplementedError


def compare(before: Image, after: Image) -> tuple[Loss, ...]:
    """What became of the rows, in the columns that both have."""
    raise NotImplementedError
