"""The acts of the workflow: what each does, what it asks for, and its twin for the person who may not."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotAllowed, NotFound, NotNow, Stale
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    Act,
    AssignmentState,
    Closure,
    DeadlineOrigin,
    PastDeadline,
    TaskState,
    Verification,
)
from taskboard.models import OutboxMessage, ProgressReport, Task
from taskboard.services import reports, workflow
from taskboard.services.notices import Told
from taskboard.services.workflow import BatchRefused, IssueOrder
from tests.support import factories
from tests.support.factories import NOW
from tests.support.office import FIVE_WORKING_DAYS_ON, NEXT_WEEK, TODAY, YESTERDAY, Office


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


# Issue


def test_a_draft_is_issued_to_its_departments(office: Office) -> None:
    task = office.task("draft")

    entry = office.issue(task)

    assert (task.state, task.issued_at, task.original_due_on) == (TaskState.ISSUED, NOW, NEXT_WEEK)
    assert {office.branch(task).state, office.partner_branch(task).state} == {AssignmentState.PENDING}
    assert office.partner_branch(task).due_on == NEXT_WEEK
    assert (entry.act, entry.actor_id, entry.entrance) == (Act.ISSUE, office.usual.chen.id, "test")
    assert entry.before == {"task": {"state": "draft"}}
    assert entry.after == {"task": {"state": "issued"}}
    assert office.mails() == [("issued", "li"), ("issued", "wang")]


@pytest.mark.parametrize("who", ["li", "gao", "zhao", "liu", "sun"])
def test_nobody_but_a_supervisor_finds_a_draft(office: Office, who: str) -> None:
    task = office.task("draft")

    with pytest.raises(NotFound):
        office.issue(task, who)
    assert task.state is TaskState.DRAFT


def test_an_issued_task_is_not_issued_again(office: Office) -> None:
    with pytest.raises(NotNow):
        office.issue(office.task("issued"))


@pytest.mark.parametrize("who", ["li", "gao", "liu"])
def test_those_who_see_an_issued_task_may_not_issue_it(office: Office, who: str) -> None:
    with pytest.raises(NotAllowed):
        office.issue(office.task("issued"), who)


def test_a_lead_that_was_only_inferred_is_not_issued_to(office: Office) -> None:
    task = office.task("draft")
    office.branch(task).is_confirmed = False

    with pytest.raises(Invalid) as refusal:
        office.issue(task)

    assert refusal.value.problem == "lead_unconfirmed"
    assert task.state is TaskState.DRAFT


def test_the_supervisor_confirms_an_inferred_lead_by_issuing(office: Office) -> None:
    task = office.task("draft")
    office.branch(task).is_confirmed = False

    entry = office.issue(task, confirms_lead=True)

    assert office.branch(task).is_confirmed
    assert entry.after is not None
    assert entry.after[f"assignment:{office.branch(task).id}"] == {"is_confirmed": True}


def test_a_collective_lead_is_not_issued_to(office: Office) -> None:
    cities = factories.make_department(
        office.session, "各市人民政府", parent=office.usual.body, kind=DepartmentKind.COLLECTIVE
    )
    task = office.task("draft", lead=cities)

    with pytest.raises(Invalid) as refusal:
        office.issue(task)
    assert refusal.value.problem == "lead_collective"


def test_a_lead_that_was_switched_off_is_not_issued_to(office: Office) -> None:
    task = office.task("draft")
    office.usual.lead.is_active = False

    with pytest.raises(Invalid) as refusal:
        office.issue(task)
    assert refusal.value.problem == "department_inactive"


def test_a_collective_partner_stands_on_the_task_for_information(office: Office) -> None:
    cities = factories.make_department(
        office.session, "各市人民政府", parent=office.usual.body, kind=DepartmentKind.COLLECTIVE
    )
    task = office.task("draft", partners=(cities,))

    office.issue(task)

    assert office.branch(task, cities).state is AssignmentState.WAIVED
    assert office.mails() == [("issued", "li")]


def test_a_task_without_a_deadline_is_not_issued_before_somebody_chose(office: Office) -> None:
    with pytest.raises(Invalid) as refusal:
        office.issue(office.task("draft", due_on=None))
    assert (refusal.value.field, refusal.value.problem) == ("due_on", "deadline_missing")


def test_a_deadline_chosen_at_the_issue_is_decided(office: Office) -> None:
    task = office.task("draft", due_on=None)

    office.issue(task, due_on=NEXT_WEEK)

    assert (task.due_on, task.original_due_on, task.deadline_origin, task.deadline_version) == (
        NEXT_WEEK,
        NEXT_WEEK,
        DeadlineOrigin.DECIDED,
        1,
    )
    assert office.branch(task).due_on == NEXT_WEEK


def test_an_ongoing_task_has_no_deadline(office: Office) -> None:
    task = office.task("draft")

    office.issue(task, is_ongoing=True)

    assert (task.is_ongoing, task.due_on, task.original_due_on) == (True, None, None)
    assert task.deadline_origin is DeadlineOrigin.ONGOING
    assert office.branch(task).due_on is None


def test_a_past_deadline_asks_for_a_decision(office: Office) -> None:
    task = office.task("draft", due_on=YESTERDAY)

    with pytest.raises(Invalid) as refusal:
        office.issue(task)
    assert refusal.value.problem == "deadline_past"


def test_a_past_deadline_can_be_kept_as_late(office: Office) -> None:
    task = office.task("draft", due_on=YESTERDAY)

    office.issue(task, past_deadline=PastDeadline.KEEP_AS_LATE)

    assert (task.state, task.due_on, task.past_deadline) == (TaskState.ISSUED, YESTERDAY, PastDeadline.KEEP_AS_LATE)


def test_a_past_deadline_can_be_replaced(office: Office) -> None:
    task = office.task("draft", due_on=YESTERDAY)

    office.issue(task, past_deadline=PastDeadline.NEW_DATE, due_on=NEXT_WEEK)

    assert (task.due_on, task.original_due_on, task.past_deadline) == (NEXT_WEEK, NEXT_WEEK, None)
    assert task.deadline_version == 2


def test_a_past_task_put_on_record_owes_nothing(office: Office) -> None:
    task = office.task("draft", due_on=YESTERDAY)

    office.issue(task, past_deadline=PastDeadline.RECORD)

    assert (task.state, task.past_deadline) == (TaskState.TERMINATED, PastDeadline.RECORD)
    assert office.branch(task).state is AssignmentState.WAIVED
    assert office.mails() == []


def test_a_batch_is_one_mail_to_each_person(office: Office) -> None:
    tasks = [office.task("draft") for _ in range(3)]

    batch = workflow.issue_tasks(
        office.session,
        [IssueOrder(task.id) for task in tasks],
        plan_id=office.plan.id,
        actor=office.usual.actor("chen"),
        now=NOW,
        entrance="test",
    )

    assert [entry.task_id for entry in batch.entries] == [task.id for task in tasks]
    assert (batch.issued, batch.told) == (3, Told(people=2, without_address=[], without_liaison=[]))
    assert office.mails() == [("issued", "li"), ("issued", "wang")]
    facts = office.session.scalars(select(OutboxMessage.facts)).first()
    assert facts is not None
    assert facts["total"] == 3
    assert [one["title"] for one in facts["tasks"]] == [task.title for task in tasks]


def test_a_batch_with_one_bad_task_issues_none_and_says_which(office: Office) -> None:
    good, bad = office.task("draft"), office.task("draft", due_on=None)

    with pytest.raises(BatchRefused) as refusal:
        workflow.issue_tasks(
            office.session,
            [IssueOrder(good.id), IssueOrder(bad.id)],
            actor=office.usual.actor("chen"),
            now=NOW,
            entrance="test",
        )

    assert list(refusal.value.problems) == [bad.id]
    assert good.state is TaskState.DRAFT
    assert office.mails() == []


def test_a_batch_takes_no_task_of_another_plan(office: Office) -> None:
    task = office.task("draft")
    other = factories.make_plan(office.session, body=office.usual.body, imported_by=office.usual.chen)

    with pytest.raises(NotFound):
        workflow.issue_tasks(
            office.session,
            [IssueOrder(task.id)],
            plan_id=other.id,
            actor=office.usual.actor("chen"),
            now=NOW,
            entrance="test",
        )


def test_a_batch_sent_twice_issues_once(office: Office) -> None:
    tasks = [office.task("draft") for _ in range(2)]
    orders = [IssueOrder(task.id) for task in tasks]
    by: dict[str, Any] = {"actor": office.usual.actor("chen"), "now": NOW, "entrance": "test", "request_key": "k"}

    first = workflow.issue_tasks(office.session, orders, **by).entries
    second = workflow.issue_tasks(office.session, orders, **by).entries

    assert first == second
    assert len(office.mails()) == 2


def test_a_draft_that_changed_under_the_supervisors_eyes_is_not_issued(office: Office) -> None:
    task = office.task("draft")
    seen = task.version
    office.do(workflow.correct_deadline, task.id, "chen", due_on=TODAY)

    with pytest.raises(Stale) as refusal:
        office.issue(task, version=seen)
    assert refusal.value.facts["version"] == task.version


def test_a_department_without_liaison_is_told_through_its_parent_or_the_supervisors(office: Office) -> None:
    section = factories.make_department(office.session, "综合处", parent=office.usual.lead)
    lost = factories.make_department(office.session, "新设局", parent=office.usual.body)
    task = office.task("draft", lead=section, partners=(lost,))

    actor = factories.actor_of(office.usual.sun, (Role.SUPERVISOR, office.usual.body))
    office.do(workflow.issue, IssueOrder(task.id), actor)

    assert office.mails() == [("issued", "chen"), ("issued", "li")]


def test_people_who_left_get_no_mail(office: Office) -> None:
    office.usual.wang.is_active = False

    office.issue(office.task("draft"), "chen")

    # the partner has no other liaison and neither has its parent, so it falls to the supervisor, who acted herself
    assert office.mails() == [("issued", "li")]


# Acknowledge and dispatch


@pytest.mark.parametrize("who", ["li", "gao"])
def test_liaison_and_head_acknowledge(office: Office, who: str) -> None:
    task = office.task("issued", "pending")
    branch = office.branch(task)

    entry = office.do(workflow.acknowledge, branch.id, who)

    assert (branch.state, branch.acknowledged_at) == (AssignmentState.IN_PROGRESS, NOW)
    assert task.state is TaskState.IN_PROGRESS
    assert entry.assignment_id == branch.id
    assert entry.before == {"task": {"state": "issued"}, f"assignment:{branch.id}": {"state": "pending"}}


def test_a_partners_receipt_does_not_move_the_task(office: Office) -> None:
    task = office.task("issued", "pending")

    office.do(workflow.acknowledge, office.partner_branch(task).id, "wang")

    assert office.partner_branch(task).state is AssignmentState.IN_PROGRESS
    assert task.state is TaskState.ISSUED


@pytest.mark.parametrize("who", ["wang", "chen", "liu"])
def test_nobody_else_acknowledges_for_the_lead(office: Office, who: str) -> None:
    branch = office.branch(office.task("issued", "pending"))

    with pytest.raises(NotAllowed):
        office.do(workflow.acknowledge, branch.id, who)
    assert branch.state is AssignmentState.PENDING


@pytest.mark.parametrize("who", ["zhao", "sun", "qian"])
def test_for_outsiders_the_assignment_does_not_exist(office: Office, who: str) -> None:
    branch = office.branch(office.task("issued", "pending"))

    with pytest.raises(NotFound):
        office.do(workflow.acknowledge, branch.id, who)


def test_an_unknown_assignment_is_not_found(office: Office) -> None:
    with pytest.raises(NotFound):
        office.do(workflow.acknowledge, 987654, "li")


def test_nothing_is_acknowledged_twice(office: Office) -> None:
    with pytest.raises(NotNow):
        office.do(workflow.acknowledge, office.branch(office.task()).id, "li")


def test_a_supervisor_acknowledges_where_nobody_holds_the_post(office: Office) -> None:
    lost = factories.make_department(office.session, "新设局", parent=office.usual.body)
    branch = office.branch(office.task("issued", "pending", lead=lost), lost)

    office.do(workflow.acknowledge, branch.id, "chen")

    assert branch.state is AssignmentState.IN_PROGRESS


def test_the_liaison_puts_the_work_into_an_officers_hands(office: Office) -> None:
    branch = office.branch(office.task())

    entry = office.do(workflow.dispatch, branch.id, "li", officer_id=office.usual.qian.id)

    assert branch.officer_id == office.usual.qian.id
    assert branch.state is AssignmentState.IN_PROGRESS
    assert entry.after == {f"assignment:{branch.id}": {"officer_id": office.usual.qian.id}}
    assert office.mails() == [("dispatched", "qian")]


def test_the_work_can_be_taken_back(office: Office) -> None:
    branch = office.branch(office.task())
    branch.officer_id = office.usual.qian.id

    office.do(workflow.dispatch, branch.id, "li", officer_id=None)

    assert branch.officer_id is None
    assert office.mails() == []


@pytest.mark.parametrize("officer", ["wang", "li"])
def test_only_officers_of_the_department_are_dispatched_to(office: Office, officer: str) -> None:
    branch = office.branch(office.task())

    with pytest.raises(Invalid) as refusal:
        office.do(workflow.dispatch, branch.id, "li", officer_id=getattr(office.usual, officer).id)
    assert (refusal.value.field, refusal.value.problem) == ("officer_id", "not_officer")


def test_another_department_dispatches_nothing(office: Office) -> None:
    with pytest.raises(NotAllowed):
        office.do(workflow.dispatch, office.branch(office.task()).id, "wang", officer_id=None)


def test_two_liaisons_do_not_overwrite_each_other_unseen(office: Office) -> None:
    branch = office.branch(office.task())
    seen = branch.version
    office.do(workflow.dispatch, branch.id, "li", officer_id=office.usual.qian.id, version=seen)

    with pytest.raises(Stale):
        office.do(workflow.dispatch, branch.id, "gao", officer_id=None, version=seen)
    assert branch.officer_id == office.usual.qian.id


# Report


def test_a_report_is_added_to_the_assignment(office: Office) -> None:
    branch = office.branch(office.task())
    version = branch.version

    entry = office.do(
        reports.report_progress, branch.id, "li", done=" 已印发方案 ", problems="人手紧", next_step="试点", percent=30
    )

    report = office.session.scalars(select(ProgressReport)).one()
    assert (report.done, report.problems, report.next_step, report.percent) == ("已印发方案", "人手紧", "试点", 30)
    assert (report.author_id, report.reported_at, report.is_unchanged) == (office.usual.li.id, NOW, False)
    office.session.refresh(branch)
    assert (branch.percent, branch.last_reported_at, branch.version) == (30, NOW, version)
    assert (entry.act, entry.before, entry.after) == (Act.REPORT, None, None)


def test_no_change_is_a_report_and_keeps_the_percentage(office: Office) -> None:
    branch = office.branch(office.task())
    office.do(reports.report_progress, branch.id, "li", done="完成一半", percent=50)

    office.do(reports.report_no_change, branch.id, "li", now=NOW + timedelta(days=1))

    office.session.refresh(branch)
    assert (branch.percent, branch.last_reported_at) == (50, NOW + timedelta(days=1))
    assert [one.is_unchanged for one in office.session.scalars(select(ProgressReport).order_by(ProgressReport.id))] == [
        False,
        True,
    ]


def test_the_officer_reports_on_what_was_dispatched_to_them(office: Office) -> None:
    branch = office.branch(office.task())
    with pytest.raises(NotFound):
        office.do(reports.report_progress, branch.id, "qian", done="已办")
    branch.officer_id = office.usual.qian.id

    office.do(reports.report_progress, branch.id, "qian", done="已办")

    assert office.session.scalars(select(ProgressReport.author_id)).all() == [office.usual.qian.id]


@pytest.mark.parametrize("who", ["wang", "chen", "liu"])
def test_nobody_reports_for_another_department(office: Office, who: str) -> None:
    branch = office.branch(office.task())

    for act, more in ((reports.report_progress, {"done": "已办"}), (reports.report_no_change, {})):
        with pytest.raises(NotAllowed):
            office.do(act, branch.id, who, **more)
    assert office.session.scalars(select(ProgressReport)).all() == []


def test_an_empty_report_is_refused(office: Office) -> None:
    with pytest.raises(Invalid) as refusal:
        office.do(reports.report_progress, office.branch(office.task()).id, "li", done="  ", problems="有")
    assert (refusal.value.field, refusal.value.problem) == ("done", "required")


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_percentage_beyond_the_whole_is_refused(office: Office, percent: int) -> None:
    with pytest.raises(Invalid) as refusal:
        office.do(reports.report_progress, office.branch(office.task()).id, "li", done="已办", percent=percent)
    assert refusal.value.field == "percent"


def test_a_colleagues_report_does_not_make_an_open_form_stale(office: Office) -> None:
    branch = office.branch(office.task())
    seen = branch.version
    office.do(reports.report_progress, branch.id, "gao", done="已办")

    office.do(workflow.dispatch, branch.id, "li", officer_id=office.usual.qian.id, version=seen)

    assert branch.officer_id == office.usual.qian.id


def test_a_report_sent_twice_is_kept_once(office: Office) -> None:
    branch = office.branch(office.task())

    first = office.do(reports.report_progress, branch.id, "li", done="已办", request_key="once")
    second = office.do(reports.report_progress, branch.id, "li", done="已办", request_key="once")

    assert first.id == second.id
    assert len(office.session.scalars(select(ProgressReport)).all()) == 1


def test_a_request_sent_twice_answers_like_the_first_time_whatever_the_state_is_now(office: Office) -> None:
    branch = office.branch(office.task("issued", "pending"))
    first = office.do(workflow.acknowledge, branch.id, "li", request_key="once")

    assert office.do(workflow.acknowledge, branch.id, "li", request_key="once").id == first.id


def test_a_key_of_another_act_or_person_is_refused(office: Office) -> None:
    branch = office.branch(office.task())
    office.do(reports.report_no_change, branch.id, "li", request_key="once")

    for act, who, more in (
        (workflow.submit, "li", {"why_without_partners": "不等"}),
        (reports.report_no_change, "gao", {}),
    ):
        with pytest.raises(Invalid) as refusal:
            office.do(act, branch.id, who, request_key="once", **more)
        assert refusal.value.problem == "used_before"


# Submit, sign off, withdraw


def test_without_sign_off_a_submission_goes_straight_to_the_supervisors(office: Office) -> None:
    task = office.task(partners=())
    branch = office.branch(task)

    office.do(workflow.submit, branch.id, "li", statement="全部完成")

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

    office.do(workflow.submit, branch.id, "li")

    assert (branch.state, branch.submitted_at) == (AssignmentState.HEAD_REVIEW, None)
    assert task.state is TaskState.IN_PROGRESS
    assert office.mails() == [("submitted", "gao")]


def test_the_heads_own_submission_is_signed_off_by_being_made(office: Office) -> None:
    office.usual.lead.needs_sign_off = True
    branch = office.branch(office.task(partners=()))

    office.do(workflow.submit, branch.id, "gao")

    assert branch.state is AssignmentState.SUBMITTED


@pytest.mark.parametrize("who", ["wang", "chen", "liu"])
def test_nobody_submits_for_another_department(office: Office, who: str) -> None:
    with pytest.raises(NotAllowed):
        office.do(workflow.submit, office.branch(office.task(partners=(office.usual.partner,))).id, who)


def test_a_lead_waits_for_its_partners_or_says_why_not(office: Office) -> None:
    task = office.task()
    branch = office.branch(task)

    with pytest.raises(Invalid) as refusal:
        office.do(workflow.submit, branch.id, "li")
    assert refusal.value.problem == "partners_owe"
    assert refusal.value.facts["departments"] == office.usual.partner.name

    entry = office.do(workflow.submit, branch.id, "li", why_without_partners="配合事项另行办理")
    assert entry.reason == "配合事项另行办理"


@pytest.mark.parametrize("state", ["submitted", "accepted", "waived", "objected"])
def test_a_partner_that_owes_nothing_does_not_hold_the_lead_up(office: Office, state: str) -> None:
    task = office.task()
    office.partner_branch(task).state = AssignmentState(state)

    office.do(workflow.submit, office.branch(task).id, "li")

    assert task.state is TaskState.SUBMITTED


def test_a_partner_waits_for_nobody(office: Office) -> None:
    task = office.task()

    office.do(workflow.submit, office.partner_branch(task).id, "wang")

    assert office.partner_branch(task).state is AssignmentState.SUBMITTED
    assert task.state is TaskState.IN_PROGRESS
    assert office.mails() == [("submitted", "li")]


def test_the_due_day_is_on_time_and_the_next_day_is_one_late(office: Office) -> None:
    punctual, late = office.task(partners=(), due_on=TODAY), office.task(partners=(), due_on=YESTERDAY)
    last_minute = datetime.fromisoformat("2026-11-23T23:59:00+08:00")

    office.do(workflow.submit, office.branch(punctual).id, "li", now=last_minute)
    office.do(workflow.submit, office.branch(late).id, "li", now=last_minute)

    assert office.branch(punctual).days_late == 0
    assert office.branch(late).days_late == 1


def test_it_is_the_sign_off_that_counts_for_being_on_time(office: Office) -> None:
    office.usual.lead.needs_sign_off = True
    branch = office.branch(office.task(partners=(), due_on=TODAY))
    office.do(workflow.submit, branch.id, "li")

    office.do(workflow.sign_off, branch.id, "gao", now=NOW + timedelta(days=2))

    assert (branch.state, branch.days_late) == (AssignmentState.SUBMITTED, 2)
    assert branch.submitted_at == NOW + timedelta(days=2)
    assert branch.submitted_by_id == office.usual.li.id
    assert office.mails() == [("submitted", "chen"), ("submitted", "gao")]


@pytest.mark.parametrize("who", ["li", "wang", "chen"])
def test_nobody_but_the_head_signs_off_or_returns_inside(office: Office, who: str) -> None:
    branch = office.branch(office.task(own="head_review"))

    for act, more in ((workflow.sign_off, {}), (workflow.return_inside, {"reason": "再改"})):
        with pytest.raises(NotAllowed):
            office.do(act, branch.id, who, **more)


def test_a_supervisor_signs_off_where_there_is_no_head(office: Office) -> None:
    office.usual.gao.is_active = False
    branch = office.branch(office.task(own="head_review", partners=()))

    office.do(workflow.sign_off, branch.id, "chen")

    assert branch.state is AssignmentState.SUBMITTED


def test_the_head_returns_inside_with_a_reason(office: Office) -> None:
    branch = office.branch(office.task(own="head_review"))
    branch.officer_id = branch.submitted_by_id = office.usual.qian.id

    with pytest.raises(Invalid):
        office.do(workflow.return_inside, branch.id, "gao", reason=" ")
    office.do(workflow.return_inside, branch.id, "gao", reason="补充数据")

    assert (branch.state, branch.days_late, branch.submitted_by_id) == (AssignmentState.IN_PROGRESS, 0, None)
    assert office.mails() == [("returned", "li"), ("returned", "qian")]


@pytest.mark.parametrize("sign_off", [True, False])
def test_who_submitted_may_withdraw_until_somebody_decides(office: Office, sign_off: bool) -> None:
    office.usual.lead.needs_sign_off = sign_off
    task = office.task(partners=())
    branch = office.branch(task)
    office.do(workflow.submit, branch.id, "li")

    office.do(workflow.withdraw, branch.id, "li")

    assert (branch.state, branch.submitted_at, branch.submitted_by_id) == (AssignmentState.IN_PROGRESS, None, None)
    assert task.state is TaskState.IN_PROGRESS


@pytest.mark.parametrize("who", ["gao", "wang", "chen"])
def test_nobody_else_withdraws_it(office: Office, who: str) -> None:
    branch = office.branch(office.task(partners=(office.usual.partner,)))
    office.do(workflow.submit, branch.id, "li", why_without_partners="不等")

    with pytest.raises(NotAllowed):
        office.do(workflow.withdraw, branch.id, who)


def test_after_the_decision_it_is_too_late_to_withdraw(office: Office) -> None:
    task = office.task(partners=())
    branch = office.branch(task)
    office.do(workflow.submit, branch.id, "li")
    office.do(workflow.close, task.id, "chen", closure=Closure.DONE, verification=Verification.VERIFIED)

    with pytest.raises(NotNow):
        office.do(workflow.withdraw, branch.id, "li")


def test_a_withdrawn_submission_never_counted_as_late(office: Office) -> None:
    task = office.task(partners=(), due_on=YESTERDAY)
    branch = office.branch(task)
    office.do(workflow.submit, branch.id, "li")
    assert branch.days_late == 1

    office.do(workflow.withdraw, branch.id, "li")
    assert branch.days_late == 0

    office.do(workflow.correct_deadline, task.id, "chen", due_on=NEXT_WEEK, reason="部署调整")
    office.do(workflow.submit, branch.id, "li")
    assert branch.days_late == 0


# A partner's submission


def test_the_lead_accepts_a_partners_submission(office: Office) -> None:
    branch = office.partner_branch(office.task())
    office.do(workflow.submit, branch.id, "wang")

    office.do(workflow.accept_submission, branch.id, "li")

    assert (branch.state, branch.accepted_at) == (AssignmentState.ACCEPTED, NOW)
    assert ("accepted", "wang") in office.mails()


def test_the_lead_returns_it_with_a_reason_and_a_day(office: Office) -> None:
    task = office.task(due_on=TODAY)
    branch = office.partner_branch(task)
    office.do(workflow.submit, branch.id, "wang")

    office.do(workflow.return_submission, branch.id, "gao", reason="缺数据")

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

    for act, more in ((workflow.accept_submission, {}), (workflow.return_submission, {"reason": "再改"})):
        with pytest.raises(NotAllowed):
            office.do(act, branch.id, who, **more)


def test_the_lead_does_not_decide_about_its_own_submission(office: Office) -> None:
    branch = office.branch(office.task("submitted", own="submitted"))

    with pytest.raises(NotAllowed):
        office.do(workflow.accept_submission, branch.id, "li")


# Return and close


def submitted_task(office: Office, **more: Any) -> Task:
    task = office.task(**more)
    office.do(workflow.submit, office.branch(task).id, "li", why_without_partners="不等")
    return task


def test_a_return_sends_the_lead_back_to_work_with_a_correction_day(office: Office) -> None:
    task = submitted_task(office, due_on=TODAY)
    branch = office.branch(task)

    entry = office.do(workflow.return_task, task.id, "chen", reason="成效不实")

    assert (task.state, branch.state) == (TaskState.IN_PROGRESS, AssignmentState.IN_PROGRESS)
    assert (task.due_on, branch.due_on, task.original_due_on) == (FIVE_WORKING_DAYS_ON, FIVE_WORKING_DAYS_ON, TODAY)
    assert (task.deadline_version, branch.deadline_version) == (2, 1)
    assert office.partner_branch(task).due_on == TODAY
    assert entry.reason == "成效不实"
    assert ("returned", "li") in office.mails()


def test_a_deadline_later_than_five_working_days_on_stays(office: Office) -> None:
    far = date(2026, 12, 31)
    task = submitted_task(office, due_on=far)

    office.do(workflow.return_task, task.id, "chen", reason="成效不实")

    assert (task.due_on, task.deadline_version) == (far, 1)


def test_a_correction_day_is_never_a_past_one(office: Office) -> None:
    task = submitted_task(office)

    with pytest.raises(Invalid) as refusal:
        office.do(workflow.return_task, task.id, "chen", reason="不实", correct_by=YESTERDAY)
    assert (refusal.value.field, refusal.value.problem) == ("correct_by", "before_today")


def test_the_supervisor_may_set_another_correction_day(office: Office) -> None:
    task = submitted_task(office)

    office.do(workflow.return_task, task.id, "chen", reason="不实", correct_by=TODAY + timedelta(days=2))

    assert task.due_on == office.branch(task).due_on == TODAY + timedelta(days=2)


def test_an_ongoing_task_is_returned_without_a_day(office: Office) -> None:
    task = office.task(partners=(), due_on=None)
    task.is_ongoing = True
    office.do(workflow.submit, office.branch(task).id, "li")

    office.do(workflow.return_task, task.id, "chen", reason="继续推进")

    assert (task.due_on, office.branch(task).due_on) == (None, None)


def test_a_return_needs_a_reason(office: Office) -> None:
    task = submitted_task(office)

    with pytest.raises(Invalid) as refusal:
        office.do(workflow.return_task, task.id, "chen", reason="")
    assert (refusal.value.field, refusal.value.problem) == ("reason", "required")


def test_a_late_first_submission_stays_late_when_the_correction_is_in_time(office: Office) -> None:
    task = submitted_task(office, due_on=YESTERDAY)
    branch = office.branch(task)
    office.do(workflow.return_task, task.id, "chen", reason="不实")

    office.do(workflow.submit, branch.id, "li", why_without_partners="不等")

    assert branch.days_late == 1


def test_a_late_correction_makes_a_punctual_first_submission_late(office: Office) -> None:
    task = submitted_task(office, due_on=TODAY)
    branch = office.branch(task)
    office.do(workflow.return_task, task.id, "chen", reason="不实", correct_by=TODAY)

    office.do(workflow.submit, branch.id, "li", now=NOW + timedelta(days=3), why_without_partners="不等")

    assert branch.days_late == 3


@pytest.mark.parametrize("who", ["li", "gao", "wang", "liu"])
def test_nobody_but_a_supervisor_returns_or_closes(office: Office, who: str) -> None:
    task = submitted_task(office)

    with pytest.raises(NotAllowed):
        office.do(workflow.return_task, task.id, who, reason="不实")
    with pytest.raises(NotAllowed):
        office.do(workflow.close, task.id, who, closure=Closure.DONE, verification=Verification.VERIFIED)
    assert task.state is TaskState.SUBMITTED


def test_a_task_is_closed_with_its_result(office: Office) -> None:
    task = submitted_task(office)
    lead, partner = office.branch(task), office.partner_branch(task)

    entry = office.do(
        workflow.close,
        task.id,
        "chen",
        closure=Closure.PARTLY_DONE,
        verification=Verification.SELF_REPORTED,
        remark="余项转下年",
        branch_ends={partner.id: AssignmentState.WAIVED},
    )

    assert (task.state, task.closure, task.verification, task.closed_at) == (
        TaskState.CLOSED,
        Closure.PARTLY_DONE,
        Verification.SELF_REPORTED,
        NOW,
    )
    assert (lead.state, lead.accepted_at, partner.state) == (AssignmentState.ACCEPTED, NOW, AssignmentState.WAIVED)
    assert entry.reason == "余项转下年"
    assert ("closed", "li") in office.mails()


def test_a_branch_still_open_ends_as_not_submitted_unless_it_is_waived(office: Office) -> None:
    task = submitted_task(office)

    office.do(workflow.close, task.id, "chen", closure=Closure.DONE, verification=Verification.VERIFIED)

    assert office.partner_branch(task).state is AssignmentState.NOT_SUBMITTED
    assert ("closed", "wang") in office.mails()


@pytest.mark.parametrize("end", [AssignmentState.ACCEPTED, AssignmentState.IN_PROGRESS])
def test_a_branch_ends_in_no_other_way(office: Office, end: AssignmentState) -> None:
    task = submitted_task(office)

    with pytest.raises(Invalid):
        office.do(
            workflow.close,
            task.id,
            "chen",
            closure=Closure.DONE,
            verification=Verification.VERIFIED,
            branch_ends={office.partner_branch(task).id: end},
        )


def test_nothing_is_closed_before_it_was_submitted(office: Office) -> None:
    with pytest.raises(NotNow):
        office.do(workflow.close, office.task().id, "chen", closure=Closure.DONE, verification=Verification.VERIFIED)


def test_what_was_resubmitted_meanwhile_is_not_closed_unseen(office: Office) -> None:
    task = submitted_task(office)
    seen = task.version
    office.do(workflow.withdraw, office.branch(task).id, "li")
    office.do(workflow.submit, office.branch(task).id, "li", why_without_partners="不等")

    with pytest.raises(Stale):
        office.do(
            workflow.close, task.id, "chen", closure=Closure.DONE, verification=Verification.VERIFIED, version=seen
        )


# Suspend, resume, terminate, reopen, correct the deadline


def test_a_suspension_stops_the_work_and_its_end_moves_the_deadlines(office: Office) -> None:
    task = office.task()
    office.partner_branch(task).due_on = TODAY
    entry = office.do(workflow.suspend, task.id, "chen", reason="等上级批复", review_on=date(2027, 1, 15))
    assert entry.after == {"task": {"state": "suspended"}, "act": {"review_on": "2027-01-15"}}
    with pytest.raises(NotNow):
        office.do(reports.report_no_change, office.branch(task).id, "li")

    office.do(workflow.resume, task.id, "chen", now=NOW + timedelta(days=10))

    assert task.state is TaskState.IN_PROGRESS
    assert (task.due_on, task.original_due_on) == (NEXT_WEEK + timedelta(days=10), NEXT_WEEK)
    assert office.branch(task).due_on == NEXT_WEEK + timedelta(days=10)
    assert office.partner_branch(task).due_on == TODAY + timedelta(days=10)
    assert (task.deadline_version, office.branch(task).deadline_version) == (2, 1)


@pytest.mark.parametrize(
    ("review_on", "problem"), [(YESTERDAY, "before_today"), (date(2027, 2, 24), "review_too_late")]
)
def test_a_suspension_is_reviewed_within_three_months(office: Office, review_on: date, problem: str) -> None:
    with pytest.raises(Invalid) as refusal:
        office.do(workflow.suspend, office.task().id, "chen", reason="等批复", review_on=review_on)
    assert (refusal.value.field, refusal.value.problem) == ("review_on", problem)


def test_a_terminated_task_owes_nothing(office: Office) -> None:
    task = office.task()

    office.do(workflow.terminate, task.id, "chen", reason="政策取消")

    assert task.state is TaskState.TERMINATED
    assert {office.branch(task).state, office.partner_branch(task).state} == {AssignmentState.WITHDRAWN}
    assert office.mails() == [("changed", "li"), ("changed", "wang")]


def test_a_closed_task_is_taken_up_again_with_a_new_day(office: Office) -> None:
    task = submitted_task(office)
    office.do(workflow.close, task.id, "chen", closure=Closure.DONE, verification=Verification.VERIFIED)
    later = date(2027, 3, 31)

    office.do(workflow.reopen, task.id, "chen", reason="复查不符", due_on=later)

    branch = office.branch(task)
    assert (task.state, task.due_on, task.original_due_on) == (TaskState.IN_PROGRESS, later, NEXT_WEEK)
    assert (task.closure, task.verification, task.closed_at) == (None, None, None)
    assert (branch.state, branch.due_on, branch.submitted_at) == (AssignmentState.IN_PROGRESS, later, None)
    assert office.partner_branch(task).state is AssignmentState.NOT_SUBMITTED
    closing = next(entry for entry in office.history(task) if entry.act is Act.CLOSE)
    assert closing.after is not None
    assert closing.after["task"]["closure"] == "done"


def test_a_corrected_deadline_keeps_the_original_and_reaches_the_branches(office: Office) -> None:
    task = office.task()
    later = NEXT_WEEK + timedelta(days=30)

    entry = office.do(workflow.correct_deadline, task.id, "chen", due_on=later, reason="上级调整")

    assert (task.due_on, task.original_due_on, task.deadline_origin) == (later, NEXT_WEEK, DeadlineOrigin.DECIDED)
    assert (office.branch(task).due_on, office.partner_branch(task).due_on) == (later, later)
    assert (task.deadline_version, office.branch(task).deadline_version) == (2, 1)
    assert entry.reason == "上级调整"
    assert office.mails() == [("changed", "li"), ("changed", "wang")]


def test_a_partners_own_earlier_day_survives_a_later_deadline(office: Office) -> None:
    task = office.task()
    office.partner_branch(task).due_on = TODAY

    office.do(workflow.correct_deadline, task.id, "chen", due_on=NEXT_WEEK + timedelta(days=30), reason="调整")

    assert office.partner_branch(task).due_on == TODAY


def test_a_branch_that_ended_keeps_the_day_it_had(office: Office) -> None:
    task = office.task()
    office.partner_branch(task).state = AssignmentState.ACCEPTED

    office.do(workflow.correct_deadline, task.id, "chen", due_on=TODAY, reason="调整")

    assert office.partner_branch(task).due_on == NEXT_WEEK


def test_a_task_can_become_ongoing(office: Office) -> None:
    task = office.task()

    office.do(workflow.correct_deadline, task.id, "chen", due_on=None, is_ongoing=True, reason="转长期")

    assert (task.is_ongoing, task.due_on, office.branch(task).due_on) == (True, None, None)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"due_on": YESTERDAY, "reason": "调整"}, "before_today"),
        ({"due_on": None, "reason": "调整"}, "deadline_missing"),
        ({"due_on": NEXT_WEEK, "is_ongoing": True, "reason": "调整"}, "deadline_and_ongoing"),
        ({"due_on": NEXT_WEEK}, "required"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(office: Office, values: dict[str, Any], problem: str) -> None:
    with pytest.raises(Invalid) as refusal:
        office.do(workflow.correct_deadline, office.task().id, "chen", **values)
    assert refusal.value.problem == problem


def test_a_drafts_deadline_is_corrected_without_a_reason_and_without_a_mail(office: Office) -> None:
    task = office.task("draft", due_on=None)

    office.do(workflow.correct_deadline, task.id, "chen", due_on=NEXT_WEEK)

    assert (task.due_on, task.state, office.mails()) == (NEXT_WEEK, TaskState.DRAFT, [])


@pytest.mark.parametrize("who", ["li", "gao", "wang", "liu"])
def test_nobody_but_a_supervisor_changes_the_course_of_a_task(office: Office, who: str) -> None:
    task = office.task()

    for act, more in (
        (workflow.suspend, {"reason": "等", "review_on": NEXT_WEEK}),
        (workflow.resume, {}),
        (workflow.terminate, {"reason": "等"}),
        (workflow.reopen, {"reason": "等", "due_on": NEXT_WEEK}),
        (workflow.correct_deadline, {"reason": "等", "due_on": TODAY}),
    ):
        with pytest.raises(NotAllowed):
            office.do(act, task.id, who, **more)
    assert office.history(task) == []


# The record


def test_the_whole_way_leaves_one_entry_for_each_act(office: Office) -> None:
    office.usual.lead.needs_sign_off = True
    task = office.task("draft", partners=())
    office.issue(task)
    branch = office.branch(task)
    office.do(workflow.acknowledge, branch.id, "li")
    office.do(workflow.dispatch, branch.id, "li", officer_id=office.usual.qian.id)
    office.do(reports.report_progress, branch.id, "qian", done="已办")
    office.do(workflow.submit, branch.id, "qian")
    office.do(workflow.sign_off, branch.id, "gao")
    office.do(workflow.return_task, task.id, "chen", reason="补材料")
    office.do(workflow.submit, branch.id, "gao")
    office.do(workflow.close, task.id, "chen", closure=Closure.DONE, verification=Verification.VERIFIED)

    entries = office.history(task)

    assert [entry.act for entry in entries] == [
        Act.ISSUE,
        Act.ACKNOWLEDGE,
        Act.DISPATCH,
        Act.REPORT,
        Act.SUBMIT,
        Act.SIGN_OFF,
        Act.RETURN,
        Act.SUBMIT,
        Act.CLOSE,
    ]
    states = [((entry.before or {}).get("task"), (entry.after or {}).get("task")) for entry in entries]
    known = "draft"
    for before, after in states:
        if before and "state" in before:
            assert before["state"] == known
            known = after["state"]
    assert known == "closed"
