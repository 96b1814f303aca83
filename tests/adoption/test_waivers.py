"""Checks that a migration waives in its own file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.projects import FAILING_ROLLBACK, LEAKY, NO_ROLLBACK, THREE, USERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]

RUN = ["--migrations-dir=migrations", "migrations", "-p", "no:randomly"]


def test_a_waived_failure_is_a_skip_with_its_reason(pytester: pytest.Pytester, project: Project) -> None:
    project(
        {**THREE, "004_leaky.sql": f"-- pytest-migrations: skip roundtrip, reapply (leaves b (on purpose))\n{LEAKY}"}
    )
    result = pytester.runpytest(*RUN, "-rs")
    result.assert_outcomes(passed=15, skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED * waived: leaves b (on purpose)"])


@pytest.mark.parametrize(
    "text",
    [
        FAILING_ROLLBACK.replace("-- DROP", "-- -- pytest-migrations: skip rollback (f is gone)\n-- DROP"),
        FAILING_ROLLBACK.replace("-- DROP", "-- pytest-migrations: skip rollback (f is gone)\n-- DROP"),
        f"CREATE TABLE x ();\r\n\t--pytest-migrations:skip rollback (f is gone)  \r\n{FAILING_ROLLBACK}",
        f"CREATE TABLE x (); -- Pytest-Migrations: Skip rollback (f is gone)\n{FAILING_ROLLBACK}",
        f"CREATE TABLE x ();\n/* pytest-migrations: skip rollback (f is gone) */\n{FAILING_ROLLBACK}",
    ],
)
def test_it_may_stand_anywhere_and_what_stands_on_it_is_skipped_too(
    pytester: pytest.Pytester, project: Project, text: str
) -> None:
    project({"001_a.sql": text})
    pytester.runpytest(*RUN).assert_outcomes(passed=2, skipped=3)
    pytester.runpytest(*RUN, "-k", "roundtrip").assert_outcomes(skipped=1)


def test_what_stands_in_a_string_is_none(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_a.sql": f"SELECT '\n-- pytest-migrations: skip rollback (x)\n';\n{FAILING_ROLLBACK}"})
    pytester.runpytest(*RUN).assert_outcomes(passed=2, failed=1, skipped=2)


def test_in_a_down_file(pytester: pytest.Pytester, project: Project) -> None:
    down = "-- pytest-migrations: skip roundtrip (keeps b)\nDROP TABLE a;\n"
    project({"1_a.up.sql": "CREATE TABLE a ();\nCREATE TABLE IF NOT EXISTS b ();\n", "1_a.down.sql": down})
    pytester.runpytest(*RUN).assert_outcomes(passed=4, skipped=1)


def test_one_that_hides_nothing_is_a_warning(pytester: pytest.Pytester, project: Project) -> None:
    project(
        {
            "001_users.sql": f"-- pytest-migrations: skip roundtrip (not needed)\n{USERS}",
            "002_none.sql": f"-- pytest-migrations: skip rollback (there is no way back)\n{NO_ROLLBACK}",
        }
    )
    result = pytester.runpytest(*RUN)
    result.assert_outcomes(passed=6, skipped=3, warnings=1)
    result.stdout.fnmatch_lines(["*migrations/001_users.sql:1:28: roundtrip passes, so this waiver hides nothing*"])
    pytester.runpytest(*RUN, "-n2").assert_outcomes(passed=6, skipped=3, warnings=1)
    result = pytester.runpytest(*RUN, "-W", "error::pytest_migrations.collection.MigrationsWarning")
    result.assert_outcomes(passed=5, failed=1, skipped=3)
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("waiver", "lines"),
    [
        ("skip roundtrip", ["*:1:37: this waiver has no reason", "*  |  * ^", "Say in parentheses why*"]),
        ("skip roundtrip ( )", ["*:1:41: this waiver has no reason"]),
        ("skip nothing (x)", ["*:1:28: there is no check 'nothing'", "Those that can be waived are rollback, *"]),
        ("skip apply (x)", ["*:1:28: apply cannot be waived", "Everything behind a migration *"]),
        ("skip history (x)", ["*:1:28: history cannot be waived", "*--migrations-baseline*"]),
        ("skip (x)", ["*:1:23: this waiver names no check"]),
        ("ignore x", ["*:1:23: this is no waiver", "A waiver is written as: *"]),
    ],
)
def test_what_cannot_be_meant(pytester: pytest.Pytester, project: Project, waiver: str, lines: list[str]) -> None:
    project({"001_a.sql": f"-- pytest-migrations: {waiver}\n{USERS}"})
    result = pytester.runpytest(*RUN)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: migrations/001_a.sql" + lines[0], *lines[1:]])


def test_a_check_of_ones_own_is_waived(pytester: pytest.Pytester, project: Project) -> None:
    pytester.makeconftest(
        "def fails(migration, connection):\n    assert 1 == 2\n"
        "def pytest_migrations_checks():\n    return {'fails': fails}\n"
    )
    project({"001_a.sql": f"-- pytest-migrations: skip fails (for now)\n{USERS}"})
    pytester.runpytest(*RUN).assert_outcomes(passed=5, skipped=1)


def test_what_is_not_its_own_is_never_waived(
    pytester: pytest.Pytester, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No server, or a migration before it that does not apply."""
    waived = f"-- pytest-migrations: skip roundtrip (why)\n{USERS}"
    project({"001_a.sql": "nonsense;\n", "002_b.sql": waived})
    pytester.runpytest(*RUN, "-k", "002 and roundtrip").assert_outcomes(failed=1)
    project({"001_a.sql": waived.replace("users", "u")})
    monkeypatch.setenv("PYTEST_MIGRATIONS_SERVER", "postgresql://nobody@localhost:1/none")
    pytester.runpytest(*RUN, "-k", "001 and roundtrip").assert_outcomes(failed=1)
