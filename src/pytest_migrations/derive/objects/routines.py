"""Functions, procedures and aggregates."""

from __future__ import annotations

from pytest_migrations.derive.objects.kind import MAKE, Change, NotDerivableError, ObjectKind
from pytest_migrations.derive.objects.privileges import privileges
from pytest_migrations.derive.objects.sayings import comment, owner
from pytest_migrations.derive.state import Back


def _source(change: Change) -> list[Back]:
    """CREATE OR REPLACE puts everything else back, too, but can take neither names nor defaults away."""
    if (change.before["defaults"] or 0) < (change.after["defaults"] or 0):
        raise NotDerivableError(f"{change.name} has new defaults, which CREATE OR REPLACE cannot take away")
    before, after = (change.before["names"] or []), (change.after["names"] or [])
    if any(new and not old for old, new in zip([*before, *[""] * len(after)], after, strict=False)):
        raise NotDerivableError(f"parameters of {change.name} have names now, which CREATE OR REPLACE cannot take away")
    return [Back(change.before["definition"].strip(), MAKE)]


def _routine(word: str) -> ObjectKind:
    return ObjectKind(
        word,
        {
            "owner": owner(word),
            "privileges": privileges(word),
            "comment": comment(word),
        },
        # All that the source says.
        derived=frozenset(
            (
                *("arguments", "returns", "window", "language", "volatility", "parallel", "strict", "leakproof"),
                *("security definer", "cost", "rows", "support", "transforms", "settings", "body", "sql body"),
                "library",
            )
        ),
        make=lambda _, row: str(row["definition"]).strip(),
    )


FUNCTION = _routine("FUNCTION")
PROCEDURE = _routine("PROCEDURE")
SOURCE = ObjectKind("", {"definition": _source}, derived=frozenset(("defaults", "names", "form")))
AGGREGATE = ObjectKind(
    "AGGREGATE",
    {"owner": owner("AGGREGATE"), "privileges": privileges("FUNCTION"), "comment": comment("AGGREGATE")},
    drop=lambda name, _: f"DROP AGGREGATE {name.replace('()', '(*)')}",
)
