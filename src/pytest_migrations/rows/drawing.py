"""Values that hypothesis thinks of, the same ones each time."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from pytest_migrations.rows.candidates import Value

if TYPE_CHECKING:
    from pytest_migrations.rows.table import Type


def drawn(type_: Type, count: int) -> list[Value]:
    """Up to ``count`` different values of a type; none where hypothesis is not installed or nothing is known of it."""
    try:
        from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415 (takes 0.2 s)

        from pytest_migrations.rows.types import strategy  # noqa: PLC0415
    except ImportError:
        return []
    values = strategy(type_)
    if values is None:
        return []
    found: dict[Value, None] = {}

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
    return list(found)
