"""Schemas, extensions, and what else there is beside tables, routines and types."""

from __future__ import annotations

from pytest_migrations.derive.objects.kind import PUT_BACK, Change, ObjectKind
from pytest_migrations.derive.objects.privileges import granted, privileges, statements
from pytest_migrations.derive.objects.sayings import cannot, comment, owner
from pytest_migrations.derive.state import Back


def _schema_of_extension(change: Change) -> list[Back]:
    return [Back(f"ALTER EXTENSION {change.name} SET SCHEMA {change.before['schema']}", PUT_BACK)]


def _enabled(change: Change) -> list[Back]:
    states = {"origin": "ENABLE", "disabled": "DISABLE", "replica": "ENABLE REPLICA", "always": "ENABLE ALWAYS"}
    return [Back(f"ALTER EVENT TRIGGER {change.name} {states[change.before['enabled']]}", PUT_BACK)]


def _plain(word: str, *, owned: bool = True, said: bool = True) -> ObjectKind:
    put_back = {"owner": owner(word)} if owned else {}
    return ObjectKind(word, put_back | ({"comment": comment(word)} if said else {}))


SCHEMA = ObjectKind(
    "SCHEMA",
    {"owner": owner("SCHEMA"), "privileges": privileges("SCHEMA"), "comment": comment("SCHEMA")},
)
EXTENSION = ObjectKind(
    "EXTENSION",
    {
        "schema": _schema_of_extension,
        "comment": comment("EXTENSION"),
        "version": cannot("the extension {name} has another version, and few can go back"),
    },
)
EVENT_TRIGGER = ObjectKind(
    "EVENT TRIGGER",
    {"owner": owner("EVENT TRIGGER"), "comment": comment("EVENT TRIGGER"), "enabled": _enabled},
)
LANGUAGE = ObjectKind(
    "LANGUAGE", {"owner": owner("LANGUAGE"), "privileges": privileges("LANGUAGE"), "comment": comment("LANGUAGE")}
)
FOREIGN_DATA_WRAPPER = ObjectKind(
    "FOREIGN DATA WRAPPER",
    {
        "owner": owner("FOREIGN DATA WRAPPER"),
        "privileges": privileges("FOREIGN DATA WRAPPER"),
        "comment": comment("FOREIGN DATA WRAPPER"),
    },
)
SERVER = ObjectKind(
    "SERVER",
    {"owner": owner("SERVER"), "privileges": privileges("FOREIGN SERVER"), "comment": comment("SERVER")},
)
COLLATION = _plain("COLLATION")
CONVERSION = _plain("CONVERSION")
OPERATOR = _plain("OPERATOR")
OPERATOR_CLASS = _plain("OPERATOR CLASS")
OPERATOR_FAMILY = _plain("OPERATOR FAMILY")
PUBLICATION = _plain("PUBLICATION")
DICTIONARY = _plain("TEXT SEARCH DICTIONARY")
CONFIGURATION = _plain("TEXT SEARCH CONFIGURATION")
PARSER = _plain("TEXT SEARCH PARSER", owned=False)
TEMPLATE = _plain("TEXT SEARCH TEMPLATE", owned=False)
CAST = _plain("CAST", owned=False)
TRANSFORM = _plain("TRANSFORM", owned=False)
ACCESS_METHOD = _plain("ACCESS METHOD", owned=False)
USER_MAPPING = ObjectKind(
    "USER MAPPING", drop=lambda name, _: f"DROP USER MAPPING {name.replace(' on ', ' SERVER ', 1)}"
)


def _default_privileges(change: Change) -> list[Back]:
    for_whom, _, on = change.name.rpartition(" on ")
    prefix = (
        f"ALTER DEFAULT PRIVILEGES {for_whom.replace('for role', 'FOR ROLE').replace(' in schema ', ' IN SCHEMA ')} "
    )
    before, after = (
        granted(row["privileges"]["acl"], row["privileges"]["owner"]) for row in (change.before, change.after)
    )
    return [Back(sql, PUT_BACK) for sql in statements(before, after, on.upper(), prefix=prefix)]


DEFAULT_PRIVILEGES = ObjectKind("DEFAULT PRIVILEGES", {"privileges": _default_privileges})
