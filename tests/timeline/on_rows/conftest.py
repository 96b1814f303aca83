"""Migrations that are tried on tables with rows, without a walk: on one database for all that begin alike."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.rows.filling.filler import Filler
from pytest_migrations.runner import Ran
from pytest_migrations.timeline.on_rows.grounds import SeededGround
from pytest_migrations.timeline.on_rows.supply import Supply
from pytest_migrations.timeline.on_rows.trying import try_on
from pytest_migrations.timeline.proof import Proof
from tests.timeline.on_rows.proofs import NOTHING, USERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import Migration
    from pytest_migrations.server.server import Database, Server
    from pytest_migrations.timeline.terms import PutRowsIn
    from tests.timeline.on_rows.proofs import Prove


@pytest.fixture(scope="session")
def standing(server: Server) -> Callable[[str], Database]:
    """A database in which some SQL has run; nothing of a trial is kept there."""
    made: dict[str, Database] = {}

    def stand(first: str) -> Database:
        if first not in made:
            made[first] = server.create_database()
            with server.connect(made[first]) as connection:
                connection.execute(first.encode())
        return made[first]

    return stand


@pytest.fixture
def prove(server: Server, standing: Callable[[str], Database], make_migration: Callable[..., Migration]) -> Prove:
    """Try a migration behind one that makes tables, on rows alone."""

    def prove(
        up: str,
        down: str | None = NOTHING,
        *,
        first: str = USERS,
        rows: int = 5,
        put_rows_in: PutRowsIn | None = None,
        timeout: float | None = None,
    ) -> Proof:
        migration, database = make_migration(up, down, name="002_m.sql"), standing(first)
        with closing(server.connect(database)) as connection:
            ground = SeededGround(server, database, connection, isolated=False)
            tried = try_on(ground, Supply(migration, Filler(rows), put_rows_in), timeout)
        return Proof(migration, Ran(1, 0.0), with_rows=tried)

    return prove
