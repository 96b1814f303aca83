"""Declared dependencies that lead back to where they began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.validate.declared import circle, declared_dependencies, place_of
from pytest_migrations.validate.finding import Finding, Severity
from pytest_migrations.validate.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.validate.story import Story


def _find(story: Story) -> Iterator[Finding]:
    known = declared_dependencies(story.history)
    cycle = circle(known)
    if cycle:
        migration = story.history.migrations[cycle[0]]
        around = " -> ".join(story.name(number) for number in (*cycle, cycle[0]))
        text = next(one.text for one in known if one.number == cycle[0] and (*cycle, cycle[0])[1] in one.means)
        yield Finding(
            CIRCULAR_DEPENDENCY.id,
            CIRCULAR_DEPENDENCY.severity,
            migration.name,
            f"the declared dependencies go round in a circle: {around}",
            CIRCULAR_DEPENDENCY.remedy,
            place_of(migration, text),
        )


CIRCULAR_DEPENDENCY = Rule(
    id="circular-dependency",
    name="circular dependencies",
    severity=Severity.ERROR,
    what="The lines '-- Dependencies:' of some migrations lead back to the one that they began with.",
    why="In no order do all of these migrations come behind what they depend on.",
    remedy="Take one of these dependencies out, or split the migration that needs it.",
    bad={
        "001_users.sql": "-- Dependencies: 002_roles\n\nCREATE TABLE users (id bigint PRIMARY KEY);\n",
        "002_roles.sql": "-- Dependencies: 001_users\n\nCREATE TABLE roles (id bigint PRIMARY KEY);\n",
    },
    good={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
        "002_roles.sql": "-- Dependencies: 001_users\n\nCREATE TABLE roles (id bigint PRIMARY KEY);\n",
    },
    find=_find,
)
