"""What validate has to say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pytest_migrations.errors import display_path

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_migrations.effects import Named
    from pytest_migrations.errors import Place


class Severity(str, Enum):
    """An error fails on a server or in any order; a warning does not, and is hardly what was meant."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, with its place and what to do."""

    #: The id of its rule.
    rule: str
    severity: Severity
    #: The name of the migration; empty where it is about the folder.
    migration: str
    message: str
    remedy: str
    place: Place | None = None
    #: The file, where there is no place in it.
    path: Path | None = None
    #: Which statement of the script it is about, from 0, where one would fail; whether that is in the rollback.
    statement: int | None = None
    in_rollback: bool = False
    #: What is there once the script has run, and should not be; what is not there, and should be.
    left: Named | None = None
    lost: Named | None = None
    #: What the statement is about, and is not there before it, where it does not fail for that.
    absent: Named | None = None

    @property
    def line(self) -> int | None:
        """The line of its place, from 1."""
        return self.place.line if self.place else None

    def __str__(self) -> str:
        """All of it for people: where, what, the source line with a caret, what to do."""
        warning = "warning: " if self.severity is Severity.WARNING else ""
        if self.place is not None:
            return f"{self.place}: {warning}{self.message} ({self.rule})\n{self.place.excerpt()}\n{self.remedy}"
        where = f"{display_path(self.path)}: " if self.path else ""
        return f"{where}{warning}{self.message} ({self.rule})\n{self.remedy}"


@dataclass(frozen=True)
class Unread:
    """Where validate could not look, and why."""

    migration: str
    place: Place
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: not read: {self.reason}"


@dataclass(frozen=True)
class Move:
    """A migration that has to stand elsewhere in the order."""

    migration: str
    #: The names of those that it is to stand between; empty at either end.
    behind: str
    before: str


@dataclass(frozen=True)
class Validation:
    """All that was found in a history."""

    findings: tuple[Finding, ...]
    #: The names of all migrations in an order that works, where theirs does not and one does.
    suggested_order: tuple[str, ...] = ()
    #: What has to move for it.
    moves: tuple[Move, ...] = ()
    #: The files to rename for it, each with its new name; empty where names do not say the order.
    renames: tuple[tuple[str, str], ...] = ()
    #: Where no order works: migrations that need each other, each with what it needs of the next one.
    cycle: tuple[tuple[str, str], ...] = ()
    unread: tuple[Unread, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What fails on a server."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)
