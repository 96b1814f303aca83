"""What the columns of a query are called, as far as its text tells: for ``*`` it names the relation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.reader import strings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_migrations.effects.effect import Named
    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]
#: Names of columns, and relations all of whose columns are meant; None where more than the text would tell.
Outputs = list["str | Named"] | None


def outputs(reader: Reader, select: _Node, common: Mapping[str, Outputs] | None = None) -> Outputs:
    """The columns of a query in order; ``common`` are those of the WITH around it."""
    known = dict(common or {})
    while True:
        _common_tables(reader, select.get("withClause", {}), known)
        if "larg" not in select:
            break
        select = select["larg"]
    targets = [target["ResTarget"] for target in select.get("targetList", [])]
    found: list[str | Named] = []
    for target in targets:
        value = target.get("val", {})
        fields = strings(value["ColumnRef"]["fields"]) if "ColumnRef" in value else [""]
        if "ColumnRef" in value and not fields[-1]:
            named: Outputs = _star(reader, fields[:-1], select.get("fromClause", []), known)
        else:
            name = target.get("name") or fields[-1] or _called(value)
            named = [name] if name else None
        if named is None:
            return None
        found += named
    return found or None


def renamed(columns: Outputs, given: list[str]) -> Outputs:
    """The same, where the first of them have been given other names."""
    if columns is None or not all(isinstance(column, str) for column in columns[: len(given)]):
        return columns if not given else None
    return [*given, *columns[len(given) :]]


def _common_tables(reader: Reader, clause: _Node, known: dict[str, Outputs]) -> None:
    tables = [table["CommonTableExpr"] for table in clause.get("ctes", [])]
    if clause.get("recursive"):
        known.update({table["ctename"]: None for table in tables})
    for table in tables:
        columns = outputs(reader, table["ctequery"].get("SelectStmt", {}), known)
        known[table["ctename"]] = renamed(columns, strings(table.get("aliascolnames", [])))


def _star(reader: Reader, qualifier: list[str], sources: list[_Node], known: Mapping[str, Outputs]) -> Outputs:
    """What ``*`` or ``t.*`` stands for."""
    found: list[str | Named] = []
    for name, columns in (source for node in sources for source in _sources(reader, node, known)):
        if not qualifier or qualifier == [name]:
            if columns is None:
                return None
            found += columns
    return found or None


def _sources(reader: Reader, node: _Node, known: Mapping[str, Outputs]) -> Iterator[tuple[str, Outputs]]:
    """The sources of a FROM, by what they are called."""
    for kind, inner in node.items():
        alias = inner.get("alias", {})
        columns: Outputs = None
        if kind == "RangeVar":
            hidden = "schemaname" not in inner and inner["relname"] in known
            relation = reader.relation(inner)
            columns = known[inner["relname"]] if hidden else [relation] if relation else None
        elif kind == "RangeSubselect":
            columns = outputs(reader, inner["subquery"].get("SelectStmt", {}), known)
        elif kind == "JoinExpr" and not alias and not inner.get("isNatural") and "usingClause" not in inner:
            yield from _sources(reader, inner["larg"], known)
            yield from _sources(reader, inner["rarg"], known)
            return
        name = alias.get("aliasname", inner.get("relname", ""))
        yield name, renamed(columns, strings(alias.get("colnames", [])))


def _called(value: _Node) -> str:
    return strings(value["FuncCall"]["funcname"])[-1] if "FuncCall" in value else ""
