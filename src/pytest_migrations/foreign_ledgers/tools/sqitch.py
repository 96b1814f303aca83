"""Sqitch: a row for each change that is deployed, with the SHA-1 of its script.

As Sqitch 1.6 writes it (lib/App/Sqitch/Engine/pg.sql): ``changes`` in the schema ``sqitch``, or the one that
``engine.pg.registry`` says. Several projects may share it. A change that was reworked has a row for each of its
versions.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.foreign_ledgers.contents import differs
from pytest_migrations.foreign_ledgers.taking import Entry, Taken, by_key
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool
from pytest_migrations.formats.sqitch.conf import Project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History

_PROJECT = re.compile(r"^[ \t]*%[ \t]*project[ \t]*=[ \t]*(?P<name>\S+)", re.MULTILINE)


def _taken(rows: Sequence[Row], history: History) -> Taken:
    project = _project_of(history)
    versions: Counter[str] = Counter()
    entries = []
    for row in sorted(rows, key=lambda row: float(row.text("committed_at") or 0)):
        name = row.text("change")
        if row.text("project") == project or not project:
            at, checksum = row.time("committed_at"), row.text("script_hash")
            entries.append(Entry(f"{name} {versions[name]}", name, at, checksum=checksum))
            versions[name] += 1
    return by_key(entries, history, lambda migration: migration.identity, partial(differs, "sha1"))


def _project_of(history: History) -> str:
    """What the plan calls its project; empty where there is no plan."""
    try:
        match = _PROJECT.search(Project.of(history.folder).plan.read_text(encoding="utf-8", errors="replace"))
    except (OSError, UserError):
        return ""
    return match["name"] if match else ""


SQITCH = Tool(
    "Sqitch",
    formats=("sqitch",),
    shapes=(
        Shape(
            {
                "change_id": Kind.TEXT,
                "script_hash": Kind.TEXT,
                "change": Kind.TEXT,
                "project": Kind.TEXT,
                "committed_at": Kind.TIME,
            }
        ),
    ),
    reads=("change", "project", "script_hash", "committed_at"),
    taken=_taken,
)
