"""dbmate's marked sections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History, Migration, Script

    Read = Callable[..., History]


def places(script: Script | None) -> list[tuple[str, int]]:
    assert script is not None
    return [(statement.text, statement.place.line) for statement in statements(script)]


@pytest.fixture
def one(history: Read) -> Callable[[str], Migration]:
    def read(text: str) -> Migration:
        (migration,) = history({"20240101_a.sql": text}, "dbmate").migrations
        return migration

    return read


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_sections(one: Callable[[str], Migration], ends: str) -> None:
    text = "-- why\n\n-- migrate:up\nCREATE TABLE a ();\nSELECT 'é'\n\n-- migrate:down\nDROP TABLE a;\n"
    migration = one(text.replace("\n", ends))
    assert (migration.version, migration.name) == ("20240101", "20240101_a.sql")
    assert places(migration.up) == [("CREATE TABLE a ()", 4), ("SELECT 'é'", 5)]
    assert places(migration.down) == [("DROP TABLE a", 8)]
    assert migration.up.transactional


def test_several_pairs_run_in_the_order_of_the_file_both_ways(one: Callable[[str], Migration]) -> None:
    migration = one(
        "-- migrate:up\nSELECT 1\n-- migrate:down\nSELECT 2\n"
        "--migrate:up transaction:false\nSELECT 3\n-- migrate:down x:y\nSELECT 4"
    )
    assert places(migration.up) == [("SELECT 1", 2), ("SELECT 3", 6)]
    assert places(migration.down) == [("SELECT 2", 4), ("SELECT 4", 8)]
    assert not migration.up.transactional
    assert migration.down is not None
    assert migration.down.transactional


def test_an_empty_down_is_a_rollback_of_nothing(one: Callable[[str], Migration]) -> None:
    assert places(one("-- migrate:up\nSELECT 1;\n-- migrate:down").down) == []


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("SELECT 1;", "1:1", "no '-- migrate:up'"),
        ("\n SELECT 1;\n-- migrate:up\n-- migrate:down\n", "2:2", "SQL before"),
        ("-- migrate:up\nSELECT 1;", "1:1", "without a '-- migrate:down' behind it"),
        ("-- migrate:down\n-- migrate:up\n", "1:1", "without a '-- migrate:up' before it"),
        ("-- migrate:up\n-- migrate:down\n-- migrate:down\n", "3:1", "without a '-- migrate:up' before it"),
        ("-- migrate:up\n-- migrate:up\n-- migrate:down\n", "2:1", "a second '-- migrate:up'"),
        ("-- migrate:upwards\n", "1:1", "no '-- migrate:up'"),
        (" -- migrate:up\n", "1:1", "no '-- migrate:up'"),
    ],
)
def test_mistakes(one: Callable[[str], Migration], text: str, place: str, what: str) -> None:
    with pytest.raises(UserError) as caught:
        one(text)
    first = str(caught.value).splitlines()[0]
    assert f"20240101_a.sql:{place}: " in first
    assert what in first


def test_names_and_order(history: Read) -> None:
    empty = "-- migrate:up\n-- migrate:down\n"
    read = history(dict.fromkeys(["10_a.sql", "9_b.sql", "9-c.sql", "2024.sql", "x.sql"], empty))
    assert [(m.version, m.name) for m in read.migrations] == [
        ("10", "10_a.sql"),
        ("2024", "2024.sql"),
        ("9", "9-c.sql"),
        ("9", "9_b.sql"),
    ]
    assert [problem.path.name for problem in read.problems] == ["9_b.sql", "9-c.sql", "x.sql"]
    assert "sorts versions as text" in read.problems[1].message
