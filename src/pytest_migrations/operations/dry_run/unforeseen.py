"""What a dry run cannot foresee, having no rows: which statements depend on them, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_migrations.effects import Verb, effects_of
from pytest_migrations.sql.grammar import statements, trees

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_migrations.effects import Named
    from pytest_migrations.errors import Place
    from pytest_migrations.migration import Migration, Script
    from pytest_migrations.operations.dry_run.original import Original
    from pytest_migrations.operations.dry_run.rows import Rows

    _Node = dict[str, Any]
    #: What a statement does to which relation (None: any), and why that depends on rows.
    _Told = Iterator[tuple[_Node | None, str, str]]


@dataclass(frozen=True)
class Dependence:
    """A statement, or a part of one, whose outcome depends on rows."""

    migration: Migration
    place: Place
    #: Schema and name of the table whose rows they are; None where nobody can say.
    table: tuple[str, str] | None
    what: str
    why: str


@dataclass(frozen=True)
class Unforeseen:
    """What the dry run of some scripts cannot tell."""

    #: The target's tables that they name, by schema and name.
    rows: dict[tuple[str, str], Rows]
    dependences: tuple[Dependence, ...]
    notes: tuple[str, ...]


def unforeseen(steps: Sequence[tuple[Migration, Script]], original: Original) -> Unforeseen:
    """What depends on rows of the target's tables, where a script says so. Those that are new or empty have none."""
    rows: dict[tuple[str, str], Rows] = {}
    dependences: list[Dependence] = []
    notes = []
    for migration, script in steps:
        if script.program is not None:
            notes.append(f"{migration.name} is a program: what it sends that depends on rows is not listed.")
        for named in _changed(script):
            if table := _resolved(named, original):
                rows[table] = original.rows[table]
        dependences += _dependences(migration, script, original)
    tables = {one.table for one in dependences if one.table is not None}
    rows |= {table: original.rows[table] for table in original.rows if table in tables}
    empty = {table for table, counted in rows.items() if not counted.bytes}
    return Unforeseen(
        {table: counted for table, counted in rows.items() if table not in empty},
        tuple(one for one in dependences if one.table not in empty),
        tuple(notes),
    )


def _changed(script: Script) -> Iterator[tuple[str, ...]]:
    """The relations that a script changes, or parts of."""
    for effect in effects_of(script).of(Verb.CREATE, Verb.ALTER, Verb.DROP, Verb.RENAME):
        found: Named = effect.object
        if found.space == "relation":
            yield found.path
        elif len(found.path) > 2:
            yield found.path[:2]


def _dependences(migration: Migration, script: Script, original: Original) -> Iterator[Dependence]:
    for statement in statements(script):
        for tree in trees(statement.text) if statement.kind else ():
            for relation, what, why in _READERS.get(tree.kind, _nothing)(tree.node):
                name = None if relation is None else (relation.get("schemaname", "public"), relation["relname"])
                table = None if name is None else _resolved(name, original)
                if table is not None or name is None:  # else it is new
                    yield Dependence(migration, statement.place, table, what, why)


def _resolved(name: tuple[str, ...], original: Original) -> tuple[str, str] | None:
    """The target's table of this name. One in public may have been written without a schema, and be in any."""
    schema, relation = name[0], name[-1]
    if schema != "public":
        return (schema, relation) if (schema, relation) in original.rows else None
    schemas = dict.fromkeys([schema, *original.search_path, *(schema for schema, _ in original.rows)])
    return next(((other, relation) for other in schemas if (other, relation) in original.rows), None)


def _nothing(_: _Node) -> _Told:
    return iter(())


def _alter_table(node: _Node) -> _Told:
    for wrapped in node["cmds"]:
        command = wrapped["AlterTableCmd"]
        if tell := _ALTERATIONS.get(command["subtype"]):
            attached = command["subtype"] == "AT_AttachPartition"
            relation = command["def"]["PartitionCmd"]["name"] if attached else node["relation"]
            for what, why in tell(command):
                yield relation, what, why


def _add_constraint(command: _Node) -> Iterator[tuple[str, str]]:
    constraint = command["def"]["Constraint"]
    if constraint["contype"] in _CONSTRAINTS and not constraint.get("skip_validation"):
        what, why = _CONSTRAINTS[constraint["contype"]]
        yield f"ADD {what}", why


