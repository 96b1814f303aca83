"""Several workers give the verdicts of one process, whatever way the tests are dealt out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.projects import MIXED, WITH_ROLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]

DISTRIBUTIONS = [
    ["-n2", "--dist=load"],
    ["-n2", "--dist=loadfile"],
    ["-n3", "--dist=loadscope"],
    ["-n2", "--dist=worksteal", "-p", "randomly"],
    ["-n2", "--maxschedchunk=1"],
    ["-n2", "-p", "randomly"],
]


def outcomes(pytester: pytest.Pytester, *options: str) -> tuple[dict[str, str], dict[str, str]]:
    pytester.runpytest_subprocess("--migrations-dir=migrations", "--migrations-report=report.json", *options)
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
        "    server = session._servers._shared\n"
        "    if server:\n"
        "        with open('servers', 'a') as file:\n"
        "            file.write(str(server._started.home) + '\\n')\n"
    )
    _, server = outcomes(pytester, "-n2")
    assert server["kind"] == "embedded"
    homes = (pytester.path / "servers").read_text().split()
    assert len(homes) == 2
    assert len(set(homes)) == 1


@pytest.mark.parametrize("options", [["-p", "no:xdist"], ["-n4"], ["-n2", "--maxschedchunk=1"]], ids=" ".join)
@pytest.mark.parametrize("given", [False, True], ids=["embedded", "external"])
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
