"""A migration without a rollback gets one from its statements when it is applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_migrations.server.server import Database
    from tests.commands import Cli, Migrations, Query

COMMENT = "COMMENT ON TABLE users IS 'They';"
MANY = """\
CREATE TYPE mood AS ENUM ('sad');
CREATE TABLE users (id int PRIMARY KEY, mood mood);
CREATE INDEX CONCURRENTLY users_mood ON users (mood);
CREATE VIEW sad AS SELECT id FROM users WHERE mood = 'sad';
"""


@pytest.mark.parametrize("more", [[], ["--single-transaction"]])
def test_it_is_kept_and_brings_the_schema_back(
    more: list[str], database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    up = MANY.replace("CONCURRENTLY", "") if more else MANY
    folder = migrations(m001_users=up, m002_comment=COMMENT)
    ran = cli("run", *more)
    assert ran.code == 0, ran.err
    assert ran.out.count("its rollback is derived from its statements") == 2
    assert "its rollback is derived from its statements" in cli("status").out
    for file in folder.iterdir():
        file.write_text("SELECT 1;")
    assert cli("rollback", "2").code == 0
    assert query("SELECT obj_description('users'::regclass)") == [(None,)]
    assert cli("rollback", "1").code == 0
    assert query("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [(0,)]
    assert query("SELECT to_regtype('mood')") == [(None,)]


def test_what_cannot_be_derived_is_said(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users="CREATE TABLE users (id int);", m002_gone="CREATE TABLE more (id int);\nDROP TABLE users;")
    ran = cli("run")
    assert ran.code == 0
    assert "no way back: migrations/002_gone.sql:2:1: " in ran.out
    refused = cli("rollback", "2")
    assert refused.code == 2
    assert "no way back: migrations/002_gone.sql:2:1: " in refused.err
    assert "pytest-migrations mark 002_gone.sql --rolled-back" in refused.err
