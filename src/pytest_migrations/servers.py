"""The servers of a run, started when the first of its histories needs one."""

from __future__ import annotations

import json
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_migrations.server import choice, locks
from pytest_migrations.server.findings import LackingError
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.server import Database, Server
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import psycopg

    from pytest_migrations.errors import Place
    from pytest_migrations.migration import History
    from pytest_migrations.server.choice import ServerOptions
    from pytest_migrations.server.run_folder import RunFolder


#: In the run's folder, for those too who only join a server: a line for each thing that none has.
_LACKING = "lacking"
_Started = TypeVar("_Started", Server, "Server | None")


class RunServers:
    """One server for all processes and histories of a run, and more where a history needs one for itself.

    ``run_folder`` is asked for the run's folder when the first server is needed. ``preparation`` tells for each fresh
    database what the user does to it, given the folder of its migrations, if anything.
    """

    def __init__(
        self,
        run_folder: Callable[[], RunFolder],
        options: ServerOptions,
        histories: list[History],
        preparation: Callable[[], Callable[[psycopg.Connection[Any], Path], None] | None] = lambda: None,
    ) -> None:
        self._run_folder = run_folder
        self._options = options
        self._histories = histories
        self._preparation = preparation
        self._shared: Server | None = None
        #: The extensions that were created as superuser before the migrations ran, in order.
        self._created_beforehand: dict[str, None] = {}
        self._requirements: Requirements | None = None

    @property
    def can_start_more(self) -> bool:
        return not isinstance(choice.choose(self._options), choice.External)

    def shared(self) -> Server:
        if self._shared is None:
            self._shared = self._best(Server.start_or_join)
        return self._shared

    def own(self) -> Server | None:
        return self._best(Server.start_own)

    @property
    def lacking(self) -> Mapping[str, str]:
        """What the migrations need and the server has not, with what was looked at for it."""
        record = self._run_folder().path / _LACKING
        return dict(map(json.loads, record.read_text().splitlines())) if record.exists() else {}

    @property
    def said_beforehand(self) -> str:
        """Clauses for the user, empty where there is nothing to say."""
        created = ", ".join(self._created_beforehand)
        lacking = ", ".join(self.lacking)
        return (f"; created beforehand, which {self._options.role} may not: {created}" if created else "") + (
            f"; it lacks {lacking}, and nothing else has all" if lacking else ""
        )

    def prepare(self, server: Server, database: Database, history: History) -> None:
        """Make a fresh database ready, as a superuser on a server that we started."""
        if self._options.role is not None and server.kind != "external":
            self._create_extensions(server, database)
        if history.ledger is not None:
            from pytest_migrations.runner import Runner  # noqa: PLC0415 (brings the driver, which loads meanwhile)

            with server.connect(database) as connection:
                Runner(connection).apply(history.ledger)
        if prepare := self._preparation():
            connect = server.connect if self._options.role is None else server.connect_admin
            # One process at a time, or two would both miss a role, and both make it.
            taken = locks.take(self._run_folder().path / "prepare.lock") if server is self._shared else nullcontext()
            with taken, connect(database) as connection:
                prepare(connection, history.folder)

    def _create_extensions(self, server: Server, database: Database) -> None:
        """Create those that the role of the migrations may not create (``trusted``, PostgreSQL docs 54.81)."""
        from psycopg import sql  # noqa: PLC0415 (loads while a server starts)

        with server.connect_admin(database) as admin:
            for name in self._required().names_of("extension"):
                row = admin.execute(_NEEDS_SUPERUSER, [name]).fetchone()
                if row and row[0]:
                    admin.execute(sql.SQL("CREATE EXTENSION {} CASCADE").format(sql.Identifier(name)))
                    self._created_beforehand[name] = None

    @contextmanager
    def alone(self) -> Iterator[Server]:
        """Lend the run's server to one process at a time; the roles that the histories make meanwhile are dropped."""
        import psycopg  # noqa: PLC0415 (as above)

        from pytest_migrations.server import roles  # noqa: PLC0415 (brings the driver)

        server = self.shared()
        # One process of the run at a time, and one run.
        with locks.take(self._run_folder().path / "alone.lock"), server.roles_alone(self._made_roles()) as admin:
            before = roles.existing(admin)
            try:
                yield server
            finally:
                # A server that was lost keeps what it has.
                with suppress(psycopg.OperationalError):
                    made = roles.existing(admin) - before
                    roles.drop_entirely(admin, [role for role in sorted(made) if self._is_named(role)])

    def _made_roles(self) -> list[str]:
        return [
            name
            for history in self._histories
            for script in history.scripts
            for statement in statements(script)
            for kind, name in statement.creates
            if kind == "role"
        ]

    def _is_named(self, role: str) -> bool:
        """Whether a script has the role's name: one that has not was made by somebody else meanwhile."""
        return any(role in script.written for history in self._histories for script in history.scripts)

    def _best(self, start: Callable[[RunFolder, ServerOptions, Requirements], _Started]) -> _Started:
        """A server on which as many migrations as possible can be proved: those before one whose need it lacks."""
        while True:
            required = self._required()
            try:
                return start(self._run_folder(), self._options, required)
            except LackingError as error:
                last = [name for name in required.names if name in error.lacks][-1]
                with (self._run_folder().path / _LACKING).open("a") as record:
                    record.write(json.dumps([last, error.looked_at]) + "\n")
                self._requirements = required.without(last)

    def _required(self) -> Requirements:
        if self._requirements is None:
            self._requirements = required_by(self._histories)
        return self._requirements


def required_by(histories: list[History]) -> Requirements:
    """What the scripts name outside conditional blocks; the body of a DO is no statement of the script."""
    needs: dict[tuple[str, str], Place] = {}
    for history in histories:
        for migration in history.migrations:
            for statement in statements(migration.up):
                for need in statement.needs:
                    needs.setdefault(need, statement.place)
    return Requirements(needs)


_NEEDS_SUPERUSER = """
SELECT bool_or(v.superuser AND NOT v.trusted)
FROM pg_catalog.pg_available_extensions e JOIN pg_catalog.pg_available_extension_versions v
  ON v.name = e.name AND v.version = e.default_version
WHERE e.name = %s
"""
