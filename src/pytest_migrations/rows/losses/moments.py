"""The moments of a trial: what columns hold of them says when something ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True)
class Span:
    """The time from one moment to another. What a column holds of it says when something ran: never the same twice."""

    begin: Moment
    end: Moment

    def holds(self, value: str | None) -> bool:
        """Whether a value is a moment, or the day, of this time."""
        if value is None or not value[:4].isdigit():
            return False
        if value.isdigit():
            return any(self.begin.epoch * unit <= int(value) + unit <= (self.end.epoch + 2) * unit for unit in _UNITS)
        return any(
            begin <= value <= end or value == end[:_DAY]
            for begin, end in ((self.begin.in_utc, self.end.in_utc), (self.begin.local, self.end.local))
        )


class Moment(NamedTuple):
    """A moment as PostgreSQL prints it with a time zone and without, and in seconds since 1970."""

    in_utc: str
    local: str
    epoch: float


_DAY = len("2001-02-03")
#: Of a second, where moments are kept as numbers: one, milliseconds, microseconds, nanoseconds.
_UNITS = (1, 10**3, 10**6, 10**9)
_MOMENT = b"""
SELECT timezone('UTC', now)::text || '+00', now::timestamp::text, extract(epoch FROM now)::float8
FROM (SELECT clock_timestamp() AS now) AS clock
"""


def moment(connection: psycopg.Connection[Any]) -> Moment:
    """The moment that it is."""
    row = connection.execute(_MOMENT).fetchone()
    assert row is not None
    return Moment(*row)
