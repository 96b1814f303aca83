"""Where sequences stand: what sets that is taken back; what nextval() took stays taken, as after a ROLLBACK."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_migrations.derive.names import Entry
from pytest_migrations.derive.scopes import names_in
from pytest_migrations.derive.state import Back
from pytest_migrations.sql.grammar import within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.derive.plans.plan import Context, Plan

#: What says which sequence: its name as regclass reads it, or a table and its column.
_Said = tuple[str, ...]
_UNNAMED = "the position of a sequence is set that is not named by a plain string"
_BOUNDS = {"as", "minvalue", "maxvalue"}
_ALSO_BOUNDS = "a sequence got other bounds and another position at once"


def with_positions(plan: Plan, node: Any, context: Context) -> Plan:
    """The plan of a statement with what it does by setval() and nextval()."""
    calls = [call for _, call in within(node) if call.DESCRIPTOR.name == "FuncCall" and call.args]
    told = {
        name: [_said(call.args[0]) for call in calls if names_in(call.funcname)[-1] == name]
        for name in ("setval", "nextval")
    }
    if not any(told.values()):
        return plan
    taken = _not_made([said for said in told["nextval"] if said], context)
    notes = tuple(Back(f"-- What nextval() took from {name} is not given back.") for name in taken)
    missing = (_UNNAMED,) if None in told["setval"] else ()
    plan = replace(plan, backs=(*plan.backs, *notes), missing=(*plan.missing, *missing))
    return _setting(plan, [said for said in told["setval"] if said], context)


def restarted(plan: Plan, settings: Any, context: Context, *said: str) -> Plan:
    """The plan of an ALTER of a sequence with these ``settings``, which may let it begin somewhere else."""
    names = {item.def_elem.defname for item in settings}
    if "restart" not in names:
        return plan
    if names & _BOUNDS:
        return replace(plan, missing=(*plan.missing, _ALSO_BOUNDS))
    return _setting(plan, [said], context)


def _setting(plan: Plan, said: Sequence[_Said], context: Context) -> Plan:
    return replace(plan, sequences=(*plan.sequences, *_not_made(said, context)))


def _not_made(said: Sequence[_Said], context: Context) -> list[str]:
    """The names of those sequences that are neither the script's own nor go with a table of its own."""
    return [
        name
        for name, owner in (context.catalog.sequences(said) if said else ())
        if not any(context.is_made(Entry("relation", one)) for one in (name, owner))
    ]


def _said(node: Any) -> _Said | None:
    """Which sequence an argument means: 'name', 'name'::regclass, pg_get_serial_sequence('table', 'column')."""
    kind = node.WhichOneof("node")
    if kind == "type_cast":
        return _said(node.type_cast.arg)
    if kind == "func_call" and names_in(node.func_call.funcname)[-1] == "pg_get_serial_sequence":
        words = [_said(argument) for argument in node.func_call.args]
        return None if None in words else tuple(word[0] for word in words if word)
    return (node.a_const.sval.sval,) if kind == "a_const" and node.a_const.HasField("sval") else None
