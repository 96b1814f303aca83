"""What each kind of statement that no transaction can hold makes, takes away, and leaves half done.

What there is of it is looked at before it is sent: what is there later, and was not then, it has left.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg import sql

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
    table = _resolved(connection, _name(node["relation"]))
    there = sorted(_indexes_of(connection, table))
    return {"name": node.get("idxname"), "table": table, "indexes": there, "shape": _shape(node)}


def _shape(node: Node) -> list[Any]:
    """What tells an index from most others: its method, whether it is unique or partial, and its columns."""
    elements = [element["IndexElem"] for element in node["indexParams"]]
    included = [element["IndexElem"] for element in node.get("indexIncludingParams", [])]
    columns = [element.get("name", "") for element in (*elements, *included)]  # an expression has no name
    return [node.get("accessMethod", "btree"), bool(node.get("unique")), "whereClause" in node, columns]


def _judge_index(connection: psycopg.Connection[Any], before: Sight) -> Judgement:
    name = before["name"]
    there = _indexes_of(connection, before["table"])
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
    index = _resolved(connection, name)
    return {"name": name, "index": index, "definition": _definition(connection, index)}


def _judge_dropped(connection: psycopg.Connection[Any], before: Sight) -> Judgement:
    if before["index"] is None:
        return has_not_run(f"there was no index {before['name']}")
    if _resolved(connection, before["index"]) is None:
        definition = before["definition"]
        return Judgement(
            Outcome.SKIP, f"the index {before['index']} is gone", (), (sql.SQL(definition),) if definition else None
        )
    if before["definition"] and _definition(connection, before["index"]) is None:
        again = (*_drops([before["index"]]), sql.SQL(before["definition"]))
        return Judgement(Outcome.RUN, f"the index {before['index']} is half dropped: it is invalid", (), again)
    return has_not_run(f"the index {before['index']} is still there")


def _see_reindexed(connection: psycopg.Connection[Any], node: Node) -> Sight:
    relation = node.get("relation")
    name = _resolved(connection, _name(relation)) if relation else None
    return {"relation": name, "left": _half_built(connection, name)}


def _judge_reindexed(connection: psycopg.Connection[Any], before: Sight) -> Judgement:
    left = [index for index in _half_built(connection, before["relation"]) if index not in before["left"]]
    return has_not_run(f"it has left {', '.join(left)} half built" if left else "it may run again", left)


def _see_detached(connection: psycopg.Connection[Any], node: Node) -> Sight:
    command = node["cmds"][0]["AlterTableCmd"]
    if command["subtype"] != "AT_DetachPartition":
        return {}
    partition = command["def"]["PartitionCmd"]["name"]
    names = [_resolved(connection, _name(relation)) for relation in (node["relation"], partition)]
    bound, checks = _partition(connection, names[1])
    return {"names": names, "pending": _is_detach_pending(connection, *names), "bound": bound, "checks": checks}


def _judge_detached(connection: psycopg.Connection[Any], before: Sight) -> Judgement:
    parent, partition = before["names"]
    pending = _is_detach_pending(connection, parent, partition)
    if before["pending"] is not False:
        return has_not_run(f"{partition} was not attached before it")
    if pending is False:
        return has_not_run(f"{partition} is still attached")
    # It leaves the bound behind as a constraint (PostgreSQL docs, ALTER TABLE, "DETACH PARTITION").
    left = [name for name in _partition(connection, partition)[1] if name not in before["checks"]]
    finish = sql.SQL(f"ALTER TABLE {parent} DETACH PARTITION {partition} FINALIZE")
    attach = sql.SQL(f"ALTER TABLE {parent} ATTACH PARTITION {partition} {before['bound']}")
    drops = [sql.SQL(f"ALTER TABLE {partition} DROP CONSTRAINT {name}") for name in left]
    if pending:
        return Judgement(Outcome.SKIP, f"{partition} is half detached", (finish,), (finish, *drops, attach))
    return Judgement(Outcome.SKIP, f"{partition} is detached", (), (*drops, attach))


def _see_database(connection: psycopg.Connection[Any], node: Node) -> Sight:
    return {"name": node["dbname"], "is_there": _is_database(connection, node["dbname"])}


def _judge_database(connection: psycopg.Connection[Any], before: Sight, *, wanted: bool) -> Judgement:
    is_there = _is_database(connection, before["name"])
    text = f"the database {before['name']} is {'' if is_there else 'not '}there"
    has_run = is_there == wanted and before["is_there"] != wanted
    return Judgement(Outcome.SKIP, text) if has_run else has_not_run(text)


def _see_nothing(_: psycopg.Connection[Any], __: Node) -> Sight:
    return {"again": True}


def _judge_again(_: psycopg.Connection[Any], __: Sight) -> Judgement:
    return has_not_run("it may run again")


class _Index(NamedTuple):
    name: str
    is_valid: bool
    shape: list[Any]


def _indexes_of(connection: psycopg.Connection[Any], table: str | None) -> dict[str, _Index]:
    """The indexes of a table by their names as SQL has them, but for those that are being built right now."""
    rows = connection.execute(
        """
        SELECT format('%%I.%%I', n.nspname, c.relname), c.relname, i.indisvalid,
               m.amname, i.indisunique, i.indpred IS NOT NULL, ARRAY(
                   SELECT coalesce(a.attname::text, '') FROM unnest(i.indkey) WITH ORDINALITY k (attnum, place)
                   LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                   ORDER BY place)
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_am m ON m.oid = c.relam
        WHERE i.indrelid = to_regclass(%s) AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
        """,
        [table],
    )
    return {index: _Index(name, is_valid, shape) for index, name, is_valid, *shape in rows}


def _definition(connection: psycopg.Connection[Any], index: str | None) -> str | None:
    """What makes an index anew; None where more belongs to it than that says. It means the same in every session."""
    with connection.transaction():
        connection.execute("SET LOCAL search_path TO ''")  # by which PostgreSQL shortens names
        row = connection.execute(
            """
            SELECT pg_catalog.pg_get_indexdef(i.indexrelid) FROM pg_catalog.pg_index i
            JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
            WHERE i.indexrelid = to_regclass(%s) AND i.indisvalid AND NOT i.indisclustered AND NOT i.indisreplident
              AND c.reltablespace = 0
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_description d WHERE d.objoid = i.indexrelid)
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                              WHERE a.attrelid = i.indexrelid AND coalesce(a.attstattarget, -1) >= 0)
            """,
            [index],
        ).fetchone()
    return row[0] if row else None


def _half_built(connection: psycopg.Connection[Any], relation: str | None) -> list[str]:
    """What REINDEX CONCURRENTLY has left of a table's indexes, or of one; of all where none is named."""
    rows = connection.execute(
        r"""
        SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)\d*$' AND n.nspname !~ '^pg_toast'
          AND (%(name)s::text IS NULL OR i.indrelid IN (
              SELECT coalesce(x.indrelid, r.oid) FROM (
                  SELECT to_regclass(%(name)s)
                  UNION SELECT relid FROM pg_catalog.pg_partition_tree(to_regclass(%(name)s))) AS r (oid)
              LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = r.oid))
          AND NOT EXISTS (
              SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
        ORDER BY 1
        """,
        {"name": relation},
    )
    return [index for (index,) in rows]


