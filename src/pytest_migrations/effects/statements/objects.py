"""CREATE and ALTER of the objects that are no tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.builtin import operator_classes
from pytest_migrations.effects.columns import ColumnReader
from pytest_migrations.effects.effect import Column, Condition, Key, Named, Owned, Shape, Verb
from pytest_migrations.effects.expressions import own_columns, uses
from pytest_migrations.effects.reader import items, part, strings
from pytest_migrations.effects.statements.constraints import automatic_name, index_name, operator_class
from pytest_migrations.effects.statements.tables import in_schema
from pytest_migrations.effects.types import require_type

if TYPE_CHECKING:
    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]
_DEFINED = {
    "OBJECT_TYPE": "type",
    "OBJECT_COLLATION": "collation",
    "OBJECT_TSCONFIGURATION": "text search configuration",
    "OBJECT_TSDICTIONARY": "text search dictionary",
    "OBJECT_TSPARSER": "text search parser",
    "OBJECT_TSTEMPLATE": "text search template",
}


def _unless_there(node: _Node) -> Condition:
    return Condition.IF_NOT_EXISTS if node.get("if_not_exists") else Condition.NONE


def create_index(reader: Reader, node: _Node) -> None:
    """CREATE INDEX."""
    table = reader.relation(node["relation"])
    elements = [element["IndexElem"] for element in node.get("indexParams", [])]
    included = [element["IndexElem"] for element in node.get("indexIncludingParams", [])]
    reader.tell(Verb.REQUIRE, table, node["relation"].get("location"))
    if table is None:
        return
    name = node.get("idxname") or index_name(table.path[1], [*elements, *included])
    index = Named("index", (table.path[0], name))
    condition = _unless_there(node)
    plain = all("name" in element for element in elements)
    columns = tuple(element.get("name", "") for element in elements) if plain else ()
    detail = Key(
        columns,
        is_unique=bool(node.get("unique")) and plain and "whereClause" not in node,
        on=table,
        is_automatic="idxname" not in node,
    )
    location = node["relation"].get("location") if "idxname" not in node else None
    reader.tell(Verb.CREATE, index, location, condition=condition, detail=detail)
    with reader.under(condition):
        for element in (*elements, *included):
            reader.tell(Verb.REQUIRE, part("column", table, element["name"]) if "name" in element else None, by=index)
            own_columns(reader, element.get("expr", {}), table, index)
            operator_class(reader, element, index)
        own_columns(reader, node.get("whereClause", {}), table, index)


def create_operator_class(reader: Reader, node: _Node) -> None:
    """CREATE OPERATOR CLASS, followed where it is called like one that an extension brings."""
    *schema, name = strings(node["opclassname"])
    if name in operator_classes():
        reader.tell(Verb.CREATE, Named("operator class", ((schema or reader.search_path)[0], name)))


def create_schema(reader: Reader, node: _Node) -> None:
    """CREATE SCHEMA, with what it holds."""
    name = node.get("schemaname") or node.get("authrole", {}).get("rolename", "")
    reader.tell(Verb.CREATE, Named("schema", (name,)), condition=_unless_there(node))
    with reader.on_path((name, *reader.search_path)):
        for element in node.get("schemaElts", []):
            for kind, inner in element.items():
                reader.read_statement(kind, inner)


def create_sequence(reader: Reader, node: _Node) -> None:
    """CREATE SEQUENCE."""
    sequence = reader.new_relation("sequence", node["sequence"])
    in_schema(reader, sequence, node["sequence"])
    location = node["sequence"].get("location")
    detail = _ownership(reader, node)
    reader.tell(Verb.CREATE, sequence, location, condition=_unless_there(node), detail=detail)


def alter_sequence(reader: Reader, node: _Node) -> None:
    """ALTER SEQUENCE."""
    condition = Condition.IF_EXISTS if node.get("missing_ok") else Condition.NONE
    sequence = reader.relation(node["sequence"], "sequence")
    reader.tell(
        Verb.ALTER, sequence, node["sequence"].get("location"), condition=condition, detail=_ownership(reader, node)
    )


def _ownership(reader: Reader, node: _Node) -> Owned | None:
    for option in node.get("options", []):
        if option["DefElem"]["defname"] == "owned_by":
            column = reader.within("column", option["DefElem"]["arg"]["List"]["items"])
            if column is not None:
                reader.tell(Verb.REQUIRE, column.table, option["DefElem"].get("location"))
                reader.tell(Verb.REQUIRE, column, option["DefElem"].get("location"))
            return Owned(column)
    return None


def create_enum(reader: Reader, node: _Node) -> None:
    """CREATE TYPE ... AS ENUM."""
    enum = reader.new("enum", node["typeName"])
    in_schema(reader, enum)
    reader.tell(Verb.CREATE, enum)
    for value in strings(node.get("vals", [])):
        reader.tell(Verb.CREATE, Named("value", (*enum.path, value)))


def alter_enum(reader: Reader, node: _Node) -> None:
    """ALTER TYPE ... ADD VALUE or RENAME VALUE."""
    enum = reader.existing("enum", node["typeName"])
    reader.tell(Verb.ALTER, enum)
    new = part("value", enum, node.get("newVal", ""))
    if "oldVal" in node:
        reader.tell(Verb.RENAME, part("value", enum, node["oldVal"]), to=new)
        return
    if neighbour := node.get("newValNeighbor"):
        reader.tell(Verb.REQUIRE, part("value", enum, neighbour))
    condition = Condition.IF_NOT_EXISTS if node.get("skipIfNewValExists") else Condition.NONE
    reader.tell(Verb.CREATE, new, condition=condition)


def create_domain(reader: Reader, node: _Node) -> None:
    """CREATE DOMAIN."""
    domain = reader.new("domain", node["domainname"])
    in_schema(reader, domain)
    require_type(reader, node["typeName"], domain)
    reader.tell(Verb.CREATE, domain)
    _domain_constraints(reader, domain, node.get("constraints", []))


def alter_domain(reader: Reader, node: _Node) -> None:
    """ALTER DOMAIN."""
    domain = reader.existing("domain", node["typeName"])
    reader.tell(Verb.ALTER, domain)
    if domain is None:
        return
    if node.get("subtype") == "X":
        condition = Condition.IF_EXISTS if node.get("missing_ok") else Condition.NONE
        reader.tell(Verb.DROP, part("domain constraint", domain, node["name"]), condition=condition)
    elif "Constraint" in node.get("def", {}):
        _domain_constraints(reader, domain, [node["def"]])
    else:
        uses(reader, node.get("def", {}), domain)


def _domain_constraints(reader: Reader, domain: Named, constraints: list[_Node]) -> None:
    for written in constraints:
        if written["Constraint"]["contype"] == "CONSTR_CHECK":
            given = written["Constraint"].get("conname")
            named = part("domain constraint", domain, given or automatic_name(domain.path[1], "", "check"))
            location = None if given else written["Constraint"].get("location")
            reader.tell(Verb.CREATE, named, location, detail=Key(is_automatic=not given))
            uses(reader, written, named)
        else:
            uses(reader, written, domain)


def create_composite(reader: Reader, node: _Node) -> None:
    """CREATE TYPE ... AS (...)."""
    new = reader.new_relation("composite type", node["typevar"])
    in_schema(reader, new, node["typevar"])
    columns = [column["ColumnDef"] for column in node.get("coldeflist", [])]
    types = [require_type(reader, column["typeName"], new) for column in columns]
    reader.tell(Verb.CREATE, new, node["typevar"].get("location"), detail=Shape())
    for column, type_ in zip(columns, types, strict=True):
        named = part("column", new, column["colname"])
        reader.tell(Verb.CREATE, named, column.get("location"), detail=Column(type_))


def create_range(reader: Reader, node: _Node) -> None:
    """CREATE TYPE ... AS RANGE, with the multirange that comes along."""
    new = reader.new("range", node["typeName"])
    in_schema(reader, new)
    said = {parameter["DefElem"]["defname"]: parameter["DefElem"].get("arg", {}) for parameter in node["params"]}
    if "TypeName" in said.get("subtype", {}):
        require_type(reader, said["subtype"]["TypeName"], new)
    reader.tell(Verb.CREATE, new)
    name = new.path[1]
    multirange = name.replace("range", "multirange", 1) if "range" in name else f"{name}_multirange"
    if given := said.get("multirange_type_name"):
        multirange = strings(items(given))[-1]
    reader.tell(Verb.CREATE, Named("range", (new.path[0], multirange)), by=new)
    for routine in (name, multirange):
        reader.tell(Verb.CREATE, Named("function", (new.path[0], routine)), by=new)


def define(reader: Reader, node: _Node) -> None:
    """CREATE of a base type, collation, aggregate, operator, text search object."""
    kind = node["kind"]
    if kind == "OBJECT_AGGREGATE":
        condition = Condition.OR_REPLACE if node.get("replace") else Condition.NONE
        reader.tell(Verb.CREATE, reader.new("aggregate", node["defnames"]), condition=condition)
    elif kind in _DEFINED:
        new = reader.new(_DEFINED[kind], node["defnames"])
        in_schema(reader, new)
        # A type is first declared, and then defined under the same name.
        condition = Condition.OR_REPLACE if kind == "OBJECT_TYPE" else _unless_there(node)
        reader.tell(Verb.CREATE, new, condition=condition)


def create_extension(reader: Reader, node: _Node) -> None:
    """CREATE EXTENSION."""
    schema = reader.search_path[0]
    options = {option["DefElem"]["defname"]: option["DefElem"].get("arg", {}) for option in node.get("options", [])}
    if "schema" in options:
        schema = options["schema"]["String"]["sval"]
        if schema not in ("public", "pg_catalog"):
            reader.tell(Verb.REQUIRE, Named("schema", (schema,)))
    extension, into = Named("extension", (node["extname"],)), Named("schema", (schema,))
    reader.tell(Verb.CREATE, extension, condition=_unless_there(node), to=into, cascade="cascade" in options)


def create_policy(reader: Reader, node: _Node, verb: Verb = Verb.CREATE) -> None:
    """CREATE POLICY."""
    table = reader.relation(node["table"])
    reader.tell(Verb.REQUIRE, table, node["table"].get("location"))
    policy = part("policy", table, node["policy_name"])
    reader.tell(verb, policy)
    expressions = [node.get("qual", {}), node.get("with_check", {})]
    uses(reader, expressions, policy)
    ColumnReader(reader, policy).expression(expressions, node["table"])


def alter_policy(reader: Reader, node: _Node) -> None:
    """ALTER POLICY."""
    create_policy(reader, node, Verb.ALTER)


def create_rule(reader: Reader, node: _Node) -> None:
    """CREATE RULE."""
    table = reader.relation(node["relation"])
    reader.tell(Verb.REQUIRE, table, node["relation"].get("location"))
    rule = part("rule", table, node["rulename"])
    condition = Condition.OR_REPLACE if node.get("replace") else Condition.NONE
    reader.tell(Verb.CREATE, rule, condition=condition)
    uses(reader, [node.get("actions", []), node.get("whereClause", {})], rule)


def create_publication(reader: Reader, node: _Node) -> None:
    """CREATE PUBLICATION."""
    publication = Named("publication", (node["pubname"],))
    reader.tell(Verb.CREATE, publication)
    uses(reader, node.get("pubobjects", []))


def alter_publication(reader: Reader, node: _Node) -> None:
    """ALTER PUBLICATION."""
    reader.tell(Verb.ALTER, Named("publication", (node["pubname"],)))
    uses(reader, node.get("pubobjects", []))


def create_statistics(reader: Reader, node: _Node) -> None:
    """CREATE STATISTICS."""
    table = next((reader.relation(r["RangeVar"]) for r in node.get("relations", []) if "RangeVar" in r), None)
    uses(reader, node.get("relations", []))
    if "defnames" not in node:
        return
    new = reader.new("statistics object", node["defnames"])
    reader.tell(Verb.CREATE, new, condition=_unless_there(node), detail=Key(on=table))
    for element in node.get("exprs", []):
        if "name" in element.get("StatsElem", {}):
            reader.tell(Verb.REQUIRE, part("column", table, element["StatsElem"]["name"]), by=new)


def create_role(reader: Reader, node: _Node) -> None:
    """CREATE ROLE, USER or GROUP."""
    reader.tell(Verb.CREATE, Named("role", (node["role"],)))


def create_server(reader: Reader, node: _Node) -> None:
    """CREATE SERVER."""
    reader.tell(Verb.CREATE, Named("server", (node["servername"],)), condition=_unless_there(node))


def create_wrapper(reader: Reader, node: _Node) -> None:
    """CREATE FOREIGN DATA WRAPPER."""
    reader.tell(Verb.CREATE, Named("foreign-data wrapper", (node["fdwname"],)))


def create_event_trigger(reader: Reader, node: _Node) -> None:
    """CREATE EVENT TRIGGER."""
    trigger = Named("event trigger", (node["trigname"],))
    reader.tell(Verb.CREATE, trigger)
    reader.tell(Verb.REQUIRE, reader.called(node["funcname"], "function"), by=trigger)
