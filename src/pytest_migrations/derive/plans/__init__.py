"""How each kind of statement is taken back, by the grammar's name of it: one line here per kind.

A statement of another kind is one of which nothing is known, and which is therefore missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.derive.plans import altering, creating, dropping, naming, rows
from pytest_migrations.derive.plans.plan import NOTHING, Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.derive.plans.plan import Context, Planner


def _nothing(node: Any, context: Context) -> Plan:
    del node, context
    return NOTHING


def _refused(reason: str) -> Planner:
    def plan(node: Any, context: Context) -> Plan:
        del node, context
        return Plan(missing=(reason,))

    return plan


def _selected(node: Any, context: Context) -> Plan:
    return (creating.selected if node.HasField("into_clause") else rows.queried)(node, context)


def _explained(node: Any, context: Context) -> Plan:
    runs = any(option.def_elem.defname == "analyze" for option in node.options)
    return _refused("EXPLAIN ANALYZE runs a statement that is not looked at")(node, context) if runs else NOTHING


_SHARED = _refused("it is about what all databases of the server share")
_SECRETS = _refused("the values of server options are not looked at, since some are secrets")
_HIDDEN = _refused("what it does stands in text that is only read when it runs")
_UNKNOWN = _refused("nothing is known of the way back")

PLANS: Mapping[str, Planner] = {
    # made by a name
    "create_stmt": creating.table,
    "create_foreign_table_stmt": creating.foreign_table,
    "create_table_as_stmt": creating.table_as,
    "create_seq_stmt": creating.sequence,
    "view_stmt": creating.view,
    "index_stmt": creating.index,
    "create_trig_stmt": creating.trigger,
    "rule_stmt": creating.rule,
    "create_policy_stmt": creating.policy,
    "create_enum_stmt": creating.type_,
    "create_range_stmt": creating.type_,
    "create_domain_stmt": creating.type_,
    "composite_type_stmt": creating.composite_type,
    "create_function_stmt": creating.routine,
    "define_stmt": creating.defined,
    "create_schema_stmt": creating.schema,
    "create_extension_stmt": altering.among("OBJECT_EXTENSION"),
    # seen among all of their kind
    "create_am_stmt": altering.among("OBJECT_ACCESS_METHOD"),
    "create_cast_stmt": altering.among("OBJECT_CAST"),
    "create_conversion_stmt": altering.among("OBJECT_CONVERSION"),
    "create_event_trig_stmt": altering.among("OBJECT_EVENT_TRIGGER"),
    "create_fdw_stmt": altering.among("OBJECT_FDW"),
    "create_foreign_server_stmt": altering.among("OBJECT_FOREIGN_SERVER"),
    "create_op_class_stmt": altering.among("OBJECT_OPCLASS"),
    "create_op_family_stmt": altering.among("OBJECT_OPFAMILY"),
    "create_plang_stmt": altering.among("OBJECT_LANGUAGE"),
    "create_publication_stmt": altering.among("OBJECT_PUBLICATION"),
    "create_stats_stmt": altering.among("OBJECT_STATISTIC_EXT"),
    "create_transform_stmt": altering.among("OBJECT_TRANSFORM"),
    "create_user_mapping_stmt": altering.among("OBJECT_USER_MAPPING"),
    "alter_event_trig_stmt": altering.among("OBJECT_EVENT_TRIGGER"),
    "alter_stats_stmt": altering.among("OBJECT_STATISTIC_EXT"),
    "alter_default_privileges_stmt": altering.among("OBJECT_DEFACL"),
    "alter_extension_stmt": altering.among("OBJECT_EXTENSION"),
    # altered
    "alter_table_stmt": altering.table,
    "alter_domain_stmt": altering.domain,
    "alter_enum_stmt": altering.enum,
    "alter_seq_stmt": altering.sequence,
    "alter_function_stmt": altering.routine,
    "alter_policy_stmt": altering.policy,
    "alter_object_depends_stmt": altering.depending,
    "alter_owner_stmt": altering.owned,
    "refresh_mat_view_stmt": altering.refreshed,
    "cluster_stmt": altering.clustered,
    "comment_stmt": altering.said,
    "grant_stmt": altering.granted,
    "rename_stmt": naming.renamed,
    "alter_object_schema_stmt": naming.moved,
    "drop_stmt": dropping.dropped,
    # rows
    "insert_stmt": rows.written,
    "update_stmt": rows.written,
    "delete_stmt": rows.written,
    "merge_stmt": rows.written,
    "truncate_stmt": rows.truncated,
    "copy_stmt": rows.copied,
    "select_stmt": _selected,
    "explain_stmt": _explained,
    "declare_cursor_stmt": rows.queried,
    # what changes no schema
    "variable_set_stmt": _nothing,
    "variable_show_stmt": _nothing,
    "constraints_set_stmt": _nothing,
    "discard_stmt": _nothing,
    "lock_stmt": _nothing,
    "listen_stmt": _nothing,
    "unlisten_stmt": _nothing,
    "notify_stmt": _nothing,
    "prepare_stmt": _nothing,
    "deallocate_stmt": _nothing,
    "fetch_stmt": _nothing,
    "close_portal_stmt": _nothing,
    "vacuum_stmt": _nothing,
    "reindex_stmt": _nothing,
    "check_point_stmt": _nothing,
    "load_stmt": _nothing,
    # what cannot be taken back, or not be seen
    "do_stmt": _HIDDEN,
    "call_stmt": _refused("what a procedure does cannot be seen"),
    "execute_stmt": _HIDDEN,
    "alter_fdw_stmt": _SECRETS,
    "alter_foreign_server_stmt": _SECRETS,
    "alter_user_mapping_stmt": _SECRETS,
    "drop_user_mapping_stmt": _SECRETS,
    "drop_owned_stmt": _refused("what it drops cannot be made again"),
    **dict.fromkeys(
        (
            *("create_role_stmt", "alter_role_stmt", "alter_role_set_stmt", "drop_role_stmt", "grant_role_stmt"),
            *("createdb_stmt", "dropdb_stmt", "alter_database_stmt", "alter_database_set_stmt", "alter_system_stmt"),
            *("create_table_space_stmt", "alter_table_space_options_stmt", "drop_table_space_stmt"),
            *("create_subscription_stmt", "alter_subscription_stmt", "drop_subscription_stmt", "reassign_owned_stmt"),
        ),
        _SHARED,
    ),
}


def plan_of(kind: str, node: Any, context: Context) -> Plan:
    """The plan for a statement whose tree is ``node`` of the grammar's ``kind``."""
    return PLANS.get(kind, _UNKNOWN)(node, context)
