"""What runs whenever it has changed (Flyway's ``R__``) has no place in the order, and a way back through all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_migrations.server.server import Database
    from tests.commands import Cli, Query

VIEW = "CREATE OR REPLACE VIEW v AS SELECT {};\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "migrations"
    made.mkdir()
    (made / "V1__a.sql").write_text("CREATE TABLE t (id int);\n")
    (made / "R__v.sql").write_text(VIEW.format("1 AS a"))
    return made


def test_what_comes_new_is_not_late(folder: Path, database: Database, cli: Cli) -> None:
    assert cli("run").code == 0
    (folder / "V2__b.sql").write_text("CREATE TABLE u (id int);\n")
    assert cli("run").code == 0
    (folder / "V1.5__c.sql").write_text("CREATE TABLE w (id int);\n")
    assert "V1.5__c.sql comes before V2__b.sql, which is applied already" in cli("run").err


def test_its_rollback_goes_through_all_that_it_was(folder: Path, database: Database, cli: Cli, query: Query) -> None:
    for columns in ("1 AS a", "1 AS a, 2 AS b", "1 AS a, 2 AS b, 3 AS c"):
        (folder / "R__v.sql").write_text(VIEW.format(columns))
        assert cli("run").code == 0
    assert cli("rollback", "R__v.sql").code == 0
    assert query("SELECT to_regclass('v')") == [(None,)]


@pytest.mark.parametrize("how", [[], ["--single-transaction"]])
def test_its_rollback_knows_what_it_was_before(
    how: list[str], folder: Path, database: Database, cli: Cli, query: Query
) -> None:
    assert cli("run").code == 0
    (folder / "R__v.sql").write_text(VIEW.format("2 AS a"))
    assert cli("run", *how).code == 0
    assert cli("rollback", "R__v.sql").code == 0
    assert query("SELECT to_regclass('v')") == [(None,)]


def test_one_that_fails_when_it_runs_again(folder: Path, database: Database, cli: Cli, query: Query) -> None:
    cli("run")
    (folder / "R__v.sql").write_text(VIEW.format("1/0 AS a, nonsense AS b"))
    assert cli("run").code == 1
    (repeated,) = (m for m in cli("status", "--json").json["migrations"] if m["name"] == "R__v.sql")
    assert repeated["state"] == "pending"
    assert "changed, so it runs again; that failed: " in repeated["note"]
    assert query("SELECT a FROM v") == [(1,)]
