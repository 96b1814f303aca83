"""yoyo's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from tests.places import places

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_migrations.migration import History

    Read = Callable[..., History]


def names(history: History) -> list[str]:
    return [migration.name.removesuffix(".sql") for migration in history.migrations]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_file_and_its_rollback(history: Read, ends: str, mark: str) -> None:
    text = "-- é\n-- depends: base\n-- depends:  other\n\n-- transactional: False\nSELECT 1;\n-- depends: x\nSELECT 2"
    read = history(
        {
            "0002.a-b.sql": mark + text.replace("\n", ends),
            "0002.a-b.rollback.sql": "-- transactional: true\nSELECT 3; SELECT 4;",
            "base.sql": "",
            "other.sql": "-- transactional: true",
        }
    )
    assert (read.format, read.problems, read.notes) == ("yoyo", (), ())
    assert names(read) == ["base", "other", "0002.a-b"]
    migration = read.migrations[-1]
    assert (migration.version, migration.name) == ("0002", "0002.a-b.sql")
    assert migration.dependencies == ("base", "other")
    assert places(migration.up) == [("SELECT 1", "0002.a-b.sql:6:1"), ("SELECT 2", "0002.a-b.sql:8:1")]
    assert places(migration.down) == [
        ("SELECT 3", "0002.a-b.rollback.sql:2:1"),
        ("SELECT 4", "0002.a-b.rollback.sql:2:11"),
    ]
    assert migration.down is not None
    assert not migration.up.transactional
    assert not migration.down.transactional  # the file itself decides for both
    assert read.migrations[1].up.transactional


@pytest.mark.parametrize(
    ("depends", "order"),
    [
        ({"a": "", "b": "", "c": ""}, "abc"),
        ({"a": "c", "b": "", "c": ""}, "bca"),
        ({"a": "b c", "b": "c", "c": "", "d": ""}, "cbad"),
        ({"a": "d", "b": "", "c": "d", "d": ""}, "bdac"),
        ({"a-b": "", "a": ""}, ["a-b", "a"]),  # of the files' names, - comes before .
    ],
)
def test_order(history: Read, depends: Mapping[str, str], order: list[str] | str) -> None:
    files = {f"{name}.sql": f"-- depends: {others}\nSELECT 1;" for name, others in depends.items()}
    assert names(history(files)) == list(order)


@pytest.mark.parametrize(("depends", "circle"), [({"a": "b", "b": "a"}, {"a.sql", "b.sql"}), ({"a": "a"}, {"a.sql"})])
def test_a_circle(history: Read, depends: Mapping[str, str], circle: set[str]) -> None:
    with pytest.raises(UserError, match="leads back to itself: ") as caught:
        history({f"{name}.sql": f"-- depends: {others}" for name, others in depends.items()}, "yoyo")
    assert circle <= set(str(caught.value).replace(".sql.", ".sql").replace(":", "").split())
    assert "Take one of these dependencies out." in str(caught.value)


@pytest.mark.parametrize(
    ("files", "path", "what"),
    [
        ({"a.sql": "-- depends: b"}, "a.sql", "a.sql depends on b, which is not in the folder"),
        ({"a.sql": "-- transactional: no"}, "a.sql", "a.sql:1:1: yoyo stops here"),
        ({"a.sql": "-- why\n-- transactional: false "}, "a.sql", "a.sql:2:1: yoyo stops here"),
        ({"a.sql": "-- Transactional: false"}, "a.sql", "a.sql:1:1: yoyo passes over 'Transactional:'"),
        ({"a.sql": "", "b.rollback.sql": ""}, "b.rollback.sql", "b.rollback.sql rolls back nothing"),
        ({"a.sql": "", "a.py": ""}, "a.py", "a.py and a.sql are one migration to yoyo"),
        ({"a.sql": "", "b.SQL": ""}, "b.SQL", "b.SQL is not run"),
        ({"9_a.sql": "", "10_b.sql": ""}, "9_a.sql", "yoyo sorts versions as text"),
    ],
)
def test_problems(history: Read, files: dict[str, str], path: str, what: str) -> None:
    (problem,) = history(files, "yoyo").problems
    assert problem.path.name == path
    assert what in problem.message


def test_what_is_left_out_is_noted(history: Read) -> None:
    read = history(
        {
            "a.sql": "-- depends: b",
            "b.py": "",
            "__init__.py": "",
            "post-apply.sql": "SELECT 1;",
            "post-apply-2.py": "",
            "post-apply.rollback.sql": "",
        }
    )
    assert names(read) == ["a"]
    assert read.problems == ()
    hooks, python = read.notes
    assert python == "Only SQL is run here; left out are migrations in code: b.py."
    assert hooks.endswith(": post-apply.rollback.sql, post-apply.sql, post-apply-2.py.")


@pytest.mark.parametrize(
    ("format_name", "files"),
    [
        ("yoyo", {"1_a.sql": "-- depends:\n"}),
        ("yoyo", {"1_a.sql": "", "1_a.rollback.sql": ""}),
        ("ours", {"1_a.sql": "-- depends: the users\n"}),
        ("ours", {"1_a.sql": "SELECT 1;\n-- depends:\n"}),
        ("ours", {"1_a.sql": "-- Dependencies: users\n"}),
        ("pairs", {"1_a.up.sql": "", "1_a.down.sql": ""}),
    ],
)
def test_neighbours(history: Read, format_name: str, files: dict[str, str]) -> None:
    assert history(files).format == format_name


def test_it_is_proved(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    project(
        {
            "1_index.sql": "-- depends: 2_table\n-- transactional: false\nCREATE INDEX CONCURRENTLY i ON t (x);",
            "1_index.rollback.sql": "DROP INDEX CONCURRENTLY i;",
            "2_table.sql": "CREATE TABLE t (x int);",
            "2_table.rollback.sql": "DROP TABLE t;",
            "3_none.sql": "-- depends: 1_index\nCREATE TABLE u (x int);",
        }
    )
    pytester.runpytest("--migrations-dir=migrations").assert_outcomes(passed=10, skipped=3)
