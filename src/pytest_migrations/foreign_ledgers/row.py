"""One row of a ledger, each value as text, so that it does not matter which type a tool or its user chose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Numbers above this are milliseconds: as seconds they would lie in the year 5138.
_MOST_SECONDS = 1e11
#: RFC 3339 as programs write it, with up to nine digits behind the second.
_TEXT = re.compile(
    r"(?P<moment>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?P<fraction>\.\d+)?\s*(?P<zone>Z|UTC|[+-]\d\d(?::?\d\d)?)?"
)


@dataclass(frozen=True)
class Row:
    """By the names of the columns what stands in them; None for NULL. Times are seconds since 1970."""

    values: Mapping[str, str | None]

    def text(self, column: str) -> str:
        """What stands there; nothing where that is NULL, or there is no such column."""
        return self.values.get(column) or ""

    def number(self, column: str) -> int:
        """The whole number there, or 0 where there is none."""
        text = self.text(column)
        return int(text) if text.removeprefix("-").isdecimal() else 0

    def says(self, column: str) -> bool:
        """Whether the column is true."""
        return self.text(column) in ("true", "t", "1")

    def time(self, column: str) -> datetime | None:
        """The moment there, in UTC; None where there is none, or one that Python has no date for."""
        text = self.text(column)
        try:
            seconds = float(text)
            return datetime.fromtimestamp(seconds / 1000 if seconds > _MOST_SECONDS else seconds, timezone.utc)
        except (ValueError, OverflowError, OSError):
            return _parsed(text)


def _parsed(text: str) -> datetime | None:
    match = _TEXT.match(text)
    if match is None:
        return None
    zone = (match["zone"] or "Z").replace("UTC", "Z").replace("Z", "+0000").replace(":", "").ljust(5, "0")
    fraction = (match["fraction"] or ".0")[:7].ljust(7, "0")
    try:
        moment = datetime.strptime(f"{match['moment'].replace('T', ' ')}{fraction}{zone}", "%Y-%m-%d %H:%M:%S.%f%z")
    except ValueError:
        return None
    return moment.astimezone(timezone.utc)
