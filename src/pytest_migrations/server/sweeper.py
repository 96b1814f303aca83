"""Drops databases in a thread, so that no test waits for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from pytest_migrations.server.administrator import Administrator


class Sweeper:
    """Has an administrator of its own; what it does not come to ends with the run."""

    def __init__(self, administrator: Administrator) -> None:
        self._administrator = administrator
        self._thread: ThreadPoolExecutor | None = None

    def drop(self, name: str) -> None:
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="pytest-migrations")
        self._thread.submit(self._drop, name)

    def close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None
        self._administrator.close()

    def _drop(self, name: str) -> None:
        with suppress(psycopg.Error):
            self._administrator.drop(name)
