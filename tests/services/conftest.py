"""The usual people in the database, and a plan for their work. Nothing is committed: services only flush."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from taskboard.domain.permissions import Actor
from taskboard.models import Plan
from tests.support.factories import Usual, make_plan, usual_people
from tests.support.office import Office
from tests.support.tree import Tree


@pytest.fixture
def usual(session: Session) -> Usual:
    return usual_people(session)


@pytest.fixture
def chen(usual: Usual) -> Actor:
    """The supervisor of the usual body, as services know who acts."""
    return usual.actor("chen")


@pytest.fixture
def plan(session: Session, usual: Usual) -> Plan:
    return make_plan(session, body=usual.body, imported_by=usual.chen)


@pytest.fixture
def office(session: Session) -> Office:
    """The usual people at work on tasks of one plan."""
    return Office(session)


@pytest.fixture
def tree(session: Session) -> Tree:
    """The office with sections below the lead department."""
    return Tree(session)
