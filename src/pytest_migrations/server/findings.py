"""What was looked at for a server, why it would not do, and the ways out: one error for all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError, display_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_migrations.server.requirements import Requirements

#: PostgreSQL 14 is the oldest that we know.
OLDEST_MAJOR = 14


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what it is, why it would not do, what helps."""

    what: str
    why: str
    remedy: str = ""
    #: What of the requirements it lacks.
    lacks: frozenset[str] = frozenset()


class Unusable(Exception):  # noqa: N818 (no error by itself: the next one may do)
    """A server that will not do, whose ``finding`` goes into the error if no other does."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.why)
        self.finding = finding


class LackingError(UserError):
    """No server has all that is required: ``lacks`` names what is missing, ``looked_at`` tells what was looked at."""

    def __init__(self, message: str, lacks: frozenset[str], looked_at: str) -> None:
        super().__init__(message)
        self.lacks = lacks
        self.looked_at = looked_at


def lacking(what: str, lacks: Iterable[str], remedy: str = "") -> Finding:
    names = sorted(lacks)
    return Finding(what, "no " + ", ".join(f'"{name}"' for name in names), remedy, frozenset(names))


def too_old(what: str) -> Finding:
    return Finding(what, f"too old: {OLDEST_MAJOR} or newer is needed")


def unusable_server(finding: Finding, requirements: Requirements) -> UserError:
    """The error for when the one server that the user has named will not do."""
    reason = f"{finding.what} will not do: {finding.why}."
    return _error(f"{reason}{_needs([finding], requirements)}", reason, [finding], requirements)


def no_server(findings: Sequence[Finding], requirements: Requirements) -> UserError:
    """The error for when nothing that was looked at would do."""
    looked_at = (
        f"Looked at:\n{table(findings)}\n"
        "Or name a server that may create databases: --migrations-server=postgresql://user@host/db"
    )
    message = f"no PostgreSQL for the migration tests.{_needs(findings, requirements)} {looked_at}"
    return _error(message, looked_at, findings, requirements)


def _error(message: str, looked_at: str, findings: Sequence[Finding], requirements: Requirements) -> UserError:
    lacks = _lacks(findings) & {*requirements.names}
    return LackingError(message, lacks, looked_at) if lacks else UserError(message)


def _lacks(findings: Sequence[Finding]) -> frozenset[str]:
    return frozenset[str]().union(*(finding.lacks for finding in findings))


def _needs(findings: Sequence[Finding], requirements: Requirements) -> str:
    """A sentence for each thing that something lacks: where the migrations require it."""
    lacks = _lacks(findings)
    return "".join(
        f' {display_path(place.path)}:{place.line} {_VERBS[what]} the {what} "{name}".'
        for (what, name), place in requirements.needs.items()
        if name in lacks
    )


_VERBS = {"extension": "creates", "collation provider": "uses", "locale": "uses"}


def table(findings: Sequence[Finding]) -> str:
    """The findings as lines of aligned columns."""
    what = max(len(finding.what) for finding in findings)
    why = max((len(finding.why) for finding in findings if finding.remedy), default=0)
    return "\n".join(
        f"  {finding.what:<{what}}  {finding.why:<{why}}  {finding.remedy}".rstrip() for finding in findings
    )
