"""Which items there are, what they are called, and how pytest's own options work on them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from tests.projects import BROKEN, EMAIL, FAILING_ROLLBACK, LEAKY, LEAKY_GUARDED, THREE, USERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]

IDS = [
    "migrations/001_users.sql::history",
    *(f"migrations/{name}::{check}" for name in THREE for check in ("apply", "rollback", "roundtrip", "reapply")),
]


def ids_of(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line and not line.startswith(("FAILED", "SKIPPED"))]


def test_ids_are_files_and_checks_in_version_order(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE)
    result = pytester.runpytest("--migrations-dir=migrations", "--collect-only", "-q")
    assert ids_of(result) == IDS


def test_all_pass(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE)
    result = pytester.runpytest("--migrations-dir=migrations")
    result.assert_outcomes(passed=13)
    result.stdout.fnmatch_lines(["migrations: 3 in migrations/ (ours)*"])


@pytest.mark.parametrize("identifier", [IDS[0], IDS[-1], IDS[6]])
def test_an_id_passed_back_runs_just_that(pytester: pytest.Pytester, project: Project, identifier: str) -> None:
    project(THREE)
    pytester.makepyfile("def test_of_my_own(): pass")
    result = pytester.runpytest("--migrations-dir=migrations", identifier, "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"{identifier} PASSED*"])


@pytest.mark.parametrize("option", ["real", "link"])
@pytest.mark.parametrize("argument", ["real", "link"])
def test_a_folder_and_an_argument_may_come_by_a_link(
    pytester: pytest.Pytester, project: Project, option: str, argument: str
) -> None:
    (pytester.path / "link").symlink_to(project(THREE, "real"), target_is_directory=True)
    result = pytester.runpytest(f"--migrations-dir={option}", f"{argument}/002_email.sql::apply", "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"{argument}/002_email.sql::apply PASSED*"])


def test_the_folder_is_added_to_what_would_run_anyway(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE)
    pytester.makepyfile("def test_of_my_own(): pass")
    other = pytester.mkdir("other")
    (other / "test_other.py").write_text("def test_other(): pass")
    pytester.runpytest("--migrations-dir=migrations").assert_outcomes(passed=15)
    pytester.runpytest("--migrations-dir=migrations", "other").assert_outcomes(passed=14)
    pytester.runpytest("--migrations-dir=migrations", "migrations").assert_outcomes(passed=13)
    pytester.runpytest("--migrations-dir=migrations", "migrations/002_email.sql").assert_outcomes(passed=4)
    pytester.makeini("[pytest]\ntestpaths = other\nmigrations_dir = migrations")
    pytester.runpytest().assert_outcomes(passed=14)


def test_without_a_folder_nothing_happens(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE)
    pytester.makepyfile("def test_of_my_own(): pass")
    result = pytester.runpytest()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*migrations*:*")


def test_a_relative_folder_counts_from_where_it_was_said(
    pytester: pytest.Pytester, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(THREE, "db/migrations")
    pytester.makeini("[pytest]\nmigrations_dir = db/migrations")
    pytester.mkdir("elsewhere")
    monkeypatch.chdir(pytester.path / "elsewhere")
    pytester.runpytest("--rootdir=..", "-c", "../tox.ini").assert_outcomes(passed=13)
    pytester.runpytest("--rootdir=..", "-c", "../tox.ini", "--migrations-dir=../db/migrations").assert_outcomes(
        passed=13
    )


def test_a_folder_outside_rootdir(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE)
    root = pytester.mkdir("root")
    pytester.makeini("[pytest]")
    (root / "pytest.ini").write_text("[pytest]\n")
    result = pytester.runpytest(
        "--rootdir=root", "-c", "root/pytest.ini", "--migrations-dir=migrations", "--collect-only", "-q"
    )
    assert ids_of(result)[-1] == "../migrations/003_index.sql::reapply"
    pytester.runpytest("--rootdir=root", "-c", "root/pytest.ini", "--migrations-dir=migrations").assert_outcomes(
        passed=13
    )


def test_a_folder_with_python_files_and_an_init(pytester: pytest.Pytester, project: Project) -> None:
    folder = project(THREE)
    (folder / "__init__.py").touch()
    pytester.runpytest("--migrations-dir=migrations").assert_outcomes(passed=13)


def test_two_folders(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE, "one")
    project(THREE, "two")
    result = pytester.runpytest("--migrations-dir=one", "--migrations-dir=two")
    result.assert_outcomes(passed=26)


def test_a_migration_in_a_folder_of_its_own(pytester: pytest.Pytester, project: Project) -> None:
    for name in ("2024-01-01-000000_users", "2024-01-02-000000_more"):
        table = name.rsplit("_")[-1]
        project({"up.sql": f"CREATE TABLE {table} ();", "down.sql": f"DROP TABLE {table};"}, f"migrations/{name}")
    result = pytester.runpytest("--migrations-dir=migrations", "--collect-only", "-q")
    last = "migrations/2024-01-02-000000_more/up.sql::reapply"
    assert ids_of(result)[-1] == last
    pytester.runpytest("--migrations-dir=migrations", last).assert_outcomes(passed=1)
    pytester.runpytest("--migrations-dir=migrations").assert_outcomes(passed=9)


def test_keywords_last_failed_and_exit_first(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_users.sql": USERS, "002_leaky.sql": LEAKY, "003_email.sql": EMAIL})
    run = "--migrations-dir=migrations"
    pytester.runpytest(run, "-k", "roundtrip").assert_outcomes(passed=2, failed=1, deselected=10)
    result = pytester.runpytest(run)
    result.assert_outcomes(passed=11, failed=2)
    pytester.runpytest(run, "--lf").assert_outcomes(failed=2)
    first = pytester.runpytest(run, "--ff", "-v", "-p", "no:randomly")
    first.assert_outcomes(passed=11, failed=2)
    assert "002_leaky.sql::roundtrip FAILED" in next(line for line in first.outlines if "::" in line)
    pytester.runpytest(run, "-x").assert_outcomes(passed=7, failed=1)
    durations = pytester.runpytest(run, "--durations=0", "-vv")
    durations.stdout.fnmatch_lines(["*s call * migrations/001_users.sql::apply"])


def test_junit_has_seconds_and_statements(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE)
    pytester.runpytest("--migrations-dir=migrations", "--junitxml=junit.xml").assert_outcomes(passed=13)
    cases = ElementTree.parse(pytester.path / "junit.xml").iter("testcase")
    properties = {p.attrib["name"]: p.attrib["value"] for case in cases for p in case.iter("property")}
    assert properties["statements"] == "1"
    assert float(properties["seconds"]) > 0


def test_a_leaky_rollback_fails_its_roundtrip_alone(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_users.sql": USERS, "002_leaky.sql": LEAKY_GUARDED})
    result = pytester.runpytest("--migrations-dir=migrations", "-rA")
    result.assert_outcomes(passed=8, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*migrations/002_leaky.sql::roundtrip*",
            "The rollback leaves the schema different in 1 place:",
            "*left behind*table*public.b*",
            "migrations/002_leaky.sql:2:1*",
        ]
    )


def test_after_a_failed_apply_later_ones_are_skipped(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_users.sql": USERS, "002_broken.sql": BROKEN, "003_email.sql": EMAIL})
    result = pytester.runpytest("--migrations-dir=migrations", "-rs")
    result.assert_outcomes(passed=5, failed=1, skipped=7)
    result.stdout.fnmatch_lines(["SKIPPED*migrations/003_email.sql*: 002_broken.sql does not apply"])
    result.stdout.fnmatch_lines(
        ['migrations/002_broken.sql:1:19: type "nothing" does not exist (42704 undefined_object)']
    )


def test_a_failed_apply_that_no_item_says_is_said_by_the_one_that_runs(
    pytester: pytest.Pytester, project: Project
) -> None:
    project({"001_users.sql": USERS, "002_broken.sql": BROKEN, "003_email.sql": EMAIL})
    result = pytester.runpytest("--migrations-dir=migrations", "migrations/003_email.sql::apply")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["002_broken.sql does not apply*"])


def test_without_a_rollback(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_a.sql": "CREATE TABLE a ();"})
    result = pytester.runpytest("--migrations-dir=migrations", "-rs")
    result.assert_outcomes(passed=2, skipped=3)
    result.stdout.fnmatch_lines(["SKIPPED*migrations/001_a.sql*: 001_a.sql has no rollback"])
    pytester.runpytest("--migrations-dir=migrations", "--migrations-require-rollback").assert_outcomes(
        passed=2, failed=3
    )
    pytester.makeini("[pytest]\nmigrations_require_rollback = true")
    pytester.runpytest("--migrations-dir=migrations").assert_outcomes(passed=2, failed=3)


def test_an_empty_rollback(pytester: pytest.Pytester, project: Project) -> None:
    empty = "-- ROLLBACK:\n-- -- nothing to do\n-- END ROLLBACK\n"
    project({"001_a.sql": "CREATE TABLE a (x int);\n" + empty, "002_b.sql": "INSERT INTO a VALUES (1);\n" + empty})
    result = pytester.runpytest("--migrations-dir=migrations")
    result.assert_outcomes(passed=6, failed=1, skipped=2)
    result.stdout.fnmatch_lines(["*001_a.sql:*: the rollback is empty*"])


@pytest.mark.parametrize(
    "options", [["-p", "no:terminal"], ["-p", "no:xdist"], ["--strict-markers"], ["-p", "no:cacheprovider"]]
)
def test_without_this_or_that_plugin(pytester: pytest.Pytester, project: Project, options: list[str]) -> None:
    project(THREE)
    assert pytester.runpytest("--migrations-dir=migrations", *options).ret == pytest.ExitCode.OK


def test_nothing_is_started_for_collect_only(
    pytester: pytest.Pytester, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_MIGRATIONS_SERVER", "postgresql://nobody@127.0.0.1:1/none")
    project(THREE)
    pytester.makepyfile("def test_of_my_own(): pass")
    assert pytester.runpytest("--migrations-dir=migrations", "--collect-only").ret == pytest.ExitCode.OK
    pytester.runpytest("--migrations-dir=migrations", "-k", "of_my_own").assert_outcomes(passed=1, deselected=13)
    pytester.runpytest("--migrations-dir=migrations", "-k", "history").assert_outcomes(passed=1, deselected=13)


@pytest.mark.parametrize("arguments", [[], ["."], ["deep"]], ids=str)
def test_a_folder_that_pytest_would_pass_over(
    pytester: pytest.Pytester, project: Project, arguments: list[str]
) -> None:
    project(THREE, "deep/.hidden/build")
    (pytester.path / "deep/.hidden/test_hidden.py").write_text("def test_hidden(): pass")
    result = pytester.runpytest("--migrations-dir=deep/.hidden/build", *arguments, "-v")
    result.assert_outcomes(passed=13)
    last = "deep/.hidden/build/003_index.sql::reapply"
    result.stdout.fnmatch_lines([f"{last} PASSED*"])
    pytester.runpytest("--migrations-dir=deep/.hidden/build", last).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("script", "check", "message"),
    [
        (BROKEN, "roundtrip", "001_a.sql does not apply.\n\nmigrations/001_a.sql:1:19: type"),
        (FAILING_ROLLBACK, "roundtrip", "The rollback of 001_a.sql does not run.\n\nmigrations/001_a.sql:3:"),
        (FAILING_ROLLBACK, "reapply", "The rollback of 001_a.sql does not run.\n\nmigrations/001_a.sql:3:"),
        ("CREATE TABLE a ();\n-- ROLLBACK:\n-- END ROLLBACK\n", "reapply", "the rollback is empty"),
    ],
)
def test_no_selection_of_checks_hides_that_something_fails(
    pytester: pytest.Pytester, project: Project, script: str, check: str, message: str
) -> None:
    project({"001_a.sql": script})
    result = pytester.runpytest("--migrations-dir=migrations", f"migrations/001_a.sql::{check}")
    result.assert_outcomes(failed=1)
    assert message in result.stdout.str()


def test_a_folder_that_cannot_be_read_is_no_matter_of_other_tests(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_a.sql": "-- ROLLBACK:\n"})
    pytester.makeini("[pytest]\nmigrations_dir = migrations\n")
    pytester.makepyfile("def test_it():\n    pass\n\ndef test_needs_it(migrations_connection):\n    pass\n")
    result = pytester.runpytest("test_a_folder_that_cannot_be_read_is_no_matter_of_other_tests.py")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["migrations/001_a.sql:1:1: this rollback is never closed*"])
    assert pytester.runpytest().ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize(
    ("files", "options", "wrong"),
    [
        ({"001_users.sql": f"-- pytest-migrations: skip rountrip (x)\n{USERS}"}, [], "*there is no check 'rountrip'*"),
        (
            {},
            ["-o", "migrations_baseline=stale.txt"],
            "*stale.txt accepts the failure of migrations/000*",
        ),
        ({}, ["-o", "migrations_baseline=gone.txt"], "*gone.txt: there is no such file*"),
        ({}, ["--migrations-since=main"], "*lies in no git repository*"),
        ({}, ["-o", "migrations_report=report.txt"], "*report.txt: a report is a file that ends in*"),
        ({}, ["-p", "checks"], "*checks.py:2:5: the hook pytest_migrations_checks failed*"),
    ],
    ids=["waiver", "baseline", "no baseline", "since", "report", "checks"],
)
def test_what_is_wrong_with_checks_is_no_matter_of_other_tests(
    pytester: pytest.Pytester, project: Project, files: dict[str, str], options: list[str], wrong: str
) -> None:
    project({**THREE, **files})
    pytester.makeini("[pytest]\nmigrations_dir = migrations\n")
    pytester.makepyfile(
        test_it="def test_it(migrations_connection, migrations_stepper): migrations_stepper.apply_next()\n",
        checks="def pytest_migrations_checks():\n    1 / 0\n",
    )
    pytester.syspathinsert()
    (pytester.path / "stale.txt").write_text("migrations/000.sql::rollback\n")
    for argument in ("test_it.py", "test_it.py::test_it"):
        pytester.runpytest(argument, *options).assert_outcomes(passed=1)
    pytester.runpytest("--ignore=migrations", *options).assert_outcomes(passed=1)
    for arguments in ("", "migrations", "test_it.py migrations", "migrations/001_users.sql", "test_it.py ."):
        result = pytester.runpytest(*arguments.split(), *options)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([wrong])


@pytest.mark.parametrize("option", ["--ignore=deep/migrations", "--ignore=deep", "--ignore-glob=*/migrat*"])
def test_a_folder_that_the_command_line_ignores(pytester: pytest.Pytester, project: Project, option: str) -> None:
    project(THREE, "deep/migrations")
    pytester.makeini("[pytest]\nmigrations_dir = deep/migrations\n")
    pytester.makepyfile(test_it="def test_it(migrations_connection): pass\n")
    for arguments in ([], ["."], ["--migrations-dir=deep/migrations"]):
        pytester.runpytest(option, *arguments).assert_outcomes(passed=1)
    # As of any folder: what is asked for by name runs.
    pytester.runpytest(option, "deep/migrations").assert_outcomes(passed=13)
    project(THREE, "more")
    pytester.runpytest(option, "-o", "migrations_dir=deep/migrations more").assert_outcomes(passed=13, errors=1)


def test_an_ini_folder_is_not_added_to_certain_tests(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_a.sql": "SELECT 1;\n"})
    pytester.makeini("[pytest]\nmigrations_dir = migrations\n")
    pytester.makepyfile(test_it="def test_it():\n    pass\n")
    result = pytester.runpytest("test_it.py::test_it")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("migrations: *")
    pytester.runpytest("test_it.py", "--migrations-dir=migrations").assert_outcomes(passed=3, skipped=3)
    pytester.runpytest(".").assert_outcomes(passed=3, skipped=3)


def test_a_folder_within_another_is_refused(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_a.sql": "SELECT 1;\n"})
    project({"001_b.sql": "SELECT 1;\n"}, folder="migrations/tenant")
    result = pytester.runpytest("--migrations-dir=migrations", "--migrations-dir=migrations/tenant")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: migrations/tenant lies in migrations, and both are to be proved*"])
