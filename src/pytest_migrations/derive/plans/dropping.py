"""DROP: what the script has made itself needs no way back; some things can be made again; others are lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.derive.plans.altering import CASCADE
from pytest_migrations.derive.plans.plan import NOTHING, Plan
from pytest_migrations.derive.scopes import HANGING, RELATION, TABLE, TYPE, Scope, scope_of, word_of
from pytest_migrations.sql.traits import enum_name

if TYPE_CHECKING:
    from pytest_migrations.derive.names import Entry
    from pytest_migrations.derive.plans.plan import Context

_RELATIONS = (
    "OBJECT_TABLE",
    "OBJECT_VIEW",
    "OBJECT_MATVIEW",
    "OBJECT_SEQUENCE",
    "OBJECT_INDEX",
    "OBJECT_FOREIGN_TABLE",
)


def dropped(node: Any, context: Context) -> Plan:
    word, cascades = word_of(node, "remove_type"), enum_name(node, "behavior") == "DROP_CASCADE"
    scopes: list[Scope] = []
    loses: list[Entry] = []
    missing: list[str] = []
    for item in node.objects:
        scope = scope_of(word, item)
        if scope is None:
            missing.append("nothing is known of such objects")
        elif scope.family in (RELATION, HANGING):
            found = context.find(scope.names[0])
            if found is None:
                continue
            own = found.is_made and context.is_made(found.entry)
            missing += found.touched.missing
            if cascades and not found.is_temporary and word in _RELATIONS:
                missing += [
                    f"CASCADE takes along {name}" for name in context.catalog.dependents(found.schema, found.name)
                ]
            if word in _RELATIONS and own:
                loses.append(found.entry)
            elif not found.is_made:
                # An index is looked at with its table, which is still there when it is gone.
                family = TABLE if found.word == "INDEX" else scope.family
                scopes.append(Scope(family, ((found.schema, found.table or found.name),)))
        else:
            # By its schema, since another type of this name may be found once it is gone.
            scopes.append(Scope(TYPE, (context.type_names(scope.names[0]),)) if scope.family == TYPE else scope)
            missing += [CASCADE] if cascades else []
    return (
        Plan(scopes=tuple(scopes), loses=tuple(loses), missing=tuple(missing))
        if scopes or loses or missing
        else NOTHING
    )
