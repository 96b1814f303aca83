"""The check ``rows`` from outside: when it is there, what it says and where, on each kind of server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import psycopg
import pytest

from pytest_migrations.rows.filling import putting
from tests.git import git
from tests.projects import NO_ROLLBACK, ROLES, USERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]

RUN = ("--migrations-dir=migrations", "migrations", "--migrations-rows=5", "-p", "no:randomly")
EMBEDDED = "--migrations-server=embedded"
NAMES = (
    "CREATE TABLE names (id int PRIMARY KEY, name text, note text);\n"
    "-- ROLLBACK:\n-- DROP TABLE names;\n-- END ROLLBACK\n"
)
STRICT = (
    "ALTER TABLE names ALTER name SET NOT NULL;\n-- ROLLBACK:\n-- ALTER TABLE names ALTER name DROP NOT NULL;\n"
    "-- END ROLLBACK\n"
)
LOSSY = (
    "ALTER TABLE names DROP COLUMN note;\n-- ROLLBACK:\n-- ALTER TABLE names ADD COLUMN note text;\n-- END ROLLBACK\n"
)
NEVER = (
    "CREATE TABLE {0} (id int);\n"
    "CREATE FUNCTION {0}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''never''; END';\n"
    "CREATE TRIGGER t BEFORE INSERT ON {0} FOR EACH ROW EXECUTE FUNCTION {0}();\n"
    "ALTER TABLE {0} ENABLE ALWAYS TRIGGER t;\n"
    "-- ROLLBACK:\n-- DROP TABLE {0};\n-- DROP FUNCTION {0};\n-- END ROLLBACK\n"
)


def results(pytester: pytest.Pytester) -> dict[str, dict[str, Any]]:
    found = json.loads((pytester.path / "r.json").read_text())["results"]
    return {f"{result['migration']}::{result['check']}": result for result in found}


def test_both_ways_to_fail(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_names.sql": NAMES, "002_strict.sql": STRICT, "003_lossy.sql": LOSSY})
    result = pytester.runpytest(*RUN, "-v", "--migrations-report=r.json", "--junitxml=r.xml")
    result.assert_outcomes(passed=14, failed=2)
    result.stdout.fnmatch_lines(
        [
            "migrations/001_names.sql::history PASSED*",
            "migrations/001_names.sql::reapply PASSED*",
            "migrations/001_names.sql::rows PASSED*",
            "migrations/002_strict.sql::apply PASSED*",
            "migrations/002_strict.sql::rows FAILED*",
            "*migrations/002_strict.sql::rows*",
            "The migration does not apply to tables with rows in them.",
            "migrations/002_strict.sql:1:25: column * contains null values (23502 not_null_violation)",
            "   1 | ALTER TABLE names ALTER name SET NOT NULL;",
            "     |                         ^",
            "Rows were put in as the tables take them (5 in public.names): NULL where it may be, and a value twice *",
            "Give the rows that are there a value before the column must have one.",
            "On purpose, or not so in production? Say it in the file:  -- pytest-migrations: skip rows (why)",
            "After the rollback the rows are not what they were:",
            "  changed      4 rows of public.names (note)",
            "    id '2853303': note 'Généré 2853503' -> NULL",
            "    ... and 1 more",
            "migrations/003_lossy.sql:1:1, in the migration:",
            "     | ^ changes rows of public.names",
        ]
    )
    said = results(pytester)["003_lossy.sql::rows"]
    assert said["headline"] == "1:1: changed: rows of public.names (note)"
    assert said["findings"] == ["changed: rows of public.names (note)"]
    assert (said["line"], said["column"]) == (1, 1)
    assert said["rows"]["put_in"] == {"public.names": 5}
    assert said["rows"]["differing"][0]["count"] == 4
    assert results(pytester)["003_lossy.sql::apply"]["rows"] is None
    (suite,) = ElementTree.parse(pytester.path / "r.xml").getroot()
    assert suite.get("failures") == "2"


def test_how_many_and_none(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_names.sql": NAMES, "002_strict.sql": STRICT})
    pytester.runpytest(*RUN, "--migrations-rows=0").assert_outcomes(passed=9)
    pytester.runpytest(*RUN, "--migrations-rows=1", "-k", "rows").assert_outcomes(passed=2, deselected=9)
    pytester.runpytest(*RUN, "-k", "rows").assert_outcomes(passed=1, failed=1, deselected=9)
    pytester.runpytest(*RUN[:1], *RUN[2:], "migrations/002_strict.sql::rows").assert_outcomes(failed=1)
    pytester.makeini("[pytest]\nmigrations_rows = 0\n")
    pytester.runpytest(RUN[0], "-o", "addopts=", "migrations/002_strict.sql").assert_outcomes(passed=4)


def test_waived(pytester: pytest.Pytester, project: Project) -> None:
    project(
        {"001_names.sql": NAMES, "002_strict.sql": f"-- pytest-migrations: skip rows (nobody is unnamed)\n{STRICT}"}
    )
    result = pytester.runpytest(*RUN, "-rs")
    result.assert_outcomes(passed=10, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED * waived: nobody is unnamed"])
    result = pytester.runpytest(*RUN, "--migrations-rows=0")
    result.assert_outcomes(passed=9)
    result.stdout.no_fnmatch_line("*warning*waive*")


def test_the_baseline_accepts_it_again_and_again(pytester: pytest.Pytester, project: Project) -> None:
    partitioned = (
        "CREATE TABLE parts (id int, at text) PARTITION BY RANGE (id);\nCREATE TABLE low PARTITION OF parts DEFAULT;\n"
    )
    narrow = "ALTER TABLE parts ALTER at TYPE int USING at::int;\n"
    project({"001_names.sql": NAMES, "002_parts.sql": partitioned, "003_narrow.sql": narrow, "004_lossy.sql": LOSSY})
    run = (*RUN, "--migrations-baseline=b.txt", EMBEDDED)
    pytester.runpytest(*run, "--migrations-update-baseline").assert_outcomes(passed=13, xfailed=2, skipped=6)
    accepted = (pytester.path / "b.txt").read_text()
    assert "\n    changed: rows of public.names (note)\n" in accepted
    assert "invalid input syntax for type integer (22P02" in accepted
    pytester.runpytest(*run).assert_outcomes(passed=13, xfailed=2, skipped=6)
    pytester.runpytest(*run, "--migrations-update-baseline")
    assert (pytester.path / "b.txt").read_text() == accepted


def test_of_what_a_branch_adds(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_names.sql": NAMES, "002_lossy.sql": LOSSY})
    for command in (["init", "-q", "-b", "base"], ["add", "."], ["commit", "-qm", "base"], ["checkout", "-qb", "work"]):
        git(pytester.path, *command)
    project({"003_again.sql": LOSSY.replace("note", "name")})
    result = pytester.runpytest(*RUN, "--migrations-since=base")
    assert "migrations/003_again.sql::rows" in result.stdout.str()
    assert "migrations/002_lossy.sql::rows" not in result.stdout.str()


def test_over_several_processes(pytester: pytest.Pytester, project: Project) -> None:
    files = {
        "001_names.sql": NAMES,
        "002_strict.sql": STRICT,
        "003_lossy.sql": LOSSY,
        "004_never.sql": NEVER.format("a"),
    }
    project({**files, "005_touch.sql": "ALTER TABLE a ADD b int;\n"})
    result = pytester.runpytest_subprocess(*RUN, "-n2", "--migrations-report=r.json")
    result.assert_outcomes(passed=20, failed=2, skipped=4)
    result.stdout.fnmatch_lines(
        ["*migrations: 1 table holds no row, which proves nothing of them*", "public.a (005_touch.sql): *never"]
    )
    assert results(pytester)["005_touch.sql::rows"]["rows"]["empty"] == {"public.a": "its rows are refused: never"}


def test_tables_without_a_row_are_named_and_counted(pytester: pytest.Pytester, project: Project) -> None:
    tables = [f"t{number:02}" for number in range(23)]
    project(
        {
            "001_tables.sql": "".join(map(NEVER.partition("-- ROLL")[0].format, tables)),
            "002_touch.sql": "".join(f"ALTER TABLE {table} ADD x int;\n" for table in tables),
            "003_touch.sql": "ALTER TABLE t00 ADD y int;\n",
        }
    )
    result = pytester.runpytest(*RUN, "--migrations-report=r.json")
    lines = [line for line in result.outlines if line]
    start = next(number for number, line in enumerate(lines) if "23 tables hold no row" in line)
    assert lines[start + 1] == "public.t00 (002_touch.sql and 1 more): its rows are refused: never"
    assert lines[start + 21] == "... and 3 more: --migrations-report names them"
    assert len(results(pytester)["002_touch.sql::rows"]["rows"]["empty"]) == 23


def test_of_many_tables_the_report_names_some(pytester: pytest.Pytester, project: Project) -> None:
    tables = [f"t{number:02}" for number in range(60)]
    project(
        {
            "001_tables.sql": "".join(f"CREATE TABLE {table} ();\n" for table in tables),
            "002_touch.sql": "".join(f"ALTER TABLE {table} ADD x int;\n" for table in tables),
        }
    )
    pytester.runpytest(*RUN, "--migrations-report=r.json", "-k", "002")
    rows = results(pytester)["002_touch.sql::rows"]["rows"]
    assert (rows["tables"], len(rows["put_in"])) == (60, 50)


ROLE_LOSSY = (
    "GRANT SELECT ON names TO app_reader;\nALTER TABLE names DROP note;\n-- ROLLBACK:\n"
    "-- ALTER TABLE names ADD note text;\n-- REVOKE ALL ON names FROM app_reader;\n-- END ROLLBACK\n"
)


def test_roles_need_a_server_of_their_own(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_roles.sql": ROLES, "002_names.sql": NAMES, "003_lossy.sql": ROLE_LOSSY})
    result = pytester.runpytest(*RUN, EMBEDDED)
    result.assert_outcomes(passed=15, failed=1)
    result.stdout.fnmatch_lines(["migrations/003_lossy.sql:2:1, in the migration:"])
    result.stdout.no_fnmatch_line("*not confirmed*")


def test_on_a_given_server_they_are_not_confirmed(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_roles.sql": ROLES, "002_names.sql": NAMES, "003_lossy.sql": ROLE_LOSSY})
    result = pytester.runpytest(*RUN)
    result.assert_outcomes(passed=15, failed=1)
    result.stdout.fnmatch_lines(
        [
            "  changed      4 rows of public.names (note)",
            "migrations/003_lossy.sql:2:1, in the migration:",
            "not confirmed with real commits: that needs a server of its own",
        ]
    )


def test_what_cannot_be_tried_on_a_given_server_is_skipped(pytester: pytest.Pytester, project: Project) -> None:
    index = "-- No transaction\nCREATE UNIQUE INDEX CONCURRENTLY i ON names (name);\n"
    project({"001_roles.sql": ROLES, "002_names.sql": NAMES, "003_index.sql": index})
    result = pytester.runpytest(*RUN, "-rs", "-k", "003 and rows")
    result.assert_outcomes(skipped=1, deselected=15)
    result.stdout.fnmatch_lines(
        ["SKIPPED*003_index.sql was not tried on rows: not confirmed with real commits: that needs*"]
    )
    pytester.runpytest(*RUN, EMBEDDED, "-k", "003 and rows").assert_outcomes(failed=1, deselected=15)


def test_as_the_owner_of_the_database(pytester: pytest.Pytester, project: Project) -> None:
    project({"001_names.sql": NAMES, "002_strict.sql": STRICT, "003_lossy.sql": LOSSY})
    pytester.runpytest(*RUN, "--migrations-role=owner", EMBEDDED).assert_outcomes(passed=14, failed=2)


def test_rows_of_ones_own_by_a_hook(pytester: pytest.Pytester, project: Project) -> None:
    hook = """
