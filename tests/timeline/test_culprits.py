"""Which statements a failed comparison points at."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.checks import judge
from pytest_migrations.checks.verdict import Rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History

    Make = Callable[..., History]

_FUNCTION = "CREATE OR REPLACE FUNCTION {}(n integer) RETURNS integer LANGUAGE sql AS 'SELECT {}'"
_TRIGGER_FUNCTION = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
_MANY = "SELECT 1;" * 150


def reason(walked: Any, index: int, check: str) -> str:
    return str(judge(check, walked.proof(index), Rules()).reason)


@pytest.mark.parametrize(
    ("up", "down", "culprit"),
    [
        ("DROP INDEX i;\nDROP VIEW v", "CREATE VIEW v AS SELECT 1 AS x", "DROP INDEX i"),
        ("ALTER TABLE t ADD y int", "DROP TABLE t;\nCREATE TABLE t (x int)", "DROP TABLE t"),
        (f"{_FUNCTION.format('f', 1)};\n{_FUNCTION.format('g', 1)}", "DROP FUNCTION f", _FUNCTION.format("g", 1)),
        ("ALTER TABLE t ADD CHECK (x > 0);\nALTER TABLE t ADD y int", "ALTER TABLE t DROP y", "ADD CHECK"),
        (
            f"{_TRIGGER_FUNCTION};\nCREATE TRIGGER f BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
            "ALTER FUNCTION f RENAME TO g",
            "CREATE TRIGGER f",
        ),
        (
            "ALTER TABLE t RENAME x TO y;\nALTER TABLE t DROP z",
            "ALTER TABLE t RENAME y TO x; ALTER TABLE t ADD z int",
            "DROP z",
        ),
        (_FUNCTION.format("h", 2), "SELECT 1", _FUNCTION.format("h", 2)),
        ("DROP VIEW v", "CREATE VIEW v AS SELECT x + 1 AS x FROM t", "CREATE VIEW v"),
        ("DROP VIEW v", f"CREATE VIEW v AS SELECT x + 1 AS x FROM t;\n{_MANY}", "CREATE VIEW v"),
        (
            "CREATE OR REPLACE VIEW v AS SELECT x AS x, 1 AS y FROM t",
            "DROP VIEW v; CREATE VIEW v AS SELECT 1 AS x;\nDROP VIEW v; CREATE VIEW v AS SELECT 2 AS x",
            "SELECT 2 AS x",
        ),
    ],
    ids=["index", "cascade", "function", "constraint", "trigger", "column", "replaced", "view", "many", "twice"],
)
def test_the_statement_that_a_difference_comes_from(
    make_history: Make, timeline: Any, up: str, down: str, culprit: str
) -> None:
    stage = (
        "CREATE TABLE t (x int, z int CHECK (z > 0)); CREATE INDEX i ON t (x); CREATE VIEW v AS SELECT 1 AS x;"
        + _FUNCTION.format("h", 1)
    )
    walked = timeline(make_history((stage, None), (up, down)))
    lines = reason(walked, 1, "roundtrip").splitlines()
    pointed_at = [line for line, below in pairwise(lines) if re.match(r" *\|  *\^", below)]
    assert any(culprit in line for line in pointed_at), lines


_KEYED = "CREATE TABLE k (a int PRIMARY KEY, b int CONSTRAINT unique_b UNIQUE, c int); CREATE INDEX k_c ON k (c);"


@pytest.mark.parametrize(
    ("up", "down", "culprits"),
    [
        (
            "ALTER TABLE k DROP c;\nALTER TABLE k DROP b",
            "ALTER TABLE k ADD b int, ADD c int",
            {"removes constraint unique_b": "DROP b", "removes index public.k_c": "DROP c"},
        ),
        (
            "CREATE TABLE r (a int);\nALTER TABLE k DROP CONSTRAINT k_pkey CASCADE",
            "DROP TABLE r",
            {"removes constraint k_pkey on public.k and 1 more;": "CASCADE"},
        ),
        (
            "ALTER TABLE k ALTER b SET DEFAULT 1;\nCOMMENT ON COLUMN k.b IS 'b'",
            "ALTER TABLE k ALTER b DROP DEFAULT",
            {"changes column public.k.b": "COMMENT ON"},
        ),
        (
            "CREATE TEMP TABLE x AS SELECT 'CREATE TABLE made ()' AS y;\nDO $$ BEGIN EXECUTE (SELECT y FROM x); END $$",
            "SELECT 1",
            {"creates table public.made": "DO $$"},
        ),
        ("DROP INDEX k_c;\nCREATE INDEX k_c ON k (a)", "SELECT 1", {"changes index public.k_c": "CREATE INDEX"}),
        (
            "CREATE INDEX CONCURRENTLY i ON k (a);\nDROP FUNCTION f",
            "DROP INDEX CONCURRENTLY i;\nCREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
            {"leaves function public.f() different": "CREATE FUNCTION f"},
        ),
    ],
    ids=["implied", "cascade", "the fact that differs", "dynamic", "made again", "outside a transaction"],
)
def test_what_the_server_was_seen_to_do(
    make_history: Make, timeline: Any, up: str, down: str, culprits: dict[str, str]
) -> None:
    stage = (
        f"{_KEYED} CREATE TABLE refers (a int CONSTRAINT refers REFERENCES k);"
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    )
    text = reason(timeline(make_history((stage, None), (up, down))), 1, "roundtrip")
    pointed_at = {below: line for line, below in pairwise(text.splitlines()) if re.match(r" *\|  *\^", below)}
    for remark, statement in culprits.items():
        assert any(remark in below and statement in line for below, line in pointed_at.items()), text


def test_a_history_that_makes_roles_is_watched_on_a_server_of_its_own(pytester: pytest.Pytester) -> None:
    migrations = pytester.mkdir("migrations")
    (migrations / "001_role.sql").write_text("CREATE ROLE made;\nCREATE ROLE forgotten;\n" + _ONLY_THE_FIRST)
    result = pytester.runpytest("--migrations-dir=migrations", "--migrations-server=embedded")
    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines(["migrations/001_role.sql:2:1, in the migration:"])


_ONLY_THE_FIRST = "-- ROLLBACK:\n-- DROP ROLE made;\n-- END ROLLBACK\n"


def test_a_second_apply_points_only_at_what_it_differs_in(make_history: Make, timeline: Any) -> None:
    walked = timeline(
        make_history(
            ("CREATE TABLE t (x int, y int)", None),
            ("ALTER TABLE t DROP IF EXISTS y;\nCREATE TABLE IF NOT EXISTS u ()", "ALTER TABLE u ADD z int"),
        )
    )
    assert "^ removes column public.t.y" in reason(walked, 1, "roundtrip")
    again = reason(walked, 1, "reapply")
    assert "public.u.z" in again
    assert "public.t.y" not in again
