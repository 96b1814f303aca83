"""What revisions do to a transaction and to the server: it is what they do where Alembic runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.alembic.revisions import EMAIL, USERS, revision, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]


@pytest.mark.parametrize(
    ("driver", "outcomes"), [("psycopg2", {"passed": 9}), ("psycopg", {"passed": 5, "failed": 1, "skipped": 3})]
)
def test_a_commit_in_sql_does_what_it_does_to_the_driver(
    pytester: pytest.Pytester, init: Project, driver: str, outcomes: dict[str, int]
) -> None:
    """Before Alembic had autocommit_block; behind it psycopg begins a transaction, and psycopg2 does not."""
    up = 'op.execute("COMMIT"); op.execute("CREATE INDEX CONCURRENTLY i ON users (id)")'
    down = 'op.execute("COMMIT"); op.execute("DROP INDEX CONCURRENTLY i")'
    init(a=USERS, b=revision("a2", "a1", up, down))
    ini = pytester.path / "alembic.ini"
    ini.write_text(ini.read_text().replace("driver://", f"postgresql+{driver}://"))
    result = run(pytester)
    result.assert_outcomes(**outcomes)
    if driver == "psycopg":
        result.stdout.fnmatch_lines(["Put it into a block: with op.get_context().autocommit_block():"])


def test_an_autocommit_block_is_tried_with_real_commits(pytester: pytest.Pytester, init: Project) -> None:
    block = "with op.get_context().autocommit_block():\n        "
    init(
        a=USERS,
        b=revision(
            "b",
            "a1",
            block + 'op.create_index("i", "users", ["email"], postgresql_concurrently=True)',
            block + 'op.drop_index("i", "users", postgresql_concurrently=True)',
        ),
        c=revision("c", "b", "op.execute('COMMIT')\n    op.execute('CREATE TABLE c ()')", "op.drop_table('c')"),
    )
    run(pytester).assert_outcomes(passed=13)


def test_a_transaction_for_each_revision(pytester: pytest.Pytester, init: Project) -> None:
    folder = init(a=USERS, b=EMAIL)
    env = (folder / "env.py").read_text()
    (folder / "env.py").write_text(env.replace("connection=connection,", "connection, transaction_per_migration=True,"))
    run(pytester).assert_outcomes(passed=9)


def test_a_transaction_of_its_own_is_undone_alone(pytester: pytest.Pytester, init: Project) -> None:
    body = (
        "bind = op.get_bind()\n"
        "    try:\n        with bind.begin_nested():\n            bind.execute(sa.text('SELECT nothing'))\n"
        "    except sa.exc.ProgrammingError:\n        op.execute('CREATE TABLE kept ()')"
    )
    init(a=USERS, b=revision("b", "a1", body, 'op.execute("DROP TABLE kept")'))
    run(pytester).assert_outcomes(passed=9)


def test_deferred_constraints_are_checked(pytester: pytest.Pytester, init: Project) -> None:
    body = (
        'op.execute("CREATE TABLE c (x int REFERENCES users DEFERRABLE INITIALLY DEFERRED)")\n'
        '    op.execute("INSERT INTO c VALUES (9)")'
    )
    init(a=USERS, b=revision("b", "a1", body))
    result = run(pytester)
    result.stdout.fnmatch_lines(
        ["migrations/versions/b.py:9:29: insert or update on table*", "*^ when the transaction was committed"]
    )


def test_roles_get_a_server_of_their_own(pytester: pytest.Pytester, init: Project) -> None:
    init(a=USERS, b=revision("b", "a1", 'op.execute("CREATE ROLE al")', 'op.execute("DROP ROLE al")'))
    run(pytester, "--migrations-server=embedded").assert_outcomes(passed=9)


def test_a_given_server_keeps_what_it_has(pytester: pytest.Pytester, init: Project) -> None:
    block = "with op.get_context().autocommit_block():\n        op.execute(\"ALTER SYSTEM SET work_mem = '5MB'\")"
    init(a=USERS, b=revision("b", "a1", block))
    result = run(pytester)
    result.assert_outcomes(passed=5, failed=1, skipped=3)
    result.stdout.fnmatch_lines(["migrations/versions/b.py:9:21: this is not done on a server that*did not start"])
