"""Functions, procedures, the triggers that call them, and what their bodies hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.blocks import read_block
from pytest_migrations.effects.effect import Condition, Named, Signature, Verb
from pytest_migrations.effects.expressions import columns_in, uses
from pytest_migrations.effects.reader import part, strings
from pytest_migrations.effects.statements.kinds import signature_of
from pytest_migrations.effects.statements.settings import search_path_of
from pytest_migrations.effects.statements.tables import in_schema
from pytest_migrations.effects.types import own_type, require_type, type_name
from pytest_migrations.sql.grammar import SyntaxMistakeError, trees

if TYPE_CHECKING:
    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]
_QUERIES = frozenset({"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
#: Modes of parameters by which a routine is told from others.
_INPUT = frozenset({"FUNC_PARAM_DEFAULT", "FUNC_PARAM_IN", "FUNC_PARAM_INOUT", "FUNC_PARAM_VARIADIC"})


def create_routine(reader: Reader, node: _Node) -> None:
    """CREATE FUNCTION, CREATE PROCEDURE."""
    kind = "procedure" if node.get("is_procedure") else "function"
    routine = reader.new(kind, node["funcname"])
    in_schema(reader, routine)
    parameters = [parameter["FunctionParameter"] for parameter in node.get("parameters", [])]
    options = {option["DefElem"]["defname"]: option["DefElem"] for option in node.get("options", [])}
    language = options.get("language", {}).get("arg", {}).get("String", {}).get("sval", "").lower()
    result = node.get("returnType", {})
    if language in ("c", "internal") and (own := own_type(reader, result)):  # PostgreSQL declares the type for it
        reader.tell(Verb.CREATE, own, result.get("location"), condition=Condition.IF_NOT_EXISTS)
    for written in (*(parameter["argType"] for parameter in parameters), result):
        require_type(reader, written, routine)
    for parameter in parameters:
        uses(reader, parameter.get("defexpr", {}), routine)
    inputs = [parameter for parameter in parameters if parameter.get("mode", "") in _INPUT]
    arguments = [type_name(reader, parameter["argType"]) for parameter in inputs]
    signature = Signature(tuple(arguments), tuple(p.get("name", "") for p in inputs), _result(reader, node))
    condition = Condition.OR_REPLACE if node.get("replace") else Condition.NONE
    reader.tell(Verb.CREATE, routine, condition=condition, detail=signature)
    path = search_path_of(options["set"]["arg"]["VariableSetStmt"]) if "set" in options else None
    outer = reader.variables
    reader.variables = frozenset([routine.path[1], *(p["name"] for p in parameters if "name" in p)])
    with reader.on_path(path):
        if "sql_body" in node:
            uses(reader, node["sql_body"], routine)
        elif "as" in options:
            is_late = not reader.checks_bodies or any(argument.startswith("any") for argument in arguments)
            _body(reader, routine, language, options["as"], Condition.CALLED if is_late else Condition.NONE)
    reader.variables = outer


def _result(reader: Reader, node: _Node) -> str:
    """The type of the result; empty where that is made of parameters."""
    modes = {parameter["FunctionParameter"].get("mode", "") for parameter in node.get("parameters", [])}
    written = node.get("returnType", {})
    if not written or not modes <= _INPUT - {"FUNC_PARAM_INOUT"}:
        return ""
    type_ = type_name(reader, written)
    return f"SETOF {type_}" if type_ and written.get("setof") else type_


def _body(reader: Reader, routine: Named, language: str, written: _Node, late: Condition) -> None:
    """What stands in the text of a body: PostgreSQL reads that of SQL at once, and others when they are called."""
    text = strings(written["arg"]["List"]["items"])[0]
    outer, reader.routine = reader.routine, routine
    try:
        if language == "sql":
            with reader.inside(text, reader.body_at(written["location"])), reader.under(late | Condition.BODY):
                try:
                    for tree in trees(text):  # PostgreSQL looks at queries only, and at others when they run
                        with reader.under(Condition.NONE if tree.kind in _QUERIES else Condition.CALLED):
                            reader.read([tree])
                except SyntaxMistakeError as mistake:
                    reader.reject(str(mistake), mistake.offset, text)
        elif language == "plpgsql":
            base = reader.body_at(written["location"])
            read_block(reader, reader.statement_text, text, base, Condition.CALLED)
    finally:
        reader.routine = outer


def alter_routine(reader: Reader, node: _Node) -> None:
    """ALTER FUNCTION, ALTER PROCEDURE."""
    routine = reader.existing("function", node["func"]["objname"])
    reader.tell(Verb.ALTER, routine, detail=signature_of(reader, node["func"]))


def create_trigger(reader: Reader, node: _Node) -> None:
    """CREATE TRIGGER."""
    table = reader.relation(node["relation"])
    reader.tell(Verb.REQUIRE, table, node["relation"].get("location"))
    trigger = part("trigger", table, node["trigname"])
    reader.tell(Verb.REQUIRE, reader.called(node["funcname"], "function"), by=trigger)
    for name in strings(node.get("columns", [])):
        reader.tell(Verb.REQUIRE, part("column", table, name), by=trigger)
    for name, location in columns_in(node.get("whenClause", {})):
        if name not in ("old", "new"):
            reader.tell(Verb.REQUIRE, part("column", table, name), location, by=trigger)
    uses(reader, node.get("whenClause", {}), trigger)
    condition = Condition.OR_REPLACE if node.get("replace") else Condition.NONE
    reader.tell(Verb.CREATE, trigger, condition=condition)


def call(reader: Reader, node: _Node) -> None:
    """CALL."""
    uses(reader, node["funccall"])
