"""What comes true a moment later: a process that ends, a folder that is deleted, a session that is over."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.commands import Query

_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def until(condition: Callable[[], object], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def until_alone(query: Query) -> bool:
    """Sessions of clients that are gone are on the server, and keep their locks, for a moment more."""
    return until(lambda: query(_OTHERS) == [(0,)])
