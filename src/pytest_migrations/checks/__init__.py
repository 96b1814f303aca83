"""Each check is one question to what the walk found out about a migration, or about a history."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pytest_migrations.checks import apply, history, inspection, reapply, rollback, roundtrip, rows, verify, walk
from pytest_migrations.timeline.proof import ROWS, VERIFY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_migrations.checks.verdict import Rules, Verdict
    from pytest_migrations.migration import History
    from pytest_migrations.timeline.proof import Proof

#: What judges a proof, by the name of the check.
JUDGES: dict[str, Callable[[Proof, Rules], Verdict]] = {
    "apply": apply.judge,
    "rollback": rollback.judge,
    "roundtrip": roundtrip.judge,
    "reapply": reapply.judge,
    ROWS: rows.judge,
    VERIFY: verify.judge,
}
#: All checks, in the order in which they are reported: two are about a history, and belong to its first and its last
#: migration. Each is described by the module of its name.
CHECKS = (history.NAME, *JUDGES, walk.NAME)


def checks_of(
    migrations: History, index: int, added: Iterable[str] = (), *, with_rows: bool = True, with_walk: bool = True
) -> list[str]:
    """The names of the checks that the migration at ``index`` gets, with those ``added`` by the user."""
    left_out = {
        *([] if index == 0 else [history.NAME]),
        *([] if with_rows else [ROWS]),
        *([] if migrations.migrations[index].verify is not None else [VERIFY]),
        *([] if with_walk and index == len(migrations) - 1 else [walk.NAME]),
    }
    names = [*CHECKS[:-1], *added, CHECKS[-1]]
    return [name for name in names if name not in left_out]


def judge(name: str, proof: Proof, rules: Rules) -> Verdict:
    """The verdict of a check of one migration, which may be one that the user has added."""
    return JUDGES[name](proof, rules) if name in JUDGES else inspection.judge(name, proof)


def description(name: str) -> tuple[str, str]:
    """What a check proves, in a line and in a text of paragraphs and indented SQL."""
    headline, _, text = (import_module(f"{__name__}.{name}").__doc__ or "").partition("\n\n")
    headline = headline.removeprefix(f"{name}: ")
    return headline[:1].upper() + headline[1:], text
