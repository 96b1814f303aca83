"""Which conditions of a rollback rows may satisfy that are not the migration's own."""

from __future__ import annotations

import pytest

from pytest_migrations.rows.scripts.broad import broad


@pytest.mark.parametrize(
    "condition",
    ["key LIKE 'billing.%'", "created_at > '2015-01-01'", "a ~ '^x'", "n BETWEEN 1 AND 5", "a > 1 OR length(b) < 2"],
)
def test_patterns_and_ranges(condition: str) -> None:
    assert broad({"t": (condition,)}) == {"t": (condition,)}


@pytest.mark.parametrize(
    "condition",
    [
        "key = 'x'",
        "key IN ('x', 'y')",
        "key = ANY (ARRAY['x'])",
        "(source = 'm') AND (at > '2015-01-01')",
        "key IS NULL",
        "is_new",
        "starts_with(key, 'x')",
    ],
)
def test_the_migrations_own_values(condition: str) -> None:
    assert not broad({"t": (condition,)})
