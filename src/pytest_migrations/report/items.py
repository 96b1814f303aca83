"""From pytest's items to results."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from pytest_migrations.collection import test_id
from pytest_migrations.errors import path_from
from pytest_migrations.report.results import Result

if TYPE_CHECKING:
    import pytest

    from pytest_migrations.catalog.difference import Difference
    from pytest_migrations.collection import CheckItem
    from pytest_migrations.timeline.proof import WithRows


def result_of(item: CheckItem, report: pytest.TestReport) -> dict[str, Any]:
    """The ``Result`` of an item as plain data."""
    verdict = item.verdict
    server = item.prover.server() if item.needs_server and verdict else None
    comparison = verdict.comparison if verdict else None
    place = verdict.place if verdict else None
    reason = verdict.reason if verdict else _crash(report)
    result = Result(
        id=item.nodeid,
        folder=item.folder_id,
        migration=item.migration.name,
        check=item.name,
        outcome=verdict.outcome if verdict and verdict.outcome in ("waived", "accepted") else report.outcome,
        seconds=verdict.seconds if verdict else report.duration,
        headline=verdict.headline_in(item.path) if verdict else reason.partition("\n")[0],
        reason=reason,
        findings=list(verdict.findings if verdict else ()),
        file=path_from(item.config.rootpath, place.path if place else item.path),
        line=place.line if place else 1,
        column=place.column if place else None,
        differences=[
            {
                "kind": d.kind,
                "name": d.name,
                "change": d.change,
                "before": None if d.change == "left behind" else _whole(d, d.before, 0),
                "after": None if d.change == "missing" else _whole(d, d.after, 1),
            }
            for d in (comparison.differences if comparison is not None else ())
        ],
        column_order=[
            {"table": order.table, "before": list(order.expected), "after": list(order.actual)}
            for order in (comparison.column_order if comparison is not None else ())
        ],
        server={"kind": server.kind, "version": server.version} if server else None,
        rank=[item.index, item.prover.checks(item.index).index(item.name)],
        blames=test_id(item.folder_id, verdict.blames) if verdict and verdict.blames else "",
        blame=verdict.blame if verdict else "",
        warning=verdict.warning if verdict else "",
        rows=_rows(verdict.with_rows) if verdict and verdict.with_rows else None,
    )
    return asdict(result)


#: A result names no more tables that were filled.
_MOST_TABLES = 50


def _rows(tried: WithRows) -> dict[str, Any]:
    """What there is to know of the check on rows; of a thousand tables that were filled nobody reads all the names."""
    return {
        "tables": len(tried.rows),
        "put_in": dict(islice(tried.rows.items(), _MOST_TABLES)),
        "empty": dict(tried.empty),
        "without_triggers": dict(tried.without_triggers),
        "differing": [{name: value for name, value in asdict(loss).items() if name != "rows"} for loss in tried.losses],
        "unmet": [str(place) for place in dict.fromkeys(idle.statement.place for idle in tried.idle)],
    }


def _crash(report: pytest.TestReport) -> str:
    """What another plugin says of a test that it stopped; of a traceback only its end, for locals may hold secrets."""
    if isinstance(report.longrepr, tuple):  # a skip: the file, the line, and why
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash.message if crash else report.longreprtext


def _whole(difference: Difference, short: str, side: int) -> str:
    """The facts that differ, uncut; what is secret is not told."""
    facts = [
        f"{name}: {'hidden' if name.endswith('(hidden)') else values[side]}"
        for name, *values in difference.changes
        if values[side] is not None
    ]
    return "; ".join(facts) or short
