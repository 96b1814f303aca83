"""The order in which the things go that a script has made.

The last one goes first, since nothing can need what was not there yet. But what was changed later may need what was
made later: a table that has got a foreign key to the next one, or a trigger that calls the function behind it. What is
still needed then goes once that is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.derive.state import Back

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.derive.names import Entry


class Need(NamedTuple):
    """That ``dependent`` cannot be without ``needed``; it ``goes_with`` it where to drop that drops it as well."""

    dependent: Entry
    needed: Entry
    goes_with: bool


def ordered(backs: Sequence[Back], needs: Sequence[Need]) -> tuple[list[Back], list[str]]:
    """The way back in an order in which nothing is dropped that is needed, and what stands against it."""
    drops = {back.about: back for back in backs if back.about is not None}
    gone = _gone_with(list(drops), needs)
    waits = {
        entry: {need.dependent for need in needs if need.needed == entry and need.dependent in drops} - gone
        for entry in drops
    }
    result: list[Back] = []
    waiting: list[tuple[Entry, int]] = []
    problems = []
    for back in backs:
        if back.about is None or back is not drops[back.about]:
            result.append(back)
            continue
        if back.about in gone:
            continue
        waiting.append((back.about, len(result)))
        while ready := next((item for item in waiting if not waits[item[0]]), None):
            waiting.remove(ready)
            entry, since = ready
            if any(other.names(entry) for other in result[since:]):
                problems.append(f"{entry.name} has to go before something else needs its name, and after it is needed")
            result.append(drops[entry])
            for others in waits.values():
                others.discard(entry)
    tables = [drops[entry].sql.removeprefix("DROP TABLE ") for entry, _ in waiting if _is_table(drops[entry])]
    if tables:
        result.append(Back(f"DROP TABLE {', '.join(tables)}"))
    problems += [f"{entry.name} and others need each other" for entry, _ in waiting if not _is_table(drops[entry])]
    return result, problems


def _is_table(back: Back) -> bool:
    return back.sql.startswith("DROP TABLE ")


def _gone_with(drops: list[Entry], needs: Sequence[Need]) -> set[Entry]:
    """What is gone when its turn comes, with what it belongs to."""
    place = {entry: number for number, entry in enumerate(drops)}
    both = {(need.dependent, need.needed) for need in needs}
    return {
        need.dependent
        for need in needs
        if need.goes_with
        and need.dependent in place
        and need.needed in place
        and (place[need.needed] < place[need.dependent] or (need.needed, need.dependent) in both)
    }
