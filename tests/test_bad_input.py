"""What users do wrong, and what machines do to them: one clear message each, and nothing left behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.projects import EMAIL, THREE, USERS
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    Project = Callable[..., Path]

RUN = "--migrations-dir=migrations"
ROLLBACK = "-- ROLLBACK:\n-- SELECT 1;\n-- END ROLLBACK\n"


def said(result: pytest.RunResult) -> str:
    text = result.stdout.str() + result.stderr.str()
    assert "Traceback" not in text
    assert "INTERNALERROR" not in text
    return text


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "migrations"),
        ({"001_a.sql": b"SELECT '\xff';"}, "001_a.sql:1:9"),
        ({"001_a.sql": b"SELECT 1;\n-- ROLLBACK:\n-- SELECT 1;\n"}, "END ROLLBACK"),
        ({"001_a.sql": b"SELECT 1;\n-- ROLLBACK:\nSELECT 1;\n-- END ROLLBACK\n"}, "001_a.sql:3"),
        ({"001_a.up.sql": b"SELECT 1;", "002_b.sql": b"-- +goose Up\nSELECT 1;"}, "--migrations-format"),
    ],
    ids=["empty", "not UTF-8", "unclosed rollback", "SQL in the rollback", "ambiguous"],
)
def test_a_folder_that_cannot_be_read_is_a_usage_error(
    pytester: pytest.Pytester, files: dict[str, bytes], message: str
) -> None:
    folder = pytester.mkdir("migrations")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    result = pytester.runpytest(RUN)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in said(result)


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("--help", "*--migrations-dir=DIR*"),
        ("--version", "*"),
        ("--markers", "@pytest.mark.migrations*"),
        ("--fixtures", "migrations_database*"),
        ("--fixtures-per-test", "*"),
        ("--cache-show", "*"),
    ],
)
@pytest.mark.parametrize(
    "ini", ["migrations_dir = nowhere", "migrations_dir = migrations", "migrations_timeout = soon"]
)
def test_what_only_tells_about_pytest_needs_no_folder(
    pytester: pytest.Pytester, option: str, line: str, ini: str
) -> None:
    pytester.mkdir("migrations")
    pytester.makeini(f"[pytest]\n{ini}\n")
    result = pytester.runpytest(option)
    assert result.ret in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    assert not result.errlines or option == "--version"
    result.stdout.fnmatch_lines([line])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--migrations-dir=nowhere"], "nowhere"),
        (["--migrations-dir=a_file"], "a_file"),
        ([RUN, "--migrations-format=nonsense"], "ours: NNN_name.sql"),
        ([RUN, "--migrations-timeout=soon"], "'soon' is not a number of seconds"),
        ([RUN, "--migrations-timeout=-1"], "'-1' is not a number of seconds"),
        ([RUN, "--migrations-server=nonsense"], "nonsense"),
        ([RUN, "-o", "migrations_column_order=nonsense"], "neither report nor strict"),
        ([RUN, "-o", "migrations_server_settings=nonsense"], "name = value"),
        ([RUN, "--migrations-report=a_file/report.json"], "--migrations-report=a_file/report.json: cannot be written"),
        ([RUN, "--migrations-report=report.txt"], "report.txt: a report is a file that ends in .json, .md or .sarif"),
        ([RUN, "--migrations-report=folder.md"], "Is a directory"),
    ],
)
def test_nonsense_is_a_usage_error_at_once(
    pytester: pytest.Pytester, project: Project, options: list[str], message: str
) -> None:
    project(THREE)
    (pytester.path / "a_file").touch()
    pytester.mkdir("folder.md")
    result = pytester.runpytest(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in said(result)


def test_nonsense_in_the_environment_is_one_too(
    pytester: pytest.Pytester, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(THREE)
    monkeypatch.setenv("PYTEST_MIGRATIONS_SERVER", "nonsense")
    result = pytester.runpytest(RUN)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "PYTEST_MIGRATIONS_SERVER 'nonsense' names no server" in said(result)


def test_a_file_that_cannot_be_read(pytester: pytest.Pytester, project: Project) -> None:
    (project(THREE) / "004_gone.sql").symlink_to("nowhere")
    result = pytester.runpytest(RUN)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "migrations/004_gone.sql cannot be read: No such file or directory" in said(result)


def test_a_role_that_the_ini_file_names_is_there(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_a.sql": "CREATE TABLE a ();\nGRANT SELECT ON a TO app_of_bad_input;\n"})
    pytester.makeini("[pytest]\nmigrations_roles = app_of_bad_input\n")
    pytester.runpytest(RUN).assert_outcomes(passed=2, skipped=3)


def test_marks_of_other_systems_are_no_trouble(pytester: pytest.Pytester, project: Project) -> None:
    folder = project({})
    (folder / "001_users.sql").write_bytes(b"\xef\xbb\xbf" + USERS.replace("\n", "\r\n").encode())
    (folder / "002_empty.sql").write_bytes(b"")
    pytester.runpytest(RUN).assert_outcomes(passed=6, skipped=3)


def test_two_files_of_one_version_fail_the_history(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_users.sql": USERS, "001_more.sql": "SELECT 1;" + "\n" + ROLLBACK})
    result = pytester.runpytest(RUN, "-k", "history")
    result.assert_outcomes(failed=1, deselected=8)
    assert "001_users.sql" in said(result)
    assert "001_more.sql" in said(result)


@pytest.mark.parametrize(
    ("script", "messages"),
    [
        ("SELECT 1;\n\\i other.sql\n", ["001_a.sql:2:1", "psql", "write the text of that file here"]),
        (
            "CREATE TABLE a (x int);\nCOPY a FROM stdin;\n1\n\\.\n",
            ["001_a.sql:2:1", "COPY", "write the rows as INSERT"],
        ),
        ("DO $$ BEGIN\nSELECT 1;\n", ["001_a.sql:1:4", "unterminated", "close it"]),
        ("CREATE TABLE a (x int;\n", ["001_a.sql:1:22", "42601 syntax_error"]),
        ("CREATE TABLE a (id int);\nGRANT SELECT ON a TO app;\n", ["001_a.sql:2", "migrations_roles = app"]),
        ("SELECT pg_sleep(60);\n", ["001_a.sql:1:1", "longer than 0.5 s", "--migrations-timeout=SECONDS"]),
        ("SELECT pg_terminate_backend(pg_backend_pid());\n", ["001_a.sql:1:1", "57P01"]),
    ],
    ids=["meta command", "COPY data", "unfinished", "syntax", "role", "sleep", "kill"],
)
def test_a_script_that_cannot_run_fails_with_its_place(
    pytester: pytest.Pytester, project: Project, script: str, messages: list[str]
) -> None:
    project({"001_a.sql": script, "002_b.sql": "SELECT 1;\n"})
    result = pytester.runpytest(RUN, "--migrations-timeout=0.5")
    result.assert_outcomes(passed=1, failed=1, skipped=7)
    text = said(result)
    for message in messages:
        assert message in text


def test_locks_beyond_what_the_server_has_room_for(
    pytester: pytest.Pytester, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_MIGRATIONS_SERVER")
    tables = "DO $$ BEGIN FOR i IN 1..6000 LOOP EXECUTE format('CREATE TABLE t%s ()', i); END LOOP; END $$;\n"
    project({"001_a.sql": tables, "002_b.sql": "SELECT 1;\n"})
    pytester.makeini(
        "[pytest]\nmigrations_server_settings =\n    max_locks_per_transaction = 10\n    max_connections = 10\n"
    )
    result = pytester.runpytest(RUN, "--migrations-server=embedded")
    result.assert_outcomes(passed=1, failed=1, skipped=7)
    assert "max_locks_per_transaction" in said(result)


def test_no_permission(pytester: pytest.Pytester, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_MIGRATIONS_SERVER")
    project(
        {
            "001_a.sql": "CREATE TABLE a ();\n-- ROLLBACK:\n-- DROP TABLE a;\n-- END ROLLBACK\n",
            "002_b.sql": "CREATE ROLE x;\n",
        }
    )
    result = pytester.runpytest(RUN, "--migrations-role=owner")
    result.assert_outcomes(passed=5, failed=1, skipped=3)
    assert "permission denied" in said(result)
    assert "--migrations-role" in said(result)


def test_no_server_is_said_once_and_no_password_is_shown(
    pytester: pytest.Pytester, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_MIGRATIONS_SERVER")
    project(THREE)
    result = pytester.runpytest(RUN, "--migrations-server=postgresql://u:s3cr3t@127.0.0.1:1/db", "-rA", "-l")
    result.assert_outcomes(passed=1, failed=1, skipped=11)
    assert "s3cr3t" not in said(result)


def test_an_extension_that_nobody_has_fails_where_it_is_created(
    pytester: pytest.Pytester, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_MIGRATIONS_SERVER")
    project({"001_users.sql": USERS, "002_a.sql": "SELECT 1;\nCREATE EXTENSION no_such_thing;\n", "003_b.sql": EMAIL})
    result = pytester.runpytest(RUN, "--migrations-server=embedded")
    result.assert_outcomes(passed=5, failed=1, skipped=7)
    result.stdout.fnmatch_lines(["migrations: PostgreSQL * embedded; it lacks no_such_thing, and nothing else has all"])
    assert 'migrations/002_a.sql:2:18: extension "no_such_thing" is not available' in said(result)
    assert "Looked at:" in said(result)


def test_workers_that_joined_the_server_know_what_it_lacks(
    pytester: pytest.Pytester, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_MIGRATIONS_SERVER")
    project({f"00{i}_a.sql": f"CREATE EXTENSION no_such_thing_{i};\n" for i in (1, 2)})
    result = pytester.runpytest("--migrations-dir=migrations", "--migrations-server=embedded", "-n2")
    result.assert_outcomes(passed=1, failed=1, skipped=7)
    assert "Looked at:" in said(result)


def test_what_fails_after_a_rollback_is_blamed_on_the_rollback(pytester: pytest.Pytester, project: Project) -> None:
    later = "ALTER TABLE users ADD COLUMN a int;\n-- ROLLBACK:\n-- ALTER TABLE users DROP COLUMN a;\n-- END ROLLBACK\n"
    rename = later.replace("ADD COLUMN a int", "RENAME a TO b").replace("DROP COLUMN a", "DROP COLUMN b")
    project({"001_users.sql": USERS, "002_a.sql": later, "003_b.sql": rename, "004_a.sql": later})
    result = pytester.runpytest(RUN, "-k", "003")
    result.assert_outcomes(passed=2, failed=2)
    assert "the rollback does not put it back" in said(result)
    assert "004_a.sql" not in said(result)


SLEEPS = {"001_users.sql": USERS, "002_sleep.sql": "SELECT pg_sleep(600);\n"}


def start(project_path: Path, *options: str) -> tuple[subprocess.Popen[str], Path]:
    """Start pytest on a history that sleeps, wait until it does, and find the data directory of its server."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_MIGRATIONS_SERVER"}
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", RUN, "--migrations-server=embedded", "-p", "no:cacheprovider", *options],
        cwd=project_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for pid, command in processes().items():
            # A backend shows what it does in its title; the postmaster above it names the data directory.
            if command.startswith(b"postgres: ") and command.rstrip(b"\0 ").endswith(b"SELECT"):
                postmaster = parent(pid)
                if process.pid in (parent(postmaster), parent(parent(postmaster))):
                    words = processes()[postmaster].split(b"\0")
                    return process, Path(words[words.index(b"-D") + 1].decode())
        time.sleep(0.05)
    raise AssertionError("the migration did not begin to sleep")


