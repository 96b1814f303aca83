"""A migration on tables with rows: what is tried, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks import judge
from pytest_migrations.checks.verdict import Rules
from pytest_migrations.rows.recipes.numbering import first_number
from pytest_migrations.timeline.proof import WithRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.checks.verdict import Verdict
    from pytest_migrations.timeline.proof import Proof

    Prove = Callable[..., Proof]

#: The first row of public.loose has it.
LOOSE = first_number("public.loose", 1, rows=5, seed=0)
USERS = """
CREATE TABLE users (id int PRIMARY KEY, name text, email text, kind varchar(50), n int, amount numeric(12, 4));
CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE, state text);
CREATE TABLE loose (id int PRIMARY KEY, user_id int);
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE moods (mood mood PRIMARY KEY, note text);
CREATE TABLE flags (flag bool PRIMARY KEY);
CREATE TABLE tags (id int PRIMARY KEY, tag varchar(20) NOT NULL UNIQUE);
"""
NOTHING = "SELECT 1"


def tried(proof: Proof) -> WithRows:
    assert isinstance(proof.with_rows, WithRows)
    return proof.with_rows


def verdict(proof: Proof) -> Verdict:
    return judge("rows", proof, Rules())


def lost(proof: Proof) -> tuple[list[str], list[str]]:
    """What is said of rows, and the statements that are blamed, without what is behind their first line."""
    said = [str(loss) for loss in tried(proof).losses]
    blamed = [
        f"{culprit.place.source.split(chr(10))[culprit.place.line - 1][culprit.place.column - 1 :]} {culprit.remark}"
        for culprit in tried(proof).culprits
    ]
    return [" ".join(line.split()) for line in said], blamed
