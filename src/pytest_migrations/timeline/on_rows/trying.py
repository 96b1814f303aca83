"""Tries a migration on tables with rows, and once more with real commits where something is not clean."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_migrations.errors import UserError
from pytest_migrations.lent import EndedTransactionError
from pytest_migrations.sql.framing import NOT_IN_A_TRANSACTION
from pytest_migrations.timeline.elsewhere import UnavailableError
from pytest_migrations.timeline.on_rows.running import look_closer, try_with_rows
from pytest_migrations.timeline.proof import Untried, WithRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.timeline.on_rows.grounds import Ground
    from pytest_migrations.timeline.on_rows.supply import Supply


def try_on(ground: Ground, supply: Supply, timeout: float | None) -> WithRows | Untried:
    """What comes of a migration on tables with rows; what is not clean is tried again with real commits."""
    # What a user's hook does nobody knows.
    with ground.nothing_kept(supply.migration if supply.put_more_in is None else None, with_rows=True):
        try:
            return _try_on(ground, supply, timeout)
        except UserError as error:  # of code of the user's
            ground.is_shaken |= isinstance(error, EndedTransactionError)
            return Untried(str(error), error)


def _try_on(ground: Ground, supply: Supply, timeout: float | None) -> WithRows | Untried:
    tried = try_with_rows(ground.connection, supply, timeout)
    # Of a table that takes no row, another session may see it otherwise: PL/pgSQL remembers the types of before.
    if tried is not None and tried.is_clean and not tried.empty:
        return look_closer(ground.connection, supply, inside=True, timeout=timeout) if tried.is_one_way else tried
    if tried is not None and (why := _no_use(tried, ground)):
        return replace(tried, unconfirmed=f"not confirmed with real commits: {why}")
    if tried is None or (tried.failure and tried.failure.sqlstate in NOT_IN_A_TRANSACTION):
        supply.take_all(ground.connection)
    try:
        return _but_for_triggers(partial(_look_elsewhere, ground, supply, timeout))
    except UnavailableError as error:
        why = f"not confirmed with real commits: {error}"
    if tried is None:
        return Untried(why)
    if tried.is_clean:
        return tried
    inside = _but_for_triggers(partial(look_closer, ground.connection, supply, inside=True, timeout=timeout))
    return replace(inside, unconfirmed=why)


def _look_elsewhere(ground: Ground, supply: Supply, timeout: float | None, **options: Any) -> WithRows:
    while True:
        with ground.elsewhere() as (connection, guard):
            closer = look_closer(connection, supply, inside=False, timeout=timeout, guard=guard, **options)
        if not supply.give_way(closer.failure):
            return closer


def _but_for_triggers(look: Callable[..., WithRows]) -> WithRows:
    """What it is to ``look``; that a trigger has noted when the trial ran is no loss.

    It was one where rows are the same without triggers: what a script sets to a moment is lost without them, too.
    """
    seen = look()
    if seen.are_moments and look(without_triggers=True).is_clean:
        return replace(seen, is_same=True, losses=(), culprits=())
    return seen


def _no_use(tried: WithRows, ground: Ground) -> str:
    """Why it is of no use to try it again; empty where it is."""
    if tried.failure and tried.failure.took_too_long:
        return "that would take as long once more"
    return "the connection was lost" if ground.connection.closed else ""  # perhaps a crash: nothing is what it was
