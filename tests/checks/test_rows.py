"""What the check on rows makes of what a trial has seen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.checks import judge
from pytest_migrations.checks.verdict import Rules
from pytest_migrations.errors import UserError
from pytest_migrations.failure import MigrationError
from pytest_migrations.rows.losses.loss import Loss
from pytest_migrations.rows.scripts.changes import changes
from pytest_migrations.runner import Ran
from pytest_migrations.sql.grammar import statements
from pytest_migrations.timeline.culprits import Culprit
from pytest_migrations.timeline.on_rows.idle import Idle
from pytest_migrations.timeline.proof import Proof, Untried, WithRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.checks.verdict import Verdict
    from pytest_migrations.migration import Migration

RAN = Ran(1, 0.5)


@pytest.fixture
def migration(make_migration: Callable[..., Migration]) -> Migration:
    return make_migration("UPDATE t SET a = 1;\nDELETE FROM t", "SELECT 1", name="007_t.sql")


def judged(migration: Migration, tried: WithRows | Untried) -> Verdict:
    return judge("rows", Proof(migration, RAN, with_rows=tried), Rules())


def error(migration: Migration, **facts: Any) -> MigrationError:
    return MigrationError(migration, migration.up.place(20), 'it broke: "x"', **facts)


def test_all_is_well(migration: Migration) -> None:
    found = judged(migration, WithRows(RAN, RAN))
    assert (found.outcome, found.seconds, found.findings) == ("passed", 0.5, ())


def test_where_it_does_not_apply_at_all(migration: Migration) -> None:
    assert judge("rows", Proof(migration, UserError("no")), Rules()).reason == "007_t.sql does not apply"


def test_what_could_not_be_tried(migration: Migration) -> None:
    found = judged(migration, Untried("no server"))
    assert (found.outcome, found.reason) == ("skipped", "007_t.sql was not tried on rows: no server")
    assert judged(migration, Untried("a hook", UserError("a hook"))).outcome == "failed"


def test_a_failure_says_what_there_was_and_what_to_do(migration: Migration) -> None:
    tried = WithRows(error(migration, sqlstate="23502"), rows={"a.t": 5, "a.u": 0}, unconfirmed="not confirmed: x")
    parts = judged(migration, tried).reason.split("\n\n")
    assert [part.splitlines()[0].strip()[:40] for part in parts] == [
        "The migration does not apply to tables w",
        f"{migration.up.place(20)}: "[:40],
        "1 | UPDATE t SET a = 1;",
        "Rows were put in as the tables take them",
        "not confirmed: x",
        "Give the rows that are there a value bef",
        "On purpose, or not so in production? Say",
    ]
    assert "(5 in a.t)" in parts[3]
    assert judged(migration, tried).findings == (
        "The migration does not apply to tables with rows in them. it broke (23502)",
    )


def test_a_failure_names_those_who_put_rows_in(migration: Migration) -> None:
    tried = WithRows(error(migration), rows={"a.t": 5}, seeds=("seeds/1.sql", "conftest.py"), has_hook=True)
    assert " nothing forbids it. The rows of seeds/1.sql, conftest.py and of the hook pytest_migrations_rows were " in (
        judged(migration, tried).reason
    )
    tried = WithRows(error(migration), has_hook=True)
    assert "\n\nThe rows of the hook pytest_migrations_rows were there, too.\n\n" in judged(migration, tried).reason


def test_a_failure_without_a_code(migration: Migration) -> None:
    (finding,) = judged(migration, WithRows(RAN, error(migration))).findings
    assert finding == "With rows in the tables, the rollback does not run. it broke"


def test_each_loss_is_a_finding(migration: Migration) -> None:
    losses = (Loss("a.t", "changed", 9, ("x", "y", "z"), ("b", "c")), Loss("a.u", "lost", 1, ("q",)))
    places = [statement.place for statement in statements(migration.up)] * 4
    culprits = tuple(Culprit(place, "in the migration", "does it", frozenset()) for place in places)
    found = judged(migration, WithRows(RAN, RAN, is_same=False, losses=losses, culprits=culprits))
    assert found.findings == ("changed: rows of a.t (b, c)", "lost: rows of a.u")
    assert found.headline_in(migration.path) == "1:1: changed: rows of a.t (b, c) and 1 more"
    assert (
        "  changed      9 rows of a.t (b, c)\n    x\n    y\n    z\n    ... and 6 more\n  lost         1 row"
        in found.reason
    )
    assert "... and 3 more statements" in found.reason


def test_what_was_not_proved(migration: Migration) -> None:
    up, delete = statements(migration.up)
    block = replace(delete, kind="do_stmt")
    (updated,), (deleted,) = changes(up), changes(delete)
    in_block = (deleted._replace(table=("a", "b")), updated, updated._replace(columns=frozenset("b")), deleted)
    idle = (Idle(up, up, updated), Idle(delete, delete, deleted), *(Idle(block, block, each) for each in in_block))
    found = judged(migration, WithRows(RAN, RAN, empty={"a.t": "no"}, idle=idle))
    assert found.outcome == "skipped"
    assert found.reason.startswith(
        "not proved of 007_t.sql: a.t holds no row: no; no row was changed by the UPDATE in line 1 of 007_t.sql"
    )
    assert "no row was changed by the DELETE in line 2 of 007_t.sql" in found.reason
    assert "no row was deleted in a.b, t by the DO block in line 2 of 007_t.sql; " in found.reason
    assert found.reason.endswith(
        "no row was changed in t by the DO block in line 2 of 007_t.sql (bring one with a seed: see docs/rows.md)"
    )
    assert found.reason.count("seed") == 1


def test_of_many_reasons_some_are_told(migration: Migration) -> None:
    found = judged(migration, WithRows(RAN, RAN, empty={f"a.t{number}": "no" for number in range(1000)}))
    assert found.reason.endswith("; a.t4 holds no row: no; and 995 more")


def test_seeds_that_failed_come_first(migration: Migration) -> None:
    tried = WithRows(error(migration), failed_seeds=(UserError("one"), UserError("two")))
    assert judged(migration, tried).reason.endswith("\n\none\n\ntwo")
    untried = Untried("a hook", UserError("a hook"), failed_seeds=(UserError("one"),))
    assert judged(migration, untried).reason.endswith("\n\none")


def test_of_many_tables_some_are_named(migration: Migration) -> None:
    losses = tuple(Loss(f"a.t{number}", "lost", 1, ("x",)) for number in range(30))
    found = judged(migration, WithRows(RAN, RAN, is_same=False, losses=losses))
    assert "\n  ... and 20 more of the like\n" in found.reason
    assert len(found.findings) == 30
    tried = WithRows(error(migration), rows={f"a.t{number}": 5 for number in range(30)})
    assert "(5 in a.t0, 5 in a.t1, " in judged(migration, tried).reason
    assert "5 in a.t9, and so on in 20 more tables)" in judged(migration, tried).reason
