"""The ways in which a condition can become true: what its parts say of columns, put together by AND, OR and NOT."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from pytest_migrations.rows.conditions.candidates import NULL, Value
from pytest_migrations.rows.conditions.trees import (
    column_name,
    function_of,
    kind_of,
    literal,
    operator_of,
    uncast,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_migrations.rows.conditions.hints import Hints, Way
    from pytest_migrations.rows.scripts.nodes import Node

#: More ways are thinned out: the server judges, and values are mixed anyway.
_MOST = 256
_FALSE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_LOGICAL = frozenset({"BoolExpr", "NullTest", "BooleanTest"})
_COUNTS = {
    "=": lambda count, wanted: count == wanted,
    "<>": lambda count, wanted: count != wanted,
    "<": lambda count, wanted: count < wanted,
    "<=": lambda count, wanted: count <= wanted,
    ">": lambda count, wanted: count > wanted,
    ">=": lambda count, wanted: count >= wanted,
}


def ways(node: Node, hints: Hints, *, wanted: bool = True) -> list[Way]:
    """How a condition may become true, or false if that is ``wanted``; what is learned of values is noted in ``hints``.

    A way is a guess: it may turn out not to be one, and there may be others.
    """
    return _Reader(hints).ways(node, wanted=wanted)


def all_of(several: Iterable[list[Way]]) -> list[Way]:
    """The ways of conditions that have to be true at once."""
    merged: list[Way] = [{}]
    for each in several:
        merged = _thinned([both for one in merged for other in each if (both := _both(one, other)) is not None])
    return merged


class _Reader:
    def __init__(self, hints: Hints) -> None:
        self._hints = hints

        self._readers: dict[str, Callable[[Node, bool], list[Way]]] = {
            "BoolExpr": self._connected,
            "NullTest": self._null_test,
            "BooleanTest": self._truth_test,
            "CaseExpr": self._case,
            "CoalesceExpr": lambda fields, wanted: self.ways(fields["args"][0], wanted=wanted),
            "TypeCast": lambda fields, wanted: self.ways(fields["arg"], wanted=wanted),
            "A_Expr": self._operation,
        }

    def ways(self, node: Node, *, wanted: bool) -> list[Way]:
        name = column_name(node)
        if name in self._hints.unknowns:
            return [{str(name): self._hints.add(str(name), [Value("true" if wanted else "false")])}]
        truth = literal(node)
        if truth is not None:
            return [{}] if (truth[:1].lower() in ("t", "1", "y")) == wanted else []
        kind, fields = kind_of(node)
        if kind in self._readers:
            return self._readers[kind](fields, wanted)
        return [self._hints.called(node)]

    def _connected(self, fields: Node, wanted: bool) -> list[Way]:
        operation, parts = fields["boolop"], fields["args"]
        if operation == "NOT_EXPR":
            return self.ways(parts[0], wanted=not wanted)
        each = [self.ways(part, wanted=wanted) for part in parts]
        if (operation == "AND_EXPR") == wanted:
            return all_of(each)
        return _thinned([way for some in each for way in some])

    def _null_test(self, fields: Node, wanted: bool) -> list[Way]:
        null = (fields["nulltesttype"] in ("IS_NULL", "IS_UNKNOWN")) == wanted
        argument = uncast(fields["arg"])
        names = self._hints.named(argument)
        if not null:
            if column_name(argument) is None:
                self._hints.called(argument)
            return [dict.fromkeys(names, ())]
        if kind_of(argument)[0] == "CoalesceExpr":
            return [dict.fromkeys(names, (NULL,))]
        return [{name: (NULL,)} for name in names]

    def _truth_test(self, fields: Node, wanted: bool) -> list[Way]:
        test = fields["booltesttype"]
        if test.endswith("UNKNOWN"):
            return self._null_test({"arg": fields["arg"], "nulltesttype": test}, wanted)
        return self.ways(fields["arg"], wanted=wanted == (test in ("IS_TRUE", "IS_NOT_FALSE")))

    def _case(self, fields: Node, wanted: bool) -> list[Way]:
        found: list[Way] = []
        before: list[Node] = []
        for when in (arm["CaseWhen"] for arm in fields["args"]):
            condition = when["expr"]
            if "arg" in fields:
                condition = {
                    "A_Expr": {"name": [{"String": {"sval": "="}}], "lexpr": fields["arg"], "rexpr": condition}
                }
            reached = [*(self.ways(node, wanted=False) for node in before), self.ways(condition, wanted=True)]
            found += all_of([*reached, self.ways(when["result"], wanted=wanted)])
            before.append(condition)
        rest = [self.ways(fields["defresult"], wanted=wanted)] if "defresult" in fields else []
        return _thinned([*found, *all_of([*(self.ways(node, wanted=False) for node in before), *rest])])

    def _operation(self, fields: Node, wanted: bool) -> list[Way]:
        operator, left, right = operator_of(fields), fields.get("lexpr"), fields["rexpr"]
        kind = fields.get("kind", "AEXPR_OP")
        if left is None:
            return [dict.fromkeys(self._hints.named(right), ())]
        if kind == "AEXPR_DISTINCT":
            operator, kind = "<>", "AEXPR_OP"
        elif kind == "AEXPR_NOT_DISTINCT":
            kind = "AEXPR_OP"
        if kind == "AEXPR_OP" and operator in _FALSE:
            if not wanted:
                operator = _FALSE[operator]
            logical = self._equivalence(operator, left, right) or self._counted(operator, left, right)
            if logical:
                return logical
        elif not wanted:
            # Of what is not to match, nothing better is known than what usually stands there.
            self._hints.compared(operator, left, right, exact=False)
            return [dict.fromkeys(self._hints.named([left, right]), ())]
        exact = operator == "=" and kind in ("AEXPR_OP", "AEXPR_OP_ANY", "AEXPR_IN")
        return [self._hints.compared(operator, left, right, exact=exact)]

    def _equivalence(self, operator: str, left: Node, right: Node) -> list[Way]:
        """Two conditions of which both, or only one, have to be true."""
        if operator not in ("=", "<>") or not (_is_logical(left) or _is_logical(right)):
            return []
        return [
            way
            for truth in (True, False)
            for way in all_of(
                [self.ways(left, wanted=truth), self.ways(right, wanted=truth == (operator == "="))],
            )
        ]

    def _counted(self, operator: str, left: Node, right: Node) -> list[Way]:
        """So many of several conditions have to be true: ``num_nonnulls(a, b) = 1``, ``a::int + b::int <= 1``."""
        terms, wanted = _terms(left), literal(right)
        if not terms or wanted is None or not wanted.isdigit():
            return []
        found: list[Way] = []
        for count in range(len(terms) + 1):
            if _COUNTS[operator](count, int(wanted)):
                for chosen in list(combinations(range(len(terms)), count))[:_MOST]:
                    found += all_of(self.ways(term, wanted=n in chosen) for n, term in enumerate(terms))
        return _thinned(found)


def _is_logical(node: Node) -> bool:
    kind, fields = kind_of(uncast(node))
    if kind == "A_Expr":
        return operator_of(fields) in (*_FALSE, "~", "~~", "?") and column_name(node) is None
    return kind in _LOGICAL


def _terms(node: Node) -> list[Node]:  # noqa: PLR0911 (a line each)
    """Conditions of which the true ones are counted by an expression; none where it does not count."""
    kind, fields = kind_of(node)
    if kind == "FuncCall" and function_of(fields) in ("num_nonnulls", "num_nulls"):
        test = "IS_NOT_NULL" if function_of(fields) == "num_nonnulls" else "IS_NULL"
        return [{"NullTest": {"arg": argument, "nulltesttype": test}} for argument in fields.get("args", [])]
    if kind == "A_Expr" and operator_of(fields) == "+" and "lexpr" in fields:
        left, right = _terms(fields["lexpr"]), _terms(fields["rexpr"])
        return [*left, *right] if left and right else []
    if kind == "CoalesceExpr":
        return _terms(fields["args"][0])
    if kind == "TypeCast":
        return [fields["arg"]] if _is_logical(fields["arg"]) or column_name(fields["arg"]) else []
    if kind == "CaseExpr" and len(fields["args"]) == 1 and "arg" not in fields:
        arm = fields["args"][0]["CaseWhen"]
        results = (literal(arm["result"]), literal(fields.get("defresult", {"A_Const": {"isnull": True}})))
        if results == ("1", "0"):
            return [arm["expr"]]
        if results == ("0", "1"):
            return [{"BoolExpr": {"boolop": "NOT_EXPR", "args": [arm["expr"]]}}]
    return []


def _both(one: Way, other: Way) -> Way | None:
    """One way and another at once; None where one says NULL and the other does not."""
    merged = dict(one)
    for name, values in other.items():
        mine = merged.get(name)
        if mine is None:
            merged[name] = values
        elif (mine == (NULL,)) != (values == (NULL,)):
            return None
        elif not mine or not values:
            merged[name] = mine or values
        else:
            common = tuple(value for value in mine if value in values)
            merged[name] = common or tuple(dict.fromkeys((*mine, *values)))
    return merged


def _thinned(found: list[Way]) -> list[Way]:
    different = list({tuple(sorted(way.items(), key=lambda item: item[0])): way for way in found}.values())
    if len(different) <= _MOST:
        return different
    return [different[n * len(different) // _MOST] for n in range(_MOST)]
