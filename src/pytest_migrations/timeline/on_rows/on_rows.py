"""Tries the migrations of a history on tables with rows, as a walk passes them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_migrations.rows.filling.filler import Filler
from pytest_migrations.rows.scripts.backfills import Backfills
from pytest_migrations.timeline.on_rows.grounds import SeededGround
from pytest_migrations.timeline.on_rows.seeded import Seeded
from pytest_migrations.timeline.on_rows.supply import Supply
from pytest_migrations.timeline.on_rows.trying import try_on
from pytest_migrations.timeline.proof import ROWS, Untried, WithRows

if TYPE_CHECKING:
    from pytest_migrations.migration import History
    from pytest_migrations.server.server import Server
    from pytest_migrations.timeline.on_rows.grounds import Ground
    from pytest_migrations.timeline.terms import Terms
    from pytest_migrations.timeline.timeline import Servers


class OnRows:
    """Tries the migrations of a history on tables with rows, where the run asks for that.

    Without a ``server`` the rows of seeds need one that is started for them alone.
    """

    def __init__(self, history: History, servers: Servers, terms: Terms, *, server: Server | None) -> None:
        self._history = history
        self._servers = servers
        self._terms = terms
        self._server = server
        self._filler = Filler(terms.rows)
        self._backfills = Backfills(history)
        self._seeded: Seeded | None = None

    def of(self, ground: Ground, index: int) -> WithRows | Untried | None:
        """What comes of the migration at ``index``, before which the ground stands; None where nobody asks."""
        migration = self._history.migrations[index]
        if not self._terms.rows or not self._terms.wanted(migration, ROWS):
            return None
        supply = Supply(migration, self._filler, self._terms.put_rows_in, self._backfills.before(index))
        if self._seeded is None and (seeds := self._terms.seeds()):
            self._seeded = Seeded(self._history, self._servers, seeds, server=self._server, timeout=self._terms.timeout)
        if self._seeded is not None and self._seeded.has_rows(index):
            return self._on_seeded(self._seeded, index, supply)
        return try_on(ground, supply, self._terms.timeout)

    def _on_seeded(self, seeded: Seeded, index: int, supply: Supply) -> WithRows | Untried:
        """The same where the rows of seeds are; a seed that failed on the way is told."""
        stand = seeded.stand_before(index)
        if stand.connection is None or stand.server is None or stand.database is None:
            return Untried(stand.why_not)
        ground = SeededGround(stand.server, stand.database, stand.connection, isolated=self._server is None)
        tried = try_on(ground, supply, self._terms.timeout)
        if ground.is_shaken:
            seeded.close()
        failed = stand.failed + seeded.failed_behind(index)
        if isinstance(tried, Untried):
            return replace(tried, failed_seeds=failed)
        return replace(tried, failed_seeds=failed, notes=stand.notes, seeds=stand.seeds)

    def close(self) -> None:
        if self._seeded is not None:
            self._seeded.close()
