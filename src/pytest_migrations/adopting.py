"""The hooks for old projects: ``--migrations-since``, ``--migrations-baseline`` and waivers."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_migrations.adoption.acceptance import Acceptance
from pytest_migrations.adoption.baseline import read_baseline, write_baseline
from pytest_migrations.adoption.since import Base, base_of
from pytest_migrations.adoption.waivers import waivers_of
from pytest_migrations.checks import checks_of
from pytest_migrations.checks.history import NAME as HISTORY
from pytest_migrations.checks.walk import NAME as WALK
from pytest_migrations.collection import check_items, id_of, test_id
from pytest_migrations.errors import UserError, display_path

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    import pytest

    from pytest_migrations.migration import History
    from pytest_migrations.settings import Settings


class Adoption:
    """What a run knows of old failures and of what is new.

    ``checks`` are the names of the checks that were added by hooks, ``read`` makes a history of a folder.
    """

    def __init__(
        self, config: pytest.Config, settings: Settings, checks: Collection[str], read: Callable[..., History]
    ) -> None:
        self._config = config
        self._since = settings.since
        self._file = settings.baseline
        self._updates = settings.update_baseline
        self._added_checks = checks
        self._read = read
        self._bases: dict[Path, Base] = {}
        self._folders: list[str] = []
        #: The ids of all tests of those folders, in order.
        self._known: list[str] = []
        self._results: dict[str, dict[str, Any]] = {}
        self._accepted: dict[str, list[str]] = {}
        if self._file and not (self._updates and not self._file.exists()):
            self._accepted = read_baseline(self._file)

    def with_base(self, history: History) -> History:
        """The history, with what it must not have changed since the base among its problems.

        :raises UserError: where the base cannot be had.
        """
        if not self._since:
            return history
        base = base_of(history, self._since, lambda folder: self._read(folder, history.format))
        self._bases[history.folder] = base
        return replace(history, problems=(*history.problems, *base.problems(history)))

    def acceptance(self, history: History) -> Acceptance:
        """What may fail in the history.

        :raises UserError: where a waiver cannot be meant, or the baseline names what there is not.
        """
        folder = id_of(self._config, history.folder)
        names = list(self._names(history))
        self._folders.append(folder)
        self._known += [test_id(folder, name) for name in names]
        waivers = {
            f"{migration.name}::{waiver.check}": waiver
            for index, migration in enumerate(history.migrations)
            for waiver in waivers_of(migration, (*checks_of(history, index, self._added_checks), WALK))
        }
        prefix = test_id(folder, "")
        baseline = {
            known.removeprefix(prefix): why for known, why in self._accepted.items() if known.startswith(prefix)
        }
        if not self._updates and (gone := [name for name in baseline if name not in names]):
            assert self._file is not None
            raise UserError(
                f"{display_path(self._file)} accepts the failure of {test_id(folder, gone[0])}, and there is no such "
                "test. Remove the line (--migrations-update-baseline does so)."
            )
        if blind := [name for name in baseline if name.endswith("::apply")]:
            assert self._file is not None
            raise UserError(
                f"{display_path(self._file)} accepts that {blind[0].removesuffix('::apply')} does not apply, but then "
                "nothing behind it would ever be tried. Mend it, and remove the line."
            )
        file = display_path(self._file) if self._file else ""
        return Acceptance(waivers, baseline, file, prefix, updates=self._updates)

    def _names(self, history: History) -> Iterator[str]:
        for index, migration in enumerate(history.migrations):
            checks = checks_of(history, index, self._added_checks)  # also those that this run does not hold
            yield from (f"{migration.name}::{check}" for check in checks)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Deselect what the branch has not added; the check of the folder stays, as it is about the whole."""
        added: dict[Path, frozenset[int]] = {}
        dropped = set()
        for item in check_items(items):
            history = item.prover.history
            if item.name == HISTORY or history.folder not in self._bases:
                continue
            if history.folder not in added:
                added[history.folder] = self._bases[history.folder].added(history)
            if item.index not in added[history.folder]:
                dropped.add(item)
        if dropped:
            self._config.hook.pytest_deselected(items=[item for item in items if item in dropped])
            items[:] = [item for item in items if item not in dropped]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if result := getattr(report, "migrations", None):
            self._results[result["id"]] = result

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not self._writes or self._file is None:
            return
        kept = {
            known: why
            for known, why in self._accepted.items()
            if self._is_untold(known) and (known in self._known or not self._is_ours(known))
        }
        new = {known: result["findings"] for known, result in self._results.items() if result["outcome"] == "accepted"}
        self._accepted = {**kept, **new}
        try:
            write_baseline(self._file, self._accepted, self._known)
        except UserError as error:
            sys.stderr.write(f"\nmigrations: {error}\n")
            session.exitstatus = 3  # pytest.ExitCode.INTERNAL_ERROR

    @property
    def _writes(self) -> bool:
        """Whether this process writes the file anew when the run ends."""
        return self._updates and not self._config.option.collectonly and not hasattr(self._config, "workerinput")

    def _is_untold(self, known: str) -> bool:
        """Whether the run has not said if the test fails: it was left out, or something before it does."""
        return known not in self._results or self._results[known]["outcome"] == "skipped"

    def _is_ours(self, known: str) -> bool:
        """Whether it is an id of a folder of this run."""
        return any(known.startswith(test_id(folder, "")) for folder in self._folders)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        accepted = sum(result["outcome"] == "accepted" for result in self._results.values())
        if self._writes:
            accepted = len(self._accepted)
        if not self._file or not (accepted or self._writes):
            return
        failures = f"{accepted} failure{'' if accepted == 1 else 's'}"
        written = "was written: it accepts" if self._writes else "accepts"
        terminalreporter.write_line(f"migrations: {display_path(self._file)} {written} {failures} (-rx lists them)")
