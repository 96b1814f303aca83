"""What the walk learned of one migration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.errors import UserError
    from pytest_migrations.migration import Migration
    from pytest_migrations.runner import Ran
    from pytest_migrations.timeline.culprits import Culprit
    from pytest_migrations.timeline.trial import Trial
    from pytest_migrations.timeline.with_rows import Untried, WithRows

#: What the verify script of a migration is called among the inspections, and its check.
VERIFY = "verify"
#: The check of what becomes of rows.
ROWS = "rows"


@dataclass(frozen=True)
class Proof:
    """The evidence that the checks judge."""

    migration: Migration
    applied: Ran | UserError
    #: None where there is no rollback, where it is empty though the schema changed, or where it could not be tried.
    trial: Trial | None = None
    #: Why what the trial found was not tried again with real commits; empty where it was or need not be.
    unconfirmed: str = ""
    #: The statements that what differs after the rollback comes from.
    culprits: tuple[Culprit, ...] = ()
    #: What came of the verify script and of the inspections, by the name of the check.
    inspected: Mapping[str, Ran | BaseException] = field(default_factory=dict)
    #: What came of it on tables with rows; None where that was not asked for.
    with_rows: WithRows | Untried | None = None
