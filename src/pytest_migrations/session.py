"""What a run has: histories, servers, and what makes databases for its tests."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.errors import UserError, display_path
from pytest_migrations.formats import read_history
from pytest_migrations.hooks import Hooks
from pytest_migrations.server.choice import ServerOptions, choose
from pytest_migrations.server.run_folder import RunFolder
from pytest_migrations.servers import RunServers
from pytest_migrations.templates import Templates
from pytest_migrations.timeline.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_migrations.migration import History
    from pytest_migrations.settings import Settings

#: What the controller of xdist tells its workers.
RUN_FOLDER = "migrations_run_folder"


class MigrationsSession:
    """Of one process, until pytest ends.

    Under xdist the controller's session reserves the run's folder and ends the run; the workers' sessions prove.
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        """Read the folders.

        :raises UserError: where one cannot be read as migrations, or an option is nonsense.
        """
        self._run: RunFolder | None = None
        self._templates: list[Templates] = []
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
        self.hooks = Hooks(config)
        self.terms = Terms(settings.timeout, walk=settings.walk, leave_out=self.hooks.leave_out)
        self.read = partial(read_history, placeholders=settings.placeholders, more=self.hooks.formats())
        self.histories = {folder: self.read(folder, settings.format) for folder in settings.folders}
        self.servers = RunServers(self._run_folder, options, list(self.histories.values()), self.hooks.preparation)

    def templates(self, history: History) -> Templates:
        """What makes databases for the tests of this process; nothing is made before a test asks for it.

        The history may be another than was read: who overrides ``migrations_history`` says which.
        """
        for known in self._templates:
            if known.history == history:
                return known
        self._templates.append(Templates(history, self.servers, self.terms.timeout))
        return self._templates[-1]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        for templates in self._templates:
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
            self._run = RunFolder.join(worker_input[RUN_FOLDER]) if worker_input else RunFolder.reserve()
        return self._run


def _refuse_nested(folders: Sequence[Path]) -> None:
    """A folder collects all that lies in it, so that one within it would have no tests and nobody would notice."""
    for outer in folders:
        for inner in folders:
            if inner != outer and inner.is_relative_to(outer):
                raise UserError(
                    f"{display_path(inner)} lies in {display_path(outer)}, and both are to be proved: move one, "
                    "or prove each in a run of its own."
                )