def _is_detach_pending(connection: psycopg.Connection[Any], parent: str | None, partition: str | None) -> bool | None:
    """None where the one is no partition of the other."""
    row = connection.execute(
        "SELECT inhdetachpending FROM pg_catalog.pg_inherits "
        "WHERE inhparent = to_regclass(%s) AND inhrelid = to_regclass(%s)",
        [parent, partition],
    ).fetchone()
    return row[0] if row else None


def _partition(connection: psycopg.Connection[Any], name: str | None) -> tuple[str | None, list[str]]:
    """The bound of a partition, and the names of its check constraints as SQL has them."""
    row = connection.execute(
        """
        SELECT pg_catalog.pg_get_expr(c.relpartbound, c.oid), ARRAY(
            SELECT quote_ident(k.conname) FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c')
        FROM pg_catalog.pg_class c WHERE c.oid = to_regclass(%s)
        """,
        [name],
    ).fetchone()
    return row or (None, [])


def _is_database(connection: psycopg.Connection[Any], name: str) -> bool:
    return connection.execute("SELECT FROM pg_catalog.pg_database WHERE datname = %s", [name]).fetchone() is not None


def _resolved(connection: psycopg.Connection[Any], name: str | None) -> str | None:
    """The name with its schema, as this session understands it; None where there is no such relation."""
    row = connection.execute(
        "SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_catalog.pg_class c "
        "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(%s)",
        [name],
    ).fetchone()
    return row[0] if row else None


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
