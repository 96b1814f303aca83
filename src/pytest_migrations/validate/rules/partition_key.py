"""Keys of partitioned tables that no server can keep unique."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.validate.clash import Trouble
from pytest_migrations.validate.finding import Severity
from pytest_migrations.validate.rule import Rule

if TYPE_CHECKING:
    from pytest_migrations.validate.clash import Clash
    from pytest_migrations.validate.story import Story


def incomplete(_: Story, clash: Clash) -> str:
    """What says which column a unique key lacks."""
    assert clash.other is not None
    return f"{clash.effect.object} leaves out {clash.reason}, by which {clash.other.named} is partitioned"


PARTITION_KEY: Rule = Rule(
    id="partition-key",
    name="unique key without the partition key",
    severity=Severity.ERROR,
    what="A primary key, unique constraint or unique index of a partitioned table leaves out a column of its partition "
    "key.",
    why="Each partition has an index of its own, which knows nothing of the others: PostgreSQL refuses the key.",
    remedy="Add the columns that the table is partitioned by to the key, or have it on the partitions.",
    bad={
        "001_events.sql": "CREATE TABLE events (id bigint, day date) PARTITION BY RANGE (day);\n"
        "ALTER TABLE events ADD PRIMARY KEY (id);\n",
    },
    good={
        "001_events.sql": "CREATE TABLE events (id bigint, day date) PARTITION BY RANGE (day);\n"
        "ALTER TABLE events ADD PRIMARY KEY (id, day);\n",
    },
    find=lambda story: story.findings(PARTITION_KEY, Trouble.WITHOUT_PARTITION_KEY, incomplete),
)
