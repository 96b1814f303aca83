"""verify: the migration's own verify script finds what it looks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks.apply import unless_applied
from pytest_migrations.checks.verdict import Verdict
from pytest_migrations.errors import UserError
from pytest_migrations.timeline.proof import VERIFY

if TYPE_CHECKING:
    from pytest_migrations.timeline.proof import Proof


def judge(proof: Proof) -> Verdict:
    if verdict := unless_applied(proof):
        return verdict
    verified = proof.inspected[VERIFY]
    if isinstance(verified, BaseException):
        return Verdict.failed(
            f"The verify script fails in the state that the migration leads to.\n\n{verified}",
            place=verified.place if isinstance(verified, UserError) else None,
        )
    return Verdict.passed(verified)
