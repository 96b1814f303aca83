"""``test``: pytest on the folder that the command line knows, with the exit codes of the command line."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.projects import EMAIL, LEAKY, THREE, USERS

if TYPE_CHECKING:
    from collections.abc import Callable

    Project = Callable[..., Path]

COMMAND = (sys.executable, "-m", "pytest_migrations", "test", "-q", "-p", "no:randomly")


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.run(*COMMAND, *arguments)


def test_the_migrations_and_nothing_else(pytester: pytest.Pytester, project: Project) -> None:
    """What testpaths has would run beside them, and what warns would fail."""
    project(THREE)
    pytester.makepyfile(test_other="def test_fails():\n    assert False")
    pytester.makeini("[pytest]\ntestpaths = .\nfilterwarnings =\n    error::pytest.PytestAssertRewriteWarning")
    result = run(pytester)
    result.assert_outcomes(passed=13)
    assert result.ret == 0
    run(pytester, "migrations/002_email.sql::apply").assert_outcomes(passed=1)
    both = run(pytester, "test_other.py")
    both.assert_outcomes(passed=13, failed=1)
    assert both.ret == 1


def test_what_the_command_line_knows(pytester: pytest.Pytester, project: Project) -> None:
    project({"V1__a.sql": "CREATE TABLE ${name} ();\n", "V2__b.sql": "CREATE TABLE ${other}_b ();\n"}, "db")
    pytester.makepyprojecttoml(
        "[tool.pytest-migrations]\ndir = 'db'\nformat = 'flyway'\nplaceholders = {name = 'x', other = 'y'}\n"
    )
    result = run(pytester)
    result.assert_outcomes(passed=3, skipped=6)
    result.stdout.fnmatch_lines(["migrations: 2 in db/ (flyway)"])


def test_a_failure(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_users.sql": USERS, "002_leaky.sql": LEAKY, "003_email.sql": EMAIL})
    result = run(pytester)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["FAILED migrations/002_leaky.sql::roundtrip*"])


def test_what_could_not_be_tried(pytester: pytest.Pytester, project: Project) -> None:
    result = run(pytester, "--dir=none")
    assert result.ret == 2
    result.stderr.fnmatch_lines(["none: no such folder. Name the folder that holds the migrations in --dir."])
    project(THREE)
    assert run(pytester, "-k", "nothing").ret == 2
    assert run(pytester, "--nonsense").ret == 2


def test_a_module_that_cannot_be_imported_is_no_interruption(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE)
    pytester.makepyfile(test_broken="import nothing")
    assert run(pytester, "test_broken.py").ret == 2


def test_an_interruption(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_a.sql": "SELECT pg_sleep(60);\n"})
    pytester.makeconftest(
        "def pytest_migrations_prepare(connection, folder):\n    (folder.parent / 'waits').write_text('')"
    )
    process = pytester.popen(COMMAND, stdin=subprocess.DEVNULL)
    while not (pytester.path / "waits").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
