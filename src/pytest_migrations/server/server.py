"""A running PostgreSQL and the databases on it."""

from __future__ import annotations

import json
import shlex
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_migrations.server import choice, connections, ending, hiding, locks, starting, urls
from pytest_migrations.server.started import Started

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import psycopg

    from pytest_migrations.server.choice import ServerOptions
    from pytest_migrations.server.requirements import Requirements
    from pytest_migrations.server.run_folder import RunFolder
    from pytest_migrations.server.started import Parameters

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

    @property
    def url(self) -> str:
        """The same as a URL: ``postgresql://user@/name?host=/tmp/x&port=5432``. May hold a password."""
        return self.url_for("postgresql")

    def url_for(self, scheme: str) -> str:
        """The URL with another scheme, as SQLAlchemy wants it: "postgresql+psycopg", "postgresql+asyncpg"."""
        return urls.url(scheme, self.dsn)


class Server:
    """A PostgreSQL that hands out databases; made by ``start_or_join`` or ``start_own``."""

    def __init__(self, run: RunFolder, started: Started) -> None:
        from pytest_migrations.server.administrator import Administrator  # noqa: PLC0415 (loads while a server starts)
        from pytest_migrations.server.sweeper import Sweeper  # noqa: PLC0415 (as above)

        self._started = started
        self._folder = run.path
        self._external = started.kind == "external"
        self._administrator = Administrator(started, run.id)
        self._sweeper = Sweeper(Administrator(started, run.id), whole=lambda: self._external or self.is_kept)
        run.before_end(self._close)

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

    @property
    def dsn(self) -> str:
        """For psycopg, psql and other clients of libpq, as the databases' owner. May hold a password."""
        return self._dsn({"dbname": "postgres", **self._started.login})

    def create_database(self, *, label: str = "") -> Database:
        """An empty database; ``label`` shows in its name. Raises UserError where the server cannot make one."""
        return self._database(self._administrator.create(label))

    def clone(self, database: Database, *, label: str = "") -> Database:
        """A copy of ``database``. Raises DatabaseInUse, a UserError, if that has sessions, ours included."""
        return self._database(self._administrator.clone(database.name, label))

    def drop(self, database: Database) -> None:
        """Drop a database that this server has handed out, with its sessions."""
        self._administrator.drop(database.name)

    def drop_later(self, database: Database) -> None:
        """Drop it while others work; on a server that we started it may end with that instead."""
        self._sweeper.drop(database.name)

    def connect(
        self, database: Database, *, settings: Mapping[str, str] | None = None, **more: Any
    ) -> psycopg.Connection[Any]:
        """Connect as the databases' owner, in autocommit mode.

        ``settings`` are set at the start of the session, so that RESET keeps them; ``more`` are arguments of
        psycopg.connect. Raises UnreachableError, both a UserError and a psycopg.OperationalError.
        """
        parameters = {**self._started.login, "dbname": database.name}
        return connections.connect(parameters, external=self._external, settings=settings, **more)

    async def connect_async(self, database: Database) -> psycopg.AsyncConnection[Any]:
        """Connect as ``connect`` does, for asyncio."""
        return await connections.connect_async(
            {**self._started.login, "dbname": database.name}, external=self._external
        )

    def psql(self, database: Database) -> str:
        """The command that looks at a database; it holds no password."""
        login = {**self._started.login, "dbname": database.name}
        if self._started.container:  # where no password is asked for
            inside = ["docker", "exec", "-it", self._started.container[:12], "psql", "-U", login["user"], database.name]
            return shlex.join(inside)
        shown = {name: value for name, value in hiding.without_secrets(login).items() if value}
        return shlex.join(["psql", connections.conninfo(shown)])

    def keep(self) -> None:
        """Let the server and the databases that are not dropped outlive the run, until somebody ends it."""
        ending.keep(self._folder)

    @property
    def is_kept(self) -> bool:
        return ending.is_kept(self._folder)

    @property
    def run_id(self) -> str:
        return self._folder.name

    def connect_admin(self, database: Database | None = None, **more: Any) -> psycopg.Connection[Any]:
        """Connect as the superuser of a server that we started, or as the user of the DSN of an external one."""
        parameters = {**self._started.admin, **({"dbname": database.name} if database else {})}
        return connections.connect(parameters, external=self._external, **more)

    @contextmanager
    def roles_alone(self, names: list[str]) -> Iterator[psycopg.Connection[Any]]:
        """Keep other runs on an external server from making roles; ``names`` are those that may be made meanwhile.

        They are dropped at the end of the run if this process does not come to it. Gives an administrator's connection.
        """
        from pytest_migrations.server import external, roles  # noqa: PLC0415 (bring the driver)

        with self.connect_admin() as admin:
            external.lock_roles(admin)
            missing = sorted({*names} - roles.existing(admin))
            with external.roles_to_be_made(self._folder, self._started.admin, missing):
                yield admin

    def stop(self) -> None:
        """End a server that was started for this process alone."""
        self._close()
        if self._started.home:
            ending.end_embedded(Path(self._started.home))
        if self._started.container:
            from pytest_migrations.server import containers  # noqa: PLC0415 (brings testcontainers)

            containers.remove(self._started.container)

    def _close(self) -> None:
        self._sweeper.close()
        self._administrator.close()

    def _database(self, name: str) -> Database:
        return Database(name, self._dsn({**self._started.login, "dbname": name}))

    def _dsn(self, parameters: Parameters) -> str:
        """One that PGHOSTADDR does not lead elsewhere; a service comes before that anyway, and may have an address."""
        return connections.conninfo(parameters if "service" in parameters else {"hostaddr": "", **parameters})


def _write(record: Path, started: Started) -> None:
    """Complete or not at all, and for nobody else's eyes: it may hold a password."""
    unfinished = record.with_suffix(".unfinished")
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(asdict(started)))
    unfinished.rename(record)
