"""Each check is one question to what the walk found out about a migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks import apply, reapply, rollback, roundtrip

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.checks.verdict import Rules, Verdict
    from pytest_migrations.timeline.proof import Proof

#: The checks of every migration, in the order in which they are reported.
CHECKS: dict[str, Callable[[Proof, Rules], Verdict]] = {
    "apply": apply.judge,
    "rollback": rollback.judge,
    "roundtrip": roundtrip.judge,
    "reapply": reapply.judge,
}
