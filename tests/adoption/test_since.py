"""What a branch adds, as git knows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.git import git
from tests.projects import EMAIL, LEAKY_GUARDED, THREE, USERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]

RUN = ["--migrations-dir=migrations", "migrations", "-p", "no:randomly"]
SINCE = [*RUN, "--migrations-since=base"]
NEW = "CREATE TABLE n ();\n-- ROLLBACK:\n-- DROP TABLE n;\n-- END ROLLBACK\n"


@pytest.fixture
def base(pytester: pytest.Pytester, project: Project) -> Path:
    """A repository whose branch base has a wrong rollback and whose current branch adds nothing yet."""
    folder = project({**THREE, "004_leaky.sql": LEAKY_GUARDED})
    git(pytester.path, "init", "-q", "-b", "base")
    git(pytester.path, "add", "migrations")
    git(pytester.path, "commit", "-qm", "base")
    git(pytester.path, "checkout", "-qb", "work")
    return folder


def test_only_what_is_new_is_judged(pytester: pytest.Pytester, project: Project, base: Path) -> None:
    project({"005_new.sql": NEW})
    result = pytester.runpytest(*SINCE, "-v")
    result.assert_outcomes(passed=5, deselected=16)
    result.stdout.fnmatch_lines(["migrations/001_users.sql::history PASSED*", "migrations/005_new.sql::apply PASSED*"])
    git(pytester.path, "add", "migrations")
    git(pytester.path, "commit", "-qm", "new")
    pytester.runpytest(*SINCE, "-n2").assert_outcomes(passed=5)
    pytester.runpytest(*RUN).assert_outcomes(passed=20, failed=1)


def test_in_the_ini_file_and_not_at_all(pytester: pytest.Pytester, base: Path) -> None:
    pytester.makeini("[pytest]\nmigrations_since = base\n")
    pytester.runpytest(*RUN).assert_outcomes(passed=1, deselected=16)
    pytester.runpytest(*RUN, "--migrations-since=").assert_outcomes(passed=16, failed=1)


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"002_email.sql": EMAIL.replace("text", "varchar")}, "002_email.sql was edited since base*"),
        ({"002_email.sql": None}, "002_email.sql is gone since base*"),
        ({"002_zip.sql": NEW}, "002_zip.sql is new, but does not come after 004_leaky.sql*"),
    ],
)
def test_what_the_base_has_stays_as_it_is(
    pytester: pytest.Pytester, base: Path, files: dict[str, str | None], problem: str
) -> None:
    for name, text in files.items():
        (base / name).unlink() if text is None else (base / name).write_text(text)
    result = pytester.runpytest(*SINCE, "-k", "history")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*: {problem}"])


@pytest.mark.parametrize(
    "text",
    [
        EMAIL.replace("DROP COLUMN email", "DROP COLUMN IF EXISTS email"),  # a rollback may be mended
        f"-- pytest-migrations: skip reapply (why)\n{EMAIL}",
        EMAIL.replace("\n", "\r\n"),
    ],
)
def test_what_may_be_edited(pytester: pytest.Pytester, base: Path, text: str) -> None:
    (base / "002_email.sql").write_bytes(text.encode())
    pytester.runpytest(*SINCE, "-k", "history").assert_outcomes(passed=1)


def test_a_mended_rollback_is_judged_again(pytester: pytest.Pytester, base: Path) -> None:
    (base / "002_email.sql").write_text(EMAIL.replace("DROP COLUMN", "DROP COLUMN IF EXISTS"))
    pytester.runpytest(*SINCE).assert_outcomes(passed=5, deselected=12)


def test_the_base_has_moved_on(pytester: pytest.Pytester, project: Project, base: Path) -> None:
    git(pytester.path, "checkout", "-q", "base")
    project({"005_theirs.sql": NEW})
    git(pytester.path, "add", "migrations")
    git(pytester.path, "commit", "-qm", "theirs")
    git(pytester.path, "checkout", "-q", "work")
    project({"005_ours.sql": NEW.replace("n", "o")})
    result = pytester.runpytest(*SINCE, "-k", "history")
    result.stdout.fnmatch_lines(["*: 005_ours.sql is new, but does not come after 005_theirs.sql, which base has*"])
    (base / "005_ours.sql").rename(base / "006_ours.sql")
    pytester.runpytest(*SINCE, "-k", "history").assert_outcomes(passed=1)


def test_timestamps_of_different_precision(pytester: pytest.Pytester, project: Project) -> None:
    """Of a tool that compares versions as text, where the base has one that the branch has not."""
    project({"up.sql": "SELECT 1;\n"}, folder="migrations/2025-11-18-000000_a")
    git(pytester.path, "init", "-q", "-b", "base")
    git(pytester.path, "add", "migrations")
    git(pytester.path, "commit", "-qm", "base")
    git(pytester.path, "checkout", "-qb", "work")
    project({"up.sql": "SELECT 2;\n"}, folder="migrations/2026-11-25-000000_b")
    git(pytester.path, "checkout", "-q", "base")
    project({"up.sql": "SELECT 3;\n"}, folder="migrations/2025-11-19-091444-0000_c")
    git(pytester.path, "add", "migrations/2025-11-19-091444-0000_c")
    git(pytester.path, "commit", "-qm", "theirs")
    git(pytester.path, "checkout", "-q", "work")
    pytester.runpytest(*SINCE, "-k", "history").assert_outcomes(passed=1)


def test_a_folder_that_the_base_has_not(pytester: pytest.Pytester, base: Path, project: Project) -> None:
    project({"001_users.sql": USERS}, folder="more")
    arguments = ["--migrations-dir=more", "more", "--migrations-since=base"]
    pytester.runpytest(*arguments).assert_outcomes(passed=5)


def test_a_shallow_clone_without_the_base(pytester: pytest.Pytester, base: Path) -> None:
    git(pytester.path, "commit", "-q", "--allow-empty", "-m", "more")
    clone = pytester.path / "clone"
    git(pytester.path, "clone", "-q", "--depth=1", "--branch=work", f"file://{pytester.path}", str(clone))
    since = [
        "--rootdir=clone",
        "--migrations-dir=clone/migrations",
        "clone/migrations",
        "--migrations-since=origin/base",
    ]
    result = pytester.runpytest(*since)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --migrations-since=origin/base: git knows no such revision here. *"])
    result.stderr.fnmatch_lines(["*This clone is shallow: *fetch-depth: 0*"])
    command = re.search(r"git (fetch .*) \(with", result.stderr.str())
    assert command
    git(clone, *command[1].split())
    pytester.runpytest(*since).assert_outcomes(passed=1, deselected=16)


def test_a_base_without_a_common_past(pytester: pytest.Pytester, base: Path) -> None:
    git(pytester.path, "checkout", "-q", "--orphan", "other")
    git(pytester.path, "commit", "-q", "-m", "other")
    result = pytester.runpytest(*SINCE)
    result.stderr.fnmatch_lines(["ERROR: --migrations-since=base: this branch has no commit in common with it.*"])


@pytest.mark.parametrize("revision", ["nowhere", "--help", "base:migrations", "a b"])
def test_no_such_revision(pytester: pytest.Pytester, base: Path, revision: str) -> None:
    result = pytester.runpytest(*RUN, f"--migrations-since={revision}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --migrations-since={revision}: git knows no such revision here*"])


def test_no_repository(pytester: pytest.Pytester, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project(THREE)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(pytester.path.parent))
    result = pytester.runpytest(*SINCE)
    result.stderr.fnmatch_lines(["ERROR: --migrations-since: the folder of the migrations lies in no git repository*"])
    monkeypatch.setenv("PATH", "")
    result = pytester.runpytest(*SINCE)
    result.stderr.fnmatch_lines(["ERROR: --migrations-since asks git*there is no git here*"])
