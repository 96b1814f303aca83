"""Our own format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_migrations.errors import UserError
from pytest_migrations.formats.detection import read_history
from pytest_migrations.formats.ours.rollback_block import split_rollback
from pytest_migrations.migration import Script
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History, Migration

    Read = Callable[..., History]

FILE = """\
-- Migration 007: Grant monitoring system
-- Dependencies: users, grants

CREATE TABLE monitors ();

-- ROLLBACK:
-- DROP FUNCTION f();
--
-- DROP TABLE monitors;
-- END ROLLBACK
"""


@pytest.fixture
def one(history: Read) -> Callable[[str | bytes], Migration]:
    def read(text: str | bytes) -> Migration:
        (migration,) = history({"007_grants.sql": text}).migrations
        return migration

    return read


def test_a_migration(one: Callable[[str], Migration]) -> None:
    migration = one(FILE)
    assert (migration.version, migration.name) == ("007", "007_grants.sql")
    assert migration.dependencies == ("users", "grants")
    assert migration.up.text == FILE[: FILE.index("-- ROLLBACK:")]
    assert migration.down is not None
    assert migration.down.text == "\n" * 6 + "DROP FUNCTION f();\n\nDROP TABLE monitors;\n"
    assert [(s.text, s.place.line, s.place.column) for s in statements(migration.down)] == [
        ("DROP FUNCTION f()", 7, 4),
        ("DROP TABLE monitors", 9, 4),
    ]
    assert migration.up.transactional
    assert migration.down.transactional


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark(one: Callable[[bytes], Migration], ends: str, mark: str) -> None:
    migration = one((mark + FILE.replace("\n", ends)).encode())
    assert migration.dependencies == ("users", "grants")
    assert migration.up.text == FILE[: FILE.index("-- ROLLBACK:")].replace("\n", ends)
    assert migration.down is not None
    assert migration.down.text.endswith(f"DROP FUNCTION f();{ends}{ends}DROP TABLE monitors;{ends}")
    assert statements(migration.down)[1].place.line == 9


@pytest.mark.parametrize(
    ("header", "dependencies", "transactional"),
    [
        ("-- Dependencies: users, grants", ("users", "grants"), True),
        ("-- dependencies:public.users,006_roles", ("public.users", "006_roles"), True),
        ("-- Dependencies: a\n-- Dependencies: b", ("a", "b"), True),
        ("-- Dependencies: none", (), True),
        ("-- Dependencies:", (), True),
        ("\n\n-- No transaction\n", (), False),
        ("-- no-transaction", (), False),
        ("-- No transaction is needed here", (), True),
        ("SELECT 1; \n-- Dependencies: users\n-- No transaction", (), True),
        ("/* \n-- No transaction\n*/", (), True),
    ],
)
def test_header(
    one: Callable[[str], Migration], header: str, dependencies: tuple[str, ...], transactional: bool
) -> None:
    migration = one(f"{header}\nSELECT 1;\n-- ROLLBACK:\n-- SELECT 2;\n-- END ROLLBACK")
    assert migration.dependencies == dependencies
    assert migration.down is not None
    assert migration.up.transactional is migration.down.transactional is transactional


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1;\n",
        "SELECT '\n-- ROLLBACK:\n';",
        "DO $$ BEGIN\n-- ROLLBACK:\n-- x\n-- END ROLLBACK\nEND $$;",
        "/* \n-- ROLLBACK:\n*/ SELECT 1;",
        '/* /* */ \n-- ROLLBACK:\n*/ SELECT "\n-- END ROLLBACK\n";',
        "-- Rollback: drops the table, see below\nSELECT 1;",
        "-- -- ROLLBACK:\nSELECT 1;",
        "",
    ],
)
def test_no_rollback(one: Callable[[str], Migration], text: str) -> None:
    migration = one(text)
    assert migration.down is None
    assert migration.up.text == text


@pytest.mark.parametrize(
    ("block", "down"),
    [
        ("-- ROLLBACK:\n-- END ROLLBACK", ""),
        ("-- rollback\n-- SELECT 1;\n-- end rollback:\n\n-- the end\n", "SELECT 1;\n"),
        ("  -- ROLLBACK:\n--SELECT 1;\n  -- END ROLLBACK", "SELECT 1;\n"),
        ("-- ROLLBACK:\n\n-- SELECT 1;\n-- END ROLLBACK", "\nSELECT 1;\n"),
        ("-- ROLLBACK:\n--   x\n-- -- why\n-- END ROLLBACK", "  x\n-- why\n"),
        ("-- ROLLBACK:\n-- SELECT 'it';\n-- /* $$ never ended\n-- END ROLLBACK", "SELECT 'it';\n/* $$ never ended\n"),
    ],
)
def test_block(one: Callable[[str], Migration], block: str, down: str) -> None:
    migration = one(f"SELECT 'é$$';\n{block}")
    assert migration.down is not None
    assert migration.down.text == "\n\n" + down
    assert migration.up.text.rstrip(" ") == "SELECT 'é$$';\n"


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("SELECT 1;\n-- ROLLBACK:\n-- x", "2:1", "never closed"),
        ("SELECT 1;\n-- END ROLLBACK", "2:1", "without a '-- ROLLBACK:'"),
        ("-- ROLLBACK:\n-- x\n-- ROLLBACK:\n-- END ROLLBACK", "3:1", "second '-- ROLLBACK:'"),
        ("-- ROLLBACK:\n-- END ROLLBACK\n-- ROLLBACK:\n-- END ROLLBACK", "3:1", "one rollback"),
        ("-- ROLLBACK:\n-- END ROLLBACK\n\n SELECT 1;", "4:2", "SQL behind '-- END ROLLBACK'"),
        ("-- ROLLBACK:\n-- x\n  DROP TABLE y;\n-- END ROLLBACK", "3:3", "does not begin with '--'"),
        ("-- ROLLBACK:\n  -- x\n-- END ROLLBACK", "2:3", "does not begin with '--'"),
        ("SELECT 'é;\n-- ROLLBACK:\n-- x\n-- END ROLLBACK", "1:8", "unterminated quoted string"),
        ("SELECT 1; DO $é$ x\n-- ROLLBACK:\n-- x\n-- END ROLLBACK", "1:14", "unterminated dollar-quoted string"),
        ("/* x\n-- ROLLBACK:\n-- x\n-- END ROLLBACK", "1:1", "unterminated /* comment"),
    ],
)
def test_mistakes(one: Callable[[str], Migration], text: str, place: str, what: str) -> None:
    with pytest.raises(UserError) as caught:
        one(text)
    first, *_, last = str(caught.value).splitlines()
    assert f"007_grants.sql:{place}: " in first
    assert what in first
    assert "^" in str(caught.value)
    assert last.strip()


def test_order_and_problems(history: Read) -> None:
    read = history(
        dict.fromkeys(
            ["10_c.sql", "9_b.sql", "007_a.sql", "7_d.sql", "20240101120000_e.sql", "7.grants.sql", "notes.sql"], ""
        )
        | {"README.md": "", ".008_hidden.sql": "", "008_x.sql~": "", "008_y.sql.bak": "", "sub/008_z.sql": ""}
    )
    assert [m.name for m in read.migrations] == [
        "007_a.sql",
        "7_d.sql",
        "9_b.sql",
        "10_c.sql",
        "20240101120000_e.sql",
    ]
    assert [problem.path.name for problem in read.problems] == ["7_d.sql", "7.grants.sql", "notes.sql"]
    assert "7_d.sql" in read.problems[0].message
    assert "007_a.sql" in read.problems[0].message


def test_a_file_that_calls_itself_otherwise(history: Read) -> None:
    read = history({"007_a.sql": "-- Migration 7: A\n", "008_b.sql": "-- Migration 007: copied\nSELECT 1;\n"})
    (problem,) = read.problems
    assert problem.message == (
        "008_b.sql calls itself migration 007: its name or that line is wrong. Write 008 into its first lines, or give "
        "it back its name."
    )


@pytest.mark.parametrize("name", ["1_with blank.sql", "1_é.sql", "1_it's.sql", '1_".sql', "1_.sql", "1_a.b.sql"])
def test_odd_names(history: Read, name: str) -> None:
    assert [m.name for m in history({name: "SELECT 1"}).migrations] == [name]


LINES = st.lists(
    st.sampled_from(
        [
            "SELECT 'it''s -- no comment';",
            "SELECT 1; -- a comment",
            "  DROP TABLE é;",
            "DO $do$ BEGIN PERFORM 1; END $do$;",
            "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$",
            "BEGIN -- ROLLBACK: not yet",
            "END $$;",
            "",
            " ",
            "\t'",
            "--",
            "-- ROLLBACK:",
            "-- END ROLLBACK",
            "/* é 🐘 */ SELECT 2;",
            "-x",
        ]
    )
)
UPS = st.sampled_from(["", "SELECT 1;\n", "SELECT '\n-- ROLLBACK:\n';\n", "DO $$\n-- END ROLLBACK\n$$;\n", "-- é '\n"])


@given(lines=LINES, up=UPS, ends=st.sampled_from(["\n", "\r\n"]))
def test_what_is_written_comes_back(lines: list[str], up: str, ends: str) -> None:
    block = [f"-- {line}" if line else "--" for line in lines]
    source = ends.join([up + "-- ROLLBACK:", *block, "-- END ROLLBACK", ""])
    applied, down = split_rollback(Path("x.sql"), source)
    assert applied == up
    assert down is not None
    before = up.count("\n") + 1
    assert down == "\n" * before + "".join(line + ends for line in lines)
    script = Script(Path("x.sql"), source, down, indent=3)
    for statement in statements(script):
        place = statement.place
        first_line = statement.text.split("\n")[0].rstrip("\r")
        assert source.split("\n")[place.line - 1][place.column - 1 :].startswith(first_line)


def test_versions_may_have_dots(tmp_path: Path) -> None:
    """As a project has them that numbers its migrations by its releases."""
    for name in ("03.00.00_50_post.sql", "00.05.00_02_b.sql", "03.00.00_01_pre.sql", "1.10.0_x.sql", "1.9.0_2fa.sql"):
        (tmp_path / name).write_text("SELECT 1;")
    history = read_history(tmp_path, "ours")
    assert [migration.version for migration in history] == [
        "00.05.00_02",
        "1.9.0",
        "1.10.0",
        "03.00.00_01",
        "03.00.00_50",
    ]
    assert not history.problems


def test_a_hyphen_may_stand_behind_the_number(history: Read) -> None:
    read = history({"001-users.sql": "", "002-2fa.sql": "", "003_a-b.sql": "", "2024-01-31-day.sql": ""})
    assert [migration.version for migration in read] == ["001", "002", "003"]
    (problem,) = read.problems
    assert problem.message.startswith("2024-01-31-day.sql is not run, since its name is not NNN_name.sql (a number,")
