"""Values of domains with conditions that the usual values of their base types do not satisfy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from pytest_migrations.catalog.session import NOT_TEMPORARY, pinned
from pytest_migrations.rows import types
from pytest_migrations.rows.conditions.candidates import Unknown
from pytest_migrations.rows.conditions.judging import IN_TIME
from pytest_migrations.rows.conditions.solving import solve
from pytest_migrations.rows.recipes.numbering import FIRST_NUMBER, ImpossibleError, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_migrations.rows.table import Type

#: So many more values than rows, for those of other seeds.
_MORE = 14
#: So many usual values have to satisfy a domain.
_TRIED = 5


class Domains:
    """Remembers what was found, as long as a domain stays as it is."""

    def __init__(self) -> None:
        #: By the name of a domain what it was, and values; none where the usual ones will do.
        self._found: dict[str, tuple[Type, tuple[str, ...]]] = {}

    def chosen(
        self, connection: psycopg.Connection[Any], wanted: Iterable[Type], count: int
    ) -> dict[str, tuple[str, ...]]:
        """By the name of each domain within these types values for ``count`` rows, where the usual ones will not do.

        :raises ImpossibleError: where none were found.
        """
        domains = list(dict.fromkeys(domain for type_ in wanted for domain in _domains_in(type_)))
        for domain in domains:
            if self._found.get(domain.name, (None, ()))[0] != domain:
                self._found[domain.name] = (domain, self._values(connection, domain, count))
        return {domain.name: values for domain in domains if (values := self._found[domain.name][1])}

    def _values(self, connection: psycopg.Connection[Any], domain: Type, count: int) -> tuple[str, ...]:
        base = domain.element
        assert base is not None
        chosen = {name: values for name, (_, values) in self._found.items() if values}

        def usual(row: str) -> str:
            return types.expression(base, f"({FIRST_NUMBER} + {row})", chosen) or ""

        if not usual("0") or _satisfied(connection, domain, usual("r.g")):
            return ()
        unknown = Unknown("value", base, usual, nullable=False, distinct=True)
        solved = solve(connection, [unknown], list(domain.checks), count=count + _MORE, number=0)
        if not solved:
            raise ImpossibleError(f"no values were found for the domain {domain.name}: {' AND '.join(domain.checks)}")
        return tuple(row["value"] or "NULL" for row in solved)


def _satisfied(connection: psycopg.Connection[Any], domain: Type, value: str) -> bool:
    satisfied = " AND ".join(f"({condition}) IS NOT FALSE" for condition in domain.checks)
    query = f"SELECT bool_and({satisfied}) FROM (SELECT {value} AS value FROM {rows_of(_TRIED)}) t"
    try:
        (result,) = pinned(connection, f"{IN_TIME} {NOT_TEMPORARY} {query}")
    except psycopg.Error:
        return False
    return result.get_value(0, 0) == b"t"


def _domains_in(type_: Type) -> Iterator[Type]:
    """The domains with conditions within a type, those within others first."""
    for part in ([type_.element] if type_.element else []) + [part for _, part in type_.attributes]:
        yield from _domains_in(part)
    if type_.kind == "domain" and type_.checks:
        yield type_
