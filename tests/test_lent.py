"""Scripts that are programs, on a real server and without any tool."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from pytest_migrations.errors import UserError
from pytest_migrations.failure import Kept, MigrationError
from pytest_migrations.lent import EndedTransactionError, lend_inside
from pytest_migrations.migration import Migration, Program, Script
from pytest_migrations.runner import Runner
from pytest_migrations.sending import NeedsCommitsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_migrations.migration import Statement

    Write = Callable[[str], Migration]


@pytest.fixture
def program(tmp_path: Path) -> Write:
    """A migration that runs Python code, in which ``c`` is the connection that it is lent."""

    def write(source: str) -> Migration:
        path = tmp_path / "m.py"
        code = compile(source, str(path), "exec")

        def run(connection: psycopg.Connection) -> None:
            exec(code, {"c": connection, "psycopg": psycopg})

        return Migration("1", "m.py", Script(path, source, "", program=Program(run, str(path))))

    return write


def tables(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return sorted(name for (name,) in rows)


def test_commits_stay_inside_and_rollbacks_undo_what_was_not_committed(
    connection: psycopg.Connection, program: Write
) -> None:
    source = "c.execute('CREATE TABLE a ()')\nc.commit()\nc.execute('CREATE TABLE b ()')\nc.rollback()\nc.close()"
    connection.execute("BEGIN")
    ran = Runner(connection).apply_inside(program(source))
    assert (ran.statements, tables(connection)) == (2, ["a"])
    connection.execute("ROLLBACK")
    assert tables(connection) == []
    Runner(connection).apply(program(source))
    assert tables(connection) == ["a"]


def test_a_caught_error_is_undone_as_the_server_does_it(connection: psycopg.Connection, program: Write) -> None:
    source = (
        "c.execute('CREATE TABLE a ()')\ntry:\n    c.execute('oops')\nexcept psycopg.Error:\n    c.commit()\n"
        "c.execute('CREATE TABLE b ()')"
    )
    Runner(connection).apply(program(source))
    assert tables(connection) == ["b"]


@pytest.mark.parametrize("statement", ["VACUUM", "COMMIT", "DO 'BEGIN COMMIT; END'"])
def test_what_cannot_be_inside_is_run_with_commits(
    connection: psycopg.Connection, program: Write, statement: str
) -> None:
    source = f"c.execute('CREATE TABLE a ()')\nc.commit()\nc.autocommit = True\nc.execute({statement!r})"
    looks: list[list[str]] = []
    Runner(connection, guard=lambda: looks.append(tables(connection))).apply(program(source))
    assert tables(connection) == ["a"]
    assert looks[0] == looks[-1] == ["a"]
    connection.execute("BEGIN")
    with pytest.raises((NeedsCommitsError, MigrationError)):
        Runner(connection).apply_inside(program("c.autocommit = True\n" + f"c.execute({statement!r})"))


def test_what_was_kept_is_told(connection: psycopg.Connection, program: Write) -> None:
    source = "c.autocommit = True\nc.execute('VACUUM')\nc.execute('CREATE TABLE a ()')\nc.execute('oops')"
    with pytest.raises(MigrationError, match=r'm\.py:4:12: syntax error at or near "oops"') as caught:
        Runner(connection).apply(program(source))
    assert (caught.value.kept, tables(connection)) == (Kept.BEFORE, ["a"])


@pytest.mark.parametrize("before", ["", "c.autocommit = True\nc.execute('VACUUM')\n"])
def test_a_refusal_holds_though_the_program_catches_it(
    connection: psycopg.Connection, program: Write, before: str
) -> None:
    class RefusedError(Exception):
        pass

    def refuse() -> None:
        raise RefusedError

    source = f"{before}c.execute('CREATE TABLE a ()')\ntry:\n    c.execute('COMMIT')\nexcept Exception:\n    pass\n"
    with pytest.raises(RefusedError):
        Runner(connection, guard=refuse).apply(program(source))
    assert tables(connection) == []


def test_statements_are_told_with_their_places(connection: psycopg.Connection, program: Write) -> None:
    seen: list[tuple[str, str]] = []

    def after(statement: Statement) -> None:
        seen.append((str(statement.place).rpartition("m.py:")[2], statement.text.strip()))

    source = (
        "c.execute('CREATE TABLE a ()')\nfor name in 'bc':\n    c.execute(f'CREATE TABLE {name} ()')\n"
        "c.execute('''\n  DROP TABLE a\n''')\nc.cursor().executemany('SELECT %s', [(1,), (2,)])"
    )
    about: list[Statement] = []
    Runner(connection, before_statement=about.append, after_statement=after).apply(program(source))
    assert [statement.text.strip() for statement in about] == [text for _, text in seen]
    assert seen == [
        ("1:12", "CREATE TABLE a ()"),
        ("3:5", "CREATE TABLE b ()"),
        ("3:5", "CREATE TABLE c ()"),
        ("5:3", "DROP TABLE a"),
        ("7:25", "SELECT %s"),
    ]


def test_what_its_tool_sends_around_a_program_is_not_told(connection: psycopg.Connection, program: Write) -> None:
    migration = program("c.execute('CREATE TABLE a ()')")
    own = migration.up.program
    assert own is not None

    def run(lent: psycopg.Connection) -> None:
        lent.execute("SELECT 1")
        own.run(lent)
        lent.execute("SELECT 2")

    up = replace(migration.up, program=replace(own, run=run))
    told: list[str] = []

    def tell(statement: Statement) -> None:
        told.append(statement.text)

    Runner(connection, before_statement=tell, after_statement=tell).apply(replace(migration, up=up))
    assert told == ["CREATE TABLE a ()"] * 2


def test_the_session_is_the_lenders_again(connection: psycopg.Connection, program: Write) -> None:
    Runner(connection).apply(program("del c"))
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_what_is_lent_inside_stays_inside(connection: psycopg.Connection) -> None:
    connection.execute("CREATE TABLE t (x int)")
    connection.execute("BEGIN")
    with lend_inside(connection, "the code") as lent:
        lent.execute("INSERT INTO t VALUES (1)")
        lent.commit()
        lent.execute("INSERT INTO t VALUES (2)")
        lent.rollback()
        with lent.transaction():
            lent.execute("INSERT INTO t VALUES (3)")
        with pytest.raises(psycopg.errors.UndefinedTable), lent.transaction():
            lent.execute("INSERT INTO nothing VALUES (4)")
        lent.execute("INSERT INTO t VALUES (5)")
        lent.close()
    assert [x for (x,) in connection.execute("SELECT x FROM t ORDER BY x")] == [1, 3, 5]
    assert connection.info.transaction_status == TransactionStatus.INTRANS
    connection.execute("ROLLBACK")
    assert connection.execute("SELECT FROM t").fetchall() == []


def test_what_it_raises_leaves_a_transaction_that_can_go_on(connection: psycopg.Connection) -> None:
    connection.execute("BEGIN")
    with pytest.raises(psycopg.errors.UndefinedTable), lend_inside(connection, "the code") as lent:
        lent.execute("SELECT FROM nothing")
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_an_error_that_it_catches_and_does_not_undo_is_told(connection: psycopg.Connection) -> None:
    connection.execute("BEGIN")
    with (
        pytest.raises(UserError, match=r"the code has caught an error of the server and gone on: .*transaction\(\)"),
        lend_inside(connection, "the code") as lent,
        suppress(psycopg.Error),
    ):
        lent.execute("SELECT FROM nothing")


@pytest.mark.parametrize(
    "statements",
    [
        ["COMMIT"],
        ["ROLLBACK"],
        ["COMMIT; BEGIN"],
        ["COMMIT AND CHAIN"],
        ["COMMIT", "SELECT FROM nothing"],
        ["COMMIT; BEGIN", "SELECT FROM nothing"],
    ],
    ids=str,
)
def test_sql_that_ends_the_transaction_is_told(connection: psycopg.Connection, statements: list[str]) -> None:
    connection.execute("BEGIN")
    with pytest.raises(EndedTransactionError) as caught, lend_inside(connection, "the code") as lent:
        [lent.execute(statement.encode()) for statement in statements]
    assert str(caught.value).startswith("SQL of the code has ended the transaction that it runs in")
    assert "Say connection.commit() and connection.rollback(), which stay in it." in str(caught.value)


def test_a_session_that_is_lost_while_it_is_lent(connection: psycopg.Connection) -> None:
    connection.execute("BEGIN")
    with pytest.raises(psycopg.OperationalError), lend_inside(connection, "the code") as lent:
        lent.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert connection.closed
