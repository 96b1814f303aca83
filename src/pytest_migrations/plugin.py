"""The plugin's front door: its options. All else is loaded when a folder of migrations is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations import hookspecs
from pytest_migrations.settings import add_options, read_settings

if TYPE_CHECKING:
    import pytest


#: The options with which pytest tells something and runs no test: that needs no folder to be there.
_ONLY_TELL = ("help", "version", "markers", "showfixtures", "show_fixtures_per_test", "cacheshow")

pytest_plugins = ["pytest_migrations.fixtures", "pytest_migrations.lending"]


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "migrations(at): the version of the databases of migrations_*")
    if any(config.getoption(option, None) for option in _ONLY_TELL):
        return
    settings = read_settings(config)
    if settings.folders:
        from pytest_migrations.joining import join  # noqa: PLC0415 (nobody else pays for its imports)

        join(config, settings)
