"""A running PostgreSQL and the databases on it."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_migrations.server import choice, connections, databases, ending, locks, starting
from pytest_migrations.server.started import Started

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from pytest_migrations.server.choice import ServerOptions
    from pytest_migrations.server.requirements import Requirements
    from pytest_migrations.server.run_folder import RunFolder

_RECORD = "server.json"
_START_LOCK = "start.lock"


@dataclass(frozen=True)
class Database:
    """One database on a server."""

    name: str
    #: For psycopg, psql and other clients of libpq. May hold a password, so it shows in no message.
    dsn: str = field(repr=False)

    def __str__(self) -> str:
        return self.name


class Server:
    """A PostgreSQL that hands out databases; made by ``start_or_join`` or ``start_own``."""

    def __init__(self, run: RunFolder, started: Started) -> None:
        self._run_id = run.id
        self._started = started
        self._external = started.kind == "external"
        self._names = databases.Names(run.id)
        self._admin: psycopg.Connection[Any] | None = None
        self._admin_lock = threading.Lock()
        run.before_end(self.disconnect)

    @classmethod
    def start_or_join(cls, run: RunFolder, options: ServerOptions, requirements: Requirements) -> Server:
        """The run's one server: the first process in need starts it, all others read its record.

        Raises UserError where there is none to be had.
        """
        record = run.path / _RECORD
        with locks.take(run.path / _START_LOCK):
            if record.exists():
                started = Started(**json.loads(record.read_text()))
            else:
                started = starting.start(run, options, requirements)
                _write(record, started)
        return cls(run, started)

    @classmethod
    def start_own(cls, run: RunFolder, options: ServerOptions, requirements: Requirements) -> Server | None:
        """One more server, for this process alone; None where the server is external.

        It ends with the run, or sooner by ``stop``. Raises UserError where there is none to be had.
        """
        if isinstance(choice.choose(options), choice.External):
            return None
        return cls(run, starting.start(run, options, requirements))

    @property
    def kind(self) -> str:
        """One of "embedded", "docker" and "external"."""
        return self._started.kind

    @property
    def version(self) -> str:
        """As in "18.6"."""
        return self._started.version

    @property
    def version_number(self) -> int:
        """As in 180006."""
        return self._started.version_number

    def create_database(self, *, label: str = "") -> Database:
        """An empty database; ``label`` shows in its name. Raises UserError where the disk is full."""
        name = self._names.new(label)
        with self._admin_lock:
            databases.create(self._administrator(), self._started, name)
        return self._database(name)

    def clone(self, database: Database, *, label: str = "") -> Database:
        """A copy of ``database``. Raises DatabaseInUse if that has sessions, ours included."""
        name = self._names.new(label)
        with self._admin_lock:
            databases.clone(self._administrator(), self._started, database.name, name)
        return self._database(name)

    def drop(self, database: Database) -> None:
        """Drop a database that this server has handed out, with its sessions."""
        with self._admin_lock:
            databases.drop(self._administrator(), database.name, self._started.admin, external=self._external)

    def connect(
        self, database: Database, *, settings: Mapping[str, str] | None = None, **more: Any
    ) -> psycopg.Connection[Any]:
        """Connect as the databases' owner, in autocommit mode.

        ``settings`` are set at the start of the session, so that RESET keeps them; ``more`` are arguments of
        psycopg.connect. Raises psycopg.OperationalError.
        """
        parameters = {**self._started.login, "dbname": database.name}
        return connections.connect(parameters, external=self._external, settings=settings, **more)

    def connect_admin(self, database: Database | None = None, **more: Any) -> psycopg.Connection[Any]:
        """Connect as the superuser of a server that we started, or as the user of the DSN of an external one."""
        parameters = {**self._started.admin, **({"dbname": database.name} if database else {})}
        return connections.connect(parameters, external=self._external, **more)

    def disconnect(self) -> None:
        """Close the connection by which this process creates databases."""
        if self._admin is not None:
            self._admin.close()
            self._admin = None

    def stop(self) -> None:
        """End a server that was started for this process alone."""
        self.disconnect()
        if self._started.home:
            ending.end_embedded(Path(self._started.home))
        if self._started.container:
            from pytest_migrations.server import containers  # noqa: PLC0415 (brings testcontainers)

            containers.remove(self._started.container)

    def _administrator(self) -> psycopg.Connection[Any]:
        if self._admin is None or self._admin.closed:
            self._admin = self.connect_admin(application_name=databases.administrator(self._run_id))
        return self._admin

    def _database(self, name: str) -> Database:
        return Database(name, connections.conninfo({**self._started.login, "dbname": name}))


def _write(record: Path, started: Started) -> None:
    """Complete or not at all, and for nobody else's eyes: it may hold a password."""
    unfinished = record.with_suffix(".unfinished")
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(asdict(started)))
    unfinished.rename(record)
