"""The one statement of a stopped script of which the ledger cannot say whether it ran: what the database says of it.

Only a statement that no transaction can hold is in doubt. What it may have left is looked for and, where the script is
gone on with, put right: an index that is invalid is built again (PostgreSQL docs, CREATE INDEX, "Building Indexes
Concurrently"), a partition that is half detached is detached (ALTER TABLE, "DETACH PARTITION ... FINALIZE").
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pytest_migrations.errors import UserError
from pytest_migrations.operations.entry import State
from pytest_migrations.sql.framing import means_the_same_alone
from pytest_migrations.sql.grammar import statements, trees

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from pytest_migrations.migration import Migration, Statement
    from pytest_migrations.operations.entry import Entry


class Outcome(Enum):
    """What is to be done about it."""

    #: It has not run, or may run again.
    RUN = auto()
    #: It has run.
    SKIP = auto()
    #: Nobody can tell.
    ASK = auto()


@dataclass(frozen=True)
class Doubt:
    """What can be said of it: ``text`` for the user, and what has to be done first where it is to be gone on with."""

    outcome: Outcome
    text: str
    first: tuple[sql.Composable, ...] = ()


def doubt_about(connection: psycopg.Connection[Any], statement: Statement) -> Doubt:
    """Look at what is there of it. The connection is in autocommit mode; nothing is changed."""
    if look := _LOOKS.get(statement.kind):
        (tree,) = trees(statement.text)
        return look(connection, tree.node)
    if statement.kind in _MAY_COMMIT or not means_the_same_alone(statement):
        return Doubt(Outcome.ASK, "it may have run, wholly or in part")
    return Doubt(Outcome.RUN, "nothing of it was kept")


def in_doubt(migration: Migration, entry: Entry) -> Statement | None:
    """The statement that a migration has stopped in; None where there is none, or its script is a program."""
    script = migration.up if entry.state is State.APPLYING else migration.down
    commands = () if script is None or script.program is not None else statements(script)
    return commands[entry.statements] if entry.statements < len(commands) else None


def put_right(connection: psycopg.Connection[Any], doubt: Doubt) -> None:
    """Do what has to be done first."""
    for command in doubt.first:
        connection.execute(command.as_bytes(connection))


def settle(connection: psycopg.Connection[Any], statement: Statement) -> bool:
    """Put right what it has left, and say whether it still has to run.

    :raises UserError: where nobody can tell.
    """
    doubt = doubt_about(connection, statement)
    if doubt.outcome is Outcome.ASK:
        raise UserError.at(
            statement.place,
            f"{doubt.text}: nobody can tell",
            "Look at what it does, bring the database into the state before or behind the whole migration by hand, and "
            "say which with `pytest-migrations mark FILE --applied` or `--pending`.",
        )
    put_right(connection, doubt)
    return doubt.outcome is Outcome.RUN


def _index(connection: psycopg.Connection[Any], node: dict[str, Any]) -> Doubt:
    if not node.get("concurrent"):
        return Doubt(Outcome.RUN, "nothing of it was kept")
    relation, name = node["relation"], node.get("idxname")
    found = connection.execute(
        """
        SELECT n.nspname, c.relname, i.indisvalid FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE i.indrelid = to_regclass(%s) AND (c.relname = %s OR %s::text IS NULL AND NOT i.indisvalid)
          AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
        """,
        [_name(relation), name, name],
    ).fetchall()
    if name is None and len(found) > 1:
        return Doubt(Outcome.ASK, "it may have run: several indexes there are invalid, and it names none")
    if invalid := [(schema, index) for schema, index, is_valid in found if not is_valid]:
        drops = [sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(*index)) for index in invalid]
        names = " and ".join(".".join(index) for index in invalid)
        return Doubt(Outcome.RUN, f"the index {names} is there and invalid", tuple(drops))
    if found:
        return Doubt(Outcome.SKIP, f"the index {name} is there and valid")
    if name is None:
        return Doubt(Outcome.ASK, "it may have run: the index has no name by which it could be looked for")
    return Doubt(Outcome.RUN, f"the index {name} is not there")


def _drop(connection: psycopg.Connection[Any], node: dict[str, Any]) -> Doubt:
    if not node.get("concurrent"):
        return Doubt(Outcome.RUN, "nothing of it was kept")
    parts = [[part["String"]["sval"] for part in item["List"]["items"]] for item in node["objects"]]
    names = [sql.Identifier(*name).as_string() for name in parts]
    row = connection.execute("SELECT to_regclass(%s)", [names[0]]).fetchone()
    if row == (None,):
        return Doubt(Outcome.SKIP, f"the index {names[0]} is gone")
    return Doubt(Outcome.RUN, f"the index {names[0]} is still there")


def _reindex(connection: psycopg.Connection[Any], node: dict[str, Any]) -> Doubt:
    if not (relation := node.get("relation")):
        return Doubt(Outcome.RUN, "it may run again; see whether it has left invalid indexes that end in _ccnew")
    left = connection.execute(
        r"""
        SELECT n.nspname, c.relname FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)\d*$'
          AND to_regclass(%s) IN (i.indrelid, (SELECT i.indexrelid FROM pg_class t
              WHERE t.oid = to_regclass(%s) AND regexp_replace(c.relname, '_cc(new|old)\d*$', '') = t.relname))
          AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
        """,
        [_name(relation), _name(relation)],
    ).fetchall()
    drops = [sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(*index)) for index in left]
    names = ", ".join(".".join(index) for index in left)
    return Doubt(Outcome.RUN, f"it has left {names} half built" if left else "it may run again", tuple(drops))


def _alter_table(connection: psycopg.Connection[Any], node: dict[str, Any]) -> Doubt:
    command = node["cmds"][0]["AlterTableCmd"]
    if command["subtype"] != "AT_DetachPartition" or not command["def"]["PartitionCmd"].get("concurrent"):
        return Doubt(Outcome.RUN, "nothing of it was kept")
    parent, partition = _name(node["relation"]), _name(command["def"]["PartitionCmd"]["name"])
    row = connection.execute(
        "SELECT inhdetachpending FROM pg_inherits WHERE inhparent = to_regclass(%s) AND inhrelid = to_regclass(%s)",
        [parent, partition],
    ).fetchone()
    if row is None:
        return Doubt(Outcome.SKIP, f"{partition} is detached")
    if row[0]:
        finish = sql.SQL(f"ALTER TABLE {parent} DETACH PARTITION {partition} FINALIZE")
        return Doubt(Outcome.SKIP, f"{partition} is half detached", (finish,))
    return Doubt(Outcome.RUN, f"{partition} is still attached")


def _database(connection: psycopg.Connection[Any], node: dict[str, Any]) -> Doubt:
    row = connection.execute("SELECT FROM pg_database WHERE datname = %s", [node["dbname"]]).fetchone()
    there = "there" if row is not None else "not there"
    return Doubt(Outcome.SKIP if row is not None else Outcome.RUN, f"the database {node['dbname']} is {there}")


def _again(_: psycopg.Connection[Any], __: dict[str, Any]) -> Doubt:
    return Doubt(Outcome.RUN, "it may run again")


def _name(relation: dict[str, Any]) -> str:
    """As SQL writes it."""
    parts = (relation[part] for part in ("schemaname", "relname") if relation.get(part))
    return sql.Identifier(*parts).as_string()


#: They run in a transaction unless they commit inside, which their text does not tell.
_MAY_COMMIT = {"call_stmt", "do_stmt", ""}
_LOOKS: dict[str, Callable[[psycopg.Connection[Any], dict[str, Any]], Doubt]] = {
    "alter_system_stmt": _again,
    "alter_table_stmt": _alter_table,
    "cluster_stmt": _again,
    "createdb_stmt": _database,
    "drop_stmt": _drop,
    "index_stmt": _index,
    "reindex_stmt": _reindex,
    "transaction_stmt": _again,
    "vacuum_stmt": _again,
}
