"""The hooks of hookspecs.py, from a conftest.py; the examples of docs/hooks.md are run as they stand there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.hooks import Hooks
from pytest_migrations.migration import Migration, Script
from tests.projects import LEAKY_GUARDED, THREE, USERS

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    Project = Callable[..., Path]

RUN = ["--migrations-dir=migrations", "migrations"]
DOCS = Path(__file__).parents[1] / "docs" / "hooks.md"


def example(name: str) -> str:
    """The code of the documentation's section on a hook."""
    section = DOCS.read_text().partition(f"## {name}\n")[2].partition("\n## ")[0]
    return "\n".join(line[4:] for line in section.split("\n") if line[:4].isspace() or not line)


def test_a_database_is_prepared_before_the_first_migration(pytester: pytest.Pytester, project: Project) -> None:
    granting = USERS.replace(";", ";\nGRANT SELECT ON users TO readonly;\nCREATE TABLE h (h hstore);", 1)
    project({"001_users.sql": granting.replace("-- DROP TABLE users", "-- DROP TABLE h, users")})
    pytester.makeconftest(example("pytest_migrations_prepare"))
    pytester.runpytest(*RUN, "--migrations-server=embedded:15").assert_outcomes(passed=5)


def test_every_fresh_database_is_prepared(pytester: pytest.Pytester, project: Project) -> None:
    """The one of the walk, the one that looks for culprits, and one in each process."""
    up = "CREATE VIEW v AS SELECT * FROM given;\nCREATE TABLE b ();\n"
    project({"001_a.sql": up + "-- ROLLBACK:\n-- DROP VIEW v;\n-- ALTER TABLE b RENAME TO c;\n-- END ROLLBACK\n"})
    pytester.makeconftest(
        "def pytest_migrations_prepare(connection, folder):\n"
        "    assert folder.name == 'migrations'\n"
        "    connection.execute('CREATE TABLE given (x int)')\n"
    )
    result = pytester.runpytest(*RUN)
    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines(["*left behind*public.c*", "*:5:4, in the rollback:"])
    pytester.runpytest(*RUN, "-n2").assert_outcomes(passed=3, failed=2)


RACING = """
import time

def pytest_migrations_prepare(connection):
    if not connection.execute("SELECT FROM pg_roles WHERE rolname = 'racing'").fetchall():
        time.sleep(0.5)
        connection.execute("CREATE ROLE racing")
"""


def test_one_process_at_a_time_prepares_on_a_server_that_all_share(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE)
    pytester.makeconftest(RACING)
    result = pytester.runpytest(*RUN, "--migrations-server=embedded", "-n2", "--dist=loadfile")
    result.assert_outcomes(passed=13)


LATE = """
def pytest_migrations_prepare(connection):
    connection.execute("CREATE TABLE given (x int)")

def pytest_migrations_leave_out(kind, name):
    return name == "public.audit" or None
"""
#: Where pytest loads a conftest.py while it collects: before the folder of migrations, with it, and after it.
LATE_FOLDERS: list[tuple[str, list[str]]] = [("a", []), ("migrations", []), ("src/tests", []), ("migrations", ["-n2"])]


def late(pytester: pytest.Pytester, folder: str, conftest: str) -> None:
    path = pytester.path / folder
    path.mkdir(parents=True, exist_ok=True)
    (path / "test_one.py").write_text("def test_one(): pass\n")
    (path / "conftest.py").write_text(conftest)


@pytest.mark.parametrize(("folder", "options"), LATE_FOLDERS, ids=str)
def test_databases_are_prepared_by_a_conftest_that_pytest_finds_while_it_collects(
    pytester: pytest.Pytester, project: Project, folder: str, options: list[str]
) -> None:
    up = "CREATE TABLE IF NOT EXISTS audit ();\nALTER TABLE given ADD y int;\n"
    project({"001_a.sql": up + "-- ROLLBACK:\n-- ALTER TABLE given DROP y;\n-- END ROLLBACK\n"})
    late(pytester, folder, LATE)
    pytester.runpytest(*RUN[:1], *options).assert_outcomes(passed=5 if folder == "migrations" else 6)


