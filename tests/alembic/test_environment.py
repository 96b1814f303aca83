"""The project around the revisions: its env.py, its ini file, its connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.alembic.revisions import EMAIL, OWN_ENGINE, USERS, revision, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]


@pytest.mark.parametrize("template", ["generic", "async", "pyproject"])
def test_templates_as_they_are(pytester: pytest.Pytester, init: Project, template: str) -> None:
    init(template, a=USERS, b=EMAIL)
    result = run(pytester)
    result.assert_outcomes(passed=9)
    result.stdout.fnmatch_lines(["migrations: 2 in migrations/ (alembic)*", "migrations/versions/a.py .....*"])
    assert (pytester.path / "migrations/env.py").read_text().count("engine_from_config") == 2


def test_an_env_that_starts_a_loop_in_a_test_that_has_one(pytester: pytest.Pytester, init: Project) -> None:
    init("async", a=USERS, b=EMAIL)
    pytester.makepyfile(
        "import pytest\n\n@pytest.mark.asyncio\nasync def test_it(migrations_stepper, request):\n"
        "    migrations_stepper.apply_until('a2')\n    migrations_stepper.rollback()\n"
        "    request.getfixturevalue('migrations_database')\n"
    )
    run(pytester).assert_outcomes(passed=10)


@pytest.mark.parametrize("folder", [".", "migrations"])
def test_a_configuration_in_pyproject(pytester: pytest.Pytester, init: Project, folder: str) -> None:
    init("pyproject", a=USERS, b=EMAIL)
    result = pytester.runpytest(f"--migrations-dir={folder}", folder)
    result.assert_outcomes(passed=9)


def test_an_engine_of_its_own_reaches_our_database(pytester: pytest.Pytester, init: Project) -> None:
    init(env=OWN_ENGINE.format(url="postgresql+psycopg://prod.example.com/prod"), a=USERS, b=EMAIL)
    run(pytester).assert_outcomes(passed=9)


def test_another_kind_of_database_is_not_reached(pytester: pytest.Pytester, init: Project) -> None:
    init(env=OWN_ENGINE.format(url="sqlite:///other.db"), a=USERS, b=EMAIL)
    result = run(pytester, "-rs")
    result.assert_outcomes(passed=1, failed=1, skipped=7)
    result.stdout.fnmatch_lines(
        ["migrations/env.py:6:1: it fails with OtherDatabaseError: it connects to sqlite*", "*Sharing a Connection*"]
    )
    assert not (pytester.path / "other.db").exists()


@pytest.mark.parametrize(
    ("line", "told", "remedy"),
    [
        (
            "import psycopg2; psycopg2.connect('host=prod.example.com')",
            "OtherDatabaseError: it connects",
            "not reached",
        ),
        ("import psycopg; psycopg.connect('host=prod.example.com')", "OtherDatabaseError: it connects", "not reached"),
        (
            "import psycopg; psycopg.connect('postgresql://u:hunter2@prod.example.com')",
            "OtherDatabaseError: it connects",
            "not reached",
        ),
        ("from alembic.util import CommandError; raise CommandError('no')", "CommandError: no", "Alembic's own word"),
        ("import app_of_this_name", "ModuleNotFoundError: No module named 'app_of_this_name'", "prepend_sys_path"),
        ("import os; os.environ['NOT_SET']", "KeyError: 'NOT_SET'", "variable of the environment"),
        ("raise RuntimeError('Working outside of application context.')", "RuntimeError: Working", "app_context"),
        ("raise SystemExit(3)", "SystemExit: 3", "cookbook"),
        ("x = (", "SyntaxError: '(' was never closed", "cookbook"),
    ],
)
def test_an_env_that_cannot_run_is_told_once(
    pytester: pytest.Pytester, init: Project, line: str, told: str, remedy: str
) -> None:
    init(env=f"from alembic import context\n{line}\n", a=USERS, b=EMAIL)
    result = run(pytester)
    result.assert_outcomes(passed=1, failed=1, skipped=7)
    result.stdout.fnmatch_lines([f"migrations/env.py:2:1: it fails with {told}*", f"*{remedy}*"])
    assert "hunter2" not in result.stdout.str()


@pytest.mark.parametrize(
    ("calls", "told"), [("", "it calls context.run_migrations() nowhere"), ("context.run_migrations()\n" * 2, "once")]
)
def test_an_env_that_runs_no_step_or_two(pytester: pytest.Pytester, init: Project, calls: str, told: str) -> None:
    init(env=f"from alembic import context\ncontext.configure()\n{calls}", a=USERS)
    result = run(pytester)
    result.assert_outcomes(passed=1, failed=1, skipped=3)
    result.stdout.fnmatch_lines([f"*env.py*{told}*"])


def test_files_are_found_from_the_folder_of_the_ini_file(pytester: pytest.Pytester, init: Project) -> None:
    init(a=USERS, b=revision("b", "a1", 'op.execute(open("sql/b.sql").read())', "from app import undo; undo(op)"))
    (pytester.mkdir("sql") / "b.sql").write_text("CREATE TABLE b ()")
    (pytester.path / "app.py").write_text("def undo(op):\n    op.execute('DROP TABLE b')\n")
    elsewhere = pytester.mkdir("elsewhere")
    pytester.chdir()
    result = pytester.runpytest(f"--rootdir={elsewhere}", "--migrations-dir=migrations")
    result.assert_outcomes(passed=9)


@pytest.mark.parametrize("own", ["", "import logging.config\nlogging.config.dictConfig({'version': 1})\n"])
def test_logging_stays_as_it_was(pytester: pytest.Pytester, init: Project, own: str) -> None:
    folder = init(a=USERS)
    env = folder / "env.py"
    env.write_text(own + env.read_text())
    pytester.makepyfile(
        "import logging\n"
        "def test_log(caplog):\n    logging.getLogger('mine').warning('hello')\n    assert 'hello' in caplog.text\n"
    )
    pytester.makeconftest("import logging\nlogging.getLogger('mine')\n")
    run(pytester, "migrations", "test_logging_stays_as_it_was.py").assert_outcomes(passed=6)
