"""What hangs on a table or a view: triggers, rules, policies, statistics."""

from __future__ import annotations

from pytest_migrations.derive.objects.kind import (
    MAKE,
    PUT_BACK,
    TAKE_IN,
    Change,
    NotDerivableError,
    ObjectKind,
    Row,
    own_name,
    relation_of,
)
from pytest_migrations.derive.objects.sayings import comment, on, owner
from pytest_migrations.derive.state import Back

_STATES = {
    None: "ENABLE",
    "origin": "ENABLE",
    "disabled": "DISABLE",
    "replica": "ENABLE REPLICA",
    "always": "ENABLE ALWAYS",
}


def _enabled(word: str, change: Change) -> list[Back]:
    """When it fires. CREATE OR REPLACE lets a trigger fire again, so that this comes last."""
    only = "ONLY " if change.has_children else ""
    return [Back(enabled(word, change.name, change.before, only), TAKE_IN)]


def enabled(word: str, name: str, row: Row, only: str = "") -> str:
    """The statement that lets a trigger or a rule fire when it did."""
    return f"ALTER TABLE {only}{relation_of(row)} {_STATES[row['enabled']]} {word} {own_name(name, row)}"


def _trigger(change: Change) -> list[Back]:
    if change.has_children:
        raise NotDerivableError(f"the partitions of {change.relation} have {change.name} as well")
    again = Back(change.before["definition"].replace("CREATE ", "CREATE OR REPLACE ", 1), MAKE)
    return [again, *_enabled("TRIGGER", change)] if change.before["enabled"] != "origin" else [again]


def _rule(change: Change) -> list[Back]:
    text = change.before["definition"].rstrip().rstrip(";")
    return [Back(text.replace("CREATE ", "CREATE OR REPLACE ", 1), MAKE)]


def _policy(change: Change) -> list[Back]:
    clauses = []
    for field in change.fields:
        before = change.before[field]
        if before is None:
            raise NotDerivableError(f"ALTER POLICY cannot take away the {field.upper()} of {change.name}")
        clauses.append(f"TO {', '.join(before)}" if field == "to" else f"{field.upper()} ({before})")
    return [Back(f"ALTER POLICY {on(change.name, change.before)} {' '.join(clauses)}", PUT_BACK)]


def _create_policy(name: str, row: Row) -> str:
    said = f"CREATE POLICY {on(name, row)}{' AS RESTRICTIVE' if row['restrictive'] else ''}"
    said += f" FOR {row['for'].upper()} TO {', '.join(row['to'])}"
    said += f" USING ({row['using']})" if row["using"] else ""
    return said + (f" WITH CHECK ({row['with check']})" if row["with check"] else "")


def _drop(word: str, name: str, row: Row) -> str:
    return f"DROP {word} {on(name, row)}"


TRIGGER = ObjectKind(
    "TRIGGER",
    {
        "definition": _trigger,
        "enabled": lambda change: _enabled("TRIGGER", change),
        "comment": comment("TRIGGER", name=on),
    },
    drop=lambda name, row: _drop("TRIGGER", name, row),
    make=lambda _, row: str(row["definition"]),
    made_with=frozenset(("definition",)),
)
RULE = ObjectKind(
    "RULE",
    {
        "definition": _rule,
        "enabled": lambda change: _enabled("RULE", change),
        "comment": comment("RULE", name=on),
    },
    drop=lambda name, row: _drop("RULE", name, row),
    make=lambda _, row: str(row["definition"]).rstrip().rstrip(";"),
    made_with=frozenset(("definition",)),
)
POLICY = ObjectKind(
    "POLICY",
    {"to": _policy, "using": _policy, "with check": _policy, "comment": comment("POLICY", name=on)},
    drop=lambda name, row: _drop("POLICY", name, row),
    make=_create_policy,
    made_with=frozenset(("for", "restrictive", "to", "using", "with check")),
)


def _target(change: Change) -> list[Back]:
    target = change.before["statistics target"]
    return [Back(f"ALTER STATISTICS {change.name} SET STATISTICS {-1 if target is None else target}", PUT_BACK)]


STATISTICS = ObjectKind(
    "STATISTICS",
    {"owner": owner("STATISTICS"), "comment": comment("STATISTICS"), "statistics target": _target},
    make=lambda _, row: str(row["definition"]),
    made_with=frozenset(("definition",)),
)
