"""Dates plus days, timestamps plus minutes, times plus seconds."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING

from pytest_migrations.rows.types.lazily import st
from pytest_migrations.rows.types.scalar import Scalar, as_int, offset

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from pytest_migrations.rows.table import Type

#: So many seconds after the first time it is not yet midnight.
_SECONDS = 70_000


def _date(_: Type, number: str) -> str:
    return f"('2001-02-03'::pg_catalog.date + {as_int(offset(number))})"


def _plus(start: str, unit: str, modulus: int | None = None) -> Callable[[Type, str], str]:
    def sql(_: Type, number: str) -> str:
        count = offset(number, modulus) if modulus else offset(number)
        # The only arguments that may be fractions are seconds.
        return f"({start} + pg_catalog.make_interval({unit} => {count if unit == 'secs' else as_int(count)}))"

    return sql


def _interval(type_: Type, number: str) -> str:
    """Of ``interval year to month`` and its like the last unit counts: what is smaller is cut off."""
    fields = type_.modifier >> 16 & 0x7FFF if type_.modifier >= 0 else 0x7FFF
    # Bits that utils/datetime.h numbers; only the last unit counts in "day to hour".
    units = ((12, "mins"), (11, "mins"), (10, "hours"), (3, "days"), (1, "months"), (2, "years"))
    unit = next(unit for bit, unit in units if fields >> bit & 1)
    counted = f"{unit} => {as_int(f'(1 + {offset(number)})')}"
    rest = "" if unit in ("months", "years") else ", secs => 4.567891" if unit == "mins" else ""
    return f"pg_catalog.make_interval({counted}{rest})"


def _timezones() -> SearchStrategy[timezone]:
    return st.sampled_from((0, 60, -300, 345, 840)).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def _last_second(type_: Type) -> time:
    """What has fewer digits for fractions is rounded up, which must not be 24:00: Python has no such time."""
    return time(23, 59, 59, 999_999 if type_.modifier in (-1, 6) else 0)


# Python has no moments out of its years 1 to 9999, not even in another time zone; and none without an end.
_EARLIEST, _LATEST = datetime(1, 1, 3), datetime(9999, 12, 29)  # noqa: DTZ001


def _dates() -> SearchStrategy[date]:
    return st.sampled_from((date.min, date.max, date(2000, 2, 29))) | st.dates()


SCALARS = {
    "date": Scalar(_date, lambda _: _dates()),
    "time": Scalar(
        _plus("'04:05:06.789012'::pg_catalog.time", "secs", _SECONDS),
        lambda type_: st.times(max_value=_last_second(type_)),
        lambda _: _SECONDS,
    ),
    "timetz": Scalar(
        _plus("'04:05:06.789012+02'::pg_catalog.timetz", "secs", _SECONDS),
        lambda type_: st.times(max_value=_last_second(type_), timezones=_timezones()),
        lambda _: _SECONDS,
    ),
    "timestamp": Scalar(
        _plus("'2001-02-03 04:05:06.789012'::pg_catalog.timestamp", "mins"),
        lambda _: st.datetimes(_EARLIEST, _LATEST),
    ),
    "timestamptz": Scalar(
        _plus("'2001-02-03 04:05:06.789012+00'::pg_catalog.timestamptz", "mins"),
        lambda _: st.datetimes(_EARLIEST, _LATEST, timezones=_timezones()),
    ),
    "interval": Scalar(_interval, lambda _: st.timedeltas(timedelta(days=-999_999), timedelta(days=999_999))),
}
