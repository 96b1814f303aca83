"""verify: the migration's own verify script finds what it looks for.

Only where a migration has one (Sqitch's verify/): it runs once the migration was applied, and nothing of it is kept. It
fails where a statement of it does.

Fails:

    SELECT 1 / count(*) FROM pg_roles WHERE rolname = 'nobody_is_called_so';

Do: See whether the migration does what it is for; its verify script says that it does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks.apply import unless_applied
from pytest_migrations.checks.verdict import Rules, Verdict
from pytest_migrations.errors import UserError
from pytest_migrations.timeline.proof import VERIFY

if TYPE_CHECKING:
    from pytest_migrations.timeline.proof import Proof


def judge(proof: Proof, _: Rules) -> Verdict:
    if verdict := unless_applied(proof):
        return verdict
    verified = proof.inspected[VERIFY]
    if isinstance(verified, BaseException):
        return Verdict.failed(
            f"The verify script fails in the state that the migration leads to.\n\n{verified}",
            place=verified.place if isinstance(verified, UserError) else None,
        )
    return Verdict.passed(verified)
