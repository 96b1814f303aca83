"""What a rule is: what it looks for, and the texts that explain it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_migrations.validate.finding import Finding, Severity
    from pytest_migrations.validate.story import Story


@dataclass(frozen=True)
class Rule:
    """One thing that can be wrong with a history.

    ``bad`` and ``good`` are folders, files by name, in our own format: the one breaks the rule, and nothing else is
    wrong with it; the other is how it was meant.
    """

    id: str
    #: What it is called in a sentence: "foreign key to what is not there".
    name: str
    severity: Severity
    what: str
    why: str
    remedy: str
    bad: Mapping[str, str]
    good: Mapping[str, str]
    find: Callable[[Story], Iterator[Finding]]
