"""From a history to verdicts: the one thing that the faces ask."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_migrations.adoption.acceptance import Acceptance
from pytest_migrations.checks import checks_of, judge
from pytest_migrations.checks import history as history_check
from pytest_migrations.checks import walk as walk_check
from pytest_migrations.checks.apply import unless_applied
from pytest_migrations.checks.verdict import Rules, Verdict
from pytest_migrations.errors import UserError
from pytest_migrations.rows.seeds.files import Seeds
from pytest_migrations.timeline.proof import ROWS
from pytest_migrations.timeline.timeline import BlockedError, Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.server.server import Server
    from pytest_migrations.timeline.terms import Terms
    from pytest_migrations.timeline.timeline import Servers


class Prover:
    """Answers each check of one history; the walk begins with the first question that needs it."""

    def __init__(
        self, history: History, servers: Servers, rules: Rules, terms: Terms, acceptance: Acceptance | None = None
    ) -> None:
        self.history = history
        self._servers = servers
        self._rules = rules
        self._terms = replace(terms, wanted=self._is_wanted, seeds=lambda: self._seeds)
        self._seeds = Seeds()
        self._wants_seeds = terms.rows > 0
        #: Why the seeds cannot be meant, and the check that has said so.
        self._no_seeds: UserError | None = None
        self._says_no_seeds = ""
        self._acceptance = acceptance or Acceptance()
        self._timeline: Timeline | None = None
        self._server: Server | None = None
        #: Why there is no timeline, and will be none.
        self._obstacle: UserError | None = None
        self._selected: frozenset[int] = frozenset()
        self._alone = True
        #: The check that has said why nothing can be tried any more: there is no server, a hook fails.
        self._stopped = ""
        self._asked: frozenset[str] = frozenset()

    def checks(self, index: int) -> list[str]:
        """The names of the checks of the migration at ``index``, in the order in which they are reported."""
        terms = self._terms
        return checks_of(self.history, index, terms.inspections, with_rows=terms.rows > 0, with_walk=terms.walk)

    def select(self, asked: Collection[tuple[int, str]], *, alone: bool) -> None:
        """Tell which checks (index, name) the run holds, and whether this process will answer all of them."""
        self._asked = frozenset(f"{self.history.migrations[index].name}::{name}" for index, name in asked)
        self._selected = frozenset(index for index, name in asked if name != history_check.NAME)
        self._alone = alone

    def _is_wanted(self, migration: Migration, check: str) -> bool:
        return not self._asked or f"{migration.name}::{check}" in self._asked

    def take_seeds(self, seeds: Callable[[], Seeds]) -> None:
        """Take the rows of the user's own, where tables get rows: once, before the first verdict."""
        if self._wants_seeds:
            self._wants_seeds = False
            try:
                self._seeds = seeds()
            except UserError as error:
                self._no_seeds = error

    def verdict(self, index: int, check: str) -> Verdict:
        """Answer one check, with what is waived or accepted for now taken into account."""
        name = f"{self.history.migrations[index].name}::{check}"
        return self._acceptance.judged(name, self._found(index, check))

    def _found(self, index: int, check: str) -> Verdict:
        """Where there is no server, the first check says so and the others are skipped."""
        if check == history_check.NAME:
            return history_check.judge(self.history)
        if told := self._told_before(index, check):
            return told
        try:
            proof = self._walked().proof(index)
            if check == walk_check.NAME:
                return self._said(unless_applied(proof) or self._wandered(self._walked()))
        except BlockedError as blocked:
            return self._blocked(blocked)
        except UserError as error:
            self._stopped = f"{self.history.migrations[index].name}::{check}"
            return replace(Verdict.failed(str(error)), is_own=False)
        verdict = judge(check, proof, self._rules)
        return self._said(self._with_untried(verdict, index) if check == "apply" else verdict)

    def _told_before(self, index: int, check: str) -> Verdict | None:
        """What there is to say where a server is of no use any more."""
        if self._stopped:
            return Verdict.skipped(f"not tried: see {self._stopped}")
        if check == ROWS and self._no_seeds is not None:
            return self._without_seeds(f"{self.history.migrations[index].name}::{check}", self._no_seeds)
        return None

    def _without_seeds(self, name: str, error: UserError) -> Verdict:
        """The first check that needs them says what is wrong with the seeds."""
        if self._says_no_seeds not in ("", name):
            return Verdict.skipped(f"not tried: see {self._says_no_seeds}")
        self._says_no_seeds = name
        return replace(Verdict.failed(str(error), place=error.place), is_own=False)

    def _wandered(self, timeline: Timeline) -> Verdict:
        from pytest_migrations.timeline.random_walk.straight_way import CannotGoError  # noqa: PLC0415 (brings the driver)

        barred = frozenset(index for index in range(len(self.history)) if self._is_barred(index))
        try:
            wandered = timeline.wander(barred, self._terms.rows, strict_column_order=self._rules.strict_column_order)
        except CannotGoError as error:
            return Verdict.skipped(str(error))
        return walk_check.judge(wandered, self.history, self._rules, self._terms.rows)

    def _is_barred(self, index: int) -> bool:
        """Whether it is known what crossing a migration may do. In the last one a waiver of the walk is about all."""
        bounds = walk_check.BOUNDS if index < len(self.history) - 1 else walk_check.BOUNDS[:-1]
        name = self.history.migrations[index].name
        return any(self._acceptance.covers(f"{name}::{check}") for check in bounds)

    def server(self) -> Server | None:
        """The server that the proofs come from, started where it was not; None where that is not possible."""
        with suppress(UserError):  # the check that asks for a verdict says so
            self._walked()
        return self._server

    def _walked(self) -> Timeline:
        """The timeline, on a server that is ready. Where that goes wrong it is not tried again."""
        if self._obstacle is not None:
            raise self._obstacle
        if self._timeline is None:
            timeline = Timeline(
                self.history,
                self._servers,
                asked=self._selected,
                alone=self._alone,
                terms=self._terms,
            )
            try:
                self._server = timeline.server()
            except UserError as error:
                self._obstacle = error
                raise
            except (Exception, KeyboardInterrupt, SystemExit):
                raise
            except BaseException as other:  # noqa: BLE001
                # What is no error of Python's is how another plugin of pytest ends a test: its time limit is over.
                self._obstacle = UserError(f"No server was ready when this came: {other}")
                raise self._obstacle from None
            self._timeline = timeline
        return self._timeline

    def close(self) -> None:
        if self._timeline is not None:
            self._timeline.close()

    def _blocked(self, blocked: BlockedError) -> Verdict:
        blame = f"{blocked}, and it comes before this migration.\n\n{blocked.error}"
        place = blocked.error.place
        return self._said(
            Verdict.skipped(str(blocked), blames=f"{blocked.culprit.name}::apply", blame=blame, place=place)
        )

    def _with_untried(self, verdict: Verdict, index: int) -> Verdict:
        """A failed apply, and how many migrations are not tried for it."""
        count = sum(selected > index for selected in self._selected)
        if verdict.outcome != "failed" or not count:
            return verdict
        untried = "1 migration after this one was" if count == 1 else f"{count} migrations after this one were"
        return replace(verdict, reason=f"{verdict.reason}\n{untried} not tried.")

    def _said(self, verdict: Verdict) -> Verdict:
        """A failure in place of a skip where the run does not hold the check that fails for it."""
        if not verdict.blames or verdict.blames in self._asked or self._acceptance.covers(verdict.blames):
            return verdict
        return replace(verdict, outcome="failed", reason=verdict.blame, is_own=False)
