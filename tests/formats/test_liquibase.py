"""Liquibase's formatted SQL."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_migrations.migration import History, Script

    Read = Callable[..., History]

HEADER = "--liquibase formatted sql\n"
FILE = """\
-- liquibase formatted sql

-- changeset ann:1 labels:x
-- comment: why
CREATE TABLE a (id int);
CREATE INDEX i ON a (id);
-- rollback DROP INDEX i;
--rollback DROP TABLE a;

--changeset "bob b":two runInTransaction:false
CREATE INDEX CONCURRENTLY j ON a (id)
/* liquibase rollback
  DROP INDEX
  CONCURRENTLY j;
*/
"""


def one(changeset: str) -> str:
    return f"{HEADER}--changeset a:1{changeset}"


def places(script: Script | None) -> list[tuple[str, int, int]]:
    assert script is not None
    return [(s.text, s.place.line, s.place.column) for s in statements(script)]


def messages(history: History) -> list[str]:
    return [problem.message for problem in history.problems]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_changesets(history: Read, ends: str) -> None:
    read = history({"a.sql": FILE.replace("\n", ends)})
    assert read.format == "liquibase"
    first, second = read.migrations
    assert (first.version, first.name, first.part) == ("1", "a.sql::ann:1", "ann:1")
    assert places(first.up) == [("CREATE TABLE a (id int)", 5, 1), ("CREATE INDEX i ON a (id)", 6, 1)]
    assert places(first.down) == [("DROP INDEX i", 7, 13), ("DROP TABLE a", 8, 13)]  # the second stands one to the left
    assert first.up.transactional
    assert second.name == "a.sql::bob b:two"
    assert places(second.up) == [("CREATE INDEX CONCURRENTLY j ON a (id)", 11, 1)]
    assert places(second.down) == [("DROP INDEX\n  CONCURRENTLY j", 13, 3)]
    assert not second.up.transactional
    assert second.down is not None
    assert not second.down.transactional
    assert read.problems == ()


def test_files_are_sorted_by_their_path(history: Read) -> None:
    read = history(dict.fromkeys(["b.sql", "a/2.sql", "a/10.sql", "c/d/x.sql"], one("\nSELECT 1;")))
    assert [m.path.name for m in read.migrations] == ["10.sql", "2.sql", "b.sql", "x.sql"]
    assert read.migrations[3].name == "c/d/x.sql::a:1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" endDelimiter:/\nSELECT 4/2\n/\nSELECT 2\n/", [("SELECT 4/2", 3, 1), ("SELECT 2", 5, 1)]),
        (" endDelimiter:\\n/\nSELECT 4/2\n/\nSELECT 2\n/", [("SELECT 4/2", 3, 1), ("SELECT 2", 5, 1)]),
        (" endDelimiter:GO\nSELECT 1 AS cargo GO SELECT 2", [("SELECT 1 AS cargo", 3, 1), ("SELECT 2", 3, 22)]),
        (" endDelimiter:$$\nSELECT 1 $$\nSELECT 2", [("SELECT 1", 3, 1), ("SELECT 2", 4, 1)]),
        (" endDelimiter:**\nSELECT 1 **\nSELECT 2", [("SELECT 1", 3, 1), ("SELECT 2", 4, 1)]),
        ("\nSELECT 1\nGO\nSELECT 2\n/\nSELECT 3", [("SELECT 1", 3, 1), ("SELECT 2", 5, 1), ("SELECT 3", 7, 1)]),
        ("\n/* x\n*/SELECT 1", [("SELECT 1", 4, 3)]),
        ("\nSELECT 1;\n--ignoreLines:2\nSELECT\n2;\nSELECT 3", [("SELECT 1", 3, 1), ("SELECT 3", 7, 1)]),
        ("\nSELECT 1\n--ignoreLines:start\n--changeset b:2\n--ignoreLines:end\n", [("SELECT 1", 3, 1)]),
        ("\n--validCheckSum: any\nSELECT 1", [("SELECT 1", 4, 1)]),
    ],
)
def test_what_is_sent(history: Read, text: str, expected: list[tuple[str, int, int]]) -> None:
    (migration,) = history({"a.sql": one(text)}).migrations
    assert places(migration.up) == expected


def test_a_rollback_has_delimiters_of_its_own(history: Read) -> None:
    text = " endDelimiter:/ rollbackEndDelimiter:GO\nSELECT 1\n--rollback SELECT 2 GO\n--rollback SELECT 3"
    (migration,) = history({"a.sql": one(text)}).migrations
    assert places(migration.down) == [("SELECT 2", 4, 12), ("SELECT 3", 5, 12)]


@pytest.mark.parametrize(
    ("attributes", "note"),
    [
        ("dbms:mysql", "Changesets for other databases are left out: 1, a.sql::a:2 first."),
        ("dbms:mysql,h2", "Changesets for other databases are left out: 1, a.sql::a:2 first."),
        ("dbms:!postgresql", "Changesets for other databases are left out: 1, a.sql::a:2 first."),
        ("ignore:true", "Changesets that say ignore:true are left out: 1, a.sql::a:2 first."),
        ("dbms:postgresql,h2", None),
        ("dbms:!mysql", None),
        ("dbms:all", None),
        ("ignore:false runAlways:true runOnChange:true", None),
    ],
)
def test_what_is_left_out_is_told(history: Read, attributes: str, note: str | None) -> None:
    read = history({"a.sql": f"{one('')}\nSELECT 1;\n--changeset a:2 {attributes}\nSELECT 2;"})
    assert [m.part for m in read.migrations] == (["a:1", "a:2"] if note is None else ["a:1"])
    assert read.notes == (() if note is None else (note,))


@pytest.mark.parametrize(
    "text",
    [
        " context:test\nSELECT 1;",
        " contextFilter:!prod\nSELECT 1;",
        ' labels:"a b"\nSELECT 1;',
        "\n--preconditions onFail:MARK_RAN\n--precondition-sql-check expectedResult:0 SELECT 0\nSELECT 1;",
    ],
)
def test_what_is_not_asked_is_told(history: Read, text: str) -> None:
    read = history({"a.sql": one(text)})
    assert places(read.migrations[0].up)[0][0] == "SELECT 1"
    (note,) = read.notes
    assert note.startswith("Preconditions, contexts and labels are not asked")


@pytest.mark.parametrize("rollback", ["empty", "not required", "Empty because"])
def test_no_way_back(history: Read, rollback: str) -> None:
    read = history({"a.sql": one(f"\nSELECT 1;\n--rollback {rollback}")})
    assert read.migrations[0].down is None
    assert read.notes == ("Changesets that say that they need no rollback have none here: 1, a.sql::a:1 first.",)


def test_the_rollback_of_another(history: Read) -> None:
    up = one("\nCREATE VIEW v AS SELECT 1;")
    here = "\n--changeset a:2\nDROP VIEW v;\n--rollback changesetId:1 changesetAuthor:a"
    elsewhere = one("\nDROP VIEW v;\n--rollback changesetId:1 changesetAuthor:a changesetPath:db/migrations/a.sql")
    read = history({"a.sql": up + here, "b.sql": elsewhere.replace("db/", "")})
    assert [m.down for m in read.migrations] == [None, read.migrations[0].up, read.migrations[0].up]
    with pytest.raises(UserError, match=r"b\.sql:2:1: this changeset's rollback is that of the changeset a:1"):
        history({"a.sql": up, "b.sql": elsewhere})


def test_properties(history: Read) -> None:
    changeset = "\nCREATE TABLE ${schema}.${ table.name } (x int); -- ${{x}\n--rollback DROP TABLE ${schema}.x;"
    values = ("name:schema value:s dbms:mysql", "name:schema value:p", "name:schema value:q")
    text = one(changeset).replace(HEADER, HEADER + "".join(f"--property {value}\n" for value in values))
    (migration,) = history({"a.sql": text}, placeholders={"table.name": "t"}).migrations
    assert places(migration.up) == [("CREATE TABLE p.t (x int)", 6, 1)]
    assert places(migration.down) == [("DROP TABLE p.x", 7, 12)]
    with pytest.raises(UserError, match=r"a\.sql:6:24: \$\{ table.name \} has no value"):
        history({"a.sql": text})


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("SELECT 0;\n--changeset a:1\nSELECT 1;", "2:1", "passes over what stands before the first changeset"),
        ("--changeset a:1\nSELECT 1;\n--rollback: SELECT 1;", "4:1", "this is no rollback"),
        ("--changeset a:1\n-- comments on it\nSELECT 1;", "3:1", "misspelt --comment"),
        ("--changeset a:1\n--changeset a:2\nSELECT 1;", "2:1", "this changeset has no SQL"),
        ("--changeset a:1\nSELECT 1;\n--changeset a:1\nSELECT 1;", "4:1", "another of this file is called a:1"),
        ("--changeset a:1\nDO $$ DECLARE x int; BEGIN END $$;", "3:4", "cuts this body at a ; in it"),
        ("--changeset a:1\nSELECT 1;\nDO $$ BEGIN IF 1=1 THEN x; END IF; y; END $$;", "4:4", "cuts this body"),
        ("--changeset a:1\nSELECT 1;\n/* liquibase rollback\nDROP\nTABLE x; */", "6:1", "joins the lines"),
        ("--changeset a:1\nSELECT 1;\n/* liquibase rollback\nSELECT 1; -- x\n SELECT 2;\n*/", "6:1", "joins the lines"),
    ],
)
def test_problems(history: Read, text: str, place: str, what: str) -> None:
    (message,) = messages(history({"a.sql": HEADER + text}))
    first = message.splitlines()[0]
    assert f"a.sql:{place}: " in first
    assert what in first


@pytest.mark.parametrize(
    "text",
    [
        "\nDO $$ BEGIN PERFORM 1; END $$;",
        "\nBEGIN TRANSACTION; SELECT '$$'; END TRANSACTION; SELECT $$x$$",
        " splitStatements:false\nDO $$ DECLARE x int; BEGIN END $$;",
        " endDelimiter:/\nDO $$ DECLARE x int; BEGIN END $$\n/",
        "\nCREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1; SELECT 2;'",
        "\nSELECT 1;\n/* liquibase rollback\n  DROP\n  TABLE x;\n*/",
    ],
)
def test_what_liquibase_runs_is_no_problem(history: Read, text: str) -> None:
    assert messages(history({"a.sql": one(text)})) == []


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("--changeset a\nSELECT 1;", "2:1", "this is no changeset"),
        ("-- changeset a: 1\nSELECT 1;", "2:1", "this is no changeset"),
        ("- changeset a:1\nSELECT 1;", "2:1", "this is no changeset"),
        ("--changeset a:1\nSELECT 1;\n/* liquibase rollback\nx", "4:1", "never closed"),
    ],
)
def test_mistakes(history: Read, text: str, place: str, what: str) -> None:
    with pytest.raises(UserError) as caught:
        history({"a.sql": HEADER + text})
    first = str(caught.value).splitlines()[0]
    assert f"a.sql:{place}: " in first
    assert what in first


XML = """<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog">
  <property name="x" value="7"/>
  <include file="db/migrations/sub/b.sql"/>
  <changeSet id="1" author="a"><createTable tableName="t"/></changeSet>
  <includeAll path="more" relativeToChangelogFile="true"/>