@pytest.mark.parametrize(
    ("folder", "options"), [*LATE_FOLDERS, ("a", ["--collect-only", "-p", "no:randomly"])], ids=str
)
def test_checks_that_pytest_finds_too_late_are_told(
    pytester: pytest.Pytester, project: Project, folder: str, options: list[str]
) -> None:
    project(THREE)
    late(pytester, folder, "\n" + example("pytest_migrations_checks"))
    result = pytester.runpytest(*RUN[:1], *options)
    # As after any error of collection, xdist runs the tests that it has.
    assert result.ret == (pytest.ExitCode.TESTS_FAILED if "-n2" in options else pytest.ExitCode.INTERRUPTED)
    line = next(line for line in result.outlines if f"{folder}/conftest.py:" in line)
    assert ": the hook pytest_migrations_checks comes too late: it is asked when the migrations are read" in line
    assert line.endswith("Move it to the conftest.py in rootdir, or into a plugin that -p names.")
    if not options:
        pytester.runpytest(*RUN, folder).assert_outcomes(passed=16 + (folder != "migrations"))


def test_a_format_that_pytest_finds_too_late_is_told(pytester: pytest.Pytester, project: Project) -> None:
    project({"users.do.sql": "CREATE TABLE users ();", "order.txt": "users\n"})
    late(pytester, "migrations", example("pytest_migrations_formats"))
    result = pytester.runpytest(*RUN[:1])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: migrations: no migrations found*",
            "migrations/conftest.py:*: the hook pytest_migrations_formats comes too late: * Move it to *",
        ]
    )


def test_objects_that_are_left_out(pytester: pytest.Pytester, project: Project) -> None:
    project(
        {
            "001_a.sql": "CREATE TABLE a ();\nCREATE TABLE IF NOT EXISTS audit_a (x int PRIMARY KEY);\n"
            "-- ROLLBACK:\n-- DROP TABLE a;\n-- END ROLLBACK\n",
            "002_b.sql": "CREATE TABLE audit_b ();\n-- ROLLBACK:\n-- END ROLLBACK\n",
        }
    )
    pytester.runpytest(*RUN, "-k", "roundtrip").assert_outcomes(failed=2)
    pytester.makeconftest(example("pytest_migrations_leave_out"))
    pytester.runpytest(*RUN, "-k", "001 and roundtrip").assert_outcomes(passed=1)
    pytester.runpytest(*RUN, "-k", "002 and rollback").assert_outcomes(passed=1)


def test_a_format_of_ones_own(pytester: pytest.Pytester, project: Project) -> None:
    pytester.makeconftest(example("pytest_migrations_formats"))
    project({"users.do.sql": "CREATE TABLE users ();", "users.undo.sql": "DROP TABLE users;", "order.txt": "users\n"})
    result = pytester.runpytest(*RUN)
    result.stdout.fnmatch_lines(["migrations: 1 in migrations/ (ordered)"])
    result.assert_outcomes(passed=5)
    result = pytester.runpytest("--migrations-format=none", *RUN)
    result.stderr.fnmatch_lines(["*there is no such format*", "*  ordered: *", "*  ours: *"])


def test_checks_of_ones_own(pytester: pytest.Pytester, project: Project) -> None:
    pytester.makeconftest(example("pytest_migrations_checks"))
    project({**THREE, "004_keyless.sql": "CREATE TABLE keyless ();\n", "005_broken.sql": "nonsense;\n"})
    result = pytester.runpytest(*RUN, "-k", "primary-keys or (apply and not reapply)")
    result.assert_outcomes(passed=7, failed=2, skipped=1)
    result.stdout.fnmatch_lines(["*004_keyless.sql::primary-keys*", "*no primary key: keyless*", "conftest.py:*"])
    result.stdout.no_fnmatch_line("*_multicall*")
    pytester.runpytest("migrations/002_email.sql::primary-keys", *RUN[:1]).assert_outcomes(passed=1)
    pytester.runpytest(*RUN, "-k", "primary-keys", "-n2").assert_outcomes(passed=3, failed=2)


def test_nothing_of_a_check_is_kept(pytester: pytest.Pytester, project: Project) -> None:
    project(
        {"001_a.sql": "CREATE TABLE a (id serial);\n", "002_b.sql": "CREATE TABLE b ();\n", "003_c.sql": "SELECT 1;\n"}
    )
    pytester.makeconftest(
        """
        import pytest

        def pytest_migrations_checks():
            return {"writes": writes, "skips": lambda migration, connection: pytest.skip("not today")}

        def writes(migration, connection):
            assert connection.execute("INSERT INTO a DEFAULT VALUES RETURNING id").fetchone() == (1,)
            if migration.version == "002":
                connection.close()
        """
    )
    result = pytester.runpytest(*RUN, "-k", "writes or skips", "-rs")
    result.assert_outcomes(passed=3, skipped=3)
    result.stdout.fnmatch_lines(["SKIPPED * not today"])


