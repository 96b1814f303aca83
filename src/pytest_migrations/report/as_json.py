"""The report for programs; docs/report.md describes it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_migrations.report.results import Results

_INTERNAL = {"server", "rank", "blames", "blame"}


def render(results: Results) -> str:
    content = {
        "server": results.server,
        "results": [
            {name: value for name, value in asdict(result).items() if name not in _INTERNAL} for result in results.all
        ],
        "contradictions": results.contradictions,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
