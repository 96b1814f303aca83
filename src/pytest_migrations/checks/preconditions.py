"""What keeps a check of a rollback from saying anything of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks.verdict import Rules, Verdict
from pytest_migrations.errors import UserError
from pytest_migrations.runner import Ran

if TYPE_CHECKING:
    from pytest_migrations.timeline.proof import Proof


def needs_rollback(proof: Proof, rules: Rules) -> Verdict | None:
    """The verdict where there is nothing to roll back, or nothing to do it with; None where there is."""
    name = proof.migration.name
    if isinstance(proof.applied, UserError):
        return Verdict.skipped(f"{name} does not apply")
    if proof.migration.down is None:
        if rules.require_rollback:
            return Verdict.failed(f"{name} has no rollback, and --migrations-require-rollback asks for one.")
        return Verdict.skipped(f"{name} has no rollback")
    return None


def needs_working_rollback(proof: Proof, rules: Rules) -> Verdict | None:
    """As ``needs_rollback``, and where the rollback failed, which its own check says."""
    if verdict := needs_rollback(proof, rules):
        return verdict
    if proof.trial is None and proof.unconfirmed:
        return Verdict.skipped(f"{proof.migration.name} cannot be tried in a transaction, and was {proof.unconfirmed}")
    if proof.trial is None or not isinstance(proof.trial.rolled_back, Ran):
        return Verdict.skipped(f"the rollback of {proof.migration.name} does not run")
    return None
