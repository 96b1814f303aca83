"""Values that hypothesis thinks of, the same ones each time."""

from __future__ import annotations

import sys
import unicodedata
from contextlib import suppress
from functools import cache, lru_cache
from itertools import groupby
from threading import Thread
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from pytest_migrations.rows.conditions.candidates import Value

if TYPE_CHECKING:
    from pytest_migrations.rows.table import Type


@lru_cache
def drawn(type_: Type, count: int) -> tuple[Value, ...]:
    """Up to ``count`` different values of a type; none where nothing is known of it.

    They are drawn in a thread of their own: whoever asks may be in a test of hypothesis, in which none may begin.
    """
    found: dict[Value, None] = {}
    drawing = Thread(target=_draw, args=(type_, count, found))
    drawing.start()
    drawing.join()
    return tuple(found)[:count]


def _draw(type_: Type, count: int, found: dict[Value, None]) -> None:
    from hypothesis import given  # noqa: PLC0415 (takes 0.2 s)

    from pytest_migrations.plain_draws import plainly  # noqa: PLC0415 (as above)
    from pytest_migrations.rows.types import strategy  # noqa: PLC0415 (as above)

    values = strategy(type_)
    if values is None:
        return
    _know_characters()

    @plainly(2 * count)  # many come twice
    @given(values)
    def note(value: object) -> None:
        with suppress(psycopg.Error):
            found[Value(sql.Literal(value).as_string(None))] = None

    note()


@cache
def _know_characters() -> None:
    """Tell hypothesis the kinds of characters. It would find out by itself, and keep a file of them in ``.hypothesis``.

    Of all that it has in memory nothing else is touched, so that the user's own tests see no difference.
    """
    from hypothesis.internal import charmap  # noqa: PLC0415 (as above)

    if charmap.charmap_file().exists():
        return
    kinds: dict[Any, tuple[tuple[int, int], ...]] = {}
    start = 0
    for kind, same in groupby(map(unicodedata.category, map(chr, range(sys.maxunicode + 1)))):
        end = start + sum(1 for _ in same)
        kinds[kind] = (*kinds.get(kind, ()), (start, end - 1))
        start = end
    charmap._charmap = kinds  # noqa: SLF001 (there is no other way, but for a folder that all of its tests have)
