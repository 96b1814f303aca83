"""Values that hypothesis thinks of, the same ones each time."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from threading import Thread
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from pytest_migrations.rows.conditions.candidates import Value

if TYPE_CHECKING:
    from pytest_migrations.rows.table import Type


@lru_cache
def drawn(type_: Type, count: int) -> tuple[Value, ...]:
    """Up to ``count`` different values of a type; none where hypothesis is not installed or nothing is known of it.

    They are drawn in a thread of their own: whoever asks may be in a test of hypothesis, in which none may begin.
    """
    found: dict[Value, None] = {}
    drawing = Thread(target=_draw, args=(type_, count, found))
    drawing.start()
    drawing.join()
    return tuple(found)


def _draw(type_: Type, count: int, found: dict[Value, None]) -> None:
    from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415 (takes 0.2 s)

    from pytest_migrations.rows.types import strategy  # noqa: PLC0415 (as above)

    values = strategy(type_)
    if values is None:
        return

    @settings(
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=count,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(values)
    def note(value: object) -> None:
        with suppress(psycopg.Error):
            found[Value(sql.Literal(value).as_string(None))] = None

    note()
