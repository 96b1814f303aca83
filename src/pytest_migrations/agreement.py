"""Whether the processes of a run agree on what failed.

A check is skipped where another one says why. Each process of xdist has a walk of its own, and what depends on time or
chance may fail in one of them alone: the check that was to say it has then passed elsewhere, and no item would fail.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Agreement:
    """Gathers the outcomes of all processes."""

    _passed: set[str] = field(default_factory=set)
    #: For each check that others blamed: how many did, and what they would have said.
    _blamed: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, result: dict[str, Any]) -> None:
        """Take a result of ``report.result_of``."""
        if result["result"]["outcome"] == "passed":
            self._passed.add(result["result"]["id"])
        if result["blames"]:
            count, _ = self._blamed.get(result["blames"], (0, ""))
            self._blamed[result["blames"]] = count + 1, result["blame"]

    @property
    def contradictions(self) -> list[str]:
        """What passed in one process and failed in another: a text for each."""
        return [
            f"{check} passed in one process and failed in another, which skipped {count} "
            f"check{'s' if count > 1 else ''} for it:\n\n{text}"
            for check, (count, text) in self._blamed.items()
            if check in self._passed
        ]
