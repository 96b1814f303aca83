"""Joins the run that a config describes: what of ours pytest is to call, and which folders it is to collect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.adopting import Adoption
from pytest_migrations.arguments import as_arguments_name_it, is_named, is_wanted
from pytest_migrations.checking import Checking
from pytest_migrations.errors import UserError
from pytest_migrations.hooks import not_loaded
from pytest_migrations.report.reporting import Reporting
from pytest_migrations.session import RUN_FOLDER, MigrationsSession
from pytest_migrations.settings import UNREADABLE

if TYPE_CHECKING:
    from pytest_migrations.settings import Settings


def join(config: pytest.Config, settings: Settings) -> None:
    """Register what the run needs of ours.

    :raises pytest.UsageError: where a folder cannot be read as migrations, or an option is nonsense. If nobody has
        asked for the folders, it is the tests that need them who say it; what is wrong with the checks alone matters
        to none.
    """
    settings = replace(settings, folders=tuple(as_arguments_name_it(config, folder) for folder in settings.folders))
    wanted = [folder for folder in settings.folders if is_wanted(config, folder)]
    session = None
    try:
        session = MigrationsSession(config, settings)
        _register_checks(config, settings, session)
    except UserError as error:
        told = "\n\n".join([str(error), *not_loaded(config, settings.folders)])
        if wanted:
            raise pytest.UsageError(told) from None
        if session is None:
            config.stash[UNREADABLE] = told
            return
    config.pluginmanager.register(session, "migrations_session")
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(_XdistController(session), "migrations_xdist")
    # Beside what pytest would collect anyway.
    config.args += [str(folder) for folder in wanted if not is_named(config, folder)]


def _register_checks(config: pytest.Config, settings: Settings, session: MigrationsSession) -> None:
    inspections = session.hooks.inspections()
    adoption = Adoption(config, settings, inspections, session.read)
    checking = Checking(config, settings, session, adoption, inspections)
    reports = not hasattr(config, "workerinput") and not config.option.collectonly
    reporting = Reporting(config, settings.reports) if reports else None
    config.pluginmanager.register(adoption, "migrations_adoption")
    if reporting:
        config.pluginmanager.register(reporting, "migrations_reporting")
    config.pluginmanager.register(checking, "migrations_checking")


class _XdistController:
    """The hooks that only xdist knows, on its controller."""

    def __init__(self, session: MigrationsSession) -> None:
        self._session = session

    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput[RUN_FOLDER] = str(self._session.reserve_run_folder())
