"""``pytest-migrations baseline``: begin with a database that has migrations already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pytest_migrations.cli.correcting import correct_if_wanted, yes_option
from pytest_migrations.cli.options import FolderOptions, folder_options, json_option, target_options
from pytest_migrations.foreign_ledgers import remarks, sentence, survey, the_one
from pytest_migrations.operations.baselining import to_baseline

if TYPE_CHECKING:
    from pytest_migrations.operations.correction import Correction
    from pytest_migrations.operations.session import Session
    from pytest_migrations.operations.target import Target


@click.command(short_help="Begin with a database that has migrations already.")
@click.option(
    "--to", metavar="VERSION", help="All up to this version (or file) are applied, whatever another tool says."
)
@click.option("--from", "table", metavar="TABLE", help="The ledger to take over, where there are several.")
@yes_option
@json_option
@target_options
@folder_options
def command(
    *, to: str | None, table: str | None, yes: bool, as_json: bool, target: Target, folder: FolderOptions
) -> None:
    """Begin the ledger: what another tool, or a person, has applied counts as applied. Nothing is run.

    Where another tool has a ledger there, it says what is applied; else, or where it is wrong, --to does.
    """
    history = folder.history()

    def plan(session: Session) -> tuple[list[Correction], list[str]]:
        said = the_one(survey(session.connection, history), table)
        told = [sentence(said), *(f"  {remark}" for remark in remarks(said))] if said else []
        return to_baseline(history, session.ledger.entries(), to, said), told

    correct_if_wanted(target, plan, yes=yes, as_json=as_json)
