"""Runs a seed, for good, and says what one cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError, display_path
from pytest_migrations.failure import MigrationError
from pytest_migrations.migration import Migration
from pytest_migrations.runner import Runner
from pytest_migrations.sending import NeedsCommitsError
from pytest_migrations.sql.framing import NEVER_INSIDE, OWN_TRANSACTION
from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.traits import Trait
from pytest_migrations.timeline.isolation import TouchesClusterError, refuse_cluster_changes
from pytest_migrations.transactions import leave_transaction

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.migration import Script

SHARED = "changes what all databases of a server share (a role, say)"


def run_seed(
    script: Script, reached: Migration, connection: psycopg.Connection, *, timeout: float | None, is_shared: bool
) -> None:
    """Run it in one transaction, where ``reached`` was applied last; ``is_shared`` says that others use the server.

    :raises UserError: where it fails, or is none. The connection may be closed then.
    """
    connection.execute(b"BEGIN")
    try:
        name = display_path(script.path)
        Runner(connection, timeout=timeout).apply_inside(Migration(reached.version, name, script))
        if is_shared:
            refuse_cluster_changes(connection)
        connection.execute(b"COMMIT")
    except NeedsCommitsError:
        raise _not_inside(script) from None
    except TouchesClusterError:
        raise UserError.at(script.start, f"this seed {SHARED}", "It is for rows: take that out.") from None
    except MigrationError as error:
        error.advice = error.advice or f"This seed runs when {reached.name} was applied, on the schema of then."
        raise
    finally:
        leave_transaction(connection)


def _not_inside(script: Script) -> UserError:
    refused = NEVER_INSIDE | Trait.NEVER_UNDONE
    commands = statements(script)
    found = [statement for statement in commands if statement.traits & refused] or [
        statement for statement in commands if statement.traits & OWN_TRANSACTION
    ]
    place = found[0].place if found else script.start
    return UserError.at(place, "this seed cannot run in one transaction, as seeds do", "Take this statement out.")
