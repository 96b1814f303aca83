"""Commands and the summary of a job, as GitHub reads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.report.github import append_summary, commands, repository
from tests.projects import BROKEN, EMAIL, LEAKY, THREE, USERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.report.results import Result, Results

    Add = Callable[..., Result]
    Project = Callable[..., Path]

RUN = "--migrations-dir=migrations"


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the job's summary, of a process that GitHub runs."""
    path = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


def test_what_has_a_meaning_in_commands_is_escaped(results: Results, add: Add) -> None:
    add(file="a,b:c%.sql", id="a,b:c%.sql::apply", reason="50 %:\r\n1,2", column=None)
    assert commands(results) == [
        "::error file=a%2Cb%3Ac%25.sql,line=1,title=a%2Cb%3Ac%25.sql%3A%3Aapply::50 %25:%0D%0A1,2"
    ]


@pytest.mark.parametrize(
    ("workspace", "root", "expected"),
    [("/w", "/w/below", "/w"), ("/w", "/w", "/w"), ("/other", "/w", "/w"), ("", "/w", "/w")],
)
def test_the_repository(monkeypatch: pytest.MonkeyPatch, workspace: str, root: str, expected: str) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", workspace)
    assert repository(Path(root)) == Path(expected)


def test_a_summary_that_others_have_begun_leaves_less_room(results: Results, add: Add, summary: Path) -> None:
    for number in range(20):
        add(number, reason="x" * 60_000)
    summary.write_text("# Mine\n")
    append_summary(results)
    assert summary.read_text().startswith("# Mine\n\n## Migrations on")
    assert 900_000 < summary.stat().st_size <= 1024 * 1024
    append_summary(results)
    assert summary.stat().st_size <= 1024 * 1024


@pytest.mark.parametrize(
    "options", [["-q"], ["-qq"], ["-p", "no:terminal"], ["-n2"], ["--tb=no"], ["-s"]], ids=" ".join
)
def test_failures_are_annotated_behind_all_other_output(
    pytester: pytest.Pytester, project: Project, summary: Path, options: list[str]
) -> None:
    project({"001_é,b:c%.sql": USERS, "002_leaky.sql": LEAKY, "003_broken.sql": BROKEN, "004_email.sql": EMAIL})
    result = pytester.runpytest(RUN, *options)
    annotations = [line for line in result.outlines if "::error" in line]
    assert result.outlines[-3:] == annotations
    starts = [
        "::error file=migrations/002_leaky.sql,line=2,col=1,title=migrations/002_leaky.sql%3A%3Aroundtrip::The ",
        "::error file=migrations/003_broken.sql,line=1,col=19,title=migrations/003_broken.sql%3A%3Aapply::migrations/",
        "::error file=migrations/002_leaky.sql,line=2,col=14,title=migrations/002_leaky.sql%3A%3Areapply::After its",
    ]
    for line, start in zip(annotations, starts, strict=True):
        assert line.startswith(start)
    text = summary.read_text()
    assert text.count("<details>") == 3
    assert "- `migrations`: 4 migrations, 3 failed, 7 passed, 7 skipped\n" in text


def test_paths_count_from_the_repository(
    pytester: pytest.Pytester, project: Project, summary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(pytester.path.parent))
    project({"001_,é.sql": BROKEN})
    result = pytester.runpytest(RUN)
    result.stdout.fnmatch_lines([f"::error file={pytester.path.name}/migrations/001_%2Cé.sql,line=1,col=19,*"])


def test_a_clean_run_has_a_summary_and_no_annotations(
    pytester: pytest.Pytester, project: Project, summary: Path
) -> None:
    project(THREE)
    pytester.runpytest(RUN).stdout.no_fnmatch_line("*::error*")
    assert summary.read_text().endswith("\n- `migrations`: 3 migrations, 13 passed\n")


def test_nothing_is_said_elsewhere_or_of_nothing(
    pytester: pytest.Pytester, project: Project, summary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project({"001_a.sql": BROKEN})
    pytester.runpytest(RUN, "--collect-only").stdout.no_fnmatch_line("*::error*")
    monkeypatch.delenv("GITHUB_ACTIONS")
    result = pytester.runpytest(RUN)
    result.assert_outcomes(passed=1, failed=1, skipped=3)
    result.stdout.no_fnmatch_line("*::error*")
    assert not summary.exists()


def test_a_summary_that_cannot_be_written_is_told(
    pytester: pytest.Pytester, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(THREE)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "nowhere/summary.md")
    result = pytester.runpytest(RUN)
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    result.stderr.fnmatch_lines(["migrations: nowhere/summary.md could not be written: No such file or directory"])
