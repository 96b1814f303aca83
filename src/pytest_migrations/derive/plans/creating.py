"""CREATE: what is made by a name that was free is dropped again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.derive.names import Entry, dotted
from pytest_migrations.derive.plans.calls import unseen_calls
from pytest_migrations.derive.plans.plan import NOTHING, TEMPORARY, Plan
from pytest_migrations.derive.plans.positions import with_positions
from pytest_migrations.derive.scopes import (
    HANGING,
    RELATION,
    ROUTINE,
    TABLE,
    Scope,
    name_of,
    names_in,
    relation,
    scope_of,
    word_of,
)
from pytest_migrations.derive.state import Back
from pytest_migrations.sql.grammar import quoted
from pytest_migrations.sql.traits import enum_name

if TYPE_CHECKING:
    from pytest_migrations.derive.plans.plan import Context


def table(node: Any, context: Context) -> Plan:
    return _relation(node.relation, "TABLE", context, unless_there=node.if_not_exists)


def foreign_table(node: Any, context: Context) -> Plan:
    base = node.base_stmt
    return _relation(base.relation, "FOREIGN TABLE", context, unless_there=base.if_not_exists)


def sequence(node: Any, context: Context) -> Plan:
    return _relation(node.sequence, "SEQUENCE", context, unless_there=node.if_not_exists)


def table_as(node: Any, context: Context) -> Plan:
    """CREATE TABLE ... AS and CREATE MATERIALIZED VIEW, which run a query."""
    word = "MATERIALIZED VIEW" if word_of(node, "objtype") == "OBJECT_MATVIEW" else "TABLE"
    plan = _relation(node.into.rel, word, context, unless_there=node.if_not_exists)
    return plan if plan is NOTHING else _with_calls(plan, node, context)


def selected(node: Any, context: Context) -> Plan:
    """SELECT ... INTO."""
    return _with_calls(_relation(node.into_clause.rel, "TABLE", context), node, context)


def _with_calls(plan: Plan, node: Any, context: Context) -> Plan:
    plan = Plan(plan.backs, plan.makes, missing=plan.missing + unseen_calls(node, context))
    return with_positions(plan, node, context)


def _relation(range_var: Any, word: str, context: Context, *, unless_there: bool = False) -> Plan:
    if is_temporary(range_var, context):
        return Plan(makes=(TEMPORARY,))
    if unless_there and context.find((range_var.schemaname or context.schema, range_var.relname)) is not None:
        return NOTHING
    made = Entry("relation", context.target(range_var))
    return Plan((Back(f"DROP {word} {made.name}", about=made),), (made,))


def is_temporary(range_var: Any, context: Context) -> bool:
    schema = range_var.schemaname or context.schema
    return range_var.relpersistence == "t" or schema.startswith("pg_temp")


def view(node: Any, context: Context) -> Plan:
    # A view of temporary relations is one as well, though nothing says so.
    if (node.replace and not is_temporary(node.view, context)) or context.is_made(TEMPORARY):
        return Plan(scopes=(Scope(*_at_home(node.view, context)),))
    return _relation(node.view, "VIEW", context)


def _at_home(range_var: Any, context: Context) -> Scope:
    """The scope of a relation where it would be made, whatever else has its name on the search path."""
    (family, _) = relation(range_var)
    return Scope(family, ((range_var.schemaname or context.schema, range_var.relname),))


def index(node: Any, context: Context) -> Plan:
    found = context.find_relation(node.relation)
    if found is None:
        return NOTHING
    made = Entry("relation", dotted(found.schema, node.idxname))
    if found.is_made:
        calls = node.HasField("where_clause") or any(item.index_elem.HasField("expr") for item in node.index_params)
        return found.touched if calls or found.adopts else NOTHING
    if not node.idxname or node.if_not_exists or found.word == "INDEX" or found.is_partitioned:
        return Plan(scopes=(relation(node.relation, family=TABLE if found.word == "TABLE" else RELATION),))
    return Plan((Back(f"DROP INDEX {made.name}", about=made),), (made,))


def trigger(node: Any, context: Context) -> Plan:
    return _on_relation("trigger", node.trigname, node.relation, context, is_new=not node.replace)


def rule(node: Any, context: Context) -> Plan:
    """A rule for SELECT may make a view of a table, before PostgreSQL 16."""
    is_new = not node.replace and enum_name(node, "event") != "CMD_SELECT"
    return _on_relation("rule", node.rulename, node.relation, context, is_new=is_new)


def policy(node: Any, context: Context) -> Plan:
    return _on_relation("policy", node.policy_name, node.table, context, is_new=True)


def _on_relation(kind: str, name: str, range_var: Any, context: Context, *, is_new: bool) -> Plan:
    found = context.find_relation(range_var)
    if found is None or found.is_made:
        return found.touched if found else NOTHING
    if not is_new:
        return Plan(scopes=(relation(range_var, family=RELATION if kind == "rule" else HANGING),))
    made = Entry(kind, f"{quoted(name)} on {found.sql}")
    return Plan((Back(f"DROP {kind.upper()} {quoted(name)} ON {found.sql}", about=made),), (made,))


def type_(node: Any, context: Context) -> Plan:
    """An enum, a range, or a domain."""
    names = names_in(node.domainname if hasattr(node, "domainname") else node.type_name)
    return _type(names, context, "DOMAIN" if hasattr(node, "domainname") else "TYPE")


def composite_type(node: Any, context: Context) -> Plan:
    return _type(name_of(node.typevar), context, "TYPE")


def _type(names: tuple[str, ...], context: Context, word: str) -> Plan:
    names = names if len(names) > 1 else (context.schema, *names)
    if names[-2].startswith("pg_temp"):
        return NOTHING
    made = Entry("type", dotted(*names))
    return Plan((Back(f"DROP {word} {made.name}", about=made),), (made,))


def routine(node: Any, context: Context) -> Plan:
    """Which of the functions of its name it is, and whether there was one, is seen."""
    names = names_in(node.funcname)
    schema = names[-2] if len(names) > 1 else context.schema
    return Plan(scopes=(Scope(ROUTINE, ((schema, names[-1]),)),))


def schema(node: Any, context: Context) -> Plan:
    del context
    if node.schema_elts:
        return Plan(missing=("what is made within CREATE SCHEMA is not looked at: write it as statements of its own",))
    name = node.schemaname or node.authrole.rolename
    if node.if_not_exists or not name:
        scope = scope_of("OBJECT_SCHEMA")
        return Plan(scopes=(scope,) if scope else ())
    made = Entry("schema", quoted(name))
    return Plan((Back(f"DROP SCHEMA {made.name}", about=made),), (made,))


def defined(node: Any, context: Context) -> Plan:
    """CREATE AGGREGATE, OPERATOR, COLLATION, TEXT SEARCH ..., and of types those that are written in C."""
    word = word_of(node, "kind")
    if word == "OBJECT_AGGREGATE":
        names = names_in(node.defnames)
        schema = names[-2] if len(names) > 1 else context.schema
        return Plan(scopes=(Scope(ROUTINE, ((schema, names[-1]),)),))
    if word == "OBJECT_TYPE":
        return Plan(missing=("a base type and its functions need each other, and go only together",))
    scope = scope_of(word)
    return Plan(scopes=(scope,)) if scope else Plan(missing=("nothing is known of such objects",))
