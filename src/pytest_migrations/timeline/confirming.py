"""Confirms a trial with real commits where no clone of the database can be had, or none would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.errors import UserError
from pytest_migrations.runner import Runner
from pytest_migrations.timeline.replay import replay
from pytest_migrations.timeline.trial import States, Trial, try_for_good

if TYPE_CHECKING:
    from pytest_migrations.migration import History
    from pytest_migrations.timeline.timeline import Servers


def confirm_elsewhere(
    servers: Servers, history: History, index: int, states: States, timeout: float | None
) -> tuple[Trial | None, str]:
    """Try the migration at ``index`` again on a server that is started for that alone; or why that could not be."""
    server = servers.own()
    if server is None:
        return None, "not confirmed with real commits: that needs a server of its own"
    try:
        try:
            database = server.create_database()
            servers.prepare(server, database, history)
            connection = replay(server, database, history.migrations[: index + 1], timeout=timeout)
        except (UserError, psycopg.Error) as error:
            return None, f"not confirmed with real commits: what was applied once cannot be applied again: {error}"
        with connection:
            return try_for_good(Runner(connection, timeout=timeout), history.migrations[index], states), ""
    finally:
        server.stop()
