"""Values of each data type: as SQL, to fill tables on the server, and as strategies of hypothesis.

A family of scalar types is a module with ``SCALARS``, and one line here.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_migrations.rows.types import (
    bits,
    documents,
    geometry,
    identifiers,
    moments,
    nesting,
    networks,
    numbers,
    products,
    ranges,
    texts,
    vectors,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

    from pytest_migrations.rows.table import Type
    from pytest_migrations.rows.types.scalar import Scalar

_SCALARS: dict[str, Scalar] = {
    **bits.SCALARS,
    **documents.SCALARS,
    **geometry.SCALARS,
    **identifiers.SCALARS,
    **moments.SCALARS,
    **networks.SCALARS,
    **numbers.SCALARS,
    **products.SCALARS,
    **texts.SCALARS,
    **vectors.SCALARS,
}
_NESTINGS = {**nesting.NESTINGS, **ranges.NESTINGS}
_NOTHING_CHOSEN: Mapping[str, tuple[str, ...]] = MappingProxyType({})


def expression(type_: Type, number: str, chosen: Mapping[str, tuple[str, ...]]) -> str | None:
    """A value of exactly this type as SQL, another one for each number; None if nothing is known of the type.

    ``number`` is SQL of an integer that is at least 1,000,003. ``chosen`` has, by the name of a domain, SQL of values
    that satisfy its checks: the domain then has only these.
    """

    def of(type_: Type, number: str) -> str | None:
        if type_.kind == "domain" and type_.name in chosen:
            return _one_of(chosen[type_.name], type_, number)
        scalar = _scalar(type_)
        value = scalar.sql(type_, number) if scalar else None
        if type_.kind in _NESTINGS and not scalar:
            value = _NESTINGS[type_.kind].sql(type_, number, of)
        return value and f"CAST({value} AS {type_.name})"

    return of(type_, f"({number})")


def _one_of(values: tuple[str, ...], type_: Type, number: str) -> str:
    cases = " ".join(f"WHEN {at} THEN CAST({value} AS {type_.name})" for at, value in enumerate(values))
    return f"CASE {number} % {len(values)} {cases} END"


def capacity(type_: Type, chosen: Mapping[str, tuple[str, ...]] = _NOTHING_CHOSEN) -> int:
    """After how many numbers the values of ``expression`` come again: ``sys.maxsize`` where in practice they do not."""

    def of(type_: Type) -> int:
        if type_.kind == "domain" and type_.name in chosen:
            return len(chosen[type_.name])
        scalar = _scalar(type_)
        if scalar:
            return scalar.capacity(type_)
        return _NESTINGS[type_.kind].capacity(type_, of) if type_.kind in _NESTINGS else 0

    return of(type_)


def strategy(type_: Type) -> SearchStrategy[Any] | None:
    """Values that psycopg sends to a column of the type, and reads back; None if nothing is known of the type.

    They are texts where psycopg has no class for the type. The checks of domains are not looked at, and there is
    no NULL but within a value.
    """
    scalar = _scalar(type_)
    if scalar:
        return scalar.strategy(type_)
    return _NESTINGS[type_.kind].strategy(type_, strategy) if type_.kind in _NESTINGS else None


def _scalar(type_: Type) -> Scalar | None:
    """Two types that the catalog calls arrays, int2vector and oidvector, can be made as scalars only."""
    return _SCALARS.get(type_.base) if type_.kind in ("base", "array") else None
