"""What keeps a check of a rollback from saying anything of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks.verdict import Rules, Verdict
from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from pytest_migrations.timeline.proof import Proof


def needs_rollback(proof: Proof, rules: Rules) -> Verdict | None:
    """The verdict where there is nothing to roll back, or nothing to do it with; None where there is."""
    name = proof.migration.name
    if isinstance(proof.applied, UserError):
        reason = f"{name} does not apply"
        return Verdict.skipped(reason, blames=f"{name}::apply", blame=f"{reason}.\n\n{proof.applied}")
    if proof.migration.down is None:
        if rules.require_rollback:
            return Verdict.failed(f"{name} has no rollback, and --migrations-require-rollback asks for one.")
        return Verdict.skipped(f"{name} has no rollback")
    return None
