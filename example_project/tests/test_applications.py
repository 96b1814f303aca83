"""From sign-up to award, in a transaction of which nothing is kept; and what only a commit shows."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from grants import applications, people
from grants.applications import RefusedError
from grants.models import ApplicationStatus, Funder, Grant, GrantStatus, User
from sqlalchemy.exc import IntegrityError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def test_an_organization_and_its_first_member_refer_to_each_other(session: Session, ada: User) -> None:
    session.expire_all()
    assert ada.organization is not None
    assert ada.organization.primary_contact is ada
    assert ada.organization.people == [ada]


def test_people_are_found_however_they_write_their_address(session: Session, ada: User) -> None:
    assert people.find(session, "ADA@Example.org") is ada
    assert people.find(session, "ada@example.com") is None


def test_an_address_belongs_to_one_person(session: Session, ada: User) -> None:
    with pytest.raises(IntegrityError, match="users_email_key"):
        people.sign_up(session, email="Ada@Example.Org", name="Another Ada", organization="Another")
    session.rollback()


def test_names_are_split(ada: User) -> None:
    assert (ada.first_name, ada.last_name) == ("Ada", "Lovelace")


def test_an_application_has_a_reference_and_a_total(session: Session, ada: User, grant: Grant) -> None:
    application = applications.draft(session, ada, grant, title="An engine", amount=Decimal(900))
    assert application.reference.startswith("APP-")
    application.matched_amount = Decimal(100)
    session.flush()
    assert application.total_amount == 1000


def test_the_first_reference(session: Session, ada: User, grant: Grant) -> None:
    """Sequences stand where they stood, whatever other tests have drawn from them."""
    assert applications.draft(session, ada, grant, title="An engine", amount=Decimal(1)).reference == "APP-001000"


def test_what_happens_to_an_application_is_written_down(session: Session, ada: User, grant: Grant) -> None:
    application = applications.draft(session, ada, grant, title="An engine", amount=Decimal(900))
    applications.submit(session, application, ada)
    applications.award(session, application, year=2026, plan={"brass": Decimal(900)})
    session.commit()  # to a savepoint: the transaction is the fixture's
    assert [(change.old_status, change.new_status) for change in application.history] == [
        (ApplicationStatus.DRAFT, ApplicationStatus.SUBMITTED),
        (ApplicationStatus.SUBMITTED, ApplicationStatus.APPROVED),
    ]


def test_more_than_the_grant_gives_is_refused(session: Session, ada: User, grant: Grant) -> None:
    application = applications.draft(session, ada, grant, title="Two engines", amount=Decimal(20_000))
    with pytest.raises(RefusedError, match=r"at most 10000"):
        applications.submit(session, application, ada)


def test_a_closed_grant_takes_no_application(session: Session, ada: User, grant: Grant) -> None:
    grant.status = GrantStatus.CLOSED
    application = applications.draft(session, ada, grant, title="An engine", amount=Decimal(900))
    with pytest.raises(RefusedError, match="is closed"):
        applications.submit(session, application, ada)


def test_a_draft_gets_no_award(session: Session, ada: User, grant: Grant) -> None:
    application = applications.draft(session, ada, grant, title="An engine", amount=Decimal(900))
    with pytest.raises(RefusedError, match="is draft"):
        applications.award(session, application, year=2026, plan={})


def test_a_plan_beyond_the_award_is_refused_at_the_commit(committing: Session) -> None:
    """The constraint trigger waits for the commit, so this needs a real one."""
    session = committing
    user = people.sign_up(session, email="ada@example.org", name="Ada", organization="Engines")
    grant = Grant(funder=Funder(name="Royal Society"), title="Machines", slug="machines", status=GrantStatus.OPEN)
    application = applications.draft(session, user, grant, title="An engine", amount=Decimal(900))
    applications.submit(session, application, user)
    session.commit()

    applications.award(session, application, year=2026, plan={"brass": Decimal(500), "steam": Decimal(500)})
    with pytest.raises(IntegrityError, match=r"1000\.00 planned, but only 900\.00 granted"):
        session.commit()
    session.rollback()
    assert application.status is ApplicationStatus.SUBMITTED
