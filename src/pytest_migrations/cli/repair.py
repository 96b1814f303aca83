"""``pytest-migrations repair``: bring the ledger and the folder together again."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

import click

from pytest_migrations.cli import FINDINGS
from pytest_migrations.cli.correcting import correct_if_wanted, yes_option
from pytest_migrations.cli.options import FolderOptions, folder_options, json_option, target_options
from pytest_migrations.operations.ownership import make_sure_that_it_is_ours
from pytest_migrations.operations.repairing import to_repair
from pytest_migrations.operations.standing import Stand
from pytest_migrations.operations.way_out import way_out

if TYPE_CHECKING:
    from pytest_migrations.operations.correction import Correction
    from pytest_migrations.operations.session import Session
    from pytest_migrations.operations.standing import Standing
    from pytest_migrations.operations.target import Target


@click.command(short_help="Bring the ledger and the folder together again.")
@yes_option
@json_option
@target_options
@folder_options
def command(*, yes: bool, as_json: bool, target: Target, folder: FolderOptions) -> None:
    """Take edited files for what was applied, follow renamed ones, and forget failures of which nothing was kept."""
    history = folder.history()

    def plan(session: Session) -> tuple[list[Correction], list[str]]:
        make_sure_that_it_is_ours(session.connection, target, history, has_ledger=session.ledger.exists())
        corrections, left = to_repair(history, session.ledger.entries())
        to_decide[:] = map(_to_decide, left)
        return corrections, to_decide

    to_decide: list[str] = []
    correct_if_wanted(target, plan, yes=yes, as_json=as_json)
    if to_decide:
        raise click.exceptions.Exit(FINDINGS)


def _to_decide(standing: Standing) -> str:
    if standing.stand is Stand.MISSING:
        return (
            f"{standing.name}: its file is gone, and no other is the same. Put it back, or take the migration back: "
            f"pytest-migrations rollback {quote(standing.name)}"
        )
    assert standing.entry is not None
    return f"{standing.name}: {standing.note}. {way_out(standing.name, standing.migration, standing.entry)}"
