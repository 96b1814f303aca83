"""The fixtures, from outside: what a test gets, what another finds, what is left, and what is said where it fails."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.server import folders, kept
from tests.projects import BROKEN, EMAIL, HIDDEN_ROLE, INDEX, ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_migrations.server.server import Server

    Project = Callable[..., Path]

SERIAL = "CREATE TABLE users (id serial PRIMARY KEY);\n-- ROLLBACK:\n-- DROP TABLE users;\n-- END ROLLBACK\n"
HISTORY = {"001_users.sql": SERIAL, "002_email.sql": EMAIL, "003_index.sql": INDEX}
PSQL = Path("/usr/lib/postgresql/15/bin/psql")
ADD = "INSERT INTO users DEFAULT VALUES RETURNING id"
TWO = """
def test_a(migrations_connection):
    assert migrations_connection.execute("INSERT INTO users DEFAULT VALUES RETURNING id").fetchone() == (1,)

def test_b(migrations_connection):
    assert migrations_connection.execute("INSERT INTO users DEFAULT VALUES RETURNING id").fetchone() == (1,)
"""
FAILS = "def test_fails(migrations_database):\n    database = migrations_database\n    assert database is None\n"


@pytest.fixture
def run(pytester: pytest.Pytester, project: Project) -> Callable[..., pytest.RunResult]:
    """Run tests of a user's project beside its migrations."""

    def run_tests(tests: str, *options: str, history: dict[str, str] | None = None) -> pytest.RunResult:
        project(HISTORY if history is None else history)
        pytester.makepyfile(test_it=f"import pytest, psycopg, psycopg.errors\n\n{tests}")
        pytester.makeini("[pytest]\nmigrations_dir = migrations\nasyncio_default_fixture_loop_scope = function\n")
        runner = pytester.runpytest_subprocess if "-n2" in options else pytester.runpytest
        return runner("test_it.py", "-rs", "--strict-markers", *options)

    return run_tests


@pytest.fixture
def nothing_left(server: Server) -> Iterator[None]:
    """On the given server there are as many databases of ours after the test as before it."""
    before = databases(server)
    yield
    assert databases(server) == before


def databases(server: Server) -> set[str]:
    with server.connect_admin() as admin:
        return {name for (name,) in admin.execute("SELECT datname FROM pg_database").fetchall()}


def test_what_each_fixture_gives(run: Callable[..., pytest.RunResult], nothing_left: None) -> None:
    tests = """
def test_database(migrations_database, migrations_connection):
    assert migrations_connection.info.dbname == migrations_database.name == str(migrations_database)
    with psycopg.connect(migrations_database.url) as other:
        assert other.info.dbname == migrations_database.name
    assert migrations_connection.autocommit
    migrations_connection.execute("SELECT email FROM users")

@pytest.mark.asyncio
async def test_async(migrations_async_connection, migrations_database):
    assert migrations_async_connection.info.dbname == migrations_database.name
    assert await (await migrations_async_connection.execute("SELECT 1")).fetchone() == (1,)

def test_of_the_run(migrations_server, migrations_history, migrations_folder, migrations_template):
    assert [m.version for m in migrations_history.migrations] == ["001", "002", "003"]
    assert migrations_folder == migrations_history.folder
    own = migrations_server.clone(migrations_template)
    with psycopg.connect(migrations_server.dsn) as connection:
        assert connection.info.server_version == migrations_server.version_number
    with migrations_server.connect(own) as connection:
        connection.execute("SELECT email FROM users")

@pytest.mark.migrations(at="1")
def test_at(migrations_connection, migrations_transaction, migrations_stepper):
    for connection in (migrations_connection, migrations_transaction, migrations_stepper.connection):
        assert [column.name for column in connection.execute("SELECT * FROM users").description] == ["id"]

@pytest.mark.migrations(at="002_email.sql")
class TestAt:
    def test_it(self, migrations_connection):
        assert len(migrations_connection.execute("SELECT * FROM users").description) == 2

def test_steps(migrations_stepper):
    empty = migrations_stepper.snapshot()
    assert migrations_stepper.apply_next().name == "001_users.sql"
    migrations_stepper.apply_until("003")
    assert migrations_stepper.position == 3
    assert [migrations_stepper.rollback().version for _ in range(3)] == ["003", "002", "001"]
    assert migrations_stepper.snapshot() == empty
"""
    run(tests).assert_outcomes(passed=6)


