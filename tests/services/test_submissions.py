"""Submissions: a department's own, signed off or withdrawn, and what the lead decides about a partner's."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from taskboard.domain.errors import Invalid, NotAllowed, NotNow
from taskboard.domain.workflow import (
    AssignmentState,
    Closure,
    TaskState,
    Verification,
)
from taskboard.models import ProgressReport
from taskboard.services import assignment_acts, task_acts
from tests.support.factories import NOW
from tests.support.office import FIVE_WORKING_DAYS_ON, NEXT_WEEK, TODAY, YESTERDAY, Office


def test_without_sign_off_a_submission_goes_straight_to_the_supervisors(office: Office) -> None:
    task = office.task(partners=())
    branch = office.branch(task)

    office.do(assignment_acts.submit, branch.id, "li", statement="全部完成")

    assert (branch.state, branch.submitted_at, branch.submitted_by_id, branch.days_late) == (
        AssignmentState.SUBMITTED,
        NOW,
        office.usual.li.id,
        0,
    )
    assert task.state is TaskState.SUBMITTED
    assert office.session.scalars(select(ProgressReport.done)).all() == ["全部完成"]
    assert office.mails() == [("submitted", "chen")]


def test_with_sign_off_it_waits_for_the_head_and_does_not_count_yet(office: Office) -> None:
    office.usual.lead.needs_sign_off = True
    task = office.task(partners=())
    branch = office.branch(task)

    office.do(assignment_acts.submit, branch.id, "li")

    assert (branch.state, branch.submitted_at) == (AssignmentState.HEAD_REVIEW, None)
    assert task.state is TaskState.IN_PROGRESS
    assert office.mails() == [("submitted", "gao")]


def test_the_heads_own_submission_is_signed_off_by_being_made(office: Office) -> None:
    office.usual.lead.needs_sign_off = True
    branch = office.branch(office.task(partners=()))

    office.do(assignment_acts.submit, branch.id, "gao")

    assert branch.state is AssignmentState.SUBMITTED


@pytest.mark.parametrize("who", ["wang", "chen", "liu"])
def test_nobody_submits_for_another_department(office: Office, who: str) -> None:
    with pytest.raises(NotAllowed):
        office.do(assignment_acts.submit, office.branch(office.task(partners=(office.usual.partner,))).id, who)


def test_a_lead_waits_for_its_partners_or_says_why_not(office: Office) -> None:
    task = office.task()
    branch = office.branch(task)

    with pytest.raises(Invalid) as refusal:
        office.do(assignment_acts.submit, branch.id, "li")
    assert refusal.value.problem == "partners_owe"
    assert refusal.value.facts["departments"] == office.usual.partner.name

    entry = office.do(assignment_acts.submit, branch.id, "li", why_without_partners="配合事项另行办理")
    assert entry.reason == "配合事项另行办理"


@pytest.mark.parametrize("state", ["submitted", "accepted", "waived", "objected"])
def test_a_partner_that_owes_nothing_does_not_hold_the_lead_up(office: Office, state: str) -> None:
    task = office.task()
    office.partner_branch(task).state = AssignmentState(state)

    office.do(assignment_acts.submit, office.branch(task).id, "li")

    assert task.state is TaskState.SUBMITTED


def test_a_partner_waits_for_nobody(office: Office) -> None:
    task = office.task()

    office.do(assignment_acts.submit, office.partner_branch(task).id, "wang")

    assert office.partner_branch(task).state is AssignmentState.SUBMITTED
    assert task.state is TaskState.IN_PROGRESS
    assert office.mails() == [("submitted", "li")]


def test_the_due_day_is_on_time_and_the_next_day_is_one_late(office: Office) -> None:
    punctual, late = office.task(partners=(), due_on=TODAY), office.task(partners=(), due_on=YESTERDAY)
    last_minute = datetime.fromisoformat("2026-11-23T23:59:00+08:00")

    office.do(assignment_acts.submit, office.branch(punctual).id, "li", now=last_minute)
    office.do(assignment_acts.submit, office.branch(late).id, "li", now=last_minute)

    assert office.branch(punctual).days_late == 0
    assert office.branch(late).days_late == 1


def test_it_is_the_sign_off_that_counts_for_being_on_time(office: Office) -> None:
    office.usual.lead.needs_sign_off = True
    branch = office.branch(office.task(partners=(), due_on=TODAY))
    office.do(assignment_acts.submit, branch.id, "li")

    office.do(assignment_acts.sign_off, branch.id, "gao", now=NOW + timedelta(days=2))

    assert (branch.state, branch.days_late) == (AssignmentState.SUBMITTED, 2)
    assert branch.submitted_at == NOW + timedelta(days=2)
    assert branch.submitted_by_id == office.usual.li.id
    assert office.mails() == [("submitted", "chen"), ("submitted", "gao")]


@pytest.mark.parametrize("who", ["li", "wang", "chen"])
def test_nobody_but_the_head_signs_off_or_returns_inside(office: Office, who: str) -> None:
    branch = office.branch(office.task(own="head_review"))

    for act, more in ((assignment_acts.sign_off, {}), (assignment_acts.return_inside, {"reason": "再改"})):
        with pytest.raises(NotAllowed):
            office.do(act, branch.id, who, **more)


def test_a_supervisor_signs_off_where_there_is_no_head(office: Office) -> None:
    office.usual.gao.is_active = False
    branch = office.branch(office.task(own="head_review", partners=()))

    office.do(assignment_acts.sign_off, branch.id, "chen")

    assert branch.state is AssignmentState.SUBMITTED


def test_the_head_returns_inside_with_a_reason(office: Office) -> None:
    branch = office.branch(office.task(own="head_review"))
    branch.officer_id = branch.submitted_by_id = office.usual.qian.id

    with pytest.raises(Invalid):
        office.do(assignment_acts.return_inside, branch.id, "gao", reason=" ")
    office.do(assignment_acts.return_inside, branch.id, "gao", reason="补充数据")

    assert (branch.state, branch.days_late, branch.submitted_by_id) == (AssignmentState.IN_PROGRESS, 0, None)
    assert office.mails() == [("returned", "li"), ("returned", "qian")]


@pytest.mark.parametrize("sign_off", [True, False])
def test_who_submitted_may_withdraw_until_somebody_decides(office: Office, sign_off: bool) -> None:
    office.usual.lead.needs_sign_off = sign_off
    task = office.task(partners=())
    branch = office.branch(task)
    office.do(assignment_acts.submit, branch.id, "li")

    office.do(assignment_acts.withdraw, branch.id, "li")

    assert (branch.state, branch.submitted_at, branch.submitted_by_id) == (AssignmentState.IN_PROGRESS, None, None)
    assert task.state is TaskState.IN_PROGRESS


@pytest.mark.parametrize("who", ["gao", "wang", "chen"])
def test_nobody_else_withdraws_it(office: Office, who: str) -> None:
    branch = office.branch(office.task(partners=(office.usual.partner,)))
    office.do(assignment_acts.submit, branch.id, "li", why_without_partners="不等")

    with pytest.raises(NotAllowed):
        office.do(assignment_acts.withdraw, branch.id, who)


def test_after_the_decision_it_is_too_late_to_withdraw(office: Office) -> None:
    task = office.task(partners=())
    branch = office.branch(task)
    office.do(assignment_acts.submit, branch.id, "li")
    office.do(task_acts.close, task.id, "chen", closure=Closure.DONE, verification=Verification.VERIFIED)

    with pytest.raises(NotNow):
        office.do(assignment_acts.withdraw, branch.id, "li")


def test_a_withdrawn_submission_never_counted_as_late(office: Office) -> None:
    task = office.task(partners=(), due_on=YESTERDAY)
    branch = office.branch(task)
    office.do(assignment_acts.submit, branch.id, "li")
    assert branch.days_late == 1

    office.do(assignment_acts.withdraw, branch.id, "li")
    assert branch.days_late == 0

    office.do(task_acts.correct_deadline, task.id, "chen", due_on=NEXT_WEEK, reason="部署调整")
    office.do(assignment_acts.submit, branch.id, "li")
    assert branch.days_late == 0


# A partner's submission


def test_the_lead_accepts_a_partners_submission(office: Office) -> None:
    branch = office.partner_branch(office.task())
    office.do(assignment_acts.submit, branch.id, "wang")

    office.do(assignment_acts.accept_submission, branch.id, "li")

    assert (branch.state, branch.accepted_at) == (AssignmentState.ACCEPTED, NOW)
    assert ("accepted", "wang") in office.mails()


def test_the_lead_returns_it_with_a_reason_and_a_day(office: Office) -> None:
    task = office.task(due_on=TODAY)
    branch = office.partner_branch(task)
    office.do(assignment_acts.submit, branch.id, "wang")

    office.do(assignment_acts.return_submission, branch.id, "gao", reason="缺数据")

    assert (branch.state, branch.due_on, branch.submitted_at) == (
        AssignmentState.IN_PROGRESS,
        FIVE_WORKING_DAYS_ON,
        None,
    )
    assert (task.due_on, office.branch(task).due_on) == (TODAY, TODAY)
    assert (task.deadline_version, branch.deadline_version, office.branch(task).deadline_version) == (1, 1, 0)
    assert ("returned", "wang") in office.mails()


@pytest.mark.parametrize("who", ["wang", "chen", "liu"])
def test_nobody_but_the_lead_decides_about_a_partners_submission(office: Office, who: str) -> None:
    branch = office.partner_branch(office.task(own="submitted"))

    for act, more in ((assignment_acts.accept_submission, {}), (assignment_acts.return_submission, {"reason": "再改"})):
        with pytest.raises(NotAllowed):
            office.do(act, branch.id, who, **more)


def test_the_lead_does_not_decide_about_its_own_submission(office: Office) -> None:
    branch = office.branch(office.task("submitted", own="submitted"))

    with pytest.raises(NotAllowed):
        office.do(assignment_acts.accept_submission, branch.id, "li")
