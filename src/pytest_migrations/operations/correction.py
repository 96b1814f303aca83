"""Changes what the ledger says without running anything: all of it, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_migrations.operations.ledger import Ledger
    from pytest_migrations.operations.session import Session


@dataclass(frozen=True)
class Correction:
    """One change of the ledger, with what it is for the user."""

    text: str
    make: Callable[[Ledger], None]


def correct(session: Session, corrections: Sequence[Correction]) -> None:
    """Make the changes. Raises psycopg.Error where the server does; none of them is made then."""
    session.lock.check()
    session.ledger.create()
    with session.connection.transaction():
        for correction in corrections:
            correction.make(session.ledger)
