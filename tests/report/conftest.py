"""Results that no run has found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.checks import CHECKS
from pytest_migrations.report.results import Result, Results

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(tmp_path, tmp_path)


@pytest.fixture
def add(results: Results) -> Callable[..., Result]:
    """Add a failure of ``001_a.sql::apply``, but for what is said otherwise."""

    def add(number: int = 1, check: str = "apply", **facts: Any) -> Result:
        name = f"{number:03}_a.sql"
        result = Result(
            **{
                "id": f"migrations/{name}::{check}",
                "folder": "migrations",
                "migration": name,
                "check": check,
                "outcome": "failed",
                "seconds": 0.1,
                "headline": "1:2: it broke",
                "reason": "it broke\nall of it",
                "findings": ["It fails."],
                "file": f"migrations/{name}",
                "line": 1,
                "column": 2,
                "differences": [],
                "column_order": [],
                "server": {"kind": "embedded", "version": "18.1"},
                "rank": [number, [*CHECKS, check].index(check)],
                **facts,
            }
        )
        results.add(result)
        return result

    return add
