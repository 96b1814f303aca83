"""Temporary twins: an object made from a printed text, only to have the server print it again.

A twin of what belongs to a table stands on a temporary table of the same name and columns, so that no lock is taken
on the real one, and text that names the table stays the same.
"""

# ruff: noqa: S608 (the names and texts are the server's own printing, quoted as SQL needs them)

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWNER = re.compile(r"(?:table|foreign table|view|materialized view|type) (.*)", re.DOTALL)
_LAST_NAME = re.compile(r"(?:\"(?:[^\"]|\"\")*\"|[^\".]+)$")
_TWIN = "pytest_migrations_twin"


@dataclass(frozen=True)
class Original:
    """The object whose text is in question, as it is in the database now."""

    name: str
    fields: Mapping[str, str]
    #: The table, view or type that it belongs to, as SQL needs it; empty for one that stands alone.
    owner: str
    #: Whether the owner is a type.
    of_type: bool

    @property
    def table(self) -> str:
        """The temporary stand-in of the table."""
        last = _LAST_NAME.search(self.owner)
        return f"pg_temp.{last[0] if last else self.owner}"

    @property
    def make_table(self) -> str:
        return f"create temp table {self.table} (like {self.owner})"

    @property
    def column(self) -> str:
        return self.name.removeprefix(f"{self.owner}.")

    def named_back(self, text: str) -> str:
        """A printed text with the stand-in's name turned into the table's."""
        local = re.escape(self.table.removeprefix("pg_temp."))
        return re.sub(rf"\bpg_temp(?:_\d+)?\.{local}(?![\w$])", self.owner.replace("\\", r"\\"), text)


def original(name: str, fields: Mapping[str, str], parents: tuple[str, ...]) -> Original:
    owners = [match[1] for parent in parents if (match := _OWNER.fullmatch(parent))]
    return Original(name, fields, owners[0] if owners else "", any(parent.startswith("type ") for parent in parents))


def _view(one: Original, text: str) -> str:
    del one
    return f"create temp view {_TWIN} as {text.rstrip(';')}; select pg_get_viewdef('pg_temp.{_TWIN}'::regclass)"


def _constraint(one: Original, text: str) -> str:
    if one.of_type:
        based_on = (
            f"(select format_type(typbasetype, typtypmod) from pg_type where oid = '{_quoted(one.owner)}'::regtype)"
        )
        make = (
            f"do $twin$ begin execute 'create domain pg_temp.{_TWIN}_type as ' || {based_on} || "
            f"$text$ constraint {_TWIN} {text}$text$; end $twin$"
        )
    else:
        make = f"{one.make_table}; alter table {one.table} add constraint {_TWIN} {text}"
    return f"{make}; select pg_get_constraintdef(oid) from pg_constraint where conname = '{_TWIN}'"


def _domain_default(one: Original, text: str) -> str:
    return (
        f"create domain pg_temp.{_TWIN} as {one.fields['based on']} default {text}; "
        f"select pg_get_expr(typdefaultbin, 0) from pg_type where typname = '{_TWIN}'"
    )


def _default(one: Original, text: str) -> str:
    return f"{one.make_table}; alter table {one.table} alter column {one.column} set default {text}; {_attrdef(one)}"


def _generated(one: Original, text: str) -> str:
    return (
        f"{one.make_table}; alter table {one.table} drop column {one.column}; alter table {one.table} "
        f"add column {one.column} {one.fields['type']} generated always as ({text}) stored; {_attrdef(one)}"
    )


def _attrdef(one: Original) -> str:
    return f"select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = '{_quoted(one.table)}'::regclass"


def _index(one: Original, text: str) -> str:
    return _on_table(one, text, " ON ", f"pg_get_indexdef(indexrelid) from pg_index where indrelid = {_oid(one)}")


def _trigger(one: Original, text: str) -> str:
    return _on_table(one, text, " ON ", f"pg_get_triggerdef(oid) from pg_trigger where tgrelid = {_oid(one)}")


def _rule(one: Original, text: str) -> str:
    return _on_table(one, text, " TO ", f"pg_get_ruledef(oid) from pg_rewrite where ev_class = {_oid(one)}")


def _on_table(one: Original, text: str, word: str, read: str) -> str:
    moved = text.replace(f" ON ONLY {one.owner}", f" ON {one.owner}", 1).replace(
        f"{word}{one.owner}", f"{word}{one.table}", 1
    )
    return f"{one.make_table}; {moved.rstrip(';')}; select {read}"


def _policy_using(one: Original, text: str) -> str:
    return _policy(one, f"using ({text})", "polqual")


def _policy_check(one: Original, text: str) -> str:
    return _policy(one, f"for insert with check ({text})", "polwithcheck")


def _policy(one: Original, clause: str, column: str) -> str:
    return (
        f"{one.make_table}; create policy {_TWIN} on {one.table} {clause}; "
        f"select pg_get_expr({column}, polrelid) from pg_policy where polname = '{_TWIN}'"
    )


def _oid(one: Original) -> str:
    return f"'{_quoted(one.table)}'::regclass"


def _quoted(name: str) -> str:
    return name.replace("'", "''")


Twin = Callable[[Original, str], str]

#: Which fields hold text of expressions, and the statements that have the server print such a text once more.
TWINS: dict[tuple[str, str], Twin] = {
    ("view", "definition"): _view,
    ("materialized view", "definition"): _view,
    ("constraint", "definition"): _constraint,
    ("type", "default"): _domain_default,
    ("column", "default"): _default,
    ("column", "expression"): _generated,
    ("index", "definition"): _index,
    ("trigger", "definition"): _trigger,
    ("rule", "definition"): _rule,
    ("policy", "using"): _policy_using,
    ("policy", "with check"): _policy_check,
}
