"""Where a seed that is written in Python says that it failed."""

from __future__ import annotations

import linecache
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.errors import Place, UserError
from pytest_migrations.failure import MigrationError
from pytest_migrations.migration import Migration
from pytest_migrations.rows.seeds.code import seeds_in_code
from pytest_migrations.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import psycopg

    from pytest_migrations.migration import History

SOURCE = """\
from functools import partial

def seed(c):
    c.execute("INSERT INTO t VALUES (1)")
    c.execute("INSERT INTO t VALUES (nonsense)")

def wrong(c):
    raise RuntimeError("no")

class Rows:
    def put_in(self, c):
        seed(c)

    def __call__(self, c):
        seed(c)

def more(d, c):
    seed(c)

def given():
    return {
        "text": "INSERT INTO t VALUES (1);\\nINSERT INTO t VALUES (nonsense)",
        "lines": '''
            INSERT INTO t VALUES (1);
            INSERT INTO t VALUES
              (nonsense);
        ''',
        "function": seed, "lambda": lambda c: c.execute("INSERT INTO t VALUES (nonsense)"),
        "method": Rows().put_in, "object": Rows(), "partial": partial(more, 1), "wrong": wrong, "builtin": print,
    }
"""


@pytest.fixture
def fail(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_history: Callable[..., History],
    connection: psycopg.Connection,
) -> Callable[[str], str]:
    """What is said of one of the seeds."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "conftest.py"
    path.write_text(SOURCE)
    linecache.checkcache()
    names: dict[str, Any] = {}
    exec(compile(SOURCE, str(path), "exec"), names)
    place = Place(path, SOURCE[: SOURCE.index("def given")].count("\n") + 1, 1, SOURCE)
    history = make_history(("CREATE TABLE t (x int)", None))
    connection.execute("CREATE TABLE t (x int)")

    def fail(which: str) -> str:
        (script,) = seeds_in_code(history, {1: names["given"]()[which]}, place, "the fixture").at(1)
        connection.execute("BEGIN")
        try:
            with pytest.raises(MigrationError) as caught:
                Runner(connection).apply_inside(Migration("1", "seed", script))
        finally:
            connection.execute("ROLLBACK")
        return str(caught.value)

    return fail


@pytest.mark.parametrize(
    ("which", "told"),
    [
        ("text", "conftest.py:20:1: column "),
        ("lines", "conftest.py:26:16: column "),
        ("function", "conftest.py:5:38: column "),
        ("method", "conftest.py:5:38: column "),
        ("object", "conftest.py:5:38: column "),
        ("partial", "conftest.py:5:38: column "),
        ("lambda", "conftest.py:28:"),
        ("wrong", "conftest.py:8:5: RuntimeError: no"),
    ],
)
def test_the_place(fail: Callable[[str], str], which: str, told: str) -> None:
    assert fail(which).startswith(told)


def test_a_text_that_is_put_together_is_shown(fail: Callable[[str], str]) -> None:
    assert "statement: INSERT INTO t VALUES (nonsense)" in fail("text")


def test_what_python_says_of_a_function_of_nobody(make_history: Callable[..., History], tmp_path: Path) -> None:
    place = Place(tmp_path / "conftest.py", 1, 1, "x")
    (script,) = seeds_in_code(make_history(("", None)), {"001": print}, place, "the fixture").at(1)
    assert str(script.start).endswith("conftest.py:1:1")


def test_a_long_value_is_cut(make_history: Callable[..., History], tmp_path: Path) -> None:
    place = Place(tmp_path / "conftest.py", 1, 1, "x")
    with pytest.raises(UserError) as caught:
        seeds_in_code(make_history(("", None)), list(range(1000)), place, "the fixture")
    assert len(str(caught.value)) < 400
