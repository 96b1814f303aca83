"""Tries the values of a type in a table of it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from hypothesis import HealthCheck, given, settings

from pytest_migrations.rows.table import Type
from pytest_migrations.rows.types import capacity, expression, strategy
from tests.rows.types.reading import type_of_column

if TYPE_CHECKING:
    from collections.abc import Iterator

#: So many values are put into a column; not in one go from the first number, as the numbers of a run may be any.
_COUNT = 60
_ORDERED = """
select exists (
  select from pg_opclass c join pg_am a on a.oid = opcmethod
  where amname = 'btree' and opcdefault and opcintype = %s::regtype)"""


@contextmanager
def column_of(connection: psycopg.Connection[Any], type_name: str) -> Iterator[Type]:
    """A table s.t with a column of a type, for as long as it is tried; no name but PostgreSQL's goes without schema."""
    with connection.transaction(force_rollback=True):
        connection.execute("set local search_path to ''")
        connection.execute("create schema s_")
        connection.execute(f"create table s_.t (c {type_name})".encode())
        yield type_of_column(connection, "s_.t")


def filled(
    connection: psycopg.Connection[Any],
    type_: Type,
    *,
    first: str = "1000003",
    count: int = _COUNT,
    chosen: Mapping[str, tuple[str, ...]] | None = None,
) -> list[str]:
    """Put values into the table, and tell how they look, in the order of their numbers."""
    value = expression(type_, f"{first} + r.g", chosen or {})
    assert value is not None
    query = f"insert into s_.t select {value} from generate_series(0, {count - 1}) as r(g) returning c::text"
    return [row[0] for row in connection.execute(query.encode())]


def wrong_with_sql(connection: psycopg.Connection[Any], type_: Type) -> str:
    """What is wrong with the expression of a type: it has to be of the type, and differ between numbers."""
    value = expression(type_, "1000003", {})
    if value is None:
        return "nothing is known of it"
    given = connection.execute(f"select pg_typeof({value})::text = pg_typeof(null::{type_.name})::text".encode())
    if given.fetchone() != (True,):
        return f"{value} is not of the type"
    for first in ("1000003", "1234567::bigint", "4194303"):
        texts = filled(connection, type_, first=first)
        if None in texts:
            return f"{value} is NULL"
        if len(set(texts)) != min(_COUNT, capacity(type_)):
            return f"{len(set(texts))} values, where there should be {capacity(type_)}: {texts[:5]}"
    return ""


def is_monotone(connection: psycopg.Connection[Any], type_: Type, count: int) -> bool:
    """Whether as many values as there are come in the order of their numbers, or the other way round."""
    value = expression(type_, "(1000003 + r.g)", {})
    query = f"""
        select array_agg(g order by c) = array_agg(g order by g) or array_agg(g order by c) = array_agg(g order by g desc)
        from (select {value} as c, g from generate_series(0, {count - 1}) as r(g)) as v"""
    return connection.execute(query.encode()).fetchone() == (True,)


def is_ordered(connection: psycopg.Connection[Any], type_: Type) -> bool:
    base = type_
    return connection.execute(_ORDERED, (base.name.split("(")[0],)).fetchone() == (True,)


def sent(connection: psycopg.Connection[Any], type_: Type, examples: int = 40) -> list[tuple[Any, Any]]:
    """Send values of the strategy to the column; they and what comes back, as Python has it."""
    values = strategy(type_)
    assert values is not None
    pairs = []

    @settings(
        max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(values)
    def send(value: Any) -> None:
        with connection.transaction():
            back = connection.execute("insert into s_.t values (%s) returning c", (value,)).fetchone()
        assert back is not None
        pairs.append((value, back[0]))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        send()
    return pairs
