"""Where working days are counted into a year without a published arrangement, pages call them an estimate."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from taskboard.clock import SettableClock
from taskboard.domain.workflow import AssignmentState, TaskState
from tests.support.factories import make_plan, make_task, usual_people
from tests.support.visitor import Visitor


@pytest.mark.parametrize(("issued_on", "is_estimated"), [((2026, 12, 30), True), ((2026, 12, 28), False)])
def test_a_time_limit_in_an_unknown_year_is_marked(
    client: FlaskClient, session: Session, clock: SettableClock, issued_on: tuple[int, int, int], is_estimated: bool
) -> None:
    usual = usual_people(session)
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    make_task(
        session,
        plan=plan,
        lead=usual.lead,
        state=TaskState.ISSUED,
        assignment_state=AssignmentState.PENDING,
        issued_at=datetime(*issued_on, 2, tzinfo=UTC),
    )
    session.commit()
    clock.moment = datetime(*issued_on, 3, tzinfo=UTC)

    page = Visitor(client).enter(usual.li).get("/waiting").text

    assert "待签收" in page
    assert ("，预估）" in page) is is_estimated


@pytest.mark.parametrize(("day", "is_warned"), [((2026, 10, 31), False), ((2026, 11, 1), True)])
def test_from_november_on_the_calendar_warns_that_the_next_year_is_missing(
    client: FlaskClient, session: Session, clock: SettableClock, day: tuple[int, int, int], is_warned: bool
) -> None:
    usual = usual_people(session)
    session.commit()
    clock.moment = datetime(*day, 3, tzinfo=UTC)

    page = Visitor(client).enter(usual.sun).get("/calendar").text

    assert ("2027 年的放假安排还没有录入" in page) is is_warned
