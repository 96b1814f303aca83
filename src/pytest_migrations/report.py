"""``--migrations-report``: the results as JSON; docs/report.md describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_migrations.errors import UserError, display_path

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from pytest_migrations.catalog.difference import Difference
    from pytest_migrations.collection import CheckItem


class Report:
    """Gathers the results of all processes and writes them when the run ends."""

    def __init__(self, path: Path) -> None:
        """Make sure that the file can be written, before a run is spent on it.

        :raises UserError: where it cannot.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.open("a").close()
        except OSError as error:
            raise UserError(
                f"--migrations-report={display_path(path)}: cannot be written: {error.strerror}. "
                "Name a file in a folder that you can write to."
            ) from None
        self._path = path
        self._results: dict[str, dict[str, Any]] = {}
        self._server: dict[str, str] | None = None

    def add(self, result: dict[str, Any]) -> None:
        """Take a result of ``result_of``; one of a test that was run again replaces the one before."""
        self._server = result["server"] or self._server
        self._results[result["result"]["id"]] = result["result"]

    def write(self) -> None:
        content = {"server": self._server, "results": list(self._results.values())}
        self._path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _whole(difference: Difference, short: str, side: int) -> str:
    """The facts that differ, uncut; what is secret is not told."""
    facts = [
        f"{name}: {'hidden' if name.endswith('(hidden)') else values[side]}"
        for name, *values in difference.changes
        if values[side] is not None
    ]
    return "; ".join(facts) or short


def result_of(item: CheckItem, report: pytest.TestReport) -> dict[str, Any]:
    """One result, the server it was found on, and for what other check it was skipped, as plain data."""
    verdict = item.verdict
    server = item.prover.server() if item.needs_server else None
    comparison = verdict.comparison if verdict else None
    return {
        "server": {"kind": server.kind, "version": server.version} if server else None,
        "blames": f"{item.folder_id}/{verdict.blames}" if verdict and verdict.blames else "",
        "blame": verdict.blame if verdict else "",
        "result": {
            "id": item.nodeid,
            "folder": item.folder_id,
            "migration": item.migration.name,
            "check": item.name,
            "outcome": verdict.outcome if verdict and verdict.outcome in ("waived", "accepted") else report.outcome,
            "seconds": verdict.seconds if verdict else report.duration,
            "headline": verdict.headline if verdict else "",
            "reason": verdict.reason if verdict else report.longreprtext,
            "differences": [
                {
                    "kind": d.kind,
                    "name": d.name,
                    "change": d.change,
                    "before": None if d.change == "left behind" else _whole(d, d.before, 0),
                    "after": None if d.change == "missing" else _whole(d, d.after, 1),
                }
                for d in (comparison.differences if comparison is not None else ())
            ],
            "column_order": [
                {"table": order.table, "before": list(order.expected), "after": list(order.actual)}
                for order in (comparison.column_order if comparison is not None else ())
            ],
        },
    }
