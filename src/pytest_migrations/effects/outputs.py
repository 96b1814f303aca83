"""What the columns of a query are called, as far as its text tells, and where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_migrations.effects.reader import part, strings
from pytest_migrations.effects.types import type_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_migrations.effects.effect import Named
    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]


class Output(NamedTuple):
    """A column of a query; without a ``name``, all the columns of the relation ``of``."""

    name: str
    #: As pg_type has it, where it is written.
    type: str = ""
    #: What it is a column of; None where it is computed, or of another query.
    of: Named | None = None
    #: Whether it has the type of where it comes from.
    is_typed: bool = True


Outputs = list[Output] | None


def outputs(reader: Reader, select: _Node, common: Mapping[str, Outputs] | None = None) -> Outputs:
    """The columns of a query in order, None where the text does not tell them; ``common`` are those of its WITH."""
    known = dict(common or {})
    _common_tables(reader, select.get("withClause", {}), known)
    if "larg" in select:  # the columns of a UNION are called as those of its first query, and can be of another type
        found = outputs(reader, select["larg"], known)
        return found and [output._replace(type="", is_typed=False) for output in found]
    sources = [source for node in select.get("fromClause", []) for source in _sources(reader, node, known)]
    columns: list[Output] = []
    for target in select.get("targetList", []):
        more = _outputs(reader, target["ResTarget"], sources)
        if more is None:
            return None
        columns += more
    return columns or None


def renamed(columns: Outputs, given: list[str]) -> Outputs:
    """The same, where the first of them have been given other names."""
    if columns is None or not all(column.name for column in columns[: len(given)]):
        return None if given else columns
    first = [column._replace(name=name) for column, name in zip(columns, given, strict=False)]
    return [*first, *columns[len(given) :]]


def _common_tables(reader: Reader, clause: _Node, known: dict[str, Outputs]) -> None:
    tables = [table["CommonTableExpr"] for table in clause.get("ctes", [])]
    if clause.get("recursive"):
        known.update({table["ctename"]: None for table in tables})
    for table in tables:
        columns = outputs(reader, table["ctequery"].get("SelectStmt", {}), known)
        known[table["ctename"]] = renamed(columns, strings(table.get("aliascolnames", [])))


def _outputs(reader: Reader, target: _Node, sources: list[tuple[str, Outputs]]) -> Outputs:
    """What one item of the list behind SELECT gives."""
    value, name = target.get("val", {}), target.get("name", "")
    if "ColumnRef" in value:
        *qualifier, column = strings(value["ColumnRef"]["fields"])
        meant = [columns for alias, columns in sources if not qualifier or qualifier == [alias]]
        if not column:
            return None if None in meant else [output for columns in meant for output in columns or ()] or None
        return [Output(name or column, of=_column_of(meant, column))]
    name = name or _called(value)
    type_ = type_name(reader, value["TypeCast"]["typeName"]) if "TypeCast" in value else ""
    return [Output(name, type_)] if name else None


def _called(value: _Node) -> str:
    """What PostgreSQL calls a column that has no name of its own (FigureColname); empty where that is not known."""
    if "ColumnRef" in value:
        return strings(value["ColumnRef"]["fields"])[-1]
    if "FuncCall" in value:
        return strings(value["FuncCall"]["funcname"])[-1]
    if "TypeCast" in value:
        argument, names = value["TypeCast"]["arg"], strings(value["TypeCast"]["typeName"]["names"])
        return names[-1] if "A_Const" in argument or "A_Expr" in argument else _called(argument)
    return ""


def _column_of(meant: list[Outputs], column: str) -> Named | None:
    """The column of a table, where there is but one that it can be of."""
    table = meant[0][0] if len(meant) == 1 and meant[0] and len(meant[0]) == 1 else None
    return part("column", table.of, column) if table is not None and not table.name and table.is_typed else None


def _sources(reader: Reader, node: _Node, known: Mapping[str, Outputs]) -> Iterator[tuple[str, Outputs]]:
    """The sources of a FROM, by what they are called."""
    for kind, inner in node.items():
        alias = inner.get("alias", {})
        columns: Outputs = None
        if kind == "RangeVar":
            relation = reader.relation(inner)
            columns = [Output("", of=relation)] if relation else None
            if "schemaname" not in inner and inner["relname"] in known:
                columns = known[inner["relname"]]
        elif kind == "RangeSubselect":
            columns = outputs(reader, inner["subquery"].get("SelectStmt", {}), known)
        elif kind == "JoinExpr" and not alias and not inner.get("isNatural") and "usingClause" not in inner:
            yield from _sources(reader, inner["larg"], known)
            yield from _sources(reader, inner["rarg"], known)
            return
        name = alias.get("aliasname", inner.get("relname", ""))
        yield name, renamed(columns, strings(alias.get("colnames", [])))
