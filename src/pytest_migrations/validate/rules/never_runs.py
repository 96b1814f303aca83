"""A branch that waits for what comes later."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_migrations.validate.clash import Trouble
from pytest_migrations.validate.finding import Severity
from pytest_migrations.validate.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.validate.finding import Finding
    from pytest_migrations.validate.story import Story


def _find(story: Story) -> Iterator[Finding]:
    told = set()
    for clash in story.clashes(Trouble.NEVER_RUNS):
        assert clash.other is not None and clash.later is not None
        key = clash.migration, clash.effect.object.key
        if key not in told:
            told.add(key)
            finding = story.finding(
                NEVER_RUNS.id,
                clash,
                f"{clash.effect.object} is never created: it waits for {clash.other.named}, which is not there yet",
                f"{story.comes_later(clash)} Do this in a migration behind it.",
                NEVER_RUNS.severity,
            )
            yield replace(finding, lost=clash.effect.object)


_BLOCK = """\
CREATE TABLE alerts (grant_id bigint NOT NULL);

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM information_schema.tables WHERE table_name = 'grants') THEN
        ALTER TABLE alerts ADD CONSTRAINT alerts_grant FOREIGN KEY (grant_id) REFERENCES grants (id);
    END IF;
END $$;
"""

NEVER_RUNS = Rule(
    id="never-runs",
    name="condition that is never true",
    severity=Severity.WARNING,
    what="A block creates something only where an object is there, and a later migration creates that object.",
    why="Nothing fails: the constraint is silently missing in every database that was made from the migrations.",
    remedy="Create it in a migration behind the one that creates what it waits for.",
    bad={"001_alerts.sql": _BLOCK, "002_grants.sql": "CREATE TABLE grants (id bigint PRIMARY KEY);\n"},
    good={"001_grants.sql": "CREATE TABLE grants (id bigint PRIMARY KEY);\n", "002_alerts.sql": _BLOCK},
    find=_find,
)
