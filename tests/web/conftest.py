"""The usual people in the database, a visitor who can be one of them, and their desk with the tasks of one plan."""

from __future__ import annotations

from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.models import Department
from taskboard.services import members
from tests.support import factories
from tests.support.desk import Desk
from tests.support.factories import Usual, usual_people, writing_by
from tests.support.visitor import Visitor


@pytest.fixture
def usual(session: Session) -> Usual:
    """The usual people, committed, so that the application sees them too."""
    usual = usual_people(session)
    session.commit()
    return usual


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    return Visitor(client)


@pytest.fixture
def chen(visitor: Visitor, usual: Usual) -> Visitor:
    """The supervisor of the usual body, signed in."""
    return visitor.enter(usual.chen)


@pytest.fixture
def desk(session: Session, usual: Usual, visitor: Visitor) -> Desk:
    return Desk(session, usual, visitor)


@pytest.fixture
def counties(desk: Desk) -> list[Department]:
    names = ("清河县政府", "禾川区政府")
    return [factories.make_department(desk.session, name, parent=desk.usual.body) for name in names]


@pytest.fixture
def group(desk: Desk, counties: list[Department]) -> Department:
    group = factories.make_department(
        desk.session, "各县（市、区）政府", parent=desk.usual.body, kind=DepartmentKind.COLLECTIVE
    )
    ids = [one.id for one in counties]
    members.add_members(desk.session, group.id, ids, from_on=date(2020, 1, 1), **writing_by(desk.usual.actor("sun")))
    desk.session.commit()
    return group
