"""tern's halves of files, and its templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from tests.places import places

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_migrations.migration import History, Migration

    Read = Callable[..., History]

LINE = "---- create above / drop below ----"
FILE = f"-- why\n\nCREATE TABLE a ();\n\n{LINE}\n\nDROP TABLE a; -- é\n"


@pytest.fixture
def one(history: Read) -> Callable[..., Migration]:
    def read(text: str, **placeholders: str) -> Migration:
        (migration,) = history({"001_a.sql": text}, "tern", placeholders).migrations
        return migration

    return read


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_halves(history: Read, ends: str, mark: str) -> None:
    read = history({"001_a.sql": mark + FILE.replace("\n", ends)})
    assert (read.format, read.problems) == ("tern", ())
    (migration,) = read.migrations
    assert (migration.version, migration.name) == ("1", "001_a.sql")
    assert places(migration.up) == [("CREATE TABLE a ()", "001_a.sql:3:1")]
    assert places(migration.down) == [("DROP TABLE a", "001_a.sql:7:1")]
    assert migration.up.transactional


@pytest.mark.parametrize("text", ["SELECT 1;", f"SELECT 1;\n{LINE}", f"SELECT 1;\n{LINE}\n \n"])
def test_no_way_back(one: Callable[..., Migration], text: str) -> None:
    assert one(text).down is None


def test_each_half_disables_its_own_transaction(one: Callable[..., Migration]) -> None:
    migration = one(f"---- tern: disable-tx ----\nSELECT 1;\n{LINE}\nSELECT 2;\n")
    assert migration.down is not None
    assert (migration.up.transactional, migration.down.transactional) == (False, True)


def test_values_are_filled_in_and_stand_where_they_are_named(one: Callable[..., Migration]) -> None:
    migration = one(
        "CREATE SCHEMA {{.name}}; SELECT 1;\n{{ .sql }} SELECT 2;\n" + LINE + "\n  DROP SCHEMA {{.name}}; SELECT 3;",
        name="a_long_one",
        sql="SELECT 4;\nSELECT 5;",
    )
    assert places(migration.up) == [
        ("CREATE SCHEMA a_long_one", "001_a.sql:1:1"),
        ("SELECT 1", "001_a.sql:1:26"),
        ("SELECT 4", "001_a.sql:2:1"),
        ("SELECT 5", "001_a.sql:2:1"),
        ("SELECT 2", "001_a.sql:2:12"),
    ]
    assert places(migration.down) == [("DROP SCHEMA a_long_one", "001_a.sql:4:3"), ("SELECT 3", "001_a.sql:4:26")]


@pytest.mark.parametrize("conf", ["tern.conf", "../tern.conf"])
def test_values_of_tern_conf(history: Read, conf: str) -> None:
    data = '[database]\na = no\n[data]\n# b = no\na = 1\nb=2\nc = {{env "C"}}\n[ssh-tunnel]\na = no\n'
    read = history({"001_a.sql": "SELECT {{.a}}, {{.b}}, {{.c}}", conf: data}, None, {"b": "22", "c": "3"})
    assert read.format == "tern"
    assert places(read.migrations[0].up) == [("SELECT 1, 22, 3", "001_a.sql:1:1")]


def test_includes_keep_the_places_of_their_files(history: Read) -> None:
    read = history(
        {
            "001_a.sql": 'SELECT 1;\n{{ template "shared/x.sql" . }} SELECT 2;\n'
            + LINE
            + '\n{{template "shared/x.sql" .}}',
            "shared/x.sql": '-- x\nSELECT {{.n}};\n{{template "shared/deep/y.sql" .}}\nSELECT 4;',
            "shared/deep/y.sql": " SELECT 3;",
        },
        placeholders={"n": "10"},
    )
    (migration,) = read.migrations
    included = [("SELECT 10", "x.sql:2:1"), ("SELECT 3", "y.sql:1:2"), ("SELECT 4", "x.sql:4:1")]
    assert places(migration.up) == [("SELECT 1", "001_a.sql:1:1"), *included, ("SELECT 2", "001_a.sql:2:33")]
    assert places(migration.down) == included
    assert read.problems == ()


@pytest.mark.parametrize(
    ("text", "place", "what", "remedy"),
    [
        ("SELECT 1;\n SELECT {{.n}};", "001_a.sql:2:9", "n has no value", "migrations_placeholders: n = value"),
        ("SELECT {{sub 43 1}};", "001_a.sql:1:8", "is not known here", "write into the file"),
        ("SELECT {{- .n -}};", "001_a.sql:1:8", "is not known here", "write into the file"),
        ("SELECT '{{1,2},{3,4}}';", "001_a.sql:1:9", "is not known here", "need a blank between them"),
        ("SELECT 1; {{ .n", "001_a.sql:1:11", "is never closed", "}}"),
        ('{{template "shared/y.sql" .}}', "001_a.sql:1:1", "no file shared/y.sql", "path below the folder"),
        ('{{template "001_a.sql" .}}', "001_a.sql:1:1", "no file 001_a.sql", "path below the folder"),
        ('{{template "shared/x.sql"}}', "001_a.sql:1:1", "is not known here", "write into the file"),
        ('{{template "shared/loop.sql" .}}', "loop.sql:1:3", "shared/loop.sql includes itself", "Take one"),
        ("SELECT 1;\n--- create above / drop below ---\n", "001_a.sql:2:1", "a mere comment", LINE),
    ],
)
def test_mistakes(history: Read, text: str, place: str, what: str, remedy: str) -> None:
    with pytest.raises(UserError) as caught:
        history(
            {"001_a.sql": text, "shared/x.sql": "", "shared/loop.sql": '  {{template "shared/loop.sql" .}}'}, "tern"
        )
    first, *_, last = str(caught.value).splitlines()
    assert f"{place}: " in first
    assert what in first
    assert "^" in str(caught.value)
    assert remedy in last


@pytest.mark.parametrize(
    ("files", "path", "what"),
    [
        ({"001_a.sql": FILE, "003_c.sql": FILE}, "003_c.sql", "003_c.sql stands where 2 should"),
        ({"000_a.sql": FILE}, "000_a.sql", "000_a.sql stands where 1 should"),
        ({"20240101_a.sql": FILE}, "20240101_a.sql", "numbers from 1 on without a gap"),
        ({"001_a.sql": FILE, "01_b.sql": FILE}, "01_b.sql", "has the version 1, and so has"),
        ({"001_a.sql": FILE, "002.sql": ""}, "002.sql", "is not run"),
        ({"001_a.sql": f"-- nothing\n{LINE}\nSELECT 1;"}, "001_a.sql", "no SQL to apply"),
        (
            {"001_a.sql": "---- tern: disable-tx ----\r\nSELECT 1;"},
            "001_a.sql",
            "001_a.sql:1:1: tern uses a transaction",
        ),
        ({"001_a.sql": "SELECT 1;\n-- tern: disable-tx\n"}, "001_a.sql", "001_a.sql:2:1: tern uses a transaction"),
    ],
)
def test_problems(history: Read, files: dict[str, str], path: str, what: str) -> None:
    (problem,) = history(files, "tern").problems
    assert problem.path.name == path
    assert what in problem.message


def test_order(history: Read) -> None:
    read = history(dict.fromkeys([f"{number}_a.sql" for number in range(1, 11)], FILE))
    assert [migration.version for migration in read.migrations] == [str(number) for number in range(1, 11)]
    assert read.problems == ()


@pytest.mark.parametrize(
    ("format_name", "files"),
    [
        ("tern", {"001_a.sql": FILE, "002_b.sql": "SELECT 1;"}),
        ("tern", {"001_a.sql": "", "tern.conf": ""}),
        ("ours", {"001_a.sql": "-- create above\nSELECT 1;"}),
        ("goose", {"001_a.sql": "-- +goose Up\nSELECT '{{.a}}';"}),
    ],
)
def test_neighbours(history: Read, format_name: str, files: dict[str, str]) -> None:
    assert history(files).format == format_name


def test_a_slip_of_the_line_is_no_other_format(history: Read) -> None:
    with pytest.raises(UserError, match="tern takes this line for a mere comment"):
        history({"001_a.sql": FILE.replace(LINE, "-- Create Above / drop below")})


def test_it_is_proved(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    project({"v.sql": "CREATE VIEW {{.prefix}}_v AS SELECT 1 FROM no_table;"}, "migrations/shared")
    project(
        {
            "001_a.sql": f"CREATE TABLE {{{{.prefix}}}}_t (x int);\n{LINE}\nDROP TABLE {{{{.prefix}}}}_t;",
            "002_b.sql": "---- tern: disable-tx ----\nCREATE INDEX CONCURRENTLY i ON app_t (x);\n"
            f"{LINE}\nDROP INDEX i;",
            "003_c.sql": '\n{{ template "shared/v.sql" . }}\n',
        }
    )
    pytester.makeini("[pytest]\nmigrations_dir = migrations\nmigrations_placeholders =\n    prefix = app\n")
    result = pytester.runpytest()
    result.assert_outcomes(passed=9, failed=1, skipped=3)
    result.stdout.fnmatch_lines(
        ['migrations/shared/v.sql:1:44: relation "no_table" does not exist*', "*CREATE VIEW {{.prefix}}_v AS SELECT*"]
    )


def test_its_own_table_is_there(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    project({"001_a.sql": f"ALTER TABLE schema_version ADD COLUMN at timestamptz;\n{LINE}\nSELECT 1;"})
    result = pytester.runpytest("--migrations-dir=migrations", "migrations")
    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines(["left behind  column  public.schema_version.at*"])
