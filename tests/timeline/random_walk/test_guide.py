"""Where a walker is sent, without any server."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pytest_migrations.timeline.random_walk.fault import RowsInTheWayError
from pytest_migrations.timeline.random_walk.guide import Guide
from pytest_migrations.timeline.random_walk.path import Path, Step, Ways

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pytest_migrations.migration import History
    from pytest_migrations.timeline.random_walk.walker import Walker

    Make = Callable[..., History]

BOTH = ("SELECT 1", "SELECT 1")
NO_WAY_BACK = ("SELECT 1", None)


class Noting:
    """Takes each step but those on which rows are in the way of a migration."""

    def __init__(self, start: int, obstacles: Collection[int]) -> None:
        self.at = start
        self.path = Path(start)
        self._obstacles = obstacles

    def take(self, step: Step, *, looks: bool = True) -> None:  # noqa: ARG002 (as a walker does)
        if step is Step.UP and self.at in self._obstacles and Step.PUT in self.path.steps:
            raise RowsInTheWayError
        self.path = self.path.then(step)
        self.at += step.rise

    def stands_as_before(self) -> bool:
        return True

    def close(self) -> None:
        pass


def gone(history: History, *, obstacles: Collection[int] = (), rows: bool = True) -> list[str]:
    """The paths of the walkers that are sent through all of it."""
    ways, walkers = Ways(history, (), rows=True), list[Noting]()

    def begin(start: int) -> Walker:
        walkers.append(Noting(start, obstacles))
        return cast("Walker", walkers[-1])

    guide = Guide(ways, begin, 0)
    guide.through(len(history), rows=rows)
    letters = {Step.UP: "u", Step.DOWN: "d", Step.PUT: "p"}
    return [f"{each.path.start} {''.join(letters[step] for step in each.path.steps)}" for each in walkers]


def test_all_the_way(make_history: Make) -> None:
    history = make_history(BOTH, BOTH, BOTH)
    assert gone(history) == ["0 pudupudupudupddd"]
    assert gone(history, rows=False) == ["0 uduuduudu"]


def test_it_comes_down_before_there_is_no_way_back(make_history: Make) -> None:
    history = make_history(BOTH, NO_WAY_BACK, BOTH)
    assert gone(history) == ["0 pudupduupudupdu"]


def test_another_goes_on_where_rows_are_in_the_way(make_history: Make) -> None:
    history = make_history(BOTH, BOTH, BOTH)
    assert gone(history, obstacles=[1]) == ["0 pudupd", "2 pudupdu"]


def test_what_nobody_crosses_parts_the_history(make_history: Make) -> None:
    history = make_history(BOTH, BOTH, NO_WAY_BACK, BOTH, BOTH, NO_WAY_BACK)
    ways = Ways(history, [1], rows=True)
    assert ways.parts() == [range(2), range(2, 7)]
    assert [ways.reached_from(at) for at in (0, 2, 4)] == [range(2), range(2, 7), range(3, 7)]
    assert Ways(make_history(NO_WAY_BACK), (), rows=True).parts() == []
