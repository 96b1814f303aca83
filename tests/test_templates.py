"""What the fixtures' templates start and make is left by nobody: not while the run goes on, and not after it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.interrupting import interrupt_once_it_waits
from tests.projects import BROKEN, HIDDEN_ROLE, ROLES, USERS
from tests.server.conftest import processes_of
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

if TYPE_CHECKING:
    from collections.abc import Callable

    Project = Callable[..., Path]

CONFTEST = """
import pathlib, pytest

@pytest.fixture(scope="session")
def run_folder(request):
    folder = request.config.pluginmanager.get_plugin("migrations_session").reserve_run_folder()
    pathlib.Path("run").write_text(str(folder))
    return folder

@pytest.fixture
def servers(run_folder):
    return lambda: len([*run_folder.glob("pg*")])

@pytest.fixture
def databases(migrations_server):
    def count():
        with migrations_server.connect_admin() as admin:
            return admin.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'pytest%'").fetchone()[0]
    return count
"""


@pytest.fixture
def run(
    pytester: pytest.Pytester, project: Project, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., pytest.RunResult]:
    """Run tests on servers that pytest starts; none of them is left."""

    def run_tests(tests: str, history: dict[str, str], *options: str) -> pytest.RunResult:
        monkeypatch.setenv("PYTEST_MIGRATIONS_SERVER", "embedded")
        project(history)
        pytester.makeconftest(CONFTEST)
        pytester.makepyfile(test_it=f"import pathlib, pytest, time\n\n{tests}")
        pytester.makeini("[pytest]\nmigrations_dir = migrations\nasyncio_default_fixture_loop_scope = function\n")
        result = pytester.runpytest("test_it.py", "-p", "no:randomly", *options)
        if "--collect-only" not in options:
            assert nothing_is_left(pytester.path)
        return result

    return run_tests


def nothing_is_left(project: Path) -> bool:
    folder = Path((project / "run").read_text())
    return until(lambda: not folder.exists() and not processes_of(folder))


@pytest.mark.parametrize("makes", [ROLES, HIDDEN_ROLE], ids=["named", "hidden"])
def test_a_history_that_fails_leaves_no_server(run: Callable[..., pytest.RunResult], makes: str) -> None:
    tests = """
def test_fails(servers, migrations_connection): pass
def test_is_skipped(servers, migrations_stepper): migrations_stepper.apply_until("002")
@pytest.mark.migrations(at="003")
def test_steps_fail(servers, migrations_stepper): pass
def test_none_is_left(servers): assert servers() == SHARED
"""
    history = {"001_users.sql": USERS, "002_roles.sql": makes, "003_broken.sql": BROKEN}
    result = run(tests.replace("SHARED", str(int(makes is HIDDEN_ROLE))), history)
    result.assert_outcomes(passed=2, errors=1, skipped=1)
    result.stdout.fnmatch_lines(['migrations/003_broken.sql:1:19: type "nothing" does not exist*'])


def test_a_history_that_fails_leaves_no_database(run: Callable[..., pytest.RunResult]) -> None:
    tests = """
def test_fails(run_folder, migrations_connection): pass
@pytest.mark.migrations(at="001")
def test_before(migrations_connection): pass
def test_of_those_only(databases):
    deadline = time.monotonic() + 10
    while databases() > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert databases() == 1
"""
    run(tests, {"001_users.sql": USERS, "002_broken.sql": BROKEN}).assert_outcomes(passed=2, errors=1)


def test_a_hook_that_fails_leaves_no_server(pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]) -> None:
    tests = """
def test_fails(servers, migrations_stepper): pass
def test_none_is_left(servers): assert servers() == 0
"""
    (pytester.path / "plugin.py").write_text(
        "def pytest_migrations_prepare(connection):\n    connection.execute('nonsense')\n"
    )
    pytester.syspathinsert()
    result = run(tests, {"001_roles.sql": ROLES}, "-p", "plugin")
    result.assert_outcomes(passed=1, errors=1)


def test_an_interrupt_leaves_no_server(pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]) -> None:
    tests = """
def test_waits(run_folder, migrations_stepper, migrations_connection):
    pathlib.Path("waits").touch()
    time.sleep(60)
"""
    run(tests, {"001_roles.sql": ROLES}, "--collect-only")
    interrupt_once_it_waits(pytester)
    assert nothing_is_left(pytester.path)
