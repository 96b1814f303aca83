"""What a check has to say of a migration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pytest_migrations.catalog.difference import Comparison
    from pytest_migrations.runner import Ran

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

    @property
    def headline(self) -> str:
        """The reason in one line."""
        first, *others = [line.strip() for line in self.reason.splitlines() if line.strip()] or [""]
        return f"{first} {others[0]}" if others and first.endswith((":", ".")) else first

    @classmethod
    def passed(cls, ran: Ran, comparison: Comparison | None = None) -> Verdict:
        return cls("passed", "", ran.seconds, ran.statements, comparison)

    @classmethod
    def failed(cls, reason: str, ran: Ran | None = None, comparison: Comparison | None = None) -> Verdict:
        return cls("failed", reason, ran.seconds if ran else 0.0, ran.statements if ran else 0, comparison)

    @classmethod
    def raised(cls, error: BaseException) -> Verdict:
        """What came of the user's own code: pytest knows best how to show it."""
        return cls("failed", str(error) or type(error).__name__, error=error)

    @classmethod
    def skipped(cls, reason: str, *, blames: str = "", blame: str = "") -> Verdict:
        return cls("skipped", reason, blames=blames, blame=blame)
