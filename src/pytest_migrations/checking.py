"""The hooks of the checks: how they are collected, on which server they run, what is reported of each."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.arguments import is_ignored
from pytest_migrations.checks.verdict import Rules
from pytest_migrations.collection import CheckItem, MigrationsDirectory, Passage, check_items, sort_in_place
from pytest_migrations.errors import display_path
from pytest_migrations.proving import Prover
from pytest_migrations.report.items import result_of
from pytest_migrations.seeding import seeds_of

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from pytest_migrations.adopting import Adoption
    from pytest_migrations.session import MigrationsSession
    from pytest_migrations.settings import Settings
    from pytest_migrations.timeline.terms import Inspection


class Checking:
    """Proves the histories of a session; ``inspections`` are the checks that were added by hooks."""

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        session: MigrationsSession,
        adoption: Adoption,
        inspections: Mapping[str, Inspection],
    ) -> None:
        """Take the histories.

        :raises UserError: where what was said of old failures, and of what is new, cannot be meant.
        """
        self._config = config
        self._hooks = session.hooks
        self._servers = session.servers
        self._alone = not hasattr(config, "workerinput")
        self._says_server = False
        self._passages: set[Path] = set()
        rules = Rules(settings.require_rollback, settings.strict_column_order)
        terms = replace(session.terms, inspections=inspections, rows=settings.rows, put_rows_in=session.hooks.rows())
        self._seeds = settings.seeds
        histories = [adoption.with_base(history) for history in session.histories.values()]
        self._provers = {
            history.folder: Prover(history, session.servers, rules, terms, adoption.acceptance(history))
            for history in histories
        }

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        if prover := self._provers.get(path):
            return MigrationsDirectory.of(parent, path, prover)
        return Passage.from_parent(parent, path=path) if path in self._passages else None

    @pytest.hookimpl(wrapper=True)
    def pytest_ignore_collect(self, collection_path: Path) -> Generator[None, bool | None, bool | None]:
        """Never pass over a folder that was named; pytest forgets it where an argument above it is named as well."""
        ignored = yield
        within = [folder for folder in self._provers if folder.is_relative_to(collection_path)]
        if ignored and not all(is_ignored(self._config, folder) for folder in within):
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
        self._says_server = self._alone and any(item.needs_server for item in items)
        for prover in self._provers.values():
            asked = {(item.index, item.name) for item in items if item.prover is prover}
            prover.select(asked, alone=self._alone)

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
        # What goes wrong is told by the check, which asks for the same.
        passing = (KeyboardInterrupt, pytest.exit.Exception)
        call = pytest.CallInfo.from_call(item.prover.server, "setup", reraise=passing)
        server = None if call.excinfo else call.result
        if server and (terminal := self._config.pluginmanager.get_plugin("terminalreporter")):
            terminal.ensure_newline()
            if terminal._tw.width_of_current_line:  # noqa: SLF001 (with -q it is not taken for a line that has begun)
                terminal.write_line("")
            terminal.write_line(f"migrations: PostgreSQL {server.version} {server.kind}{self._servers.said_beforehand}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Ask for the seeds now: before, no fixture can be asked for."""
        if isinstance(item, CheckItem) and item.needs_server:
            item.prover.take_seeds(partial(seeds_of, item, self._seeds))

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

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """With -v also what a check has to say that passed."""
        said = report.passed and report.when == "call" and getattr(report, "migrations", {}).get("reason")
        return ("passed", ".", f"PASSED ({said})") if said and not hasattr(report, "wasxfail") else None

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        for prover in self._provers.values():
            prover.close()