def _add_column(command: _Node) -> Iterator[tuple[str, str]]:
    column = command["def"]["ColumnDef"]
    written = {one["Constraint"]["contype"] for one in column.get("constraints", [])}
    filled = written & {"CONSTR_DEFAULT", "CONSTR_IDENTITY", "CONSTR_GENERATED"}
    name = f"ADD COLUMN {column['colname']}"
    if written & {"CONSTR_NOTNULL", "CONSTR_PRIMARY"} and not filled:
        yield f"{name} NOT NULL", "fails where there is any row: it has no default"
    for kind in ("CONSTR_CHECK", "CONSTR_FOREIGN", "CONSTR_UNIQUE"):
        if kind in written and filled:
            what, why = _CONSTRAINTS[kind]
            yield f"{name} {what}", why


def _create_index(node: _Node) -> _Told:
    if node.get("unique"):
        yield node["relation"], "CREATE UNIQUE INDEX", _CONSTRAINTS["CONSTR_UNIQUE"][1]
    else:
        yield node["relation"], "CREATE INDEX", "takes the longer the more rows there are"


def _drop(node: _Node) -> _Told:
    if node["removeType"] == "OBJECT_TABLE":
        for item in node["objects"]:
            parts = [part["String"]["sval"] for part in item["List"]["items"]]
            yield {"schemaname": (["public", *parts])[-2], "relname": parts[-1]}, "DROP TABLE", "its rows are lost"


def _truncate(node: _Node) -> _Told:
    for relation in node["relations"]:
        yield relation["RangeVar"], "TRUNCATE", "its rows are lost"


def _select(node: _Node) -> _Told:
    if "fromClause" in node or "FuncCall" in str(node):
        yield None, "SELECT", _AS_ROWS_SAY


def _alter_domain(node: _Node) -> _Told:
    if node.get("subtype") in ("C", "O", "V") and not node.get("def", {}).get("Constraint", {}).get("skip_validation"):
        yield None, "ALTER DOMAIN", "fails where a value of that type does not fit"


def _copy(node: _Node) -> _Told:
    if node.get("is_from"):
        yield node["relation"], "COPY", _AS_ROWS_SAY


def _writing(what: str) -> Callable[[_Node], _Told]:
    return lambda node: iter([(node.get("relation"), what, _AS_ROWS_SAY)])


def _altering(what: str, why: str) -> Callable[[_Node], Iterator[tuple[str, str]]]:
    return lambda command: iter([(f"{what} {command.get('name', '')}".strip(), why)])


_AS_ROWS_SAY = "does what the rows say"
_CONSTRAINTS = {
    "CONSTR_CHECK": ("CHECK", "fails where a row does not satisfy it"),
    "CONSTR_EXCLUSION": ("EXCLUDE", "fails where two rows exclude each other"),
    "CONSTR_FOREIGN": ("FOREIGN KEY", "fails where a row refers to none"),
    "CONSTR_NOTNULL": ("NOT NULL", "fails where it is null"),
    "CONSTR_PRIMARY": ("PRIMARY KEY", "fails where two rows are the same, or it is null"),
    "CONSTR_UNIQUE": ("UNIQUE", "fails where two rows are the same"),
}
_ALTERATIONS: dict[str, Callable[[_Node], Iterator[tuple[str, str]]]] = {
    "AT_AddColumn": _add_column,
    "AT_AddConstraint": _add_constraint,
    "AT_AlterColumnType": _altering("ALTER TYPE of", "may rewrite the table, and fails where a value does not convert"),
    "AT_AttachPartition": _altering("ATTACH PARTITION", "fails where a row does not belong there"),
    "AT_DropColumn": _altering("DROP COLUMN", "its values are lost"),
    "AT_SetNotNull": _altering("SET NOT NULL of", "fails where it is null"),
    "AT_ValidateConstraint": _altering("VALIDATE CONSTRAINT", "fails where a row does not satisfy it"),
}
_READERS: dict[str, Callable[[_Node], _Told]] = {
    "AlterDomainStmt": _alter_domain,
    "AlterTableStmt": _alter_table,
    "CallStmt": lambda _: iter([(None, "CALL", _AS_ROWS_SAY)]),
    "CopyStmt": _copy,
    "CreateTableAsStmt": lambda _: iter([(None, "AS SELECT", _AS_ROWS_SAY)]),
    "DeleteStmt": _writing("DELETE"),
    "DoStmt": lambda _: iter([(None, "DO", _AS_ROWS_SAY)]),
    "DropStmt": _drop,
    "IndexStmt": _create_index,
    "InsertStmt": _writing("INSERT"),
    "MergeStmt": _writing("MERGE"),
    "RefreshMatViewStmt": lambda _: iter([(None, "REFRESH MATERIALIZED VIEW", _AS_ROWS_SAY)]),
    "SelectStmt": _select,
    "TruncateStmt": _truncate,
    "UpdateStmt": _writing("UPDATE"),
}
