"""The kinds of objects: one module per concept, one line here per kind."""

from __future__ import annotations

from pytest_migrations.catalog.kinds.casts import CASTS, TRANSFORMS
from pytest_migrations.catalog.kinds.cluster import (
    DATABASES,
    MEMBERSHIPS,
    PARAMETER_PRIVILEGES,
    ROLE_SETTINGS,
    ROLES,
    SERVER_SETTINGS,
    SLOTS,
    TABLESPACES,
)
from pytest_migrations.catalog.kinds.collations import COLLATIONS, CONVERSIONS
from pytest_migrations.catalog.kinds.columns import COLUMN_ORDER, COLUMNS
from pytest_migrations.catalog.kinds.constraints import CONSTRAINTS, DOMAIN_CONSTRAINTS
from pytest_migrations.catalog.kinds.database import DATABASE, DATABASE_SETTINGS
from pytest_migrations.catalog.kinds.default_privileges import DEFAULT_PRIVILEGES
from pytest_migrations.catalog.kinds.event_triggers import EVENT_TRIGGERS
from pytest_migrations.catalog.kinds.extensions import EXTENSIONS
from pytest_migrations.catalog.kinds.foreign_data import FOREIGN_DATA_WRAPPERS, FOREIGN_SERVERS, USER_MAPPINGS
from pytest_migrations.catalog.kinds.functions import AGGREGATES, FUNCTIONS
from pytest_migrations.catalog.kinds.indexes import INDEXES
from pytest_migrations.catalog.kinds.languages import ACCESS_METHODS, LANGUAGES
from pytest_migrations.catalog.kinds.large_objects import LARGE_OBJECTS
from pytest_migrations.catalog.kinds.operators import OPERATOR_CLASSES, OPERATOR_FAMILIES, OPERATORS
from pytest_migrations.catalog.kinds.policies import POLICIES
from pytest_migrations.catalog.kinds.privileges import (
    PRIVILEGES,
    PRIVILEGES_ON_COLUMNS,
    PRIVILEGES_ON_FUNCTIONS,
    PRIVILEGES_ON_RELATIONS,
    PRIVILEGES_ON_TYPES,
)
from pytest_migrations.catalog.kinds.replication import (
    PUBLICATIONS,
    PUBLISHED_SCHEMAS,
    PUBLISHED_TABLES,
    SUBSCRIPTIONS,
)
from pytest_migrations.catalog.kinds.rules import RULES
from pytest_migrations.catalog.kinds.schemas import SCHEMAS
from pytest_migrations.catalog.kinds.security_labels import SECURITY_LABELS
from pytest_migrations.catalog.kinds.sequences import SEQUENCES
from pytest_migrations.catalog.kinds.statistics import STATISTICS
from pytest_migrations.catalog.kinds.tables import TABLES
from pytest_migrations.catalog.kinds.text_search import CONFIGURATIONS, DICTIONARIES, PARSERS, TEMPLATES
from pytest_migrations.catalog.kinds.triggers import TRIGGERS
from pytest_migrations.catalog.kinds.types import BASE_TYPES, RANGES, TYPES
from pytest_migrations.catalog.kinds.views import VIEWS

KINDS = (
    SCHEMAS,
    EXTENSIONS,
    TYPES,
    RANGES,
    BASE_TYPES,
    TABLES,
    COLUMNS,
    COLUMN_ORDER,
    CONSTRAINTS,
    DOMAIN_CONSTRAINTS,
    INDEXES,
    SEQUENCES,
    VIEWS,
    RULES,
    FUNCTIONS,
    AGGREGATES,
    TRIGGERS,
    POLICIES,
    STATISTICS,
    EVENT_TRIGGERS,
    COLLATIONS,
    CONVERSIONS,
    CASTS,
    TRANSFORMS,
    OPERATORS,
    OPERATOR_CLASSES,
    OPERATOR_FAMILIES,
    PARSERS,
    DICTIONARIES,
    TEMPLATES,
    CONFIGURATIONS,
    FOREIGN_DATA_WRAPPERS,
    FOREIGN_SERVERS,
    USER_MAPPINGS,
    PUBLICATIONS,
    PUBLISHED_TABLES,
    PUBLISHED_SCHEMAS,
    SUBSCRIPTIONS,
    LANGUAGES,
    ACCESS_METHODS,
    DEFAULT_PRIVILEGES,
    PRIVILEGES,
    PRIVILEGES_ON_RELATIONS,
    PRIVILEGES_ON_FUNCTIONS,
    PRIVILEGES_ON_TYPES,
    PRIVILEGES_ON_COLUMNS,
    SECURITY_LABELS,
    LARGE_OBJECTS,
    DATABASE,
    DATABASE_SETTINGS,
    ROLES,
    MEMBERSHIPS,
    ROLE_SETTINGS,
    TABLESPACES,
    PARAMETER_PRIVILEGES,
    SERVER_SETTINGS,
    DATABASES,
    SLOTS,
)
