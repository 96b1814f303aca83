"""The hooks that gather results and report them; no worker of xdist has them."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from pytest_migrations.errors import display_path
from pytest_migrations.report import files, github
from pytest_migrations.report.results import Result, Results

#: The terminal shows no more of those that hold no row.
_MOST_TABLES = 20


class Reporting:
    """Reports what the checks of all processes found, when the run ends.

    Where none was run the files stay as they are: a report without failures would say that they are mended.
    """

    def __init__(self, config: pytest.Config, paths: tuple[Path, ...]) -> None:
        """Take the files to write.

        :raises UserError: where one cannot be written.
        """
        files.check_files(paths)
        self._config = config
        self._paths = paths
        self._results = Results(config.rootpath, github.repository(config.rootpath))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if data := getattr(report, "migrations", None):
            self._results.add(Result(**data))

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for text in self._results.contradictions:
            terminalreporter.section("migrations: the processes disagree", red=True)
            terminalreporter.write_line(text)
        if empty := self._results.empty_tables:
            tables = "1 table holds" if len(empty) == 1 else f"{len(empty)} tables hold"
            terminalreporter.section(f"migrations: {tables} no row, which proves nothing of them")
            for table, (why, migrations) in islice(empty.items(), _MOST_TABLES):
                more = f" and {len(migrations) - 1} more" if len(migrations) > 1 else ""
                terminalreporter.write_line(f"{table} ({migrations[0]}{more}): {' '.join(why.split())}")
            if len(empty) > _MOST_TABLES:
                terminalreporter.write_line(f"... and {len(empty) - _MOST_TABLES} more: --migrations-report names them")
        if not self._results.all and self._config.getoption("migrations_report"):
            for path in filter(Path.exists, self._paths):
                terminalreporter.write_line(
                    f"migrations: no migration was tried, and {display_path(path)} is the report of an earlier run"
                )

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not self._results.all:
            return
        try:
            for path in self._paths:
                files.write(path, self._results)
            if github.is_watching():
                github.append_summary(self._results)
        except OSError as error:
            sys.stderr.write(f"\nmigrations: {error.filename or 'a report'} could not be written: {error.strerror}\n")
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        if self._results.contradictions and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Tell GitHub, which reads commands at the start of lines only, behind all that the terminal shows."""
        for command in github.commands(self._results) if github.is_watching() else ():
            encoding = sys.stdout.encoding or "utf-8"
            sys.stdout.write(command.encode(encoding, "backslashreplace").decode(encoding) + "\n")
