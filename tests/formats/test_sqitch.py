"""Sqitch's plan, its scripts, and what psql makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.formats import read_history
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_migrations.migration import History, Migration

    Read = Callable[..., History]
    Write = Callable[[Mapping[str, str | bytes]], Path]

WHEN = "2024-01-31T12:00:00Z Margé N. O'Vera <marge@example.com>"


def plan(*lines: str) -> str:
    """A plan of these changes and tags, each planned by somebody."""
    return "%syntax-version=1.0.0\n%project=app\n%uri=https://example.com/ # home\n\n" + "".join(
        f"{line} {WHEN} # why\n" if line else "\n" for line in lines
    )


def scripts(*names: str, kinds: tuple[str, ...] = ("deploy", "revert", "verify")) -> dict[str, str]:
    return {f"{kind}/{name}.sql": f"-- {kind} {name}\nSELECT 1;" for kind in kinds for name in names}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_migrations(history: Read, ends: str) -> None:
    text = plan("schemas/app", "@v1", "", "users [schemas/app @v1 !old]", "+last-one [users schemas/app@v1]")
    read = history({"sqitch.plan": text.replace("\n", ends)} | scripts("schemas/app", "users", "last-one"))
    assert read.format == "sqitch"
    assert [(m.version, m.name, m.dependencies) for m in read.migrations] == [
        ("schemas/app", "deploy/schemas/app.sql", ()),
        ("users", "deploy/users.sql", ("schemas/app", "@v1")),
        ("last-one", "deploy/last-one.sql", ("users", "schemas/app@v1")),
    ]
    migration = read.migrations[0]
    assert migration.down is not None
    assert migration.verify is not None
    assert migration.down.text == "-- revert schemas/app\nSELECT 1;"
    assert migration.verify.text == "-- verify schemas/app\nSELECT 1;"
    assert not (migration.up.transactional or migration.down.transactional or migration.verify.transactional)
    assert read.problems == ()
    assert read.notes == ()


def test_an_earlier_version_of_a_change_has_the_tag_in_its_name(history: Read) -> None:
    text = plan("f", "g", "@v1", "f [f@v1]", "@v2", "@v2b", "h", "@v3", "f [f@v2]", "g [g@v1]")
    files = scripts("f@v1", "f@v2", "f", "g@v3", "g", "h")
    read = history({"sqitch.plan": text} | files)
    assert [m.version for m in read.migrations] == ["f@v1", "g@v3", "f@v2", "h", "f", "g"]
    assert [m.down.path.name for m in read.migrations if m.down] == [f"{m.version}.sql" for m in read.migrations]
    assert read.problems == ()


@pytest.mark.parametrize(
    ("lines", "place", "what"),
    [
        ("%project=app\nusers\n", "2:1", "this is no pragma"),
        ("%syntax-version=1.0.0\n\n" + f"users {WHEN}\n", "1:1", "does not name its project"),
        (plan() + "users\n", "5:1", "does not understand this line"),
        (plan() + "users 2024-01-31T12:00:00Z\n", "5:1", "does not understand this line"),
        (plan("us:ers"), "5:1", "does not understand this line"),
        (plan("HEAD"), "5:1", "does not understand this line"),
        (plan("users [a b:]"), "5:1", "b: is no dependency"),
        (plan("@v1"), "5:1", "a tag stands behind a change"),
        (plan("users", "@v1", "posts", "@v1"), "8:1", "is given once"),
    ],
)
def test_lines_that_sqitch_does_not_understand(history: Read, lines: str, place: str, what: str) -> None:
    with pytest.raises(UserError) as caught:
        history({"sqitch.plan": lines} | scripts("users"))
    first = str(caught.value).splitlines()[0]
    assert f"sqitch.plan:{place}: " in first
    assert what in first


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("a [b]", "b"), "sqitch.plan:5: a requires b, which comes later: move it down"),
        (("a", "b [c]"), "sqitch.plan:6: b requires c, which the plan does not have"),
        (("a", "b [a@v1]", "@v1"), "sqitch.plan:6: b requires a@v1, which comes later"),
        (("a [a]", "b"), "sqitch.plan:5: a requires a, which comes later"),
        (("a", "b [!a]"), "sqitch.plan:6: b conflicts with a, which comes before it"),
        (("a", "b", "a"), "sqitch.plan:7: a is planned in line 5 as well without a tag between them"),
    ],
)
def test_problems_of_the_plan(history: Read, lines: tuple[str, ...], message: str) -> None:
    (problem,) = history({"sqitch.plan": plan(*lines)} | scripts("a", "b")).problems
    assert problem.message.startswith(message)


def test_scripts_that_are_missing_or_that_no_plan_names(history: Read) -> None:
    files = scripts("b", kinds=("deploy",)) | scripts("c", "sub/d")
    read = history({"sqitch.plan": plan("a", "b", "c [x:y !z:w]")} | files)
    assert [m.name for m in read.migrations] == ["deploy/b.sql", "deploy/c.sql"]
    assert (read.migrations[0].down, read.migrations[0].verify) == (None, None)
    assert [problem.message.split(",")[0] for problem in read.problems] == [
        "deploy/a.sql does not exist",
        "deploy/sub/d.sql is not run",
    ]
    assert read.notes == (
        "changes of other projects are required and not checked: x:y, z:w",
        "without a revert script, which Sqitch wants before it reverts: b",
    )


@pytest.mark.parametrize(
    ("conf", "files"),
    [
        ("[core]\n\ttop_dir = db # here\n", {"db/sqitch.plan": "", "db/deploy/a.sql": "", "db/revert/a.sql": ""}),
        (
            '[core]\n\tengine = pg\n\ttop_dir = x\n[engine "pg"]\n\ttop_dir = "db"\n\textension = ddl\n',
            {"db/sqitch.plan": "", "db/deploy/a.ddl": "", "db/revert/a.ddl": ""},
        ),
        (
            '[engine "pg"]\ntarget = prod\n[target "prod"]\nplan_file = pg.plan\ndeploy_dir = up\nrevert_dir = down\n',
            {"pg.plan": "", "up/a.sql": "", "down/a.sql": ""},
        ),
    ],
)
def test_where_sqitch_conf_puts_the_files(history: Read, conf: str, files: dict[str, str]) -> None:
    written = {name: plan("a") if name.endswith(".plan") else "SELECT 1;" for name in files}
    read = history({"sqitch.conf": conf} | written)
    assert read.format == "sqitch"
    assert [m.name for m in read.migrations] == [name for name in files if "deploy/" in name or "up/" in name]
    assert read.migrations[0].down is not None
    assert read.problems == ()


def test_sqitch_conf_above_the_folder_counts_if_it_means_it(folder: Write, tmp_path: Path) -> None:
    path = folder({"sqitch.plan": plan("a"), "up/a.sql": "", "deploy/a.sql": ""})
    conf = tmp_path / "sqitch.conf"
    conf.write_text("[core]\ntop_dir = migrations\ndeploy_dir = migrations/up\n")
    assert read_history(path, "sqitch").migrations[0].name == "up/a.sql"
    conf.write_text("[core]\ntop_dir = elsewhere\ndeploy_dir = migrations/up\n")
    assert read_history(path, "sqitch").migrations[0].name == "deploy/a.sql"


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"sqitch.conf": ""}, r"migrations/sqitch\.plan: no such plan\."),
        ({"sqitch.plan": plan("a"), "sqitch.conf": "[core]\nengine = mysql"}, "its engine is mysql"),
        ({"sqitch.plan": plan("a"), "sqitch.conf": "[core]\ndeploy_dir = .."}, r"a\.sql is not below"),
        ({"sqitch.plan": b"\xff"}, "is not UTF-8"),
    ],
)
def test_folders_that_cannot_be_read(history: Read, tmp_path: Path, files: dict[str, str | bytes], what: str) -> None:
    (tmp_path / "a.sql").touch()
    with pytest.raises(UserError, match=what):
        history(files)


@pytest.fixture
def one(history: Read) -> Callable[..., Migration]:
    def read(text: str, conf: str = "", placeholders: dict[str, str] | None = None) -> Migration:
        files = {"sqitch.plan": plan("a"), "sqitch.conf": conf, "deploy/a.sql": text, "revert/a.sql": ""}
        (migration,) = history(files, placeholders=placeholders).migrations
        return migration

    return read


CONF = '[core "variables"]\nwho = core\n[deploy "variables"]\nwho = me\nTable = t "x"\n'


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("SELECT :'who', :who, :\"who\";", "SELECT 'it''s', it's, \"it's\";"),
        ("SELECT ':who', \":who\", $$ :who $$, $q$ $$ :'who' $q$, E'\\':who' -- :'who'\n/* :'who' */;", None),
        ("SELECT x::who, f(y := 1), z[1:n], z[:n], JSON_OBJECT('a':'b'), a$b$::who, c$b$;", None),
        ('SELECT :"registry";', 'SELECT "sqitch";'),
        ("\\set ON_ERROR_STOP 1\n  \\set QUIET on\r\n\\pset pager off\n\\echo it's\nSELECT 1;", "\n\r\n\n\nSELECT 1;"),
        (
            "\\set who 'a '' b'\nSELECT :'who', :who;\n\\set who c\nSELECT :who;",
            "\nSELECT 'a '' b', a ' b;\n\nSELECT c;",
        ),
        ("\\set who `cat secret`\nSELECT :'who';", "\nSELECT 'it''s';"),
        ("\\set ON_ERROR_STOP off\n\\i other.sql\n\\gexec", None),
    ],
)
def test_what_psql_sends(one: Callable[..., Migration], text: str, sent: str | None) -> None:
    migration = one(text, CONF, {"who": "it's"})
    assert migration.up.text == (text if sent is None else sent)
    assert migration.up.source == text


def test_variables_of_sqitch_conf(one: Callable[..., Migration]) -> None:
    assert one("SELECT :'who', :\"Table\";", CONF).up.text == 'SELECT \'me\', "t ""x""";'


