"""What a revision sends, and what is told where it goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.alembic.revisions import OWN_ENGINE, USERS, revision, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]


def test_a_wrong_rollback_is_found_at_its_line(pytester: pytest.Pytester, init: Project) -> None:
    text = revision(
        "b",
        "a1",
        'op.add_column("users", sa.Column("name", sa.Text))\n    op.create_table("extra", sa.Column("x", sa.Integer))',
        'op.drop_column("users", "name")',
    )
    init(a=USERS, b=text)
    result = run(pytester)
    result.assert_outcomes(passed=7, failed=2)
    result.stdout.fnmatch_lines(
        [
            "left behind  table  public.extra",
            "migrations/versions/b.py:9:5, in the migration:",
            '*|     op.create_table("extra", sa.Column("x", sa.Integer))',
            "*|     ^ creates table public.extra; the rollback leaves it there",
        ]
    )


def test_a_failing_upgrade_is_told_with_its_place(pytester: pytest.Pytester, init: Project) -> None:
    sql = 'op.execute("""\n        ALTER TABLE users\n            ADD COLUMN x nothing\n    """)'
    init(a=USERS, b=revision("b", "a1", sql))
    result = run(pytester, "-rs")
    result.assert_outcomes(passed=5, failed=1, skipped=3)
    result.stdout.fnmatch_lines(
        [
            'migrations/versions/b.py:10:26: type "nothing" does not exist (42704 undefined_object)',
            "*|             ADD COLUMN x nothing",
            "*|                          ^",
            "Nothing of this script was kept.",
        ]
    )


def test_what_sqlalchemy_wrote_is_shown(pytester: pytest.Pytester, init: Project) -> None:
    init(a=USERS, b=revision("b", "a1", "for name in ('x', 'x'):\n        op.add_column('users', sa.Column(name))"))
    result = run(pytester)
    result.stdout.fnmatch_lines(
        [
            "migrations/versions/b.py:9:9: *",
            "*|         op.add_column('users', sa.Column(name))",
            "*|         ^",
        ]
    )


def test_what_python_raises_is_told_with_its_place(pytester: pytest.Pytester, init: Project) -> None:
    init(a=USERS, b=revision("b", "a1", "rows = {}\n    rows['x']"))
    result = run(pytester)
    result.assert_outcomes(passed=5, failed=1, skipped=3)
    result.stdout.fnmatch_lines(["migrations/versions/b.py:9:5: KeyError: 'x'", "*|     rows[[]'x']"])


def test_data_is_read_and_written(pytester: pytest.Pytester, init: Project) -> None:
    body = (
        "op.execute(\"INSERT INTO users VALUES (1, 'a'), (2, 'b')\")\n"
        '    rows = op.get_bind().execute(sa.text("SELECT id FROM users")).all()\n'
        "    assert len(rows) == 2\n"
        '    op.bulk_insert(sa.table("users", sa.column("id")), [{"id": 3}, {"id": 4}])\n'
        '    op.get_bind().execute(sa.text("UPDATE users SET email = :mail"), {"mail": "%"})'
    )
    init(a=USERS, b=revision("b", "a1", body, 'op.execute("DELETE FROM users")'))
    run(pytester).assert_outcomes(passed=9)


def test_percents_that_are_no_placeholders(pytester: pytest.Pytester, init: Project) -> None:
    body = "op.get_bind().exec_driver_sql(\"SELECT format('%I', 'a')\")\n    op.execute(\"SELECT format('%I%%', 'a')\")"
    init(a=USERS, b=revision("b", "a1", body))
    run(pytester).assert_outcomes(passed=9)


def test_statements_are_those_of_the_projects_driver(pytester: pytest.Pytester, init: Project) -> None:
    """psycopg2 is given neither casts nor parameters that the server would have to tell the type of."""
    body = (
        "op.execute(sa.table('users', sa.column('id')).update().values(id=sa.literal('1')))\n"
        "    op.get_bind().exec_driver_sql('SELECT concat(%s)', ('x',))"
    )
    init(env=OWN_ENGINE.format(url="postgresql+psycopg://prod.example.com/prod"), a=USERS, b=revision("b", "a1", body))
    run(pytester).assert_outcomes(passed=5, failed=1, skipped=3)
    env = OWN_ENGINE.format(url="postgresql+psycopg2://prod.example.com/prod")
    (pytester.path / "migrations/env.py").write_text(env)
    run(pytester).assert_outcomes(passed=9)


@pytest.mark.parametrize(
    ("body", "outcomes"),
    [
        ("pass", {"passed": 6, "failed": 1, "skipped": 2}),
        ("raise NotImplementedError", {"passed": 6, "skipped": 3}),
    ],
)
def test_no_way_back(pytester: pytest.Pytester, init: Project, body: str, outcomes: dict[str, int]) -> None:
    init(a=USERS, b=revision("b", "a1", 'op.execute("CREATE TABLE b ()")', body))
    result = run(pytester)
    result.assert_outcomes(**outcomes)
    if "failed" in outcomes:
        result.stdout.fnmatch_lines(["migrations/versions/b.py:11:1: the rollback is empty, but applying*"])


def test_a_time_limit(pytester: pytest.Pytester, init: Project) -> None:
    init(a=USERS, b=revision("b", "a1", 'op.execute("SELECT pg_sleep(30)")'))
    result = run(pytester, "--migrations-timeout=1")
    result.assert_outcomes(passed=5, failed=1, skipped=3)
    result.stdout.fnmatch_lines(["migrations/versions/b.py:8:17: canceled: the script took longer than 1 s*"])
