"""What of the catalog has to be read for a snapshot, where it is known what there was when the open transaction began.

Only the common kinds are then read as a whole. Which relations were touched is told by their rows (``touched.py``), and
that the seldom kinds are what they were by the server's counters of the rows that the transaction wrote.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from psycopg.pq import TransactionStatus

from pytest_migrations.catalog.groups import KINDS_OF, SIGNS, Group
from pytest_migrations.catalog.records import Page
from pytest_migrations.catalog.session import ask
from pytest_migrations.catalog.touched import (
    LOOKING,
    NAMES,
    RELATIONS,
    has_other_columns,
    is_renamed,
    is_untracked,
    touched,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

Pages = dict[str, Page]


def read_pages(connection: psycopg.Connection[Any], *, cluster: bool, since: Mapping[str, Page] | None) -> Pages:
    """The page of every kind by the kind's name, read in autocommit or inside the open transaction.

    ``since`` are the pages of the state in which the open transaction began, where they are known.
    Raises psycopg.Error where the server does, as in a transaction that has failed already.
    """
    always = [Group.COMMON, Group.CLUSTER] if cluster else [Group.COMMON]
    if since is None or connection.info.transaction_status == TransactionStatus.IDLE:
        return ask(connection, [*always, Group.PARTS, Group.ACROSS, Group.SELDOM])
    now = ask(connection, always)
    signs, members = _signs(now), _signs(since)["members"]
    seldom = _pages_of(Group.SELDOM, since)
    if signs["seldom"] or signs["members"] != members or any(seldom[k.name].rows for k in _RARE):
        seldom = ask(connection, [Group.SELDOM])
    if signs["names"] or signs["members"] != members:
        relations = ask(connection, [Group.PARTS, Group.ACROSS])
    else:
        relations = _relations(connection, since, now)
    return {**seldom, **now, **relations}


_RARE = [kind for kind in KINDS_OF[Group.SELDOM] if kind.rare_in]


def _signs(pages: Mapping[str, Page]) -> Any:
    return json.loads(pages[SIGNS].rows[0])


def _pages_of(group: Group, pages: Mapping[str, Page]) -> Pages:
    return {kind.name: pages[kind.name] for kind in KINDS_OF[group]}


def _relations(connection: psycopg.Connection[Any], since: Mapping[str, Page], now: Mapping[str, Page]) -> Pages:
    """The parts of relations and what looks into them, read again where something was touched."""
    parts, across = _pages_of(Group.PARTS, since), _pages_of(Group.ACROSS, since)
    again = touched(since[RELATIONS], now[RELATIONS])
    gone = since[RELATIONS].rows.keys() - now[RELATIONS].rows.keys()
    if not again and not gone:
        return parts | across
    if is_untracked(parts.values()):
        return ask(connection, [Group.PARTS, Group.ACROSS])
    relations = again - {LOOKING}
    some = [Group.PARTS_OF_SOME] if relations else []
    looking = [Group.ACROSS] if gone or LOOKING in again else []
    changed = ask(connection, [*some, *looking], relations)
    if some and is_renamed(parts[NAMES.name], changed[NAMES.name]):
        return ask(connection, [Group.PARTS, Group.ACROSS])
    if some and not looking and has_other_columns(parts[NAMES.name], changed[NAMES.name]):
        changed |= ask(connection, [Group.ACROSS])
    for name, page in parts.items():
        left = {relation: rows for relation, rows in page.rows.items() if relation not in again | gone}
        changed[name] = Page(page.heading, {**left, **changed[name].rows} if some else left)
    return across | changed
