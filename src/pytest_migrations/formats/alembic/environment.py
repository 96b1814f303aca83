"""Alembic's env.py, run for one step on a connection of ours, whatever database it would connect to.

env.py is the user's, and says much that matters: schemas, the version table, naming conventions. So it is run as
``alembic upgrade`` runs it (Alembic 1.20, alembic/runtime/environment.py), with two differences: every engine of
SQLAlchemy connects to our session, and the context that env.py configures uses it. No other database is reached.
"""

from __future__ import annotations

import asyncio
import configparser
import re
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationStep
from alembic.util import CommandError
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.dialects.postgresql.psycopg import PGCompiler_psycopg
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from pytest_migrations.errors import Place, UserError
from pytest_migrations.formats.alembic.revisions import working_in
from pytest_migrations.lent import ClientCursor, LentConnection, failure_behind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg
    from alembic.config import Config
    from alembic.runtime.migration import RevisionStep
    from alembic.script import Script as Revision
    from alembic.script import ScriptDirectory
    from sqlalchemy import Connection, PoolProxiedConnection


class _Psycopg2Compiler(PGCompiler_psycopg):
    """Leaves out the casts of parameters that other drivers need."""

    def render_bind_cast(self, type_: Any, dbapi_type: Any, sqltext: str) -> str:  # noqa: ARG002 (SQLAlchemy's names)
        return sqltext


class OtherDatabaseError(Exception):
    """Code wants to connect to a database that is not ours, in a way in which it cannot be given ours."""


class Environment:
    """The env.py of a folder; ``home`` is the folder that Alembic is meant to be run in."""

    def __init__(self, config: Config, directory: ScriptDirectory, home: Path) -> None:
        self.path = Path(directory.dir, "env.py")
        self._config = config
        self._directory = directory
        self._home = home
        self._url = _url_in(config)
        self._lent: LentConnection | None = None
        self._engines = {like_psycopg2: self._make_engine(like_psycopg2) for like_psycopg2 in (False, True)}
        #: Most projects have it for Alembic; where env.py has an engine of its own, that one tells.
        self._like_psycopg2 = find_spec("psycopg2") is not None

    def make_ledger(self, connection: psycopg.Connection) -> None:
        """Take no step: Alembic makes its table all the same."""
        self._run(connection, None)

    def upgrade(self, revision: Revision, connection: psycopg.Connection) -> None:
        self._run(connection, MigrationStep.upgrade_from_script(self._directory.revision_map, revision))

    def downgrade(self, revision: Revision, connection: psycopg.Connection) -> None:
        self._run(connection, MigrationStep.downgrade_from_script(self._directory.revision_map, revision))

    def _run(self, connection: psycopg.Connection, step: RevisionStep | None) -> None:
        """Run env.py, whose context takes the step.

        :raises UserError: where env.py fails. What the server says, and what a revision raises, is left as it is.
        """
        assert isinstance(connection, LentConnection)
        self._lent = connection
        if self._like_psycopg2:
            connection.cursor_factory = ClientCursor
            connection.begins_once = True
        runs = 0

        def steps(*_: object) -> list[RevisionStep]:
            nonlocal runs
            runs += 1
            return [step] if step is not None and runs == 1 else []

        try:
            self._run_env(steps, takes_no_step=step is None)
        except (Exception, SystemExit) as error:
            if isinstance(error, SystemExit) or self._is_of_env(error, connection):
                raise self._failed(error) from error
            raise
        if runs != 1:
            times = "more than once, as for several databases" if runs else "nowhere"
            raise self._error(1, f"it calls context.run_migrations() {times}", "Let it call that once.")

    def _run_env(self, steps: Callable[..., list[RevisionStep]], *, takes_no_step: bool) -> None:
        assert self._lent is not None
        context = EnvironmentContext(self._config, self._directory, fn=steps)
        engine = self._engines[self._like_psycopg2]
        with (
            working_in(self._home),
            patch("logging.config.fileConfig"),  # both would turn off the loggers of pytest and of everybody else
            patch("logging.config.dictConfig"),
            _connecting_only_to(engine),
            engine.connect() as ours,
            patch.object(context, "configure", partial(self._configure, context.configure, ours)),
            context,
        ):
            self._config.attributes["connection"] = ours
            self._config.set_main_option("sqlalchemy.url", self._url_of(self._lent.info).replace("%", "%%"))
            _away_from_loops(self._directory.run_env)
            if takes_no_step:
                ours.commit()  # Alembic leaves its table to the commit of a step, where each has its own transaction

    def _configure(
        self, configure: Callable[..., None], ours: Connection, connection: Any = None, **options: Any
    ) -> None:
        """Configure the context with our connection, whatever env.py names."""
        if connection is not None and connection.engine not in self._engines.values():
            self._like_psycopg2 = connection.dialect.driver == "psycopg2"  # from the next run on: the first has no step
            if connection.dialect.default_schema_name:  # "Rudimentary Schema-Level Multi Tenancy" of the cookbook
                ours.dialect.default_schema_name = connection.dialect.default_schema_name
        if connection is not None and connection is not ours and connection.in_transaction():
            ours.begin()  # then Alembic leaves the commit to env.py
        configure(connection=ours, **options)

    def _make_engine(self, like_psycopg2: bool) -> Engine:
        """An engine over what is lent, whose statements are those that the project's own driver would get."""
        engine = create_engine(
            "postgresql+psycopg://", creator=lambda: self._lent, poolclass=NullPool, pool_reset_on_return=None
        )
        if like_psycopg2:
            engine.dialect.statement_compiler = _Psycopg2Compiler
        event.listen(engine, "do_execute", _execute_foreign_percents)
        return engine

    def _url_of(self, info: psycopg.ConnectionInfo) -> str:
        """A URL for an env.py that cannot do without one, with the driver of the one that it had."""
        driver = self._url.drivername if self._url and self._url.get_backend_name() == "postgresql" else ""
        url = URL.create(driver or "postgresql+psycopg", info.user, database=info.dbname, query={"host": info.host})
        return url.render_as_string()

    def _is_of_env(self, error: Exception, connection: LentConnection) -> bool:
        """Whether it is neither what the runner has raised, nor the server's word, nor that of a revision."""
        if connection.refusal is not None or isinstance(error, UserError) or failure_behind(error, connection):
            return False
        assert connection.script.program is not None
        file = connection.script.program.file
        return file == str(self.path) or all(file != name for name, *_ in traceback.extract_tb(error.__traceback__))

    def _failed(self, error: BaseException) -> UserError:
        lines = [line for file, line, *_ in traceback.extract_tb(error.__traceback__) if file == str(self.path)]
        if isinstance(error, SyntaxError) and error.filename == str(self.path):
            lines.append(error.lineno)
        return self._error((lines or [1])[-1] or 1, f"it fails with {type(error).__name__}: {error}", _remedy(error))

    def _error(self, line: int, what: str, remedy: str) -> UserError:
        place = Place(self.path, line, 1, self.path.read_text(encoding="utf-8", errors="replace"))
        return UserError.at(place, what, remedy)


