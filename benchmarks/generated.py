"""A history of believable size: each table comes with an index and a foreign key, and is changed four times after."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TABLE = """\
CREATE TABLE {table} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parent bigint REFERENCES {parent} (id),
    name text NOT NULL DEFAULT '',
    amount numeric(12, 2) CHECK (amount >= 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX {table}_name ON {table} (lower(name));"""


def scripts(migrations: int, tables: int) -> Iterator[tuple[str, str]]:
    """The (up, down) scripts: a new table every ``migrations / tables``, changes of it in between."""
    every = migrations // tables
    for number in range(migrations):
        table, step = f"t{number // every:03}", number % every
        if step == 0:
            parent = f"t{max(number // every - 1, 0):03}"
            yield _TABLE.format(table=table, parent=parent), f"DROP TABLE {table};"
        elif step == 1:
            yield (
                f"ALTER TABLE {table} ADD COLUMN extra{number} text DEFAULT 'x';",
                f"ALTER TABLE {table} DROP COLUMN extra{number};",
            )
        elif step == 2:
            yield (
                f"CREATE INDEX {table}_i{number} ON {table} (created_at) WHERE amount > 1;",
                f"DROP INDEX {table}_i{number};",
            )
        elif step == 3:
            yield (
                f"CREATE VIEW {table}_v{number} AS SELECT id, name FROM {table} WHERE amount > 0;",
                f"DROP VIEW {table}_v{number};",
            )
        else:
            yield (
                f"ALTER TABLE {table} ADD CONSTRAINT {table}_c{number} CHECK (amount > -1);",
                f"ALTER TABLE {table} DROP CONSTRAINT {table}_c{number};",
            )


def write(folder: Path, migrations: int, tables: int, *, rollbacks: bool = True) -> None:
    """Write them in our own format, with their rollbacks or without."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (up, down) in enumerate(scripts(migrations, tables), 1):
        rollback = "\n".join(("\n\n-- ROLLBACK:", *(f"-- {line}" for line in down.splitlines()), "-- END ROLLBACK"))
        (folder / f"{number:04}_m.sql").write_text(f"{up}{rollback if rollbacks else ''}\n")
