"""rollback: the migration's down script runs.

It fails where a statement of the rollback does, and where the rollback is empty though the migration changes the
schema. A migration without any rollback is skipped, unless --migrations-require-rollback asks for one.

Fails:

    CREATE TABLE users (id bigint PRIMARY KEY);
    CREATE TABLE orders (user_id bigint REFERENCES users (id));

    -- ROLLBACK:
    -- DROP TABLE users;
    -- DROP TABLE orders;
    -- END ROLLBACK

Works:

    CREATE TABLE users (id bigint PRIMARY KEY);
    CREATE TABLE orders (user_id bigint REFERENCES users (id));

    -- ROLLBACK:
    -- DROP TABLE orders;
    -- DROP TABLE users;
    -- END ROLLBACK

Do: Take back backwards, the last statement first. Where there is no way back, leave the rollback out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks.apply import unless_applied
from pytest_migrations.checks.verdict import Rules, Verdict
from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from pytest_migrations.timeline.proof import Proof


def judge(proof: Proof, rules: Rules) -> Verdict:
    if verdict := _needs_rollback(proof, rules):
        return verdict
    if proof.trial is None and proof.unconfirmed:
        return Verdict.skipped(f"{proof.migration.name} cannot be tried in a transaction, and was {proof.unconfirmed}")
    if proof.trial is None:
        assert proof.migration.down is not None
        place = proof.migration.down.start
        wrong = "the rollback is empty, but applying the migration changes the schema"
        remedy = "Write the statements that undo it, or leave the rollback out if there is no way back."
        return Verdict.failed(f"{place}: {wrong}.\n\n{remedy}", place=place, several=(wrong,))
    if isinstance(proof.trial.rolled_back, UserError):
        error = proof.trial.rolled_back
        return Verdict.failed("\n".join(filter(None, (str(error), proof.unconfirmed))), place=error.place)
    return Verdict.passed(proof.trial.rolled_back)


def needs_working_rollback(proof: Proof, rules: Rules) -> Verdict | None:
    """What keeps the checks behind the rollback from saying anything of their own; None where nothing does."""
    verdict = judge(proof, rules)
    if verdict.outcome == "passed":
        return None
    if verdict.outcome == "skipped" or proof.migration.down is None:
        return verdict
    name = proof.migration.name
    what = f"the rollback of {name} {'is empty' if proof.trial is None else 'does not run'}"
    return Verdict.skipped(
        what,
        blames=f"{name}::rollback",
        blame=f"{what[0].upper()}{what[1:]}.\n\n{verdict.reason}",
        place=verdict.place,
    )


def _needs_rollback(proof: Proof, rules: Rules) -> Verdict | None:
    """The verdict where there is nothing to roll back, or nothing to do it with; None where there is."""
    if verdict := unless_applied(proof):
        return verdict
    name = proof.migration.name
    if proof.migration.down is None:
        if rules.require_rollback:
            return Verdict.failed(f"{name} has no rollback, and --migrations-require-rollback asks for one.")
        return Verdict.skipped(f"{name} has no rollback")
    return None
