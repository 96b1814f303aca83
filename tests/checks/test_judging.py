"""What each check makes of what the walk found out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.catalog.difference import ColumnOrder, Comparison, Difference
from pytest_migrations.checks import judge
from pytest_migrations.checks.verdict import Rules
from pytest_migrations.errors import UserError
from pytest_migrations.failure import MigrationError
from pytest_migrations.runner import Ran
from pytest_migrations.timeline.culprits import Culprit
from pytest_migrations.timeline.proof import Proof
from pytest_migrations.timeline.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.checks.verdict import Verdict
    from pytest_migrations.migration import Migration

    Make = Callable[..., Migration]

RAN = Ran(2, 0.5)
SAME = Comparison()
LEFT = Comparison((Difference("index", "public.i", "left behind", after="CREATE INDEX i"),))
MOVED = Comparison(column_order=(ColumnOrder("public.t", ("a", "b"), ("b", "a")),))
CHECKS = ("apply", "rollback", "roundtrip", "reapply")
STRICT = Rules(strict_column_order=True)


@pytest.fixture
def migration(make_migration: Make) -> Migration:
    return make_migration("CREATE TABLE t ()", "DROP TABLE t", name="007_t.sql")


def outcomes(proof: Proof, rules: Rules | None = None) -> list[str]:
    return [verdict.outcome for verdict in verdicts(proof, rules).values()]


def verdicts(proof: Proof, rules: Rules | None = None) -> dict[str, Verdict]:
    return {name: judge(name, proof, rules or Rules()) for name in CHECKS}


def test_all_is_well(migration: Migration) -> None:
    found = verdicts(Proof(migration, RAN, Trial(RAN, SAME, Ran(1, 0.25), SAME)))
    assert [verdict.outcome for verdict in found.values()] == ["passed"] * 4
    assert [(verdict.statements, verdict.seconds) for verdict in found.values()] == [(2, 0.5)] * 3 + [(1, 0.25)]


def test_a_failed_apply_leaves_the_others_nothing_to_say(migration: Migration) -> None:
    found = verdicts(Proof(migration, UserError("the text of it")))
    assert [verdict.outcome for verdict in found.values()] == ["failed", "skipped", "skipped", "skipped"]
    assert found["apply"].reason == "the text of it"
    assert found["reapply"].reason == "007_t.sql does not apply"


def test_without_a_rollback(make_migration: Make) -> None:
    proof = Proof(make_migration("SELECT 1", name="007_t.sql"), RAN)
    assert outcomes(proof) == ["passed", "skipped", "skipped", "skipped"]
    assert verdicts(proof)["rollback"].reason == "007_t.sql has no rollback"
    assert outcomes(proof, Rules(require_rollback=True)) == ["passed", "failed", "failed", "failed"]


def test_a_failed_rollback_leaves_two_nothing_to_say(migration: Migration) -> None:
    assert migration.down
    error = MigrationError(migration, migration.down.place(0), "no such thing")
    found = verdicts(Proof(migration, RAN, Trial(error), "not confirmed: no clones"))
    assert [verdict.outcome for verdict in found.values()] == ["passed", "failed", "skipped", "skipped"]
    assert "no such thing" in found["rollback"].reason
    assert found["rollback"].reason.endswith("not confirmed: no clones")
    assert found["roundtrip"].reason == "the rollback of 007_t.sql does not run"


def test_what_could_not_be_tried_at_all_is_skipped(migration: Migration) -> None:
    found = verdicts(Proof(migration, RAN, None, "not confirmed with real commits: no server"))
    assert [verdict.outcome for verdict in found.values()] == ["passed", "skipped", "skipped", "skipped"]
    assert "not confirmed with real commits: no server" in found["roundtrip"].reason


def test_an_empty_rollback(migration: Migration) -> None:
    found = verdicts(Proof(migration, RAN))
    assert [verdict.outcome for verdict in found.values()] == ["passed", "failed", "skipped", "skipped"]
    assert "the rollback is empty" in found["rollback"].reason


def test_after_a_failed_roundtrip_the_second_apply_is_judged(migration: Migration) -> None:
    assert migration.down
    place = migration.down.place(0)
    mine = Culprit(place, "in the rollback", "this one", frozenset(d.key for d in LEFT.differences))
    other = Culprit(place, "in the rollback", "not that one", frozenset())
    found = verdicts(Proof(migration, RAN, Trial(RAN, LEFT, RAN, SAME), "", (mine, other)))
    assert [verdict.outcome for verdict in found.values()] == ["passed", "passed", "failed", "passed"]
    reason = found["roundtrip"].reason
    assert reason.startswith("The rollback leaves the schema different in 1 place:\n\nleft behind  index  public.i")
    assert "this one" in reason
    assert "not that one" not in reason
    assert found["roundtrip"].comparison is LEFT


def test_a_second_apply_may_fail_or_give_another_schema(migration: Migration) -> None:
    error = MigrationError(migration, migration.up.place(0), "there already")
    proof = Proof(migration, RAN, Trial(RAN, SAME, error))
    assert outcomes(proof) == ["passed", "passed", "passed", "failed"]
    assert verdicts(proof)["reapply"].reason.startswith("After its rollback the migration does not apply again.")
    proof = Proof(migration, RAN, Trial(RAN, SAME, RAN, LEFT))
    assert outcomes(proof) == ["passed", "passed", "passed", "failed"]


def test_the_order_of_columns_counts_only_where_it_is_strict(migration: Migration) -> None:
    proof = Proof(migration, RAN, Trial(RAN, MOVED, RAN, SAME))
    assert outcomes(proof) == ["passed"] * 4
    assert verdicts(proof)["roundtrip"].comparison is MOVED
    assert outcomes(proof, STRICT) == ["passed", "passed", "failed", "passed"]
    reason = verdicts(proof, STRICT)["roundtrip"].reason
    assert "in 1 place" in reason
    assert "column order  public.t\n  was: a, b\n  is:  b, a" in reason


@pytest.mark.parametrize(
    ("ini", "options", "failed"),
    [
        ("", [], 0),
        ("", ["--migrations-column-order=strict"], 1),
        ("migrations_column_order = strict", [], 1),
        ("migrations_column_order = strict", ["--migrations-column-order=report"], 0),
    ],
)
def test_strict_by_option_and_by_ini(
    pytester: pytest.Pytester, project: Callable[..., object], ini: str, options: list[str], failed: int
) -> None:
    moves = "ALTER TABLE t DROP a;\n-- ROLLBACK:\n-- ALTER TABLE t ADD a int;\n-- END ROLLBACK\n"
    project({"001_t.sql": "CREATE TABLE t (a int, b int);\n", "002_moves.sql": moves})
    pytester.makeini(f"[pytest]\n{ini}\n")
    result = pytester.runpytest("--migrations-dir=migrations", *options)
    result.assert_outcomes(passed=6 - failed, failed=failed, skipped=3)
