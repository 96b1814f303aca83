"""What the user has said about how migrations are tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_migrations.catalog.objects import nothing
from pytest_migrations.rows.seeds.files import Seeds

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.migration import Migration

#: Looks at the state that a migration has led to, on a connection in a transaction of which nothing is kept, and gives
#: the exception that its code raised, if any.
Inspection = Callable[["Migration", "psycopg.Connection[Any]"], "BaseException | None"]


#: Puts rows in, over the connection of a trial, before the migration is tried.
PutRowsIn = Callable[["psycopg.Connection[Any]", "Migration"], None]


class SkippedError(Exception):
    """An inspection has nothing to say of this migration; its text is why."""


def _all(_migration: Migration, _check: str) -> bool:
    return True


@dataclass(frozen=True)
class Terms:
    """``timeout`` is the longest that a script may take, in seconds; None means for ever."""

    timeout: float | None = None
    #: How many rows a table gets in which a migration is tried; 0: none is tried so.
    rows: int = 0
    #: Puts a user's own rows in beside those, in the transaction of the trial.
    put_rows_in: PutRowsIn | None = None
    #: Rows of the user's own for versions, once they can be asked for.
    seeds: Callable[[], Seeds] = Seeds
    #: Whether the history is gone up and down at random, too.
    walk: bool = False
    #: By the name of the check that each stands for.
    inspections: Mapping[str, Inspection] = field(default_factory=dict)
    #: Whether the object of this kind and name is left out when schemas are compared.
    leave_out: Callable[[str, str], bool] = nothing
    #: Whether the run asks for this check of a migration; what is looked at for others alone need not be looked at.
    wanted: Callable[[Migration, str], bool] = _all
