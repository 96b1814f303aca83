"""Decides what the columns of a table's rows are made from, so that the table takes them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg

from pytest_migrations.catalog.session import NOT_TEMPORARY, pinned
from pytest_migrations.rows import types
from pytest_migrations.rows.solving import Generated, Unknown, solve
from pytest_migrations.sql.grammar import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from pytest_migrations.rows.table import Check, Column, Table, Type

#: Generated numbers begin here, where few numbers of a user's are.
FIRST_NUMBER = 1_000_003
#: Between the numbers of one column and those of the next, so that no two columns hold the same.
_APART = 100
#: The values of another seed are not those of this one, not even of an enum.
_SEED_APART = 7
#: Rows of a partition are not those that its table has got.
_PARTITIONS_APART = 10_000
#: One row of so many has NULL in a column.
_NULL_EVERY = 5


@dataclass(frozen=True)
class Recipe:
    """``count`` rows of a table, numbered by ``r.g`` from 0; ``r.d`` is that too, but the last repeats the first.

    ``values`` has SQL by the name of the column. Those of foreign keys come from elsewhere, and are NULL where
    ``nulls`` says so.
    """

    table: Table
    count: int
    values: Mapping[str, str]
    nulls: Mapping[str, str]
    #: The columns that no two rows may share a value of.
    unique: frozenset[str]
    #: Of keys whose columns hold few values, foreign keys aside: those, and how many values the others hold.
    bounds: tuple[tuple[frozenset[str], int], ...]


class ImpossibleError(Exception):
    """No row for the table is known; its text is why."""


class Recipes:
    """Remembers what was found for a table or a domain, which costs questions to the server."""

    def __init__(self) -> None:
        self._found: dict[tuple[Table, int, int], Recipe | ImpossibleError] = {}
        self._domains: dict[str, tuple[Type, tuple[str, ...]]] = {}

    def recipe(self, connection: psycopg.Connection[Any], table: Table, rows: int, seed: int) -> Recipe:
        """What rows of the table are made from, as many as there can be up to ``rows``.

        :raises ImpossibleError: where none can be.
        """
        key = (table, rows, seed)
        if key not in self._found:
            try:
                self._found[key] = self._make(connection, table, rows, seed)
            except ImpossibleError as error:
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, ImpossibleError):
            raise found
        return found

    def _make(self, connection: psycopg.Connection[Any], table: Table, rows: int, seed: int) -> Recipe:
        if table.cannot:
            raise ImpossibleError(table.cannot)
        chosen = self._chosen(connection, [column.type for column in table.columns], rows)
        referring = {name for key in table.foreign_keys for name in key.columns}
        unique = {name for key in table.keys for name in key.columns}
        strict = {name for key in table.keys if not key.takes_nulls for name in key.columns}
        first = FIRST_NUMBER + (0 if table.root == table.oid else _PARTITIONS_APART * (1 + table.oid % 100))
        plain = {
            column.name: _Plain(column, first, seed, chosen, is_unique=column.name in unique)
            for column in _filled(table)
        }
        known = {name: of for name, of in plain.items() if of.known}
        for name, of in plain.items():
            if not of.known and not of.column.has_default and not of.column.nullable:
                raise ImpossibleError(f"no value of the type {of.column.type.name} is known for its column {name}")
        nulls = {name: _null_in(of.column) for name, of in known.items() if of.is_nullable and name not in strict}
        for key in table.foreign_keys:  # all of its columns are NULL in the same rows
            nulls |= {name: nulls[key.columns[0]] for name in key.columns if name in nulls and key.columns[0] in nulls}
        values = {name: of.value("r.g" if of.is_unique else "r.d") for name, of in known.items()}
        capacities = [(key.columns & referring, _capacity(table, key.columns - referring)) for key in table.keys]
        count = min([rows, *(capacity for foreign, capacity in capacities if not foreign)])
        for group in _broken(connection, table, count, values, nulls):
            solved = self._solved(connection, table, group, known, referring, unique, count)
            if unique & set(solved[0]):
                count = min(count, len(solved))
            for name in solved[0]:
                nulls.pop(name, None)
                values[name] = _by_row([row[name] for row in solved], known[name].column.type)
                if name in referring and (empty := [str(i) for i, row in enumerate(solved) if row[name] is None]):
                    nulls[name] = f"r.g % {len(solved)} IN ({', '.join(empty)})"
        return Recipe(
            table,
            count,
            {
                name: f"CASE WHEN {nulls[name]} THEN NULL ELSE {value} END" if name in nulls else value
                for name, value in values.items()
                if name not in referring
            },
            {name: condition for name, condition in nulls.items() if name in referring},
            frozenset(unique),
            tuple((foreign, capacity) for foreign, capacity in capacities if foreign and capacity < count),
        )

    def _solved(
        self,
        connection: psycopg.Connection[Any],
        table: Table,
        group: Sequence[Check],
        known: Mapping[str, _Plain],
        referring: set[str],
        unique: set[str],
        count: int,
    ) -> list[dict[str, str | None]]:
        names = frozenset[str]().union(*(check.columns for check in group))
        unknowns = [
            Unknown(
                name,
                known[name].column.type,
                known[name].value,
                nullable=known[name].is_nullable,
                distinct=name in unique,
                present=name in referring,
            )
            for name in sorted(names)
            if name in known
        ]
        solved = solve(
            connection, unknowns, [check.condition for check in group], count=count, generated=_generated(table)
        )
        if not solved:
            named = " and ".join(dict.fromkeys(check.name for check in group))
            conditions = " AND ".join(check.condition for check in group)
            raise ImpossibleError(f"no values were found that satisfy {named}: {conditions}")
        return solved

    def _chosen(
        self, connection: psycopg.Connection[Any], wanted: Iterable[Type], rows: int
    ) -> dict[str, tuple[str, ...]]:
        """Values of the domains within types, those that are not what the base type's values are."""
        for domain in dict.fromkeys(domain for type_ in wanted for domain in _domains(type_)):
            if domain.name in self._domains and self._domains[domain.name][0] == domain:
                continue
            assert domain.element is not None
            chosen = {name: values for name, (_, values) in self._domains.items()}
            base = partial(types.expression, domain.element, chosen=chosen)
            if base(str(FIRST_NUMBER)) is None or _holds(connection, domain, base(f"{FIRST_NUMBER} + r.g") or ""):
                continue
            unknown = Unknown("value", domain.element, base, nullable=False, distinct=True, present=False)
            solved = solve(connection, [unknown], list(domain.checks), count=rows, generated=())
            if not solved:
                raise ImpossibleError(
                    f"no values were found for the domain {domain.name}: CHECK {' AND '.join(domain.checks)}"
                )
            self._domains[domain.name] = (domain, tuple(row["value"] or "NULL" for row in solved))
        return {name: values for name, (_, values) in self._domains.items()}


