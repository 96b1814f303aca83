"""The ledger of Alembic, made by Alembic itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import alembic.command
import pytest
import sqlalchemy
from alembic.config import Config

from pytest_migrations.foreign_ledgers import survey
from pytest_migrations.formats import read_history
from tests.alembic.revisions import revision
from tests.foreign_ledgers.conftest import Told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import psycopg

    from pytest_migrations.migration import History

#: Two branches, and one that stands on both.
REVISIONS = {
    "a1": revision("a1", None, "pass"),
    "a2": revision("a2", "a1", "pass"),
    "b1": revision("b1", None, "pass", more="branch_labels = ('b',)"),
    "b2": revision("b2", "b1", "pass", more="depends_on = ('a1',)"),
    "m1": revision("m1", ("a2", "b2"), "pass"),
    "m2": revision("m2", "m1", "pass"),
}


@pytest.fixture
def project(own_connection: psycopg.Connection[Any], tmp_path: Path) -> Config:
    config = Config(str(tmp_path / "alembic.ini"))
    alembic.command.init(config, str(tmp_path / "migrations"))
    info = own_connection.info
    query = {"host": info.host, "port": str(info.port)}
    url = sqlalchemy.URL.create("postgresql+psycopg", info.user, database=info.dbname, query=query)
    config = Config(str(tmp_path / "alembic.ini"))
    config.set_main_option("sqlalchemy.url", url.render_as_string().replace("%", "%%"))
    for name, text in REVISIONS.items():
        (tmp_path / "migrations" / "versions" / f"{name}.py").write_text(text)
    return config


@pytest.fixture
def read(tmp_path: Path) -> Callable[[], History]:
    return lambda: read_history(tmp_path / "migrations")


@pytest.mark.parametrize(
    ("targets", "applied"),
    [
        ([], []),
        (["a2"], ["a1", "a2"]),
        (["b2"], ["a1", "b1", "b2"]),
        (["a2", "b1"], ["a1", "a2", "b1"]),
        (["m1"], ["a1", "a2", "b1", "b2", "m1"]),
        (["heads"], [*REVISIONS]),
    ],
)
def test_all_that_a_head_stands_on(
    own_connection: psycopg.Connection[Any],
    project: Config,
    read: Callable[[], History],
    targets: list[str],
    applied: list[str],
) -> None:
    alembic.command.ensure_version(project)
    for target in targets:
        alembic.command.upgrade(project, target)
    (said,) = survey(own_connection, read())
    assert (said.ledger.tool.name, said.ledger.table) == ("Alembic", "public.alembic_version")
    assert sorted(migration.version for migration in said.taken.applied) == applied
    assert set(said.taken.applied.values()) <= {None}
    assert said.taken.unknown == ()


def test_a_revision_whose_file_is_gone(
    own_connection: psycopg.Connection[Any], project: Config, read: Callable[[], History]
) -> None:
    alembic.command.ensure_version(project)
    own_connection.execute("INSERT INTO alembic_version VALUES ('a2'), ('gone')")
    (said,) = survey(own_connection, read())
    found = Told.of(said)
    assert (found.applied, found.unknown) == (["versions/a1.py", "versions/a2.py"], ["revision gone"])


def test_a_table_of_another_name(
    told: Callable[[str, History], Told], project: Config, read: Callable[[], History]
) -> None:
    ledger = "CREATE SCHEMA app; CREATE TABLE app.versions (version_num varchar(32) PRIMARY KEY);"
    found = told(ledger + "INSERT INTO app.versions VALUES ('a1')", read())
    assert (found.tool, found.table, found.applied) == ("Alembic", "app.versions", ["versions/a1.py"])
