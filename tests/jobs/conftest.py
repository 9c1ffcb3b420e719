"""The usual people in the database, and an application that sends to the test's SMTP server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from apiflask import APIFlask
from sqlalchemy.orm import Session

from taskboard.app import create_app
from taskboard.clock import SettableClock
from taskboard.config import MailTransport, Settings
from taskboard.extensions import db
from tests.support.factories import Usual, usual_people
from tests.support.smtp import SmtpServer


@pytest.fixture
def usual(session: Session) -> Usual:
    """The usual people, committed, so that the jobs see them too."""
    usual = usual_people(session)
    session.commit()
    return usual


@pytest.fixture
def mailing(settings: Settings, clock: SettableClock, smtp_server: SmtpServer) -> Iterator[APIFlask]:
    settings = replace(
        settings,
        mail_transport=MailTransport.SMTP,
        smtp_url=smtp_server.url,
        mail_from="督办台账 <taskboard@example.org>",
    )
    app = create_app(settings, clock=clock)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
