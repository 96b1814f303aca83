from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.catalog.kinds import KINDS
from pytest_migrations.catalog.kinds.kind import Kind, Reader

if TYPE_CHECKING:
    import psycopg


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_reads_all_objects_or_only_some(connection: psycopg.Connection[Any], kind: Kind) -> None:
    reader = Reader(connection.info.server_version // 10000, superuser=True)
    cursor = connection.execute(kind.sql(reader).encode())
    assert cursor.description is not None
    names = [column.name for column in cursor.description]
    assert names[: 3 if kind.parts else 2] == [*(["relation"] if kind.parts else []), "kind", "name"]
    assert len(set(names)) == len(names)
    if "-- only" in kind.query:
        some = kind.sql(reader, only=True).replace("$1", "%s::oid[]").encode()
        assert connection.execute(some.replace(b"%s", b"'{}'")).fetchall() == []


@pytest.mark.parametrize("version", [14, 15, 16, 17, 18])
@pytest.mark.parametrize("superuser", [True, False])
def test_a_query_holds_no_line_that_another_reader_needs(version: int, *, superuser: bool) -> None:
    kind = Kind(
        "examples",
        """
        all
        new -- from 16
        old -- until 15
        between -- from 15, until 16
        mine -- superuser
        theirs -- not superuser
        some -- only
        """,
    )
    expected = ["all", "new" if version >= 16 else "old", *(["between"] if version in {15, 16} else [])]
    lines = kind.sql(Reader(version, superuser)).split("\n")
    said = [line.partition("--")[0].strip() for line in lines if line.strip()]
    assert said == [*expected, "mine" if superuser else "theirs"]
