"""What the terminal shows of failures, whatever options pytest is given."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from tests.projects import BROKEN, EMAIL, LEAKY_GUARDED, USERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]

RUN = "--migrations-dir=migrations"
FILES = {"001_users.sql": USERS, "002_leaky.sql": LEAKY_GUARDED, "003_broken.sql": BROKEN, "004_a.sql": EMAIL}
LEAKS = "FAILED migrations/002_leaky.sql::roundtrip - 2:1: left behind: table public.b"
BREAKS = 'FAILED migrations/003_broken.sql::apply - 1:19: type "nothing" does not exist (42704 undefined_object)'


@pytest.mark.parametrize("options", [[], ["-q"], ["-qq"], ["-n2"], ["--tb=short"], ["--tb=no"], ["-rA"]], ids=" ".join)
def test_one_line_tells_a_failure(
    pytester: pytest.Pytester, project: Project, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """Where pytest cuts no lines (CI), it shows all that a failure gives it: it has to be one line."""
    monkeypatch.setenv("CI", "true")
    project(FILES)
    result = pytester.runpytest(RUN, *options)
    lines = result.outlines
    summary = lines[next(number for number, line in enumerate(lines) if "short test summary" in line) :]
    assert sorted(line for line in summary if line.startswith("FAILED")) == [LEAKS, BREAKS]
    assert not any(line.startswith("   1 |") for line in summary)


@pytest.mark.parametrize("options", [[], ["-q"], ["-n2"], ["--tb=short"], ["--tb=native"], ["-vv"]], ids=" ".join)
def test_the_whole_text_is_shown_once(pytester: pytest.Pytester, project: Project, options: list[str]) -> None:
    project(FILES)
    result = pytester.runpytest(RUN, *options)
    result.stdout.fnmatch_lines(
        [
            'migrations/003_broken.sql:1:19: type "nothing" does not exist (42704 undefined_object)',
            "",
            "   1 | CREATE TABLE c (x nothing);",
            "     |                   ^",
            "",
            "Nothing of this script was kept.",
            "1 migration after this one was not tried.",
        ],
        consecutive=True,
    )
    assert result.stdout.str().count("Nothing of this script was kept.") == 1


def test_tb_line_shows_lines_that_editors_open(pytester: pytest.Pytester, project: Project) -> None:
    folder = project(FILES)
    result = pytester.runpytest(RUN, "--tb=line")
    result.stdout.fnmatch_lines(
        [f"{folder}/002_leaky.sql:2: 2:1: left behind: table public.b", f"{folder}/003_broken.sql:1: 1:19: type *"],
        consecutive=True,
    )
    result.stdout.no_fnmatch_line("Nothing of this script was kept.")


def test_junit_has_the_line_and_the_text(pytester: pytest.Pytester, project: Project) -> None:
    project(FILES)
    pytester.runpytest(RUN, "--junitxml=junit.xml")
    failures = [*ElementTree.parse(pytester.path / "junit.xml").iter("failure")]
    assert [failure.attrib["message"] for failure in failures] == [line.split(" - ")[1] for line in (LEAKS, BREAKS)]
    assert "1 migration after this one was not tried." in (failures[1].text or "")


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ([], "2 migrations after this one were not tried."),
        (["001_a.sql", "002_b.sql"], "1 migration after this one was not tried."),
        (["001_a.sql"], None),
    ],
)
def test_how_many_were_not_tried(
    pytester: pytest.Pytester, project: Project, chosen: list[str], said: str | None
) -> None:
    project({"001_a.sql": BROKEN, "002_b.sql": USERS, "003_c.sql": EMAIL})
    result = pytester.runpytest(RUN, *(f"migrations/{name}" for name in chosen))
    assert [line for line in result.outlines if line.endswith("not tried.")] == ([said] if said else [])
