"""The pages to which a scheduled mail leads for the rows it leaves out."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from taskboard.domain.digests import SectionCode
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.labels.digests import SECTIONS
from tests.support.factories import Usual, make_plan, make_task
from tests.support.visitor import Visitor

TITLES = {
    TaskState.ISSUED: ("推行并联审批", AssignmentState.PENDING),
    TaskState.SUBMITTED: ("压减办理时限", AssignmentState.SUBMITTED),
    TaskState.CLOSED: ("公布收费清单", AssignmentState.ACCEPTED),
}


@pytest.mark.parametrize(
    ("code", "who", "shown"),
    [
        (SectionCode.NOT_ACKNOWLEDGED, "chen", TaskState.ISSUED),
        (SectionCode.TO_DECIDE, "liu", TaskState.SUBMITTED),
        (SectionCode.RESOLVED, "chen", TaskState.CLOSED),
    ],
)
def test_what_a_section_leaves_out_is_found_on_the_page_it_leads_to(
    visitor: Visitor, session: Session, usual: Usual, *, code: SectionCode, who: str, shown: TaskState
) -> None:
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    for state, (title, own) in TITLES.items():
        due_on = date(2026, 12, 31)
        make_task(session, plan=plan, lead=usual.lead, state=state, assignment_state=own, due_on=due_on, title=title)
    session.commit()

    page = visitor.enter(getattr(usual, who)).get(SECTIONS[code].path).text

    assert [state for state, (title, _) in TITLES.items() if title in page] == [shown]


@pytest.mark.parametrize("path", sorted({one.path for one in SECTIONS.values()}))
def test_every_page_to_which_a_section_leads_is_there(visitor: Visitor, usual: Usual, path: str) -> None:
    readers = [usual.li, usual.chen, usual.liu]

    assert 200 in [visitor.enter(one).get(path).status_code for one in readers]
