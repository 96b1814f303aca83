"""Whose database it is: one that another tool migrates is not ours until it was taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.foreign_ledgers import refusal, survey

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from pytest_migrations.migration import History
    from pytest_migrations.operations.entry import Entry


def make_sure_that_it_is_ours(
    connection: psycopg.Connection[Any], history: History, entries: Mapping[str, Entry]
) -> None:
    """Raises UserError where our ledger is empty and that of another tool tells of the folder's migrations."""
    if not entries and (refused := refusal(survey(connection, history))):
        raise refused
