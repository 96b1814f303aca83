"""What a check has to say of a migration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pytest_migrations.errors import display_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_migrations.catalog.difference import Comparison, Difference
    from pytest_migrations.errors import Place
    from pytest_migrations.runner import Ran
    from pytest_migrations.timeline.proof import WithRows

#: Named after the run, and by a number.
_OUR_DATABASE = re.compile(r"\bpytest_migrations_[0-9a-f]+_\w+")
Outcome = Literal["passed", "failed", "skipped", "waived", "accepted"]


@dataclass(frozen=True)
class Rules:
    """How strict the checks are: ``--migrations-require-rollback``, ``--migrations-column-order=strict``."""

    require_rollback: bool = False
    strict_column_order: bool = False


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check, why, and what it took (seconds on the client's clock)."""

    outcome: Outcome
    reason: str = ""
    seconds: float = 0.0
    statements: int = 0
    comparison: Comparison | None = None
    #: Of a skip: the check ("007_grants.sql::apply") that fails for the same reason, and what it says. Where the run
    #: does not hold it, nothing would say it, and the skip is to be a failure.
    blames: str = ""
    blame: str = ""
    error: BaseException | None = None
    #: What the user should know though the check passed.
    warning: str = ""
    #: Whether it is about this check alone: no server, or a migration before it, is nobody's waiver.
    is_own: bool = True
    #: Where to look; None where no line is to blame.
    place: Place | None = None
    #: Each thing that is wrong, where there can be several.
    several: tuple[str, ...] = ()
    #: What the check on tables with rows has seen.
    with_rows: WithRows | None = None

    @property
    def findings(self) -> tuple[str, ...]:
        """What is wrong, a line for each thing, and the same lines as long as nothing else is.

        Without the places, which move, and the database's name; of the user's own code, which may say anything, it is
        the kind of error.
        """
        if self.outcome in ("passed", "skipped"):
            return ()
        if self.error is not None:
            return (type(self.error).__name__,)
        found = self.several or (in_one_line(self.reason).replace(f"{self.place}: ", ""),)
        return tuple(" ".join(_OUR_DATABASE.sub("...", finding).split()) for finding in found)

    def headline_in(self, own: Path) -> str:
        """The reason in one line, to stand behind an id that begins with the file ``own``."""
        lines, place = self.reason.splitlines() or [""], self.place
        if place:
            where = f"{place.line}:{place.column}" if place.path == own else str(place)
            for beginning in (f"{place}: ", f"  {display_path(place.path)}: "):  # an error; a problem of the history
                for line in lines:
                    if line.startswith(beginning):
                        return f"{where}: {line.removeprefix(beginning)}"
            if self.comparison and self.comparison.differences:
                return f"{where}: {_in_short(self.comparison.differences)}"
            if self.several:
                more = f" and {len(self.several) - 1} more" if len(self.several) > 1 else ""
                return f"{where}: {self.several[0]}{more}"
        return in_one_line(self.reason)

    @classmethod
    def passed(cls, ran: Ran, comparison: Comparison | None = None) -> Verdict:
        return cls("passed", "", ran.seconds, ran.statements, comparison)

    @classmethod
    def failed(
        cls,
        reason: str,
        ran: Ran | None = None,
        comparison: Comparison | None = None,
        *,
        place: Place | None = None,
        several: tuple[str, ...] = (),
    ) -> Verdict:
        seconds, statements = (ran.seconds, ran.statements) if ran else (0.0, 0)
        return cls("failed", reason, seconds, statements, comparison, place=place, several=several)

    @classmethod
    def raised(cls, error: BaseException) -> Verdict:
        """What came of the user's own code: pytest knows best how to show it."""
        return cls("failed", str(error) or type(error).__name__, error=error)

    @classmethod
    def skipped(cls, reason: str, *, blames: str = "", blame: str = "", place: Place | None = None) -> Verdict:
        return cls("skipped", reason, blames=blames, blame=blame, place=place)


def in_one_line(reason: str) -> str:
    """What was found, with the first detail where there are some."""
    first, *others = [line.strip() for line in reason.splitlines() if line.strip()] or [""]
    return f"{first} {others[0]}" if others and first.endswith((":", ".")) else first


def _in_short(differences: Sequence[Difference]) -> str:
    first = differences[0]
    more = f" and {len(differences) - 1} more" if len(differences) > 1 else ""
    return f"{first.change}: {first.kind} {first.name}{more}"
