"""The ledger through its pages: exported, and uploaded again."""

from __future__ import annotations

from datetime import date

import pytest

from taskboard.domain.workflow import TaskState
from tests.support import factories


@pytest.fixture
def plan(session, usual):
    plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen, title="要点/2026：一")
    factories.make_task(
        session, plan=plan, lead=usual.lead, partners=(usual.partner,), due_on=date(2026, 12, 31), title="推进一网通办"
    )
    factories.make_task(session, plan=plan, lead=usual.other, state=TaskState.DRAFT, title="还没有交办的事")
    session.commit()
    return plan


def test_a_plan_page_leads_to_its_ledger_as_a_file_to_keep(visitor, usual, plan):
    visitor.enter(usual.chen)
    address = f"/plans/{plan.id}/ledger.xlsx"

    answer = visitor.get(address)

    assert address in visitor.get(f"/plans/{plan.id}").text
    assert answer.status_code == 200
    assert answer.data.startswith(b"PK")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "%E5%8F%B0%E8%B4%A6" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(("name", "status"), [("li", 200), ("liu", 200), ("zhao", 404), ("sun", 404)])
def test_the_ledger_exists_for_who_sees_something_of_the_plan(visitor, usual, plan, name, status):
    answer = visitor.enter(getattr(usual, name)).get(f"/plans/{plan.id}/ledger.xlsx")

    assert answer.status_code == status
