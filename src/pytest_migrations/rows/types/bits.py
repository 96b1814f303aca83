"""Bits and bytes: the number itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.rows.types.lazily import st
from pytest_migrations.rows.types.scalar import UNLIMITED, Scalar, offset

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from pytest_migrations.rows.table import Type

#: With fewer bits the numbers are counted from the first.
_BITS = 24


def _capacity(type_: Type) -> int:
    # Other than of varbit, nothing given is one bit.
    length = type_.modifier if type_.modifier >= 0 else 1 if type_.base == "bit" else UNLIMITED
    return UNLIMITED if length >= _BITS else int(2**length)


def _bits(type_: Type, number: str) -> str:
    capacity = _capacity(type_)
    counted = number if capacity == UNLIMITED else offset(number, capacity)
    length = min(type_.modifier, 32) if type_.modifier >= 0 else 32
    return f"{counted}::bit({length})" if type_.base == "varbit" else f"{counted}"


def _bytes(_: Type, number: str) -> str:
    return f"pg_catalog.decode(pg_catalog.concat('00ff', pg_catalog.lpad(pg_catalog.to_hex({number}), 8, '0')), 'hex')"


def _some_bits(type_: Type) -> SearchStrategy[str]:
    if type_.base == "varbit":
        return st.text("01", max_size=min(type_.modifier if type_.modifier >= 0 else 100, 1000))
    length = max(type_.modifier, 1)
    return st.integers(0, 2**length - 1).map(lambda number: f"{number:0{length}b}")


SCALARS = {
    "bit": Scalar(_bits, _some_bits, _capacity),
    "varbit": Scalar(_bits, _some_bits, _capacity),
    "bytea": Scalar(_bytes, lambda _: st.sampled_from((b"", b"\0", b"\\", b"\xff'")) | st.binary()),
}
