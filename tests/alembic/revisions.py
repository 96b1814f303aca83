"""Revisions of Alembic that tests write into a project, and an env.py."""

from __future__ import annotations

import pytest

USERS = """
from alembic import op
import sqlalchemy as sa

revision = "a1"
down_revision = None


def upgrade():
    op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("email", sa.Text))


def downgrade():
    op.drop_table("users")
"""


def revision(name: str, down: object, up_body: str, down_body: str = "pass", more: str = "") -> str:
    return (
        "from alembic import op\nimport sqlalchemy as sa\n\n"
        f"revision = {name!r}\ndown_revision = {down!r}\n{more}\n"
        f"def upgrade():\n    {up_body}\n\n\ndef downgrade():\n    {down_body}\n"
    )


EMAIL = revision(
    "a2", "a1", 'op.create_index("users_email", "users", ["email"])', 'op.drop_index("users_email", "users")'
)


#: An env.py that makes a connection of its own.
OWN_ENGINE = """
from alembic import context
import sqlalchemy as sa

engine = sa.create_engine("{url}")
with engine.connect() as connection:
    connection.execute(sa.text("CREATE SCHEMA IF NOT EXISTS app"))
    connection.execute(sa.text("SET search_path = app"))
    connection.commit()
    context.configure(connection=connection, version_table="versions", version_table_schema="app")
    with context.begin_transaction():
        context.run_migrations()
"""


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest("--migrations-dir=migrations", *arguments)
