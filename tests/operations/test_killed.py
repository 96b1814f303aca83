"""A run that is killed at any statement boundary leaves a database of which the ledger tells the truth."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_migrations.server.server import Database
    from tests.commands import Cli, Migrations, Query

IN_STEPS = """\
CREATE TABLE users (id int, name text);
INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 10) n;
CREATE INDEX CONCURRENTLY users_name_idx ON users (name);
ALTER TABLE users ADD email text;
CREATE INDEX CONCURRENTLY users_email_idx ON users (email);
--
DROP INDEX CONCURRENTLY IF EXISTS users_email_idx;
DROP INDEX CONCURRENTLY IF EXISTS users_name_idx;
DROP TABLE IF EXISTS users;"""
AT_ONCE = "CREATE TABLE a (id int);\nCREATE TABLE b (id int);\nINSERT INTO a VALUES (1);\n--\nDROP TABLE a, b;"
MOMENTS = ("begun", "ran", "recorded")


def kill(moment: str, number: int, *arguments: str) -> None:
    command = [sys.executable, "-m", "tests.operations.killed", moment, str(number), *arguments]
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    assert subprocess.run(command, check=False, capture_output=True, env=environment).returncode == -9


def whole(query: Query) -> bool:
    columns = query("select count(*) from pg_attribute where attrelid = 'users'::regclass and attnum > 0")
    valid = query("select count(*) from pg_index where indrelid = 'users'::regclass and indisvalid")
    return columns == [(3,)] and valid == [(2,)] and query("select count(*) from users") == [(10,)]


@pytest.mark.parametrize("place", list(product(MOMENTS, range(1, 6))))
def test_a_migration_in_steps_is_gone_on_with(
    place: tuple[str, int], database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_users=IN_STEPS)
    kill(*place, "run")
    (migration,) = cli("status", "--json").json["migrations"]
    expected = "pending" if place[1] == 1 else "applied" if place == ("recorded", 5) else "failed"
    assert migration["state"] == expected
    if migration["state"] == "failed":
        refused = cli("run")
        assert refused.code == 2
        assert "run --continue" in refused.err
    assert cli("run", "--continue").code == 0
    assert whole(query)
    assert cli("status", "--json").json["migrations"][0]["state"] == "applied"


@pytest.mark.parametrize("place", list(product(["ran"], range(2, 6))))
def test_a_migration_in_steps_is_rolled_back(
    place: tuple[str, int], database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_users=IN_STEPS)
    kill(*place, "run")
    assert cli("rollback", "001_users.sql").code == 0
    assert query("select to_regclass('users')") == [(None,)]
    assert cli("run").code == 0
    assert whole(query)


@pytest.mark.parametrize("place", list(product(MOMENTS[:2], range(1, 4))))
def test_a_rollback_in_steps_is_gone_on_with(
    place: tuple[str, int], database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_users=IN_STEPS)
    cli("run")
    kill(*place, "rollback", "1")
    assert cli("rollback", "1").code == 0
    assert query("select to_regclass('users')") == [(None,)]
    assert cli("status", "--json").json["migrations"][0]["state"] == "rolled back"


@pytest.mark.parametrize("place", list(product(["ran"], range(1, 4))))
def test_of_a_migration_in_one_transaction_nothing_is_kept(
    place: tuple[str, int], database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_both=AT_ONCE)
    kill(*place, "run")
    assert cli("status", "--json").json["migrations"][0]["state"] == "pending"
    assert query("select to_regclass('a')") == [(None,)]
    assert cli("run").code == 0
    assert query("select count(*) from a") == [(1,)]
