"""drizzle: a row for each applied migration, with the moment when it was generated and the SHA-256 of its file.

As drizzle-orm 0.45 and 1.0 write it (pg-core/dialect.ts, up-migrations/pg.ts): ``drizzle.__drizzle_migrations``, or
what its configuration says. 1.0 adds the migration's name, and when it was applied.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.contents import differs, digests
from pytest_migrations.foreign_ledgers.taking import Entry, Taken, by_key
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History, Migration

_COLUMNS = {"hash": Kind.TEXT, "created_at": Kind.NUMBER}


def _taken(rows: Sequence[Row], history: History) -> Taken:
    by_moment = _moments(history)
    by_digest = {digest: _tag_of(migration) for migration in history for digest in digests("sha256", migration)}
    entries = []
    for row in rows:
        moment, digest, name = row.text("created_at"), row.text("hash"), row.text("name")
        tag = name or by_moment.get(moment) or by_digest.get(digest) or moment
        generated = row.time("created_at")
        when = f"generated at {generated:%Y-%m-%d %H:%M:%S} UTC" if generated else f"of hash {digest}"
        entries.append(Entry(tag, name or f"one {when}", row.time("applied_at"), checksum=digest))
    return by_key(entries, history, _tag_of, partial(differs, "sha256"))


def _tag_of(migration: Migration) -> str:
    """What drizzle calls it: the file, or since 1.0 the folder that its ``migration.sql`` lies in."""
    path = migration.path
    return path.parent.name if path.name == "migration.sql" else path.stem


def _moments(history: History) -> dict[str, str]:
    """By the moment when they were generated, in milliseconds: what the journal says, or the folder's name."""
    moments = {}
    for migration in history:
        try:
            moment = datetime.strptime(_tag_of(migration)[:14], "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
        except ValueError:
            continue
        moments[str(round(moment.timestamp() * 1000))] = _tag_of(migration)
    try:
        journal = json.loads((history.folder / "meta" / "_journal.json").read_text(encoding="utf-8-sig"))
        return moments | {str(entry["when"]): str(entry["tag"]) for entry in journal["entries"]}
    except (OSError, ValueError, KeyError, TypeError):  # there is none
        return moments


DRIZZLE = Tool(
    "drizzle",
    formats=("drizzle",),
    shapes=(
        Shape(_COLUMNS, named="__drizzle_migrations"),
        Shape({**_COLUMNS, "id": Kind.NUMBER}, named=".*migration.*", alone=True),
    ),
    reads=("hash", "created_at", "name", "applied_at"),
    taken=_taken,
)
