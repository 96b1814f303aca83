"""Types that are made of others, and enums, whose values the catalog holds."""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm
from typing import TYPE_CHECKING, Any

from pytest_migrations.derive.names import literal
from pytest_migrations.rows.types.lazily import st
from pytest_migrations.rows.types.scalar import UNLIMITED, offset

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from pytest_migrations.rows.table import Type

    #: What is known of a type: these are asked of the types that another is made of.
    Sql = Callable[[Type, str], str | None]
    Capacity = Callable[[Type], int]
    Strategy = Callable[[Type], SearchStrategy[Any] | None]


@dataclass(frozen=True)
class Nesting:
    """The same as Scalar, of a type with parts: each function is given one that says it of the parts."""

    sql: Callable[[Type, str, Sql], str | None]
    capacity: Callable[[Type, Capacity], int]
    strategy: Callable[[Type, Strategy], SearchStrategy[Any] | None]


def element_of(type_: Type) -> Type:
    assert type_.element is not None
    return type_.element


def as_text(value: Any) -> str:
    """How PostgreSQL writes what psycopg would send."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    from psycopg.adapt import PyFormat, Transformer  # noqa: PLC0415 (the driver, and only for what it cannot send itself)

    (text,) = Transformer().dump_sequence([value], [PyFormat.TEXT])
    assert text is not None
    return bytes(text).decode()


def _label(type_: Type, number: str, _: Sql) -> str | None:
    if not type_.labels:
        return None
    return f"(ARRAY[{', '.join(map(literal, type_.labels))}])[1 + {offset(number, len(type_.labels))}]"


def _labels(type_: Type, _: Strategy) -> SearchStrategy[str] | None:
    return st.sampled_from(type_.labels) if type_.labels else None


def _two_elements(type_: Type, number: str, of: Sql) -> str | None:
    first, second = (of(element_of(type_), each) for each in (number, f"({number} + 1)"))
    return first and f"ARRAY[{first}, {second}]"


def _takes_null(type_: Type) -> bool:
    return type_.kind != "domain" or (type_.nullable and _takes_null(element_of(type_)))


def _without_domain(type_: Type) -> Type:
    return _without_domain(element_of(type_)) if type_.kind == "domain" else type_


def _lists(type_: Type, of: Strategy) -> SearchStrategy[Any] | None:
    element = element_of(type_)
    inner = of(element)
    if inner is None:
        return None
    made_of = _without_domain(element)
    if made_of.kind == "array":  # of a domain over arrays: lists in a list would be its dimensions
        inner = inner.map(as_text)
    if _takes_null(element):
        inner = st.none() | inner
    lists = st.lists(inner, max_size=4)
    # The one type whose arrays have no commas between their elements.
    return lists.map(_list_of_boxes) if made_of.base == "box" and made_of.kind == "base" else lists


def _list_of_boxes(boxes: list[str | None]) -> str:
    return "{" + ";".join("NULL" if box is None else box for box in boxes) + "}"


def _row(type_: Type, number: str, of: Sql) -> str | None:
    """An attribute of which nothing is known is NULL, if it can be."""
    values = [of(attribute, number) for _, attribute in type_.attributes]
    if not _can_be(type_, values):
        return None
    return f"ROW({', '.join(value or 'NULL' for value in values)})"


def _can_be(type_: Type, parts: list[Any]) -> bool:
    known = [part is not None for part in parts]
    return (any(known) or not parts) and all(
        is_known or _takes_null(attribute) for is_known, (_, attribute) in zip(known, type_.attributes, strict=True)
    )


def _row_capacity(type_: Type, of: Capacity) -> int:
    return min(lcm(*(of(attribute) or 1 for _, attribute in type_.attributes)), UNLIMITED)


def _tuples(type_: Type, of: Strategy) -> SearchStrategy[tuple[Any, ...]] | None:
    parts = [of(attribute) for _, attribute in type_.attributes]
    if not _can_be(type_, parts):
        return None
    nothing: SearchStrategy[Any] = st.none()
    options = zip(parts, (attribute for _, attribute in type_.attributes), strict=True)
    return st.tuples(
        *(
            nothing if part is None else nothing | part if _takes_null(attribute) else part
            for part, attribute in options
        )
    )


NESTINGS = {
    "enum": Nesting(_label, lambda type_, _: len(type_.labels), _labels),
    "array": Nesting(_two_elements, lambda type_, of: of(element_of(type_)), _lists),
    "composite": Nesting(_row, _row_capacity, _tuples),
    "domain": Nesting(
        lambda type_, number, of: of(element_of(type_), number),
        lambda type_, of: of(element_of(type_)),
        lambda type_, of: of(element_of(type_)),
    ),
}
