"""``pytest-migrations status``: what is applied, and what is not."""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import replace
from datetime import datetime, timezone
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from pytest_migrations.cli import FINDINGS, output
from pytest_migrations.cli.options import FolderOptions, folder_options, json_option, named_target, target_options
from pytest_migrations.foreign_ledgers import TAKE_OVER, remarks, sentence
from pytest_migrations.operations.standing import Stand, named
from pytest_migrations.operations.status import status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_migrations.operations.entry import Entry
    from pytest_migrations.operations.standing import Standing
    from pytest_migrations.operations.status import Status
    from pytest_migrations.operations.target import Target

_FINDINGS = (Stand.FAILED, Stand.CHANGED, Stand.MISSING)
_COLOURS = {
    Stand.APPLIED.value: "green",
    Stand.PENDING.value: "yellow",
    Stand.FAILED.value: "red",
    Stand.CHANGED.value: "red",
    Stand.MISSING.value: "red",
    Stand.ROLLED_BACK.value: "yellow",
}
_AGO = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@click.command(short_help="What is applied, pending, failed, changed or missing.")
@click.argument("file", metavar="[FILE|VERSION]", required=False)
@target_options
@folder_options
@click.option("--against", metavar="DSN", help="Show only where it differs from this database.")
@json_option
def command(*, file: str | None, target: Target, folder: FolderOptions, against: str | None, as_json: bool) -> None:
    """Show what is applied, pending, failed, changed since it was applied, or missing; of one FILE its rollback, too.

    The database is only read. Exits with 0 also where migrations are pending, and with 1 where something has failed,
    was changed or is missing, or where with --against the two differ.
    """
    history = folder.history()
    found = status(target, history)
    if against is not None:
        other = named_target(against)
        if target.is_ledger_named:
            other = replace(other, ledger=target.ledger)
        _compare(found, status(other, history), as_json=as_json)
        return
    if file is not None:
        found = replace(found, standings=[named(file, found.standings, history)])
    if as_json:
        output.as_json({"migrations": [_as_data(standing) for standing in found.standings]})
    elif file is not None:
        _show_one(found.standings[0])
    else:
        _show(found, " in SQL" if history.in_code else "")
    if any(map(_is_finding, found.standings)):
        raise click.exceptions.Exit(FINDINGS)


def _is_finding(standing: Standing) -> bool:
    """Whether somebody has to see to it: of one that failed and is gone, nothing is left that could matter."""
    is_forgotten = standing.stand is Stand.FAILED and standing.migration is None and not standing.is_in_database
    return standing.stand in _FINDINGS and not is_forgotten


def _show_one(standing: Standing) -> None:
    """All that is known of a migration, its way back as well."""
    entry = standing.entry
    output.line(f"{standing.name}: {standing.stand.value}{f', {standing.note}' if standing.note else ''}")
    if entry is None:
        return
    if entry.applied_at:
        output.line(f"  at {entry.applied_at.astimezone():%Y-%m-%d %H:%M:%S}{_by(entry)}")
    output.line(f"  {entry.statements} of {output.count(entry.total_statements, 'statement')}")
    if entry.error:
        output.line(f"  {entry.error}")
    if entry.rollback_sql is not None:
        output.line("\nIts rollback, as the ledger has kept it:\n")
        output.line(textwrap.indent(entry.rollback_sql.strip() or "-- nothing to be undone", "    "))


def _show(found: Status, what: str) -> None:
    output.table(["migration", "state", "applied at", "took", ""], [*map(_row, found.standings)], colours=_COLOURS)
    output.line(_summary(found.standings, what))
    if found.running:
        output.line(f"A run is at it now: {found.running}.")
    for said in found.said:
        output.line("\n".join([sentence(said), *remarks(said)]))
    if found.said:
        output.line(TAKE_OVER)
    for other in found.others:
        output.line(f"{other.text} See: --ledger {quote(other.name)}")


def _compare(here: Status, there: Status, *, as_json: bool) -> None:
    """Show the migrations that stand differently, and exit with 1 where there are some."""
    ours, theirs = ({standing.name: standing for standing in one.standings} for one in (here, there))
    unlike = [
        (name, _stand(ours, name), _stand(theirs, name))
        for name in dict.fromkeys([*ours, *theirs])
        if _stand(ours, name) != _stand(theirs, name)
    ]
    if as_json:
        output.as_json({"differences": [{"name": name, "here": mine, "there": other} for name, mine, other in unlike]})
    elif unlike:
        output.table(["migration", "here", "there"], unlike, colours=_COLOURS)
        output.line(f"{output.count(len(unlike), 'migration')} of {len({**ours, **theirs})} differ.")
    else:
        output.line(f"The two have the same {output.count(len(ours), 'migration')}.")
    if unlike:
        raise click.exceptions.Exit(FINDINGS)


def _stand(standings: Mapping[str, Standing], name: str) -> str:
    return standings[name].stand.value if name in standings else "not known"


def _row(standing: Standing) -> list[str]:
    entry = standing.entry
    at = f"{entry.applied_at.astimezone():%Y-%m-%d %H:%M:%S}" if entry and entry.applied_at else ""
    took = output.took(entry.seconds) if entry and entry.seconds is not None else ""
    return [standing.name, standing.stand.value, at, took, standing.note]


def _as_data(standing: Standing) -> dict[str, Any]:
    entry = standing.entry
    return {
        "name": standing.name,
        "state": standing.stand.value,
        "applied_at": entry.applied_at.isoformat() if entry and entry.applied_at else None,
        "seconds": entry.seconds if entry else None,
        "note": standing.note or None,
        "rollback": entry.rollback_sql if entry else None,
    }


def _summary(standings: Sequence[Standing], what: str) -> str:
    counts = Counter(standing.stand for standing in standings)
    others = [f"{counts[stand]} {_said(stand)}" for stand in Stand if stand is not Stand.APPLIED and counts[stand]]
    applied = counts[Stand.APPLIED] + counts[Stand.CHANGED] + counts[Stand.MISSING]
    text = f"{applied} of {output.count(len(standings), 'migration')}{what} applied"
    text += f"; {', '.join(others)}." if others else "."
    entries = [standing.entry for standing in standings if standing.entry and standing.entry.applied_at]
    if entries:
        last = max(entries, key=lambda entry: entry.applied_at or datetime.min.replace(tzinfo=timezone.utc))
        assert last.applied_at is not None
        text += f" Last run {_ago(last.applied_at)}{_by(last)}."
    return text


def _by(entry: Entry) -> str:
    """Who did it, where that is known."""
    return f" by {entry.applied_by}" if entry.applied_by else ""


def _said(stand: Stand) -> str:
    return "changed since it was applied" if stand is Stand.CHANGED else stand.value


def _ago(when: datetime) -> str:
    seconds = (datetime.now(timezone.utc) - when).total_seconds()
    for length, unit in _AGO:
        if seconds >= length:
            return f"{output.count(int(seconds // length), unit)} ago"
    return "just now"
