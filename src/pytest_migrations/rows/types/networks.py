"""Addresses of networks and cards."""

from __future__ import annotations

from ipaddress import ip_interface, ip_network
from typing import TYPE_CHECKING, Any

from pytest_migrations.rows.types.lazily import st
from pytest_migrations.rows.types.scalar import Scalar, joined, offset

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from pytest_migrations.rows.table import Type

#: As many addresses has 10.0.0.0/8, and networks of 256 addresses a part of all.
_ADDRESSES = 2**24
_NETWORKS = 200 * 2**16


def _inet(_: Type, number: str) -> str:
    return f"('10.0.0.0'::pg_catalog.inet + {offset(number, _ADDRESSES)})"


def _cidr(_: Type, number: str) -> str:
    at = offset(number, _NETWORKS)
    return joined("{n}.{n}.{n}.0/24", f"({at} / 65536 + 10)", f"({at} / 256 % 256)", f"({at} % 256)")


def _card(start: str) -> Callable[[Type, str], str]:
    return lambda _, number: f"pg_catalog.concat('{start}', pg_catalog.lpad(pg_catalog.to_hex({number}), 8, '0'))"


def _interfaces(_: Type) -> SearchStrategy[Any]:
    with_mask = st.tuples(st.ip_addresses(v=4), st.integers(0, 31)).map(ip_interface)
    return with_mask | st.ip_addresses()


def _networks(_: Type) -> SearchStrategy[Any]:
    small = st.tuples(st.ip_addresses(v=4), st.integers(0, 32))
    large = st.tuples(st.ip_addresses(v=6), st.integers(0, 128))
    return (small | large).map(lambda parts: ip_network(parts, strict=False))


def _cards(size: int) -> Callable[[Type], SearchStrategy[str]]:
    return lambda _: st.binary(min_size=size, max_size=size).map(lambda card: card.hex(":"))


SCALARS = {
    "inet": Scalar(_inet, _interfaces, lambda _: _ADDRESSES),
    "cidr": Scalar(_cidr, _networks, lambda _: _NETWORKS),
    "macaddr": Scalar(_card("0800"), _cards(6)),
    "macaddr8": Scalar(_card("08002b01"), _cards(8)),
}
