"""The stateful machine of hypothesis that draws paths; what becomes of them is another's business.

It only draws. The first fault ends it, and the path is made shorter by its own steps, which takes a few attempts where
hypothesis would need hundreds. So it has nothing to say either: it prints nothing, keeps no examples, writes no files.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from pytest_migrations.timeline.random_walk.path import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hypothesis.stateful import RuleBasedStateMachine

#: Of steps of the same kind that a move is: seldom many, as what goes wrong together may lie far apart.
_COUNTS = (1, 2, 3, 5, 8, 13)
_PROVIDER = "pytest-migrations"


class Course(Protocol):
    """What goes along the path that is drawn."""

    def choices(self) -> Sequence[Step]:
        """What can be done next; hypothesis begins with the path that takes the first of them each time."""

    def take(self, step: Step) -> None: ...

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


def draw_paths(starts: Sequence[int], begin: Callable[[int], Course], *, paths: int, moves: int) -> None:
    """Draw as many paths, the same ones each time, and go along each; what a step raises ends all.

    A move is to put rows in, or some steps in one direction.
    """
    from hypothesis import HealthCheck, Phase, Verbosity, settings  # noqa: PLC0415 (takes 0.2 s)
    from hypothesis.stateful import run_state_machine_as_test  # noqa: PLC0415 (as above)

    machine = _machine()
    with _provider() as backend:
        try:
            run_state_machine_as_test(
                lambda: machine(starts, begin),  # type: ignore[arg-type] # it takes any factory, as it says
                settings=settings(
                    backend=backend,
                    database=None,
                    deadline=None,
                    derandomize=True,
                    max_examples=paths,
                    phases=[Phase.generate],
                    print_blob=False,
                    stateful_step_count=moves + 1,  # to begin is one
                    suppress_health_check=list(HealthCheck),
                    verbosity=Verbosity.quiet,
                ),
            )
        except _EndedError as ended:
            raise ended.cause from ended.cause.__cause__


def _machine() -> Callable[[Sequence[int], Callable[[int], Course]], RuleBasedStateMachine]:
    """The class. Hypothesis keeps it for ever, so it holds nothing of one history."""
    from hypothesis import strategies as st  # noqa: PLC0415 (as above)
    from hypothesis.stateful import RuleBasedStateMachine, initialize, rule  # noqa: PLC0415 (as above)

    class Machine(RuleBasedStateMachine):
        """One rule, since of several hypothesis leaves some out for a whole example."""

        def __init__(self, starts: Sequence[int], begin: Callable[[int], Course]) -> None:
            super().__init__()
            self._starts = starts
            self._begin = begin
            self._course: Course | None = None

        @initialize(data=st.data())
        def begin(self, data: st.DataObject) -> None:
            start = data.draw(st.sampled_from(self._starts))
            with _ending():
                self._course = self._begin(start)

        @rule(data=st.data())
        def move(self, data: st.DataObject) -> None:
            assert self._course is not None
            step = data.draw(st.sampled_from(self._course.choices()))
            count = 1 if step is Step.PUT else data.draw(st.sampled_from(_COUNTS))
            for _ in range(count):
                if step in self._course.choices():
                    with _ending():
                        self._course.take(step)

        def teardown(self) -> None:
            if self._course is not None:
                with _ending():
                    self._course.close()

    return Machine


@contextmanager
def _provider() -> Iterator[str]:
    """Numbers from a generator alone.

    By itself hypothesis tries numbers that it finds in the user's modules, so that paths would depend on what else was
    imported, and keeps a file of them in ``.hypothesis``.
    """
    from hypothesis.internal.conjecture import providers  # noqa: PLC0415 (as above)

    providers.AVAILABLE_PROVIDERS[_PROVIDER] = f"{__name__}.PlainProvider"
    try:
        yield _PROVIDER
    finally:
        del providers.AVAILABLE_PROVIDERS[_PROVIDER]


def __getattr__(name: str) -> Any:
    """Where hypothesis looks for the class, whose parent is not to be imported before."""
    if name != "PlainProvider":
        raise AttributeError(name)
    from hypothesis.internal.conjecture.providers import HypothesisProvider  # noqa: PLC0415 (as above)

    class PlainProvider(HypothesisProvider):
        def _maybe_draw_constant(self, *_: Any, **__: Any) -> None:
            return None

    return PlainProvider
