"""Failures that are accepted for now, and no others."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING

import pytest

from tests.projects import BROKEN, EMAIL, FAILING_ROLLBACK, LEAKY, LEAKY_GUARDED, THREE, USERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]

RUN = ["--migrations-dir=migrations", "migrations", "-p", "no:randomly"]
BASED = [*RUN, "--migrations-baseline=baseline.txt"]
UPDATE = [*BASED, "--migrations-update-baseline"]
OLD = {"001_users.sql": USERS, "002_leaky.sql": LEAKY, "003_email.sql": EMAIL, "004_failing.sql": FAILING_ROLLBACK}
#: What is written of them.
ACCEPTED = """\
# Failures of migrations that are accepted for now. A test that passes again has to leave, which
# pytest --migrations-update-baseline does: it writes this file.

migrations/002_leaky.sql::roundtrip
    left behind: table public.b
migrations/002_leaky.sql::reapply
    After its rollback the migration does not apply again. relation "b" already exists (42P07 duplicate_table)
migrations/004_failing.sql::rollback
    table "f" does not exist (42P01 undefined_table)
"""


@pytest.fixture
def baseline(pytester: pytest.Pytester, project: Project) -> Path:
    project(OLD)
    baseline = pytester.path / "baseline.txt"
    baseline.write_text(ACCEPTED)
    return baseline


def ids(baseline: Path) -> list[str]:
    return [line for line in baseline.read_text().splitlines() if "::" in line and not line.startswith(("#", " "))]


def test_what_fails_today_is_written_and_green(pytester: pytest.Pytester, project: Project) -> None:
    project(OLD)
    result = pytester.runpytest(*UPDATE)
    result.assert_outcomes(passed=12, xfailed=3, skipped=2)
    result.stdout.fnmatch_lines(["migrations: baseline.txt was written: it accepts 3 failures*"])
    assert (pytester.path / "baseline.txt").read_text() == ACCEPTED
    result = pytester.runpytest(*BASED, "-rx")
    result.assert_outcomes(passed=12, xfailed=3, skipped=2)
    result.stdout.fnmatch_lines(["migrations: baseline.txt accepts 3 failures*", "XFAIL *004_failing.sql::rollback*"])
    pytester.runpytest(*BASED, "-n2").assert_outcomes(passed=12, xfailed=3, skipped=2)


def test_a_new_failure_fails(pytester: pytest.Pytester, project: Project, baseline: Path) -> None:
    project({"005_new.sql": LEAKY_GUARDED.replace("TABLE a", "TABLE n").replace("EXISTS b", "EXISTS c")})
    result = pytester.runpytest(*BASED)
    result.assert_outcomes(passed=15, failed=1, xfailed=3, skipped=2)
    result.stdout.fnmatch_lines(["FAILED migrations/005_new.sql::roundtrip*"])


def test_what_else_fails_in_an_accepted_test_fails(pytester: pytest.Pytester, project: Project) -> None:
    project({**OLD, "03_email.sql": "SELECT 1;\n"})
    pytester.runpytest(*UPDATE)
    project({"004_failing.sql": FAILING_ROLLBACK.replace("-- END", "-- SELECT 1/0;\n-- END")})  # comes behind that
    pytester.runpytest(*BASED).assert_outcomes(passed=12, xfailed=4, skipped=5)
    project(
        {
            "002_leaky.sql": LEAKY.replace("CREATE TABLE b ();", "CREATE TABLE b ();\nCREATE VIEW v AS SELECT 1;"),
            "004_failing.sql": FAILING_ROLLBACK.replace("ROLLBACK:\n", "ROLLBACK:\n-- SELECT 1/0;\n"),
            "04_odd.sql": "SELECT 1;\n",
        }
    )
    result = pytester.runpytest(*BASED)
    assert result.parseoutcomes()["failed"] >= 3
    not_in_this = "baseline.txt accepts that this test fails, but not in this:"
    for new in ("left behind: view public.v", "division by zero (*", "migrations/04_odd.sql: *"):
        said = zip(result.outlines, result.outlines[2:], strict=False)
        assert any(not_in_this in line and fnmatch(what, f"  {new}") for line, what in said), new
    pytester.runpytest(*UPDATE).assert_outcomes(passed=13, xfailed=4, skipped=8)


def test_lines_that_move_and_what_somebody_wrote_by_hand_stay_accepted(
    pytester: pytest.Pytester, project: Project, baseline: Path
) -> None:
    project({"004_failing.sql": "\n\n" + FAILING_ROLLBACK})
    pytester.runpytest(*BASED).assert_outcomes(passed=12, xfailed=3, skipped=2)
    baseline.write_text("".join(f"{known}\n" for known in ids(baseline)))
    pytester.runpytest(*BASED).assert_outcomes(passed=12, xfailed=3, skipped=2)


def test_one_that_passes_again_has_to_leave(pytester: pytest.Pytester, project: Project, baseline: Path) -> None:
    project({"002_leaky.sql": LEAKY.replace("TABLE a;\n-- END", "TABLE a, b;\n-- END")})
    result = pytester.runpytest(*BASED)
    result.assert_outcomes(passed=12, failed=2, xfailed=1, skipped=2)
    result.stdout.fnmatch_lines(["migrations/002_leaky.sql::roundtrip now passes: remove it from baseline.txt*"])
    pytester.runpytest(*UPDATE, "-n2").assert_outcomes(passed=14, xfailed=1, skipped=2)
    assert ids(baseline) == ["migrations/004_failing.sql::rollback"]


def test_one_that_is_waived_has_to_leave(pytester: pytest.Pytester, project: Project, baseline: Path) -> None:
    project({"004_failing.sql": f"-- pytest-migrations: skip rollback (f is gone)\n{FAILING_ROLLBACK}"})
    result = pytester.runpytest(*BASED)
    result.stdout.fnmatch_lines(
        ["migrations/004_failing.sql::rollback is waived in its file: remove it from baseline.txt*"]
    )


def test_an_update_of_some_tests_keeps_the_others(pytester: pytest.Pytester, project: Project, baseline: Path) -> None:
    (pytester.path / "migrations" / "004_failing.sql").unlink()
    project({"002_leaky.sql": LEAKY_GUARDED})
    baseline.write_text(baseline.read_text() + "elsewhere/1.sql::rollback\n")
    pytester.runpytest(*UPDATE, "-k", "reapply")
    assert ids(baseline) == ["migrations/002_leaky.sql::roundtrip", "elsewhere/1.sql::rollback"]


def test_the_name_of_the_database_is_no_news(pytester: pytest.Pytester, project: Project) -> None:
    raises = "-- DO 'BEGIN RAISE ''no %'', current_database(); END';"
    project({"001_a.sql": f"SELECT 1;\n-- ROLLBACK:\n{raises}\n-- END ROLLBACK\n"})
    pytester.runpytest(*UPDATE).assert_outcomes(passed=2, xfailed=1, skipped=2)
    pytester.runpytest(*BASED).assert_outcomes(passed=2, xfailed=1, skipped=2)


def test_to_collect_writes_nothing(pytester: pytest.Pytester, project: Project, baseline: Path) -> None:
    before = baseline.read_text()
    (pytester.path / "migrations" / "004_failing.sql").unlink()
    pytester.runpytest(*UPDATE, "--collect-only").stdout.no_fnmatch_line("*was written*")
    assert baseline.read_text() == before


def test_an_update_keeps_what_could_not_be_tried(pytester: pytest.Pytester, project: Project, baseline: Path) -> None:
    before = ids(baseline)
    project({"001_users.sql": "nonsense;\n"})
    pytester.runpytest(*UPDATE).assert_outcomes(passed=1, failed=1, skipped=15)
    assert ids(baseline) == before


def test_that_a_migration_does_not_apply_is_never_accepted(pytester: pytest.Pytester, project: Project) -> None:
    project({**THREE, "004_broken.sql": BROKEN, "005_behind.sql": "SELECT 1;\n"})
    result = pytester.runpytest(*UPDATE)
    result.assert_outcomes(passed=13, failed=1, skipped=7)
    baseline = pytester.path / "baseline.txt"
    assert ids(baseline) == []
    baseline.write_text("migrations/004_broken.sql::apply\n")
    result = pytester.runpytest(*BASED)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: baseline.txt accepts that 004_broken.sql does not apply*"])


def test_the_folders_own_check_is_accepted(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_users.sql": USERS, "001_email.sql": "SELECT 1;\n"})
    pytester.runpytest(*UPDATE).assert_outcomes(passed=5, xfailed=1, skipped=3)
    pytester.runpytest(*BASED).assert_outcomes(passed=5, xfailed=1, skipped=3)


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (None, ["ERROR: --migrations-baseline=baseline.txt: there is no such file. --migrations-update-baseline*"]),
        ("<<<<<<< HEAD\n", ["ERROR: baseline.txt:1:1: this is no id of a test", "*| <<<<<<< HEAD", "*", "Delete *"]),
        (
            "migrations/001_users.sql::apply\n" * 2,
            ["ERROR: baseline.txt:2:1: this test is listed twice", "*", "*", "*", "Delete one of them."],
        ),
        ("   lost\n", ["ERROR: baseline.txt begins with an indented line*"]),
        (
            "migrations/009_x.sql::rollback\n",
            ["ERROR: baseline.txt accepts the failure of migrations/009_x.sql::rollback, *"],
        ),
        ("\udcff\n", ["ERROR: --migrations-baseline=baseline.txt cannot be read: *"]),
    ],
)
def test_a_damaged_baseline(pytester: pytest.Pytester, project: Project, content: str | None, lines: list[str]) -> None:
    project(THREE)
    if content is not None:
        (pytester.path / "baseline.txt").write_bytes(content.encode(errors="surrogateescape"))
    result = pytester.runpytest(*BASED)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(lines)


def test_nothing_to_update(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE)
    result = pytester.runpytest(*RUN, "--migrations-update-baseline")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --migrations-update-baseline: name the file as well*"])


def test_a_baseline_that_cannot_be_written(pytester: pytest.Pytester, project: Project) -> None:
    project(OLD)
    pytester.mkdir("baseline.txt")
    result = pytester.runpytest(*UPDATE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --migrations-baseline=baseline.txt cannot be read: *"])


def test_the_folder_is_rootdir(pytester: pytest.Pytester, project: Project) -> None:
    project(OLD, folder=".")
    run = ["--migrations-dir=.", ".", "--migrations-baseline=baseline.txt"]
    pytester.runpytest(*run, "--migrations-update-baseline").assert_outcomes(passed=12, xfailed=3, skipped=2)
    assert "\n002_leaky.sql::roundtrip\n" in (pytester.path / "baseline.txt").read_text()
    pytester.runpytest(*run).assert_outcomes(passed=12, xfailed=3, skipped=2)
