"""``--migrations-report`` from outside: each kind, several at once, over all workers, after reruns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.projects import BROKEN, FAILING_ROLLBACK, LEAKY, LEAKY_GUARDED, MIXED, THREE, USERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]

RUN = "--migrations-dir=migrations"
REPORTS = ("--migrations-report=out/a.json", "--migrations-report=out/a.md", "--migrations-report=out/a.SARIF")

PAIR = {"001_a.up.sql": "CREATE TABLE a ();", "001_a.down.sql": "SELECT 1;\nDROP TABLE b;"}
EMPTY_PAIR = {"001_a.up.sql": "CREATE TABLE a ();", "001_a.down.sql": "\n"}
TWINS = {"001_a.sql": USERS, "001_b.sql": USERS}


def failed(pytester: pytest.Pytester, file: str = "out/a.json") -> list[dict[str, Any]]:
    results = json.loads((pytester.path / file).read_text())["results"]
    return [result for result in results if result["outcome"] == "failed"]


def test_the_report_for_programs(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_users.sql": USERS, "002_leaky.sql": LEAKY_GUARDED})
    pytester.runpytest(RUN, *REPORTS)
    report = json.loads((pytester.path / "out/a.json").read_text())
    assert report["server"]["kind"] == "external"
    assert report["contradictions"] == []
    assert [result["outcome"] for result in report["results"]].count("passed") == 8
    (result,) = failed(pytester)
    (difference,) = result.pop("differences")
    assert (difference["kind"], difference["name"], difference["change"]) == ("table", "public.b", "left behind")
    assert result.pop("seconds") > 0
    assert result.pop("reason").startswith("The rollback leaves the schema different in 1 place:\n")
    assert result == {
        "id": "migrations/002_leaky.sql::roundtrip",
        "folder": "migrations",
        "migration": "002_leaky.sql",
        "check": "roundtrip",
        "outcome": "failed",
        "headline": "2:1: left behind: table public.b",
        "findings": ["left behind: table public.b"],
        "file": "migrations/002_leaky.sql",
        "line": 2,
        "column": 1,
        "column_order": [],
        "warning": "",
        "rows": None,
    }


def test_several_at_once_say_the_same(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_é,b:c%.sql": LEAKY, "002_broken.sql": BROKEN})
    pytester.runpytest(RUN, *REPORTS)
    ids = {result["id"] for result in failed(pytester)}
    assert len(ids) == 3
    assert "migrations/001_é,b:c%.sql::roundtrip" in ids
    sarif = json.loads((pytester.path / "out/a.SARIF").read_text())
    assert {result["partialFingerprints"]["check/v1"] for result in sarif["runs"][0]["results"]} == ids
    markdown = (pytester.path / "out/a.md").read_text()
    assert all(f"<code>{identifier}</code>" in markdown for identifier in ids)


@pytest.mark.parametrize(
    ("files", "check", "expected"),
    [
        ({"001_a.sql": BROKEN}, "apply", ("001_a.sql:1:19", '1:19: type "nothing" does not exist')),
        ({"001_a.sql": BROKEN}, "roundtrip", ("001_a.sql:1:19", '1:19: type "nothing" does not exist')),
        ({"001_a.sql": FAILING_ROLLBACK}, "rollback", ("001_a.sql:3:15", '3:15: table "f" does not exist')),
        ({"001_a.sql": FAILING_ROLLBACK}, "reapply", ("001_a.sql:3:15", '3:15: table "f" does not exist')),
        ({"001_a.sql": LEAKY}, "reapply", ("001_a.sql:2:14", '2:14: relation "b" already exists')),
        (PAIR, "rollback", ("001_a.down.sql:2:12", 'migrations/001_a.down.sql:2:12: table "b" does not exist')),
        (EMPTY_PAIR, "rollback", ("001_a.down.sql:2:1", "migrations/001_a.down.sql:2:1: the rollback is empty")),
        (TWINS, "history", ("001_b.sql:1:1", "migrations/001_b.sql:1:1: 001_b.sql has the version 001")),
    ],
)
def test_places(
    pytester: pytest.Pytester, project: Project, files: dict[str, str], check: str, expected: tuple[str, str]
) -> None:
    place, headline = expected
    project(files)
    pytester.runpytest(RUN, "--migrations-report=a.json", f"migrations/{next(iter(files))}::{check}")
    (result,) = failed(pytester, "a.json")
    assert f"{result['file']}:{result['line']}:{result['column']}" == f"migrations/{place}"
    assert result["headline"].startswith(headline)


def test_what_fails_for_another_points_there(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_a.sql": BROKEN, "002_b.sql": USERS})
    pytester.runpytest(RUN, "--migrations-report=a.json", "migrations/002_b.sql::apply")
    (result,) = failed(pytester, "a.json")
    assert (result["file"], result["line"], result["column"]) == ("migrations/001_a.sql", 1, 19)
    assert result["headline"].startswith("migrations/001_a.sql:1:19: type")


def test_where_no_line_is_to_blame_the_file_is_shown(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_a.sql": "SELECT 1;"})
    pytester.runpytest(
        RUN, "--migrations-report=a.json", "migrations/001_a.sql::rollback", "--migrations-require-rollback"
    )
    (result,) = failed(pytester, "a.json")
    assert (result["file"], result["line"], result["column"]) == ("migrations/001_a.sql", 1, None)
    assert result["headline"] == "001_a.sql has no rollback, and --migrations-require-rollback asks for one."


def test_workers_are_merged_in_version_order(pytester: pytest.Pytester, project: Project) -> None:
    project(MIXED)
    pytester.runpytest(RUN, *REPORTS, "-p", "no:xdist")
    alone = [(pytester.path / f"out/a.{suffix}").read_text() for suffix in ("md", "SARIF")]
    pytester.runpytest(RUN, *REPORTS, "-n2", "--dist=load")
    assert [(pytester.path / f"out/a.{suffix}").read_text() for suffix in ("md", "SARIF")] == alone


def test_a_test_that_was_run_again_counts_once(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_leaky.sql": LEAKY})
    pytester.runpytest(RUN, *REPORTS, "--reruns=1", "-p", "no:randomly")
    assert len(failed(pytester)) == 2
    assert (pytester.path / "out/a.md").read_text().count("<details>") == 2


def test_a_test_that_others_stop_is_reported(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_a.sql": "SELECT 1;"})
    pytester.makeconftest(
        "import pytest\n"
        "def pytest_runtest_setup(item):\n"
        "    secret = 'in a local'\n"
        "    if item.name == 'apply':\n"
        "        raise RuntimeError('not today')\n"
    )
    pytester.runpytest(RUN, *REPORTS, "--showlocals")
    (result,) = failed(pytester)
    assert (result["reason"], result["line"]) == ("RuntimeError: not today", 1)
    assert "in a local" not in (pytester.path / "out/a.md").read_text()


def test_no_report_has_a_password(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE)
    dsn = "postgresql://nobody:s3cret@127.0.0.1:1/none"
    pytester.runpytest(RUN, *REPORTS, f"--migrations-server={dsn}").assert_outcomes(passed=1, failed=1, skipped=11)
    for path in (pytester.path / "out").iterdir():
        text = path.read_text()
        assert "127.0.0.1" in text
        assert "s3cret" not in text
        assert "nobody" not in text


def test_a_report_that_cannot_be_written_any_more_is_told(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE)
    pytester.makepyfile("import shutil\ndef test_that_tidies_up(): shutil.rmtree('out')")
    result = pytester.runpytest(RUN, *REPORTS)
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    result.assert_outcomes(passed=14)
    result.stderr.fnmatch_lines(["migrations: *out/a.json could not be written: No such file or directory"])


@pytest.mark.parametrize(
    "options",
    [
        ["--collect-only"],
        ["--cache-show"],
        ["--setup-plan"],
        ["-k", "mine"],
        ["-k", "nothing"],
        ["test_mine.py"],
        ["migrations", "test_broken.py"],
        ["migrations/009_none.sql"],
    ],
    ids=" ".join,
)
def test_a_run_that_tries_no_migration_leaves_the_last_report(
    pytester: pytest.Pytester, project: Project, options: list[str]
) -> None:
    project(THREE)
    pytester.makeini("[pytest]\nmigrations_dir = migrations\nmigrations_report =\n    a.json\n    b.md\n")
    pytester.makepyfile(test_mine="def test_mine():\n    pass\n", test_broken="nonsense")
    paths = pytester.path / "a.json", pytester.path / "b.md"
    pytester.runpytest(*options)
    assert not any(path.exists() for path in paths)
    for path in paths:
        path.write_text("of the last run")
    pytester.runpytest(*options)
    assert {path.read_text() for path in paths} == {"of the last run"}


@pytest.mark.parametrize("options", [[], ["-n2"]], ids=str)
def test_a_report_of_an_earlier_run_is_told_to_be_one_where_it_was_asked_for(
    pytester: pytest.Pytester, project: Project, options: list[str]
) -> None:
    project(THREE)
    pytester.makepyfile("def test_mine():\n    pass\n")
    pytester.runpytest(RUN, "--migrations-report=a.json", "-k", "history").assert_outcomes(passed=1, deselected=13)
    result = pytester.runpytest(RUN, "--migrations-report=a.json", "-k", "mine", *options)
    result.stdout.fnmatch_lines(["migrations: no migration was tried, and a.json is the report of an earlier run"])


@pytest.mark.parametrize("mark", ["skip(reason='not on this machine')", "skipif(True, reason='not on this machine')"])
def test_a_check_that_a_marker_skips(pytester: pytest.Pytester, project: Project, mark: str) -> None:
    project({"001_users.sql": USERS})
    pytester.makeconftest(
        f"import pytest\n\ndef pytest_collection_modifyitems(items):\n    items[-1].add_marker(pytest.mark.{mark})\n"
    )
    pytester.runpytest(RUN, "--migrations-report=a.json").assert_outcomes(passed=4, skipped=1)
    (result,) = [r for r in json.loads((pytester.path / "a.json").read_text())["results"] if r["outcome"] == "skipped"]
    assert result["reason"] == result["headline"] == "not on this machine"
