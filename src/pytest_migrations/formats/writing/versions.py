"""The version of a new migration: the next one, written as those before it are."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_migrations.formats.writing.draft import Draft

#: The first version in the formats whose tools number by the time (UTC).
TIMESTAMP = "%Y%m%d%H%M%S"
#: By their number of digits: how versions that are moments are written, and how far the next one is.
_MOMENTS = {
    8: ("%Y%m%d", timedelta(days=1)),
    10: ("%Y%m%d%H", timedelta(hours=1)),
    12: ("%Y%m%d%H%M", timedelta(minutes=1)),
    14: (TIMESTAMP, timedelta(seconds=1)),
    17: (f"{TIMESTAMP}%f", timedelta(milliseconds=1)),
    18: (f"{TIMESTAMP}0000", timedelta(seconds=1)),  # diesel's 2026-02-28-235930-0000
}
#: By their number of digits: how many of what is counted since 1970 there are to a second.
_COUNTED = {10: 1, 13: 1000}
_YEARS = range(1990, 2100)
_NUMBERED = re.compile(r"(?P<version>[0-9]+)(?P<separator>_+|[^0-9A-Za-z]?)(?P<rest>.*)", re.DOTALL)
#: SQL, and the languages that tools run in its place.
_ENDING = re.compile(r"\.(?:sql|py|go|rs|java|kt|fizz|[cm]?[jt]s)\Z", re.IGNORECASE)


def next_stem(
    names: Iterable[str], draft: Draft, first: str = "001", separators: str = "_", *, text_order_of: str = ""
) -> str:
    """Version and name of a draft, as a file is called: ``024_add_email``.

    It follows the newest of the ``names`` that begin with a number, in its digits and in what it has between words.

    :param first: the first version, in the form of ``strftime``.
    :param separators: what may stand behind a version, the usual one first. The others are as for ``following``.
    """
    found = [match for name in names if _ENDING.search(name) and (match := _NUMBERED.match(name))]
    version = following((match["version"] for match in found), draft.moment, first, text_order_of=text_order_of)
    newest = max(found, key=lambda match: int(match["version"]), default=None)
    if newest is None:
        return f"{version}{separators[0]}{draft.name}"
    fits = newest["separator"] and set(newest["separator"]) <= set(separators)
    hyphens = "-" in newest["rest"] and "_" not in newest["rest"]
    name = draft.name.replace("_", "-") if hyphens else draft.name
    return f"{version}{newest['separator'] if fits else separators[0]}{name}"


def following(
    versions: Iterable[str],
    moment: datetime,
    first: str,
    *,
    key: Callable[[str], Any] | None = None,
    text_order_of: str = "",
) -> str:
    """The version that comes next: a moment where the newest is one, else the next number with as many digits.

    :param moment: now. Where the newest version is of later, it is the next moment after that.
    :param first: the version where there is none, in the form of ``strftime``.
    :param key: what versions are compared by: their number, or their text where a tool is named in ``text_order_of``.
    :raises UserError: where that tool would not find the next one to be the newest.
    """
    known = list(versions)
    if not known:
        return moment.strftime(first)
    compared: Callable[[str], Any] = key or (str if text_order_of else _number)
    newest = max(known, key=compared)
    digits = re.sub(r"\D", "", newest)
    then = _next_moment(digits, moment) or _next_count(digits, moment)
    version = _in_the_shape_of(newest, then) if then else _incremented(newest)
    if compared(version) <= compared(newest):
        raise UserError(
            f"The next version is {version}, but {text_order_of} sorts versions as text and would have it before "
            f"{newest}: give all versions as many digits, and try again. Nothing was written."
        )
    return version


def _number(version: str) -> int:
    return int(re.sub(r"\D", "", version))


def _next_moment(digits: str, moment: datetime) -> str:
    """The moment as the digits are one; empty where they are none."""
    if len(digits) not in _MOMENTS:
        return ""
    written, step = _MOMENTS[len(digits)]
    try:
        newest = datetime.strptime(digits, written).replace(tzinfo=timezone.utc)
    except ValueError:
        return ""
    if newest.year not in _YEARS:
        return ""
    return max(moment, newest + step).strftime(written)[: len(digits)]


def _next_count(digits: str, moment: datetime) -> str:
    """The seconds or milliseconds since 1970, where the digits are such a number of a year that can be meant."""
    per_second = _COUNTED.get(len(digits))
    if per_second is None or _time(int(digits) / per_second).year not in _YEARS:
        return ""
    return str(max(int(moment.timestamp() * per_second), int(digits) + 1))


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)


def _in_the_shape_of(version: str, digits: str) -> str:
    """The digits with what the version has between its own: 2024-01-31-120000."""
    remaining = iter(digits)
    return re.sub(r"\d", lambda _: next(remaining), version)


def _incremented(version: str) -> str:
    """The version with one more in its last number: 008 after 007, 1.10 after 1.9."""
    head, digits = re.fullmatch(r"(.*?)(\d+)", version, re.DOTALL).groups()  # type: ignore[union-attr]
    return f"{head}{int(digits) + 1:0{len(digits)}}"
