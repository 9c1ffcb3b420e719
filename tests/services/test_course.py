"""What supervisors change about the course of a task: suspended, taken up again, ended, or due on another day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from taskboard.domain.errors import Invalid, NotAllowed, NotNow
from taskboard.domain.workflow import (
    Act,
    AssignmentState,
    Closure,
    DeadlineOrigin,
    TaskState,
    Verification,
)
from taskboard.services import reports, task_acts
from tests.support.factories import NOW
from tests.support.office import NEXT_WEEK, TODAY, YESTERDAY, Office


def test_a_suspension_stops_the_work_and_its_end_moves_the_deadlines(office: Office) -> None:
    task = office.task()
    office.partner_branch(task).due_on = TODAY
    entry = office.do(task_acts.suspend, task.id, "chen", reason="等上级批复", review_on=date(2027, 1, 15))
    assert entry.after == {"task": {"state": "suspended"}, "act": {"review_on": "2027-01-15"}}
    with pytest.raises(NotNow):
        office.do(reports.report_no_change, office.branch(task).id, "li")

    office.do(task_acts.resume, task.id, "chen", now=NOW + timedelta(days=10))

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
        office.do(task_acts.suspend, office.task().id, "chen", reason="等批复", review_on=review_on)
    assert (refusal.value.field, refusal.value.problem) == ("review_on", problem)


def test_a_terminated_task_owes_nothing(office: Office) -> None:
    task = office.task()

    office.do(task_acts.terminate, task.id, "chen", reason="政策取消")

    assert task.state is TaskState.TERMINATED
    assert {office.branch(task).state, office.partner_branch(task).state} == {AssignmentState.WITHDRAWN}
    assert office.mails() == [("changed", "li"), ("changed", "wang")]


def test_a_closed_task_is_taken_up_again_with_a_new_day(office: Office) -> None:
    task = office.submitted_task()
    office.do(task_acts.close, task.id, "chen", closure=Closure.DONE, verification=Verification.VERIFIED)
    later = date(2027, 3, 31)

    office.do(task_acts.reopen, task.id, "chen", reason="复查不符", due_on=later)

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

    entry = office.do(task_acts.correct_deadline, task.id, "chen", due_on=later, reason="上级调整")

    assert (task.due_on, task.original_due_on, task.deadline_origin) == (later, NEXT_WEEK, DeadlineOrigin.DECIDED)
    assert (office.branch(task).due_on, office.partner_branch(task).due_on) == (later, later)
    assert (task.deadline_version, office.branch(task).deadline_version) == (2, 1)
    assert entry.reason == "上级调整"
    assert office.mails() == [("changed", "li"), ("changed", "wang")]


def test_a_deadline_that_is_set_anew_after_its_day_leaves_on_record_how_late_it_was(office: Office) -> None:
    late, in_time = office.task(), office.task()
    for one in (late, office.branch(late), office.partner_branch(late)):
        one.due_on = TODAY - timedelta(days=9)
    office.partner_branch(late).state = AssignmentState.ACCEPTED

    entries = [
        office.do(task_acts.correct_deadline, task.id, "chen", due_on=NEXT_WEEK + timedelta(days=30), reason="上级调整")
        for task in (late, in_time)
    ]

    assert [one.after.get("act") for one in entries if one.after] == [{"overdue_days": 9}, None]


def test_a_partners_own_earlier_day_survives_a_later_deadline(office: Office) -> None:
    task = office.task()
    office.partner_branch(task).due_on = TODAY

    office.do(task_acts.correct_deadline, task.id, "chen", due_on=NEXT_WEEK + timedelta(days=30), reason="调整")

    assert office.partner_branch(task).due_on == TODAY


def test_a_branch_that_ended_keeps_the_day_it_had(office: Office) -> None:
    task = office.task()
    office.partner_branch(task).state = AssignmentState.ACCEPTED

    office.do(task_acts.correct_deadline, task.id, "chen", due_on=TODAY, reason="调整")

    assert office.partner_branch(task).due_on == NEXT_WEEK


def test_a_task_can_become_ongoing(office: Office) -> None:
    task = office.task()

    office.do(task_acts.correct_deadline, task.id, "chen", due_on=None, is_ongoing=True, reason="转长期")

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
        office.do(task_acts.correct_deadline, office.task().id, "chen", **values)
    assert refusal.value.problem == problem


def test_a_drafts_deadline_is_corrected_without_a_reason_and_without_a_mail(office: Office) -> None:
    task = office.task("draft", due_on=None)

    office.do(task_acts.correct_deadline, task.id, "chen", due_on=NEXT_WEEK)

    assert (task.due_on, task.state, office.mails()) == (NEXT_WEEK, TaskState.DRAFT, [])


@pytest.mark.parametrize("who", ["li", "gao", "wang", "liu"])
def test_nobody_but_a_supervisor_changes_the_course_of_a_task(office: Office, who: str) -> None:
    task = office.task()

    for act, more in (
        (task_acts.suspend, {"reason": "等", "review_on": NEXT_WEEK}),
        (task_acts.resume, {}),
        (task_acts.terminate, {"reason": "等"}),
        (task_acts.reopen, {"reason": "等", "due_on": NEXT_WEEK}),
        (task_acts.correct_deadline, {"reason": "等", "due_on": TODAY}),
    ):
        with pytest.raises(NotAllowed):
            office.do(act, task.id, who, **more)
    assert office.history(task) == []
