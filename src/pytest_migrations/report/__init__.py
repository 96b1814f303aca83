"""The results of a run where people look for them: in files, and on GitHub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.report import as_json, as_markdown, as_sarif

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.report.results import Results

#: The kinds of report, by the suffix of their files.
KINDS: dict[str, Callable[[Results], str]] = {
    ".json": as_json.render,
    ".md": as_markdown.render,
    ".sarif": as_sarif.render,
}
