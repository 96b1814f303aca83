"""A server of each version that is installed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.catalog.conftest import connection, server

if TYPE_CHECKING:
    from tests.catalog.conftest import Server

__all__ = ["connection", "server"]


@pytest.fixture(scope="session")
def server_dsn(server: Server) -> str:
    return server.server.create_database().dsn
