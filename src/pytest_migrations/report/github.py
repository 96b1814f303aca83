"""GitHub Actions: annotations at the lines that failed, and the summary of the job.

docs.github.com/actions/reference/workflows-and-actions/workflow-commands has the commands; how they are escaped is in
actions/toolkit, packages/core/src/command.ts. Of a step's errors GitHub shows the first ten.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_migrations.report import as_markdown

if TYPE_CHECKING:
    from pytest_migrations.report.results import Result, Results


def is_watching() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def repository(root: Path) -> Path:
    """The folder that GitHub counts paths from, which ``root`` may lie in; elsewhere ``root``."""
    workspace = Path(os.environ.get("GITHUB_WORKSPACE") or root)
    return workspace if root.is_relative_to(workspace) else root


def commands(results: Results) -> list[str]:
    """A line for each failure, the most telling first."""
    disagreements = [
        f"::error title=The processes of this run disagree::{_data(text)}" for text in results.contradictions
    ]
    failures = [_command("error", results, result, result.reason or result.headline) for result in results.failures]
    warnings = [_command("warning", results, result, result.warning) for result in results.all if result.warning]
    return [*disagreements, *failures, *warnings]


def _command(kind: str, results: Results, result: Result, text: str) -> str:
    where = {
        "file": results.path_in_repository(result),
        "line": result.line,
        "col": result.column,
        "title": result.id,
    }
    properties = ",".join(f"{name}={_property(value)}" for name, value in where.items() if value is not None)
    return f"::{kind} {properties}::{_data(text)}"


def append_summary(results: Results) -> None:
    """Add to the summary of the step, which other programs may have begun.

    :raises OSError: where that cannot be written.
    """
    if not (name := os.environ.get("GITHUB_STEP_SUMMARY")):
        return
    path = Path(name)
    begun = path.stat().st_size if path.exists() else 0
    with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
        file.write("\n" * bool(begun) + as_markdown.render(results, as_markdown.LIMIT - begun - 1))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: object) -> str:
    return _data(str(value)).replace(":", "%3A").replace(",", "%2C")
