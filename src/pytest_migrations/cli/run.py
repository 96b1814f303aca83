"""``pytest-migrations run``: apply what the database lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pytest_migrations.cli.dry_running import dry_run_options, show_dry_run
from pytest_migrations.cli.options import (
    FolderOptions,
    backups_option,
    folder_options,
    json_option,
    limit_options,
    target_options,
)
from pytest_migrations.cli.telling import telling
from pytest_migrations.operations import running
from pytest_migrations.operations.ownership import make_sure_that_it_is_ours
from pytest_migrations.operations.preparing import back_up_before, prepare
from pytest_migrations.operations.session import Limits, working_on
from pytest_migrations.operations.validating import validate_before

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_migrations.cli.telling import Tell
    from pytest_migrations.operations.entry import Entry
    from pytest_migrations.operations.session import Session
    from pytest_migrations.operations.target import Target


@click.command(short_help="Apply what the database lacks.")
@target_options
@folder_options
@limit_options
@click.option("--to", metavar="VERSION", help="Only up to this version (or file).")
@click.option("--single-transaction", is_flag=True, help="All or nothing.")
@click.option("--continue", "go_on", is_flag=True, help="Go on with a migration that stopped half-way.")
@click.option("--out-of-order", is_flag=True, help="Also before one that is applied, or behind one that is not SQL.")
@click.option("--validate", is_flag=True, help="Look first at what would break; then nothing is changed.")
@click.option("--backup", is_flag=True, help="Take a backup first; without it nothing is changed.")
@backups_option
@dry_run_options
@json_option
def command(
    *,
    target: Target,
    folder: FolderOptions,
    limits: Limits,
    to: str | None,
    single_transaction: bool,
    go_on: bool,
    out_of_order: bool,
    validate: bool,
    backup: bool,
    backups: Path,
    dry: bool,
    server: str,
    as_json: bool,
) -> None:
    """Apply the migrations that the database lacks, in order, each with its entry in the ledger.

    A migration and its entry are committed together. What fails is not kept, and stops the run; those before it stay.
    """
    if go_on and single_transaction:
        raise click.UsageError("What stopped half-way was no single transaction: run --continue first, without it.")
    history = folder.history()

    def plan(entries: Mapping[str, Entry]) -> running.Plan:
        return running.plan(history, entries, to=to, allow_out_of_order=out_of_order, go_on=go_on)

    def perform(session: Session, wanted: running.Plan, tell: Tell) -> None:
        run = running.run_as_one if single_transaction and wanted.migrations else running.run
        run(session, history, wanted, tell)

    def rehearse(session: Session, tell: Tell) -> None:
        wanted = plan(session.ledger.entries())
        if validate:
            tell(validate_before(history, wanted.migrations))
        perform(session, wanted, tell)

    if dry:
        show_dry_run(
            target,
            history,
            limits,
            server=server,
            plan=lambda entries: plan(entries).scripts,
            perform=rehearse,
            as_json=as_json,
        )
        return
    with working_on(target, limits) as session:

        def plan_here() -> running.Plan:
            entries = session.ledger.entries()
            make_sure_that_it_is_ours(session.connection, target, history, has_ledger=session.ledger.exists())
            return plan(entries)

        first = plan_here()
        with telling(first.migrations, as_json=as_json) as tell:
            wanted = prepare(
                first,
                plan_here,
                look=(lambda planned: tell(validate_before(history, planned.migrations))) if validate else None,
                backup=(lambda: tell(back_up_before(session, backups))) if backup else None,
            )
            perform(session, wanted, tell)
