"""The hooks of a run that proves migrations: wiring only."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.adopting import Adoption
from pytest_migrations.checks.verdict import Rules
from pytest_migrations.collection import CheckItem, MigrationsDirectory, Passage, check_items, sort_in_place
from pytest_migrations.errors import UserError, display_path
from pytest_migrations.formats import read_history
from pytest_migrations.hooks import Hooks, not_loaded
from pytest_migrations.proving import Prover
from pytest_migrations.report.items import result_of
from pytest_migrations.report.reporting import Reporting
from pytest_migrations.server.choice import ServerOptions, choose
from pytest_migrations.server.run_folder import RunFolder
from pytest_migrations.servers import RunServers
from pytest_migrations.settings import UNREADABLE
from pytest_migrations.templates import Templates
from pytest_migrations.timeline.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from pytest_migrations.migration import History
    from pytest_migrations.settings import Settings

_RUN_FOLDER = "migrations_run_folder"


class MigrationsSession:
    """What pytest calls when folders of migrations are to be proved.

    Under xdist the controller's session reserves the run's folder and ends the run; the workers' sessions prove.
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._run: RunFolder | None = None
        self._says_server = False
        self._passages: set[Path] = set()
        self._templates: dict[Path, Templates] = {}
        self._worker_input: dict[str, Any] | None = getattr(config, "workerinput", None)
        options = ServerOptions(
            server=settings.server,
            environment=settings.environment,
            settings=settings.server_settings,
            locale=settings.locale,
            roles=settings.roles,
            role=settings.role,
        )
        choose(options)  # nonsense is said before anything is collected
        _refuse_nested(settings.folders)
        self._hooks = hooks = Hooks(config)
        read = partial(read_history, placeholders=settings.placeholders, more=hooks.formats())
        terms = Terms(settings.timeout, hooks.inspections(), hooks.leave_out)
        adoption = Adoption(config, settings, terms.inspections, read)
        histories = [adoption.with_base(read(folder, settings.format)) for folder in settings.folders]
        self._servers = RunServers(self._run_folder, options, histories, hooks.preparation)
        rules = Rules(settings.require_rollback, settings.strict_column_order)
        self._provers = {
            history.folder: Prover(history, self._servers, rules, terms, adoption.acceptance(history))
            for history in histories
        }
        config.pluginmanager.register(adoption, "migrations_adoption")
        self.histories = {history.folder: history for history in histories}
        self.terms = terms

    @classmethod
    def register(cls, config: pytest.Config, settings: Settings) -> None:
        """Join the run that ``config`` describes.

        :raises pytest.UsageError: where a folder cannot be read as migrations, or an option is nonsense. If somebody
            asks for certain tests, it is those that need the folder who say it.
        """
        folders = tuple(_as_arguments_name_it(config, folder) for folder in settings.folders)
        try:
            session = cls(config, replace(settings, folders=folders))
            if not hasattr(config, "workerinput") and not config.option.collectonly:
                config.pluginmanager.register(Reporting(config, settings.reports), "migrations_reporting")
        except UserError as error:
            told = "\n\n".join([str(error), *not_loaded(config, folders)])
            if not _asks_for_others(config):
                raise pytest.UsageError(told) from None
            config.stash[UNREADABLE] = told
            return
        config.pluginmanager.register(session, "migrations_session")
        if config.pluginmanager.hasplugin("xdist"):
            config.pluginmanager.register(_XdistController(session), "migrations_xdist")
        for folder in folders:
            if not any(path.is_relative_to(folder) for path in _arguments(config)) and not _asks_for_others(config):
                config.args.append(str(folder))  # beside what pytest would collect anyway

    def templates(self, history: History) -> Templates:
        """What makes databases for the tests of this process; nothing is made before a test asks for it."""
        if history.folder not in self._templates:
            self._templates[history.folder] = Templates(history, self._servers, self.terms.timeout)
        return self._templates[history.folder]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        if prover := self._provers.get(path):
            return MigrationsDirectory.of(parent, path, prover)
        return Passage.from_parent(parent, path=path) if path in self._passages else None

    @pytest.hookimpl(wrapper=True)
    def pytest_ignore_collect(self, collection_path: Path) -> Generator[None, bool | None, bool | None]:
        """Never pass over a folder that was named; pytest forgets it where an argument above it is named as well."""
        ignored = yield
        if ignored and any(folder.is_relative_to(collection_path) for folder in self._provers):
            self._passages.add(collection_path)
            return False
        return ignored

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None, Any, Any]:
        for file, told in self._hooks.unasked():
            self._config.hook.pytest_collectreport(report=pytest.CollectReport(file, "failed", told, []))
        result = yield
        if not self._config.getoption("failedfirst", False):
            sort_in_place(items)
        return result

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        items = check_items(session.items)
        self._says_server = self._worker_input is None and any(item.needs_server for item in items)
        for prover in self._provers.values():
            asked = {(item.index, item.name) for item in items if item.prover is prover}
            prover.select(asked, alone=self._worker_input is None)

    def pytest_report_collectionfinish(self, items: list[pytest.Item]) -> list[str]:
        lines = []
        for folder, prover in self._provers.items():
            history = prover.history
            if not any(item.prover is prover for item in check_items(items)):
                continue
            lines.append(f"migrations: {len(history.migrations)} in {display_path(folder)}/ ({history.format})")
            lines += [f"  {note}" for note in history.notes]
        return lines

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Say on which server the first check runs, before its line begins."""
        if not self._says_server or not isinstance(item, CheckItem):
            return
        self._says_server = False
        if (server := item.prover.server()) and (terminal := self._config.pluginmanager.get_plugin("terminalreporter")):
            terminal.ensure_newline()
            terminal.write_line(f"migrations: PostgreSQL {server.version} {server.kind}{self._servers.said_beforehand}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if isinstance(item, CheckItem) and (call.when == "call" or not report.passed):
            if report.skipped and call.when == "call" and not hasattr(report, "wasxfail"):
                report.longrepr = (str(item.path), 1, f"Skipped: {item.verdict.reason if item.verdict else ''}")
            # Attributes of a report travel from the workers of xdist to the controller, if they are plain data.
            report.migrations = result_of(item, report)  # type: ignore[attr-defined]
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        for prover in self._provers.values():
            prover.close()
        for templates in self._templates.values():
            templates.close()

    def pytest_unconfigure(self) -> None:
        if self._run is not None:
            self._run.close()
            self._run = None

    def reserve_run_folder(self) -> Path:
        return self._run_folder().path

    def _run_folder(self) -> RunFolder:
        if self._run is None:
            worker_input = self._worker_input
            self._run = RunFolder.join(worker_input[_RUN_FOLDER]) if worker_input else RunFolder.reserve()
        return self._run


class _XdistController:
    """The hooks that only xdist knows, on its controller."""

    def __init__(self, session: MigrationsSession) -> None:
        self._session = session

    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput[_RUN_FOLDER] = str(self._session.reserve_run_folder())


def _as_arguments_name_it(config: pytest.Config, folder: Path) -> Path:
    """The folder, or where arguments lie in it by another path (it or they are behind a link), that one."""
    real = folder.resolve()
    for path in _arguments(config):
        for above in (path, *path.parents):
            if not path.is_relative_to(folder) and above.resolve() == real:
                return above
    return folder


def _refuse_nested(folders: Sequence[Path]) -> None:
    """A folder collects all that lies in it, so that one within it would have no tests and nobody would notice."""
    for outer in folders:
        for inner in folders:
            if inner != outer and inner.is_relative_to(outer):
                raise UserError(
                    f"{display_path(inner)} lies in {display_path(outer)}, and both are to be proved: move one, "
                    "or prove each in a run of its own."
                )


def _asks_for_others(config: pytest.Config) -> bool:
    """Whether somebody wants certain tests, and the folder stands in the ini file for whoever wants all."""
    if config.getoption("migrations_dir") is not None:
        return False
    return any("::" in argument for argument in config.args) or any(path.is_file() for path in _arguments(config))


def _arguments(config: pytest.Config) -> list[Path]:
    """The paths that pytest was asked for, as it names them."""
    invocation = config.invocation_params.dir
    return [Path(os.path.normpath(invocation / argument.split("::")[0])) for argument in config.args]
