"""``pytest-migrations backups``: which there are, and away with the old ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pytest_migrations.cli import output
from pytest_migrations.cli.correcting import yes_option
from pytest_migrations.cli.options import backups_option, json_option
from pytest_migrations.errors import display_path
from pytest_migrations.operations.backups import keeping

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_migrations.operations.backups.keeping import Backup


@click.command(short_help="Which backups there are; delete old ones.")
@backups_option
@click.option("--prune", is_flag=True, help="Delete all but the last ones of each database.")
@click.option("--keep", type=click.IntRange(min=1), default=10, show_default=True, help="How many of each stay.")
@yes_option
@json_option
def command(*, backups: Path, prune: bool, keep: int, yes: bool, as_json: bool) -> None:
    """List the backups that `run --backup` has taken, the newest first; with --prune delete old ones, asking first."""
    found = keeping.backups_in(backups)
    removed: list[Backup] = []
    if prune:
        removed = keeping.superseded(found, keep)
        if removed and not yes and not _may_delete(removed, as_json=as_json):
            output.line("Nothing was deleted.")
            return
        for backup in removed:
            keeping.remove(backup)
        found = [backup for backup in found if backup not in removed]
    if as_json:
        output.as_json({"backups": [*map(_as_data, found)], "removed": [*map(_as_data, removed)]})
    elif prune:
        output.line(f"{output.count(len(removed), 'backup')} deleted, {len(found)} kept.")
    elif found:
        _show(found)
    else:
        output.line(f"There are no backups in {display_path(backups)}. `pytest-migrations run --backup` takes one.")


def _may_delete(backups: Sequence[Backup], *, as_json: bool) -> bool:
    if not as_json:
        _show(backups)
    if as_json or not output.in_terminal():
        raise click.UsageError("Nothing was deleted. To delete without being asked, say --yes.")
    return click.confirm(f"Delete {'this backup' if len(backups) == 1 else f'these {len(backups)} backups'}?")


def _show(backups: Sequence[Backup]) -> None:
    output.table(["backup", "database", "server", "taken at", "version", "size", "objects"], [*map(_row, backups)])


def _row(backup: Backup) -> list[str]:
    return [
        backup.name,
        backup.origin.database,
        backup.origin.server or "",
        f"{backup.taken_at.astimezone():%Y-%m-%d %H:%M:%S}",
        backup.version or "",
        output.size(backup.size),
        "" if backup.objects is None else str(backup.objects),
    ]


def _as_data(backup: Backup) -> dict[str, Any]:
    return {
        "name": backup.name,
        "path": str(backup.path),
        "database": backup.origin.database,
        "server": backup.origin.server,
        "server_version": backup.server_version,
        "taken_at": backup.taken_at.isoformat(),
        "version": backup.version,
        "bytes": backup.size,
        "objects": backup.objects,
    }
