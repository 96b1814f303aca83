"""What the checks say of a migration, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks import CHECKS
from pytest_migrations.checks.verdict import Rules

if TYPE_CHECKING:
    from pytest_migrations.timeline.timeline import Timeline

PASSED = ["passed"] * len(CHECKS)


def outcomes(timeline: Timeline, index: int) -> list[str]:
    return [judge(timeline.proof(index), Rules()).outcome for judge in CHECKS.values()]


def reasons(timeline: Timeline, index: int) -> str:
    return "\n".join(judge(timeline.proof(index), Rules()).reason for judge in CHECKS.values())
