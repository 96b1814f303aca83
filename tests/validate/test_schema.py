"""The schema that is followed is the one that a server has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from pytest_migrations.effects import Named
from pytest_migrations.formats import read_history
from pytest_migrations.migration import Migration
from pytest_migrations.runner import Runner
from tests.catalog.commands import CHAPTERS, chapter
from tests.validate.catalog import followed, real, simulated

EXAMPLE = Path(__file__).parents[2] / "example_project" / "migrations"
#: Tables that are partitions, children or of a type: what they have of others is not followed, and never missed.
HIDDEN = {"p1", "child", "typed"}
#: CREATE CONSTRAINT TRIGGER, ALTER TABLE ADD CONSTRAINT ... NOT NULL.
ROLES = "DO $$ BEGIN CREATE ROLE app; CREATE ROLE reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$"


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_statement_there_is(
    connection: psycopg.Connection, make_migration: Callable[..., Migration], name: str
) -> None:
    stage, changes = chapter(name, connection.info.server_version // 10000)
    connection.execute(ROLES)
    made = []
    for number, statement in enumerate([*stage, *changes]):
        connection.execute(statement.encode())
        made.append(make_migration(statement, name=f"{number:03}_m.sql"))
    schema = followed(*made)
    there, ours = real(connection), simulated(schema)
    assert ours <= there
    assert {key for key in there - ours if HIDDEN.isdisjoint(_tables(key[1]))} == set()


def _tables(path: tuple[str, ...]) -> set[str]:
    """The table that an object is of or, of an index, is called after."""
    return {path[1], path[1].split("_")[0]} if len(path) > 1 else set()


def test_the_example_project(connection: psycopg.Connection) -> None:
    history = read_history(EXAMPLE)
    runner = Runner(connection)
    applied = []
    for migration in history:
        runner.apply(migration)
        applied.append(migration)
    schema = followed(*applied)
    there, ours = real(connection), simulated(schema)
    assert ours <= there
    unseen = {key for key in there - ours if schema.find(Named(*key)) is None}
    assert {key[1][1] for key in unseen if key[0] == "relation" and not _of_a_partition(key[1][1])} == set()


def _of_a_partition(name: str) -> bool:
    """Those that its blocks create: a table for each month, with its indexes."""
    return name.startswith(("ai_usage_metrics_", "ai_request_traces_p", "vector_embeddings_embedding"))
