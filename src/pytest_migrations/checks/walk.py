"""walk: up and down the history at random, with rows, a version always has the same schema, and no row is lost.

With --migrations-walk it is a test of the last migration, about all. roundtrip and reapply look at one of them, without
rows; this finds what needs several, or rows, and fails with a path of which each step is needed. A migration without a
rollback is crossed upwards only; one of which rollback, roundtrip, reapply, rows or walk is waived, not at all.

Fails:

    -- 001_modes.sql
    CREATE TABLE modes (name text);

    -- ROLLBACK:
    -- DROP TABLE modes;
    -- END ROLLBACK

    -- 002_preferred.sql
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM modes) THEN ALTER TABLE modes ADD preferred boolean; END IF;
    END $$;

    -- ROLLBACK:
    -- ALTER TABLE modes DROP COLUMN IF EXISTS preferred;
    -- END ROLLBACK

Works:

    -- 001_modes.sql
    CREATE TABLE modes (name text);

    -- ROLLBACK:
    -- DROP TABLE modes;
    -- END ROLLBACK

    -- 002_preferred.sql
    ALTER TABLE modes ADD preferred boolean;

    -- ROLLBACK:
    -- ALTER TABLE modes DROP COLUMN preferred;
    -- END ROLLBACK

Do: Go the path in your mind, and mend the migration that does one thing or another by what is there (a DO block, IF
EXISTS), or whose rollback takes more than the migration has brought, or less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks.comparing import findings_of, told
from pytest_migrations.checks.losing import findings_of_losses, told_losses
from pytest_migrations.checks.verdict import Rules, Verdict
from pytest_migrations.timeline.random_walk.path import Step, lines_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.rows.losses.loss import Loss
    from pytest_migrations.timeline.random_walk.fault import Fault
    from pytest_migrations.timeline.random_walk.wandering import Wandered

NAME = "walk"
#: Of a migration of which one of these is waived no path but the straight one is told: none crosses it.
BOUNDS = ("rollback", "roundtrip", "reapply", "rows", NAME)


def judge(wandered: Wandered, history: History, rules: Rules, rows: int) -> Verdict:
    """The verdict; ``rows`` is how many were put into a table at once."""
    if wandered.fault is not None:
        return _failed(wandered, wandered.fault, history, rules, rows)
    if not wandered.paths:
        return Verdict.skipped("no migration can be gone back over, so there is one way only")
    gone = f"{_count(wandered.paths, 'path')}, {_count(wandered.steps, 'step')}"
    if wandered.is_bare:
        return Verdict.skipped(f"no table took any row, so that none could be lost ({gone}, and the schema was right)")
    put = f", rows put in {_count(wandered.puts, 'time')}" if wandered.puts else ""
    return Verdict("passed", gone + put, wandered.seconds)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _failed(wandered: Wandered, fault: Fault, history: History, rules: Rules, rows: int) -> Verdict:
    last = fault.path.crossed(history)[-1]
    is_up = fault.path.steps[-1] is Step.UP
    script = last.up if is_up or last.down is None else last.down
    place = script.start
    path = "\n".join(f"  {line}" for line in lines_of(fault.path, history, rows))
    if fault.comparison is not None:
        title = f"The schema {_where(fault, history)} depends on the path:"
        parts, several = told(fault.comparison, rules), findings_of(fault.comparison, rules)
    elif fault.error is not None:
        place = fault.error.place
        title = f"{last.name} {'does not apply' if is_up else 'does not roll back'} on this path:"
        parts, several = [str(fault.error)], (f"{last.name}: {fault.error.message}",)
    else:
        title = _title(fault.losses)
        parts, several = [told_losses(fault.losses)], findings_of_losses(fault.losses)
    parts += _same(fault, last)
    if not fault.is_shortest:
        parts += ["There was no time to look for a shorter path to it."]
    return Verdict(
        "failed",
        "\n\n".join([title, path, *parts]),
        wandered.seconds,
        comparison=fault.comparison,
        place=place,
        several=several,
    )


def _where(fault: Fault, history: History) -> str:
    position = fault.path.end
    return f"at {history.migrations[position - 1].name}" if position else f"before {history.migrations[0].name}"


def _title(losses: Sequence[Loss]) -> str:
    if len(losses) > 1:
        return f"Rows of {len(losses)} tables are not what they were when the path comes back:"
    (loss,) = losses
    return f"{_count(loss.count, 'row')} of {loss.table} {'is' if loss.count == 1 else 'are'} {loss.change} on the way:"


def _same(fault: Fault, last: Migration) -> list[str]:
    """Which test would say the same of one migration, where the path is no other than that test's."""
    steps = fault.path.steps
    if fault.comparison is not None and steps == (Step.DOWN,):
        return [f"{last.name}::roundtrip tests this alone."]
    if fault.comparison is not None and steps == (Step.DOWN, Step.UP):
        return [f"{last.name}::reapply tests this alone."]
    return []
