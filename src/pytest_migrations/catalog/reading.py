"""What of the catalog has to be read for a snapshot, where it is known what there was when the open transaction began.

The server's counters tell in which catalogs the transaction has written (``signs.py``), and the rows of relations which
of them it has touched (``rows.py``). The text of a relation's parts (columns, constraints, indexes) is made of its own
rows and of the names of other things. So a relation is read again when one of its rows is another one, and all of them
are when something that existed has got another name. What looks into relations (views, rules, policies) also depends on
their columns, and is read as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.pq import TransactionStatus

from pytest_migrations.catalog import rows
from pytest_migrations.catalog.kinds import KINDS
from pytest_migrations.catalog.names import NAMES, is_renamed, is_untracked, with_other_columns
from pytest_migrations.catalog.questions import all_of, of_some
from pytest_migrations.catalog.records import Page
from pytest_migrations.catalog.session import ask
from pytest_migrations.catalog.signs import SIGNS, Signs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import psycopg

    from pytest_migrations.catalog.kinds.kind import Kind

Pages = dict[str, Page]

_SHARED = [kind for kind in KINDS if kind.shared]
_PARTS = [*(kind for kind in KINDS if kind.parts), NAMES]
_ACROSS = [kind for kind in KINDS if kind.across]
_OTHERS = [kind for kind in KINDS if kind.written_in]


def read_pages(connection: psycopg.Connection[Any], *, cluster: bool, since: Mapping[str, Page] | None) -> Pages:
    """The page of every kind by the kind's name, read in autocommit or inside the open transaction.

    ``since`` are the pages of the state in which the open transaction began, where they are known.
    Raises psycopg.Error where the server does, as in a transaction that has failed already.
    """
    shared = list(map(all_of, _SHARED if cluster else ()))
    if since is None or connection.info.transaction_status == TransactionStatus.IDLE:
        return ask(
            connection, [SIGNS, rows.ALL_ROWS, *shared, all_of(*_PARTS), all_of(*_ACROSS), *map(all_of, _OTHERS)]
        )
    now = ask(connection, [SIGNS, rows.WRITTEN_ROWS, *shared])
    signs = Signs(now)
    if not signs.are_counted or signs.members != Signs(since).members:
        return read_pages(connection, cluster=cluster, since=None)
    moved = [kind for kind in _OTHERS if signs.touch(kind, since[kind.name])]
    if signs.rename_what_relations_name or (
        signs.drop_what_texts_may_name and is_untracked(since[kind.name] for kind in _PARTS)
    ):
        asked = ask(connection, [rows.ALL_ROWS, all_of(*_PARTS), all_of(*_ACROSS), *map(all_of, moved)])
        return {**since, **now, **asked}
    unwritten = {page: since[page] for page in rows.PAGES if page not in signs.written_pages}
    return {**since, **now, **unwritten, **_read_touched(connection, since, {**now, **unwritten}, moved)}


def _read_touched(
    connection: psycopg.Connection[Any], since: Mapping[str, Page], now: Mapping[str, Page], others: Sequence[Kind]
) -> Pages:
    """The others, and what of relations, and of what looks into them, is not what it was."""
    again, gone = rows.touched(since, now)
    relations = again - {rows.LOOKING}
    some = [of_some(_PARTS, relations)] if relations else []
    across = [all_of(*_ACROSS)] if gone or rows.LOOKING in again else []
    changed = ask(connection, [*some, *across, *map(all_of, others)])
    names = (since[NAMES.name], changed.get(NAMES.name, since[NAMES.name]))
    other_columns = with_other_columns(*names)
    parts = [since[kind.name] for kind in _PARTS]
    if is_renamed(*names) or ((gone or other_columns) and is_untracked(parts, other_columns)):
        return changed | ask(connection, [all_of(*_PARTS), all_of(*_ACROSS), *map(all_of, _there(since))])
    if other_columns and not across:
        changed |= ask(connection, [all_of(*_ACROSS)])
    return changed | {kind.name: _mended(since[kind.name], changed.get(kind.name), again | gone) for kind in _PARTS}


def _there(since: Mapping[str, Page]) -> list[Kind]:
    """The other kinds of which there are objects, whose texts may name a relation or its columns."""
    return [kind for kind in _OTHERS if since[kind.name].rows]


def _mended(before: Page, again: Page | None, relations: Iterable[int]) -> Page:
    """The page with certain relations as they were read again, or without them."""
    left = {relation: rows for relation, rows in before.rows.items() if relation not in relations}
    return Page(again.heading, {**left, **again.rows}) if again else Page(before.heading, left)
