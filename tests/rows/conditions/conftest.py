"""A server of each version that is installed here."""

from __future__ import annotations

from tests.catalog.conftest import server

__all__ = ["server"]
