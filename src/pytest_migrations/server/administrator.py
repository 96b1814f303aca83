"""The hand of one process on the server's databases: one connection, opened when first needed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from pytest_migrations.server import connections, databases

if TYPE_CHECKING:
    import psycopg

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
        with self._lock:
            databases.create(self._connected(), self._started, name := self._names.new(label))
            return name

    def clone(self, source: str, label: str) -> str:
        """Copy a database and return the copy's name. Raises DatabaseInUse if the source has sessions."""
        with self._lock:
            databases.clone(self._connected(), self._started, source, name := self._names.new(label))
            return name

    def drop(self, name: str) -> None:
        """Drop a database of the run. Raises ValueError for any other."""
        with self._lock:
            databases.drop(self._connected(), name, self._started.admin, external=self._external)

    def close(self) -> None:
        """Close the connection; it is opened again when needed."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            parameters = {**self._started.admin, "application_name": self._application}
            self._connection = connections.connect(parameters, external=self._external)
        return self._connection
