from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.catalog.difference import compare, describe
from pytest_migrations.catalog.snapshot import take_snapshot
from tests.catalog.commands import CHAPTERS, chapter
from tests.catalog.dumps import difference, entries

if TYPE_CHECKING:
    import psycopg

    from tests.catalog.conftest import Server


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_change_is_seen_exactly_if_pg_dump_sees_it(
    server: Server, connection: psycopg.Connection[Any], name: str
) -> None:
    stage, changes = chapter(name, connection.info.server_version // 10000)
    for statement in stage:
        connection.execute(statement.encode())
    snapshot, dump = take_snapshot(connection), entries(server.dump(connection))
    wrong = []
    for statement in changes:
        connection.execute(statement.encode())
        now, text = take_snapshot(connection), entries(server.dump(connection))
        there, back = compare(snapshot, now), compare(now, snapshot)
        seen = not there.equal or bool(there.column_order)
        if seen is not (text != dump) or back.equal is not there.equal:
            wrong.append(f"{statement}\n  ours: {describe(there) or 'equal'}\n  pg_dump: {difference(dump, text)}")
        snapshot, dump = now, text
    assert not wrong, "\n\n".join(wrong)
