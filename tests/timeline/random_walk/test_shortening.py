"""Paths become shorter, without any server."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.timeline.random_walk.path import Path, Step
from pytest_migrations.timeline.random_walk.shortening import brief, shortest

if TYPE_CHECKING:
    from collections.abc import Callable

UP, DOWN, PUT = Step.UP, Step.DOWN, Step.PUT
LENGTH = 12


def is_possible(path: Path) -> bool:
    positions = [at for at, _ in path.positions()]
    return all(0 <= at <= LENGTH for at in [*positions, path.end])


def attempt(happens: Callable[[list[tuple[int, Step]]], bool]) -> Callable[[Path], Path | None]:
    """Goes wrong with the first step behind which ``happens`` is true of the steps so far and where they began."""

    def gone(path: Path) -> Path | None:
        positions = list(path.positions())
        for count in range(1, len(positions) + 1):
            if happens(positions[:count]):
                return Path(path.start, path.steps[:count])
        return None

    return gone


def came_down_and_up(steps: list[tuple[int, Step]]) -> bool:
    """From 5 to 4, and then to 6."""
    return steps[-1] == (5, UP) and (5, DOWN) in steps


def lost_far_above(steps: list[tuple[int, Step]]) -> bool:
    """What was put in at 2, once it was above 9."""
    return steps[-1] == (10, DOWN) and (2, PUT) in steps and (9, UP) in steps[steps.index((2, PUT)) :]


def came_twice(steps: list[tuple[int, Step]]) -> bool:
    return steps[-1] == (3, UP) and steps.count((3, UP)) == 3


def drawn(seed: int) -> Path:
    """A path at random that ends with the first fault of some kind."""
    random, start = Random(seed), 3
    steps: list[Step] = []
    at = start
    while len(steps) < 2000:
        goal = random.randint(0, LENGTH)
        steps += [PUT, *[UP if goal > at else DOWN] * abs(goal - at)]
        at = goal
    return Path(start, tuple(steps))


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        (came_down_and_up, Path(5, (DOWN, UP, UP))),
        (lost_far_above, Path(2, (PUT, *[UP] * 8, DOWN))),
        (came_twice, Path(3, (UP, DOWN, UP, DOWN, UP))),
    ],
)
@pytest.mark.parametrize("seed", range(10))
def test_no_step_is_left_that_is_not_needed(
    happens: Callable[[list[tuple[int, Step]]], bool], expected: Path, seed: int
) -> None:
    tries: list[Path] = []

    def gone(path: Path) -> Path | None:
        tries.append(path)
        return attempt(happens)(path)

    found = attempt(happens)(drawn(seed))
    assert found is not None
    assert shortest(found, gone, is_possible) == expected
    assert sum(len(path.steps) for path in tries) < 2000


def test_nothing_shorter() -> None:
    path = Path(3, (UP, UP, PUT, UP, DOWN))
    assert shortest(path, lambda _: None, is_possible) == path
    assert shortest(Path(1, (DOWN,)), lambda path: path, is_possible) == Path(1, (DOWN,))


def test_brief_paths() -> None:
    told = list(brief(Path(0, (PUT, UP, UP, UP, UP, DOWN))))
    assert told[:3] == [Path(4, (DOWN,)), Path(5, (DOWN, DOWN)), Path(4, (PUT, DOWN))]
    assert {path.end for path in told} == {3}
    assert Path(3, (PUT, UP, DOWN)) in told
    assert len(told) == 8