@pytest.mark.parametrize("options", [[], ["-n2"], ["-p", "randomly"]], ids=" ".join)
def test_tests_find_nothing_of_each_other(
    run: Callable[..., pytest.RunResult], nothing_left: None, options: list[str]
) -> None:
    tests = f"""
@pytest.mark.parametrize("n", range(3))
@pytest.mark.parametrize("kind", ["connection", "transaction"])
def test_first(request, kind, n):
    connection = request.getfixturevalue("migrations_" + kind)
    assert connection.execute({ADD!r}).fetchone() == (1,)
    connection.commit()
    connection.execute("CREATE TABLE made ()")

def test_stepper(migrations_stepper):
    migrations_stepper.apply_until("003")
    assert migrations_stepper.connection.execute({ADD!r}).fetchone() == (1,)
"""
    run(tests, *options).assert_outcomes(passed=7)


def test_what_a_test_does_to_its_connection_is_its_own_affair(
    run: Callable[..., pytest.RunResult], nothing_left: None
) -> None:
    tests = f"""
left_open = []

def test_closes(migrations_connection):
    migrations_connection.close()

def test_leaves_open(migrations_database):
    left_open.append(psycopg.connect(migrations_database.dsn))
    left_open[0].execute("LOCK users")

def test_is_killed(migrations_connection, migrations_database):
    with psycopg.connect(migrations_database.dsn) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [migrations_connection.info.backend_pid])

def test_closes_the_shared_one(migrations_transaction):
    migrations_transaction.execute({ADD!r})
    migrations_transaction.close()

def test_fails_in_it(migrations_transaction):
    assert migrations_transaction.execute({ADD!r}).fetchone() == (1,)
    with pytest.raises(psycopg.errors.SyntaxError):
        migrations_transaction.execute("nonsense")

def test_goes_on(migrations_transaction):
    assert migrations_transaction.execute({ADD!r}).fetchone() == (1,)

@pytest.mark.asyncio
async def test_closes_async(migrations_async_connection):
    await migrations_async_connection.close()

def test_closes_the_steppers(migrations_stepper):
    migrations_stepper.connection.close()
"""
    run(tests, "-p", "no:randomly").assert_outcomes(passed=8)


@pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK", "COMMIT; BEGIN"])
def test_sql_that_ends_the_transaction(
    run: Callable[..., pytest.RunResult], nothing_left: None, statement: str
) -> None:
    tests = f"""
def test_ends(migrations_transaction):
    migrations_transaction.execute({ADD!r})
    migrations_transaction.execute({statement!r})

def test_next(migrations_transaction):
    assert migrations_transaction.execute({ADD!r}).fetchone() == (1,)
"""
    result = run(tests, "-p", "no:randomly")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["SQL of the test has ended the transaction of migrations_transaction*"])


def test_savepoints_stand_for_commits(run: Callable[..., pytest.RunResult]) -> None:
    tests = """
def test_it(migrations_transaction):
    connection = migrations_transaction
    ids = lambda: [row[0] for row in connection.execute("SELECT id FROM users ORDER BY id")]
    with connection.transaction():
        connection.execute("INSERT INTO users VALUES (1)")
    connection.rollback()
    assert ids() == []
    connection.execute("INSERT INTO users VALUES (2)")
    connection.commit()
    with pytest.raises(psycopg.errors.UniqueViolation), connection.transaction():
        connection.execute("INSERT INTO users VALUES (3), (2)")
    assert ids() == [2]
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("INSERT INTO users VALUES (2)")
    connection.commit()
    assert ids() == [2]
"""
    run(tests).assert_outcomes(passed=1)


@pytest.mark.parametrize("options", [["-x"], ["-n2"], ["--maxfail=1", "-n2"]], ids=" ".join)
def test_nothing_is_left_where_tests_fail(
    run: Callable[..., pytest.RunResult], nothing_left: None, options: list[str]
) -> None:
    failing = FAILS + "\ndef test_more(migrations_transaction, migrations_stepper):\n    assert 0\n"
    assert run(failing, *options).ret != 0


