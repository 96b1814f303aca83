"""Enums, composite types, ranges and domains."""

from __future__ import annotations

from pytest_migrations.derive.objects.kind import PUT_BACK, Change, NotDerivableError, ObjectKind, Row
from pytest_migrations.derive.objects.privileges import privileges
from pytest_migrations.derive.objects.sayings import cannot, comment, owner
from pytest_migrations.derive.state import Back
from pytest_migrations.sql.grammar import quoted


def _drop(name: str, row: Row) -> str:
    return f"DROP {'DOMAIN' if row['form'] == 'domain' else 'TYPE'} {name}"


def _make(name: str, row: Row) -> str:
    if row["form"] != "enum":
        raise NotDerivableError(f"the {row['form']} type {name} is dropped")
    return f"CREATE TYPE {name} AS ENUM ({', '.join(row['labels'])})"


def _labels(change: Change) -> list[Back]:
    before, after = change.before["labels"], change.after["labels"]
    if len(before) != len(after):
        raise NotDerivableError(f"a value that was added to the enum {change.name} cannot be taken away")
    return [
        Back(f"ALTER TYPE {change.name} RENAME VALUE {new} TO {old}", PUT_BACK)
        for old, new in zip(before, after, strict=True)
        if old != new
    ]


def _default(change: Change) -> list[Back]:
    before = change.before["default"]
    clause = "DROP DEFAULT" if before is None else f"SET DEFAULT {before}"
    return [Back(f"ALTER DOMAIN {change.name} {clause}", PUT_BACK)]


def _not_null(change: Change) -> list[Back]:
    before = change.before
    if before["not null"] == change.after["not null"] or before.get("not null comment"):
        raise NotDerivableError(f"the NOT NULL of {change.name} is another one")
    if not before["not null"]:
        return [Back(f"ALTER DOMAIN {change.name} DROP NOT NULL", PUT_BACK)]
    named = before.get("not null constraint")
    clause = f"ADD CONSTRAINT {quoted(named)} NOT NULL" if named else "SET NOT NULL"
    return [Back(f"ALTER DOMAIN {change.name} {clause}", PUT_BACK)]


TYPE = ObjectKind(
    "TYPE",
    {
        "owner": owner("TYPE"),
        "privileges": privileges("TYPE"),
        "comment": comment("TYPE"),
        "labels": _labels,
        "default": _default,
        "not null": _not_null,
        "not null constraint": _not_null,
        "form": cannot("{name} was only announced before, and is a whole type now"),
    },
    drop=_drop,
    make=_make,
    made_with=frozenset(("form", "labels", "not null")),
)
