"""The usual people in the database, and a visitor who can be one of them."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.support.factories import Usual, usual_people
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