def test_nothing_is_left_after_an_interrupt(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult], nothing_left: None
) -> None:
    waits = (
        "import pathlib, time\n\ndef test_waits(migrations_connection, migrations_transaction):\n"
        "    pathlib.Path('waits').touch()\n    time.sleep(60)\n"
    )
    run(waits, "--collect-only")
    process = pytester.popen((*pytester._getpytestargs(), "test_it.py"), stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (pytester.path / "waits").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == pytest.ExitCode.INTERRUPTED


@pytest.mark.parametrize("fixture", ["migrations_connection", "migrations_transaction", "migrations_stepper"])
def test_a_history_that_does_not_apply_is_told_once(
    run: Callable[..., pytest.RunResult], nothing_left: None, fixture: str
) -> None:
    last = '@pytest.mark.migrations(at="004")\n' if fixture == "migrations_stepper" else ""
    tests = "".join(f"{last}def test_{name}({fixture}): pass\n\n" for name in "abc")
    tests += '@pytest.mark.migrations(at="003")\ndef test_before(migrations_connection): pass\n'
    result = run(tests, "-p", "no:randomly", history={**HISTORY, "004_broken.sql": BROKEN})
    result.assert_outcomes(errors=1, skipped=2, passed=1)
    result.stdout.fnmatch_lines(
        [
            'migrations/004_broken.sql:1:19: type "nothing" does not exist*',
            "SKIPPED * there is no migrated database: see test_it.py::test_a",
        ]
    )
    assert result.stdout.str().count('type "nothing" does not exist') == 1


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ('at="7"', "@pytest.mark.migrations(at='7'): there is no migration '7'; the versions go from 001 to 003."),
        ('at="01x"', "@pytest.mark.migrations(at='01x'): there is no migration '01x'; near to it are 001."),
        ('"001"', "@pytest.mark.migrations takes at= and nothing else: *"),
        ("", "@pytest.mark.migrations takes at= and nothing else: *"),
        ('at="001", to="002"', "@pytest.mark.migrations takes at= and nothing else: *"),
    ],
)
def test_a_marker_that_cannot_be_meant(run: Callable[..., pytest.RunResult], marker: str, said: str) -> None:
    tests = f"@pytest.mark.migrations({marker})\ndef test_it(migrations_connection): pass\n"
    result = run(tests)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])


