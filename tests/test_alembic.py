"""Revisions of Alembic, proved from outside on a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import alembic.command  # before pytester, which would load it anew for each run
import pytest
import sqlalchemy.ext.asyncio  # noqa: F401
from alembic.config import Config

from tests.git import git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]

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


@pytest.fixture
def init(pytester: pytest.Pytester, given_server: None) -> Callable[..., Path]:
    """Write a project as ``alembic init`` does, with revisions of the test's own."""

    def write(template: str = "generic", env: str | None = None, **revisions: str) -> Path:
        folder = pytester.path / "migrations"
        config = Config(str(pytester.path / "alembic.ini"), **_toml(pytester.path, template))
        alembic.command.init(config, str(folder), template=template)
        for name, text in revisions.items():
            (folder / "versions" / f"{name}.py").write_text(text)
        if env is not None:
            (folder / "env.py").write_text(env)
        return folder

    return write


def _toml(path: Path, template: str) -> dict[str, Any]:
    return {"toml_file": str(path / "pyproject.toml")} if template == "pyproject" else {}


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest("--migrations-dir=migrations", *arguments)


@pytest.mark.parametrize("template", ["generic", "async", "pyproject"])
def test_templates_as_they_are(pytester: pytest.Pytester, init: Project, template: str) -> None:
    init(template, a=USERS, b=EMAIL)
    result = run(pytester)
    result.assert_outcomes(passed=9)
    result.stdout.fnmatch_lines(["migrations: 2 in migrations/ (alembic)*", "migrations/versions/a.py .....*"])
    assert (pytester.path / "migrations/env.py").read_text().count("engine_from_config") == 2


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


def test_a_waiver_in_python(pytester: pytest.Pytester, init: Project) -> None:
    up = 'op.execute("CREATE TABLE x ()")  # pytest-migrations: skip roundtrip, reapply (keeps x)'
    init(a=USERS, b=revision("a2", "a1", up, 'op.execute("SELECT 1")'))
    run(pytester).assert_outcomes(passed=7, skipped=2)


def test_what_a_branch_adds(pytester: pytest.Pytester, init: Project) -> None:
    init(a=USERS)
    git(pytester.path, "init", "-q", "-b", "base")
    git(pytester.path, "add", "migrations")
    git(pytester.path, "commit", "-qm", "base")
    (pytester.path / "migrations/versions/b.py").write_text(EMAIL)
    run(pytester, "--migrations-since=base").assert_outcomes(passed=5, deselected=4)
    users = pytester.path / "migrations/versions/a.py"
    users.write_text(USERS.replace("downgrade():", "downgrade():  # mended"))
    run(pytester, "--migrations-since=base").assert_outcomes(passed=9)
    users.write_text(USERS.replace("upgrade():", "upgrade():  # changed", 1))
    result = run(pytester, "--migrations-since=base", "-k", "history")
    result.stdout.fnmatch_lines(["*versions/a.py: versions/a.py was edited since base*"])


def test_ids_can_be_passed_back(pytester: pytest.Pytester, init: Project) -> None:
    init(a=USERS, test_b=EMAIL)
    pytester.makeini("[pytest]\npython_files = *.py")
    run(pytester, "migrations/versions/test_b.py::roundtrip").assert_outcomes(passed=1)
    run(pytester).assert_outcomes(passed=9)


def test_branches_merges_and_dependencies(pytester: pytest.Pytester, init: Project) -> None:
    init(
        a=USERS,
        b=EMAIL,
        c=revision("left", "a1", 'op.execute("CREATE TABLE l ()")', 'op.execute("DROP TABLE l")'),
        d=revision("merge", ("a2", "left"), "pass"),
        e=revision("other", None, 'op.execute("CREATE TABLE o ()")', 'op.execute("DROP TABLE o")'),
        f=revision(
            "needy",
            "merge",
            'op.execute("CREATE TABLE n () INHERITS (o)")',
            'op.execute("DROP TABLE n")',
            'depends_on = "other"\n',
        ),
    )
    run(pytester).assert_outcomes(passed=25)


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


def test_an_engine_of_its_own_reaches_our_database(pytester: pytest.Pytester, init: Project) -> None:
    init(env=OWN_ENGINE.format(url="postgresql+psycopg://prod.example.com/prod"), a=USERS, b=EMAIL)
    run(pytester).assert_outcomes(passed=9)


