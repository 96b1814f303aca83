"""Drops databases in a thread, so that no test waits for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.server.server_error import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.server.administrator import Administrator


class Sweeper:
    """Has an administrator of its own. ``whole`` is asked at the end: whether what is left has to be dropped then."""

    def __init__(self, administrator: Administrator, *, whole: Callable[[], bool]) -> None:
        self._administrator = administrator
        self._whole = whole
        self._lost = False
        self._thread: ThreadPoolExecutor | None = None

    def drop(self, name: str) -> None:
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="pytest-migrations")
        self._thread.submit(self._drop, name)

    def close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=not self._whole())
            self._thread = None
        self._administrator.close()

    def _drop(self, name: str) -> None:
        if self._lost:
            return
        try:
            self._administrator.drop(name)
        except UnreachableError:  # to try again for each could take minutes; the end of the run tries once more
            self._lost = True
        except psycopg.Error:
            pass
