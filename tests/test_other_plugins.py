"""Beside plugins and conftests that take every item for a function."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.projects import LEAKY, THREE

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.server.server import Server

    Project = Callable[..., Path]

RUN = "--migrations-dir=migrations"
CURIOUS = """
import pytest

@pytest.fixture(autouse=True)
def everywhere(request):
    yield

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        assert item.fixturenames is not None
        item.function, item.cls, item.module, item.obj
        item.add_marker(pytest.mark.curious)

def pytest_runtest_setup(item):
    assert item.get_closest_marker("curious")
"""


@pytest.fixture
def few_plugins(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them: that they get on is what is tested."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "--migrations-rows=0")


def test_a_conftest_that_reads_what_functions_have(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE)
    pytester.makeconftest(CURIOUS)
    pytester.makeini("[pytest]\nmarkers = curious")
    pytester.makepyfile("async def test_async(): pass\ndef test_plain(tmp_path): pass")
    result = pytester.runpytest(RUN, "-o", "asyncio_mode=auto", "--strict-markers")
    result.assert_outcomes(passed=15)
    pytester.runpytest(RUN, "-m", "curious", "-k", "roundtrip").assert_outcomes(passed=3, deselected=12)


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_randomly(pytester: pytest.Pytester, project: Project, seed: str) -> None:
    project({**THREE, "004_leaky.sql": LEAKY})
    pytester.runpytest(RUN, f"--randomly-seed={seed}").assert_outcomes(passed=15, failed=2)


def test_reruns(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_leaky.sql": LEAKY})
    result = pytester.runpytest(RUN, "--reruns=1", "-p", "no:randomly", "--migrations-report=report.json")
    assert result.parseoutcomes() == {"passed": 3, "failed": 2, "rerun": 2}
    assert (pytester.path / "report.json").read_text().count('"outcome"') == 5


def test_a_timeout_of_another_plugin_blocks_what_follows(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_sleep.sql": "SELECT pg_sleep(60);\n", "002_b.sql": "SELECT 1;\n"})
    result = pytester.runpytest_subprocess(RUN, "--timeout=5", "--timeout-method=signal", "-p", "no:randomly", "-rfs")
    result.assert_outcomes(passed=1, failed=1, skipped=7)
    result.stdout.fnmatch_lines(["FAILED migrations/001_sleep.sql::apply*Timeout (>5.0s)*"])
    result.stdout.fnmatch_lines(["SKIPPED*: 001_sleep.sql does not apply"])


SLOW = "import time\n\ndef pytest_migrations_prepare():\n    time.sleep(30)\n"
SLOW_SERVER = """
import time
from pytest_migrations.server.server import Server

start = Server.start_or_join
Server.start_or_join = lambda *arguments: time.sleep(30)

def pytest_unconfigure():
    Server.start_or_join = start
"""


@pytest.mark.parametrize(
    ("conftest", "options", "said"),
    [
        (SLOW, ["-n1"], "conftest.py:4:5: the hook pytest_migrations_prepare failed: Timeout (>4.0s)*"),
        (SLOW_SERVER, [], "No server was ready when this came: Timeout (>4.0s)*"),
    ],
    ids=["hook", "server"],
)
def test_a_timeout_while_the_server_starts_fails_the_check(
    pytester: pytest.Pytester, project: Project, conftest: str, options: list[str], said: str
) -> None:
    project(THREE)
    pytester.makeconftest(conftest)
    result = pytester.runpytest_subprocess(RUN, "--timeout=4", "--timeout-method=signal", "-p", "no:randomly", *options)
    result.assert_outcomes(passed=1, failed=1, skipped=11)
    result.stdout.fnmatch_lines([said, "FAILED migrations/001_users.sql::apply*"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert "src/pytest_migrations" not in result.stdout.str()


def test_a_timeout_of_another_plugin_costs_one_test_its_database(
    pytester: pytest.Pytester, project: Project, server: Server
) -> None:
    project(THREE)
    tests = """
import psycopg, pytest

def test_first(migrations_database): pass

@pytest.mark.timeout(2, method="signal")
def test_slow(request):
    with psycopg.connect({dsn!r}) as other:
        other.execute("LOCK TABLE pg_database IN SHARE MODE")
        request.getfixturevalue("migrations_database")

def test_next(migrations_database): pass
"""
    with server.connect_admin() as admin:
        pytester.makepyfile(test_it=tests.format(dsn=f"host={admin.info.host} user={admin.info.user} dbname=postgres"))
    result = pytester.runpytest_subprocess(RUN, "test_it.py", "-p", "no:randomly", "-rfs")
    result.assert_outcomes(passed=2 + 13, failed=1)
    result.stdout.fnmatch_lines(["FAILED *::test_slow - Failed: Timeout (>2.0s)*"])


NOTES_ITS_RUN = """
def pytest_sessionstart(session):
    run = session.config.pluginmanager.get_plugin("migrations_session").reserve_run_folder()
    with open("run", "w") as file:
        file.write(str(run))
"""


def test_a_timeout_that_kills_pytest_leaves_no_server(
    pytester: pytest.Pytester, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_MIGRATIONS_SERVER")
    project({"001_sleep.sql": "SELECT pg_sleep(60);\n"})
    pytester.makeconftest(NOTES_ITS_RUN)
    result = pytester.runpytest_subprocess(
        RUN, "--migrations-server=embedded", "--timeout=2", "--timeout-method=thread"
    )
    assert result.ret != 0
    run = Path((pytester.path / "run").read_text())
    deadline = time.monotonic() + 15
    while run.exists():
        assert time.monotonic() < deadline, list(run.iterdir())
        time.sleep(0.05)


@pytest.mark.parametrize(
    "options", [["--cov=."], ["-p", "no:logging"], ["--import-mode=importlib"], ["-p", "no:faulthandler"]], ids=" ".join
)
def test_options_of_others(pytester: pytest.Pytester, project: Project, options: list[str]) -> None:
    project(THREE)
    pytester.runpytest(RUN, *options).assert_outcomes(passed=13)