class _Plain:
    """The values of a column where no condition says otherwise."""

    def __init__(
        self, column: Column, first: int, seed: int, chosen: Mapping[str, tuple[str, ...]], *, is_unique: bool
    ) -> None:
        self.column = column
        self.is_unique = is_unique
        self.is_nullable = column.nullable and _takes_null(column.type)
        self._chosen = chosen
        self._first = first + _APART * column.position + _SEED_APART * seed
        self.known = types.expression(column.type, str(self._first), chosen) is not None

    def value(self, row: str) -> str:
        """Its SQL in the row of this number."""
        return types.expression(self.column.type, f"({self._first} + {row})", self._chosen) or "NULL"


def _filled(table: Table) -> Iterator[Column]:
    return (column for column in table.columns if not column.generated)


def _generated(table: Table) -> tuple[Generated, ...]:
    return tuple(Generated(column.name, column.type, column.generated) for column in table.columns if column.generated)


def _null_in(column: Column) -> str:
    """The first row has no NULL, and what is NULL in another one differs from column to column."""
    return f"r.g % {_NULL_EVERY} = {1 + column.position % (_NULL_EVERY - 1)}"


def _capacity(table: Table, columns: Collection[str]) -> int:
    """In how many rows these columns can differ."""
    return max((types.capacity(column.type) for column in table.columns if column.name in columns), default=1)


