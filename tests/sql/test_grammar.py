"""Exact statements with their places, and comments that are really comments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_migrations.migration import Script
from pytest_migrations.sql.grammar import UnfinishedError, line_comments, quoted, statements, tree_of, within
from pytest_migrations.sql.traits import Trait

if TYPE_CHECKING:
    import psycopg

ATOMIC = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END"
NESTED_BODY = "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $f$\nBEGIN EXECUTE $$;'$$; -- '\nEND $f$"
RULE = "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b)"


def split(text: str) -> list[tuple[int, int, str]]:
    script = Script(Path("x.sql"), text, text)
    return [(s.place.line, s.place.column, s.text) for s in statements(script)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1", [(1, 1, "SELECT 1")]),
        ("SELECT 'é🐘'; SELECT 2", [(1, 1, "SELECT 'é🐘'"), (1, 14, "SELECT 2")]),
        ("-- é🐘\n\n  SELECT 'é' ;\n\tSELECT 2;", [(3, 3, "SELECT 'é'"), (4, 2, "SELECT 2")]),
        ('SELECT "🐘" AS é;SELECT é', [(1, 1, 'SELECT "🐘" AS é'), (1, 17, "SELECT é")]),
        (f"{ATOMIC}; SELECT 3;", [(1, 1, ATOMIC), (1, 71, "SELECT 3")]),
        (f"{NESTED_BODY};\nSELECT 3;", [(1, 1, NESTED_BODY), (4, 1, "SELECT 3")]),
        (f"{RULE};SELECT 3", [(1, 1, RULE), (1, 67, "SELECT 3")]),
        ("SELECT $$;$$, $a$ $$;$a$; SELECT 2", [(1, 1, "SELECT $$;$$, $a$ $$;$a$"), (1, 27, "SELECT 2")]),
        ("SELECT 1;\r\nSELECT '\r\n';\r\n", [(1, 1, "SELECT 1"), (2, 1, "SELECT '\r\n'")]),
        ("/* a /* ; */ ' */ SELECT 1;", [(1, 19, "SELECT 1")]),
        ("SELECT 1; /* a */ -- ' ;\n /* b */ SELECT 2;", [(1, 1, "SELECT 1"), (2, 10, "SELECT 2")]),
        ("SELECT 1; -- a\rSELECT 2", [(1, 1, "SELECT 1"), (1, 16, "SELECT 2")]),
        ("SELECT /* in */ 1 -- in\n + 2;", [(1, 1, "SELECT /* in */ 1 -- in\n + 2")]),
        ("SELECT 1 -- x\n/* y */", [(1, 1, "SELECT 1")]),
        ("SELECT 'é' /* a /* é */ c */ -- '\n", [(1, 1, "SELECT 'é'")]),
        ("SELECT 1 /* x */; SELECT 2 -- é\n;", [(1, 1, "SELECT 1"), (1, 19, "SELECT 2")]),
        ("SELECT 'a--b'", [(1, 1, "SELECT 'a--b'")]),
        ("SELECT '*/'", [(1, 1, "SELECT '*/'")]),
        (";;SELECT 1;;\n;SELECT 2;;", [(1, 3, "SELECT 1"), (2, 2, "SELECT 2")]),
        ("SELECT 1 ; ; ", [(1, 1, "SELECT 1")]),
    ],
)
def test_statements(text: str, expected: list[tuple[int, int, str]]) -> None:
    assert split(text) == expected


@pytest.mark.parametrize("text", ["", " \n\t", "-- nothing", "/* nothing /* at */ all */", ";", ";;\n;", "-- a\n;-- b"])
def test_no_statements(text: str) -> None:
    assert split(text) == []


@pytest.mark.parametrize(
    "text",
    ["SELEC 1;\n SELECT 2; -- x", "SELECT 'a", "DO $$ x", "\\d users", "COPY t FROM STDIN;\n1\t2\n\\.", "SELECT é.;"],
)
def test_what_the_grammar_rejects_comes_back_whole(text: str) -> None:
    script = Script(Path("x.sql"), text, text)
    (statement,) = statements(script)
    assert (statement.offset, statement.text, statement.kind) == (0, text, "")


def test_what_the_grammar_rejects_begins_behind_its_comments() -> None:
    assert split("-- é\n/* x */ SELEC 1;\n") == [(2, 9, "SELEC 1;")]


def test_a_statement_that_is_nested_deeply_does_not_hide_the_others() -> None:
    """Protobuf reads 100 levels: an expression of fifty texts that are joined has more."""
    text = f"CREATE TABLE t (a int); SELECT {' || '.join(['1'] * 60)};\n/**/ VACUUM t;"
    create, select, vacuum = statements(Script(Path("x.sql"), text, text))
    assert (create.kind, create.creates) == ("create_stmt", (("relation", "t"),))
    assert (select.kind, select.offset, select.text[-6:]) == ("select_stmt", 24, "1 || 1")
    assert (vacuum.kind, vacuum.text, vacuum.traits) == ("vacuum_stmt", "VACUUM t", Trait.OUTSIDE_TRANSACTION)


def test_what_is_nested_too_deeply_for_anything_comes_back_whole() -> None:
    text = f"SELECT 1; SELECT {' || '.join(['1'] * 9000)}"
    (statement,) = statements(Script(Path("x.sql"), text, text))
    assert statement.kind == ""


def test_the_kind_is_the_grammars_name() -> None:
    script = Script(Path("x.sql"), "", "CREATE TABLE a (); DROP TABLE a; ALTER TABLE a ADD b int;")
    assert [s.kind for s in statements(script)] == ["create_stmt", "drop_stmt", "alter_table_stmt"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-- a\nSELECT 1; --b", [(0, "-- a"), (15, "--b")]),
        ("SELECT '-- a'; -- 🐘\r\n  -- é", [(15, "-- 🐘"), (23, "-- é")]),
        ("SELECT 'é' -- a", [(11, "-- a")]),
        ("DO $$ -- a\n$$; /* -- b */ SELECT \"-- c\", E'\\'-- d'", []),
        ("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; -- a\nEND", [(55, "-- a")]),
        ("\\d x\n-- a", [(5, "-- a")]),
        ("SELEC; -- a", [(7, "-- a")]),
    ],
)
def test_line_comments(text: str, expected: list[tuple[int, str]]) -> None:
    assert [(comment.offset, comment.text) for comment in line_comments(text)] == expected


@pytest.mark.parametrize(
    ("text", "offset", "what"),
    [
        ("-- é\nSELECT 'a;\n-- b", 12, "unterminated quoted string"),
        ("-- 🐘\nDO $é$ x;\n-- b", 8, "unterminated dollar-quoted string"),
        ("SELECT 1; /* /* */ x\n-- b", 10, "unterminated /\\* comment"),
        ('SELECT "é\n-- b', 7, "unterminated quoted identifier"),
    ],
)
def test_what_never_ends(text: str, offset: int, what: str) -> None:
    with pytest.raises(UnfinishedError, match=what) as caught:
        list(line_comments(text))
    assert caught.value.offset == offset


PIECES = st.sampled_from(
    ["SELECT 1", "SELECT 'é;🐘'", 'SELECT 1 AS "a;b"', "SELECT $$;\n'$$", "SELECT /* ; */ 2", ATOMIC, NESTED_BODY, RULE]
)
BETWEEN = st.sampled_from(
    [";", " ; ", ";\n", ";\r\n", ";\n-- é ;\n", "; /* ; /* é */ */ ", ";;\n;", " -- x\n;", "/* y */;"]
)


@given(st.lists(st.tuples(PIECES, BETWEEN)), st.sampled_from(["", "-- é\n", "\r\n\t", ";", "/* 🐘 */"]))
def test_what_is_joined_comes_apart(pieces: list[tuple[str, str]], before: str) -> None:
    text = before + "".join(statement + between for statement, between in pieces)
    script = Script(Path("x.sql"), text, text)
    assert [s.text for s in statements(script)] == [statement for statement, _ in pieces]
    for statement in statements(script):
        assert text.startswith(statement.text, statement.offset)


def test_names_are_quoted_as_the_server_quotes_them(connection: psycopg.Connection) -> None:
    keywords = [word for (word,) in connection.execute("select word from pg_get_keywords()")]
    for name in [*keywords, "a", "A", "_1", "1a", "a.b", 'q"uote', "é", "a$", "a b", "n" * 63]:
        assert connection.execute("select quote_ident(%s)", (name,)).fetchone() == (quoted(name),)


def test_a_statement_has_its_tree(tmp_path: Path) -> None:
    text = "/* é */ CREATE TABLE a (); -- first\nDROP TABLE a, b;"
    create, drop = statements(Script(tmp_path / "x.sql", text, text))
    assert tree_of(create).relation.relname == "a"
    names = [node.sval for name, node in within(tree_of(drop)) if name == "string"]
    assert names == ["a", "b"]
