"""Tries the values of a type in a table of it."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pytest_migrations.derive.names import literal
from pytest_migrations.rows.types import capacity, expression, strategy
from tests.rows.types.reading import type_of_column

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_migrations.rows.table import Type

#: Index support is what makes a type an ordered one; of a type with parts, or a label, the parts decide.
_ORDERED = """
select exists (
  select from pg_opclass c join pg_am a on a.oid = opcmethod join pg_type t on t.oid = opcintype
  where amname = 'btree' and opcdefault and typname = %s)"""
_SAME_ORDER = """
select array_agg(g order by c) in (array_agg(g order by g), array_agg(g order by g desc))
from (select {} as c, g from generate_series(0, {}) as r(g)) as v"""
_SETTINGS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=3,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def column_of(connection: psycopg.Connection[Any], type_name: str) -> Iterator[Type]:
    """A table tried.t with a column of the type, while it is tried; only PostgreSQL's own names go without schema."""
    with connection.transaction(force_rollback=True):
        connection.execute("set local search_path to ''")
        connection.execute("create schema tried")
        connection.execute(f"create table tried.t (c {type_name})".encode())
        yield type_of_column(connection, "tried.t")


def filled(
    connection: psycopg.Connection[Any],
    type_: Type,
    *,
    first: str = "1000003",
    count: int = 60,
    chosen: Mapping[str, tuple[str, ...]] | None = None,
) -> list[str]:
    """Put values into the table, and tell how they look, in the order of their numbers."""
    value = expression(type_, f"{first} + r.g", chosen or {})
    query = f"insert into tried.t select {value} from generate_series(0, {count - 1}) as r(g) returning c::text"
    return [row[0] for row in connection.execute(query.encode())]


def sent(connection: psycopg.Connection[Any], type_: Type, examples: int = 20) -> list[tuple[Any, Any]]:
    """Send values of the strategy to the column; they and what comes back, as Python has it."""
    return [(value, _back(connection, value)) for value in _drawn(type_, examples)]


def _drawn(type_: Type, examples: int) -> list[Any]:
    """Many values for each of three examples, of which the first has the simplest: to begin one takes the longest."""
    values = strategy(type_)
    assert values is not None
    drawn: list[Any] = []

    @_SETTINGS
    @given(st.lists(values, min_size=examples // 2, max_size=examples // 2))
    def draw(several: list[Any]) -> None:
        drawn.extend(several)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw()
    return drawn


def _back(connection: psycopg.Connection[Any], value: Any) -> Any:
    try:
        back = connection.execute("insert into tried.t values (%s) returning c", (value,)).fetchone()
    except psycopg.Error as error:
        raise psycopg.DataError(f"{value!r}: {error}") from error
    assert back is not None
    return back[0]


def what_is_wrong(connection: psycopg.Connection[Any], type_name: str, examples: int = 20) -> str:
    """What is wrong with the values of a type, if anything is."""
    with column_of(connection, type_name) as type_:
        if expression(type_, "1000003", {}) is None or strategy(type_) is None:
            return "nothing is known of it"
        try:
            with connection.transaction():
                wrong = _wrong_with_sql(connection, type_)
            with connection.transaction():
                sent(connection, type_, examples)
        except psycopg.Error as error:
            return str(error)
    return wrong


def _wrong_with_sql(connection: psycopg.Connection[Any], type_: Type) -> str:
    value = expression(type_, "1000003", {})
    is_of_type = connection.execute(f"select pg_typeof({value}) = {literal(type_.name)}::regtype".encode())
    if is_of_type.fetchone() != (True,):
        return f"{value} is of another type"
    for first in ("1000003", "1234567::bigint", "4194303"):
        texts = filled(connection, type_, first=first)
        if None in texts or len(set(texts)) != min(60, capacity(type_)):
            return f"{len(set(texts))} values, where {capacity(type_)} were promised: {texts[:5]}"
    if _is_ordered(connection, type_) and not is_monotone(connection, type_):
        return f"{value} does not go up or down with the number"
    return ""


def _is_ordered(connection: psycopg.Connection[Any], type_: Type) -> bool:
    return type_.kind == "base" and connection.execute(_ORDERED, (type_.base,)).fetchone() == (True,)


def is_monotone(connection: psycopg.Connection[Any], type_: Type) -> bool:
    """Whether as many values as there are come in the order of their numbers, or the other way round."""
    query = _SAME_ORDER.format(expression(type_, "1000003 + r.g", {}), min(capacity(type_), 3000) - 1)
    return connection.execute(query.encode()).fetchone() == (True,)
