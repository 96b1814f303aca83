"""The server that benchmarks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.run_folder import RunFolder
from pytest_migrations.server.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    run = RunFolder.reserve()
    yield Server.start_or_join(run, ServerOptions(server="embedded"), Requirements())
    run.close()
