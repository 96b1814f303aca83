"""The example project: proved on every kind of server, and a broken rollback in it is found and named."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1] / "example_project"
RUN = "--migrations-dir=migrations"


@pytest.fixture
def few_plugins() -> None:
    """All of them: that they get on is what is tested."""


@pytest.fixture(autouse=True)
def example(pytester: pytest.Pytester) -> Path:
    shutil.copy(PROJECT / "conftest.py", pytester.path)
    return Path(shutil.copytree(PROJECT / "migrations", pytester.path / "migrations"))


def test_embedded(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest(RUN, "--migrations-server=embedded")
    result.assert_outcomes(passed=116)
    result.stdout.fnmatch_lines(["migrations: 23 in migrations/ (ours)"])


def test_as_a_role_that_is_no_superuser(pytester: pytest.Pytester) -> None:
    """A trigger refuses expenses beyond a budget, and only a superuser may put rows in without it."""
    result = pytester.runpytest(RUN, "--migrations-server=embedded", "--migrations-role=owner")
    result.assert_outcomes(passed=114, skipped=2)


@pytest.mark.skipif(
    shutil.which("docker") is None and "PYTEST_MIGRATIONS_REQUIRE_DOCKER" not in os.environ, reason="no Docker here"
)
def test_docker(pytester: pytest.Pytester) -> None:
    image = os.environ.get("PYTEST_MIGRATIONS_TEST_IMAGE", "postgres:15")
    result = pytester.runpytest(RUN, f"--migrations-server=docker:{image}")
    if "PYTEST_MIGRATIONS_REQUIRE_DOCKER" not in os.environ and "no engine answers" in result.stdout.str():
        pytest.skip("no Docker engine answers")
    result.assert_outcomes(passed=116)


def last(example: Path, name: str) -> Path:
    """That migration, without those behind it."""
    for file in example.iterdir():
        if file.is_file() and file.name > name:
            file.unlink()
    return example / name


def test_a_rollback_that_forgets_an_index(pytester: pytest.Pytester, example: Path, given_server: None) -> None:
    file = last(example, "002_organizations.sql")
    text = file.read_text()
    file.write_text(text.replace("\n-- ROLLBACK:", "\nCREATE INDEX forgotten ON users (id);\n\n-- ROLLBACK:"))
    result = pytester.runpytest(RUN, "--migrations-rows=0", "-rA")
    result.assert_outcomes(passed=7, failed=2)
    line = file.read_text()[: file.read_text().index("CREATE INDEX forgotten")].count("\n") + 1
    result.stdout.fnmatch_lines(
        [
            "*migrations/002_organizations.sql::roundtrip*",
            "left behind  index  public.forgotten*",
            f"migrations/002_organizations.sql:{line}:1, in the migration:",
        ]
    )


def test_an_index_that_the_rollback_makes_otherwise(
    pytester: pytest.Pytester, example: Path, given_server: None
) -> None:
    file = last(example, "014_application_status.sql")
    right = "-- CREATE INDEX applications_submitted_idx ON applications (submitted_at) WHERE status = 'submitted';"
    text = file.read_text()
    assert right in text
    file.write_text(text.replace(right, "-- CREATE INDEX applications_submitted_idx ON applications (submitted_at);"))
    result = pytester.runpytest(RUN, "--migrations-rows=0")
    result.assert_outcomes(passed=56, failed=1)
    line = text[: text.index(right)].count("\n") + 1
    result.stdout.fnmatch_lines(
        [
            "*migrations/014_application_status.sql::roundtrip*",
            "changed      index  public.applications_submitted_idx*",
            f"migrations/014_application_status.sql:{line}:4, in the rollback:",
            "*leaves index public.applications_submitted_idx different",
        ]
    )


def test_its_own_tests_run_beside_the_proofs(pytester: pytest.Pytester, given_server: None) -> None:
    for folder in ("grants", "tests"):
        shutil.copytree(PROJECT / folder, pytester.path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", pytester.path)
    pytester.runpytest("-n2").assert_outcomes(passed=116 + 43)
    pytester.runpytest("tests/test_names.py").assert_outcomes(passed=6)
