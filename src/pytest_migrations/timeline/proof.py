"""What the walk learned of one migration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_migrations.errors import Place, UserError
    from pytest_migrations.migration import Migration
    from pytest_migrations.runner import Ran
    from pytest_migrations.timeline.trial import Trial


@dataclass(frozen=True)
class Culprit:
    """A statement that a difference comes from; ``script`` is "in the rollback" or "in the migration"."""

    place: Place
    script: str
    remark: str


@dataclass(frozen=True)
class Proof:
    """The evidence that the checks judge."""

    migration: Migration
    applied: Ran | UserError
    #: Whether applying it changed the schema.
    changed_schema: bool = False
    #: None where there is no rollback, or none that could be tried.
    trial: Trial | None = None
    #: Why what the trial found was not tried again with real commits; empty where it was or need not be.
    unconfirmed: str = ""
    culprits: tuple[Culprit, ...] = ()
