"""What is gathered, and in what order it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.report.results import Result, Results

    Add = Callable[..., Result]


def test_the_last_of_a_test_that_was_run_again_counts(results: Results, add: Add) -> None:
    add()
    add(outcome="passed")
    assert [result.outcome for result in results.all] == ["passed"]


def test_version_order_and_the_most_telling_failure_first(results: Results, add: Add) -> None:
    add(11, "reapply")
    add(11, "roundtrip")
    add(2, "apply", blames="migrations/001_a.sql::apply")
    add(3, "rollback")
    add(1, "apply", outcome="passed")
    assert [result.rank for result in results.all] == [[1, 1], [2, 1], [3, 2], [11, 3], [11, 4]]
    assert [result.rank for result in results.failures] == [[3, 2], [11, 3], [11, 4], [2, 1]]


def test_contradictions(results: Results, add: Add) -> None:
    add(1, outcome="passed")
    add(2, outcome="failed")
    for number, culprit in ((3, 1), (4, 1), (5, 2)):
        add(number, outcome="skipped", blames=f"migrations/00{culprit}_a.sql::apply", blame="001_a.sql broke")
    (text,) = results.contradictions
    assert text.startswith("migrations/001_a.sql::apply passed in one process and failed in another, which skipped 2")
    assert text.endswith("\n\n001_a.sql broke")


@pytest.mark.parametrize(
    ("repository", "file", "path"),
    [
        ("", "migrations/001_a.sql", "below/migrations/001_a.sql"),
        ("below", "migrations/001_a.sql", "migrations/001_a.sql"),
        ("", "../001_a.sql", "001_a.sql"),
        ("below", "../001_a.sql", "../001_a.sql"),
    ],
)
def test_paths_in_the_repository(results: Results, add: Add, repository: str, file: str, path: str) -> None:
    results.root, results.repository = results.root / "below", results.root / repository
    assert results.path_in_repository(add(file=file)) == path
