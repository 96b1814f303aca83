"""Ranges from the value of a number to that of the next, so that those of different numbers do not overlap."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pytest_migrations.rows.types.lazily import st
from pytest_migrations.rows.types.nesting import Nesting, as_text, element_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy
    from psycopg.types.range import Range

    from pytest_migrations.rows.table import Type
    from pytest_migrations.rows.types.nesting import Capacity, Sql, Strategy

#: What Python puts into the same order as PostgreSQL.
_IN_ORDER = (int, float, Decimal, date, time, timedelta, UUID)
_SHAPES = ("between", "between", "between", "from", "until", "all", "empty")


def _is_own(type_: Type) -> bool:
    """Whether it is one of PostgreSQL's own types, which are known by their names alone."""
    return type_.name == type_.base


def _constructor(type_: Type) -> str:
    """The function that has the type's name."""
    return f"pg_catalog.{type_.base}" if _is_own(type_) else type_.name


def _from_to(type_: Type, number: str, of: Sql) -> str | None:
    low, high = (of(element_of(type_), each) for each in (number, f"({number} + 1)"))
    if low is None:
        return None
    # The next value may be smaller: dates end.
    return f"{_constructor(type_)}(LEAST({low}, {high}), GREATEST({low}, {high}))"


def _one_range(type_: Type, number: str, of: Sql) -> str | None:
    inner = of(element_of(type_), number)
    return inner and f"{_constructor(type_)}({inner})"


def _capacity(type_: Type, of: Capacity) -> int:
    """Two values make one range, and one makes an empty one."""
    bounds = of(element_of(type_))
    return bounds if bounds > 2 else min(bounds, 1)


def _ranges(type_: Type, of: Strategy) -> SearchStrategy[Any] | None:
    bounds = of(element_of(type_))
    return None if bounds is None else st.builds(_maker(type_), st.sampled_from(_SHAPES), bounds, bounds)


def _maker(type_: Type) -> Callable[[str, Any, Any], Range[Any]]:
    """What psycopg has for a range of PostgreSQL's own; others have texts as bounds, which the server reads."""
    from psycopg.types import range as ranges  # noqa: PLC0415 (brings the driver)

    own: dict[str, type[Range[Any]]] = {
        "int4range": ranges.Int4Range,
        "int8range": ranges.Int8Range,
        "numrange": ranges.NumericRange,
        "daterange": ranges.DateRange,
        "tsrange": ranges.TimestampRange,
        "tstzrange": ranges.TimestamptzRange,
    }
    if _is_own(type_) and type_.base in own:
        return partial(_range, own[type_.base], lambda value: value)
    return partial(_range, ranges.Range, as_text)


def _range(make: type[Range[Any]], bound: Callable[[Any], Any], shape: str, one: Any, other: Any) -> Range[Any]:
    if shape == "empty":
        return make(empty=True)
    if shape == "all":
        return make(bounds="()")
    if shape == "from":
        return make(bound(one))
    if shape == "until":
        return make(None, bound(other), "()")
    if not isinstance(one, _IN_ORDER) or (isinstance(one, time) and one.tzinfo):
        return make(bound(one), bound(one), "[]")
    return make(empty=True) if one == other else make(*map(bound, sorted((one, other))))


def _multiranges(type_: Type, of: Strategy) -> SearchStrategy[Any] | None:
    inner = of(element_of(type_))
    if inner is None:
        return None
    from psycopg.types import multirange  # noqa: PLC0415 (brings the driver)

    own: dict[str, type[multirange.Multirange[Any]]] = {
        "int4multirange": multirange.Int4Multirange,
        "int8multirange": multirange.Int8Multirange,
        "nummultirange": multirange.NumericMultirange,
        "datemultirange": multirange.DateMultirange,
        "tsmultirange": multirange.TimestampMultirange,
        "tstzmultirange": multirange.TimestamptzMultirange,
    }
    make = own.get(type_.base, multirange.Multirange) if _is_own(type_) else multirange.Multirange
    return st.lists(inner, max_size=3).map(make)


NESTINGS = {
    "range": Nesting(_from_to, _capacity, _ranges),
    "multirange": Nesting(_one_range, lambda type_, of: of(element_of(type_)), _multiranges),
}
