"""The usual people in the database, and a visitor who can be one of them."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.orm import Session

from tests.support.factories import Usual, usual_people
from tests.support.visitor import Visitor


class CompiledTemplates(BytecodeCache):
    """Every test has an application of its own, but compiling its templates anew would take most of the test's time."""

    def __init__(self) -> None:
        self.compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.compiled:
            bucket.bytecode_from_string(self.compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.compiled[bucket.key] = bucket.bytecode_to_string()


COMPILED = CompiledTemplates()


@pytest.fixture
def app(app: APIFlask) -> APIFlask:
    app.jinja_env.bytecode_cache = COMPILED
    return app


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
