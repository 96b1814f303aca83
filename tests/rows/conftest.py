"""A server of each version that is installed here."""

from __future__ import annotations

from tests.catalog.conftest import connection, server

__all__ = ["connection", "server"]
