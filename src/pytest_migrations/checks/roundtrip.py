"""roundtrip: after the rollback the schema is what it was before the migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks.comparing import judge_comparison
from pytest_migrations.checks.rollback import needs_working_rollback
from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from pytest_migrations.checks.verdict import Rules, Verdict
    from pytest_migrations.timeline.proof import Proof


def judge(proof: Proof, rules: Rules) -> Verdict:
    if verdict := needs_working_rollback(proof, rules):
        return verdict
    trial = proof.trial
    assert trial is not None and not isinstance(trial.rolled_back, UserError) and trial.roundtrip is not None
    return judge_comparison(
        "The rollback leaves the schema different", trial.roundtrip, trial.rolled_back, proof, rules
    )
