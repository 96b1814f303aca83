"""Databases at a version of a history, of which tests get clones."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.advice import advise
from pytest_migrations.errors import UserError, display_path
from pytest_migrations.failure import MigrationError
from pytest_migrations.timeline.isolation import TouchesClusterError, names_cluster_objects, refuse_cluster_changes

if TYPE_CHECKING:
    from pytest_migrations.migration import History
    from pytest_migrations.server.server import Database, Server
    from pytest_migrations.timeline.timeline import Servers


class Template(NamedTuple):
    """A database without sessions, the server that it is on, and whether that was started for it alone."""

    server: Server
    database: Database
    is_alone: bool = False


class Templates:
    """Applies the migrations of a history, for one process; each version is made when it is first asked for.

    A history that makes roles gets a server of its own for each version, since roles are in the way of applying it once
    more. ``timeout`` is the longest that a script may take, in seconds.
    """

    def __init__(self, history: History, servers: Servers, timeout: float | None) -> None:
        self.history = history
        self._servers = servers
        self._timeout = timeout
        self._isolated = names_cluster_objects(history)
        self._made: dict[int, Template] = {}
        self._shared: dict[Database, Template] = {}
        self._failed: dict[int, UserError] = {}

    def at(self, position: int | None = None) -> Template:
        """The database with the first ``position`` migrations applied, or all.

        :raises UserError: where one of them does not apply, or there is no server for it.
        """
        position = len(self.history.migrations) if position is None else position
        if position in self._failed:
            raise self._failed[position]
        if position not in self._made:
            try:
                self._made[position] = self._make(position)
            except UserError as error:
                self._failed[position] = error
                raise
        return self._made[position]

    def shared(self, template: Template) -> Template:
        """A clone of the template for all tests that keep nothing in it."""
        server, database, _ = template
        if database not in self._shared:
            self._shared[database] = Template(server, server.clone(database, label="shared"))
        return self._shared[database]

    def forget_shared(self, template: Template) -> None:
        """Drop that clone, since something was kept in it."""
        server, database, _ = self._shared.pop(template.database)
        server.drop(database)

    def to_step(self, position: int) -> tuple[Template, int]:
        """A new database to go on from, and how many migrations are applied in it."""
        if not self._isolated:
            with suppress(UserError):  # of a later migration, say; only now is it known what dynamic SQL makes
                self.at()
        if self._isolated:
            return self._fresh(), 0
        server, database, _ = self.at(position)
        return Template(server, server.clone(database, label="stepper")), position

    @property
    def server(self) -> Server:
        """The server of the databases. Raises UserError where there is none to be had."""
        return self.at().server if self._isolated else self._servers.shared()

    def close(self) -> None:
        """Drop the databases, or end the servers that were started for them."""
        made = [*self._shared.values(), *self._made.values()]
        self._shared, self._made = {}, {}
        for server, database, is_alone in made:
            if is_alone and not server.is_kept:
                server.stop()
            if not is_alone:
                with suppress(Exception):  # a server that was lost ends with the run
                    server.drop(database)

    def _make(self, position: int) -> Template:
        import psycopg  # noqa: PLC0415 (loads while a server starts)

        try:
            return self._applied(position)
        except TouchesClusterError:
            self._isolated = True
            return self._applied(position)
        except MigrationError as error:
            error.advice = error.advice or advise(error, self.history, self._servers.lacking)
            raise
        except psycopg.Error as error:
            raise UserError(f"No database could be made for the tests: {error}") from error

    def _applied(self, position: int) -> Template:
        from pytest_migrations.timeline.replay import replay  # noqa: PLC0415 (brings the driver)

        below = max((made for made in self._made if made < position), default=0)
        if below and not self._isolated:
            server, database = self._made[below].server, self._made[below].server.clone(self._made[below].database)
        else:
            (server, database, _), below = self._fresh(), 0
        migrations = self.history.migrations[below:position]
        guard = None if self._isolated else refuse_cluster_changes
        replay(server, database, migrations, timeout=self._timeout, guard=guard).close()
        return Template(server, database, self._isolated)

    def _fresh(self) -> Template:
        server = self._servers.own() if self._isolated else self._servers.shared()
        if server is None:
            raise UserError(
                f"The migrations in {display_path(self.history.folder)} change what all databases of a server share "
                "(roles, say), so the tests need a server that pytest starts: --migrations-server=embedded or docker. "
                "Or let the ini option migrations_roles create the roles instead of a migration."
            )
        database = server.create_database()
        self._servers.prepare(server, database, self.history)
        return Template(server, database, self._isolated)
