"""Dates plus days, timestamps plus minutes, times plus seconds."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_migrations.rows.types.lazily import st
from pytest_migrations.rows.types.scalar import Scalar, as_int, offset

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from pytest_migrations.rows.table import Type

_Moment = TypeVar("_Moment", time, datetime)
#: So many days after the first date it is 2022, so that no date is in the future.
_DAYS = 7_600
#: So many seconds after the first time it is not yet midnight.
_SECONDS = 70_000


def _date(_: Type, number: str) -> str:
    return f"('2001-02-03'::pg_catalog.date + {as_int(offset(number, _DAYS))})"


def _plus(start: str, unit: str, modulus: int | None = None) -> Callable[[Type, str], str]:
    def sql(_: Type, number: str) -> str:
        count = offset(number, modulus) if modulus else offset(number)
        # The only arguments that may be fractions are seconds.
        return f"({start} + pg_catalog.make_interval({unit} => {count if unit == 'secs' else as_int(count)}))"

    return sql


def _last_unit(type_: Type) -> str:
    """Of ``interval year to month`` and its like the last unit counts: what is smaller is cut off, larger ones stay."""
    fields = type_.modifier >> 16 & 0x7FFF if type_.modifier >= 0 else 0x7FFF
    # The bits are numbered in utils/datetime.h.
    units = ((12, "secs"), (11, "mins"), (10, "hours"), (3, "days"), (1, "months"), (2, "years"))
    return next(unit for bit, unit in units if fields >> bit & 1)


def _interval(type_: Type, number: str) -> str:
    unit = _last_unit(type_)
    counted = as_int(f"(1 + {offset(number)})")
    if unit == "secs":
        return f"pg_catalog.make_interval(days => 1, mins => {counted}, secs => 4.567891)"
    return f"pg_catalog.make_interval({unit} => {counted})"


def _microseconds(type_: Type) -> int:
    """What the times of a type are multiples of."""
    precision = type_.modifier & 0xFFFF  # all bits if there is none
    return int(10 ** max(6 - precision, 0))


def _intervals(type_: Type) -> SearchStrategy[Any]:
    unit = _last_unit(type_)
    if unit in ("months", "years"):  # which Python does not have
        return st.integers(-9999, 9999).map(f"{{}} {unit}".format)
    units = {"mins": timedelta(minutes=1), "hours": timedelta(hours=1), "days": timedelta(days=1)}
    step = units.get(unit, timedelta(microseconds=_microseconds(type_)))
    most = timedelta(days=999_999) // step
    return st.integers(-most, most).map(lambda count: count * step)


def _cut(type_: Type) -> Callable[[_Moment], _Moment]:
    """Cuts off what the type would round: up to 24:00, at worst, which Python does not have."""
    step = _microseconds(type_)
    return lambda moment: moment.replace(microsecond=moment.microsecond // step * step)


def _timezones() -> SearchStrategy[timezone]:
    return st.sampled_from((0, 60, -300, 345, 840)).map(lambda minutes: timezone(timedelta(minutes=minutes)))


# Python has no moments out of its years 1 to 9999, not even in another time zone; and none without an end.
_EARLIEST, _LATEST = datetime(1, 1, 3), datetime(9999, 12, 29)  # noqa: DTZ001


def _dates() -> SearchStrategy[date]:
    return st.sampled_from((date.min, date.max, date(2000, 2, 29))) | st.dates()


SCALARS = {
    "date": Scalar(_date, lambda _: _dates(), lambda _: _DAYS),
    "time": Scalar(
        _plus("'04:05:06.789012'::pg_catalog.time", "secs", _SECONDS),
        lambda type_: st.times().map(_cut(type_)),
        lambda _: _SECONDS,
    ),
    "timetz": Scalar(
        _plus("'04:05:06.789012+02'::pg_catalog.timetz", "secs", _SECONDS),
        lambda type_: st.times(timezones=_timezones()).map(_cut(type_)),
        lambda _: _SECONDS,
    ),
    "timestamp": Scalar(
        _plus("'2001-02-03 04:05:06.789012'::pg_catalog.timestamp", "mins"),
        lambda type_: st.datetimes(_EARLIEST, _LATEST).map(_cut(type_)),
    ),
    "timestamptz": Scalar(
        _plus("'2001-02-03 04:05:06.789012+00'::pg_catalog.timestamptz", "mins"),
        lambda type_: st.datetimes(_EARLIEST, _LATEST, timezones=_timezones()).map(_cut(type_)),
    ),
    "interval": Scalar(_interval, _intervals),
}
