"""reapply: after the rollback the migration applies again and gives the same schema as the first time.

Who rolls a migration back will mostly run it again. It fails where the rollback has left something in the way.

Fails:

    CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE TABLE users (id int DEFAULT one());

    -- ROLLBACK:
    -- DROP TABLE users;
    -- END ROLLBACK

Works:

    CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE TABLE users (id int DEFAULT one());

    -- ROLLBACK:
    -- DROP TABLE users;
    -- DROP FUNCTION one;
    -- END ROLLBACK

Do: Let the rollback remove what is in the way; roundtrip says what that is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks.comparing import judge_comparison
from pytest_migrations.checks.rollback import needs_working_rollback
from pytest_migrations.checks.verdict import Rules, Verdict
from pytest_migrations.failure import MigrationError

if TYPE_CHECKING:
    from pytest_migrations.timeline.proof import Proof


def judge(proof: Proof, rules: Rules) -> Verdict:
    if verdict := needs_working_rollback(proof, rules):
        return verdict
    trial = proof.trial
    assert trial is not None and trial.reapplied is not None
    if isinstance(trial.reapplied, MigrationError):
        return Verdict.failed(
            f"After its rollback the migration does not apply again.\n\n{trial.reapplied}", place=trial.reapplied.place
        )
    assert trial.reapply is not None
    return judge_comparison(
        "Applied again after its rollback, the migration gives another schema",
        trial.reapply,
        trial.reapplied,
        proof,
        rules,
    )