def _away_from_loops(run: Callable[[], None]) -> None:
    """Run it in another thread where a loop runs in this one, as of an async test: env.py may start its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        run()
    else:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(run).result()


def _execute_foreign_percents(cursor: Any, statement: str, parameters: Any, _: object) -> bool:
    """Send a statement that was written for a driver to which ``%`` means nothing (asyncpg) as it is."""
    foreign = not parameters and "%" in statement and not _PLACEHOLDER.search(statement)
    if foreign:
        cursor.execute(statement)
    return foreign


#: What psycopg looks for in a statement that it is given parameters for, be there none.
_PLACEHOLDER = re.compile(r"%[sbt%(]")


#: What connects past SQLAlchemy.
_DRIVERS = ("psycopg.connect", "psycopg.Connection.connect", "psycopg2.connect", "asyncpg.connect", "pg8000.connect")


@contextmanager
def _connecting_only_to(engine: Engine) -> Iterator[None]:
    """Make every engine, also one that was made before or is pooled, give out a connection of this one."""
    connect = Engine.raw_connection

    def raw_connection(self: Engine) -> PoolProxiedConnection:
        if self.dialect.name != "postgresql":
            raise OtherDatabaseError(f"it connects to {self.dialect.name}, and PostgreSQL is what is proved here")
        return connect(engine)

    def refuse(*_: object, **__: object) -> None:
        raise OtherDatabaseError("it connects to a database without SQLAlchemy")

    with ExitStack() as stack:
        stack.enter_context(patch.object(Engine, "raw_connection", raw_connection))
        for driver in _DRIVERS:
            if find_spec(driver.partition(".")[0]) is not None:
                stack.enter_context(patch(driver, refuse))
        yield


def _url_in(config: Config) -> URL | None:
    """The URL that alembic.ini names, if it does."""
    try:
        return make_url(config.get_main_option("sqlalchemy.url") or "")
    except (ArgumentError, configparser.Error):
        return None


_COOKBOOK = """\
If it cannot run without its application, let it take the connection that it is given
(Alembic's cookbook, "Sharing a Connection across one or more programmatic migration commands"):

    connection = context.config.attributes.get("connection")
    if connection is not None:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()"""


def _remedy(error: BaseException) -> str:
    if isinstance(error, CommandError):
        return "That is Alembic's own word on what env.py asks of it: mend env.py."
    if isinstance(error, ImportError):
        return (
            "Install it, or put it on sys.path: prepend_sys_path in alembic.ini, or pythonpath in pytest's ini file.\n"
            f"{_COOKBOOK}"
        )
    if isinstance(error, KeyError) or "environment" in str(error).lower():
        return f"If it is a variable of the environment, set it, in conftest.py say.\n{_COOKBOOK}"
    if "application context" in str(error):
        return f"Push one in conftest.py: app.app_context().push().\n{_COOKBOOK}"
    if isinstance(error, OtherDatabaseError):
        return (
            f"That database was not reached. Let it use an engine of SQLAlchemy, with a URL of PostgreSQL.\n{_COOKBOOK}"
        )
    return _COOKBOOK
