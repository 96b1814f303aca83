"""Which combinations of candidates are tried, and which of those that satisfy become rows."""

from __future__ import annotations

from itertools import islice, product
from operator import itemgetter
from random import Random
from typing import TYPE_CHECKING

from pytest_migrations.rows.conditions.candidates import NULL, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_migrations.rows.conditions.hints import Way
    from pytest_migrations.rows.conditions.judging import Choice, Satisfying

_MOST = 4000
_FEWEST_A_WAY = 24
#: Choosing rows that differ looks at all that satisfy for each row: only for so many rows.
_CHOSEN_WITH_CARE = 16


def combinations(
    names: Sequence[str], candidates: Sequence[Sequence[Value]], found: Sequence[Way], count: int
) -> list[Choice]:
    """Combinations of the candidates of columns, those of the ways that were found first; some thousand at most."""
    most = max(_MOST, 6 * count)
    budget = max(most // (len(found) + 1), _FEWEST_A_WAY, count)
    places = [{value: place for place, value in enumerate(values)} for values in candidates]
    chosen: dict[Choice, None] = {}
    for way in found:
        lists = [_allowed(places[column], way.get(name)) for column, name in enumerate(names)]
        if all(lists):
            chosen.update(dict.fromkeys(_mixed(lists, budget, count)))
    everything = [list(range(len(values))) for values in candidates]
    if all(everything):
        chosen.update(dict.fromkeys(_alone([of_column.get(NULL, 0) for of_column in places], everything)))
        chosen.update(dict.fromkeys(_mixed(everything, budget, count)))
    return list(islice(chosen, most + most // 2))


def _allowed(places: dict[Value, int], values: tuple[Value, ...] | None) -> list[int]:
    """The candidates of a column that a way allows: all where it says nothing of it."""
    if values is None:
        return list(places.values())
    found = [places[value] for value in values if value in places]
    return found or [place for value, place in places.items() if value != NULL]


def _mixed(lists: list[list[int]], budget: int, count: int) -> Iterator[Choice]:
    """All combinations if these are few, else such as differ everywhere, then the first of each list, then any."""
    size = 1
    for each in lists:
        size *= len(each)
    if size <= budget:
        yield from product(*lists)
        return
    longest = max(map(len, lists))
    for row in range(min(longest, max(budget // 3, 5 * count))):
        yield tuple(each[row % len(each)] for each in lists)
    yield from islice(product(*_shortened(lists, budget // 3)), budget // 3)
    random = Random(0)  # noqa: S311 (not for secrets)
    for _ in range(budget // 3):
        yield tuple(random.choice(each) for each in lists)


def _shortened(lists: list[list[int]], budget: int) -> list[list[int]]:
    """The first candidates of each list, so many that their product stays in the budget."""
    kept = [1] * len(lists)
    size = 1
    growing = True
    while growing:
        growing = False
        for place, each in enumerate(lists):
            if kept[place] < len(each) and size // kept[place] * (kept[place] + 1) <= budget:
                size = size // kept[place] * (kept[place] + 1)
                kept[place] += 1
                growing = True
    return [each[:some] for each, some in zip(lists, kept, strict=True)]


def _alone(empty: list[int], lists: list[list[int]]) -> Iterator[Choice]:
    """One column after another is something else than in the first row, and than in one where all is NULL."""
    for base in ([0] * len(lists), empty):
        yield tuple(base)
        for place, each in enumerate(lists):
            for other in each[: max(1000 // len(lists), 2)]:
                yield (*base[:place], other, *base[place + 1 :])


def chosen(satisfying: Sequence[Satisfying], candidates: Sequence[Sequence[Value]], count: int) -> list[Choice]:
    """Up to ``count`` of what satisfies: first with the fewest NULLs, then such as differ from those before.

    The same identity never comes twice; without distinct columns rows are repeated.
    """

    def emptiness(item: Satisfying) -> int:
        return sum(candidates[column][place] == NULL for column, place in enumerate(item.choice))

    rows: list[Choice] = []
    taken: set[tuple[int, object]] = set()
    used: set[tuple[int, int]] = set()
    remaining = sorted(satisfying, key=emptiness)

    def take(item: Satisfying) -> None:
        rows.append(item.choice)
        used.update(enumerate(item.choice))
        taken.update((place, known) for place, known in enumerate(item.identities) if known is not None)

    while remaining and len(rows) < min(count, _CHOSEN_WITH_CARE):
        news = (len(set(enumerate(item.choice)) - used) for item in remaining)
        best = max(zip(news, remaining, strict=True), key=itemgetter(0))[1] if rows else remaining[0]
        take(best)
        remaining = [item for item in remaining if item is not best and _is_free(item.identities, taken)]
    for item in remaining:
        if len(rows) < count and _is_free(item.identities, taken):
            take(item)
    if rows and not satisfying[0].identities:
        rows += [rows[n % len(rows)] for n in range(count - len(rows))]
    return rows


def _is_free(identities: Iterable[object], taken: set[tuple[int, object]]) -> bool:
    return taken.isdisjoint(enumerate(identities))
