"""roundtrip: after the rollback the schema is what it was before the migration.

It compares all that pg_dump would print, and what it would not: invalid indexes, roles and settings of the server. What
the rollback leaves behind, forgets or makes otherwise is named, with the statement that it comes from.

Fails:

    CREATE TYPE mood AS ENUM ('sad', 'fine');
    CREATE TABLE users (id bigint, mood mood);

    -- ROLLBACK:
    -- DROP TABLE users;
    -- END ROLLBACK

Works:

    CREATE TYPE mood AS ENUM ('sad', 'fine');
    CREATE TABLE users (id bigint, mood mood);

    -- ROLLBACK:
    -- DROP TABLE users;
    -- DROP TYPE mood;
    -- END ROLLBACK

Do: Add to the rollback what it leaves out. Where that is on purpose, a line in the file says so:

    -- pytest-migrations: skip roundtrip (why)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks.comparing import judge_comparison
from pytest_migrations.checks.rollback import needs_working_rollback
from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from pytest_migrations.checks.verdict import Rules, Verdict
    from pytest_migrations.timeline.proof import Proof


def judge(proof: Proof, rules: Rules) -> Verdict:
    if verdict := needs_working_rollback(proof, rules):
        return verdict
    trial = proof.trial
    assert trial is not None and not isinstance(trial.rolled_back, UserError) and trial.roundtrip is not None
    return judge_comparison(
        "The rollback leaves the schema different", trial.roundtrip, trial.rolled_back, proof, rules
    )
