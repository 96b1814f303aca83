"""Which statements the differences after a rollback come from: the migration is run once more and watched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_migrations.timeline.watching import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from pytest_migrations.catalog.difference import Difference
    from pytest_migrations.catalog.objects import Key
    from pytest_migrations.errors import Place
    from pytest_migrations.migration import Migration, Statement
    from pytest_migrations.timeline.watching import Changes


@dataclass(frozen=True)
class Culprit:
    """A statement that differences come from; ``script`` is "in the rollback" or "in the migration"."""

    place: Place
    script: str
    remark: str
    differing: frozenset[Key]


IN_ROLLBACK, IN_MIGRATION = "in the rollback", "in the migration"
_REMARKS = {
    IN_ROLLBACK: {
        "missing": "removes {}; nothing puts it back",
        "changed": "leaves {} different",
        "left behind": "creates {}",
    },
    IN_MIGRATION: {
        "missing": "removes {}; the rollback does not put it back",
        "changed": "changes {}; the rollback does not change it back",
        "left behind": "creates {}; the rollback leaves it there",
    },
}


def find_culprits(
    connection: psycopg.Connection, migration: Migration, differences: Sequence[Difference], *, cluster: bool
) -> tuple[tuple[Culprit, ...], bool]:
    """The statements to look at, for a database that stands before the migration, and whether it stands behind it now.

    Where it does not (a rollback that no transaction can hold), nothing is known of its state.
    """
    facts = {difference.key: [change.field for change in difference.changes] for difference in differences}
    watch = Watch(connection, facts, cluster=cluster)
    applied = watch.apply(migration)
    rolled_back, nothing_kept = watch.roll_back(migration)
    return tuple(_culprits(differences, applied, rolled_back)), nothing_kept


def _culprits(differences: Sequence[Difference], applied: Changes, rolled_back: Changes) -> Iterator[Culprit]:
    """One for each statement, in the order of the differences."""
    by_statement: dict[int, tuple[Statement, str, list[Difference]]] = {}
    for difference in differences:
        for changes, script in ((rolled_back, IN_ROLLBACK), (applied, IN_MIGRATION)):
            if statement := changes.get(difference.key):
                by_statement.setdefault(id(statement), (statement, script, []))[2].append(difference)
                break
    for statement, script, caused in by_statement.values():
        more = f" and {len(caused) - 1} more" if len(caused) > 1 else ""
        remark = _REMARKS[script][caused[0].change].format(f"{caused[0].key}{more}")
        yield Culprit(statement.place, script, remark, frozenset(difference.key for difference in caused))
