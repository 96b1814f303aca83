"""A foreign key to what is not there, or does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects import Verb
from pytest_migrations.validate.clash import Trouble
from pytest_migrations.validate.finding import Severity
from pytest_migrations.validate.rule import Rule
from pytest_migrations.validate.rules.wording import absence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.validate.clash import Clash
    from pytest_migrations.validate.finding import Finding
    from pytest_migrations.validate.story import Story


def is_target(clash: Clash) -> bool:
    """Whether the object that is missing is what a foreign key refers to."""
    named, by = clash.effect.object, clash.effect.by
    if clash.trouble is not Trouble.MISSING or clash.effect.verb is not Verb.REQUIRE or by is None:
        return False
    return by.kind == "constraint" and (named.kind == "table" or (named.kind == "column" and named.table != by.table))


def _find(story: Story) -> Iterator[Finding]:
    for clash in story.clashes(Trouble.MISSING):
        if is_target(clash):
            reason, remedy = absence(story, clash, "add the foreign key in a migration behind it")
            yield story.finding(FOREIGN_KEY.id, clash, f"foreign key to {clash.effect.object}, {reason}", remedy)
    for clash in story.clashes(Trouble.OTHER_TYPE):
        assert clash.other is not None
        type_, other = clash.types
        if clash.effect.verb is Verb.ALTER:
            yield story.finding(
                FOREIGN_KEY.id,
                clash,
                f"{clash.effect.object} is given another type here: {clash.other.named} "
                f"({story.made_by(clash.other)}) would go from {type_} to {other}",
                "PostgreSQL cannot compare the two: drop the foreign key, change both columns, and add it again.",
            )
            continue
        yield story.finding(
            FOREIGN_KEY.id,
            clash,
            f"foreign key from a column of type {type_} to {clash.other.named}, which is of type {other}",
            f"PostgreSQL cannot compare the two: give the column the type {other}.",
        )
    for clash in story.clashes(Trouble.OTHER_COUNT):
        assert clash.other is not None
        yield story.finding(
            FOREIGN_KEY.id,
            clash,
            f"foreign key to more or fewer columns of {clash.other.named} than it has itself",
            "Each of its columns refers to one of the other table's; where none are named, to its primary key.",
        )
    for clash in story.clashes(Trouble.NOT_UNIQUE):
        assert clash.other is not None
        yield story.finding(
            FOREIGN_KEY.id,
            clash,
            f"foreign key to columns of {clash.other.named} that are not unique",
            "Refer to its primary key, or make what it refers to unique first: "
            f"ALTER TABLE {clash.other.named.short} ADD UNIQUE (...).",
        )


FOREIGN_KEY = Rule(
    id="foreign-key",
    name="foreign key to what is not there",
    severity=Severity.ERROR,
    what="A foreign key refers to a table or column that is not there yet, is of another type, or is not unique, or to "
    "more or fewer columns than it has.",
    why="PostgreSQL looks at once for the column that a foreign key refers to: the migration fails.",
    remedy="Create the table first: renumber one of the two, or add the constraint in a migration behind both.",
    bad={
        "001_orders.sql": "CREATE TABLE orders (\n    user_id bigint NOT NULL REFERENCES users (id)\n);\n",
        "002_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
    },
    good={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
        "002_orders.sql": "CREATE TABLE orders (\n    user_id bigint NOT NULL REFERENCES users (id)\n);\n",
    },
    find=_find,
)
