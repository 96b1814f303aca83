"""Constraints, as they stand in CREATE TABLE and ALTER TABLE, and the names that PostgreSQL gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.builtin import operator_classes
from pytest_migrations.effects.effect import Condition, Guard, Key, Named, Owned, Verb
from pytest_migrations.effects.expressions import columns_in, own_columns, uses
from pytest_migrations.effects.reader import part, strings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]
_NAME_BYTES = 63
_WITH_INDEX = {"CONSTR_PRIMARY": "pkey", "CONSTR_UNIQUE": "key", "CONSTR_EXCLUSION": "excl"}


def constraint(reader: Reader, node: _Node, table: Named | None, column: str = "") -> None:
    """Tell of a constraint of the table; ``column`` is the one that it is written at, if any."""
    if table is None:
        return
    read = {
        "CONSTR_PRIMARY": _key,
        "CONSTR_UNIQUE": _key,
        "CONSTR_EXCLUSION": _key,
        "CONSTR_FOREIGN": _foreign_key,
        "CONSTR_CHECK": _check,
        "CONSTR_NOTNULL": _not_null,
        "CONSTR_DEFAULT": _default,
        "CONSTR_GENERATED": _generated,
        "CONSTR_IDENTITY": _identity,
    }.get(node.get("contype", ""))
    if read is not None:
        read(reader, node, table, column)


def is_foreign(node: _Node) -> bool:
    """Whether the constraint is a foreign key."""
    return node.get("contype") == "CONSTR_FOREIGN"


def _key(reader: Reader, node: _Node, table: Named, column: str) -> None:
    kind = node["contype"]
    if index := node.get("indexname"):  # ADD CONSTRAINT ... USING INDEX, which gives it its own name
        old = Named("index", (table.path[0], index))
        name = str(node.get("conname", index))
        reader.tell(Verb.REQUIRE, old, node.get("location"))
        if name != index:
            reader.tell(Verb.RENAME, old, node.get("location"), to=Named("index", (table.path[0], name)))
        named = Named("constraint", (*table.path, name))
        detail = Key(is_unique=True, is_primary=kind == "CONSTR_PRIMARY", on=table)
        reader.tell(Verb.CREATE, named, node.get("location"), detail=detail)
        reader.tell(Verb.ALTER, Named("index", (table.path[0], name)), node.get("location"), detail=Owned(named))
        return
    columns = tuple(strings(node.get("keys", []))) or ((column,) if column else ())
    elements = [exclusion["List"]["items"][0]["IndexElem"] for exclusion in node.get("exclusions", [])]
    if elements:
        columns = tuple(element.get("name", "") for element in elements)
    name = node.get("conname") or automatic_name(
        table.path[1], "" if kind == "CONSTR_PRIMARY" else "_".join(columns), _WITH_INDEX[kind]
    )
    detail = Key(
        () if elements else columns,
        is_unique=not elements,
        is_primary=kind == "CONSTR_PRIMARY",
        on=table,
        is_automatic="conname" not in node,
        has_index=True,
    )
    named = Named("constraint", (*table.path, name))
    reader.tell(Verb.CREATE, named, node.get("location"), detail=detail)
    reader.tell(Verb.CREATE, Named("index", (table.path[0], name)), node.get("location"), by=named, detail=detail)
    for key in columns:
        location = node.get("location") if column else None
        required = part("column", table, key) if key else None
        reader.tell(Verb.REQUIRE, required, location, by=named, behind=node.get("location"))
    for element in elements:
        own_columns(reader, element.get("expr", {}), table, named)
        operator_class(reader, element, named)
    own_columns(reader, node.get("where_clause", {}), table, named)


def _foreign_key(reader: Reader, node: _Node, table: Named, column: str) -> None:
    columns = tuple(strings(node.get("fk_attrs", []))) or ((column,) if column else ())
    referred = tuple(strings(node.get("pk_attrs", [])))
    name = node.get("conname") or automatic_name(table.path[1], "_".join(columns), "fkey")
    named = Named("constraint", (*table.path, name))
    target = reader.relation(node["pktable"], "table")
    location = node["pktable"].get("location")
    reader.tell(Verb.REQUIRE, target, location, by=named)
    for key in referred:
        reader.tell(Verb.REQUIRE, part("column", target, key), location, by=named)
    for key in columns:
        place, start = (node.get("location"), None) if column else (None, node.get("location"))
        reader.tell(Verb.REQUIRE, part("column", table, key), place, by=named, behind=start)
    detail = Key(columns, refers=target, referred=referred, on=table, is_automatic="conname" not in node)
    reader.tell(Verb.CREATE, named, location, detail=detail)


def _check(reader: Reader, node: _Node, table: Named, column: str) -> None:
    mentioned = list(dict.fromkeys(name for name, _ in columns_in(node.get("raw_expr"))))
    about = mentioned[0] if len(mentioned) == 1 else ""
    name = node.get("conname") or automatic_name(table.path[1], column if column and not mentioned else about, "check")
    named = Named("constraint", (*table.path, name))
    reader.tell(Verb.CREATE, named, node.get("location"), detail=Key(on=table, is_automatic="conname" not in node))
    own_columns(reader, node.get("raw_expr"), table, named)


def _not_null(reader: Reader, node: _Node, table: Named, column: str) -> None:
    """One with a name, or as ``ADD CONSTRAINT n NOT NULL c`` (PostgreSQL 18)."""
    for key in strings(node.get("keys", [])) if not column else ():
        reader.tell(Verb.REQUIRE, part("column", table, key), node.get("location"))
    if name := node.get("conname"):  # before 18 the name is forgotten
        with reader.under(Condition.BRANCH, (Guard(None),)):
            reader.tell(Verb.CREATE, part("constraint", table, name), node.get("location"), detail=Key(on=table))


def _default(reader: Reader, node: _Node, table: Named, column: str) -> None:
    new_default(reader, node.get("raw_expr"), table, column, node.get("location"))


def new_default(reader: Reader, written: Any, table: Named, column: str, location: int | None = None) -> None:
    """Tell of a default, which needs what its expression names."""
    default = part("default", table, column)
    uses(reader, written, default)
    reader.tell(Verb.CREATE, default, location)


def _generated(reader: Reader, node: _Node, table: Named, column: str) -> None:
    own_columns(reader, node.get("raw_expr"), table, part("column", table, column))


def _identity(reader: Reader, node: _Node, table: Named, column: str) -> None:
    named = {option["DefElem"]["defname"]: option["DefElem"] for option in node.get("options", [])}
    if "sequence_name" not in named:
        own_sequence(reader, table, column, node.get("location"))


def own_sequence(reader: Reader, table: Named, column: str, location: int | None) -> None:
    """Tell of the sequence that a serial or identity column brings."""
    name = automatic_name(table.path[1], column, "seq")
    reader.tell(
        Verb.CREATE,
        Named("sequence", (table.path[0], name)),
        location,
        detail=Owned(part("column", table, column), is_automatic=True),
    )


def automatic_name(first: str, second: str, label: str) -> str:
    """What PostgreSQL calls what has no name: cut to 63 bytes, the longer part first (makeObjectName)."""
    overhead = len(label) + 1 + (1 if second else 0)
    one, two = first.encode(), second.encode()
    while len(one) + len(two) + overhead > _NAME_BYTES:
        if len(one) > len(two):
            one = one[:-1]
        else:
            two = two[:-1]
    names = [one.decode(errors="ignore"), two.decode(errors="ignore") if second else None, label]
    return "_".join(name for name in names if name is not None)


def operator_class(reader: Reader, element: _Node, user: Named) -> None:
    """Tell of the operator class of an index's element, where that is one that an extension brings."""
    names = element.get("opclass", [])
    if names and strings(names)[-1] in operator_classes():
        reader.tell(Verb.REQUIRE, reader.existing("operator class", names), by=user)


def index_name(table: str, elements: Sequence[_Node]) -> str:
    """What PostgreSQL calls an index without a name (ChooseIndexColumnNames)."""
    names: list[str] = []
    for element in elements:
        name = base = element.get("name") or _expression_name(element.get("expr", {}))
        number = 0
        while name in names:
            number += 1
            name = f"{base}{number}"
        names.append(name)
    return automatic_name(table, "_".join(names), "idx")


def _expression_name(expression: _Node) -> str:
    """As a column of a query would be called (FigureColname)."""
    if call := expression.get("FuncCall"):
        return strings(call["funcname"])[-1]
    if cast := expression.get("TypeCast"):
        inner = _expression_name(cast["arg"])
        return inner if inner != "expr" else strings(cast["typeName"]["names"])[-1]
    if column := expression.get("ColumnRef"):
        return strings(column["fields"])[-1] or "expr"
    if "CoalesceExpr" in expression:
        return "coalesce"
    return "expr"
