"""What goes wrong on a path that does not on the straight way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_migrations.catalog.difference import Comparison
    from pytest_migrations.failure import MigrationError
    from pytest_migrations.rows.losses.loss import Loss
    from pytest_migrations.timeline.random_walk.path import Path


@dataclass(frozen=True)
class Fault:
    """One of three: the schema is another one, rows are not what they were, or the last step fails."""

    path: Path
    comparison: Comparison | None = None
    losses: tuple[Loss, ...] = ()
    error: MigrationError | None = None
    #: Whether it is known that each step of the path is needed.
    is_shortest: bool = True


class AstrayError(Exception):
    """Raised by the step that leads to the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class RowsInTheWayError(Exception):
    """Raised by the step that fails on rows which were put in, and may fail on them on the straight way as well."""