def processes() -> dict[int, bytes]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found[int(folder.name)] = (folder / "cmdline").read_bytes()
    return found


def parent(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    return 0


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("options", [[], ["-n2"]], ids=["alone", "xdist"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_however_pytest_ends(
    pytester: pytest.Pytester, options: list[str], number: signal.Signals
) -> None:
    folder = pytester.mkdir("migrations")
    for name, text in SLEEPS.items():
        (folder / name).write_text(text)
    process, data = start(pytester.path, *options)
    process.send_signal(number)
    output = process.communicate(timeout=30)[0]
    assert until(lambda: not any(str(data).encode() in command for command in processes().values()), 10)
    assert until(lambda: not data.parents[1].exists(), 10)
    if number == signal.SIGINT:
        assert process.returncode == pytest.ExitCode.INTERRUPTED
        assert "INTERNALERROR" not in output


NOTES_ITS_RUN = """
def pytest_sessionstart(session):
    run = session.config.pluginmanager.get_plugin("migrations_session").reserve_run_folder()
    if not hasattr(session.config, "workerinput"):
        with open("run", "w") as file:
            file.write(str(run))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("options", [[], ["-n2"]], ids=["alone", "xdist"])
def test_nothing_is_left_whenever_pytest_is_killed(pytester: pytest.Pytester, options: list[str]) -> None:
    folder = pytester.mkdir("migrations")
    for number in range(1, 40):
        leaky = f"CREATE TABLE t{number} ();\nCREATE TABLE u{number} ();\n"
        (folder / f"{number:03}_t.sql").write_text(f"{leaky}-- ROLLBACK:\n-- DROP TABLE t{number};\n-- END ROLLBACK\n")
    pytester.makeconftest(NOTES_ITS_RUN)
    chance = random.Random()
    note = pytester.path / "run"
    for _ in range(2):
        note.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", RUN, "--migrations-server=embedded", "-q", *options]
        process = subprocess.Popen(command, cwd=pytester.path, stdout=subprocess.DEVNULL, start_new_session=True)
        assert until(lambda: note.exists() and note.stat().st_size > 0, 30)
        delay = chance.uniform(0, 2)
        time.sleep(delay)
        process.kill()
        process.wait()
        run = note.read_text()
        assert until(lambda: not Path(run).exists(), 15), f"after {delay:.3f} s: {list(Path(run).rglob('*'))[:5]}"  # noqa: B023
        assert until(lambda: not any(run.encode() in command for command in processes().values()), 15), delay  # noqa: B023