@pytest.mark.parametrize(
    ("selection", "ran", "options"),
    [
        (["-k", "not counts"], "", []),
        (["-k", "other"], "", []),
        (["migrations/002_email.sql::counts", "migrations/003_index.sql::apply"], "002", []),
        (["migrations/002_email.sql"], "002", []),
        (["migrations/002_email.sql"], "002", ["-n2"]),
        ([], "001 002 003", []),
    ],
    ids=str,
)
def test_a_check_runs_where_it_was_selected(
    pytester: pytest.Pytester, project: Project, selection: list[str], ran: str, options: list[str]
) -> None:
    project(THREE)
    pytester.makeconftest(
        "def pytest_migrations_checks():\n"
        "    return {'counts': counts, 'other': lambda m, c: None}\n"
        "def counts(migration, connection):\n"
        "    open('ran', 'a').write(migration.version + '\\n')\n"
    )
    assert (
        pytester.runpytest("--migrations-dir=migrations", *(selection or RUN[1:]), *options).ret == pytest.ExitCode.OK
    )
    file = pytester.path / "ran"
    assert set(file.read_text().split() if file.exists() else []) == set(ran.split())


COMMITS = """
def pytest_migrations_checks():
    return {{"junk": junk}}

def junk(migration, connection):
    connection.execute("CREATE TABLE junk ()")
    connection.{ending}
"""


def test_a_check_that_commits_keeps_nothing(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE)
    pytester.makeconftest(COMMITS.format(ending="commit()"))
    pytester.runpytest(*RUN).assert_outcomes(passed=16)


def test_a_check_whose_sql_commits_fails_and_spoils_nothing(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE)
    pytester.makeconftest(COMMITS.format(ending="execute('COMMIT')"))
    result = pytester.runpytest(*RUN)
    result.assert_outcomes(passed=13, failed=3)
    result.stdout.fnmatch_lines(["*001_users.sql::junk*", "SQL of this check has ended the transaction*"])


def test_a_check_has_a_time_limit(pytester: pytest.Pytester, project: Project) -> None:
    project(THREE)
    pytester.makeconftest(
        "def pytest_migrations_checks():\n    return {'sleeps': lambda m, c: c.execute('SELECT pg_sleep(60)')}\n"
    )
    result = pytester.runpytest(*RUN, "--migrations-timeout=0.5", "-k", "sleeps or (002 and not email)")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*canceling statement due to user request*"])


@pytest.mark.parametrize(
    ("conftest", "lines"),
    [
        (
            "def pytest_migrations_prepare(connection):\n    connection.execute('CREATE ROL x')\n",
            ["conftest.py:2:5: the hook pytest_migrations_prepare failed: SyntaxError: syntax error*", "*   2 | *"],
        ),
        (
            "def pytest_migrations_leave_out(name):\n    return name / 2\n",
            ["conftest.py:2:5: the hook pytest_migrations_leave_out failed: TypeError: unsupported*"],
        ),
        (
            "def pytest_migrations_formats():\n    return ['pairs']\n",
            ["*the hook pytest_migrations_formats gave 'pairs', which is no pytest_migrations.formats.Format*"],
        ),
        (
            "def pytest_migrations_formats():\n    return 5\n",
            ["*the hook pytest_migrations_formats failed: TypeError: *"],
        ),
        (
            "def pytest_migrations_checks():\n    raise RuntimeError('no\\nway')\n",
            ["*conftest.py:2:5: the hook pytest_migrations_checks failed: RuntimeError: no*"],
        ),
        (
            "def pytest_migrations_checks():\n    return {'apply': print}\n",
            ["*names a check 'apply', which is taken, or not made of letters, digits, _ and -.*"],
        ),
        (
            "def pytest_migrations_checks():\n    return ['x']\n",
            ["*gave [[]'x'[]], which is no dict of names*"],
        ),
        (
            "def check(migration):\n    pass\ndef pytest_migrations_checks():\n    return {'x': check}\n",
            ["*pytest_migrations_checks gives for the check 'x' no function of (migration, connection): too many*"],
        ),
        (
            "async def check(m, c):\n    pass\ndef pytest_migrations_checks():\n    return {'x': check}\n",
            ["*pytest_migrations_checks gives for the check 'x' what is async, and would never be awaited*"],
        ),
        (
            (
                "from pytest_migrations.formats import Format\ndef evidence(folder):\n    return folder.nope\n"
                "def pytest_migrations_formats():\n    return [Format('mine', '', evidence, evidence)]\n"
            ),
            ["ERROR: conftest.py:3:5: the format mine failed: AttributeError: *"],
        ),
        (
            "import pytest\ndef pytest_migrations_prepare():\n    pytest.fail('not so')\n",
            ["conftest.py:3:5: the hook pytest_migrations_prepare failed: not so", "*   3 | *"],
        ),
        (
            "import pytest\ndef pytest_migrations_prepare():\n    pytest.skip('not here')\n",
            [
                "conftest.py:3:5: the hook pytest_migrations_prepare failed: Skipped: not here",
                "A hook cannot skip. Let it return, or raise what is wrong.",
            ],
        ),
        (
            "import sys\ndef pytest_migrations_leave_out(name):\n    sys.exit(3)\n",
            ["conftest.py:3:5: the hook pytest_migrations_leave_out failed: SystemExit: 3"],
        ),
        (
            "import pytest\ndef pytest_migrations_formats():\n    pytest.importorskip('nowhere')\n",
            ["ERROR: conftest.py:3:5: the hook pytest_migrations_formats failed: Skipped: could not import*"],
        ),
        (
            "import pytest\ndef pytest_migrations_checks():\n    pytest.fail()\n",
            ["ERROR: conftest.py:3:5: the hook pytest_migrations_checks failed: Failed"],
        ),
        (
            "exec(compile('def pytest_migrations_checks():\\n    1 / 0', 'made.py', 'exec'))\n",
            ["ERROR: the hook pytest_migrations_checks failed: ZeroDivisionError: division by zero"],
        ),
    ],
)
def test_a_hook_that_raises(pytester: pytest.Pytester, project: Project, conftest: str, lines: list[str]) -> None:
    project({"001_a.sql": LEAKY_GUARDED, "002_b.sql": "CREATE TABLE x ();\n"})
    pytester.makeconftest(conftest)
    result = pytester.runpytest(*RUN)
    assert result.ret in (1, 4)
    (result.stdout if result.ret == 1 else result.stderr).fnmatch_lines(lines)
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert (result.stdout.str() + result.stderr.str()).count(" failed: ") <= 1


