"""What foreign keys take from tables that have their rows already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.sql.grammar import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pytest_migrations.rows.recipes.recipe import Recipe
    from pytest_migrations.rows.table import ForeignKey, Table


class Referring:
    """The ``values`` of columns by foreign keys, the ``joins`` that these need, and ``conditions`` on the rows."""

    def __init__(self, recipe: Recipe, keys: Sequence[ForeignKey], tables: Mapping[int, Table]) -> None:
        self.values: dict[str, str] = {}
        self.joins: list[str] = []
        self.conditions: list[str] = []
        self._recipe = recipe
        self._columns = {column.name: column for column in recipe.table.columns}
        #: SQL of what is known of the columns of keys.
        self._settled = dict(recipe.settled)
        #: By the name of a key what the rows that it refers to say of other columns.
        self._agreed: dict[str, str] = {}
        self._said: dict[str, dict[str, str]] = _said_by(keys, tables, self._free(keys))
        #: Of each column how many values it has.
        self._counts: dict[str, str] = {}
        # The widest first: what is part of another key is then settled by it.
        # Those that say something of others next.
        in_turn = sorted(keys, key=lambda key: (-len(key.columns), key.name not in self._said, key.name))
        for number, key in enumerate(in_turn):
            if key.target in tables:
                self._refer(number, key, tables[key.target].referred)
        for name in sorted({name for key in keys for name in key.columns}.intersection(recipe.usual)):
            if name not in self.values.keys() | self._settled.keys():
                self.values[name] = recipe.usual[name]  # the others of its key are NULL
        self._bound()

    def _free(self, keys: Sequence[ForeignKey]) -> set[str]:
        """The columns of keys that may have any value that is there."""
        recipe = self._recipe
        bound = recipe.unique.union(*(foreign for foreign, _, _ in recipe.bounds), *(c.columns for c in recipe.checks))
        return {name for key in keys for name in key.columns} - bound - recipe.settled.keys() - recipe.generated.keys()

    def _refer(self, number: int, key: ForeignKey, target: str) -> None:
        new = [name for name in key.columns if name not in self._settled and name not in self._recipe.generated]
        source = f"FROM {target} t WHERE {' AND '.join(f't.{quoted(name)} IS NOT NULL' for name in key.referred)}"
        pairs = {name: f"t.{quoted(referred)}" for name, referred in zip(key.columns, key.referred, strict=True)}
        table = self._recipe.table
        if any(unique.columns == frozenset(key.columns) for unique in table.keys):  # what is referred to is taken
            same = " AND ".join(f"o.{quoted(name)} = {value}" for name, value in pairs.items())
            source += f" AND NOT EXISTS (SELECT FROM {table.name} o WHERE {same})"
        known = {name: self._settled[name] for name in pairs if name in self._settled}
        agreeing = " AND ".join(f"{pairs[name]} = {value}" for name, value in known.items())
        if not new and not known:
            return  # the server computes them
        if not new:
            lacks = " OR ".join(f"{value} IS NULL" for value in known.values())
            self.conditions.append(f"({lacks} OR EXISTS (SELECT {source} AND {agreeing}))")
            return
        if known.keys() <= self._recipe.constant:
            self._join_in_turn(number, key, new, pairs, f"{source} AND {agreeing}" if known else source)
        else:
            self._join_agreeing(number, new, pairs, f"{source} AND {agreeing}")
        for place, name in enumerate(new):
            there = "" if key.is_wished else f"SELECT {source} AND {pairs[name]}"
            self._take(name, f"f{number}.v{place}", there, can_lack=self._recipe.table.can_lack(key))

    def _take(self, name: str, value: str, there: str, *, can_lack: bool) -> None:
        if name in self._agreed:
            value = f"coalesce({self._agreed[name]}, {value})"
        if can_lack and not self._columns[name].takes_null and name in self._recipe.usual:
            value = f"coalesce({value}, {self._recipe.usual[name]})"  # the others are NULL where there is no row
        self._settled[name] = value
        if apart := self._recipe.apart.get(name):
            own = self._recipe.usual[name]
            when = f"({apart}) AND EXISTS ({there} = {own})" if there else apart
            value = f"CASE WHEN {when} THEN {own} ELSE {value} END"
        nulls = self._recipe.nulls.get(name)
        self.values[name] = f"CASE WHEN {nulls} THEN NULL ELSE {value} END" if nulls else value
        if not self._columns[name].takes_null:
            self.conditions.append(f"{value} IS NOT NULL")

    def _join_agreeing(self, number: int, new: Sequence[str], pairs: Mapping[str, str], source: str) -> None:
        """Refer to the first row that agrees with what other keys have settled."""
        order = ", ".join(f"{value} DESC" for value in pairs.values())
        one = f"SELECT {_named(new, pairs)} {source} ORDER BY {order} LIMIT 1"
        self.joins.append(f" LEFT JOIN LATERAL ({one}) f{number} ON true")
        self._counts |= dict.fromkeys(new, "1")

    def _join_in_turn(
        self, number: int, key: ForeignKey, new: Sequence[str], pairs: Mapping[str, str], source: str
    ) -> None:
        """Refer to one row behind the other: by the second key to what a row before refers to by the first."""
        recipe = self._recipe
        turn, behind = recipe.turns.get(new[0]), 2  # so that it is not the same where that row is there twice
        if not turn:
            turn, behind = "r.g" if recipe.unique.intersection(new) else "r.d", 1
        row = f"({turn} + {number} * (n{number}.c - {behind}))"
        order = ", ".join(f"{value} DESC" for value in pairs.values())
        most = f"LIMIT {recipe.count + number}"
        counted = f"SELECT nullif(count(*), 0) AS c FROM (SELECT {source} {most}) t"
        said = self._said.get(key.name, {})
        also = "".join(f", t.{quoted(column)} AS {quoted(f'of {name}')}" for name, column in said.items())
        self._agreed |= {name: f"f{number}.{quoted(f'of {name}')}" for name in said}
        numbered = f"SELECT {_named(new, pairs)}{also}, row_number() OVER (ORDER BY {order}) - 1 AS i {source}"
        self.joins += [
            f" LEFT JOIN ({counted}) n{number} ON true",
            f" LEFT JOIN ({numbered} ORDER BY {order} {most}) f{number} ON f{number}.i = {row} % n{number}.c",
        ]
        self._counts |= dict.fromkeys(new, f"n{number}.c")

    def _bound(self) -> None:
        """Make no more rows than can differ in their keys."""
        for foreign, others, without in self._recipe.bounds:
            most = str(others)
            for count in dict.fromkeys(self._counts[name] for name in sorted(foreign) if name in self._counts):
                most = f"lcm({most}, {count})"
            if foreign & self._counts.keys():
                self.conditions.append(f"r.g < coalesce({most}, {without})")


def _said_by(
    keys: Sequence[ForeignKey], tables: Mapping[int, Table], free: Collection[str]
) -> dict[str, dict[str, str]]:
    """By the name of a key, for columns that refer to the same as a column of the table that it refers to: that column.

    An order is of the customer to whom the invoice of the order goes: both ways lead to the same row.
    """
    found: dict[str, dict[str, str]] = {}
    single = [key for key in keys if len(key.columns) == 1 and key.target in tables]
    told = set[str]()
    for key in single:
        for other in single:
            name = other.columns[0]
            if other is key or other.name in found or name not in free or {name, key.columns[0]} & told:
                continue
            hops = [
                hop.columns[0]
                for hop in tables[key.target].foreign_keys
                if (hop.target, hop.referred) == (other.target, other.referred) and key.target != other.target
            ]
            if name in hops or len(hops) == 1:
                found.setdefault(key.name, {})[name] = name if name in hops else hops[0]
                told.add(name)
    return found


def _named(new: Sequence[str], pairs: Mapping[str, str]) -> str:
    return ", ".join(f"{pairs[name]} AS v{place}" for place, name in enumerate(new))
