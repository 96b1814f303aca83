"""Databases at a version of a history, of which tests get clones."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.advice import advise
from pytest_migrations.errors import UserError, display_path
from pytest_migrations.failure import MigrationError
from pytest_migrations.timeline.isolation import TouchesClusterError, names_cluster_objects, refuse_cluster_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.migration import History
    from pytest_migrations.server.server import Database, Server
    from pytest_migrations.timeline.timeline import Servers


class Template(NamedTuple):
    """A database without sessions, the server that it is on, and whether that was started for it alone."""

    server: Server
    database: Database
    is_alone: bool = False

    def clone(self, label: str) -> Template:
        """A copy of the database, beside it. Raises UserError where it cannot be made."""
        return Template(self.server, self.server.clone(self.database, label=label))

    def end(self) -> None:
        """Drop the database, with its server where that was started for it alone."""
        self.server.stop() if self.is_alone else self.server.drop_later(self.database)


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
        if template.database not in self._shared:
            self._shared[template.database] = template.clone("shared")
        return self._shared[template.database]

    def forget_shared(self, template: Template) -> None:
        """Drop that clone, since something was kept in it."""
        self._shared.pop(template.database).end()

    def to_step(self, position: int) -> tuple[Template, int]:
        """A new database to go on from, and how many migrations are applied in it."""
        if not self._isolated:
            with suppress(UserError):  # of a later migration, say; only now is it known what dynamic SQL makes
                self.at()
        if self._isolated:
            return self._fresh(), 0
        return self.at(position).clone("stepper"), position

    @property
    def server(self) -> Server:
        """The server of the databases. Raises UserError where there is none to be had."""
        return self.at().server if self._isolated else self._servers.shared()

    def close(self) -> None:
        """Drop the databases, or end the servers that were started for them."""
        made = [*self._shared.values(), *self._made.values()]
        self._shared, self._made = {}, {}
        for template in made:
            if not template.is_alone or not template.server.is_kept:
                template.end()

    def _make(self, position: int) -> Template:
        import psycopg  # noqa: PLC0415 (loads while a server starts)

        try:
            with suppress(TouchesClusterError):
                return self._applied(position)
            self._isolated = True
            return self._applied(position)
        except MigrationError as error:
            error.advice = error.advice or advise(error, self.history, self._servers.lacking, is_server_chosen=True)
            raise
        except UserError:
            raise
        except psycopg.Error as error:
            raise UserError(f"No database could be made for the tests: {error}") from error

    def _applied(self, position: int) -> Template:
        from pytest_migrations.timeline.replay import replay  # noqa: PLC0415 (brings the driver)

        below = max((made for made in self._made if made < position), default=0)
        if below and not self._isolated:
            template = self._made[below].clone("")
        else:
            template, below = self._fresh(), 0
        migrations = self.history.migrations[below:position]
        guard = None if self._isolated else refuse_cluster_changes
        with _ended_where_that_fails(template):
            server, database, _ = template
            replay(server, database, migrations, timeout=self._timeout, guard=guard).close()
        return template

    def _fresh(self) -> Template:
        server = self._servers.own() if self._isolated else self._servers.shared()
        if server is None:
            raise UserError(
                f"The migrations in {display_path(self.history.folder)} change what all databases of a server share "
                "(roles, say), so the tests need a server that pytest starts: --migrations-server=embedded or docker. "
                "Or let the ini option migrations_roles create the roles instead of a migration."
            )
        try:
            template = Template(server, server.create_database(), self._isolated)
        except BaseException:
            if self._isolated:
                server.stop()
            raise
        with _ended_where_that_fails(template):
            self._servers.prepare(server, template.database, self.history)
        return template


@contextmanager
def _ended_where_that_fails(template: Template) -> Iterator[None]:
    try:
        yield
    except BaseException:
        template.end()
        raise
