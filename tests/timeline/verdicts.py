"""What the checks say of a migration, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks import judge
from pytest_migrations.checks.verdict import Rules

if TYPE_CHECKING:
    from pytest_migrations.timeline.timeline import Timeline

CHECKS = ("apply", "rollback", "roundtrip", "reapply")
PASSED = ["passed"] * len(CHECKS)


def outcomes(timeline: Timeline, index: int) -> list[str]:
    return [judge(check, timeline.proof(index), Rules()).outcome for check in CHECKS]


def reasons(timeline: Timeline, index: int) -> str:
    return "\n".join(judge(check, timeline.proof(index), Rules()).reason for check in CHECKS)