@pytest.mark.parametrize(
    ("text", "place"),
    [("\nSELECT :'who';", "2:8"), (":who", "1:1"), ("SELECT x(:who)", "1:10"), ("\\set who `id`\n", "1:6")],
)
def test_a_variable_whose_value_is_not_known(one: Callable[..., Migration], text: str, place: str) -> None:
    with pytest.raises(UserError) as caught:
        one(text)
    message = str(caught.value)
    assert f"deploy/a.sql:{place}: the value of the psql variable who is not known" in message.splitlines()[0]
    assert "migrations_placeholders: who = value" in message


def test_places_stay(one: Callable[..., Migration]) -> None:
    up = one("\\set ON_ERROR_STOP on\nBEGIN;\n-- é\nSELECT 1;\nCOMMIT;\n").up
    assert [(s.text, s.place.line) for s in statements(up)] == [("BEGIN", 2), ("SELECT 1", 4), ("COMMIT", 5)]


@pytest.mark.parametrize(
    ("format_name", "files"),
    [
        ("sqitch", {"sqitch.plan": plan("V1__a"), "deploy/V1__a.sql": ""}),
        ("ours", {"deploy/a.sql": "", "revert/a.sql": "", "001_a.sql": ""}),
        ("goose", {"sqitch.txt": "", "1_a.sql": "-- +goose Up\n"}),
    ],
)
def test_detection(history: Read, format_name: str, files: dict[str, str]) -> None:
    assert history(files).format == format_name


def test_a_folder_is_proved(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    project({"sqitch.plan": plan("users", "two")})
    project(
        {
            "users.sql": "\\set name users\nBEGIN;\nCREATE TABLE :name (id int);\nCOMMIT;\n",
            "two.sql": "CREATE TABLE kept ();\nCREATE TABLE users ();\n",
        },
        "migrations/deploy",
    )
    project({"users.sql": "BEGIN;\nDROP TABLE users;\nCOMMIT;\n"}, "migrations/revert")
    result = pytester.runpytest("--migrations-dir=migrations", "-v")
    result.assert_outcomes(passed=5, failed=1, skipped=3)
    result.stdout.fnmatch_lines(
        [
            "migrations: 2 in migrations/ (sqitch)",
            "migrations/deploy/users.sql::roundtrip PASSED*",
            '*deploy/two.sql:2:14: relation "users" already exists*',
            "*before*kept*",
        ]
    )
