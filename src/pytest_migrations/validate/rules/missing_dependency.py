"""A dependency that is not declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.validate.declared import declared_dependencies, place_of
from pytest_migrations.validate.finding import Finding, Severity
from pytest_migrations.validate.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_migrations.validate.story import Story

#: What one declares: whoever names a table speaks of its columns, indexes and triggers as well.
_DECLARED = frozenset(
    {
        "schema",
        "table",
        "view",
        "materialized view",
        "foreign table",
        "type",
        "enum",
        "domain",
        "composite type",
        "function",
        "procedure",
    }
)


def _find(story: Story) -> Iterator[Finding]:
    declared: dict[int, set[int]] = {}
    for one in declared_dependencies(story.history):
        declared.setdefault(one.number, set()).update(one.means)
    for number in declared:
        migration = story.history.migrations[number]
        reachable = _reachable(number, declared)
        for other, named in story.walk.stands_on.get(number, {}).items():
            if other < number and other not in reachable and named.kind in _DECLARED:
                yield Finding(
                    MISSING_DEPENDENCY.id,
                    MISSING_DEPENDENCY.severity,
                    migration.name,
                    f"needs {named} of {story.name(other)}, and does not say so",
                    "Add it to the line of its dependencies.",
                    place_of(migration, migration.dependencies[0]),
                )


def _reachable(start: int, declared: Mapping[int, set[int]]) -> set[int]:
    """The migrations that the declared dependencies lead to, those of dependencies, too."""
    found: set[int] = set()
    waiting = [start]
    while waiting:
        for number in declared.get(waiting.pop(), ()):
            if number not in found:
                found.add(number)
                waiting.append(number)
    return found


MISSING_DEPENDENCY = Rule(
    id="missing-dependency",
    name="dependency that is not declared",
    severity=Severity.WARNING,
    what="A migration with a line '-- Dependencies:' needs an object of a migration that it does not name there.",
    why="Who reorders or rolls back by these lines breaks it.",
    remedy="Add the table or the migration to the line.",
    bad={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
        "002_grants.sql": "CREATE TABLE grants (id bigint PRIMARY KEY);\n",
        "003_alerts.sql": "-- Dependencies: users\n\nCREATE TABLE alerts (\n"
        "    user_id bigint REFERENCES users (id),\n    grant_id bigint REFERENCES grants (id)\n);\n",
    },
    good={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
        "002_grants.sql": "CREATE TABLE grants (id bigint PRIMARY KEY);\n",
        "003_alerts.sql": "-- Dependencies: users, grants\n\nCREATE TABLE alerts (\n"
        "    user_id bigint REFERENCES users (id),\n    grant_id bigint REFERENCES grants (id)\n);\n",
    },
    find=_find,
)
