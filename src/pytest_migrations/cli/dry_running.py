"""Shows a dry run: the plan, the run on the stand-in, and what that could not foresee."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from pytest_migrations.cli import output
from pytest_migrations.cli.telling import telling
from pytest_migrations.operations.dry_run.outline import outline
from pytest_migrations.operations.dry_run.rehearsal import dry_run
from pytest_migrations.operations.dry_run.unforeseen import unforeseen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_migrations.cli.telling import Tell
    from pytest_migrations.migration import History, Migration, Script, Statement
    from pytest_migrations.operations.dry_run.original import Original
    from pytest_migrations.operations.dry_run.outline import Outline
    from pytest_migrations.operations.dry_run.rows import Rows
    from pytest_migrations.operations.dry_run.stand_in import StandIn
    from pytest_migrations.operations.dry_run.unforeseen import Dependence, Unforeseen
    from pytest_migrations.operations.entry import Entry
    from pytest_migrations.operations.session import Limits, Session
    from pytest_migrations.operations.target import Target

    #: What is to be done, told from the ledger: each migration with the script that is run of it.
    Plan = Callable[[Mapping[str, Entry]], Sequence[tuple[Migration, Script]]]

_LONGEST = 60
_CONNECTION = re.compile(r"\bCONNECTION\b.*", re.DOTALL | re.IGNORECASE)


def dry_run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--dry-run`` and ``--server``: the command gets ``dry`` and ``server``."""
    command = click.option(
        "--server", metavar="SERVER", default="auto", help="Where a dry run runs: embedded, docker, or a DSN of tests."
    )(command)
    return click.option("--dry-run", "dry", is_flag=True, help="On a stand-in; the database is only read.")(command)


def show_dry_run(
    target: Target,
    history: History,
    limits: Limits,
    *,
    server: str,
    plan: Plan,
    perform: Callable[[Session, Tell], None],
    as_json: bool,
) -> None:
    """Read the target, show what is planned for it, and perform that on a stand-in.

    :raises MigrationError: where a migration fails there.
    :raises UserError: where it cannot be tried.
    """
    with dry_run(target, history, limits) as attempt:
        steps = plan(attempt.original.entries or {})
        outlines = [outline(*step) for step in steps]
        data: dict[str, Any] = {"plan": [*map(_outline_as_data, outlines)]}
        if not as_json:
            _show_plan(outlines, attempt.original)
        if not steps:
            if as_json:
                output.as_json({"dry_run": data, "error": None})
            return
        with output.waiting("making the stand-in"):
            beside = attempt.stand_in([script for _, script in steps], server)
        left = unforeseen(steps, attempt.original)
        data |= {"server": beside.server, "notes": [*beside.notes, *left.notes], "unforeseen": _as_data(left)}
        if not as_json:
            _show_stand_in(beside, attempt.original)
        migrations = [migration for migration, _ in steps]
        with attempt.session(beside) as session, telling(migrations, as_json=as_json, dry_run=data) as tell:
            perform(session, tell)
        if not as_json:
            _show_unforeseen(left)
            output.line(f"Nothing was changed: {attempt.original.database} was only read.")


def _show_plan(outlines: Sequence[Outline], original: Original) -> None:
    where = f"{original.database} at {original.target.where} (PostgreSQL {original.version})"
    if not outlines:
        output.line(f"plan       nothing to do: {where} has all of it")
        return
    output.line(f"plan       {output.count(len(outlines), 'migration')} for {where}")
    width = max(len(one.migration.name) for one in outlines)
    for one in outlines:
        output.line(f"           {one.migration.name:<{width}}   {_how(one)}")
        for statement in one.outside:
            output.line(f"             line {statement.place.line}: no transaction can hold {_short(statement)}")


def _how(one: Outline) -> str:
    if one.statements is None:
        return "a program"
    if one.in_one_transaction:
        return f"{output.count(one.statements, 'statement')} in one transaction"
    return f"{output.count(one.statements, 'statement')}, {'each ' if one.statements > 1 else ''}committed by itself"


def _short(statement: Statement) -> str:
    """One line of it, and not how a subscription connects, which may hold a password."""
    line = " ".join(_CONNECTION.sub("", statement.text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def _show_stand_in(beside: StandIn, original: Original) -> None:
    objects = output.count(original.objects, "object")
    output.line(f"dry run    on {beside.server}, with the schema of {original.database} ({objects}) and no rows")
    for note in [*([original.why_not_user] if original.why_not_user else []), *beside.notes]:
        output.line(f"           {note}")


def _show_unforeseen(left: Unforeseen) -> None:
    if not left.rows and not left.dependences and not left.notes:
        return
    output.line("unforeseen, for want of rows:")
    for table in [*left.rows, *{one.table: None for one in left.dependences if one.table not in left.rows}]:
        name = ".".join(table) if table else "whatever rows they find"
        output.line(f"  {name}{_counted(left.rows[table]) if table in left.rows else ''}")
        here = [one for one in left.dependences if one.table == table]
        places = [f"{one.migration.name}:{one.place.line}" for one in here]
        width = max(map(len, places), default=0)
        for place, one in zip(places, here, strict=True):
            output.line(f"    {place:<{width}}   {one.what}: {one.why}")
    for note in left.notes:
        output.line(f"  {note}")


def _counted(rows: Rows) -> str:
    if rows.number is None:
        return f": {output.size(rows.bytes)}; nobody has ever counted its rows (ANALYZE)"
    return f": about {rows.number:,} row{'' if rows.number == 1 else 's'}, {output.size(rows.bytes)}"


def _outline_as_data(one: Outline) -> dict[str, Any]:
    return {
        "name": one.migration.name,
        "statements": one.statements,
        "in_one_transaction": one.in_one_transaction,
        "outside_transactions": [{"line": s.place.line, "statement": _short(s)} for s in one.outside],
    }


def _as_data(left: Unforeseen) -> dict[str, Any]:
    return {
        "tables": [
            {"table": ".".join(table), "rows": rows.number, "bytes": rows.bytes} for table, rows in left.rows.items()
        ],
        "statements": [*map(_dependence_as_data, left.dependences)],
    }


def _dependence_as_data(one: Dependence) -> dict[str, Any]:
    return {
        "migration": one.migration.name,
        "line": one.place.line,
        "table": ".".join(one.table) if one.table else None,
        "what": one.what,
        "why": one.why,
    }
