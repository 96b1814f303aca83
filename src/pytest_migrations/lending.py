"""Lends databases to tests: which one, what becomes of it, and how it is told that there is none."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.settings import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator, Iterator

    from pytest_migrations.migration import History
    from pytest_migrations.session import MigrationsSession
    from pytest_migrations.templates import Template, Templates

_T = TypeVar("_T")
_KEPT_TITLE = "migrations: kept "
_OURS = Path(__file__).parent
#: Of the run: the test that says it, by what is wrong.
_TELLERS = pytest.StashKey["dict[str, pytest.Item]"]()


@dataclass
class _Attempt:
    """At a test; a plugin may make several, of which each begins with nothing of the one before."""

    #: Those that are the test's own.
    databases: list[Template] = field(default_factory=list)
    keeps_databases: bool = False
    #: Why there is no database to be had, and the test that has said so before.
    lack: str = ""
    teller: pytest.Item | None = None


_ATTEMPT = pytest.StashKey[_Attempt]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    """Where there is no database to be had, the first test that fails for it says why, and others are skipped for it.

    pytest gives what a fixture of the run has raised to each test that asks for it, so that only here it can be seen.
    """
    attempt = item.stash[_ATTEMPT] = _Attempt()
    before = item.config.stash.get(_TELLERS, {})
    tellers = item.config.stash[_TELLERS] = {text: teller for text, teller in before.items() if teller is not item}
    try:
        return (yield)
    except UserError as error:
        attempt.lack = str(error)
        attempt.teller = tellers.get(attempt.lack)
        if attempt.teller:
            pytest.skip(f"there is no migrated database: see {attempt.teller.nodeid}")
        fail(attempt.lack)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """What a test has called of ours fails in its own line: our frames say nothing of it, and hold passwords."""
    try:
        return (yield)
    except UserError as error:
        entry = error.__traceback__
        while entry and (below := entry.tb_next):
            if _OURS in Path(below.tb_frame.f_code.co_filename).parents:
                entry.tb_next = None
            entry = entry.tb_next
        raise error from None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note who says what is wrong, and with ``--migrations-keep`` keep the databases of a test that failed."""
    report = yield
    attempt = item.stash.get(_ATTEMPT, _Attempt())
    if report.when == "setup" and report.failed and attempt.lack:
        item.config.stash[_TELLERS].setdefault(attempt.lack, item)
    if report.when == "setup" and attempt.teller and isinstance(report.longrepr, tuple):  # a place, and why
        path, line, _ = attempt.teller.reportinfo()
        report.longrepr = (str(path), (line or 0) + 1, report.longrepr[2])
    if report.failed and report.when != "teardown" and item.config.getoption("migrations_keep"):
        _keep_databases(attempt, report)
    return report


def _keep_databases(attempt: _Attempt, report: pytest.TestReport) -> None:
    """Let them outlive the run, and say how to look at them."""
    from pytest_migrations.server.kept import removal  # noqa: PLC0415 (nobody else needs it)

    for server, database, _ in attempt.databases:
        server.keep()
        lines = f"Look at it: {server.psql(database)}\nRemove all that was kept: {removal(server.run_id)}"
        report.sections.append((f"{_KEPT_TITLE}{database}", lines))
    attempt.keeps_databases = True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it where the failures are not shown: those of an attempt that was rerun never are."""
    hidden = ("rerun", "failed", "error") if terminalreporter.config.option.tbstyle == "no" else ("rerun",)
    reports = [report for kind in hidden for report in terminalreporter.getreports(kind)]
    for lines in (lines for report in reports for title, lines in report.sections if title.startswith(_KEPT_TITLE)):
        terminalreporter.write_line(f"migrations: a database was kept\n{lines}")


def session_of(config: pytest.Config) -> MigrationsSession:
    session: MigrationsSession | None = config.pluginmanager.get_plugin("migrations_session")
    if session is None and UNREADABLE in config.stash:
        raise UserError(config.stash[UNREADABLE])
    if session is None:
        raise UserError(
            "No folder of migrations is configured. Name it in the ini file (of pyproject.toml, in "
            '[tool.pytest.ini_options]: migrations_dir = ["migrations"]), or on the command line: '
            "--migrations-dir=migrations"
        )
    return session


def template_for(request: pytest.FixtureRequest, templates: Templates) -> Template:
    """The database that the test is to get a clone of."""
    position = position_for(request, templates.history)
    template = templates.at(position)
    return (
        template if position is not None else template._replace(database=request.getfixturevalue("migrations_template"))
    )


def position_for(request: pytest.FixtureRequest, history: History) -> int | None:
    """What ``@pytest.mark.migrations(at=...)`` says; None where the test has no such marker."""
    marker = request.node.get_closest_marker("migrations")
    if marker is None:
        return None
    if marker.args or [*marker.kwargs] != ["at"]:
        raise UserError('@pytest.mark.migrations takes at= and nothing else: @pytest.mark.migrations(at="006")')
    at = marker.kwargs["at"]
    try:
        return history.position_of(str(at))
    except LookupError as error:
        raise UserError(f"@pytest.mark.migrations(at={at!r}): {error}.") from None


@contextmanager
def lent(request: pytest.FixtureRequest, own: Template) -> Iterator[Template]:
    """Lend a database to a test; it ends afterwards, or is kept."""
    attempt = request.node.stash[_ATTEMPT]
    try:
        attempt.databases.append(own)
        yield own
    except BaseException:  # before the test has got it
        attempt.databases.remove(own)
        own.end()
        raise
    if not attempt.keeps_databases:
        own.end()


def fail(text: str) -> NoReturn:
    raise pytest.fail.Exception(text, pytrace=False) from None


def in_a_loop(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end, in a thread since a plugin for asyncio may have a loop running in this one."""
    import asyncio  # noqa: PLC0415 (for those who use it)
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 (as above)

    def run() -> _T:
        loop = asyncio.SelectorEventLoop()  # the one that psycopg works with on every system
        try:
            return loop.run_until_complete(work)
        finally:
            loop.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run).result()