@pytest.mark.parametrize("hook", ["prepare", "leave_out", "formats", "checks"])
def test_a_hook_may_end_the_run(pytester: pytest.Pytester, project: Project, hook: str) -> None:
    project({"001_a.sql": LEAKY_GUARDED})
    pytester.makeconftest(f"import pytest\ndef pytest_migrations_{hook}():\n    pytest.exit('enough', returncode=7)\n")
    result = pytester.runpytest(*RUN)
    assert result.ret == 7
    assert "enough" in result.stdout.str() + result.stderr.str()
    assert " failed: " not in result.stdout.str() + result.stderr.str()


@pytest.fixture
def put_rows_in(pytester: pytest.Pytester, connection: psycopg.Connection) -> Callable[[str], None]:
    """Call the hook pytest_migrations_rows of a conftest.py as the trial of a migration does."""

    def put_in(conftest: str) -> None:
        pytester.makeconftest(conftest)
        rows = Hooks(pytester.parseconfig()).rows()
        assert rows is not None
        rows(connection, Migration("007", "007_names.sql", Script(Path("007_names.sql"), "", "")))

    connection.execute("CREATE TABLE names (full_name text)")
    connection.execute("BEGIN")
    return put_in


def test_rows_of_ones_own(put_rows_in: Callable[[str], None], connection: psycopg.Connection) -> None:
    put_rows_in(example("pytest_migrations_rows"))
    assert connection.execute("SELECT count(*) FROM names").fetchone() == (3,)
    connection.execute("ROLLBACK")
    assert connection.execute("SELECT count(*) FROM names").fetchone() == (0,)


def test_without_the_hook_nobody_is_asked(pytester: pytest.Pytester) -> None:
    assert Hooks(pytester.parseconfig()).rows() is None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "connection.execute('INSERT INTO nothing VALUES (1)')",
            r"conftest.py:2:5: the hook .*_rows failed: UndefinedTab",
        ),
        ("assert migration.version == '008'", r"conftest.py:2:5: the hook .*_rows failed: AssertionError"),
        ("import pytest; pytest.skip('no')", r"the hook .*_rows failed: Skipped: no\n(?s:.*)A hook cannot skip"),
        ("connection.execute('COMMIT')", r"^SQL of the hook pytest_migrations_rows has ended the transaction"),
        ("connection.execute('COMMIT'); 1 / 0", r"^SQL of the hook pytest_migrations_rows has ended the transaction"),
    ],
)
def test_rows_that_cannot_be_put_in(put_rows_in: Callable[[str], None], body: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        put_rows_in(f"def pytest_migrations_rows(connection, migration):\n    {body}\n")
