"""The hand of one process on the server's databases: one connection, opened when first needed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import psycopg

from pytest_migrations.server import connections, databases
from pytest_migrations.server.server_error import ServerError
from pytest_migrations.transactions import leave_transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.server.started import Started


class Administrator:
    """Creates, clones and drops the run's databases for the threads of one process."""

    def __init__(self, started: Started, run_id: str) -> None:
        self._started = started
        self._external = started.kind == "external"
        self._application = databases.administrator(run_id)
        self._names = databases.Names(run_id)
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None

    def create(self, label: str) -> str:
        """Create an empty database and return its name. Raises UserError where the server has no room."""
        name = self._names.new(label)
        self._do(lambda admin: databases.create(admin, self._started, name))
        return name

    def clone(self, source: str, label: str) -> str:
        """Copy a database and return the copy's name. Raises DatabaseInUse if the source has sessions."""
        name = self._names.new(label)
        self._do(lambda admin: databases.clone(admin, self._started, source, name))
        return name

    def drop(self, name: str) -> None:
        """Drop a database of the run. Raises ValueError for any other."""
        self._do(lambda admin: databases.drop(admin, name, self._started.admin, external=self._external))

    def close(self) -> None:
        """Close the connection; it is opened again when needed."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _do(self, action: Callable[[psycopg.Connection[Any]], object]) -> None:
        """Once more over a new connection where the old one was lost: to a crash, or to waiting too long."""
        with self._lock:
            try:
                admin = self._connected()
                try:
                    action(admin)
                except psycopg.OperationalError:
                    if not admin.closed:
                        raise
                    action(connections.again(self._connected))
            except psycopg.OperationalError as error:
                raise ServerError.of(error, self._started.admin) from None
            finally:  # nobody waits any more for the answer if another plugin's time limit came meanwhile
                if self._connection is not None:
                    leave_transaction(self._connection)

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            parameters = {**self._started.admin, "application_name": self._application}
            self._connection = connections.connect(parameters, external=self._external)
        return self._connection
