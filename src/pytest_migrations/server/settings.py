"""The settings of the servers that we start."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Nothing has to survive a crash, but what a migration costs and locks must show as it would in production.
STARTED_SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "jit": "off",
    "wal_level": "logical",  # minimal would hide the WAL of a rewrite
    "max_locks_per_transaction": "4096",
}
