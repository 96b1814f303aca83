"""The stateful machine of hypothesis that draws where to go next; what becomes of it is another's business.

It only draws. The first fault ends it, and the path is made shorter by its own steps, which takes a few attempts where
hypothesis would need hundreds. So it has nothing to say either: it prints nothing, keeps no examples, writes no files.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hypothesis.stateful import RuleBasedStateMachine
    from hypothesis.strategies import DataObject

_MOVES = 8
_MOST_PATHS = 20


class Wayfarer(Protocol):
    """Goes where it is sent."""

    def goals(self) -> Sequence[int]:
        """The versions to which it can go; at least the one where it is."""

    def go(self, version: int, *, rows: bool) -> None:
        """Put rows in, or do not, and go there."""

    def close(self) -> None: ...


class _EndedError(BaseException):
    """No failure for hypothesis, which would try again and again, but the end of it."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(cause)
        self.cause = cause


@contextmanager
def _ending() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise _EndedError(error) from error


def draw_paths(starts: Sequence[int], begin: Callable[[int], Wayfarer], go_on: Callable[[], object]) -> None:
    """Send somebody along one path after another, the same ones each time; whatever is raised ends it.

    ``go_on`` is called before each move, and raises where there were enough.
    """
    from hypothesis.stateful import run_state_machine_as_test  # noqa: PLC0415 (takes 0.2 s)

    from pytest_migrations.plain_draws import plainly  # noqa: PLC0415 (as above)

    machine = _machine()
    try:
        run_state_machine_as_test(
            lambda: machine(starts, begin, go_on),  # type: ignore[arg-type] # it takes any factory, as it says
            settings=plainly(_MOST_PATHS, stateful_step_count=_MOVES + 1),  # to begin is one
        )
    except _EndedError as ended:
        raise ended.cause from ended.cause.__cause__


def _machine() -> Callable[..., RuleBasedStateMachine]:
    """The class. Hypothesis keeps it for ever, so it holds nothing of one history."""
    from hypothesis import strategies as st  # noqa: PLC0415 (as above)
    from hypothesis.stateful import RuleBasedStateMachine, initialize, rule  # noqa: PLC0415 (as above)

    class Machine(RuleBasedStateMachine):
        def __init__(
            self, starts: Sequence[int], begin: Callable[[int], Wayfarer], go_on: Callable[[], object]
        ) -> None:
            super().__init__()
            self._go_on = go_on
            self._starts = starts
            self._begin = begin
            self._wayfarer: Wayfarer | None = None

        @initialize(data=st.data())
        def begin(self, data: DataObject) -> None:
            start = data.draw(st.sampled_from(self._starts))
            with _ending():
                self._go_on()
                self._wayfarer = self._begin(start)

        @rule(data=st.data())
        def move(self, data: DataObject) -> None:
            assert self._wayfarer is not None
            rows, goal = data.draw(st.booleans()), data.draw(st.sampled_from(self._wayfarer.goals()))
            with _ending():
                self._go_on()
                self._wayfarer.go(goal, rows=rows)

        def teardown(self) -> None:
            if self._wayfarer is not None:
                with _ending():
                    self._wayfarer.close()

    return Machine
