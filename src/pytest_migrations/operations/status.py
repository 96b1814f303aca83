"""What a target has of a history, and when it came there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.operations.ledger import Ledger
from pytest_migrations.operations.standing import standings

if TYPE_CHECKING:
    from pytest_migrations.migration import History
    from pytest_migrations.operations.standing import Standing
    from pytest_migrations.operations.target import Target


def status(target: Target, history: History) -> list[Standing]:
    """How every migration stands in the target, which is only read.

    :raises UserError: where the target cannot be reached, or its ledger not be read.
    """
    with target.connect({"default_transaction_read_only": "on"}) as connection:
        ledger = Ledger(connection, target.ledger)
        return standings(history, ledger.entries() if ledger.exists() else {})
