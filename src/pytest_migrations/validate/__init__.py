"""Findings about a history that no database is needed for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects import effects_of
from pytest_migrations.validate.finding import Finding, Move, Severity, Unread, Validation
from pytest_migrations.validate.order import suggest
from pytest_migrations.validate.provided import provided_for
from pytest_migrations.validate.rule import Rule
from pytest_migrations.validate.rules import RULES
from pytest_migrations.validate.story import Story
from pytest_migrations.validate.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.migration import History
    from pytest_migrations.validate.walk import Walk

__all__ = ["RULES", "Finding", "Move", "Rule", "Severity", "Unread", "Validation", "validate"]


def validate(history: History) -> Validation:
    """Read all scripts, follow the schema through the history, and say what does not go together.

    What cannot be read (dynamic SQL, programs) is in ``unread``; what it may have done is not taken for missing. No
    database is asked.
    """
    provided = provided_for(history)
    ledger = history.ledger.up if history.ledger else None
    found = walk(history.migrations, ledger=ledger, provided=provided)
    story = Story(history, found)
    numbers = {migration.name: number for number, migration in enumerate(history)}
    findings = [finding for rule in RULES.values() for finding in rule.find(story)]
    findings.sort(key=lambda finding: (numbers.get(finding.migration, len(numbers)), finding.line or 0))
    ordering = suggest(history, found, provided)
    return Validation(
        tuple(findings),
        ordering.order,
        ordering.moves,
        ordering.renames,
        ordering.cycle,
        tuple(_unread(history, found)),
    )


def _unread(history: History, found: Walk) -> Iterator[Unread]:
    """What a routine does matters only where the migrations call it."""
    for migration in history:
        for script in migration.scripts:
            effects = effects_of(script)
            rejected = {mistake.statement for mistake in effects.mistakes}
            for place in effects.opaque:
                is_idle = place.by is not None and place.by.key not in found.called
                if is_idle or rejected & {None, place.statement}:
                    continue
                yield Unread(migration.name, place.place, place.reason)
