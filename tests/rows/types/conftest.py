"""The servers of the catalog's tests."""

from tests.catalog.conftest import connection, server

__all__ = ["connection", "server"]
