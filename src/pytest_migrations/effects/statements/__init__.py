"""What each kind of statement does, one module for each family. A new one is one function and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.blocks import do_block
from pytest_migrations.effects.statements import (
    alterations,
    any_kind,
    objects,
    queries,
    routines,
    settings,
    tables,
    transactions,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.effects.reader import Reader

#: By the grammar's name of the statement.
READERS: dict[str, Callable[[Reader, dict[str, Any]], None]] = {
    "AlterDomainStmt": objects.alter_domain,
    "AlterEnumStmt": objects.alter_enum,
    "AlterFunctionStmt": routines.alter_routine,
    "AlterObjectSchemaStmt": any_kind.set_schema,
    "AlterOwnerStmt": any_kind.change_owner,
    "AlterPolicyStmt": objects.alter_policy,
    "AlterPublicationStmt": objects.alter_publication,
    "AlterSeqStmt": objects.alter_sequence,
    "AlterTableStmt": alterations.alter_table,
    "CallStmt": routines.call,
    "ClusterStmt": queries.on_relations,
    "CommentStmt": any_kind.comment,
    "CompositeTypeStmt": objects.create_composite,
    "CopyStmt": queries.copy,
    "CreateDomainStmt": objects.create_domain,
    "CreateEnumStmt": objects.create_enum,
    "CreateEventTrigStmt": objects.create_event_trigger,
    "CreateOpClassStmt": objects.create_operator_class,
    "CreateExtensionStmt": objects.create_extension,
    "CreateFdwStmt": objects.create_wrapper,
    "CreateForeignServerStmt": objects.create_server,
    "CreateForeignTableStmt": tables.create_foreign_table,
    "CreateFunctionStmt": routines.create_routine,
    "CreatePolicyStmt": objects.create_policy,
    "CreatePublicationStmt": objects.create_publication,
    "CreateRangeStmt": objects.create_range,
    "CreateRoleStmt": objects.create_role,
    "CreateSchemaStmt": objects.create_schema,
    "CreateSeqStmt": objects.create_sequence,
    "CreateStatsStmt": objects.create_statistics,
    "CreateStmt": tables.create_table,
    "CreateTableAsStmt": tables.create_table_as,
    "CreateTrigStmt": routines.create_trigger,
    "DeclareCursorStmt": queries.anything,
    "DefineStmt": objects.define,
    "DeleteStmt": queries.change,
    "DiscardStmt": transactions.discard,
    "DoStmt": do_block,
    "DropStmt": any_kind.drop,
    "ExplainStmt": queries.anything,
    "GrantStmt": any_kind.grant,
    "IndexStmt": objects.create_index,
    "InsertStmt": queries.change,
    "LockStmt": queries.on_relations,
    "MergeStmt": queries.change,
    "PrepareStmt": queries.anything,
    "RefreshMatViewStmt": queries.on_relations,
    "RenameStmt": any_kind.rename,
    "RuleStmt": objects.create_rule,
    "SecLabelStmt": any_kind.comment,
    "SelectStmt": queries.select,
    "TransactionStmt": transactions.transaction,
    "TruncateStmt": queries.on_relations,
    "UpdateStmt": queries.change,
    "VacuumStmt": queries.on_relations,
    "VariableSetStmt": settings.set_variable,
    "ViewStmt": tables.create_view,
}
