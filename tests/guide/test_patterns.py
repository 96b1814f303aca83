"""The safe patterns: all their SQL is one history, which is proved on tables with rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.formats import read_history
from pytest_migrations.runner import Runner
from tests.guide.text import CHAPTERS, blocks, our_commands

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from pytest_migrations.server.server import Database
    from tests.commands import Cli

ROWS = """
INSERT INTO users SELECT i, 'name ' || i, i || '@example.org' FROM generate_series(1, 1500) AS i;
INSERT INTO orders SELECT i, i, i, 'a note', 'open' FROM generate_series(1, 1500) AS i;
"""
COUNT = 21


@pytest.fixture
def patterns(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All migrations of the chapter in a folder: those that it shows, and between them the one that it has written."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "migrations"
    folder.mkdir()
    for text in blocks(CHAPTERS["Safe patterns"], "sql"):
        name = text.partition("\n")[0].removeprefix("-- ")
        number, there = int(name.partition("_")[0]), len(list(folder.iterdir()))
        if number == there + 2:
            (new,) = (words for words in our_commands() if "value=name" in words)
            assert cli(*new[1:]).code == 0
        (folder / name).write_text(text.replace("\n\n-- ROLLBACK", f"\n{ROWS}\n-- ROLLBACK") if number == 1 else text)
    assert [int(path.name.partition("_")[0]) for path in sorted(folder.iterdir())] == list(range(1, COUNT + 1))
    return folder


def test_they_are_proved(pytester: pytest.Pytester, given_server: None, patterns: Path) -> None:
    result = pytester.runpytest("-p", "no:randomly", f"--migrations-dir={patterns}")
    result.assert_outcomes(passed=4 * COUNT + 1)


def test_they_are_found_right_run_and_rolled_back(database: Database, cli: Cli, patterns: Path) -> None:
    assert cli("validate").code == 0
    assert cli("run").code == 0
    assert cli("rollback", "--to", "001").code == 0
    assert [each["state"] for each in cli("status", "--json").json["migrations"]] == [
        "applied",
        *(["rolled back"] * (COUNT - 1)),
    ]


def test_the_trigger_that_keeps_two_columns_the_same(connection: psycopg.Connection, patterns: Path) -> None:
    runner = Runner(connection)
    for migration in read_history(patterns).migrations[:14]:
        runner.apply(migration)
    connection.execute("UPDATE users SET email = 'x@example.org' WHERE id = 1")
    connection.execute("UPDATE users SET name = 'by an old program' WHERE id = 2")
    connection.execute("UPDATE users SET full_name = 'by a new one' WHERE id = 3")
    connection.execute("INSERT INTO users (id, name, email, phone) VALUES (9000, 'old', 'old@example.org', '1')")
    connection.execute("INSERT INTO users (id, full_name, email, phone) VALUES (9001, 'new', 'new@example.org', '1')")
    changed = "SELECT name, full_name FROM users WHERE id IN (1, 2, 3, 9000, 9001) ORDER BY id"
    expected = ["name 1", "by an old program", "by a new one", "old", "new"]
    assert connection.execute(changed).fetchall() == [(name, name) for name in expected]
    connection.execute("UPDATE users SET name = NULL WHERE id = 9000")
    connection.execute("UPDATE users SET full_name = NULL WHERE id = 9001")
    assert connection.execute(changed).fetchall()[3:] == [(None, None), (None, None)]
