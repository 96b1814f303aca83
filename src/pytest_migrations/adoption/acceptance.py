"""What becomes of a verdict where a failure is waived, or accepted for now."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pytest_migrations.adoption.waivers import Waiver
    from pytest_migrations.checks.verdict import Verdict


@dataclass(frozen=True)
class Acceptance:
    """Of one history: its waivers, and what the baseline accepts, each by "007_grants.sql::roundtrip".

    What is accepted of a test is its findings; where none are listed, all.
    """

    waivers: Mapping[str, Waiver] = field(default_factory=dict)
    baseline: Mapping[str, Collection[str]] = field(default_factory=dict)
    #: What the file of the baseline is called, and what ids in it begin with.
    file: str = ""
    prefix: str = ""
    #: Whether the baseline is written anew: whatever fails is accepted from now on.
    updates: bool = False

    def covers(self, name: str) -> bool:
        """Whether it is known of this check that it may fail."""
        return name in self.waivers or name in self.baseline

    def judged(self, name: str, verdict: Verdict) -> Verdict:
        """The verdict on the check of this name, as the user wants to see it."""
        if verdict.outcome == "failed" and not verdict.is_own:
            return verdict
        if waiver := self.waivers.get(name):
            verdict = _waived(waiver, verdict)
        if verdict.outcome == "failed" and self._accepts(name):
            if new := self._not_accepted(name, verdict):
                return replace(verdict, reason=f"{verdict.reason}\n\n{new}")
            return replace(verdict, outcome="accepted", error=None, several=verdict.findings)
        if name in self.baseline and not self.updates and verdict.outcome in ("passed", "waived"):
            state = "now passes" if verdict.outcome == "passed" else "is waived in its file"
            return replace(
                verdict,
                outcome="failed",
                reason=f"{self.prefix}{name} {state}: remove it from {self.file}, where its failure is accepted "
                "(--migrations-update-baseline does so).",
            )
        return verdict

    def _accepts(self, name: str) -> bool:
        """Never that a migration does not apply: all that stands behind it would be skipped for ever."""
        return not name.endswith("::apply") and (self.updates or name in self.baseline)

    def _not_accepted(self, name: str, verdict: Verdict) -> str:
        """What fails now that did not when the failure was accepted."""
        known = self.baseline.get(name, ())
        if self.updates or not known or not (new := [finding for finding in verdict.findings if finding not in known]):
            return ""
        return (
            f"{self.file} accepts that this test fails, but not in this:\n\n  "
            + "\n  ".join(new)
            + "\n\nMend it, or accept it as well (--migrations-update-baseline)."
        )


def _waived(waiver: Waiver, verdict: Verdict) -> Verdict:
    if verdict.outcome == "failed":
        return replace(verdict, outcome="waived", reason=f"waived: {waiver.reason}", error=None)
    if verdict.outcome == "passed":
        remark = f"{waiver.place}: {waiver.check} passes, so this waiver hides nothing: remove it."
        return replace(verdict, warning=remark, place=waiver.place)
    return verdict
