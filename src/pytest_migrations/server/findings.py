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
    #: The extensions and collation providers of the requirements that it lacks.
    lacks: frozenset[str] = frozenset()


class Unusable(Exception):  # noqa: N818 (no error by itself: the next one may do)
    """A server that will not do, whose ``finding`` goes into the error if no other does."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.why)
        self.finding = finding


def lacking(what: str, lacks: Iterable[str], remedy: str = "") -> Finding:
    names = sorted(lacks)
    return Finding(what, "no " + ", ".join(f'"{name}"' for name in names), remedy, frozenset(names))


def too_old(what: str) -> Finding:
    return Finding(what, f"too old: {OLDEST_MAJOR} or newer is needed")


def unusable_server(finding: Finding, requirements: Requirements) -> UserError:
    """The error for when the one server that the user has named will not do."""
    return UserError(f"{finding.what} will not do: {finding.why}.{_needs([finding], requirements)}")


def no_server(findings: Sequence[Finding], requirements: Requirements) -> UserError:
    """The error for when nothing that was looked at would do."""
    return UserError(
        f"no PostgreSQL for the migration tests.{_needs(findings, requirements)} Looked at:\n{_table(findings)}\n"
        "Or name a server that may create databases: --migrations-server=postgresql://user@host/db"
    )


def _needs(findings: Sequence[Finding], requirements: Requirements) -> str:
    """A sentence for each thing that something lacks: where the migrations require it."""
    lacks = frozenset[str]().union(*(finding.lacks for finding in findings))
    needed = [
        *((place, f'creates the extension "{name}"', name) for name, place in requirements.extensions.items()),
        *((place, f'uses the collation provider "{name}"', name) for name, place in requirements.providers.items()),
    ]
    return "".join(f" {display_path(place.path)}:{place.line} {what}." for place, what, name in needed if name in lacks)


def _table(findings: Sequence[Finding]) -> str:
    what = max(len(finding.what) for finding in findings)
    why = max((len(finding.why) for finding in findings if finding.remedy), default=0)
    return "\n".join(
        f"  {finding.what:<{what}}  {finding.why:<{why}}  {finding.remedy}".rstrip() for finding in findings
    )
