"""What a comparison within a condition tells of the values that its columns should be tried with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_migrations.rows.conditions.candidates import Unknown, Value, family, neighbours, text, typical
from pytest_migrations.rows.conditions.lengths import LENGTHS, of_length
from pytest_migrations.rows.conditions.patterns import like_texts, regex_texts, similar_to_regex
from pytest_migrations.rows.conditions.trees import (
    Node,
    column_name,
    elements,
    function_of,
    kind_of,
    literal,
    names_in,
    operator_of,
    uncast,
)
from pytest_migrations.sql.grammar import SyntaxMistakeError, quoted, sql_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Columns and what each may be: these values, or with none of them, anything but NULL.
Way = dict[str, tuple[Value, ...]]

_ORDERED = ("<", "<=", ">", ">=", "<>")
#: What often leaves a value as it is.
_TRANSPARENT = frozenset({"coalesce", "abs", "lower", "upper", "btrim", "trim", "ltrim", "rtrim", "initcap", "round"})
_ARROWS = frozenset(
    {"->", "->>", "#>", "#>>", "?", "jsonb_extract_path", "jsonb_extract_path_text", "json_extract_path"}
)
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "mod"})
_IN_DOCUMENTS = frozenset({*_ARROWS, "jsonb_typeof", "json_typeof"})
_TYPEOF = {"string": "a", "number": 1, "boolean": True, "null": None, "array": ["a"], "object": {"a": 1}}


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
        """Note values of a column, which are given back; none for a column whose value a foreign key decides."""
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
        if not found:
            found = self._plain(name, operator, constant, constants)
            plain = all(wrapper.name in _TRANSPARENT for wrapper in wrappers)
            if not (exact and plain):
                self.add(name, found)
                return {}
            exactly = [value for node in constants if (value := _value(node))]
            self.add(name, found)
            return {name: self.add(name, exactly)}
        return {name: self.add(name, found)}

    def _with_columns(self, left: Node, right: Node, *, exact: bool) -> Way:
        """A column is tried with what is on the other side, and a step beside it: the last one, if both are columns."""
        order = list(self.unknowns)
        sides = [(column_name(uncast(left)), right), (column_name(uncast(right)), left)]
        bare = [(name, other) for name, other in sides if name in self.unknowns]
        for name, other in sorted(bare, key=lambda side: -order.index(side[0] or "")):
            unknown, named = self.unknowns[name or ""], self.named(other)
            if unknown.present or any(self.unknowns[needed].present for needed in named):
                continue
            sql = _sql(other)
            if sql and unknown.name not in named:
                steps = [] if exact else neighbours(sql, unknown.type)
                values = [Value(step, frozenset(named)) for step in (*steps, sql)]
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
        found = [value for node in constants if (value := _value(node))]
        if kind == "array":
            whole = _sql(constant)
            return [*([Value(whole)] if whole else []), *(Value(f"ARRAY[{value.sql}]") for value in found)]
        if kind in ("range", "multirange") and operator not in ("=", "<@", "@>", "&&"):
            return [made for value in found for made in _ranges(value.sql or "")]
        for node in constants:
            number = _decimal(node)
            if number is not None and kind in ("number", "integer", "money"):
                self.numbers.setdefault(name, set()).add(number)
        if operator == "=" or kind in ("number", "integer"):
            return found
        return [*found, *(Value(step) for value in found for step in self._steps(value.sql or "", type_.name, kind))]

    def _steps(self, sql: str, type_: str, kind: str) -> list[str]:
        unit = {
            "date": "",
            "moment": " * interval '1 day'",
            "interval": " * interval '1 day'",
            "time": " * interval '1 min'",
        }
        if kind not in unit:
            return [f"({sql}::text || 'a')"] if kind == "text" else []
        steps = [step for n in range(1, min(self.count, 100) + 1) for step in (n, -n)]
        return [f"({sql}::{type_} + {step}{unit[kind]})" for step in steps]

    def _within(self, name: str, wrappers: list[Wrapper], operator: str, constants: list[Node]) -> list[Value]:
        """Values for which what is made of them by functions may be one of the constants."""
        unknown = self.unknowns[name]
        kind = family(unknown.type)
        around = {wrapper.name for wrapper in wrappers}
        texts = [found for node in constants if (found := literal(node)) is not None]
        if operator in ("~~", "~~*") and kind == "text":
            return [text(found) for pattern in texts for found in like_texts(pattern)]
        if operator in ("~", "~*") or not around.isdisjoint({"regexp_like", "regexp_match", "regexp_matches"}):
            return self._by_regex(constants if operator in ("~", "~*") else wrappers[0].arguments)
        if kind in ("json", "text") and (operator in _ARROWS or not around.isdisjoint(_IN_DOCUMENTS)):
            return self._in_document(name, wrappers, operator, texts)
        if not around.isdisjoint(LENGTHS):
            return of_length(unknown, [int(found) for found in texts if found.isdigit()], self.count, self.number)
        if not wrappers or around <= _TRANSPARENT:
            return []
        arguments = [found for wrapper in wrappers for node in wrapper.arguments for found in _literals(node)]
        if kind in ("number", "integer") or (kind == "text" and not around.isdisjoint(_ARITHMETIC)):
            self._by_arithmetic(name, arguments, texts)
        elif kind == "text":
            self.add(name, self._around(arguments, texts))
        elif kind in ("date", "moment"):
            usual = unknown.usual(self.number)
            self.add(name, typical(unknown.type))
            self.add(
                name, [Value(step) for step in self._steps(usual.sql or "", unknown.type.name, kind)] if usual else []
            )
        elif kind in ("range", "multirange"):
            self.add(name, (made for node in constants if (value := _value(node)) for made in _ranges(value.sql or "")))
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
        given = [number for found in arguments if (number := _number(found)) is not None]
        for result in [number for found in results if (number := _number(found)) is not None]:
            for other in given:
                around = (result + other, result - other, result * other, result / other if other else result)
                self.numbers.setdefault(name, set()).update(around)
                self.add(name, (Value(str(other * n + result)) for n in range(1, self.count + 1)))
            self.numbers.setdefault(name, set()).add(result)

    def _around(self, arguments: list[str], results: list[str]) -> list[Value]:
        """Texts with the constants at their beginning, their end, and within."""
        found = list(map(text, results))
        for n in range(self.count):
            for constant in (*results, *arguments):
                found += (text(made) for made in (f"{constant}a{n}", f"a{n}{constant}", f"a{n}{constant}b"))
            found += (text(f"a{n}{argument}{result}") for argument in arguments for result in results)
        return found

    def _in_document(self, name: str, wrappers: list[Wrapper], operator: str, texts: list[str]) -> list[Value]:
        """Note what a document should have in it; the documents are made once all is known (``complete``)."""
        around = {wrapper.name for wrapper in wrappers}
        arrows = [wrapper for wrapper in reversed(wrappers) if wrapper.name in _ARROWS]
        path = tuple(key for wrapper in arrows for node in wrapper.arguments for key in _literals(node))
        found: list[Any]
        if operator == "?":
            path, found = (*path, *texts[:1]), ["a"]
        elif not around.isdisjoint({"jsonb_typeof", "json_typeof"}):
            found = [_TYPEOF[kind] for kind in texts if kind in _TYPEOF]
        elif not around.isdisjoint(LENGTHS):
            sizes = [int(size) for size in texts if size.isdigit()]
            found = [["a"] * wanted for size in sizes for wanted in (size, size + 1, max(size - 1, 0)) if wanted < 1000]
        else:
            numbers = [number for value in texts if (number := _number(value)) is not None]
            found = [*texts, *(float(number + step) for number in numbers for step in (0, 1, -1)), "a", 1, True]
            found += [value == "true" for value in texts if value in ("true", "false")]
        found = found or [["a"], {"a": 1}]
        if path:
            there = self.documents.setdefault(name, {}).setdefault(path, {})
            there.update((json.dumps(value), value) for value in found)
            return []
        self.add(name, (text(json.dumps(value)) for value in found))
        return []


def _ranges(sql: str) -> list[Value]:
    bound = f"({sql})::text"
    return [
        Value(f"('[' || {bound} || ',)')"),
        Value(f"('(,' || {bound} || ']')"),
        Value(f"('[' || {bound} || ',' || {bound} || ']')"),
    ]


def _value(node: Node) -> Value | None:
    constant = literal(node)
    sql = text(constant).sql if constant is not None else _sql(node)
    return Value(sql) if sql and sql.upper() != "NULL" else None


def _literals(node: Node) -> list[str]:
    return [found for part in elements(node) if (found := literal(part)) is not None]


def _sql(node: Node) -> str | None:
    try:
        return f"({sql_of(node)})"
    except SyntaxMistakeError:
        return None


def _decimal(node: Node) -> Decimal | None:
    found = literal(node)
    return None if found is None else _number(found)


def _number(found: str) -> Decimal | None:
    try:
        number = Decimal(found)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
