"""A declared dependency on what is not there."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from pytest_migrations.validate.declared import circle, declared_dependencies, place_of
from pytest_migrations.validate.finding import Finding, Severity
from pytest_migrations.validate.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.validate.story import Story


def _find(story: Story) -> Iterator[Finding]:
    known = declared_dependencies(story.history)
    right = sorted({one.text for one in known if one.means})
    round_and_round = set(circle(known))
    # That what it needs comes too late is an error of its own.
    told = {(clash.migration, clash.later.migration) for clash in story.walk.clashes if clash.later}
    for one in known:
        if any(number <= one.number or (one.number, number) in told for number in one.means):
            continue
        if one.number in round_and_round:
            continue
        migration = story.history.migrations[one.number]
        if one.means:
            message = f"depends on {one.text}, which {story.name(one.means[0])} creates, behind this migration"
            remedy = "Move one of the two, or take the name out of the line."
        else:
            message = f"depends on {one.text}, and no migration is called so or creates it"
            near = get_close_matches(one.text, right, n=1)
            remedy = f"Is {near[0]} meant?" if near else "Correct the name, or take it out of the line."
        place = place_of(migration, one.text)
        yield Finding(WRONG_DEPENDENCY.id, WRONG_DEPENDENCY.severity, migration.name, message, remedy, place)


WRONG_DEPENDENCY = Rule(
    id="wrong-dependency",
    name="wrong dependency",
    severity=Severity.WARNING,
    what="A line '-- Dependencies:' names what no migration creates, or what only a later one does.",
    why="Who reads it is misled: the migration stands on something else than it says.",
    remedy="Correct the name, or take it out of the line.",
    bad={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
        "002_names.sql": "-- Dependencies: users, usres\n\nALTER TABLE users ADD COLUMN name text;\n",
    },
    good={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
        "002_names.sql": "-- Dependencies: users\n\nALTER TABLE users ADD COLUMN name text;\n",
    },
    find=_find,
)
