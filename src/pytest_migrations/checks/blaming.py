"""How it is told which statements something comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.timeline.culprits import Culprit

_MOST = 5


def told_culprits(culprits: Sequence[Culprit]) -> list[str]:
    """A paragraph for each statement, with its excerpt; of more than a few, how many."""
    told = [
        f"{culprit.place}, {culprit.script}:\n\n{culprit.place.excerpt(culprit.remark)}" for culprit in culprits[:_MOST]
    ]
    return told + ([f"... and {len(culprits) - _MOST} more statements"] if len(culprits) > _MOST else [])
