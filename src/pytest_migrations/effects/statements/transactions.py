"""The transactions that a script begins and ends itself: what it rolls back has not happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.effect import Condition, Named, Verb
from pytest_migrations.effects.reader import DEFAULT_PATH, Mark

if TYPE_CHECKING:
    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]


def transaction(reader: Reader, node: _Node) -> None:
    """BEGIN, COMMIT, ROLLBACK, and savepoints."""
    name = node.get("savepoint_name", "")
    match node["kind"]:
        case "TRANS_STMT_BEGIN" | "TRANS_STMT_START":
            if not any(mark.name == "" for mark in reader.marks):  # in a transaction it is a warning
                reader.marks = [_mark(reader, "")]
        case "TRANS_STMT_SAVEPOINT":
            reader.marks.append(_mark(reader, name))
        case "TRANS_STMT_RELEASE":
            _forget(reader, name)
        case "TRANS_STMT_ROLLBACK_TO":
            _go_back(reader, name)
        case "TRANS_STMT_ROLLBACK":
            _go_back(reader, "")
            _end(reader, node)
        case "TRANS_STMT_COMMIT":
            _end(reader, node)


def discard(reader: Reader, node: _Node) -> None:
    """DISCARD."""
    if node.get("target") == "DISCARD_ALL":
        reader.search_path = reader.lasting_path = DEFAULT_PATH
    if node.get("target") in ("DISCARD_ALL", "DISCARD_TEMP"):
        _drop_temporary(reader, reader.temporary)


def _mark(reader: Reader, name: str) -> Mark:
    return Mark(name, reader.number, reader.search_path, reader.lasting_path, frozenset(reader.temporary))


def _forget(reader: Reader, name: str) -> Mark | None:
    """The last mark of that name, which is taken away with those behind it; None where somebody else has made it."""
    if all(mark.name != name for mark in reader.marks):
        return None
    while (mark := reader.marks.pop()).name != name:
        pass
    return mark


def _go_back(reader: Reader, name: str) -> None:
    mark = _forget(reader, name)
    if mark is None:
        return
    reader.marks.append(mark)
    reader.undone.append((mark.statement, reader.number))
    reader.search_path, reader.lasting_path = mark.search_path, mark.lasting_path
    reader.temporary = set(mark.temporary)


def _end(reader: Reader, node: _Node) -> None:
    """What holds to the end of a transaction: SET LOCAL, and tables that are ON COMMIT DROP."""
    reader.search_path = reader.lasting_path
    _drop_temporary(reader, reader.until_commit & reader.temporary)
    reader.until_commit.clear()
    reader.marks = [_mark(reader, "")] if node.get("chain") else []


def _drop_temporary(reader: Reader, names: set[str]) -> None:
    for name in sorted(names):
        reader.tell(Verb.DROP, Named("table", ("pg_temp", name)), condition=Condition.IF_EXISTS, cascade=True)
