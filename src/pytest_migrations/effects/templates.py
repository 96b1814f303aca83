"""Statements that are put together when they run, as far as their text is written down: ``*`` stands for the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.effect import Effect, Named
from pytest_migrations.effects.reader import strings
from pytest_migrations.sql.grammar import SyntaxMistakeError, trees

if TYPE_CHECKING:
    from collections.abc import Sequence

_Node = dict[str, Any]
#: Stands for what is not known where an identifier, or a part of one, can stand.
_UNKNOWN = "zz0unknown0zz"
#: What ``quote_ident`` leaves as it is.
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_LONGEST = 63
_PLACEHOLDER = re.compile(r"%(?:(\d+)\$)?-?\d*([IsL%])")


def template(expression: str) -> str | None:
    """The statement that an expression of SQL makes, with a stand-in for what is computed; None: all of it is.

    It is understood for ``format('...', ...)`` and texts that ``||`` joins.
    """
    try:
        (tree,) = trees(f"SELECT {expression}")
        made = _text(tree.node["targetList"][0]["ResTarget"]["val"])
    except (SyntaxMistakeError, KeyError, ValueError):
        return None
    return made if made.replace(_UNKNOWN, "").strip() else None


def _text(node: _Node) -> str:
    if constant := node.get("A_Const"):
        return str(constant["sval"].get("sval", "")) if "sval" in constant else _UNKNOWN
    if (joined := node.get("A_Expr")) and strings(joined["name"]) == ["||"]:
        return _text(joined["lexpr"]) + _text(joined["rexpr"])
    if (call := node.get("FuncCall")) and strings(call["funcname"])[-1] == "format":
        text, *arguments = map(_text, call["args"])
        return _formatted(text, arguments)
    if cast := node.get("TypeCast"):
        return _text(cast["arg"])
    return _UNKNOWN


def _formatted(text: str, arguments: list[str]) -> str:
    """What ``format`` makes of them (PostgreSQL docs, 9.4.1)."""
    count = 0

    def value(placeholder: re.Match[str]) -> str:
        nonlocal count
        if placeholder[2] == "%":
            return "%"
        count = int(placeholder[1]) if placeholder[1] else count + 1
        argument = arguments[count - 1] if count <= len(arguments) else _UNKNOWN
        if placeholder[2] == "L":
            return "'" + argument.replace("'", "''") + "'"
        is_plain = placeholder[2] == "s" or _PLAIN.fullmatch(argument)
        return argument if is_plain else '"' + argument.replace('"', '""') + '"'

    return _PLACEHOLDER.sub(value, text)


def is_computed(effect: Effect) -> bool:
    """Whether a part of a name in it is not known."""
    named = (effect.object, effect.by, effect.to)
    return any(_UNKNOWN in part for name in named if name is not None for part in name.path)


def starred(effects: Sequence[Effect]) -> tuple[Effect, ...]:
    """The effects with ``*`` in their names for what is not known."""
    return tuple(
        effect._replace(object=_starred(effect.object), to=_starred(effect.to) if effect.to else None)
        for effect in effects
    )


def _starred(named: Named) -> Named:
    return Named(named.kind, tuple(part.replace(_UNKNOWN, "*") for part in named.path))


def matches(pattern: Named, named: Named) -> bool:
    """Whether a name with ``*`` in it may be this name, or that of what this is part of."""
    if len(pattern.path) > len(named.path):
        return False
    return all(map(_may_be, pattern.path, named.path))


def _may_be(pattern: str, name: str) -> bool:
    """A name that is put together may have been cut to what PostgreSQL allows."""
    if "*" in pattern and len(name.encode()) >= _LONGEST:
        return True
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name) is not None
