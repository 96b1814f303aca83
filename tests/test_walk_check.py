"""The test that --migrations-walk adds: where it is, what it prints, and how it is waived and accepted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.explanations import topic
from tests.examples import example
from tests.projects import BROKEN, EMAIL, HIDDEN_ROLE, THREE, USERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]

RUN = ["--migrations-dir=migrations", "migrations", "--migrations-walk"]
TEST = "migrations/002_preferred.sql::walk"
LATER = "CREATE TABLE later ();\n-- ROLLBACK:\n-- DROP TABLE later;\n-- END ROLLBACK\n"


@pytest.fixture(autouse=True)
def few_plugins(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are put in on the way; the check on rows has tests of its own."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:benchmark -p no:hypothesispytest --migrations-rows=5 -k 'not rows'")


def files(which: str) -> dict[str, str]:
    """The files of an example of ``explain walk``."""
    parts = re.split(r"^-- (\d\w+\.sql)\n", example(topic("walk").text, which), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], (part.strip() + "\n" for part in parts[1::2]), strict=True))


FAILS, WORKS = files("Fails"), files("Works")


def test_it_is_a_test_of_the_last_migration_where_it_is_asked_for(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE)
    result = pytester.runpytest(*RUN, "--collect-only", "-q")
    assert [line for line in result.outlines if line.endswith("::walk")] == [f"migrations/{list(THREE)[-1]}::walk"]
    pytester.runpytest(*RUN[:-1], "--collect-only", "-q").stdout.no_fnmatch_line("*::walk")
    pytester.makeini("[pytest]\nmigrations_walk = true")
    pytester.runpytest(*RUN[:-1], "--collect-only", "-q").stdout.fnmatch_lines(["*::walk"])


def test_all_pass(pytester: pytest.Pytester, project: Project) -> None:
    project(WORKS)
    before = set(pytester.path.iterdir())
    result = pytester.runpytest(*RUN, "-v", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=10)
    result.stdout.re_match_lines([r".*::walk PASSED \(\d+ paths, \d+ steps, rows put in \d+ times\).*"])
    assert {path.name for path in {*pytester.path.iterdir()} - before} <= {"__pycache__"}


def test_what_fails_is_told_in_our_words_alone(pytester: pytest.Pytester, project: Project) -> None:
    project(FAILS)
    result = pytester.runpytest_subprocess(*RUN, "-p", "hypothesispytest", TEST)
    result.assert_outcomes(failed=1, passed=9)
    text = result.stdout.str()
    start = text.index("The schema at")
    assert text[start : text.index("\n=", start)].rstrip() == (
        "The schema at 002_preferred.sql depends on the path:\n\n"
        "  start at 001_modes.sql\n"
        "  put in 5 rows a table\n"
        "  up    002_preferred.sql\n\n"
        "missing      column  public.modes.preferred   boolean"
    )
    assert f"FAILED {TEST} - 1:1: missing: column public.modes" in text
    assert "alsifying" not in text and "state." not in text
    assert not (pytester.path / ".hypothesis").exists()


def test_it_alone(pytester: pytest.Pytester, project: Project) -> None:
    project(FAILS)
    pytester.runpytest(RUN[0], RUN[2], TEST).assert_outcomes(failed=1)


def test_waived_in_the_last_file(pytester: pytest.Pytester, project: Project) -> None:
    waiver = "-- pytest-migrations: skip walk (modes are there before anything else)\n"
    last = FAILS["002_preferred.sql"]
    folder = project({**FAILS, "002_preferred.sql": waiver + last})
    result = pytester.runpytest(*RUN, "-rs")
    result.assert_outcomes(passed=9, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*waived: modes are there before anything else*"])
    pytester.runpytest(*RUN[:-1]).assert_outcomes(passed=9)
    # As soon as another one is the last, the waiver is about the way over this one.
    (folder / "003_later.sql").write_text(LATER)
    pytester.runpytest(*RUN).assert_outcomes(passed=14)


def test_nobody_crosses_what_is_waived(pytester: pytest.Pytester, project: Project) -> None:
    leaves = USERS.replace("DROP TABLE", "SELECT 1; -- DROP TABLE")
    waived = {
        f"00{number}_{check}.sql": f"-- pytest-migrations: skip {check} (on purpose)\n"
        + leaves.replace("users", f"users{number}")
        for number, check in enumerate(("rollback", "roundtrip", "reapply", "walk"), 1)
    }
    project({**waived, "005_later.sql": LATER})
    pytester.runpytest(RUN[0], RUN[2], "migrations/005_later.sql::walk").assert_outcomes(passed=1)


def test_accepted_for_now(pytester: pytest.Pytester, project: Project) -> None:
    folder = project(FAILS)
    based = [*RUN, "--migrations-baseline=baseline.txt"]
    pytester.runpytest(*based, "--migrations-update-baseline").assert_outcomes(passed=9, xfailed=1)
    written = (pytester.path / "baseline.txt").read_text()
    assert written.endswith(f"\n{TEST}\n    missing: column public.modes.preferred\n")
    pytester.runpytest(*based).assert_outcomes(passed=9, xfailed=1)
    for options in ([], ["--migrations-update-baseline"]):  # of a run that does not go
        pytester.runpytest(*(set(based) - {"--migrations-walk"}), *options).assert_outcomes(passed=9)
        assert (pytester.path / "baseline.txt").read_text() == written
    for name, text in WORKS.items():
        (folder / name).write_text(text)
    result = pytester.runpytest(*based)
    result.assert_outcomes(passed=9, failed=1)
    result.stdout.fnmatch_lines([f"{TEST} now passes: remove it from baseline.txt*"])


def test_behind_what_does_not_apply(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_users.sql": USERS, "002_broken.sql": BROKEN, "003_email.sql": EMAIL})
    result = pytester.runpytest(*RUN, "-rs")
    result.stdout.fnmatch_lines(["SKIPPED*003_email.sql:1: 002_broken.sql does not apply"])
    result = pytester.runpytest(RUN[0], RUN[2], "migrations/003_email.sql::walk")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["002_broken.sql does not apply, and it comes before this migration."])


def test_where_there_is_no_way_back(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_t.sql": "CREATE TABLE t ();\n"})
    result = pytester.runpytest(*RUN, "-rs", "-k", "walk")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*no migration can be gone back over, so there is one way only"])


def test_roles_on_a_given_server(pytester: pytest.Pytester, project: Project) -> None:
    role = "CREATE ROLE walks_about;\n\n-- ROLLBACK:\n-- DROP ROLE walks_about;\n-- END ROLLBACK\n"
    project({"001_role.sql": role})
    result = pytester.runpytest(*RUN, "-rs", "-k", "walk")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*needs a server of its own*"])
    pytester.runpytest(*RUN, "-k", "walk", "--migrations-server=embedded").assert_outcomes(passed=1)


def test_roles_that_only_a_block_makes(pytester: pytest.Pytester, project: Project) -> None:
    """Which is seen when it is rolled back: where the walk is all that is asked for, not before."""
    project({"001_role.sql": HIDDEN_ROLE, "002_t.sql": "CREATE TABLE t ();\n"})
    options = ["--migrations-server=embedded", "migrations/002_t.sql::walk"]
    pytester.runpytest(RUN[0], RUN[2], *options).assert_outcomes(passed=1)


def test_with_several_processes(pytester: pytest.Pytester, project: Project) -> None:
    project(FAILS)
    pytester.runpytest_subprocess(*RUN, "-n2").assert_outcomes(passed=9, failed=1)
