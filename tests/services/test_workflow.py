"""The acts of the workflow: what each does, what it asks for, and its twin for the person who may not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from taskboard.domain.errors import Invalid, NotAllowed, NotFound, NotNow, Stale
from taskboard.domain.workflow import (
    Act,
    AssignmentState,
    Closure,
    TaskState,
    Verification,
)
from taskboard.models import ProgressReport
from taskboard.services import assignment_acts, reports, task_acts
from tests.support import factories
from tests.support.factories import NOW
from tests.support.office import FIVE_WORKING_DAYS_ON, TODAY, YESTERDAY, Office

# Issue

# Acknowledge and dispatch


@pytest.mark.parametrize("who", ["li", "gao"])
def test_liaison_and_head_acknowledge(office: Office, who: str) -> None:
    task = office.task("issued", "pending")
    branch = office.branch(task)

    entry = office.do(assignment_acts.acknowledge, branch.id, who)

    assert (branch.state, branch.acknowledged_at) == (AssignmentState.IN_PROGRESS, NOW)
    assert task.state is TaskState.IN_PROGRESS
    assert entry.assignment_id == branch.id
    assert entry.before == {"task": {"state": "issued"}, f"assignment:{branch.id}": {"state": "pending"}}


def test_a_partners_receipt_does_not_move_the_task(office: Office) -> None:
    task = office.task("issued", "pending")

    office.do(assignment_acts.acknowledge, office.partner_branch(task).id, "wang")

    assert office.partner_branch(task).state is AssignmentState.IN_PROGRESS
    assert task.state is TaskState.ISSUED


@pytest.mark.parametrize("who", ["wang", "chen", "liu"])
def test_nobody_else_acknowledges_for_the_lead(office: Office, who: str) -> None:
    branch = office.branch(office.task("issued", "pending"))

    with pytest.raises(NotAllowed):
        office.do(assignment_acts.acknowledge, branch.id, who)
    assert branch.state is AssignmentState.PENDING


@pytest.mark.parametrize("who", ["zhao", "sun", "qian"])
def test_for_outsiders_the_assignment_does_not_exist(office: Office, who: str) -> None:
    branch = office.branch(office.task("issued", "pending"))

    with pytest.raises(NotFound):
        office.do(assignment_acts.acknowledge, branch.id, who)


def test_an_unknown_assignment_is_not_found(office: Office) -> None:
    with pytest.raises(NotFound):
        office.do(assignment_acts.acknowledge, 987654, "li")


def test_nothing_is_acknowledged_twice(office: Office) -> None:
    with pytest.raises(NotNow):
        office.do(assignment_acts.acknowledge, office.branch(office.task()).id, "li")


def test_a_supervisor_acknowledges_where_nobody_holds_the_post(office: Office) -> None:
    lost = factories.make_department(office.session, "新设局", parent=office.usual.body)
    branch = office.branch(office.task("issued", "pending", lead=lost), lost)

    office.do(assignment_acts.acknowledge, branch.id, "chen")

    assert branch.state is AssignmentState.IN_PROGRESS


def test_the_liaison_puts_the_work_into_an_officers_hands(office: Office) -> None:
    branch = office.branch(office.task())

    entry = office.do(assignment_acts.dispatch, branch.id, "li", officer_id=office.usual.qian.id)

    assert branch.officer_id == office.usual.qian.id
    assert branch.state is AssignmentState.IN_PROGRESS
    assert entry.after == {f"assignment:{branch.id}": {"officer_id": office.usual.qian.id}}
    assert office.mails() == [("dispatched", "qian")]


def test_the_work_can_be_taken_back(office: Office) -> None:
    branch = office.branch(office.task())
    branch.officer_id = office.usual.qian.id

    office.do(assignment_acts.dispatch, branch.id, "li", officer_id=None)

    assert branch.officer_id is None
    assert office.mails() == []


@pytest.mark.parametrize("officer", ["wang", "li"])
def test_only_officers_of_the_department_are_dispatched_to(office: Office, officer: str) -> None:
    branch = office.branch(office.task())

    with pytest.raises(Invalid) as refusal:
        office.do(assignment_acts.dispatch, branch.id, "li", officer_id=getattr(office.usual, officer).id)
    assert (refusal.value.field, refusal.value.problem) == ("officer_id", "not_officer")


def test_another_department_dispatches_nothing(office: Office) -> None:
    with pytest.raises(NotAllowed):
        office.do(assignment_acts.dispatch, office.branch(office.task()).id, "wang", officer_id=None)


def test_two_liaisons_do_not_overwrite_each_other_unseen(office: Office) -> None:
    branch = office.branch(office.task())
    seen = branch.version
    office.do(assignment_acts.dispatch, branch.id, "li", officer_id=office.usual.qian.id, version=seen)

    with pytest.raises(Stale):
        office.do(assignment_acts.dispatch, branch.id, "gao", officer_id=None, version=seen)
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

    office.do(assignment_acts.dispatch, branch.id, "li", officer_id=office.usual.qian.id, version=seen)

    assert branch.officer_id == office.usual.qian.id


def test_a_report_sent_twice_is_kept_once(office: Office) -> None:
    branch = office.branch(office.task())

    first = office.do(reports.report_progress, branch.id, "li", done="已办", request_key="once")
    second = office.do(reports.report_progress, branch.id, "li", done="已办", request_key="once")

    assert first.id == second.id
    assert len(office.session.scalars(select(ProgressReport)).all()) == 1


def test_a_request_sent_twice_answers_like_the_first_time_whatever_the_state_is_now(office: Office) -> None:
    branch = office.branch(office.task("issued", "pending"))
    first = office.do(assignment_acts.acknowledge, branch.id, "li", request_key="once")

    assert office.do(assignment_acts.acknowledge, branch.id, "li", request_key="once").id == first.id


def test_a_key_of_another_act_or_person_is_refused(office: Office) -> None:
    branch = office.branch(office.task())
    office.do(reports.report_no_change, branch.id, "li", request_key="once")

    for act, who, more in (
        (assignment_acts.submit, "li", {"why_without_partners": "不等"}),
        (reports.report_no_change, "gao", {}),
    ):
        with pytest.raises(Invalid) as refusal:
            office.do(act, branch.id, who, request_key="once", **more)
        assert refusal.value.problem == "used_before"


# Submit, sign off, withdraw

# Return and close


def test_a_return_sends_the_lead_back_to_work_with_a_correction_day(office: Office) -> None:
    task = office.submitted_task(due_on=TODAY)
    branch = office.branch(task)

    entry = office.do(task_acts.return_task, task.id, "chen", reason="成效不实")

    assert (task.state, branch.state) == (TaskState.IN_PROGRESS, AssignmentState.IN_PROGRESS)
    assert (task.due_on, branch.due_on, task.original_due_on) == (FIVE_WORKING_DAYS_ON, FIVE_WORKING_DAYS_ON, TODAY)
    assert (task.deadline_version, branch.deadline_version) == (2, 1)
    assert office.partner_branch(task).due_on == TODAY
    assert entry.reason == "成效不实"
    assert ("returned", "li") in office.mails()


def test_a_deadline_later_than_five_working_days_on_stays(office: Office) -> None:
    far = date(2026, 12, 31)
    task = office.submitted_task(due_on=far)

    office.do(task_acts.return_task, task.id, "chen", reason="成效不实")

    assert (task.due_on, task.deadline_version) == (far, 1)


def test_a_correction_day_is_never_a_past_one(office: Office) -> None:
    task = office.submitted_task()

    with pytest.raises(Invalid) as refusal:
        office.do(task_acts.return_task, task.id, "chen", reason="不实", correct_by=YESTERDAY)
    assert (refusal.value.field, refusal.value.problem) == ("correct_by", "before_today")


def test_the_supervisor_may_set_another_correction_day(office: Office) -> None:
    task = office.submitted_task()

    office.do(task_acts.return_task, task.id, "chen", reason="不实", correct_by=TODAY + timedelta(days=2))

    assert task.due_on == office.branch(task).due_on == TODAY + timedelta(days=2)


def test_an_ongoing_task_is_returned_without_a_day(office: Office) -> None:
    task = office.task(partners=(), due_on=None)
    task.is_ongoing = True
    office.do(assignment_acts.submit, office.branch(task).id, "li")

    office.do(task_acts.return_task, task.id, "chen", reason="继续推进")

    assert (task.due_on, office.branch(task).due_on) == (None, None)


def test_a_return_needs_a_reason(office: Office) -> None:
    task = office.submitted_task()

    with pytest.raises(Invalid) as refusal:
        office.do(task_acts.return_task, task.id, "chen", reason="")
    assert (refusal.value.field, refusal.value.problem) == ("reason", "required")


def test_a_late_first_submission_stays_late_when_the_correction_is_in_time(office: Office) -> None:
    task = office.submitted_task(due_on=YESTERDAY)
    branch = office.branch(task)
    office.do(task_acts.return_task, task.id, "chen", reason="不实")

    office.do(assignment_acts.submit, branch.id, "li", why_without_partners="不等")

    assert branch.days_late == 1


def test_a_late_correction_makes_a_punctual_first_submission_late(office: Office) -> None:
    task = office.submitted_task(due_on=TODAY)
    branch = office.branch(task)
    office.do(task_acts.return_task, task.id, "chen", reason="不实", correct_by=TODAY)

    office.do(assignment_acts.submit, branch.id, "li", now=NOW + timedelta(days=3), why_without_partners="不等")

    assert branch.days_late == 3


@pytest.mark.parametrize("who", ["li", "gao", "wang", "liu"])
def test_nobody_but_a_supervisor_returns_or_closes(office: Office, who: str) -> None:
    task = office.submitted_task()

    with pytest.raises(NotAllowed):
        office.do(task_acts.return_task, task.id, who, reason="不实")
    with pytest.raises(NotAllowed):
        office.do(task_acts.close, task.id, who, closure=Closure.DONE, verification=Verification.VERIFIED)
    assert task.state is TaskState.SUBMITTED


def test_a_task_is_closed_with_its_result(office: Office) -> None:
    task = office.submitted_task()
    lead, partner = office.branch(task), office.partner_branch(task)

    entry = office.do(
        task_acts.close,
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
    task = office.submitted_task()

    office.do(task_acts.close, task.id, "chen", closure=Closure.DONE, verification=Verification.VERIFIED)

    assert office.partner_branch(task).state is AssignmentState.NOT_SUBMITTED
    assert ("closed", "wang") in office.mails()


@pytest.mark.parametrize("end", [AssignmentState.ACCEPTED, AssignmentState.IN_PROGRESS])
def test_a_branch_ends_in_no_other_way(office: Office, end: AssignmentState) -> None:
    task = office.submitted_task()

    with pytest.raises(Invalid):
        office.do(
            task_acts.close,
            task.id,
            "chen",
            closure=Closure.DONE,
            verification=Verification.VERIFIED,
            branch_ends={office.partner_branch(task).id: end},
        )


def test_nothing_is_closed_before_it_was_submitted(office: Office) -> None:
    with pytest.raises(NotNow):
        office.do(task_acts.close, office.task().id, "chen", closure=Closure.DONE, verification=Verification.VERIFIED)


def test_what_was_resubmitted_meanwhile_is_not_closed_unseen(office: Office) -> None:
    task = office.submitted_task()
    seen = task.version
    office.do(assignment_acts.withdraw, office.branch(task).id, "li")
    office.do(assignment_acts.submit, office.branch(task).id, "li", why_without_partners="不等")

    with pytest.raises(Stale):
        office.do(
            task_acts.close, task.id, "chen", closure=Closure.DONE, verification=Verification.VERIFIED, version=seen
        )


# Suspend, resume, terminate, reopen, correct the deadline

# The record


def test_the_whole_way_leaves_one_entry_for_each_act(office: Office) -> None:
    office.usual.lead.needs_sign_off = True
    task = office.task("draft", partners=())
    office.issue(task)
    branch = office.branch(task)
    office.do(assignment_acts.acknowledge, branch.id, "li")
    office.do(assignment_acts.dispatch, branch.id, "li", officer_id=office.usual.qian.id)
    office.do(reports.report_progress, branch.id, "qian", done="已办")
    office.do(assignment_acts.submit, branch.id, "qian")
    office.do(assignment_acts.sign_off, branch.id, "gao")
    office.do(task_acts.return_task, task.id, "chen", reason="补材料")
    office.do(assignment_acts.submit, branch.id, "gao")
    office.do(task_acts.close, task.id, "chen", closure=Closure.DONE, verification=Verification.VERIFIED)

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
