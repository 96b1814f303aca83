"""The transactions that a script begins and ends itself: what it rolls back has not happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.effect import Condition, Named, Verb
from pytest_migrations.effects.reader import Mark

if TYPE_CHECKING:
    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]
_READS = (Verb.READ, Verb.REQUIRE)


def transaction(reader: Reader, node: _Node) -> None:
    """BEGIN, COMMIT, ROLLBACK, and savepoints."""
    name = node.get("savepoint_name", "")
    match node["kind"]:
        case "TRANS_STMT_BEGIN" | "TRANS_STMT_START":
            reader.marks = [_mark(reader, "")]
        case "TRANS_STMT_SAVEPOINT":
            reader.marks.append(_mark(reader, name))
        case "TRANS_STMT_ROLLBACK_TO":
            _go_back(reader, name)
        case "TRANS_STMT_ROLLBACK":
            _go_back(reader, "")
            _end(reader, node)
        case "TRANS_STMT_COMMIT":
            _end(reader, node)


def _mark(reader: Reader, name: str) -> Mark:
    return Mark(name, len(reader.effects), reader.search_path, reader.lasting_path, frozenset(reader.temporary))


def _go_back(reader: Reader, name: str) -> None:
    """To the last mark of that name; there is none where somebody else has begun the transaction."""
    mark = next((mark for mark in reversed(reader.marks) if mark.name == name), None)
    if mark is None:
        return
    if any(effect.verb not in _READS for effect in reader.effects[mark.effects :]):
        del reader.effects[mark.effects :]
    reader.search_path, reader.lasting_path = mark.search_path, mark.lasting_path
    reader.temporary = set(mark.temporary)


def _end(reader: Reader, node: _Node) -> None:
    """What holds to the end of a transaction: SET LOCAL, and tables that are ON COMMIT DROP."""
    reader.search_path = reader.lasting_path
    for name in sorted(reader.until_commit & reader.temporary):
        reader.tell(Verb.DROP, Named("table", ("pg_temp", name)), condition=Condition.IF_EXISTS, cascade=True)
    reader.until_commit.clear()
    reader.marks = [_mark(reader, "")] if node.get("chain") else []
