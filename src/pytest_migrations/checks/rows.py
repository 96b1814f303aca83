"""rows: the migration applies to tables with rows in them, and its rollback leaves every row as it was.

The tables that it touches, and those that they refer to, get rows that their definition allows (--migrations-rows, 5
each): NULL where there may be NULL, the same value twice where nothing forbids it. What would fail in production fails
here: NOT NULL, a unique key, a foreign key or CHECK that rows do not satisfy, a type that does not hold them.

Fails:

    CREATE TABLE users (id int PRIMARY KEY, name text);
    -- and in the next migration
    ALTER TABLE users DROP COLUMN name;

    -- ROLLBACK:
    -- ALTER TABLE users ADD COLUMN name text;
    -- END ROLLBACK

Do: Let the migration make its rows ready first (UPDATE ... WHERE name IS NULL), and its rollback bring back what it
takes away. Where rows are lost on purpose, or production has none of that kind, a line in the file says so:

    -- pytest-migrations: skip rows (why)

It is skipped where it proves nothing: a table takes no row, or an UPDATE, DELETE or INSERT ... SELECT met none.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_migrations.checks.apply import unless_applied
from pytest_migrations.checks.blaming import told_culprits
from pytest_migrations.checks.losing import findings_of_losses, told_losses
from pytest_migrations.checks.rollback import needs_working_rollback
from pytest_migrations.checks.verdict import Rules, Verdict
from pytest_migrations.failure import MigrationError
from pytest_migrations.formats.reading.order import some
from pytest_migrations.sqlstates import advice
from pytest_migrations.timeline.proof import Untried

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_migrations.errors import UserError
    from pytest_migrations.runner import Ran
    from pytest_migrations.timeline.on_rows.idle import Idle
    from pytest_migrations.timeline.proof import Proof, WithRows

_MOST_TABLES = 10
_MOST_REASONS = 5
#: What a message says of one row of ours.
_VALUE = re.compile(r': ".*"$', re.DOTALL)
_WAIVE = "On purpose, or not so in production? Say it in the file:  -- pytest-migrations: skip rows (why)"


def judge(proof: Proof, rules: Rules) -> Verdict:
    if verdict := unless_applied(proof):
        return verdict
    tried = proof.with_rows
    assert tried is not None
    if tried.failed_seeds:
        return _seed_failed(tried.failed_seeds)
    if isinstance(tried, Untried) and tried.error is not None:
        return Verdict.failed(str(tried.error), place=tried.error.place)
    if isinstance(tried, Untried):
        return Verdict.skipped(f"{proof.migration.name} was not tried on rows: {tried.why}")
    return replace(_judge(tried, proof, rules), with_rows=tried)


def _judge(tried: WithRows, proof: Proof, rules: Rules) -> Verdict:
    if isinstance(tried.applied, MigrationError):
        return _failed("The migration does not apply to tables with rows in them.", tried.applied, tried)
    if isinstance(tried.rolled_back, MigrationError):
        if proof.trial is not None and isinstance(proof.trial.rolled_back, MigrationError):
            return needs_working_rollback(proof, rules) or Verdict.passed(tried.applied)
        return _failed("With rows in the tables, the rollback does not run.", tried.rolled_back, tried)
    if tried.losses:
        return _lost(tried, tried.applied)
    if unproved := list(_unproved(tried)):
        return Verdict.skipped(f"not proved of {proof.migration.name}: {'; '.join(_first(unproved))}")
    return Verdict.passed(tried.applied)


def _seed_failed(errors: Sequence[UserError]) -> Verdict:
    parts = ["A seed does not run, so that its rows are missing here and in later migrations.", *map(str, errors)]
    return Verdict.failed("\n\n".join(parts), place=errors[0].place)


def _failed(what: str, error: MigrationError, tried: WithRows) -> Verdict:
    remedy = error.advice or advice(error.sqlstate or "")
    parts = [what, error.finding, _rows_in(tried), *tried.notes, tried.unconfirmed, remedy, _WAIVE]
    code = f" ({error.sqlstate})" if error.sqlstate else ""
    several = (f"{what} {_VALUE.sub('', error.message)}{code}",)
    return Verdict.failed("\n\n".join(filter(None, parts)), place=error.place, several=several)


def _lost(tried: WithRows, ran: Ran) -> Verdict:
    parts = ["After the rollback the rows are not what they were:", told_losses(tried.losses)]
    parts += [*told_culprits(tried.culprits), *tried.notes, tried.unconfirmed, _WAIVE]
    place = tried.culprits[0].place if tried.culprits else None
    several = findings_of_losses(tried.losses)
    return Verdict.failed("\n\n".join(filter(None, parts)), ran, place=place, several=several)


def _rows_in(tried: WithRows) -> str:
    """Which rows there were, since nobody has seen them."""
    return " ".join(filter(None, [_generated(tried), _own(tried)]))


def _own(tried: WithRows) -> str:
    sources = [some(tried.seeds)] if tried.seeds else []
    sources += ["the hook pytest_migrations_rows"] if tried.has_hook else []
    return f"The rows of {' and of '.join(sources)} were there, too." if sources else ""


def _generated(tried: WithRows) -> str:
    tables = [f"{count} in {table}" for table, count in tried.rows.items() if count]
    if not tables:
        return ""
    if len(tables) > _MOST_TABLES:
        tables[_MOST_TABLES:] = [f"and so on in {len(tables) - _MOST_TABLES} more tables"]
    without = "".join(
        f" Those of {table} without its triggers: {why}." for table, why in tried.without_triggers.items()
    )
    return (
        f"Rows were put in as the tables take them ({', '.join(tables)}): NULL where it may be, and a value twice "
        f"or in another case where nothing forbids it.{without}"
    )


def _unproved(tried: WithRows) -> Iterator[str]:
    """What the trial has nothing to say of."""
    if tried.is_one_way:
        yield "it changes rows that were there, or takes them away, and has no rollback"
    yield from (f"{table} holds no row: {why}" for table, why in tried.empty.items())
    if met_none := "; ".join(_first(list(_met_none(tried.idle)))):
        yield f"{met_none} (bring one with a seed: see docs/rows.md)"


def _first(reasons: list[str]) -> list[str]:
    """The first of them, and how many there are beside."""
    more = len(reasons) - _MOST_REASONS
    return [*reasons[:_MOST_REASONS], f"and {more} more"] if more > 0 else reasons


def _met_none(idle: Iterable[Idle]) -> Iterator[str]:
    """What each statement was to do to rows and did not, the tables of one that may do more together."""
    tables: dict[tuple[str, str], dict[str, None]] = {}
    for statement, _, change in idle:
        kind, place = statement.kind, statement.place
        what = "DO block" if kind == "do_stmt" else kind.partition("_")[0].upper() or "statement"
        does, table = "changed", ""
        if change.table and kind != _PLAIN.get(change.verb):
            does = f"{'changed' if change.verb == 'updated' else change.verb} in "
            table = ".".join(change.table)
        by = f" by the {what} in line {place.line} of {place.path.name}"
        tables.setdefault((does, by), {})[table] = None
    yield from (f"no row was {does}{', '.join(named)}{by}" for (does, by), named in tables.items())


_PLAIN = {"updated": "update_stmt", "deleted": "delete_stmt", "inserted": "insert_stmt", "changed": "merge_stmt"}
