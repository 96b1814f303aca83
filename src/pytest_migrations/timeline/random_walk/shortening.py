"""Makes a path shorter that leads to a fault, as long as it still does."""

from __future__ import annotations

from itertools import combinations, pairwise, product
from typing import TYPE_CHECKING

from pytest_migrations.timeline.random_walk.path import Path, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

#: All paths of so many steps are tried: most faults need no more.
_BRIEF = 3


def shortest(path: Path, attempt: Callable[[Path], Path | None], is_possible: Callable[[Path], bool]) -> Path:
    """A path from which no step can be left out, and none of a few steps leads to the same version in its place.

    ``attempt`` goes along a path, and gives the part of it that it took to go wrong once more, if it did.
    """
    tried = {path}

    def first_of(candidates: Iterator[Path]) -> Path | None:
        for each in candidates:
            if each not in tried and is_possible(each):
                tried.add(each)
                found = attempt(each)
                if found is not None and len(found.steps) < len(path.steps):
                    return found
        return None

    if found := first_of(brief(path)):
        return found
    size = len(path.steps)
    while size := min(size, len(path.steps) - 1):
        if found := first_of(_without_much(path, size)) or (None if size > 1 else first_of(_without_little(path))):
            path = found
        else:
            size //= 2
    return path


def brief(path: Path) -> Iterator[Path]:
    """All paths of a few steps that end as this one does, the shortest first.

    None begins with a step up: that is the straight way to another start. None puts rows in twice.
    """
    last = path.steps[-1]
    for length in range(1, min(_BRIEF, len(path.steps) - 1) + 1):
        for before in product((Step.DOWN, Step.PUT, Step.UP), repeat=length - 1):
            steps = (*before, last)
            if steps[0] is not Step.UP and (Step.PUT, Step.PUT) not in pairwise(steps):
                yield Path(path.end - sum(step.rise for step in steps), steps)


def _without_much(path: Path, size: int) -> Iterator[Path]:
    """Without ``size`` steps on end, here or there; without so many times rows; without ways out and back so long."""
    count = len(path.steps)
    for first in range(0, count - 1, size):
        yield _without(path, range(first, min(first + size, count - 1)))
    puts = [place for place, step in enumerate(path.steps) if step is Step.PUT]
    for first in range(0, len(puts), size):
        yield _without(path, puts[first : first + size])
    out_and_back = list(_out_and_back(path, size))
    many = len(out_and_back)
    while many:
        for first in range(0, len(out_and_back), many):
            yield _without(path, [place for places in out_and_back[first : first + many] for place in places])
        many //= 2


def _out_and_back(path: Path, size: int) -> Iterator[range]:
    """Where steps lead back to where they began, stretch behind stretch, of ``size`` or half of that."""
    at = [position for position, _ in path.positions()]
    first = 0
    while first < len(at) - 1:
        back = [last for last in range(first + size // 2 + 1, min(first + size + 1, len(at))) if at[last] == at[first]]
        if back:
            yield range(first, back[-1])
        first = back[-1] if back else first + 1


def _without_little(path: Path) -> Iterator[Path]:
    """Without what comes back, be it on end or two steps of which one is up and the other down."""
    at = [position for position, _ in path.positions()]
    for first, last in combinations(range(len(at)), 2):
        if at[first] == at[last]:
            yield _without(path, range(first, last))
    for first, second in combinations(range(len(at) - 1), 2):
        if path.steps[first].rise * path.steps[second].rise < 0:
            yield _without(path, (first, second))


def _without(path: Path, places: Iterable[int]) -> Path:
    """Without the steps at these places, beginning so that it ends where it did."""
    left_out = set(places)
    start = path.start + sum(path.steps[place].rise for place in left_out)
    return Path(start, tuple(step for place, step in enumerate(path.steps) if place not in left_out))