</databaseChangeLog>"""
YAML = """databaseChangeLog:
  - property:
      name: x
      value: "7"
  - include:
      file: db/migrations/sub/b.sql  # first
  - changeSet:
      id: 1
      changes:
        - sqlFile:
            path: other.sql
  - includeAll: {path: more/}
"""
JSON = json.dumps(
    {
        "databaseChangeLog": [
            {"property": {"name": "x", "value": 7}},
            {"include": {"file": "sub/b.sql"}},
            {"changeSet": {"id": 1}},
            {"includeAll": {"path": "classpath:db/migrations/more"}},
        ]
    }
)


@pytest.mark.parametrize(("name", "text"), [("m.xml", XML), ("m.yaml", YAML), ("m.yml", YAML), ("m.json", JSON)])
def test_a_changelog_says_the_order(history: Read, name: str, text: str) -> None:
    sql = one("\nSELECT ${x};")
    names = ["a.sql", "sub/b.sql", "more/d.sql", "more/c.sql"]
    read = history(dict.fromkeys(names, sql) | {name: text, "more/raw.sql": "SELECT ${x};", "other.sql": ""})
    assert [m.name for m in read.migrations] == ["sub/b.sql::a:1", "more/c.sql::a:1", "more/d.sql::a:1", "more/raw.sql"]
    assert all(places(m.up)[0][0] == "SELECT 7" for m in read.migrations)
    assert messages(read) == [
        f"a.sql is not run, since no changelog includes it ({name}): include it, or move it out of this folder."
    ]
    assert read.notes == (f"Changesets in {name} that are not SQL are left out: 1.",)


def test_a_changelog_may_lie_deeper(history: Read) -> None:
    sql = one("\nSELECT 1;")
    master = '<databaseChangeLog><include file="db/migrations/x/1/m.xml"/></databaseChangeLog>'
    first = "".join(f'<include file="{name}" relativeToChangelogFile="true"/>' for name in ("b.sql", "a.sql"))
    files = {"x/m.xml": master, "x/1/m.xml": f"<databaseChangeLog>{first}</databaseChangeLog>"}
    files |= {"x/1/a.sql": sql, "x/1/b.sql": sql}
    assert [m.path.name for m in history(files).migrations] == ["b.sql", "a.sql"]


def test_what_is_included_twice_runs_once_and_where_the_root_says(history: Read) -> None:
    includes = "".join(f'<include file="{name}"/>' for name in ("b.sql", "a.xml", "b.sql"))
    files = {
        "a.xml": '<databaseChangeLog><include file="a.sql"/></databaseChangeLog>',
        "z.xml": f"<databaseChangeLog>{includes}</databaseChangeLog>",
    }
    read = history(dict.fromkeys(["a.sql", "b.sql"], one("\nSELECT 1;")) | files)
    assert [m.path.name for m in read.migrations] == ["b.sql", "a.sql"]
    assert messages(read) == []


def test_changelogs_include_changelogs(history: Read) -> None:
    includes = "".join(f'<include file="{name}"/>' for name in ("a.sql", "sub/n.yaml", "gone.sql"))
    files = {
        "a.sql": one("\nSELECT 1;"),
        "sub/b.sql": one("\nSELECT 1;"),
        "z.xml": '<databaseChangeLog><include file="m.xml"/></databaseChangeLog>',
        "m.xml": f"<databaseChangeLog>{includes}</databaseChangeLog>",
        "sub/n.yaml": "databaseChangeLog:\n- include:\n    file: b.sql\n- include:\n    file: ../z.xml\n",
        "pom.xml": "<project/>",
    }
    read = history(files)
    assert [m.path.name for m in read.migrations] == ["a.sql", "b.sql"]
    (message,) = messages(read)
    assert message.startswith("m.xml includes gone.sql, which is not in this folder")


@pytest.mark.parametrize(("name", "text"), [("m.xml", "<databaseChangeLog>"), ("m.json", '{"databaseChangeLog": [')])
def test_a_changelog_that_cannot_be_read(history: Read, name: str, text: str) -> None:
    with pytest.raises(UserError, match=rf"m\.{name[2:]}.* is no {name[2:].upper()}"):
        history({"a.sql": one("\nSELECT 1;"), name: text})


@pytest.mark.parametrize("below", ["", "changes/"])
def test_changesets_that_are_not_sql(history: Read, below: str) -> None:
    changeset = "databaseChangeLog:\n  - changeSet:\n      id: 1\n"
    master = "databaseChangeLog:\n  - includeAll:\n      path: changes\n"
    with pytest.raises(UserError, match=r"m\.yaml: the changesets of this changelog are not written in SQL"):
        history({f"{below}1.yaml": changeset, "m.yaml": master} if below else {"m.yaml": changeset})


def test_files_that_changesets_in_yaml_run_are_not_read_as_changesets(history: Read) -> None:
    changeset = "databaseChangeLog:\n  - changeSet:\n      changes:\n        - sqlFile:\n            path: a.sql\n"
    with pytest.raises(UserError, match=r"m\.yaml: the changesets of this changelog are not written in SQL"):
        history({"a.sql": "-- Liquibase formatted SQL is optional\nSELECT 1;", "m.yaml": changeset})


def test_files_that_do_not_say_so_are_told(history: Read) -> None:
    (message,) = messages(history({"a.sql": one("\nSELECT 1;"), "b.sql": "SELECT 1;"}))
    assert re.match(r"b\.sql is not run, since its first line is not", message)


@pytest.mark.parametrize(
    ("format_name", "files"),
    [
        ("liquibase", {"1_a.sql": "\n\n-- LIQUIBASE  formatted SQL\n--changeset a:1\nSELECT 1;"}),
        ("liquibase", {"sub/a.sql": FILE}),
        ("liquibase", {"1_a.sql": "\ufeff" + FILE, "2_b.sql": ""}),
        ("liquibase", {"1_a.sql": FILE, "atlas.sum": ""}),
        ("ours", {"1_a.sql": "-- not liquibase formatted sql\n"}),
        ("ours", {"1_a.sql": "SELECT 1;\n--liquibase formatted sql\n"}),
    ],
)
def test_detection(history: Read, format_name: str, files: dict[str, str]) -> None:
    assert history(files).format == format_name


def test_on_a_server(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    project(
        {
            "a.sql": FILE,
            "b.sql": one(" endDelimiter:/\nCREATE TABLE b ()\n/\nCREATE TABLE c ()\n--rollback DROP TABLE b;"),
        }
    )
    result = pytester.runpytest("--migrations-dir=migrations", "-v")
    result.assert_outcomes(passed=11, failed=2)
    result.stdout.fnmatch_lines(
        [
            "migrations: 3 in migrations/ (liquibase)*",
            "migrations/a.sql::ann:1::roundtrip PASSED*",
            "migrations/a.sql::bob b:two::roundtrip PASSED*",
            "migrations/b.sql::a:1::roundtrip FAILED*",
            "left behind *table *public.c*",
            "migrations/b.sql:5:1, in the migration:",
        ]
    )
