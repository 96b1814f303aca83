"""``pytest-migrations rollback``: take applied migrations back."""

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
from pytest_migrations.operations import rolling_back
from pytest_migrations.operations.ownership import make_sure_that_it_is_ours
from pytest_migrations.operations.preparing import back_up_before, prepare
from pytest_migrations.operations.session import Limits, working_on

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_migrations.operations.entry import Entry
    from pytest_migrations.operations.rolling_back import WayBack
    from pytest_migrations.operations.target import Target


@click.command(short_help="Take applied migrations back.")
@click.argument("file", metavar="[FILE|VERSION]", required=False)
@target_options
@folder_options
@limit_options
@click.option("--to", metavar="VERSION", help="Take back all that was applied after this version (or file); 0: all.")
@click.option("--cascade", is_flag=True, help="Take along what was applied later and depends on it.")
@click.option("--backup", is_flag=True, help="Take a backup first; without it nothing is changed.")
@backups_option
@dry_run_options
@json_option
def command(
    *,
    file: str | None,
    target: Target,
    folder: FolderOptions,
    limits: Limits,
    to: str | None,
    cascade: bool,
    backup: bool,
    backups: Path,
    dry: bool,
    server: str,
    as_json: bool,
) -> None:
    """Roll back the migration FILE (or VERSION), or with --to all that was applied after one.

    The rollback is that of its file; where the file is gone, or has none, it is what the ledger has kept.
    """
    if file is not None and to is not None:
        raise click.UsageError("Name one migration to roll back, or with --to the one to go back to, and not both.")
    if file is None and to is None:
        raise click.UsageError("Name the migration to roll back, or with --to the one to go back to.")
    history = folder.history()

    def plan(entries: Mapping[str, Entry]) -> list[WayBack]:
        if file is not None:
            return rolling_back.plan_one(history, entries, file, cascade=cascade)
        assert to is not None
        return rolling_back.plan_to(history, entries, to)

    if dry:
        show_dry_run(
            target,
            history,
            limits,
            server=server,
            plan=lambda entries: [(way.migration, way.script) for way in plan(entries)],
            perform=lambda session, tell: rolling_back.roll_back(
                session, history, plan(session.ledger.entries()), tell
            ),
            as_json=as_json,
        )
        return
    with working_on(target, limits) as session:
        make_sure_that_it_is_ours(session.connection, target, history, has_ledger=session.ledger.exists())
        first = plan(session.ledger.entries())
        with telling([way.migration for way in first], as_json=as_json) as tell:
            ways = prepare(
                first,
                lambda: plan(session.ledger.entries()),
                look=None,
                backup=(lambda: tell(back_up_before(session, backups))) if backup else None,
            )
            rolling_back.roll_back(session, history, ways, tell)
