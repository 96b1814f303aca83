"""apply: the migration runs on top of its predecessors.

It fails where a statement does: what it needs is created later or nowhere, is there already, or rows that earlier
migrations wrote stand in its way. Nothing of it is kept then, and the migrations behind it are not tried.

Fails:

    CREATE TABLE orders (user_id bigint REFERENCES users (id));

Works:

    CREATE TABLE users (id bigint PRIMARY KEY);
    CREATE TABLE orders (user_id bigint REFERENCES users (id));

Do: Mend the statement that the message points at. pytest-migrations explain 42P01 tells more of a code like that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks.verdict import Rules, Verdict
from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from pytest_migrations.timeline.proof import Proof


def judge(proof: Proof, _: Rules) -> Verdict:
    if isinstance(proof.applied, UserError):
        return Verdict.failed(str(proof.applied), place=proof.applied.place)
    return Verdict.passed(proof.applied)


def unless_applied(proof: Proof) -> Verdict | None:
    """The verdict of every other check on a migration that does not apply; None on one that does."""
    if not isinstance(proof.applied, UserError):
        return None
    name = proof.migration.name
    reason, error = f"{name} does not apply", proof.applied
    return Verdict.skipped(reason, blames=f"{name}::apply", blame=f"{reason}.\n\n{error}", place=error.place)