def test_another_kind_of_database_is_not_reached(pytester: pytest.Pytester, init: Project) -> None:
    init(env=OWN_ENGINE.format(url="sqlite:///other.db"), a=USERS, b=EMAIL)
    result = run(pytester, "-rs")
    result.assert_outcomes(passed=1, failed=1, skipped=7)
    result.stdout.fnmatch_lines(
        ["migrations/env.py:6:1: it fails with OtherDatabaseError: it connects to sqlite*", "*Sharing a Connection*"]
    )
    assert not (pytester.path / "other.db").exists()


@pytest.mark.parametrize(
    ("line", "told", "remedy"),
    [
        (
            "import psycopg2; psycopg2.connect('host=prod.example.com')",
            "OtherDatabaseError: it connects",
            "not reached",
        ),
        ("import psycopg; psycopg.connect('host=prod.example.com')", "OtherDatabaseError: it connects", "not reached"),
        ("import app_of_this_name", "ModuleNotFoundError: No module named 'app_of_this_name'", "prepend_sys_path"),
        ("import os; os.environ['NOT_SET']", "KeyError: 'NOT_SET'", "variable of the environment"),
        ("raise RuntimeError('Working outside of application context.')", "RuntimeError: Working", "app_context"),
        ("raise SystemExit(3)", "SystemExit: 3", "cookbook"),
        ("x = (", "SyntaxError: '(' was never closed", "cookbook"),
    ],
)
def test_an_env_that_cannot_run_is_told_once(
    pytester: pytest.Pytester, init: Project, line: str, told: str, remedy: str
) -> None:
    init(env=f"from alembic import context\n{line}\n", a=USERS, b=EMAIL)
    result = run(pytester)
    result.assert_outcomes(passed=1, failed=1, skipped=7)
    result.stdout.fnmatch_lines([f"migrations/env.py:2:1: it fails with {told}*", f"*{remedy}*"])


@pytest.mark.parametrize(
    ("calls", "told"), [("", "it calls context.run_migrations() nowhere"), ("context.run_migrations()\n" * 2, "once")]
)
def test_an_env_that_runs_no_step_or_two(pytester: pytest.Pytester, init: Project, calls: str, told: str) -> None:
    init(env=f"from alembic import context\ncontext.configure()\n{calls}", a=USERS)
    result = run(pytester)
    result.assert_outcomes(passed=1, failed=1, skipped=3)
    result.stdout.fnmatch_lines([f"*env.py*{told}*"])


def test_files_are_found_from_the_folder_of_the_ini_file(pytester: pytest.Pytester, init: Project) -> None:
    init(a=USERS, b=revision("b", "a1", 'op.execute(open("sql/b.sql").read())', "from app import undo; undo(op)"))
    (pytester.mkdir("sql") / "b.sql").write_text("CREATE TABLE b ()")
    (pytester.path / "app.py").write_text("def undo(op):\n    op.execute('DROP TABLE b')\n")
    elsewhere = pytester.mkdir("elsewhere")
    pytester.chdir()
    result = pytester.runpytest(f"--rootdir={elsewhere}", "--migrations-dir=migrations")
    result.assert_outcomes(passed=9)


def test_logging_stays_as_it_was(pytester: pytest.Pytester, init: Project) -> None:
    init(a=USERS)
    pytester.makepyfile(
        "import logging\n"
        "def test_log(caplog):\n    logging.getLogger('mine').warning('hello')\n    assert 'hello' in caplog.text\n"
    )
    pytester.makeconftest("import logging\nlogging.getLogger('mine')\n")
    run(pytester, "migrations", "test_logging_stays_as_it_was.py").assert_outcomes(passed=6)


def test_a_time_limit(pytester: pytest.Pytester, init: Project) -> None:
    init(a=USERS, b=revision("b", "a1", 'op.execute("SELECT pg_sleep(30)")'))
    result = run(pytester, "--migrations-timeout=1")
    result.assert_outcomes(passed=5, failed=1, skipped=3)
    result.stdout.fnmatch_lines(["migrations/versions/b.py:8:17: canceled: the script took longer than 1 s*"])


def test_with_xdist(pytester: pytest.Pytester, init: Project) -> None:
    init(a=USERS, b=EMAIL)
    result = pytester.runpytest_subprocess("--migrations-dir=migrations", "-n2")
    result.assert_outcomes(passed=9)
