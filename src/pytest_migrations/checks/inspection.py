"""A check that the user has added: it looks at the state that the migration leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks.apply import unless_applied
from pytest_migrations.checks.verdict import Verdict
from pytest_migrations.timeline.terms import SkippedError

if TYPE_CHECKING:
    from pytest_migrations.timeline.proof import Proof


def judge(name: str, proof: Proof) -> Verdict:
    if verdict := unless_applied(proof):
        return verdict
    inspected = proof.inspected[name]
    if isinstance(inspected, SkippedError):
        return Verdict.skipped(str(inspected))
    return Verdict.raised(inspected) if isinstance(inspected, BaseException) else Verdict.passed(inspected)
