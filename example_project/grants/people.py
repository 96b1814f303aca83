"""People and the organizations that they apply for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from grants.models import Organization, User

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def sign_up(session: Session, *, email: str, name: str, organization: str) -> User:
    """A new organization with its first member, each of whom refers to the other."""
    user = User(email=email, name=name)
    user.organization = Organization(name=organization, primary_contact=user)
    session.add(user)
    session.flush()
    return user


def find(session: Session, email: str) -> User | None:
    """However the address is written."""
    return session.scalar(select(User).where(func.lower(User.email) == email.lower()))
