"""Several workers give the verdicts of one process, whatever way the tests are dealt out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.projects import EMAIL, MIXED, USERS, WITH_ROLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]

DISTRIBUTIONS = [
    ["-n3", "--dist=loadscope"],
    ["-n2", "--dist=worksteal", "-p", "randomly"],
    ["-n2", "--dist=load", "--maxschedchunk=1"],
]


def outcomes(pytester: pytest.Pytester, *options: str) -> tuple[dict[str, str], dict[str, str]]:
    pytester.runpytest("--migrations-dir=migrations", "--migrations-report=report.json", *options)
    report = json.loads((pytester.path / "report.json").read_text())
    return {result["id"]: result["outcome"] for result in report["results"]}, report["server"]


@pytest.mark.parametrize("options", DISTRIBUTIONS, ids=" ".join)
def test_verdicts_are_those_of_one_process(pytester: pytest.Pytester, project: Project, options: list[str]) -> None:
    project(MIXED)
    alone, _ = outcomes(pytester, "-p", "no:xdist", "-p", "no:randomly")
    together, server = outcomes(pytester, *options)
    assert together == alone
    assert list(alone.values()).count("failed") == 4
    assert server["kind"] == "external"


def test_one_server_for_all_workers(
    pytester: pytest.Pytester, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_MIGRATIONS_SERVER")
    project(MIXED)
    (pytester.path / "conftest.py").write_text(
        "import os\n"
        "def pytest_unconfigure(config):\n"
        "    session = config.pluginmanager.get_plugin('migrations_session')\n"
        "    server = session.servers._shared\n"
        "    if server:\n"
        "        with open('servers', 'a') as file:\n"
        "            file.write(str(server._started.home) + '\\n')\n"
    )
    _, server = outcomes(pytester, "-n2")
    assert server["kind"] == "embedded"
    homes = (pytester.path / "servers").read_text().split()
    assert len(homes) == 2
    assert len(set(homes)) == 1


@pytest.mark.parametrize(
    ("given", "options"),
    [
        (False, ["-p", "no:xdist"]),
        (False, ["-n4"]),
        (True, ["-p", "no:xdist"]),
        (True, ["-n2", "--maxschedchunk=1"]),
    ],
    ids=["embedded", "embedded -n4", "external", "external -n2"],
)
def test_a_history_that_makes_roles(
    pytester: pytest.Pytester,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    given: bool,
) -> None:
    if not given:
        monkeypatch.delenv("PYTEST_MIGRATIONS_SERVER")
    project(WITH_ROLES)
    results, _ = outcomes(pytester, *options)
    failed = [identifier for identifier, outcome in results.items() if outcome != "passed"]
    assert sorted(failed) == ["migrations/004_leaked.sql::reapply", "migrations/004_leaked.sql::roundtrip"]


#: In the process that has its checks the first migration applies, and in the other it takes too long.
MOODY = """
from pytest_migrations.runner import Runner

has_its_checks = False
apply = Runner.apply

def pytest_runtest_logstart(nodeid):
    global has_its_checks
    has_its_checks |= nodeid.startswith("migrations/001_slow.sql::")

def moody(self, migration, **options):
    if migration.name == "001_slow.sql" and not has_its_checks:
        self._timeout = 0.001
    return apply(self, migration, **options)

Runner.apply = moody
"""


def test_a_migration_that_fails_only_in_some_process_is_not_hidden_by_skips(
    pytester: pytest.Pytester, project: Project
) -> None:
    """Its own checks pass where it applied; where it did not, those of the later ones would all be skipped."""
    slow = "SELECT pg_sleep(0.1);\nCREATE TABLE slow ();\n-- ROLLBACK:\n-- DROP TABLE slow;\n-- END ROLLBACK\n"
    project({"001_slow.sql": slow, "002_users.sql": USERS, "003_email.sql": EMAIL})
    pytester.makeconftest(MOODY)
    result = pytester.runpytest("--migrations-dir=migrations", "-n2", "--dist=loadfile", "-p", "no:randomly")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    outcomes = result.parseoutcomes()
    assert not {"failed", "errors"} & set(outcomes)
    assert outcomes["skipped"] >= 4
    result.stdout.fnmatch_lines(
        [
            "migrations/001_slow.sql::apply passed in one process and failed in another, which skipped * for it:",
            "*001_slow.sql does not apply*",
            "*longer than 0.001 s*",
        ]
    )
