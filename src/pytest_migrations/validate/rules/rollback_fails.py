"""A rollback that cannot run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.validate.clash import Trouble
from pytest_migrations.validate.finding import Severity
from pytest_migrations.validate.rule import Rule
from pytest_migrations.validate.rules.ambiguous_routine import ambiguous
from pytest_migrations.validate.rules.cannot_replace import irreplaceable
from pytest_migrations.validate.rules.created_twice import taken
from pytest_migrations.validate.rules.dropped_while_used import in_use
from pytest_migrations.validate.rules.partition_key import incomplete
from pytest_migrations.validate.rules.wrong_kind import mistaken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.validate.clash import Clash
    from pytest_migrations.validate.finding import Finding
    from pytest_migrations.validate.story import Story

#: What other rules say of the same in an up script.
_SAID = {
    Trouble.EXISTS: taken,
    Trouble.IN_USE: in_use,
    Trouble.OTHER_KIND: mistaken,
    Trouble.CANNOT_REPLACE: irreplaceable,
    Trouble.AMBIGUOUS: ambiguous,
    Trouble.WITHOUT_PARTITION_KEY: incomplete,
}
_FAILURES = (*_SAID, Trouble.MISSING, Trouble.OTHER_TYPE, Trouble.OTHER_COUNT, Trouble.NOT_UNIQUE)


def _find(story: Story) -> Iterator[Finding]:
    for clash in story.clashes(*_FAILURES, in_rollback=True):
        message = f"the rollback fails: {_why(story, clash)}"
        yield story.finding(ROLLBACK_FAILS.id, clash, message, _remedy(clash))


def _why(story: Story, clash: Clash) -> str:
    if clash.trouble in _SAID:
        return _SAID[clash.trouble](story, clash)
    if clash.trouble is Trouble.MISSING and _goes_before(clash):
        return f"{clash.effect.object} is gone by then: line {_goes_before(clash)} takes it along"
    if clash.trouble is Trouble.MISSING:
        return f"{clash.effect.object} is not there once the migration is applied"
    assert clash.other is not None
    return f"its foreign key does not fit {clash.other.named}"


def _goes_before(clash: Clash) -> int | None:
    """The line of the rollback that has dropped what is missing, if one has."""
    by = clash.gone.effect if clash.gone else None
    return by.place.line if by is not None and by.script is clash.effect.script else None


def _remedy(clash: Clash) -> str:
    if clash.trouble is Trouble.MISSING and _goes_before(clash):
        return "Take the statement out, or say IF EXISTS."
    if clash.trouble is Trouble.MISSING:
        return "Name what the migration creates, or take the statement out: nothing is to be undone here."
    return "Undo what the migration does in the reverse order, last things first."


ROLLBACK_FAILS = Rule(
    id="rollback-fails",
    name="rollback that fails",
    severity=Severity.ERROR,
    what="A statement of a rollback names an object that its migration does not leave there, or drops one in use.",
    why="When the rollback is needed, it fails, and the way back is closed.",
    remedy="Undo what the migration does, in the reverse order.",
    bad={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n\n"
        "-- ROLLBACK:\n-- DROP TABLE people;\n-- END ROLLBACK\n",
    },
    good={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n\n"
        "-- ROLLBACK:\n-- DROP TABLE users;\n-- END ROLLBACK\n",
    },
    find=_find,
)
