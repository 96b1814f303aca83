"""ALTER, and what else changes an object that is there: looked at before and behind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_migrations.derive.names import Entry, dotted
from pytest_migrations.derive.plans.calls import unseen_calls
from pytest_migrations.derive.plans.plan import ADOPTED, NOTHING, Plan
from pytest_migrations.derive.plans.positions import restarted, with_positions
from pytest_migrations.derive.scopes import HANGING, RELATION, TABLE, TYPE, Scope, names_in, relation, scope_of, word_of
from pytest_migrations.derive.state import Back
from pytest_migrations.sql.grammar import quoted, within
from pytest_migrations.sql.traits import enum_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.derive.plans.plan import Context, Found, Planner

CASCADE = "CASCADE may take along what was there before"
TYPED = "CASCADE goes on to the tables of the type, and the way back would take along what needs their columns by then"
_PARTITIONS = ("AT_AttachPartition", "AT_DetachPartition", "AT_DetachPartitionFinalize")
#: What is computed for the rows that there are, of a table; and of a domain (AlterDomainStmt in PostgreSQL's sources).
_COMPUTED = ("AT_AddColumn", "AT_AddConstraint", "AT_AlterColumnType")
_ADD, _VALIDATE = "C", "V"
#: Options of foreign tables may be secrets, so that no snapshot tells their values.
_UNSEEN = {"AT_GenericOptions", "AT_AlterColumnGenericOptions"}


def table(node: Any, context: Context) -> Plan:
    """ALTER TABLE, VIEW, INDEX, SEQUENCE, and TYPE where it is a composite one."""
    if word_of(node, "objtype") == "OBJECT_TYPE":
        return _composite_type(node, context)
    found = context.find_relation(node.relation)
    if found is None:
        return NOTHING
    plan, unseen = _altered(node, found, context), tuple(_unseen(node, found, context))
    for command in (item.alter_table_cmd for item in node.cmds):
        said = enum_name(command, "subtype")
        if said == "AT_AddColumn":
            plan = with_positions(plan, command, context)
        elif said == "AT_SetIdentity" and not found.is_made:
            plan = restarted(plan, getattr(command, "def").list.items, context, found.sql, command.name)
    return replace(plan, missing=(*plan.missing, *unseen)) if unseen else plan


def _unseen(node: Any, found: Found, context: Context) -> Iterator[str]:
    """What is computed or checked for the rows that there are."""
    for command in (item.alter_table_cmd for item in node.cmds):
        if (said := enum_name(command, "subtype")) in _COMPUTED:
            yield from unseen_calls(command, context)
        elif said == "AT_ValidateConstraint" and found.name in context.unseen.tables:
            yield f"what the constraint {command.name} does cannot be seen"


def _composite_type(node: Any, context: Context) -> Plan:
    names = context.type_names(names_in(node.relation))
    scopes = (Scope(TYPE, (names,)),)
    cascades = any(enum_name(item.alter_table_cmd, "behavior") == "DROP_CASCADE" for item in node.cmds)
    return Plan(
        scopes=scopes, missing=(TYPED,) if cascades and not context.is_made(Entry("type", dotted(*names))) else ()
    )


def _altered(node: Any, found: Found, context: Context) -> Plan:
    commands = [item.alter_table_cmd for item in node.cmds]
    if any(enum_name(command, "behavior") == "DROP_CASCADE" for command in commands):
        return Plan(missing=(CASCADE,), scopes=(relation(node.relation),))
    if _UNSEEN & {enum_name(command, "subtype") for command in commands} and not found.is_made:
        return Plan(missing=("the values of server options are not looked at, since some are secrets",))
    if not found.is_made and (lost := _replaced_columns(commands, found)):
        return Plan(missing=lost, scopes=(relation(node.relation),))
    partitions = [
        getattr(command, "def").partition_cmd.name
        for command in commands
        if enum_name(command, "subtype") in _PARTITIONS
    ]
    makes = (ADOPTED,) if _adopts(commands, partitions, found, context) else ()
    if found.is_made and partitions:
        return replace(found.touched, missing=(), scopes=(relation(*partitions, node.relation),), makes=makes)
    if found.is_made:
        return found.touched
    family = (
        TABLE if found.word == "TABLE" and not partitions and not any(map(_is_about_hanging, commands)) else RELATION
    )
    seen = Plan(scopes=(relation(node.relation, *partitions, family=family),), makes=makes)
    return _additions(commands, found) or seen


def _adopts(commands: list[Any], partitions: list[Any], found: Found, context: Context) -> bool:
    """Whether a table that was there before becomes a partition or a child of one that the script has made."""
    if found.is_made:
        return any(part is not None and not part.is_made for part in map(context.find_relation, partitions))
    above = [getattr(item, "def").range_var for item in commands if enum_name(item, "subtype") == "AT_AddInherit"]
    return any(parent is not None and parent.is_made for parent in map(context.find_relation, above))


def _replaced_columns(commands: list[Any], found: Found) -> tuple[str, ...]:
    """Columns that are dropped and added anew at once, so that only their values are others."""
    added = {
        getattr(item, "def").column_def.colname for item in commands if enum_name(item, "subtype") == "AT_AddColumn"
    }
    dropped = {item.name for item in commands if enum_name(item, "subtype") == "AT_DropColumn"}
    return tuple(
        f"the column {found.sql}.{quoted(name)} is dropped with its values" for name in sorted(added & dropped)
    )


def _is_about_hanging(command: Any) -> bool:
    return enum_name(command, "subtype").endswith(("Trig", "TrigAll", "TrigUser", "Rule"))


def _additions(commands: list[Any], found: Found) -> Plan | None:
    """What is added to one table by a name goes again by it: columns and all that is declared with them, constraints.

    But primary keys also make columns NOT NULL.
    """
    if found.word != "TABLE" or found.has_children or found.is_partitioned:
        return None
    made = []
    for command in commands:
        node = getattr(command, "def")
        if enum_name(command, "subtype") == "AT_AddColumn" and not command.missing_ok and _goes_whole(node.column_def):
            made.append(Entry("column", f"{found.sql}.{quoted(node.column_def.colname)}"))
        elif enum_name(command, "subtype") == "AT_AddConstraint" and _goes_by_its_name(node.constraint, found):
            made.append(Entry("constraint", f"{quoted(node.constraint.conname)} on {found.sql}"))
        else:
            return None
    return Plan(tuple(Back(_drop(entry, found), about=entry) for entry in reversed(made)), tuple(made))


def _goes_whole(column: Any) -> bool:
    """Whether all that is declared with a column goes with it: a CHECK that does not speak of it stays."""
    checks = (item.constraint for item in column.constraints if enum_name(item.constraint, "contype") == "CONSTR_CHECK")
    return all(
        any(kind == "column_ref" and node.fields[-1].string.sval == column.colname for kind, node in within(check))
        for check in checks
    )


def _goes_by_its_name(constraint: Any, found: Found) -> bool:
    """A CHECK may also be one that is inherited already."""
    kinds = ("CONSTR_FOREIGN", "CONSTR_UNIQUE", "CONSTR_EXCLUSION", *(() if found.is_inheriting else ("CONSTR_CHECK",)))
    return bool(constraint.conname and not constraint.indexname) and enum_name(constraint, "contype") in kinds


def _drop(entry: Entry, found: Found) -> str:
    name = entry.name.removeprefix(f"{found.sql}.").removesuffix(f" on {found.sql}")
    return f"ALTER TABLE {found.sql} DROP {entry.kind.upper()} {name}"


def about(scope: Scope | None, context: Context) -> Plan:
    """A statement about objects within a scope; of those that the script has made nothing needs to be put back."""
    if scope is None:
        return Plan(missing=("nothing is known of such objects",))
    if scope.family in (RELATION, TABLE, HANGING):
        there = [found for name in scope.names if (found := context.find(name))]
        if all(found.is_made for found in there):
            return Plan(touches=tuple(entry for found in there for entry in found.touched.touches))
    return Plan(scopes=(scope,))


def _only_said(plan: Plan) -> Plan:
    """What is said of an object, and who may use it, makes it need no other."""
    return replace(plan, touches=())


def domain(node: Any, context: Context) -> Plan:
    names = names_in(node.type_name)
    missing = [CASCADE] if enum_name(node, "behavior") == "DROP_CASCADE" else []
    if node.subtype == _ADD:
        missing += unseen_calls(node, context)
    elif node.subtype == _VALIDATE and names[-1] in context.unseen.calls:
        missing.append(f"what the constraint {node.name} does cannot be seen")
    return Plan(missing=tuple(missing), scopes=(Scope(TYPE, (names,)),))


def enum(node: Any, context: Context) -> Plan:
    return about(Scope(TYPE, (names_in(node.type_name),)), context)


def sequence(node: Any, context: Context) -> Plan:
    plan, found = about(relation(node.sequence), context), context.find_relation(node.sequence)
    return plan if found is None or found.is_made else restarted(plan, node.options, context, found.sql)


def routine(node: Any, context: Context) -> Plan:
    return about(scope_of("OBJECT_FUNCTION", node.func), context)


def policy(node: Any, context: Context) -> Plan:
    return about(relation(node.table, family=HANGING), context)


def refreshed(node: Any, context: Context) -> Plan:
    return replace(about(relation(node.relation), context), missing=unseen_calls(node, context))


def clustered(node: Any, context: Context) -> Plan:
    return about(relation(node.relation), context) if node.HasField("relation") else NOTHING


def said(node: Any, context: Context) -> Plan:
    """COMMENT ON."""
    scope = scope_of(word_of(node, "objtype"), node.object)
    if scope is not None and scope.family == RELATION and all(map(context.is_table, scope.names)):
        scope = Scope(TABLE, scope.names)
    return _only_said(about(scope, context))


def owned(node: Any, context: Context) -> Plan:
    """ALTER ... OWNER TO, of what is no relation."""
    return about(scope_of(word_of(node, "object_type"), node.object), context)


def depending(node: Any, context: Context) -> Plan:
    """ALTER ... DEPENDS ON EXTENSION."""
    if node.HasField("relation"):
        return about(relation(node.relation), context)
    return about(scope_of(word_of(node, "object_type"), node.object), context)


def granted(node: Any, context: Context) -> Plan:
    """GRANT and REVOKE on objects."""
    word = word_of(node, "objtype")
    if enum_name(node, "targtype") == "ACL_TARGET_ALL_IN_SCHEMA":
        return _in_schemas(word, [item.string.sval for item in node.objects], context)
    missing: list[str] = []
    scopes: list[Scope] = []
    has_columns = any(item.access_priv.cols for item in node.privileges)
    for item in node.objects:
        if has_columns and (found := context.find_relation(item.range_var)) and found.word == "SEQUENCE":
            missing.append("privileges on the columns of sequences are not looked at")
        plan = about(scope_of(word, item), context)
        missing += plan.missing
        scopes += plan.scopes
    return Plan(missing=tuple(missing), scopes=tuple(scopes))


def _in_schemas(word: str, schemas: list[str], context: Context) -> Plan:
    names = context.catalog.names_in(word.removeprefix("OBJECT_"), schemas)
    routines = word not in ("OBJECT_TABLE", "OBJECT_SEQUENCE")
    family = scope_of("OBJECT_FUNCTION" if routines else "OBJECT_TABLE", ()).family  # type: ignore[union-attr]
    return Plan(scopes=(Scope(family, tuple(names)),) if names else ())


def among(word: str) -> Planner:
    """A statement about objects of which all are looked at."""

    def plan(node: Any, context: Context) -> Plan:
        del node
        return about(scope_of(word), context)

    return plan