def _holds(connection: psycopg.Connection[Any], domain: Type, value: str) -> bool:
    """Whether values of its base type satisfy a domain."""
    satisfied = " AND ".join(f"coalesce({condition}, true)" for condition in domain.checks)
    query = f"SELECT bool_and({satisfied}) FROM (SELECT {value} AS value FROM {rows_of(_NULL_EVERY)}) t"
    try:
        (result,) = pinned(connection, NOT_TEMPORARY + query)
    except psycopg.Error:
        return False
    return result.get_value(0, 0) == b"t"


def _broken(
    connection: psycopg.Connection[Any],
    table: Table,
    count: int,
    values: Mapping[str, str],
    nulls: Mapping[str, str],
) -> list[list[Check]]:
    """The checks that rows of these values do not satisfy, each with all that are about the same columns."""
    checks = [check for check in table.checks if check.columns & values.keys()]
    if not checks:
        return []
    columns = [
        f"CASE WHEN {nulls[name]} THEN NULL ELSE {value} END AS {quoted(name)}"
        if name in nulls
        else f"{value} AS {quoted(name)}"
        for name, value in values.items()
        if any(name in check.columns for check in checks)
        or any(name in generated.expression for generated in _generated(table))
    ]
    generated = "".join(f", ({each.expression}) AS {quoted(each.name)}" for each in _generated(table))
    satisfied = ", ".join(f"pg_catalog.bool_and(coalesce(({check.condition}), true))" for check in checks)
    query = (
        f"SELECT {satisfied} FROM (SELECT t.*{generated} FROM (SELECT {', '.join(columns)} FROM {rows_of(count)}) t) t"
    )
    try:
        (result,) = pinned(connection, NOT_TEMPORARY + query)
    except psycopg.Error:
        broken = set(range(len(checks)))
    else:
        broken = {place for place in range(len(checks)) if result.get_value(0, place) != b"t"}
    return [group for group in _groups(checks, values.keys()) if any(checks[place] in group for place in broken)]


def _groups(checks: Sequence[Check], names: Iterable[str]) -> list[list[Check]]:
    """Checks that share a column come together."""
    groups: list[tuple[frozenset[str], list[Check]]] = []
    for check in checks:
        columns = check.columns & frozenset(names)
        sharing = [group for group in groups if group[0] & columns]
        groups = [group for group in groups if not group[0] & columns]
        merged = [member for _, members in sharing for member in members]
        groups.append((columns.union(*(group[0] for group in sharing)), [*merged, check]))
    return [members for _, members in groups]


def _by_row(expressions: Sequence[str | None], type_: Type) -> str:
    """SQL that gives each row its own of these values, in turn."""
    if len(set(expressions)) == 1:
        return expressions[0] or f"NULL::{type_.name}"
    whens = " ".join(f"WHEN {row} THEN {expression or 'NULL'}" for row, expression in enumerate(expressions))
    return f"(CASE r.g % {len(expressions)} {whens} END)::{type_.name}"


def rows_of(count: int) -> str:
    """The numbered rows that recipes speak of."""
    last = count - 1 if count > 2 else -1
    return (
        f"(SELECT g, CASE WHEN g = {last} THEN 0 ELSE g END AS d "
        f"FROM pg_catalog.generate_series(0::bigint, {count - 1}) AS g) r"
    )


def _domains(type_: Type) -> Iterator[Type]:
    """The domains with conditions within a type, those within others first."""
    for part in ([type_.element] if type_.element else []) + [part for _, part in type_.attributes]:
        yield from _domains(part)
    if type_.kind == "domain" and type_.checks:
        yield type_


def _takes_null(type_: Type) -> bool:
    return type_.nullable and (type_.kind != "domain" or type_.element is None or _takes_null(type_.element))
