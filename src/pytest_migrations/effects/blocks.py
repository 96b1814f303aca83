"""DO blocks and the bodies of PL/pgSQL routines: the statements in them, and under which conditions they run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.declarations import block
from pytest_migrations.effects.effect import Condition, Guard
from pytest_migrations.effects.guards import guards_of
from pytest_migrations.effects.templates import is_computed, starred, template
from pytest_migrations.sql.grammar import SyntaxMistakeError, trees

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]
_QUOTED = re.compile(r"\s*(?:'((?:[^']|'')*)'|(\$(?:[^\W\d]\w*)?\$)(.*)\2)\s*", re.DOTALL)
_UNKNOWN = (Guard(None),)


def do_block(reader: Reader, node: _Node) -> None:
    """DO."""
    options = {option["DefElem"]["defname"]: option["DefElem"] for option in node["args"]}
    text = options["as"]["arg"]["String"].get("sval", "")
    language = options.get("language", {}).get("arg", {}).get("String", {}).get("sval", "plpgsql")
    base = reader.body_at(options["as"]["location"])
    if language != "plpgsql":
        reader.cannot_read(f"it is written in {language}", options["as"]["location"], text)
        return
    tag = "$pytest_migrations$"
    read_block(reader, f"DO {tag}{text}{tag}", text, base)


def read_block(reader: Reader, statement: str, text: str, base: int, when: Condition = Condition.NONE) -> None:
    """Read the body ``text`` of a ``statement``; ``base`` is where it begins in what is read, ``when`` it is run."""
    try:
        tree = block(statement)
    except SyntaxMistakeError as mistake:
        if str(mistake).startswith("syntax error"):
            with reader.inside(text, base):
                reader.reject(str(mistake), _offset_of(mistake, text), text)
        else:  # what libpg_query has no catalog for, or what only a server can tell
            reader.cannot_read(f"what reads PL/pgSQL here does not understand it: {mistake}", reader.start, text)
        return
    variables = {
        variable.get("refname", "")
        for datum in tree.get("datums", [])
        for variable in datum.values()
        if isinstance(variable, dict)
    }
    outer, reader.variables = reader.variables, frozenset(variables) - {""}
    with reader.inside(text, base), reader.under(when):
        _Block(reader, text).read(tree.get("action", {}))
    reader.variables = outer


def _offset_of(mistake: SyntaxMistakeError, text: str) -> int:
    """Where in the text of a body it is; where the message does not tell, its first word."""
    near = re.search(r' at or near "(.*)"$', str(mistake), re.DOTALL)
    found = [each.start() for each in re.finditer(rf"(?<!\w){re.escape(near[1])}(?!\w)", text)] if near else []
    return found[0] if len(found) == 1 else len(text) - len(text.lstrip())


class _Block:
    """Walks the tree of a block; PL/pgSQL keeps lines, and texts of its statements, by which they are found."""

    def __init__(self, reader: Reader, text: str) -> None:
        self._reader = reader
        self._text = text
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self._line = 1

    def read(self, node: Any) -> None:
        if isinstance(node, list):
            for item in node:
                self.read(item)
            return
        for kind, inner in node.items() if isinstance(node, dict) else ():
            if isinstance(inner, dict) and "lineno" in inner:
                self._line = inner["lineno"]
            _READ.get(kind, _Block.others)(self, inner)

    def others(self, inner: Any) -> None:
        """What has no conditions of its own: its expressions and statements in the order of the tree."""
        if isinstance(inner, dict):
            for field, value in inner.items():
                if field not in ("datums", "var", "datatype", "target"):
                    self.read({field: value} if field.startswith("PLpgSQL") else value)
        elif isinstance(inner, list):
            self.read(inner)

    def block(self, inner: _Node) -> None:
        caught = "exceptions" in inner
        with self._reader.under(Condition.CAUGHT if caught else Condition.NONE):
            self.read(inner.get("body", []))
        if caught:
            with self._reader.under(Condition.BRANCH, _UNKNOWN):
                for handler in inner["exceptions"].get("PLpgSQL_exception_block", {}).get("exc_list", []):
                    self.read(handler.get("PLpgSQL_exception", {}).get("action", []))

    def branches(self, inner: _Node) -> None:
        self.read(inner["cond"])
        guards = guards_of(self._reader, self._query(inner["cond"]))
        self._branch(guards, inner.get("then_body", []))
        refused = _opposite(guards)
        for other in inner.get("elsif_list", []):
            branch = other["PLpgSQL_if_elsif"]
            self.read(branch["cond"])
            more = guards_of(self._reader, self._query(branch["cond"]))
            self._branch((*refused, *more), branch.get("stmts", []))
            refused = (*refused, *_opposite(more))
        self._branch(refused, inner.get("else_body", []))

    def _branch(self, guards: Sequence[Guard], body: list[Any]) -> None:
        with self._reader.under(Condition.BRANCH, guards):
            self.read(body)

    def loop(self, inner: _Node) -> None:
        for field in ("query", "cond", "lower", "upper", "expr"):
            self.read(inner.get(field, {}))
        self._branch(_UNKNOWN, inner.get("body", []))

    def case(self, inner: _Node) -> None:
        with self._reader.under(Condition.BRANCH, _UNKNOWN):
            self.others(inner)

    def dynamic(self, inner: _Node) -> None:
        """EXECUTE: readable where it is given a plain text."""
        query = self._query(inner["query"])
        literal = _QUOTED.fullmatch(query)
        start = self._find(query)
        if literal is None:
            self._computed(query, start)
            return
        text = literal[1].replace("''", "'") if literal[1] is not None else literal[3]
        self._statements(text, start + (literal.start(1) if literal[1] is not None else literal.start(3)))

    def _computed(self, query: str, start: int) -> None:
        """A statement that is put together: what can be read of it is told, and of the rest what is known."""
        reader, written = self._reader, template(query)
        effects, opaque = len(reader.effects), len(reader.opaque)
        if written is not None:
            self._statements(written, start)
        is_understood = written is not None and len(reader.opaque) == opaque
        found = reader.effects[effects:]
        del reader.opaque[opaque:]
        reader.effects[effects:] = [effect for effect in found if is_understood and not is_computed(effect)]
        computed = starred([effect for effect in found if is_computed(effect)])
        if not is_understood or computed:
            reason = "the statement is put together when it runs (EXECUTE)"
            reader.cannot_read(reason, self._byte(start), self._text, computed if is_understood else None)

    def loop_over_dynamic(self, inner: _Node) -> None:
        self.dynamic(inner)
        self._branch(_UNKNOWN, inner.get("body", []))

    def expression(self, inner: _Node) -> None:
        """A statement of SQL (mode 0), or an expression or assignment, read as a query."""
        query = inner.get("query", "")
        start = self._find(query)
        if inner.get("parseMode", 0) == 0:
            self._statements(query, start)
            return
        text = query.partition(":=")[2] if inner["parseMode"] in (3, 4, 5) and ":=" in query else query
        self._statements(f"SELECT {text}", start + len(query) - len(text) - len("SELECT "))

    def _statements(self, text: str, start: int) -> None:
        with self._reader.inside(text, start):
            try:
                self._reader.read(trees(text))
            except SyntaxMistakeError as mistake:
                self._reader.cannot_read(f"it is not understood: {mistake}", 0, text)

    def _query(self, expression: _Node) -> str:
        return str(expression.get("PLpgSQL_expr", {}).get("query", ""))

    def _find(self, query: str) -> int:
        """Where in the body a query stands: on the line of its statement or below."""
        start = self._lines[min(self._line, len(self._lines)) - 1]
        found = self._text.find(query, start)
        if found < 0 and query.startswith("SELECT "):  # PERFORM is a SELECT for PL/pgSQL
            found = self._text.find(query[7:], start) - 7
        return max(found, start)

    def _byte(self, character: int) -> int:
        return len(self._text[:character].encode())


def _opposite(guards: Sequence[Guard]) -> tuple[Guard, ...]:
    """What holds where not all of them do."""
    if len(guards) == 1 and guards[0].object is not None:
        return (Guard(guards[0].object, not guards[0].is_there),)
    return _UNKNOWN


_READ: dict[str, Callable[[_Block, Any], None]] = {
    "PLpgSQL_stmt_block": _Block.block,
    "PLpgSQL_stmt_if": _Block.branches,
    "PLpgSQL_stmt_case": _Block.case,
    "PLpgSQL_stmt_loop": _Block.loop,
    "PLpgSQL_stmt_while": _Block.loop,
    "PLpgSQL_stmt_fori": _Block.loop,
    "PLpgSQL_stmt_fors": _Block.loop,
    "PLpgSQL_stmt_forc": _Block.loop,
    "PLpgSQL_stmt_foreach_a": _Block.loop,
    "PLpgSQL_stmt_dynexecute": _Block.dynamic,
    "PLpgSQL_stmt_dynfors": _Block.loop_over_dynamic,
    "PLpgSQL_expr": _Block.expression,
}
