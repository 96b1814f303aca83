"""Leaves out the differences that follow from another one: a missing table is one, however many columns it had."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.catalog.difference import Difference
    from pytest_migrations.catalog.snapshot import Snapshot


def folded(differences: Sequence[Difference], expected: Snapshot, actual: Snapshot) -> tuple[Difference, ...]:
    """The differences without those that another one of them explains."""
    known = {str(difference.key): difference for difference in differences}
    return tuple(
        difference
        for difference in differences
        if not _is_explained(difference, known, actual if difference.change == "left behind" else expected)
    )


def _is_explained(difference: Difference, known: dict[str, Difference], side: Snapshot) -> bool:
    causes = [known[name] for name in side.follows(difference.key) if name in known]
    if any(cause.change == difference.change and cause.changes == difference.changes for cause in causes):
        return True
    parents = [known[name] for name in side.parents(difference.key) if name in known]
    if difference.change != "changed":
        return any(parent.change == difference.change or _is_identity(difference, parent) for parent in parents)
    return difference.kind == "sequence" and any(set(difference.changes) <= set(parent.changes) for parent in parents)


def _is_identity(difference: Difference, parent: Difference) -> bool:
    """A column that became an identity brings its sequence, and takes it away."""
    return difference.kind == "sequence" and any(change.field == "identity" for change in parent.changes)
