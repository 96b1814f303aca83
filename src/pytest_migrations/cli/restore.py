"""``pytest-migrations restore``: a backup into a new database, and how that takes the place of the old one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pytest_migrations.cli import FINDINGS, output
from pytest_migrations.cli.options import backups_option, json_option, target_options
from pytest_migrations.errors import UserError, display_path
from pytest_migrations.operations.backups import keeping
from pytest_migrations.operations.backups.restoring import restore

if TYPE_CHECKING:
    from pytest_migrations.catalog.difference import Comparison
    from pytest_migrations.operations.backups.restoring import Restored
    from pytest_migrations.operations.backups.swapping import Swap
    from pytest_migrations.operations.target import Target

_SHOWN = 15


@click.command(short_help="Restore a backup into a new database.")
@click.argument("backup", metavar="BACKUP")
@click.option("--into", metavar="NAME", required=True, help="The name of the new database.")
@backups_option
@target_options
@json_option
def command(*, backup: str, into: str, backups: Path, target: Target, as_json: bool) -> int:
    """Restore BACKUP (a file, or a name of `pytest-migrations backups`) into a new database on the target's server.

    No database that exists is changed. At the end it says how the new one takes the target's place.
    """
    path = _found(backup, backups)
    if not as_json:
        output.line(f"restore    {display_path(path)} ({output.size(path.stat().st_size)})")
    with output.waiting(f"into {into}"):
        restored = restore(target, path, into)
    is_whole = not restored.lost and not restored.gained
    if as_json:
        output.as_json(_as_data(restored))
    else:
        _tell(restored)
    return 0 if is_whole else FINDINGS


def _found(backup: str, folder: Path) -> Path:
    for path in (Path(backup), folder / backup, folder / f"{backup}{keeping.SUFFIX}"):
        if path.is_file():
            return path
    there = [other.name for other in keeping.backups_in(folder)[:3]]
    newest = f"The newest there: {', '.join(there)}." if there else f"There are none in {display_path(folder)}."
    raise UserError(f"There is no backup {backup}, neither here nor in {display_path(folder)}. {newest}")


def _tell(restored: Restored) -> None:
    output.line(f"           into {restored.name}, in {output.took(restored.seconds)}")
    if restored.lost or restored.gained:
        output.line("verify     the new database is not what the backup lists:")
        _list([f"missing   {entry}" for entry in restored.lost] + [f"added     {entry}" for entry in restored.gained])
        output.line("It is kept, for you to judge.")
    else:
        output.line(f"verify     {output.count(restored.objects, 'object')}, as in the backup")
    if restored.comparison is not None:
        _tell_differences(restored.comparison, restored)
    _tell_swap(restored.swap, restored)


def _tell_differences(comparison: Comparison, restored: Restored) -> None:
    used = restored.swap.used
    if comparison.equal:
        output.line(f"compare    the schema is that of {used} as it is now")
        return
    output.line(f"compare    the schema differs from that of {used} as it is now:")
    where = {"missing": f"only in {used}", "left behind": f"only in {restored.name}", "changed": "differs"}
    width = max(map(len, where.values()))
    _list([f"{where[one.change]:<{width}}  {one.kind} {one.name}" for one in comparison.differences])


def _list(lines: list[str]) -> None:
    for line in lines[:_SHOWN]:
        output.line(f"  {line}")
    if len(lines) > _SHOWN:
        output.line(f"  ... and {len(lines) - _SHOWN} more")


def _tell_swap(swap: Swap, restored: Restored) -> None:
    lost = f" Rows that were written to {swap.used} since the backup are only there." if swap.aside else ""
    output.line()
    if swap.aside:
        output.line(
            f"To let applications use it as {swap.used}, which is kept as {swap.aside} (sessions on both are ended):"
        )
    else:
        output.line(f"To let applications use it as {swap.used}, which does not exist now:")
    output.line()
    for line in (f"{swap.psql} <<'SQL'", *swap.statements, "SQL"):
        output.line(line)  # without blanks before it, or the end would be none to a shell
    output.line()
    if swap.on_failure:
        output.line(f"If that stops before COMMIT, let sessions in again with {swap.on_failure}")
    output.line(f"Look at {restored.name} first.{lost}")


def _as_data(restored: Restored) -> dict[str, Any]:
    comparison = restored.comparison
    return {
        "database": restored.name,
        "objects": restored.objects,
        "seconds": restored.seconds,
        "missing": [*restored.lost],
        "added": [*restored.gained],
        "differences": None
        if comparison is None
        else [{"kind": one.kind, "name": one.name, "change": one.change} for one in comparison.differences],
        "swap": asdict(restored.swap),
    }
