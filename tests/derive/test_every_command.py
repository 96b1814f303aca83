"""Every form of CREATE, ALTER, COMMENT and GRANT: it is undone exactly, or said to be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.catalog.snapshot import take_snapshot
from tests.catalog.commands import CHAPTERS, chapter
from tests.catalog.dumps import difference, entries
from tests.derive.conftest import applied, tried

if TYPE_CHECKING:
    import psycopg

    from tests.catalog.conftest import Server

#: Of these so many, or fewer, are not undone (the rest is dropped, converted, secret, or of the whole server).
_MISSING = {"tables": 23, "indexes_and_views": 15, "routines_and_types": 25, "the_rest": 38}


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_whole_way_back_restores_the_schema(connection: psycopg.Connection[Any], name: str) -> None:
    stage, changes = chapter(name, connection.info.server_version // 10000)
    for statement in stage:
        connection.execute(statement.encode())
    wrong, missing = [], []
    snapshot = take_snapshot(connection)
    for statement in changes:
        trial = tried(connection, statement, snapshot)
        missing += [f"{statement}: {reason}" for reason in trial.reasons[:1]]
        if trial.wrong and not trial.derived.missing:
            wrong.append(f"{statement}\n{trial.sql}\n{trial.wrong}")
        connection.execute("begin")
        connection.execute(statement.encode())
        snapshot = take_snapshot(connection, since=snapshot)
        connection.execute("commit")
    assert not wrong, "\n\n".join(wrong)
    assert len(missing) <= _MISSING[name], "\n".join(missing)


def test_pg_dump_sees_the_same_schema(server: Server, connection: psycopg.Connection[Any]) -> None:
    connection.execute("create table t (id int primary key, a text); create view v as select id from t")
    before = entries(server.dump(connection))
    derived = applied(
        connection,
        """
        create type mood as enum ('sad', 'glad');
        alter table t add column mood mood not null default 'glad', alter column a set not null;
        alter table t rename column a to name;
        create unique index on t (lower(name));
        create or replace view v as select id, mood from t;
        comment on table t is 'Things';
        grant select on t, v to reader;
        create function touch() returns trigger language plpgsql as 'begin return new; end';
        create trigger touch before update on t for each row execute function touch();
        """,
    )
    assert not derived.missing
    assert entries(server.dump(connection)) != before
    connection.execute(derived.sql.encode())
    assert not difference(before, entries(server.dump(connection)))
