"""What the walk learned of one migration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_migrations.failure import MigrationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.errors import UserError
    from pytest_migrations.migration import Migration
    from pytest_migrations.rows.losses.loss import Loss
    from pytest_migrations.runner import Ran
    from pytest_migrations.timeline.culprits import Culprit
    from pytest_migrations.timeline.on_rows.idle import Idle
    from pytest_migrations.timeline.trial import Trial

#: What the verify script of a migration is called among the inspections, and its check.
VERIFY = "verify"
#: The check of what becomes of rows.
ROWS = "rows"


@dataclass(frozen=True)
class WithRows:
    """What came of a migration on tables with rows.

    ``rows`` has for each table that it touches how many rows were put in, ``empty`` why none could be.
    """

    applied: Ran | MigrationError
    #: None where there is no rollback, or nothing to roll back.
    rolled_back: Ran | MigrationError | None = None
    #: Whether all rows were as before behind the rollback.
    is_same: bool = True
    losses: tuple[Loss, ...] = ()
    culprits: tuple[Culprit, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    empty: Mapping[str, str] = field(default_factory=dict)
    #: The seeds whose rows were there beside those, and whether the user's hook was asked for more.
    seeds: tuple[str, ...] = ()
    has_hook: bool = False
    #: The tables whose triggers refuse rows, so that these were put in without them; and what was said.
    without_triggers: Mapping[str, str] = field(default_factory=dict)
    #: What in the migration was to change rows and found none to change. That in its rollback may be about rows that
    #: can only come behind it.
    idle: tuple[Idle, ...] = ()
    #: Whether, without a rollback, rows that were there are not what they were.
    is_one_way: bool = False
    #: What was said of seeds that do not run, and what is to be known of others.
    failed_seeds: tuple[UserError, ...] = ()
    notes: tuple[str, ...] = ()
    #: Whether what differs are moments of the trial alone: triggers may have noted them.
    are_moments: bool = False
    #: Why what was found was not tried again with real commits; empty where it was or need not be.
    unconfirmed: str = ""

    @property
    def failure(self) -> MigrationError | None:
        """Why it does not apply, or else why its rollback does not run."""
        return next((ran for ran in (self.applied, self.rolled_back) if isinstance(ran, MigrationError)), None)

    @property
    def is_clean(self) -> bool:
        return self.is_same and self.failure is None


@dataclass(frozen=True)
class Untried:
    """It could not be tried on tables with rows, and why; that is an ``error`` where the user has to mend something."""

    why: str
    error: UserError | None = None
    failed_seeds: tuple[UserError, ...] = ()


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
