"""Days left, days late and the deadline a task is issued with."""

from __future__ import annotations

from datetime import date

import pytest

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import (
    ONGOING,
    Deadline,
    days_late,
    days_left,
    deadline_at_issue,
    default_correction_day,
    is_overdue,
    latest_review_day,
    require_future,
)
from taskboard.domain.errors import Invalid
from taskboard.domain.workflow import OWING, UNDER_WAY, AssignmentState, DeadlineOrigin, PastDeadline, TaskState

FRIDAY = date(2026, 11, 20)
SATURDAY = date(2026, 11, 21)
MONDAY = date(2026, 11, 23)
STATED = Deadline(MONDAY, False, DeadlineOrigin.STATED)
PAST = Deadline(FRIDAY, False, DeadlineOrigin.STATED)
MISSING = Deadline(None, False, DeadlineOrigin.MISSING)


def test_the_due_day_is_on_time_and_the_day_after_is_not() -> None:
    assert days_left(FRIDAY, FRIDAY) == 0
    assert not is_overdue(TaskState.IN_PROGRESS, AssignmentState.IN_PROGRESS, FRIDAY, FRIDAY)
    assert is_overdue(TaskState.IN_PROGRESS, AssignmentState.IN_PROGRESS, FRIDAY, SATURDAY)


def test_overdue_is_what_is_past_its_day_and_still_owed_on_a_task_under_way() -> None:
    for task_state in TaskState:
        for state in AssignmentState:
            expected = task_state in UNDER_WAY and state in OWING
            assert is_overdue(task_state, state, FRIDAY, MONDAY) is expected


def test_head_review_does_not_stop_the_clock() -> None:
    assert is_overdue(TaskState.IN_PROGRESS, AssignmentState.HEAD_REVIEW, FRIDAY, MONDAY)


def test_an_ongoing_task_is_never_overdue_and_never_late() -> None:
    assert not is_overdue(TaskState.IN_PROGRESS, AssignmentState.IN_PROGRESS, None, MONDAY)
    assert days_late(None, None, MONDAY) == 0


@pytest.mark.parametrize(
    ("submitted_on", "late"), [(FRIDAY, 0), (date(2026, 11, 1), 0), (SATURDAY, 1), (MONDAY, 3), (None, 3)]
)
def test_days_late_are_calendar_days_up_to_the_submission(submitted_on: date | None, late: int) -> None:
    assert days_late(FRIDAY, submitted_on, MONDAY) == late


def test_a_task_is_issued_with_the_deadline_that_stands() -> None:
    assert deadline_at_issue(STATED, new_day=None, is_ongoing=False, past=None, today=MONDAY) == STATED
    assert deadline_at_issue(ONGOING, new_day=None, is_ongoing=False, past=None, today=MONDAY) == ONGOING


def test_a_day_that_a_person_sets_is_decided() -> None:
    decided = deadline_at_issue(MISSING, new_day=MONDAY, is_ongoing=False, past=None, today=FRIDAY)

    assert decided == Deadline(MONDAY, False, DeadlineOrigin.DECIDED)


def test_confirming_the_stated_day_keeps_its_origin() -> None:
    assert deadline_at_issue(STATED, new_day=MONDAY, is_ongoing=False, past=None, today=FRIDAY) == STATED


def test_ongoing_takes_the_place_of_a_day() -> None:
    assert deadline_at_issue(PAST, new_day=None, is_ongoing=True, past=None, today=MONDAY) == ONGOING


def test_a_task_without_any_choice_is_not_issued() -> None:
    with pytest.raises(Invalid) as refusal:
        deadline_at_issue(MISSING, new_day=None, is_ongoing=False, past=None, today=MONDAY)
    assert (refusal.value.field, refusal.value.problem) == ("due_on", "deadline_missing")


def test_a_past_deadline_asks_for_a_decision() -> None:
    with pytest.raises(Invalid) as refusal:
        deadline_at_issue(PAST, new_day=None, is_ongoing=False, past=None, today=MONDAY)
    assert (refusal.value.field, refusal.value.problem) == ("past_deadline", "deadline_past")


def test_a_new_date_that_is_not_given_is_asked_for() -> None:
    with pytest.raises(Invalid) as refusal:
        deadline_at_issue(PAST, new_day=None, is_ongoing=False, past=PastDeadline.NEW_DATE, today=MONDAY)
    assert (refusal.value.field, refusal.value.problem) == ("due_on", "required")


@pytest.mark.parametrize("past", [PastDeadline.KEEP_AS_LATE, PastDeadline.RECORD])
def test_a_past_deadline_that_was_decided_upon_stands(past: PastDeadline) -> None:
    assert deadline_at_issue(PAST, new_day=None, is_ongoing=False, past=past, today=MONDAY) == PAST


@pytest.mark.parametrize("past", [None, PastDeadline.NEW_DATE, PastDeadline.KEEP_AS_LATE])
def test_nobody_sets_a_new_deadline_before_today(past: PastDeadline | None) -> None:
    with pytest.raises(Invalid) as refusal:
        deadline_at_issue(PAST, new_day=SATURDAY, is_ongoing=False, past=past, today=MONDAY)
    assert (refusal.value.field, refusal.value.problem) == ("due_on", "before_today")


def test_today_can_still_be_set() -> None:
    require_future("due_on", MONDAY, MONDAY)


def test_a_correction_is_due_at_the_deadline_or_five_working_days_on_whichever_is_later() -> None:
    calendar = WorkingCalendar()

    assert default_correction_day(FRIDAY, MONDAY, calendar) == date(2026, 11, 30)
    assert default_correction_day(date(2026, 12, 31), MONDAY, calendar) == date(2026, 12, 31)
    assert default_correction_day(None, MONDAY, calendar) == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("today", "latest"),
    [
        (date(2026, 11, 23), date(2027, 2, 23)),
        (date(2026, 11, 30), date(2027, 2, 28)),
        (date(2026, 9, 30), date(2026, 12, 30)),
        (date(2026, 1, 31), date(2026, 4, 30)),
    ],
)
def test_a_suspension_is_reviewed_within_three_months(today: date, latest: date) -> None:
    assert latest_review_day(today) == latest
