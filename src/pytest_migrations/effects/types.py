"""Types as they are written, and as PostgreSQL calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.effects import builtin
from pytest_migrations.effects.effect import Named, Verb
from pytest_migrations.effects.reader import strings

if TYPE_CHECKING:
    from pytest_migrations.effects.reader import Reader

_SERIALS = {
    "smallserial": "int2",
    "serial2": "int2",
    "serial": "int4",
    "serial4": "int4",
    "bigserial": "int8",
    "serial8": "int8",
}


def is_serial(node: dict[str, Any]) -> bool:
    """Whether a column of this type gets a sequence of its own."""
    names = strings(node.get("names", []))
    return len(names) == 1 and names[0] in _SERIALS


def type_name(reader: Reader, node: dict[str, Any]) -> str:
    """The name of a type without its length, as pg_type has it; one of the user's own is qualified."""
    names = strings(node.get("names", []))
    if not names or node.get("pct_type"):
        return ""
    name = names[-1]
    if len(names) == 1:
        name = _SERIALS.get(name, name)
    brackets = "[]" if node.get("arrayBounds") else ""
    if name.startswith("_") and name[1:] in builtin.types():
        name, brackets = name[1:], "[]"
    own = _own(reader, names)
    return (f"{own.path[0]}.{own.path[1]}" if own else name) + brackets


def own_type(reader: Reader, node: dict[str, Any]) -> Named | None:
    """The type of the user's that this means, None where it is one of PostgreSQL's."""
    return None if node.get("pct_type") else _own(reader, strings(node.get("names", [])))


def require_type(reader: Reader, node: dict[str, Any], by: Named | None = None) -> str:
    """Tell that the type has to be there, and give its name."""
    reader.tell(Verb.REQUIRE, own_type(reader, node), node.get("location", reader.start), by=by)
    return type_name(reader, node)


def require_value(reader: Reader, node: dict[str, Any], expression: dict[str, Any]) -> None:
    """Tell that a text which becomes a value of the type at once has to be one of it, as of an enum."""
    constant, own = expression.get("A_Const", {}), own_type(reader, node)
    if own is not None and "sval" in constant and not node.get("arrayBounds"):
        value = Named("value", (*own.path, constant["sval"].get("sval", "")))
        reader.tell(Verb.REQUIRE, value, constant.get("location"))


def _own(reader: Reader, names: list[str]) -> Named | None:
    if not names or names[0] in ("pg_catalog", "information_schema") or names[-1] in _SERIALS:
        return None
    if len(names) == 1:
        name = names[0]
        if name.startswith("_") and name[1:] in builtin.types():
            return None
        return (
            None if name in builtin.types() or name.startswith("pg_") else Named("type", (reader.search_path[0], name))
        )
    return Named("type", (names[-2], names[-1]))
