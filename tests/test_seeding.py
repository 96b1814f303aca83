"""The fixture ``migrations_seeds``, as a check asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]

#: Asks for the seeds of each check's history, in place of the trial, and prints what it gets.
SPY = """
import pytest
from pytest_migrations.collection import CheckItem
from pytest_migrations.errors import UserError
from pytest_migrations.runner import Runner
from pytest_migrations.migration import Migration
from pytest_migrations.seeding import seeds_of

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    if isinstance(item, CheckItem):
        try:
            scripts = seeds_of(item, None).scripts
        except UserError as error:
            print(f"\\nREFUSED {item.path.parent.name}: {error}")
        else:
            seeds = {at: [(s.path.name, s.start.line, s.text) for s in some] for at, some in scripts.items()}
            print(f"\\nSEEDS {item.path.parent.name}: {seeds}")
        assert not hasattr(item, "_fixtureinfo")
"""
RUN = ("-p", "spy", "-s", "-k", "history", "--migrations-dir=migrations")
OVERRIDE = "import pytest\n\n@pytest.fixture(scope='session')\ndef migrations_seeds():\n    return "
ONE = OVERRIDE + "{1: 'SELECT 1'}\n"
SEED = "{1: [('conftest.py', 5, 'SELECT 1')]}"


@pytest.fixture
def run(pytester: pytest.Pytester, project: Project) -> Callable[..., list[str]]:
    """What is said of seeds in a run with this conftest.py; the folder has two migrations."""
    pytester.makepyfile(spy=SPY)
    pytester.syspathinsert()

    def run(conftest: str, *arguments: str, folder: str = "") -> list[str]:
        project({"001_a.sql": "CREATE TABLE a (x int);\n", "002_b.sql": "CREATE TABLE b ();\n"})
        (pytester.path / folder / "conftest.py").write_text(conftest)
        result = pytester.runpytest(*(arguments or RUN))
        assert result.ret == pytest.ExitCode.OK
        return [line for line in result.outlines if line.startswith(("SEEDS", "REFUSED"))]

    return run


def test_sql_has_its_place(run: Callable[..., list[str]]) -> None:
    assert run(OVERRIDE + "{'1': 'SELECT 1', '002_b': '''\n  SELECT\n'''}\n") == [
        "SEEDS migrations: {1: [('conftest.py', 5, 'SELECT 1')], 2: [('conftest.py', 6, '\\n  SELECT\\n')]}"
    ]


def test_a_function_has_its_place(run: Callable[..., list[str]]) -> None:
    assert run("import functools\n\ndef seed(d, c): pass\n" + OVERRIDE + "{2: functools.partial(seed, 1)}\n") == [
        "SEEDS migrations: {2: [('conftest.py', 3, '')]}"
    ]


def test_text_that_does_not_stand_there_has_the_place_of_the_fixture(run: Callable[..., list[str]]) -> None:
    assert run(OVERRIDE + "{'1': ' '.join(['SELECT', '1'])}\n") == ["SEEDS migrations: {1: [('conftest.py', 3, '')]}"]


def test_files_come_first(run: Callable[..., list[str]], project: Project) -> None:
    (project({}) / "seeds").mkdir()
    project({"1.sql": "SELECT 0"}, "migrations/seeds")
    assert run(ONE) == ["SEEDS migrations: {1: [('1.sql', 1, 'SELECT 0'), ('conftest.py', 5, 'SELECT 1')]}"]


def test_without_an_override_nothing_is_asked_for(run: Callable[..., list[str]]) -> None:
    assert run("import pytest\n\n@pytest.fixture(autouse=True)\ndef never():\n    1 / 0\n") == ["SEEDS migrations: {}"]


def test_one_that_extends_another_and_asks_for_others(run: Callable[..., list[str]], project: Project) -> None:
    more = "\n@pytest.fixture(scope='session')\ndef more(request, tmp_path_factory):\n    return 'SELECT 2'\n"
    extended = OVERRIDE.replace("():", "(migrations_seeds, more):") + "{**migrations_seeds, 2: more}\n"
    project({"conftest.py": extended})
    # Neither text stands in the conftest.py that gives it.
    assert run(ONE + more) == ["SEEDS migrations: {1: [('conftest.py', 3, '')], 2: [('conftest.py', 3, '')]}"]


def test_one_without_a_scope(run: Callable[..., list[str]]) -> None:
    conftest = ONE.replace("(scope='session')", "").replace("():", "(tmp_path, request):")
    assert run(conftest) == [f"SEEDS migrations: {SEED}"]


@pytest.mark.parametrize("folder", ["", "db", "db/migrations"])
def test_a_conftest_above_the_folder_or_in_it(run: Callable[..., list[str]], project: Project, folder: str) -> None:
    project({"001_a.sql": "CREATE TABLE a ();\n"}, "db/migrations")
    assert run(ONE, *RUN[:-1], "--migrations-dir=db/migrations", folder=folder) == [f"SEEDS migrations: {SEED}"]


def test_a_folder_outside_of_rootdir(
    run: Callable[..., list[str]], project: Project, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.mkdir("inner")
    monkeypatch.chdir(pytester.path / "inner")
    arguments = [*RUN[:-1], "--migrations-dir=../migrations", "--rootdir=."]
    assert run(ONE, *arguments, folder="migrations") == [f"SEEDS migrations: {SEED}"]


def test_each_folder_has_its_own(run: Callable[..., list[str]], project: Project) -> None:
    project({"001_a.sql": "CREATE TABLE a ();\n", "conftest.py": ONE.replace("SELECT 1", "SELECT 2")}, "other")
    told = run(ONE, *RUN, "--migrations-dir=other", folder="migrations")
    assert sorted(told) == [f"SEEDS migrations: {SEED}", f"SEEDS other: {SEED.replace('SELECT 1', 'SELECT 2')}"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("['x']", "conftest.py:3:1: the fixture migrations_seeds gave ['x']"),
        ("None", "conftest.py:3:1: the fixture migrations_seeds gave None"),
        (
            "{'9': 'x'}",
            "the fixture migrations_seeds has a seed for '9', and there is no migration '9'; the first is 001",
        ),
        ("{'1': 'x', 1: 'y'}", "the fixture migrations_seeds has two seeds for 001_a.sql"),
        ("{'1': 5}", "the fixture migrations_seeds has for '1' 5"),
        ("{'1': None}", "the fixture migrations_seeds has for '1' None"),
        ("{'1': 'a\\0b'}", "the fixture migrations_seeds has for '1' a text with a NUL character"),
        ("{'1': '\\x5ci more.sql'}", "the fixture migrations_seeds has for '1' what no server runs: the psql meta"),
        ("{'1': lambda: 0}", "the fixture migrations_seeds has for '1' a function that cannot be called: too many"),
        ("1 / 0", "conftest.py:5:5: the fixture migrations_seeds failed: ZeroDivisionError: division by zero"),
        ("pytest.fail('no')", "conftest.py:5:5: the fixture migrations_seeds failed: no"),
        ("pytest.skip('no')", "conftest.py:5:5: the fixture migrations_seeds failed: Skipped: no"),
    ],
)
def test_what_cannot_be_meant(run: Callable[..., list[str]], given: str, told: str) -> None:
    (refused,) = run(OVERRIDE + given + "\n")
    assert told in refused


def test_what_is_async(run: Callable[..., list[str]]) -> None:
    (refused,) = run(OVERRIDE + "{1: seed}\n\nasync def seed(c):\n    pass\n")
    assert "has for 1 what is async, and would never be awaited" in refused


def test_another_scope(run: Callable[..., list[str]]) -> None:
    (refused,) = run(OVERRIDE.replace("session", "module") + "{}\n")
    assert "conftest.py:3:1: the fixture migrations_seeds is asked for once in a run, not for a module" in refused


def test_a_fixture_that_there_is_not(run: Callable[..., list[str]]) -> None:
    (refused,) = run(OVERRIDE.replace("():", "(nowhere):") + "{}\n")
    assert (
        "conftest.py:3:1: the fixture migrations_seeds asks for nowhere, and there is no such fixture here" in refused
    )


def test_a_seed_that_ends_the_test(run: Callable[..., list[str]], pytester: pytest.Pytester) -> None:
    """What pytest raises for it is no Exception, which nobody would catch."""
    calls = (
        "\n            for at in scripts:\n                scripts[at][0].program.run(None)\n        except UserError"
    )
    pytester.makepyfile(spy=SPY.replace("\n        except UserError", calls))
    (refused,) = run("import pytest\n\ndef seed(c):\n    pytest.skip('no')\n\n" + OVERRIDE + "{1: seed}\n")
    assert "conftest.py:4:5: the seed of the fixture migrations_seeds failed: Skipped: no" in refused
