"""Sessions of SQLAlchemy on the databases that pytest-migrations lends to the tests."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from grants import people
from grants.models import Funder, Grant, GrantStatus, Organization, User
from sqlalchemy import StaticPool, create_engine
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from pytest_migrations.server.server import Database


@pytest.fixture
def session(migrations_transaction: psycopg.Connection) -> Iterator[Session]:
    """For most tests: quick, since nothing is kept, whatever is committed."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: migrations_transaction, poolclass=StaticPool)
    with Session(engine) as session:
        yield session


@pytest.fixture
def committing(migrations_database: Database) -> Iterator[Session]:
    """For what happens at a commit, or between two sessions: a database of the test's own."""
    engine = create_engine(migrations_database.url_for("postgresql+psycopg"))
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def ada(session: Session) -> User:
    return people.sign_up(session, email="ada@example.org", name="Ada Lovelace", organization="Analytical Engines")


@pytest.fixture
def organization(ada: User) -> Organization:
    assert ada.organization is not None
    return ada.organization


@pytest.fixture
def grant(session: Session) -> Grant:
    grant = Grant(
        funder=Funder(name="Royal Society"),
        title="Calculating machines",
        slug="machines",
        status=GrantStatus.OPEN,
        amount_max=Decimal(10_000),
    )
    session.add(grant)
    session.flush()
    return grant
