"""The hooks of the plugin, for a conftest.py or another plugin. docs/hooks.md has an example of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import psycopg

    from pytest_migrations.formats.format import Format
    from pytest_migrations.migration import Migration


@pytest.hookspec
def pytest_migrations_prepare(connection: psycopg.Connection[Any], folder: Path) -> None:
    """Make a fresh database ready for the migrations in ``folder``: roles, extensions, schemas, reference data.

    Called for each database that migrations are applied to from the first one on, before the first. ``connection`` is
    in autocommit mode and a superuser's on a server that we started. Roles belong to the whole server: make one only
    where it is missing.
    """


@pytest.hookspec
def pytest_migrations_rows(connection: psycopg.Connection[Any], migration: Migration) -> None:
    """Put rows of your own in before ``migration`` is tried on rows, behind those that are generated.

    Called on the schema before the migration, with a connection in the transaction of the trial, of which nothing is
    kept; ``commit()`` and ``rollback()`` stay in it.
    """


@pytest.hookspec(firstresult=True)
def pytest_migrations_leave_out(kind: str, name: str) -> bool | None:
    """Whether an object that differs is to be left out of the comparison of schemas.

    ``kind`` and ``name`` are those of the failure's text and of the report: "index", "public.users_email_key". Return
    None where another hook may decide.
    """


@pytest.hookspec
def pytest_migrations_formats() -> Sequence[Format]:  # type: ignore[empty-body]
    """Formats of your own, which are then detected or named by ``--migrations-format`` like ours."""


@pytest.hookspec
def pytest_migrations_checks() -> Mapping[str, Callable[[Migration, psycopg.Connection[Any]], None]]:  # type: ignore[empty-body]
    """Checks of your own, by name: each migration gets one test more for each.

    The function is called when the migration was applied, with a connection in a transaction of which nothing is kept.
    It passes unless it raises; ``assert``, ``pytest.fail`` and ``pytest.skip`` work as in any test.
    """
