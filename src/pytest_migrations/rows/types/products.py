"""Numbers of products (the extension isn), whose last digit, the check digit, the server finds for a question mark."""

from __future__ import annotations

from pytest_migrations.rows.types.lazily import st
from pytest_migrations.rows.types.scalar import Scalar


def _product(start: str, digits: int, end: str = "") -> Scalar:
    return Scalar(
        lambda _, number: (
            f"pg_catalog.concat('{start}', pg_catalog.lpad({number}::pg_catalog.text, {digits}, '0'), '{end}?')"
        ),
        lambda _: st.integers(0, 10**digits - 1).map(lambda number: f"{start}{number:0{digits}}{end}?"),
    )


SCALARS = {
    "ean13": _product("2", 11),
    "upc": _product("0", 11),
    "isbn": _product("978", 9),
    "isbn13": _product("978", 9),
    "ismn": _product("9790", 8),
    "ismn13": _product("9790", 8),
    "issn": _product("977", 7, "00"),
    "issn13": _product("977", 7, "00"),
}