def pytest_migrations_rows(connection, migration):
    if migration.version == "002":
        connection.execute("INSERT INTO names VALUES (7, 'Plato')")
"""
    first = "UPDATE names SET name = 'x' WHERE id = (SELECT 7);\n-- ROLLBACK:\n-- SELECT 1;\n-- END ROLLBACK\n"
    project({"001_names.sql": NAMES, "002_first.sql": first, "003_first.sql": first})
    pytester.makeconftest(hook)
    result = pytester.runpytest(*RUN, "-rs")
    result.assert_outcomes(passed=14, failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        ["    id '7': name 'Plato' -> 'x'", "SKIPPED*no row was changed by the UPDATE in line 1 of 003_first.sql*"]
    )
    pytester.makeconftest(hook.replace("INSERT INTO names VALUES (7, 'Plato')", "COMMIT"))
    result = pytester.runpytest(*RUN)
    result.assert_outcomes(passed=14, failed=1, skipped=1)
    result.stdout.fnmatch_lines(["SQL of the hook pytest_migrations_rows has ended the transaction *"])
    pytester.makeconftest("def pytest_migrations_rows(connection, migration):\n    1 / 0\n")
    result = pytester.runpytest(*RUN, "-k", "002")
    result.assert_outcomes(passed=4, failed=1, deselected=11)
    result.stdout.fnmatch_lines(["*conftest.py:2:5: the hook pytest_migrations_rows failed: ZeroDivisionError: *"])


@pytest.mark.parametrize("roles", [{}, {"000_roles.sql": ROLES}], ids=["", "roles"])
def test_seeds_are_carried_along(pytester: pytest.Pytester, project: Project, roles: dict[str, str]) -> None:
    split = (
        "ALTER TABLE names ADD first text, ADD last text;\n"
        "UPDATE names SET first = split_part(name, ' ', 1), last = split_part(name, ' ', 2);\n"
        "ALTER TABLE names DROP name;\n"
        "-- ROLLBACK:\n-- ALTER TABLE names ADD name text;\n-- UPDATE names SET name = first || ' ' || last;\n"
        "-- ALTER TABLE names DROP first, DROP last;\n-- END ROLLBACK\n"
    )
    moved = (
        "ALTER TABLE names RENAME TO people;\n-- ROLLBACK:\n-- ALTER TABLE people RENAME TO names;\n-- END ROLLBACK\n"
    )
    folder = project({**roles, "001_names.sql": NAMES, "002_moved.sql": moved})
    project({"003_split.sql": split.replace("names", "people")})
    (folder / "seeds").mkdir()
    (folder / "seeds" / "001.sql").write_text("INSERT INTO names VALUES (1, 'Ada Lovelace'), (2, 'Plato');\n")
    result = pytester.runpytest(*RUN, EMBEDDED, "-k", "rows")
    result.assert_outcomes(passed=2 + len(roles), failed=1, deselected=13 + 4 * len(roles))
    result.stdout.fnmatch_lines(
        [
            "  changed      3 rows of public.people (name)",
            "    id '2': name 'Plato' -> 'Plato '",
            "*003_split.sql:3:1, *",
        ]
    )


def test_a_wrong_seed_fails_one_check_alone(pytester: pytest.Pytester, project: Project) -> None:
    folder = project({"001_names.sql": NAMES, "002_users.sql": USERS, "003_none.sql": NO_ROLLBACK})
    (folder / "seeds").mkdir()
    (folder / "seeds" / "001.sql").write_text("INSERT INTO names\nVALUES (1, 2, 3, 4);\n")
    result = pytester.runpytest(*RUN)
    result.assert_outcomes(passed=12, failed=1, skipped=3)
    result.stdout.fnmatch_lines(["A seed does not run,*", "*seeds/001.sql:2:18: INSERT has more expressions *"])
    (folder / "seeds" / "001.sql").rename(folder / "seeds" / "009.sql")
    result = pytester.runpytest(*RUN)
    result.assert_outcomes(passed=10, failed=1, skipped=5)


def test_what_fails_inside_the_trial_alone(
    pytester: pytest.Pytester, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trigger that takes its time, and one that looks for rows forever, end with the filling."""
    monkeypatch.setattr(putting, "_MOST", 1_000)
    sleepy = NEVER.format("a").replace("RAISE ''never''", "PERFORM pg_sleep(60)")
    project({"001_a.sql": sleepy, "002_a.sql": "ALTER TABLE a ADD b int;\n", "003_a.sql": "ALTER TABLE a ADD c int;\n"})
    result = pytester.runpytest(*RUN, "-rs", "-k", "rows")
    result.assert_outcomes(passed=1, skipped=2, deselected=13)
    result.stdout.fnmatch_lines(["SKIPPED*public.a holds no row: putting rows into it takes too long*"])
    assert result.duration < 30


def test_nothing_is_left_on_a_given_server(pytester: pytest.Pytester, project: Project, server_dsn: str) -> None:
    def databases() -> set[str]:
        with psycopg.connect(server_dsn) as connection:
            return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}

    folder = project({"001_names.sql": NAMES, "002_strict.sql": STRICT, "003_lossy.sql": LOSSY})
    (folder / "seeds").mkdir()
    (folder / "seeds" / "001.sql").write_text("INSERT INTO names VALUES (1, 'Ada Lovelace');\n")
    before = databases()
    pytester.runpytest(*RUN)
    assert databases() == before
