"""Fixtures for a user's own tests: a real, migrated database each. docs/fixtures.md shows how they are used."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.lending import fail, in_a_loop, lent, position_for, session_of, template_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_migrations.migration import History
    from pytest_migrations.server.server import Database, Server
    from pytest_migrations.stepper import Stepper
    from pytest_migrations.templates import Template, Templates

#: Of the run: the definitions on which the fixtures stand now, by name.
_DEFINITIONS = pytest.StashKey["dict[str, pytest.FixtureDef[Any]]"]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Make the fixtures of the run anew for a test whose conftest.py or module says on what they stand.

    pytest would keep those of the first test. What is finished takes with it all that stands on it, and nothing else:
    a definition that extends another leaves that one as it is.
    """
    standing = item.config.stash.setdefault(_DEFINITIONS, {})
    for name in ("migrations_folder", "migrations_history"):
        if not {name, "request"}.intersection(getattr(item, "fixturenames", ())):  # with request it may ask for any
            continue
        *_, definition = item.session._fixturemanager.getfixturedefs(name, item) or ()  # noqa: SLF001 (no public way)
        before = standing.setdefault(name, definition)
        if before is not definition:
            before.finish(item._request)  # type: ignore[attr-defined]  # noqa: SLF001 (as above)
            standing[name] = definition


@pytest.fixture(scope="session")
def migrations_folder(pytestconfig: pytest.Config) -> Path:
    """The folder of the migrations; override it where more than one is configured."""
    folders = list(session_of(pytestconfig).histories)
    if len(folders) > 1:
        from pytest_migrations.errors import display_path  # noqa: PLC0415 (only where it is said)

        named = " and ".join(map(display_path, folders))
        raise UserError(
            f"The fixtures need one folder of migrations, and {named} are configured. Say which in a conftest.py:\n\n"
            '    @pytest.fixture(scope="session")\n    def migrations_folder():\n        return Path("...")'
        )
    return folders[0]


@pytest.fixture(scope="session")
def migrations_history(pytestconfig: pytest.Config, migrations_folder: Path) -> History:
    """The migrations in order."""
    histories = {folder.resolve(): history for folder, history in session_of(pytestconfig).histories.items()}
    folder = pytestconfig.rootpath.joinpath(migrations_folder).resolve()
    if folder not in histories:
        raise UserError(
            f"{folder} (migrations_folder) is not configured: add it to --migrations-dir or ini migrations_dir."
        )
    return histories[folder]


@pytest.fixture(scope="session")
def migrations_seeds() -> dict[str, Any]:
    """Rows for the check ``rows``: by version, SQL or a function of a connection; override it. docs/rows.md."""
    return {}


@pytest.fixture(scope="session")
def migrations_templates(pytestconfig: pytest.Config, migrations_history: History) -> Templates:
    """Makes the databases of which tests get clones."""
    return session_of(pytestconfig).templates(migrations_history)


@pytest.fixture(scope="session")
def migrations_server(migrations_templates: Templates) -> Server:
    """The server of the tests' databases: ``.dsn``, ``.version``, ``.create_database()``."""
    return migrations_templates.server


@pytest.fixture(scope="session")
def migrations_template(migrations_templates: Templates) -> Database:
    """The database at the newest version of which each test gets a clone; override it to put rows in."""
    return migrations_templates.at().database


@pytest.fixture
def _migrations_clone(request: pytest.FixtureRequest, migrations_templates: Templates) -> Iterator[Template]:
    with lent(request, template_for(request, migrations_templates).clone(request.node.name)) as own:
        yield own


@pytest.fixture
def migrations_database(_migrations_clone: Template) -> Database:
    """A database of the test's own, fresh and migrated: ``.dsn``, ``.url``, ``.url_for(scheme)``, ``.name``."""
    return _migrations_clone.database


@pytest.fixture
def migrations_connection(_migrations_clone: Template, migrations_database: Database) -> Iterator[Any]:
    """A psycopg connection in autocommit mode to the test's own database."""
    with closing(_migrations_clone.server.connect(migrations_database)) as connection:
        yield connection


@pytest.fixture
def migrations_async_connection(_migrations_clone: Template, migrations_database: Database) -> Iterator[Any]:
    """The same as an AsyncConnection, for asyncio; it needs no plugin of its own."""
    connection = in_a_loop(_migrations_clone.server.connect_async(migrations_database))
    yield connection
    in_a_loop(connection.close())


@pytest.fixture
def migrations_transaction(request: pytest.FixtureRequest, migrations_templates: Templates) -> Iterator[Any]:
    """A psycopg connection in a transaction of which nothing is kept, in a database shared by such tests."""
    from pytest_migrations.timeline.transaction import EndedError, SpoiledError, nothing_kept  # noqa: PLC0415 (brings the driver)

    template = template_for(request, migrations_templates)
    server, database, _ = migrations_templates.shared(template)
    try:
        with nothing_kept(server, database) as connection:
            yield connection
    except SpoiledError as spoiled:
        migrations_templates.forget_shared(template)
        if isinstance(spoiled, EndedError):
            fail(
                "SQL of the test has ended the transaction of migrations_transaction, so that what it did was kept. "
                "Say connection.commit() and connection.rollback(), which stay in it, or use migrations_connection, "
                "whose database is the test's own."
            )


@pytest.fixture
def migrations_stepper(request: pytest.FixtureRequest, migrations_templates: Templates) -> Iterator[Stepper]:
    """Goes through the migrations: ``apply_until(version)``, ``apply_next()``, ``rollback()``, ``snapshot()``."""
    from pytest_migrations.stepper import Stepper  # noqa: PLC0415 (brings the driver)

    start = position_for(request, migrations_templates.history) or 0
    own, position = migrations_templates.to_step(start)
    with lent(request, own), closing(own.server.connect(own.database)) as connection:
        stepper = Stepper(
            migrations_templates.history,
            connection,
            position=position,
            terms=session_of(request.config).terms,
            isolated=own.is_alone,
        )
        while stepper.position < start:
            stepper.apply_next()
        yield stepper


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Say how two snapshots differ."""
    if op != "==" or type(left).__name__ != "Snapshot" or type(right).__name__ != "Snapshot":
        return None
    from pytest_migrations.catalog.difference import compare, describe  # noqa: PLC0415 (brings the driver)
    from pytest_migrations.catalog.snapshot import Snapshot  # noqa: PLC0415 (as above)

    if not (isinstance(left, Snapshot) and isinstance(right, Snapshot)):
        return None
    comparison = compare(right, left)
    return ["the schemas are equal; the first differs from the second:", *describe(comparison).splitlines()]
