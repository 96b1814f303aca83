"""Rows that satisfy conditions: the usual ones if they do, else what the conditions speak of, else what is drawn."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors

from pytest_migrations.rows.conditions.candidates import NULL, Unknown, Value, family, text, typical
from pytest_migrations.rows.conditions.combining import chosen, combinations
from pytest_migrations.rows.conditions.documents import documents
from pytest_migrations.rows.conditions.drawing import drawn
from pytest_migrations.rows.conditions.hints import Hints
from pytest_migrations.rows.conditions.judging import Generated, Judge, null_in
from pytest_migrations.rows.conditions.trees import Condition, computed, read
from pytest_migrations.rows.conditions.ways import all_of, ways
from pytest_migrations.sql.grammar import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_migrations.rows.conditions.hints import Way
    from pytest_migrations.rows.conditions.judging import Choice

__all__ = ["Generated", "Row", "Unknown", "solve"]

#: The SQL expression of each column, None for NULL.
Row = dict[str, "str | None"]

_DRAWN = 100
#: Which hash partition a value belongs to can only be tried.
_HASHED = 200
#: What the server says of conditions that mean nothing for columns of these types, whatever is in them.
_ILL_TYPED = (errors.UndefinedFunction, errors.DatatypeMismatch)


def solve(
    connection: psycopg.Connection[Any],
    unknowns: Sequence[Unknown],
    conditions: Sequence[str],
    *,
    count: int,
    number: int = 1_000_003,
    generated: Sequence[Generated] = (),
) -> list[Row]:
    """Up to ``count`` rows that satisfy all conditions, fewer where distinct columns have no more values.

    The usual value of a column in row ``n`` is that of ``number + n``. The first row has as few NULLs as can be. All
    is asked in the open transaction, of which nothing is changed.
    """
    if not unknowns or count < 1:
        return []
    judge = Judge(connection, generated)
    groups = _groups(unknowns, conditions, generated)
    try:
        usual = _usual_rows(judge, unknowns, groups, count, number)
    except _ILL_TYPED:
        return []
    solved: list[list[Row]] = []
    for place, (columns, together) in enumerate(groups):
        rows = usual[place] or _solved(judge, columns, together, count, number)
        if not rows:
            return []
        solved.append(rows)
    complete = min([count, *(len(rows) for rows in solved)])
    rows = [{name: value for each in solved for name, value in each[n].items()} for n in range(complete)]
    return [{unknown.name: row[unknown.name] for unknown in unknowns} for row in rows]


_Group = tuple[list[Unknown], list[Condition]]


def _groups(unknowns: Sequence[Unknown], conditions: Sequence[str], generated: Sequence[Generated]) -> list[_Group]:
    """The columns, put together where conditions speak of several, each group with its conditions."""
    names = frozenset(unknown.name for unknown in unknowns)
    made = {
        item.name: made
        for item in generated
        if (made := computed(item.name, item.expression, names, nullable=item.nullable))
    }
    trees = {name: condition.tree for name, condition in made.items()}
    groups: list[tuple[frozenset[str], list[Condition]]] = [(frozenset({unknown.name}), []) for unknown in unknowns]
    for condition in (*made.values(), *(read(condition, names, trees) for condition in conditions)):
        named = condition.columns or frozenset({unknowns[0].name})
        touched = [group for group in groups if group[0] & named]
        merged = (frozenset().union(*(group[0] for group in touched)), [c for group in touched for c in group[1]])
        groups = [group for group in groups if group not in touched] + [(merged[0], [*merged[1], condition])]
    return [([unknown for unknown in unknowns if unknown.name in names_], together) for names_, together in groups]


def _usual_rows(
    judge: Judge, unknowns: Sequence[Unknown], groups: Sequence[_Group], count: int, number: int
) -> list[list[Row]]:
    """The usual rows of each group that is satisfied by them; no rows for the others.

    :raises psycopg.Error: where conditions are ill-typed.
    """
    if any(unknown.expression is None and not unknown.nullable for unknown in unknowns):
        return [[] for _ in groups]
    asked = [[condition.text for condition in together] for _, together in groups]
    try:
        verdicts = judge.usual(unknowns, asked, count, number)
    except psycopg.Error as error:
        if len(groups) == 1 and isinstance(error, _ILL_TYPED):
            raise
        if len(groups) == 1:
            return [[]]
        return [rows for group in groups for rows in _usual_rows(judge, group[0], [group], count, number)]
    places = {unknown.name: place for place, unknown in enumerate(unknowns)}
    found: list[list[Row]] = []
    for place, (columns, _) in enumerate(groups):
        rows: list[Row] = []
        for row in range(count):
            plain, with_nulls = verdicts[row][place]
            if not plain and not with_nulls:
                break
            rows.append(
                {
                    unknown.name: _usual_value(unknown, places[unknown.name], row, count, number, nulls=with_nulls)
                    for unknown in columns
                }
            )
        found.append(rows if len(rows) == count else [])
    return found


def _usual_value(unknown: Unknown, place: int, row: int, count: int, number: int, *, nulls: bool) -> str | None:
    usual = unknown.usual(number + row)
    if usual is None or (nulls and unknown.nullable and count > 1 and null_in(place, count) == row):
        return None
    return f"({usual.sql})::{unknown.type.name}"


def _solved(
    judge: Judge,
    columns: list[Unknown],
    conditions: list[Condition],
    count: int,
    number: int,
) -> list[Row]:
    """Rows of a group of columns, from what its conditions speak of, else from what hypothesis draws."""
    hints = Hints({unknown.name: unknown for unknown in columns}, count, number)
    for condition in conditions:
        if condition.tree and condition.computed:
            hints.called(condition.tree)
    found = all_of(ways(each.tree, hints) for each in conditions if each.tree and not each.computed)
    hashed = any("satisfies_hash_partition" in condition.text for condition in conditions)
    tried = _ordered(columns, _candidates(hints, _HASHED if hashed else count))
    rows = _tried(judge, tried, found, conditions, count)
    if rows:
        return rows
    pools = {
        unknown.name: [*drawn(unknown.type, _DRAWN), *values] if not unknown.present else values
        for unknown, values in tried
    }
    return _tried(judge, _ordered(columns, pools), [], conditions, count)


def _candidates(hints: Hints, most: int) -> dict[str, list[Value]]:
    """Of each column: what conditions speak of, what it usually has, what its type often has, and NULL."""
    found: dict[str, list[Value]] = {}
    for name, unknown in hints.unknowns.items():
        usual = [value for n in range(most) if (value := unknown.usual(hints.number + n))]
        if unknown.present:
            found[name] = usual[:1]
        else:
            spoken = [*documents(hints.documents.get(name, {})), *_numbers(hints, name), *hints.values.get(name, {})]
            found[name] = list(dict.fromkeys((*usual[:1], *spoken, *usual, *typical(unknown.type))))
        if unknown.nullable:
            found[name].append(NULL)
    return found


def _numbers(hints: Hints, name: str) -> list[Value]:
    """The numbers that conditions speak of, those that follow and precede them, and for fractions some between them."""
    numbers = sorted(hints.numbers.get(name, ()))
    count, integers = hints.count, family(hints.unknowns[name].type) == "integer"
    steps = [step for n in range(1, count + 1) for step in (n, -n)]
    found = [number + step for step in (0, *steps) for number in numbers]
    if not integers:
        pairs = list(pairwise(numbers))
        found = [low + (high - low) * n / (count + 1) for n in range(1, count + 1) for low, high in pairs] + found
    return [text(str(number)) for number in found if not integers or number == number.to_integral_value()]


def _ordered(columns: Iterable[Unknown], candidates: dict[str, list[Value]]) -> list[tuple[Unknown, list[Value]]]:
    """Each column behind those that its candidates need; of a circle of needs the candidates go that close it."""
    waiting, placed = list(columns), []
    known: set[str] = set()
    while waiting:
        fewest = min(waiting, key=lambda unknown: len(_needs(candidates[unknown.name]) - known))
        waiting.remove(fewest)
        placed.append((fewest, [value for value in candidates[fewest.name] if value.needs <= known]))
        known.add(fewest.name)
    return placed


def _needs(values: Iterable[Value]) -> set[str]:
    return {name for value in values for name in value.needs}


def _tried(
    judge: Judge,
    columns: list[tuple[Unknown, list[Value]]],
    found: list[Way],
    conditions: list[Condition],
    count: int,
) -> list[Row]:
    unknowns, candidates = [unknown for unknown, _ in columns], [values for _, values in columns]
    choices = combinations([unknown.name for unknown in unknowns], candidates, found, count)
    asked = [condition.text for condition in conditions]
    satisfying = judge.satisfying(unknowns, candidates, choices, asked, count)
    return [_row(unknowns, candidates, choice) for choice in chosen(satisfying, candidates, count)]


def _row(unknowns: list[Unknown], candidates: list[list[Value]], choice: Choice) -> Row:
    """The expressions of a row: those that need other columns get these from a query of their own."""
    row: Row = {}
    for unknown, values, place in zip(unknowns, candidates, choice, strict=True):
        value = values[place]
        if value.sql is None:
            row[unknown.name] = None
            continue
        sql = value.sql
        if value.needs:
            others = (
                f"{row[other.name] or f'NULL::{other.type.name}'} AS {quoted(other.name)}"
                for other in unknowns
                if other.name in value.needs
            )
            sql = f"(SELECT {sql} FROM (SELECT {', '.join(others)}) AS r)"
        row[unknown.name] = f"({sql})::{unknown.type.name}"
    return row