def test_no_folder_is_configured(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(migrations_connection): pass")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["No folder of migrations is configured. Name it in the ini file *"])


def test_several_folders(pytester: pytest.Pytester, project: Project, nothing_left: None) -> None:
    pytester.makeini("[pytest]\nmigrations_dir = a/migrations b/migrations\n")
    for name in "ab":
        project({f"001_{name}.sql": f"CREATE TABLE {name} ();\n"}, f"{name}/migrations")
        tests = "".join(
            f"def test_{fixture}(migrations_{fixture}):\n    migrations_{fixture}.execute('SELECT FROM {name}')\n"
            for fixture in ("connection", "transaction")
        )
        (pytester.path / name / f"test_{name}.py").write_text(tests)
    files = ("a/test_a.py", "b/test_b.py")
    result = pytester.runpytest(*files)
    result.assert_outcomes(errors=4)
    result.stdout.fnmatch_lines(["The fixtures need one folder of migrations, and a/migrations and b/migrations are *"])
    for name in "ab":
        (pytester.path / name / "conftest.py").write_text(
            "import pathlib, pytest\n\n@pytest.fixture(scope='session')\n"
            f"def migrations_folder():\n    return pathlib.Path('{name}/migrations')\n"
        )
    pytester.runpytest(*files).assert_outcomes(passed=4)
    pytester.runpytest_subprocess(*files, "-n2").assert_outcomes(passed=4)
    pytester.runpytest_subprocess(*files, "-p", "randomly").assert_outcomes(passed=4)
    conftest = pytester.path / "a" / "conftest.py"
    conftest.write_text(conftest.read_text().replace("a/migrations", "c"))
    result = pytester.runpytest(*files)
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(["*/c (migrations_folder) is not configured: add it to --migrations-dir *"])


@pytest.mark.parametrize("makes", [ROLES, HIDDEN_ROLE], ids=["named", "hidden"])
def test_a_history_that_makes_roles(
    run: Callable[..., pytest.RunResult], nothing_left: None, makes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tests = TWO + "\ndef test_steps(migrations_stepper):\n    migrations_stepper.apply_until('003')\n"
    history = {**HISTORY, "003_roles.sql": makes}
    del history["003_index.sql"]
    result = run(tests, "-p", "no:randomly", history=history)
    result.stdout.fnmatch_lines(["*tests need a server that pytest starts: --migrations-server=embedded or docker. *"])
    result.assert_outcomes(errors=1, skipped=2)
    monkeypatch.delenv("PYTEST_MIGRATIONS_SERVER")
    run(tests, "--migrations-server=embedded", history=history).assert_outcomes(passed=3)


def test_names_of_tests_that_are_no_names_of_databases(
    run: Callable[..., pytest.RunResult], nothing_left: None
) -> None:
    tests = f"""
@pytest.mark.parametrize("name", ["ÄÖ/😀", "it's \\"quoted\\"; DROP", "%s {{}}", "x" * 200, ""], ids=str)
def test_it(migrations_connection, name):
    assert migrations_connection.execute({ADD!r}).fetchone() == (1,)

def test_{"x" * 200}(migrations_database):
    assert len(migrations_database.name) < 64
"""
    run(tests).assert_outcomes(passed=6)


def test_what_the_stepper_refuses(run: Callable[..., pytest.RunResult]) -> None:
    tests = """
def test_it(migrations_stepper):
    with pytest.raises(ValueError, match="no migration is applied"):
        migrations_stepper.rollback()
    with pytest.raises(ValueError, match="there is no migration '9'"):
        migrations_stepper.apply_until("9")
    migrations_stepper.apply_until("002")
    with pytest.raises(ValueError, match=r"001_users\\.sql is applied already"):
        migrations_stepper.apply_until("001")
    migrations_stepper.apply_next()
    with pytest.raises(ValueError, match=r"003_none\\.sql has no rollback"):
        migrations_stepper.rollback()
    with pytest.raises(Exception, match='type "nothing" does not exist'):
        migrations_stepper.apply_next()
    assert migrations_stepper.position == 3

def test_shown(migrations_stepper):
    before = migrations_stepper.snapshot()
    migrations_stepper.apply_until("002")
    assert migrations_stepper.snapshot() == before

def test_fails(migrations_stepper):
    migrations_stepper.apply_until("004")
"""
    history = {**HISTORY, "003_none.sql": "SELECT 1;\n", "004_broken.sql": BROKEN}
    del history["003_index.sql"]
    result = run(tests, "-p", "no:randomly", history=history)
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*the first differs from the second*", "*left behind *table *public.users*"])
    result.stdout.fnmatch_lines(["*migrations/004_broken.sql:1:19: type*"])


def test_setups_that_fail(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeconftest("def pytest_migrations_prepare(connection):\n    connection.execute('nonsense')\n")
    result = run(TWO)
    result.assert_outcomes(errors=1, skipped=1)
    result.stdout.fnmatch_lines(["conftest.py:2:5: the hook pytest_migrations_prepare failed*"])
    pytester.makeconftest(
        "import pytest\n\n@pytest.fixture(scope='session')\n"
        "def migrations_template(migrations_server, migrations_template):\n"
        "    migrations_template.left_open = None\n"
    )
    run(TWO).assert_outcomes(errors=2)
    pytester.makeconftest("")
    monkeypatch.setenv("PYTEST_MIGRATIONS_SERVER", "postgresql://nobody:hunter2@127.0.0.1:1/none")
    result = run(TWO)
    result.assert_outcomes(errors=1, skipped=1)
    result.stdout.fnmatch_lines(["no connection to the server at 127.0.0.1:1: *"])
    assert "hunter2" not in result.stdout.str()


def test_a_template_with_a_session_open(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_migrations.server.databases._SESSION_SECONDS", 0.2)
    pytester.makeconftest(
        "import psycopg, pytest\n\n@pytest.fixture(scope='session')\n"
        "def migrations_template(migrations_template):\n"
        "    with psycopg.connect(migrations_template.dsn):\n        yield migrations_template\n"
    )
    result = run(TWO + "\ndef test_c(migrations_transaction): pass\n")
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(["*cannot be cloned while it has sessions*"])


@pytest.fixture
def runs_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of runs of the test's own, where no other run sweeps."""
    folder = Path(tempfile.mkdtemp(prefix="pm-"))
    monkeypatch.setattr(folders, "_candidates", lambda: [folder])
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("given", [False, True], ids=["embedded", "given"])
def test_what_is_kept(
    run: Callable[..., pytest.RunResult],
    runs_folder: Path,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    given: bool,
) -> None:
    before = databases(server)
    monkeypatch.setenv("PYTEST_MIGRATIONS_SERVER", f"{server.dsn} password=hunter2" if given else "embedded")
    result = run(FAILS + TWO, "--migrations-keep", "-l")
    result.assert_outcomes(passed=2, failed=1)
    text = result.stdout.str()
    assert "hunter2" not in text
    look = re.search("Look at it: +(.*)", text)
    remove = re.search(r"Remove it: +python -m pytest_migrations\.server\.kept ([0-9a-f]+)", text)
    assert look
    assert remove
    try:
        assert len(databases(server) - before) == given  # of the failed test, and nothing else
        if PSQL.exists():
            command = [str(PSQL), *shlex.split(look[1])[1:], "-Atc", "SELECT count(email) FROM users"]
            assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "0\n"
    finally:
        assert kept.main([remove[1]]) == 0
    assert databases(server) == before
    assert not any(runs_folder.glob("*"))
    assert kept.main([remove[1]]) == 1


def test_nothing_is_kept_where_nothing_fails(
    run: Callable[..., pytest.RunResult], runs_folder: Path, nothing_left: None
) -> None:
    run(TWO, "--migrations-keep").assert_outcomes(passed=2)
    assert not any(runs_folder.glob("*"))
