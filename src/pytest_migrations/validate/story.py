"""What the rules look at: a history, and what the walk through it has met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_migrations.migration import how_much_later
from pytest_migrations.validate.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_migrations.migration import History
    from pytest_migrations.validate.clash import Clash, Made, Trouble
    from pytest_migrations.validate.rule import Rule
    from pytest_migrations.validate.walk import Walk


@dataclass(frozen=True)
class Story:
    """A history and its walk."""

    history: History
    walk: Walk

    def clashes(self, *troubles: Trouble, in_rollback: bool = False) -> Iterator[Clash]:
        """Those of these kinds, of the up scripts or of the rollbacks."""
        return (clash for clash in self.walk.clashes if clash.trouble in troubles and clash.in_rollback is in_rollback)

    def name(self, number: int) -> str:
        """The name of the migration of a number."""
        return self.history.migrations[number].name if number >= 0 else f"what {self.history.format} makes for itself"

    def finding(
        self, rule: str, clash: Clash, message: str, remedy: str, severity: Severity = Severity.ERROR
    ) -> Finding:
        """What a rule says about a clash."""
        return Finding(
            rule,
            severity,
            self.name(clash.migration),
            message,
            remedy,
            clash.effect.place,
            statement=clash.effect.statement,
            in_rollback=clash.in_rollback,
        )

    def findings(self, rule: Rule, trouble: Trouble, say: Callable[[Story, Clash], str]) -> Iterator[Finding]:
        """What a rule that says the same of each clash of a kind has to say, in the words of ``say``."""
        return (self.finding(rule.id, clash, say(self, clash), rule.remedy) for clash in self.clashes(trouble))

    def comes_later(self, clash: Clash) -> str:
        """Who creates what is missing, and how much later."""
        assert clash.later is not None
        return (
            f"{self.name(clash.later.migration)} creates it, {how_much_later(clash.later.migration - clash.migration)}."
        )

    def made_by(self, made: Made) -> str:
        """Where an object comes from: ``003_grants.sql:12``."""
        if made.effect is None or made.migration < 0:
            return self.name(made.migration)
        return f"{self.name(made.migration)}:{made.effect.place.line}"
