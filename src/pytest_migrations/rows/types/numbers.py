"""Numbers, and truth: the number itself with a fraction where the type has one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pytest_migrations.rows.types.lazily import st
from pytest_migrations.rows.types.scalar import UNLIMITED, Scalar, offset

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from pytest_migrations.rows.table import Type

_SMALL = 12_000
#: As many digits has a number of a row.
_DIGITS = 7


def _small(_: Type, number: str) -> str:
    return f"(20003 + {offset(number, _SMALL)})"


def _itself(_: Type, number: str) -> str:
    return number


def _to_the_last_digit(number: str, scale: int) -> str:
    """With as many digits behind the point, so that none can be cut off unseen."""
    if scale > 2:
        return f"({number} + 0.25{'1':>0{min(scale, 20) - 2}})"
    return f"({number} + {(0, 0.5, 0.25)[scale]})" if scale else number


def _is_even(_: Type, number: str) -> str:
    return f"({number} % 2 = 0)"


def precision(type_: Type) -> tuple[int, int]:
    """How many digits a numeric has in all, and after the point: negative for zeros before it."""
    packed = type_.modifier - 4
    return packed >> 16 & 0xFFFF, ((packed & 0x7FF) ^ 0x400) - 0x400


def _takes_numbers(digits: int, scale: int) -> bool:
    return digits - max(scale, 0) >= _DIGITS


def _power(exponent: int) -> str:
    return "1" + "0" * exponent if exponent >= 0 else "0." + "0" * (-exponent - 1) + "1"


def _few(digits: int) -> int:
    """How many values a numeric has that is too short for the numbers; its first digits differ."""
    return int(10 ** min(digits, 12)) - 1


def _numeric(type_: Type, number: str) -> str:
    if type_.modifier < 0:
        return _to_the_last_digit(number, 4)
    digits, scale = precision(type_)
    if _takes_numbers(digits, scale):
        if scale < 0:
            return f"({number}::numeric * {_power(-scale)})"
        return _to_the_last_digit(number, scale)
    # From the largest down: small ones are what people write in migrations.
    count = _few(digits)
    return f"(({count} - {offset(number, count)}) * {_power(digits - scale - min(digits, 12))}::numeric)"


def _numeric_capacity(type_: Type) -> int:
    if type_.modifier < 0:
        return UNLIMITED
    digits, scale = precision(type_)
    return UNLIMITED if _takes_numbers(digits, scale) else _few(digits)


def _decimals(digits: int, scale: int) -> SearchStrategy[Decimal]:
    most: int = 10**digits - 1
    return (st.sampled_from((0, 1, -1, most, -most)) | st.integers(-most, most)).map(
        lambda units: Decimal((int(units < 0), tuple(map(int, str(abs(units)))), -scale))
    )


def _numerics(type_: Type) -> SearchStrategy[Any]:
    if type_.modifier < 0:
        edges = st.sampled_from([Decimal(text) for text in ("0", "-0.5", "1e40", "1e-40", "Infinity", "-Infinity")])
        return edges | st.decimals(allow_nan=False, allow_infinity=False)
    return _decimals(*precision(type_))


def _integers(bits: int) -> SearchStrategy[int]:
    most: int = 2 ** (bits - 1) - 1
    return st.sampled_from((0, 1, -1, most, -most - 1)) | st.integers(-most - 1, most)


def _single_floats() -> SearchStrategy[float]:
    """Of six digits, with which they come back as they were."""
    floats = st.floats(width=32, allow_nan=False, allow_subnormal=False)
    return floats.map(lambda number: float(f"{number:.6g}"))


SCALARS = {
    "int2": Scalar(_small, lambda _: _integers(16), lambda _: _SMALL),
    "int4": Scalar(_itself, lambda _: _integers(32)),
    "int8": Scalar(_itself, lambda _: _integers(64)),
    "numeric": Scalar(_numeric, _numerics, _numeric_capacity),
    "float4": Scalar(lambda _, number: _to_the_last_digit(number, 1), lambda _: _single_floats()),
    "float8": Scalar(lambda _, number: _to_the_last_digit(number, 4), lambda _: st.floats(allow_nan=False)),
    "money": Scalar(lambda _, number: _to_the_last_digit(number, 2), lambda _: _decimals(15, 2)),
    "bool": Scalar(_is_even, lambda _: st.booleans(), lambda _: 2),
}
