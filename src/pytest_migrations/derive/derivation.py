"""Follows a script statement by statement, and knows behind it how to go back.

Each statement is taken back where it was done: its way back leads from the schema behind it to the schema before it. So
the ways back of all, the last one first, lead back to where the script began.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus

from pytest_migrations.derive.catalog import Catalog
from pytest_migrations.derive.changes import Terms, way_back
from pytest_migrations.derive.names import literal
from pytest_migrations.derive.order import ordered
from pytest_migrations.derive.plans import plan_of
from pytest_migrations.derive.plans.plan import NOTHING, TEMPORARY, Context, Plan
from pytest_migrations.derive.state import Back, Said, State
from pytest_migrations.sql.grammar import tree_of
from pytest_migrations.sql.traits import enum_name

if TYPE_CHECKING:
    from pytest_migrations.derive.catalog import Facts
    from pytest_migrations.derive.changes import WayBack
    from pytest_migrations.derive.scopes import Scope
    from pytest_migrations.errors import Place
    from pytest_migrations.migration import Statement

#: Behind these the search path and the functions are what they were; others may run code, or say so.
_KEEP_THE_SESSION = (
    *("create_", "alter_table_", "alter_enum_", "alter_seq_", "alter_policy_", "index_", "view_", "comment_"),
    "grant_stmt",
)
_CHANGE_THE_SESSION = ("create_schema_stmt", "create_table_as_stmt", "create_function_stmt", "create_extension_stmt")
_PREPARED = "a prepared transaction may end either way, whatever the script says"
_IN_TEXT = "the grammar does not know it"
_BY_PROGRAM = "this script is a program, of which only it knows what it kept"


@dataclass(frozen=True)
class Missing:
    """A statement that is not taken back, or not whole, and why: a sentence without its full stop."""

    statement: Statement
    reason: str

    @property
    def place(self) -> Place:
        return self.statement.place


@dataclass(frozen=True)
class Derived:
    """The statements that take a script back, each with its semicolon and on a line of its own, and what they do not.

    Where nothing is ``missing`` they restore the schema; else they are a beginning for a person, with a comment where
    something is missing.
    """

    sql: str
    missing: tuple[Missing, ...] = ()


class Derivation:
    """The rollback of one script, derived while the script runs on ``connection``.

    ``before`` is called before each statement is sent and ``after`` behind each that has succeeded, in the session and
    the transaction in which it runs: they are what a Runner tells. What a Runner sends again within one attempt, since
    it turned out not to fit in a transaction, replaces what came before: the whole script, or one statement. Nothing
    that is read from the catalog stays in the session but prepared statements, and nothing that fails there makes the
    script fail.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._catalog = Catalog(connection)
        self._context = Context(self._catalog)
        self._state = State()
        #: The statements so far, by their places in the script, each with the state before it.
        self._before: list[tuple[int, State]] = []
        #: The transaction and the savepoints of the script that are open, with the states in which they began.
        self._open: list[tuple[str, State]] = [("", State())]
        self._plan = NOTHING
        self._facts: Facts = {}
        #: What was read behind the statement before, and where: nothing was sent since.
        self._behind: tuple[tuple[Scope, ...], Facts] = ((), {})
        #: The last result, and the state that it is of.
        self._result: tuple[State, Derived] | None = None
        self._positions: dict[str, tuple[int, bool]] = {}
        self._was_idle = True

    def before(self, statement: Statement) -> None:
        """Look at what the statement is going to change, where it does not tell by itself."""
        if statement.script.program is None:
            self._forget_from(statement.offset)
        self._before.append((statement.offset, self._state))
        (known, facts), self._behind = self._behind, ((), {})
        self._plan, self._facts, self._positions = NOTHING, {}, {}
        self._was_idle = self._status == TransactionStatus.IDLE
        self._context.begin(self._state)
        if statement.kind == "transaction_stmt" or self._status == TransactionStatus.INERROR:
            return
        try:
            self._plan = self._planned(statement)
            if self._plan.scopes:
                self._facts = facts if self._plan.scopes == known else self._catalog.read(self._plan.scopes)
            self._positions = self._catalog.positions(self._plan.sequences)
        except psycopg.Error as error:
            self._plan = replace(self._plan, scopes=(), sequences=(), missing=(*self._plan.missing, _unread(error)))

    def after(self, statement: Statement) -> None:
        """Look at what the statement has changed."""
        if statement.kind == "transaction_stmt":
            self._control(statement)
        plan, found = self._plan, None
        if plan.scopes:
            try:
                self._behind = (plan.scopes, self._catalog.read(plan.scopes))
                found = way_back(self._facts, self._behind[1], self._terms, plan.moved)
            except psycopg.Error as error:
                plan = replace(plan, missing=(*plan.missing, _unread(error)))
        if self._positions:
            plan = self._with_positions(plan)
        if plan is not NOTHING:
            self._add(statement, plan, found)
        keeps = statement.kind.startswith(_KEEP_THE_SESSION) and statement.kind not in _CHANGE_THE_SESSION
        if not keeps or TEMPORARY in plan.makes:  # the first temporary relation puts their schema on the path
            self._context.forget_session()

    def result(self) -> Derived:
        """How to go back from behind the last statement, where the session is now, to before the first."""
        if self._result is not None and self._result[0] is self._state:
            return self._result[1]
        state, backs = self._state, self._state.backs
        problems: list[str] = []
        if state.may_be_out_of_order:
            try:
                backs, problems = ordered(backs, self._catalog.needs(list(state.made)))
            except psycopg.Error as error:
                problems = [_unread(error)]
        said = [*state.missing, *(Said(state.steps[-1].statement, problem) for problem in problems)]
        missing = sorted((Missing(*item) for item in said), key=lambda item: item.statement.offset)
        self._result = (state, Derived("".join(back.line for back in backs), tuple(missing)))
        return self._result[1]

    def _planned(self, statement: Statement) -> Plan:
        if statement.script.program is not None:
            return Plan(missing=(_BY_PROGRAM,))
        if not statement.kind:
            return Plan(missing=(_IN_TEXT,))
        plan = plan_of(statement.kind, tree_of(statement), self._context)
        if plan is not NOTHING and not self._state.steps and (names := self._context.event_triggers):
            said = f"the event trigger {', '.join(names)} may do more than the statements of this script say"
            return replace(plan, missing=(*plan.missing, said))
        return plan

    def _with_positions(self, plan: Plan) -> Plan:
        try:
            after = self._catalog.positions(plan.sequences)
        except psycopg.Error as error:
            return replace(plan, missing=(*plan.missing, _unread(error)))
        moved = [name for name, position in self._positions.items() if after[name] != position]
        backs = [_set_back(name, self._positions[name], after[name]) for name in moved]
        return replace(plan, backs=(*plan.backs, *backs))

    def _add(self, statement: Statement, plan: Plan, found: WayBack | None) -> None:
        backs, missing = list(plan.backs), list(plan.missing)
        if found is not None:
            backs += found.backs
            missing += found.missing
        state = self._state
        for old, new in (*plan.renames, *(found.renamed if found else ())):
            state = state.renaming(old, new)
        for entry in (*plan.touches, *(found.touched if found else ())):
            state, reason = state.touching(entry)
            missing += [reason] if reason else []
        for entry in (*plan.loses, *(found.gone if found else ())):
            state, reason = state.losing(entry)
            missing += [reason] if reason else []
        made = [*plan.makes, *(found.made if found else ())]
        for entry in found.taken if found else ():
            state = state.taking(entry)
        self._state = state.doing(statement, backs, missing).making(made)

    def _control(self, statement: Statement) -> None:
        """BEGIN, COMMIT, ROLLBACK, and savepoints: what is rolled back needs no way back."""
        node = tree_of(statement)
        match enum_name(node, "kind").removeprefix("TRANS_STMT_"):
            case "ROLLBACK" | "COMMIT" if self._was_idle:
                pass  # there is nothing to end
            case "BEGIN" | "START" if not self._was_idle:
                pass  # in a transaction it is a warning
            case "BEGIN" | "START" | "COMMIT":
                self._open = [("", self._state)]
            case "ROLLBACK":
                self._return_to(self._open[0][1], statement)
            case "SAVEPOINT":
                self._open.append((node.savepoint_name, self._state))
            case "ROLLBACK_TO":
                while self._open[-1][0] != node.savepoint_name:
                    self._open.pop()
                self._return_to(self._open[-1][1], statement)
            case "RELEASE":
                while self._open.pop()[0] != node.savepoint_name:
                    pass
            case _:
                self._state = self._state.doing(statement, (), [_PREPARED])

    def _return_to(self, state: State, statement: Statement) -> None:
        """The statements since are rolled back, but for setval()."""
        since = self._state.steps[len(state.steps) :]
        kept = [back for step in reversed(since) for back in step.backs if back.sets_back]
        self._state = state.doing(statement, kept) if kept else state

    def _forget_from(self, offset: int) -> None:
        """The script is run anew from there on, where these statements were sent before."""
        while self._before and self._before[-1][0] >= offset:
            self._state, self._behind = self._before.pop()[1], ((), {})
            self._context.forget_session()
        if not self._before:
            self._open = [("", State())]

    @property
    def _terms(self) -> Terms:
        return Terms(self._catalog.version, self._context.has_default_privileges, self._context.is_made)

    @property
    def _status(self) -> TransactionStatus:
        return self._connection.info.transaction_status


def _set_back(name: str, before: tuple[int, bool], after: tuple[int, bool]) -> Back:
    """The statement that sets a sequence back, unless somebody has taken values from it since, which may be in use."""
    setting = "SELECT pg_catalog.setval"
    is_as_left = f"last_value = {after[0]} AND {'' if after[1] else 'NOT '}is_called"
    position = f"{literal(name)}, {before[0]}, {str(before[1]).lower()}"
    return Back(f"{setting}({position}) FROM {name} WHERE {is_as_left}", sets_back=True)


def _unread(error: psycopg.Error) -> str:
    return f"what it changes could not be read: {str(error).splitlines()[0]}"
