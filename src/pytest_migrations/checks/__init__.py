"""Each check is one question to what the walk found out about a migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks import apply, inspection, reapply, rollback, roundtrip, rows, verify
from pytest_migrations.timeline.proof import ROWS, VERIFY

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.checks.verdict import Rules, Verdict
    from pytest_migrations.migration import Migration
    from pytest_migrations.timeline.proof import Proof

#: The checks of every migration, in the order in which they are reported.
CHECKS: dict[str, Callable[[Proof, Rules], Verdict]] = {
    "apply": apply.judge,
    "rollback": rollback.judge,
    "roundtrip": roundtrip.judge,
    "reapply": reapply.judge,
}


def checks_of(migration: Migration, *, rows: bool = True) -> list[str]:
    """The names of the checks that the migration gets of its own, ``rows`` unless these are off."""
    return [*CHECKS, *([ROWS] if rows else []), *([VERIFY] if migration.verify is not None else [])]


def judge(name: str, proof: Proof, rules: Rules) -> Verdict:
    """The verdict of a check, which may be one that the user has added."""
    if name in CHECKS:
        return CHECKS[name](proof, rules)
    if name == ROWS:
        return rows.judge(proof, rules)
    return verify.judge(proof) if name == VERIFY else inspection.judge(name, proof)
