"""Whose columns a query reads: sqlglot, which knows nothing of ours, says the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from pytest_migrations.effects import Verb, effects_of
from pytest_migrations.migration import Migration

QUERIES = [
    "SELECT t.a, u.b FROM t JOIN u ON u.id = t.id WHERE t.c > 1 ORDER BY u.d",
    "SELECT x.a FROM t x LEFT JOIN u AS y USING (id) WHERE y.b IS NULL",
    "SELECT s.a FROM (SELECT t.a FROM t) s JOIN u ON u.a = s.a",
    "WITH c AS (SELECT t.a FROM t WHERE t.b) SELECT c.a, u.d FROM c, u WHERE u.e = c.a",
    "SELECT t.a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.t = t.id AND u.x IN (SELECT v.y FROM v))",
    "SELECT (SELECT max(u.b) FROM u WHERE u.a = t.a) AS m FROM t",
    "SELECT l.x, t.a FROM t CROSS JOIN LATERAL (SELECT t.b AS x) l",
    "SELECT t.a FROM s.t UNION ALL SELECT u.b FROM u ORDER BY 1",
    "SELECT t.a FROM t, generate_series(1, t.n) g WHERE g = t.m",
    "SELECT t.a FROM t WHERE t.a = (SELECT t.z FROM u t)",
    'SELECT "T"."A" FROM "T" JOIN t ON t.a = "T"."B"',
    "SELECT count(*) FILTER (WHERE t.a > 0), sum(t.b) OVER (PARTITION BY t.c) FROM t GROUP BY t.c HAVING max(t.d) > 1",
]


@pytest.mark.parametrize("query", QUERIES)
def test_columns_of_queries(make_migration: Callable[..., Migration], query: str) -> None:
    effects = effects_of(make_migration(query).up).of(Verb.READ)
    ours = {(effect.object.path[1], effect.object.path[2]) for effect in effects if effect.object.kind == "column"}
    assert ours == of_sqlglot(query)


def of_sqlglot(query: str) -> set[tuple[str, str]]:
    """The columns with a table's name in front, where that is a table."""
    found = set()
    for scope in traverse_scope(sqlglot.parse_one(query, dialect="postgres")):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table) and source.name:
                found.add((source.name, column.name))
    return found


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT a, b FROM t", {"t.a", "t.b"}),
        ("SELECT a FROM t, u", {"t.a"}),  # or of u, which the effect says as well
        ("SELECT t FROM t", set()),
        ("SELECT a AS b FROM t ORDER BY b", {"t.a"}),
        ("UPDATE t SET a = u.b FROM u WHERE u.id = t.id", {"u.b", "u.id", "t.id"}),
        ("UPDATE t SET a = a + 1 WHERE b > 0", {"t.a", "t.b"}),
        ("DELETE FROM t USING u WHERE t.a = u.b", {"t.a", "u.b"}),
        ("INSERT INTO t (a) SELECT b FROM u", {"u.b"}),
        ("INSERT INTO t AS x (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = excluded.c + x.d", {"t.c", "t.d"}),
        ("CREATE VIEW v AS SELECT t.a FROM t JOIN u ON true", {"t.a"}),
    ],
)
def test_columns_of_other_statements(
    make_migration: Callable[..., Migration], statement: str, expected: set[str]
) -> None:
    effects = effects_of(make_migration(statement).up).of(Verb.READ)
    assert {effect.object.short for effect in effects if effect.object.kind == "column"} == expected
