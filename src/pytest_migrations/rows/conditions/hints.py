"""What a comparison within a condition tells of the values that its columns should be tried with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_migrations.rows.conditions.candidates import Unknown, Value, family, neighbours, text, typical
from pytest_migrations.rows.conditions.constants import around, as_number, as_sql, literals, ranges, steps, value_of
from pytest_migrations.rows.conditions.documents import like_constants, of_sizes, of_types
from pytest_migrations.rows.conditions.lengths import LENGTHS, of_length
from pytest_migrations.rows.conditions.patterns import like_texts, regex_texts, similar_to_regex
from pytest_migrations.rows.conditions.trees import (
    column_name,
    elements,
    function_of,
    kind_of,
    literal,
    names_in,
    operator_of,
    uncast,
)
from pytest_migrations.sql.grammar import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from pytest_migrations.rows.scripts.nodes import Node

#: Columns and what each may be: these values, or with none of them, anything but NULL.
Way = dict[str, tuple[Value, ...]]

_ORDERED = ("<", "<=", ">", ">=", "<>")
#: What often leaves a value as it is.
_TRANSPARENT = frozenset({"coalesce", "abs", "lower", "upper", "btrim", "trim", "ltrim", "rtrim", "initcap", "round"})
_ARROWS = frozenset(
    {"->", "->>", "#>", "#>>", "?", "jsonb_extract_path", "jsonb_extract_path_text", "json_extract_path"}
)
_ARITHMETIC = frozenset("+-*/%") | {"mod"}
_TYPES_OF = frozenset({"jsonb_typeof", "json_typeof"})
_IN_DOCUMENTS = _ARROWS | _TYPES_OF


class Wrapper(NamedTuple):
    """A function or operator around a column, and its other arguments."""

    name: str
    arguments: list[Node]


@dataclass
class Hints:
    """Values worth a trial, by column, the most promising first."""

    unknowns: Mapping[str, Unknown]
    count: int
    number: int
    values: dict[str, dict[Value, None]] = field(default_factory=dict)
    numbers: dict[str, set[Decimal]] = field(default_factory=dict)
    #: By column and path in it: what a document has there.
    documents: dict[str, dict[tuple[str, ...], dict[str, Any]]] = field(default_factory=dict)

    def add(self, name: str, values: Iterable[Value]) -> tuple[Value, ...]:
        """Note values of a column, and give them back; none for a column whose value a foreign key decides."""
        if self.unknowns[name].present:
            return ()
        made = tuple(dict.fromkeys(values))
        self.values.setdefault(name, {}).update(dict.fromkeys(made))
        return made

    def named(self, node: Any) -> list[str]:
        return [name for name in dict.fromkeys(names_in(node)) if name in self.unknowns]

    def compared(self, operator: str, left: Node, right: Node, *, exact: bool) -> Way:
        """How a comparison may become true; ``exact`` where only what equals one of the constants can make it so."""
        names = self.named([left, right])
        way: Way = dict.fromkeys(names, ())
        if not self.named(right):
            way.update(self._with_constants(operator, left, right, exact=exact))
        elif not self.named(left):
            way.update(self._with_constants(operator, right, left, exact=exact))
        elif operator in ("=", *_ORDERED):
            way.update(self._with_columns(left, right, exact=exact))
        return way

    def called(self, node: Node) -> Way:
        """How a function that says true or false may be made to say so: by the constants in its call."""
        way: Way = dict.fromkeys(self.named(node), ())
        subject = self._subject(node)
        if subject:
            self._within(subject[0], subject[1], "", [])
        for name in way.keys() - self.documents.keys():
            usual = (self.unknowns[name].usual(self.number + n) for n in range(16 * min(self.count, 16)))
            self.add(name, (value for value in usual if value))
        return way

    def _with_constants(self, operator: str, side: Node, constant: Node, *, exact: bool) -> Way:
        subject = self._subject(side)
        if subject is None:
            return {}
        name, wrappers = subject
        constants = elements(constant)
        found = self._within(name, wrappers, operator, constants)
        if found:
            return {name: self.add(name, found)}
        self.add(name, self._plain(name, operator, constant, constants))
        if not exact or any(wrapper.name not in _TRANSPARENT for wrapper in wrappers):
            return {}
        return {name: self.add(name, [value for node in constants if (value := value_of(node))])}

    def _with_columns(self, left: Node, right: Node, *, exact: bool) -> Way:
        """A column is tried with what is on the other side, and a step beside it: the last one, if both are columns."""
        order = list(self.unknowns)
        sides = [(column_name(uncast(left)), right), (column_name(uncast(right)), left)]
        bare = [(name, other) for name, other in sides if name in self.unknowns]
        for name, other in sorted(bare, key=lambda side: -order.index(side[0] or "")):
            unknown, named = self.unknowns[name or ""], self.named(other)
            if unknown.present or any(self.unknowns[needed].present for needed in named):
                continue
            sql = as_sql(other)
            if sql and unknown.name not in named:
                beside = [] if exact else neighbours(sql, unknown.type)
                values = [Value(each, frozenset(named)) for each in (*beside, sql)]
                return {unknown.name: self.add(unknown.name, values)}
            if sql and named == [unknown.name]:
                return {unknown.name: self.add(unknown.name, self._fixed(unknown, sql))}
        return {}

    def _fixed(self, unknown: Unknown, sql: str) -> list[Value]:
        """What an expression of the column makes of its usual values: it is often its own (``code = upper(code)``)."""
        usual = [unknown.usual(self.number + n) for n in range(self.count)]
        name, type_ = quoted(unknown.name), unknown.type.name
        return [
            Value(f"(SELECT {sql} FROM (SELECT ({value.sql})::{type_} AS {name}) AS r)")
            for value in (*usual, *typical(unknown.type)[:8])
            if value
        ]

    def _subject(self, node: Node) -> tuple[str, list[Wrapper]] | None:
        """The one column within an expression, and what is around it, from the outside to the inside."""
        node = uncast(node)
        name = column_name(node)
        if name is not None:
            return (name, []) if name in self.unknowns else None
        kind, fields = kind_of(node)
        if kind == "FuncCall":
            what, parts = function_of(fields), fields.get("args", [])
        elif kind == "A_Expr":
            what, parts = operator_of(fields), [fields[side] for side in ("lexpr", "rexpr") if side in fields]
        elif kind == "CoalesceExpr":
            what, parts = "coalesce", fields["args"]
        elif kind == "A_Indirection":
            what, parts = "[]", [fields["arg"]]
        else:
            return None
        inner = [part for part in parts if self.named(part)]
        found = self._subject(inner[0]) if len(inner) == 1 else None
        return found and (found[0], [Wrapper(what, [part for part in parts if part is not inner[0]]), *found[1]])

    def _plain(self, name: str, operator: str, constant: Node, constants: list[Node]) -> list[Value]:
        """Constants themselves, and the values around them."""
        type_ = self.unknowns[name].type
        kind = family(type_)
        found = [value for node in constants if (value := value_of(node))]
        if kind == "array":
            whole = as_sql(constant)
            return [*([Value(whole)] if whole else []), *(Value(f"ARRAY[{value.sql}]") for value in found)]
        if kind in ("range", "multirange") and operator not in ("=", "<@", "@>", "&&"):
            return [made for value in found for made in ranges(value)]
        for node in constants:
            given = as_number(literal(node))
            if given is not None and kind in ("number", "integer", "money"):
                self.numbers.setdefault(name, set()).add(given)
        if operator == "=" or kind in ("number", "integer"):
            return found
        return [*found, *(step for value in found for step in steps(value, type_.name, kind, self.count))]

    def _within(self, name: str, wrappers: list[Wrapper], operator: str, constants: list[Node]) -> list[Value]:
        """Values for which what is made of them by functions may be one of the constants."""
        unknown = self.unknowns[name]
        kind = family(unknown.type)
        wrapped = {wrapper.name for wrapper in wrappers}
        texts = [found for node in constants if (found := literal(node)) is not None]
        if operator in ("~~", "~~*") and kind == "text":
            return [text(found) for pattern in texts for found in like_texts(pattern)]
        if operator in ("~", "~*") or not wrapped.isdisjoint({"regexp_like", "regexp_match", "regexp_matches"}):
            return self._by_regex(constants if operator in ("~", "~*") else wrappers[0].arguments)
        if kind in ("json", "text") and (operator in _ARROWS or not wrapped.isdisjoint(_IN_DOCUMENTS)):
            return self._in_document(name, wrappers, operator, texts)
        if not wrapped.isdisjoint(LENGTHS):
            return of_length(unknown, [int(found) for found in texts if found.isdigit()], self.count, self.number)
        if not wrappers or wrapped <= _TRANSPARENT:
            return []
        arguments = [found for wrapper in wrappers for node in wrapper.arguments for found in literals(node)]
        if kind in ("number", "integer") or (kind == "text" and not wrapped.isdisjoint(_ARITHMETIC)):
            self._by_arithmetic(name, arguments, texts)
        elif kind == "text":
            self.add(name, around(arguments, texts, self.count))
        elif kind in ("date", "moment"):
            usual = unknown.usual(self.number)
            self.add(name, typical(unknown.type))
            self.add(name, steps(usual, unknown.type.name, kind, self.count) if usual else [])
        elif kind in ("range", "multirange"):
            self.add(name, (made for node in constants if (value := value_of(node)) for made in ranges(value)))
        return []

    def _by_regex(self, constants: list[Node]) -> list[Value]:
        found: list[Value] = []
        for node in constants:
            pattern = literal(node)
            kind, fields = kind_of(uncast(node))
            if kind == "FuncCall" and function_of(fields).startswith("similar_"):
                pattern = literal(fields["args"][0])
                pattern = pattern and similar_to_regex(pattern)
            if pattern:
                found += map(text, regex_texts(pattern, 24 + self.count))
        return found

    def _by_arithmetic(self, name: str, arguments: list[str], results: list[str]) -> None:
        given = [made for found in arguments if (made := as_number(found)) is not None]
        for result in [made for found in results if (made := as_number(found)) is not None]:
            for other in given:
                near = (result + other, result - other, result * other, result / other if other else result)
                self.numbers.setdefault(name, set()).update(near)
                self.add(name, (Value(str(other * n + result)) for n in range(1, self.count + 1)))
            self.numbers.setdefault(name, set()).add(result)

    def _in_document(self, name: str, wrappers: list[Wrapper], operator: str, texts: list[str]) -> list[Value]:
        """Note what a document should have in it; the documents are made once all is known."""
        wrapped = {wrapper.name for wrapper in wrappers}
        arrows = [wrapper for wrapper in reversed(wrappers) if wrapper.name in _ARROWS]
        path = tuple(key for wrapper in arrows for node in wrapper.arguments for key in literals(node))
        if operator == "?":
            path, found = (*path, *texts[:1]), ["a"]
        elif not wrapped.isdisjoint(_TYPES_OF):
            found = of_types(texts)
        elif not wrapped.isdisjoint(LENGTHS):
            found = of_sizes(texts)
        else:
            found = like_constants(texts)
        if path:
            there = self.documents.setdefault(name, {}).setdefault(path, {})
            there.update((json.dumps(value), value) for value in found)
            return []
        self.add(name, (text(json.dumps(value)) for value in found))
        return []
