"""Tells texts of expressions that only went through a reload from those that mean something else.

``check (a in ('x', 'y'))`` on a varchar column prints other than the same check made from that print, as a dump and
a rollback written from one make it. Both texts are read back by the server until their print is stable.

``default 'now'::timestamp`` prints the moment at which it ran, so that no rollback could restore the text, and the
same script never gives it twice. Two moments of this very run are one spelling.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import psycopg

from pytest_migrations.catalog.session import pinned
from pytest_migrations.catalog.twins import TWINS, original

if TYPE_CHECKING:
    from pytest_migrations.catalog.difference import Comparison, Difference
    from pytest_migrations.catalog.snapshot import Snapshot
    from pytest_migrations.catalog.twins import Original, Twin

#: One reading settles all that is known; the others are for what is not.
_READINGS = 4

_MOMENT = re.compile(r"'(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)?(?:[+-]\d\d(?::\d\d)*)?'(?=::timestamp)")
#: A trial is shorter. In another time zone than UTC such a moment stays a difference, rather than hide a real one.
_SAME_RUN = timedelta(minutes=5)


def settle(connection: psycopg.Connection[Any], comparison: Comparison, actual: Snapshot) -> Comparison:
    """The comparison with the differences that are only another spelling moved to ``respelled``.

    The connection is in a transaction in the state of ``actual``. Nothing of what is tried there is kept, and a text
    that the server does not read back stays a difference.
    """
    respelled = tuple(
        difference for difference in comparison.differences if _is_respelled(connection, difference, actual)
    )
    if not respelled:
        return comparison
    differences = tuple(difference for difference in comparison.differences if difference not in respelled)
    return replace(comparison, differences=differences, respelled=comparison.respelled + respelled)


def _is_respelled(connection: psycopg.Connection[Any], difference: Difference, actual: Snapshot) -> bool:
    if difference.change != "changed":
        return False
    one = original(difference.name, actual[difference.key], actual.parents(difference.key))
    for field, before, after in difference.changes:
        if (difference.kind, field) not in TWINS or before is None or after is None:
            return False
        make = TWINS[difference.kind, field]
        try:
            settled = [_stable(connection, one, text, make) for text in (before, after)]
        except psycopg.Error:
            return False
        if settled[0] is None or settled[1] is None:
            return False
        if settled[0] != settled[1] and _timeless(settled[0]) != _timeless(settled[1]):
            return False
    return True


def _timeless(text: str) -> str:
    """The text without the moments of this run that stand in it as constants."""
    now = datetime.now(timezone.utc).replace(tzinfo=None)

    def mask(match: re.Match[str]) -> str:
        of_this_run = abs(datetime.fromisoformat(match[1]) - now) < _SAME_RUN
        return "'now'" if of_this_run else match[0]

    return _MOMENT.sub(mask, text)


def _stable(connection: psycopg.Connection[Any], one: Original, text: str, make: Twin) -> str | None:
    """What the server prints of the text in the end; None if it never prints the same twice."""
    for _ in range(_READINGS):
        result = pinned(connection, make(one, text))[-1]
        again = one.named_back((result.get_value(0, 0) or b"").decode(errors="surrogateescape"))
        if again == text:
            return text
        text = again
    return None
