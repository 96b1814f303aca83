"""What there is to know of each kind of objects, by what the catalog's facts call it: one line here per kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.derive.objects import others
from pytest_migrations.derive.objects.columns import ATTRIBUTE, COLUMN
from pytest_migrations.derive.objects.constraints import CONSTRAINT
from pytest_migrations.derive.objects.hanging import POLICY, RULE, STATISTICS, TRIGGER
from pytest_migrations.derive.objects.indexes import INDEX
from pytest_migrations.derive.objects.relations import FOREIGN_TABLE, MATERIALIZED_VIEW, SEQUENCE, SHAPE, TABLE, VIEW
from pytest_migrations.derive.objects.routines import AGGREGATE, FUNCTION, PROCEDURE, SOURCE
from pytest_migrations.derive.objects.types import TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.derive.objects.kind import ObjectKind

OBJECTS: Mapping[str, ObjectKind] = {
    "table": TABLE,
    "foreign table": FOREIGN_TABLE,
    "view": VIEW,
    "shape": SHAPE,
    "materialized view": MATERIALIZED_VIEW,
    "sequence": SEQUENCE,
    "column": COLUMN,
    "attribute": ATTRIBUTE,
    "constraint": CONSTRAINT,
    "index": INDEX,
    "trigger": TRIGGER,
    "rule": RULE,
    "policy": POLICY,
    "statistics": STATISTICS,
    "function": FUNCTION,
    "procedure": PROCEDURE,
    "source": SOURCE,
    "aggregate": AGGREGATE,
    "type": TYPE,
    "schema": others.SCHEMA,
    "extension": others.EXTENSION,
    "event trigger": others.EVENT_TRIGGER,
    "language": others.LANGUAGE,
    "foreign-data wrapper": others.FOREIGN_DATA_WRAPPER,
    "server": others.SERVER,
    "user mapping": others.USER_MAPPING,
    "collation": others.COLLATION,
    "conversion": others.CONVERSION,
    "operator": others.OPERATOR,
    "operator class": others.OPERATOR_CLASS,
    "operator family": others.OPERATOR_FAMILY,
    "publication": others.PUBLICATION,
    "text search dictionary": others.DICTIONARY,
    "text search configuration": others.CONFIGURATION,
    "text search parser": others.PARSER,
    "text search template": others.TEMPLATE,
    "cast": others.CAST,
    "transform": others.TRANSFORM,
    "access method": others.ACCESS_METHOD,
    "default privileges": others.DEFAULT_PRIVILEGES,
}
