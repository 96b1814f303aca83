"""What revisions do to rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.alembic.revisions import USERS, revision, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    Project = Callable[..., Path]


def test_what_a_revision_loses_is_at_its_line(pytester: pytest.Pytester, init: Project) -> None:
    init(
        a=USERS,
        b=revision(
            "b",
            "a1",
            'op.add_column("users", sa.Column("x", sa.Integer))\n    op.drop_column("users", "email")',
            'op.add_column("users", sa.Column("email", sa.Text))\n    op.drop_column("users", "x")',
        ),
    )
    result = run(pytester, "--migrations-rows=5")
    result.assert_outcomes(passed=10, failed=1)
    result.stdout.fnmatch_lines(
        [
            "  changed      4 rows of public.users (email)",
            "migrations/versions/b.py:9:5, in the migration:",
            '*|     op.drop_column("users", "email")',
            "*|     ^ changes rows of public.users",
        ]
    )


def test_what_a_revision_copies_in_python_meets_rows(pytester: pytest.Pytester, init: Project) -> None:
    strict = (
        "connection = op.get_bind()\n"
        "    for i, e in connection.execute(sa.text('SELECT id, email FROM users')).fetchall():\n"
        "        connection.execute(sa.text('UPDATE users SET email = :e WHERE id = :i'), {'e': e.lower(), 'i': i})"
    )
    init(a=USERS, b=revision("b", "a1", strict))
    result = run(pytester, "--migrations-rows=5")
    result.assert_outcomes(passed=10, failed=1)
    result.stdout.fnmatch_lines(["*AttributeError: 'NoneType' object has no attribute 'lower'"])


def test_what_met_no_row(pytester: pytest.Pytester, init: Project) -> None:
    met = "op.execute(\"UPDATE users SET email = 'x' WHERE email = 'root'\")"
    unmet = 'op.execute("DELETE FROM users WHERE false")'
    init(a=USERS, b=revision("b", "a1", met), c=revision("c", "b", unmet))
    result = run(pytester, "--migrations-rows=5", "-rs")
    result.assert_outcomes(passed=14, failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        ["    id '1126204': email 'root' -> 'x'", "SKIPPED*no row was changed by the DELETE in line 8 of c.py*"]
    )


def test_what_needs_commits(pytester: pytest.Pytester, init: Project) -> None:
    block = (
        "with op.get_context().autocommit_block():\n"
        '        op.create_index("u", "users", ["email"], unique=True, postgresql_concurrently=True)'
    )
    init(a=USERS, b=revision("b", "a1", block, 'op.drop_index("u", "users")'))
    result = run(pytester, "--migrations-rows=5")
    result.assert_outcomes(passed=10, failed=1)
    result.stdout.fnmatch_lines(["*could not create unique index*"])
