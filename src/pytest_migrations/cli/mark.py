"""``pytest-migrations mark``: tell the ledger what was done by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pytest_migrations.cli.correcting import correct_if_wanted, yes_option
from pytest_migrations.cli.options import FolderOptions, folder_options, json_option, target_options
from pytest_migrations.operations.entry import State
from pytest_migrations.operations.marking import to_mark
from pytest_migrations.operations.ownership import make_sure_that_it_is_ours

if TYPE_CHECKING:
    from pytest_migrations.operations.correction import Correction
    from pytest_migrations.operations.session import Session
    from pytest_migrations.operations.target import Target


@click.command(short_help="Tell the ledger what was done by hand.")
@click.argument("file", metavar="FILE|VERSION")
@click.option("--applied", is_flag=True, help="It is applied.")
@click.option("--pending", is_flag=True, help="It is not, and is to be run.")
@click.option("--rolled-back", is_flag=True, help="It was applied, and taken back.")
@yes_option
@json_option
@target_options
@folder_options
def command(
    *,
    file: str,
    applied: bool,
    pending: bool,
    rolled_back: bool,
    yes: bool,
    as_json: bool,
    target: Target,
    folder: FolderOptions,
) -> None:
    """Say in the ledger that the migration FILE is applied, pending or rolled back. Nothing else is changed."""
    if [applied, pending, rolled_back].count(True) != 1:
        raise click.UsageError("Say one of --applied, --pending and --rolled-back.")
    state = State.APPLIED if applied else State.ROLLED_BACK if rolled_back else None
    history = folder.history()

    def plan(session: Session) -> tuple[list[Correction], list[str]]:
        make_sure_that_it_is_ours(session.connection, target, history, has_ledger=session.ledger.exists())
        return to_mark(history, session.ledger.entries(), file, state), []

    correct_if_wanted(target, plan, yes=yes, as_json=as_json)
