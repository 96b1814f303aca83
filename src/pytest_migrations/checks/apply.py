"""apply: the migration runs on top of its predecessors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks.verdict import Rules, Verdict
from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from pytest_migrations.timeline.proof import Proof


def judge(proof: Proof, _: Rules) -> Verdict:
    if isinstance(proof.applied, UserError):
        return Verdict.failed(str(proof.applied), place=proof.applied.place)
    return Verdict.passed(proof.applied)
