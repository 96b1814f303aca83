"""What each kind of statement that no transaction can hold makes, takes away, and leaves half done.

What there is of it is looked at before it is sent: what is there later, and was not then, it has left.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg import sql

from pytest_migrations.operations.looking import (
    bound_and_checks,
    definition_of,
    half_built,
    indexes_of,
    is_database,
    is_detach_pending,
    is_valid_index,
    resolved,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

Node = dict[str, Any]
#: What there is of a statement, by names that mean the same in every session.
Sight = dict[str, Any]


class Outcome(Enum):
    """What is to be done about it."""

    #: It has not run, or may run again.
    RUN = auto()
    #: It has run.
    SKIP = auto()
    #: Nobody can tell.
    ASK = auto()


class Judgement(NamedTuple):
    """What can be said of a statement, for the user, and what there is to be done."""

    outcome: Outcome
    text: str
    #: What has to be done before the script is gone on with.
    to_go_on: tuple[sql.Composable, ...] = ()
    #: What takes back all that it has left; None where nothing does.
    to_undo: tuple[sql.Composable, ...] | None = None


def has_not_run(text: str, left: list[str] | None = None) -> Judgement:
    """It is to run, when these indexes that it has left are gone."""
    return Judgement(Outcome.RUN, text, _drops(left or [], "DROP INDEX CONCURRENTLY"), _drops(left or []))


class Look(NamedTuple):
    """How to see what there is of a kind of statement, and to judge by what there was before."""

    see: Callable[[psycopg.Connection[Any], Node], Sight]
    judge: Callable[[psycopg.Connection[Any], Sight], Judgement]


def _see_index(connection: psycopg.Connection[Any], node: Node) -> Sight:
    if not node.get("concurrent"):
        return {}
    table = resolved(connection, _name(node["relation"]))
    there = sorted(indexes_of(connection, table))
    return {"name": node.get("idxname"), "table": table, "indexes": there, "shape": _shape(node)}


def _shape(node: Node) -> list[Any]:
    """What tells an index from most others: its method, whether it is unique or partial, and its columns."""
    elements = [element["IndexElem"] for element in node["indexParams"]]
    included = [element["IndexElem"] for element in node.get("indexIncludingParams", [])]
    columns = [element.get("name", "") for element in (*elements, *included)]  # an expression has no name
    return [node.get("accessMethod", "btree"), bool(node.get("unique")), "whereClause" in node, columns]


def _judge_index(connection: psycopg.Connection[Any], before: Sight) -> Judgement:
    name = before["name"]
    there = indexes_of(connection, before["table"])
    new = {index: found for index, found in there.items() if index not in before["indexes"]}
    if name is not None:
        new = {index: found for index, found in new.items() if found.name == name}
    else:  # as PostgreSQL names them
        new = {index: found for index, found in new.items() if re.search(r"_idx\d*$", found.name)}
    if name is not None and any(found.shape != before["shape"] for found in new.values()):
        return Judgement(Outcome.ASK, f"an index {' and '.join(new)} is there, and not as the script makes it")
    new = {index: found for index, found in new.items() if found.shape == before["shape"]}
    if invalid := sorted(index for index, found in new.items() if not found.is_valid):
        return has_not_run(f"the index {' and '.join(invalid)} is there and invalid", invalid)
    if new and name is None and (len(new) > 1 or "" in before["shape"][-1] or before["shape"][2]):
        return Judgement(Outcome.ASK, f"the index {' and '.join(new)} is there, and may be its own or somebody else's")
    if new:
        return Judgement(Outcome.SKIP, f"the index {' and '.join(new)} is there and valid", (), _drops(list(new)))
    if older := [index for index, found in there.items() if found.name == name]:
        return has_not_run(f"the index {older[0]} was there before it")
    return has_not_run(f"the index {name} is not there" if name else "it has left no index")


def _see_dropped(connection: psycopg.Connection[Any], node: Node) -> Sight:
    if not node.get("concurrent"):
        return {}
    # It takes one.
    name = sql.Identifier(*(part["String"]["sval"] for part in node["objects"][0]["List"]["items"])).as_string()
    index = resolved(connection, name)
    is_valid = is_valid_index(connection, index)
    return {"name": name, "index": index, "definition": definition_of(connection, index), "is_valid": is_valid}


def _judge_dropped(connection: psycopg.Connection[Any], before: Sight) -> Judgement:
    if before["index"] is None:
        return has_not_run(f"there was no index {before['name']}")
    if resolved(connection, before["index"]) is None:
        definition = before["definition"]
        return Judgement(
            Outcome.SKIP, f"the index {before['index']} is gone", (), (sql.SQL(definition),) if definition else None
        )
    if before["is_valid"] and not is_valid_index(connection, before["index"]):
        definition = before["definition"]
        again = (*_drops([before["index"]]), sql.SQL(definition)) if definition else None
        return Judgement(Outcome.RUN, f"the index {before['index']} is half dropped: it is invalid", (), again)
    return has_not_run(f"the index {before['index']} is still there")


def _see_reindexed(connection: psycopg.Connection[Any], node: Node) -> Sight:
    relation = node.get("relation")
    name = resolved(connection, _name(relation)) if relation else None
    return {"relation": name, "left": half_built(connection, name)}


def _judge_reindexed(connection: psycopg.Connection[Any], before: Sight) -> Judgement:
    left = [index for index in half_built(connection, before["relation"]) if index not in before["left"]]
    return has_not_run(f"it has left {', '.join(left)} half built" if left else "it may run again", left)


def _see_detached(connection: psycopg.Connection[Any], node: Node) -> Sight:
    command = node["cmds"][0]["AlterTableCmd"]
    if command["subtype"] != "AT_DetachPartition":
        return {}
    partition = command["def"]["PartitionCmd"]["name"]
    names = [resolved(connection, _name(relation)) for relation in (node["relation"], partition)]
    bound, checks = bound_and_checks(connection, names[1])
    return {"names": names, "pending": is_detach_pending(connection, *names), "bound": bound, "checks": checks}


def _judge_detached(connection: psycopg.Connection[Any], before: Sight) -> Judgement:
    parent, partition = before["names"]
    pending = is_detach_pending(connection, parent, partition)
    if before["pending"] is not False:
        return has_not_run(f"{partition} was not attached before it")
    if pending is False:
        return has_not_run(f"{partition} is still attached")
    # It leaves the bound behind as a constraint (PostgreSQL docs, ALTER TABLE, "DETACH PARTITION").
    left = [name for name in bound_and_checks(connection, partition)[1] if name not in before["checks"]]
    finish = sql.SQL(f"ALTER TABLE {parent} DETACH PARTITION {partition} FINALIZE")
    attach = sql.SQL(f"ALTER TABLE {parent} ATTACH PARTITION {partition} {before['bound']}")
    drops = [sql.SQL(f"ALTER TABLE {partition} DROP CONSTRAINT {name}") for name in left]
    if pending:
        return Judgement(Outcome.SKIP, f"{partition} is half detached", (finish,), (finish, *drops, attach))
    return Judgement(Outcome.SKIP, f"{partition} is detached", (), (*drops, attach))


def _see_database(connection: psycopg.Connection[Any], node: Node) -> Sight:
    return {"name": node["dbname"], "is_there": is_database(connection, node["dbname"])}


def _judge_database(connection: psycopg.Connection[Any], before: Sight, *, wanted: bool) -> Judgement:
    is_there = is_database(connection, before["name"])
    text = f"the database {before['name']} is {'' if is_there else 'not '}there"
    has_run = is_there == wanted and before["is_there"] != wanted
    return Judgement(Outcome.SKIP, text) if has_run else has_not_run(text)


def _see_nothing(_: psycopg.Connection[Any], __: Node) -> Sight:
    return {"again": True}


def _judge_again(_: psycopg.Connection[Any], __: Sight) -> Judgement:
    return has_not_run("it may run again")


def _drops(indexes: list[str], command: str = "DROP INDEX") -> tuple[sql.Composable, ...]:
    """``indexes`` are named as SQL has them."""
    return tuple(sql.SQL(f"{command} {index}") for index in indexes)


def _name(relation: Node) -> str:
    """As SQL writes it."""
    parts = (relation[part] for part in ("schemaname", "relname") if relation.get(part))
    return sql.Identifier(*parts).as_string()


_AGAIN = Look(_see_nothing, _judge_again)
#: Of all others (CALL and DO that commit inside, subscriptions) nobody can tell what they have done.
LOOKS = {
    "alter_system_stmt": _AGAIN,
    "alter_table_stmt": Look(_see_detached, _judge_detached),
    "cluster_stmt": _AGAIN,
    "createdb_stmt": Look(_see_database, partial(_judge_database, wanted=True)),
    "dropdb_stmt": Look(_see_database, partial(_judge_database, wanted=False)),
    "drop_stmt": Look(_see_dropped, _judge_dropped),
    "index_stmt": Look(_see_index, _judge_index),
    "reindex_stmt": Look(_see_reindexed, _judge_reindexed),
    "vacuum_stmt": _AGAIN,
}
