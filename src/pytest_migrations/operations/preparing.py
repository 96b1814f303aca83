"""What comes before anything is changed, in this order: plan, validate, back up, plan again."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pytest_migrations.operations.backups.taking import back_up

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_migrations.operations.backups.keeping import Backup
    from pytest_migrations.operations.session import Session

Planned = TypeVar("Planned")


def prepare(
    first: Planned,
    plan: Callable[[], Planned],
    *,
    look: Callable[[Planned], None] | None,
    backup: Callable[[], None] | None,
) -> Planned:
    """What is to be done at last. ``first`` is what was planned before, ``plan`` reads the ledger anew.

    What ``look`` or ``backup`` raise leaves everything as it is. A backup takes a while, in which somebody may have
    been at the ledger by hand: the plan behind it is what counts, and is looked at again where it is another one.
    """
    if look is not None:
        look(first)
    if backup is None or not first:
        return first
    backup()
    wanted = plan()
    if look is not None and wanted != first:
        look(wanted)
    return wanted


def back_up_before(session: Session, folder: Path) -> Backup:
    """Back the target of a session up, named by the migration that was applied last. Raises UserError."""
    return back_up(session.target, folder, version=session.ledger.newest(), lock_timeout=session.limits.lock)
