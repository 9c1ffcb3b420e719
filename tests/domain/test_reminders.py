"""Which reminder is due when, for whom, and that nothing is lost or repeated."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.reminders import (
    RULES,
    Anchor,
    Decision,
    DueReminder,
    Recipient,
    ReminderSubject,
    Span,
    Topic,
    due_reminders,
    span_of,
)
from taskboard.domain.workflow import OWING, AssignmentRole, AssignmentState, TaskState

# An ordinary calendar with one holiday (Wednesday 2 December) and one make-up Saturday (5 December).
CALENDAR = WorkingCalendar(holidays=[date(2026, 12, 2)], workdays=[date(2026, 12, 5)], confirmed_years=[2026])
MONDAY = date(2026, 11, 23)


def subject(**changes: Any) -> ReminderSubject:
    values: dict[str, Any] = {
        "assignment_id": 1,
        "task_state": TaskState.IN_PROGRESS,
        "state": AssignmentState.IN_PROGRESS,
        "role": AssignmentRole.LEAD,
        "issued_on": date(2026, 11, 2),
        "due_on": date(2026, 11, 27),
        "deadline_version": 1,
    }
    return ReminderSubject(**values | changes)


def due(one: ReminderSubject, today: date, decided: set[Decision] | None = None) -> list[DueReminder]:
    return due_reminders(one, decided=decided or set(), today=today, calendar=CALENDAR)


def due_codes(one: ReminderSubject, today: date, decided: set[Decision] | None = None) -> list[str]:
    return [reminder.rule.code for reminder in due(one, today, decided)]


def run(one: ReminderSubject, days: list[date]) -> dict[date, list[str]]:
    """What each day brings when the days before it were kept."""
    decided: set[Decision] = set()
    told = {}
    for day in days:
        reminders = due(one, day, decided)
        for reminder in reminders:
            decided |= set(reminder.decided)
        if reminders:
            told[day] = [reminder.rule.code for reminder in reminders]
    return told


def working_days(start: date, end: date) -> list[date]:
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    return [day for day in days if CALENDAR.is_working_day(day)]


def test_a_short_task_is_reminded_three_days_and_one_day_before_on_the_day_and_after_it() -> None:
    told = run(subject(), working_days(date(2026, 11, 3), date(2026, 12, 31)))

    assert told == {
        date(2026, 11, 24): ["due_3"],
        date(2026, 11, 26): ["due_1"],
        date(2026, 11, 27): ["due_0"],
        date(2026, 11, 30): ["overdue_1"],
        date(2026, 12, 3): ["overdue_3"],  # 2 December is off
    }


@pytest.mark.parametrize(
    ("issued_on", "first"),
    [
        (date(2026, 11, 2), {"due_3": date(2026, 11, 24)}),
        (date(2026, 10, 20), {"due_10": date(2026, 11, 13)}),
        (date(2026, 1, 15), {"due_30_days": date(2026, 10, 28)}),
    ],
)
def test_the_longer_a_task_was_given_the_earlier_its_first_warning(issued_on: date, first: dict[str, date]) -> None:
    days = working_days(issued_on + timedelta(days=1), date(2026, 11, 27))

    told = run(subject(issued_on=issued_on), days)

    day = min(told)
    assert {told[day][0]: day} == first


@pytest.mark.parametrize(
    ("days", "span"), [(29, Span.SHORT), (30, Span.MEDIUM), (179, Span.MEDIUM), (180, Span.LONG), (None, Span.LONG)]
)
def test_the_span_of_a_task(days: int | None, span: Span) -> None:
    due_on = MONDAY + timedelta(days=days) if days is not None else None

    assert span_of(MONDAY, due_on) is span


def test_a_deadline_on_a_day_off_is_reminded_of_on_the_last_working_day_before() -> None:
    sunday = date(2026, 11, 29)

    told = run(subject(due_on=sunday), working_days(date(2026, 11, 25), date(2026, 12, 1)))

    # One working day before Sunday is Friday too: one line, the more specific one.
    assert told == {
        date(2026, 11, 25): ["due_3"],
        date(2026, 11, 27): ["due_0"],
        date(2026, 11, 30): ["overdue_1"],
    }


def test_a_deadline_on_a_day_off_is_near_and_not_today_when_it_is_reminded_of() -> None:
    [reminder] = due(subject(due_on=date(2026, 11, 29)), date(2026, 11, 27))

    assert reminder.topic is Topic.DUE_SOON


def test_on_the_due_day_it_is_due_today() -> None:
    [reminder] = due(subject(), date(2026, 11, 27))

    assert reminder.topic is Topic.DUE_TODAY


def test_milestones_missed_in_downtime_become_one_line_for_everybody_who_was_due_one() -> None:
    [reminder] = due(subject(issued_on=date(2026, 1, 15)), date(2026, 12, 10))

    assert reminder.rule.code == "overdue_3"
    assert {one.rule for one in reminder.decided} == {
        "due_30_days",
        "due_10",
        "due_3",
        "due_1",
        "due_0",
        "overdue_1",
        "overdue_3",
    }
    assert reminder.to == {Recipient.LIAISON, Recipient.OFFICER, Recipient.HEAD, Recipient.LEADER}


def test_after_downtime_before_the_deadline_nobody_is_told_that_it_is_past() -> None:
    [reminder] = due(subject(issued_on=date(2026, 1, 15)), date(2026, 11, 26))

    assert (reminder.rule.code, reminder.topic) == ("due_1", Topic.DUE_SOON)


def test_what_was_decided_does_not_come_again() -> None:
    [reminder] = due(subject(), date(2026, 11, 24))

    assert due_codes(subject(), date(2026, 11, 25), set(reminder.decided)) == []


def test_a_moved_deadline_arms_its_reminders_anew() -> None:
    [reminder] = due(subject(), date(2026, 11, 24))
    moved = subject(due_on=date(2026, 12, 11), deadline_version=2)

    assert due_codes(moved, date(2026, 11, 25), set(reminder.decided)) == []
    assert due_codes(moved, date(2026, 12, 8), set(reminder.decided)) == ["due_3"]


def test_a_deadline_moved_away_and_back_is_reminded_of_again() -> None:
    [reminder] = due(subject(), date(2026, 11, 24))

    assert due_codes(subject(deadline_version=3), date(2026, 11, 25), set(reminder.decided)) == ["due_3"]


def test_a_moved_deadline_does_not_repeat_the_reminder_to_acknowledge() -> None:
    pending = subject(state=AssignmentState.PENDING, issued_on=date(2026, 11, 20), due_on=date(2026, 12, 31))
    [reminder] = due(pending, MONDAY)
    moved = subject(
        state=AssignmentState.PENDING, issued_on=date(2026, 11, 20), due_on=date(2027, 1, 15), deadline_version=2
    )

    assert reminder.rule.code == "acknowledge_1"
    assert due_codes(moved, MONDAY, set(reminder.decided)) == []


def test_an_unacknowledged_task_goes_to_the_head_after_two_working_days() -> None:
    pending = subject(state=AssignmentState.PENDING, issued_on=date(2026, 11, 20), due_on=None)

    [first], [second] = due(pending, MONDAY), due(pending, date(2026, 11, 24))

    assert (first.rule.code, first.to) == ("acknowledge_1", {Recipient.LIAISON})
    assert (second.rule.code, Recipient.HEAD in second.to) == ("acknowledge_2", True)


def test_a_pending_task_that_is_overdue_asks_for_both() -> None:
    pending = subject(state=AssignmentState.PENDING)

    assert due_codes(pending, date(2026, 11, 30)) == ["acknowledge_2", "overdue_1"]


def test_a_task_issued_when_its_deadline_was_past_is_overdue_at_once() -> None:
    late = subject(issued_on=date(2026, 11, 20), due_on=date(2026, 9, 30))

    [reminder] = due(late, MONDAY)

    assert reminder.rule.code == "overdue_3"


def test_warnings_from_before_the_issue_are_not_given_after_it() -> None:
    close = subject(issued_on=date(2026, 11, 25), due_on=date(2026, 11, 27))

    assert due_codes(close, date(2026, 11, 25)) == []
    assert due_codes(close, date(2026, 11, 26)) == ["due_1"]


@pytest.mark.parametrize("state", [AssignmentState.ACCEPTED, AssignmentState.WITHDRAWN, AssignmentState.WAIVED])
def test_nothing_is_due_of_an_assignment_that_owes_nothing(state: AssignmentState) -> None:
    assert due(subject(state=state), date(2026, 12, 10)) == []


@pytest.mark.parametrize("state", [TaskState.DRAFT, TaskState.SUSPENDED, TaskState.CLOSED, TaskState.TERMINATED])
def test_nothing_is_due_of_a_task_that_is_not_under_way(state: TaskState) -> None:
    assert due(subject(task_state=state), date(2026, 12, 10)) == []


def test_an_ongoing_task_has_no_deadline_to_be_reminded_of() -> None:
    assert due(subject(due_on=None), date(2026, 12, 10)) == []


@pytest.mark.parametrize(
    ("state", "role", "codes", "first_to"),
    [
        (AssignmentState.HEAD_REVIEW, AssignmentRole.LEAD, ["sign_off_1", "sign_off_2"], Recipient.HEAD),
        (AssignmentState.SUBMITTED, AssignmentRole.LEAD, ["review_1", "review_2"], Recipient.SUPERVISOR),
        (AssignmentState.SUBMITTED, AssignmentRole.PARTNER, ["partner_1", "partner_2"], Recipient.LEAD_LIAISON),
        (AssignmentState.OBJECTED, AssignmentRole.LEAD, ["objection_1", "objection_2"], Recipient.SUPERVISOR),
    ],
)
def test_who_must_decide_is_reminded_and_then_the_one_above(
    state: AssignmentState, role: AssignmentRole, codes: list[str], first_to: Recipient
) -> None:
    waiting = subject(state=state, role=role, due_on=date(2026, 12, 31), waiting_since=MONDAY)

    first, second = due(waiting, date(2026, 11, 24)), due(waiting, date(2026, 11, 25))

    assert [one.rule.code for one in (*first, *second)] == codes
    assert first[0].to == {first_to}
    assert len(second[0].to) == 2


def test_a_second_submission_is_reminded_of_anew() -> None:
    waiting = subject(state=AssignmentState.SUBMITTED, waiting_since=MONDAY)
    [reminder] = due(waiting, date(2026, 11, 25))
    again = subject(state=AssignmentState.SUBMITTED, waiting_since=date(2026, 12, 7))

    assert due_codes(again, date(2026, 12, 8), set(reminder.decided)) == ["review_1"]


def test_a_report_is_asked_for_before_its_day_on_it_and_after_it() -> None:
    friday = date(2026, 12, 18)
    one = subject(due_on=None, reports_due=(friday,))

    told = run(one, working_days(date(2026, 12, 9), date(2026, 12, 31)))

    assert told == {
        date(2026, 12, 15): ["report_3"],
        friday: ["report_0"],
        date(2026, 12, 21): ["report_late_1"],
        date(2026, 12, 23): ["report_late_3"],
    }


def test_the_head_hears_of_a_report_that_is_three_days_late() -> None:
    one = subject(due_on=None, reports_due=(date(2026, 12, 18),))
    [first] = due(one, date(2026, 12, 21))

    [last] = due(one, date(2026, 12, 23), set(first.decided))

    assert (first.to, last.to) == ({Recipient.LIAISON}, {Recipient.LIAISON, Recipient.HEAD})


def test_a_missed_report_and_the_next_one_are_one_line_that_tells_of_the_missed_one() -> None:
    one = subject(due_on=None, reports_due=(date(2026, 12, 18), date(2026, 12, 25)))

    [reminder] = due(one, date(2026, 12, 22))

    assert (reminder.rule.code, reminder.topic, reminder.anchor_on) == (
        "report_late_1",
        Topic.REPORT,
        date(2026, 12, 18),
    )
    assert {(one.rule, one.anchor_on.day) for one in reminder.decided} >= {("report_3", 25), ("report_late_1", 18)}


def test_each_period_is_asked_for_anew() -> None:
    [reminder] = due(subject(due_on=None, reports_due=(date(2026, 12, 18),)), date(2026, 12, 23))

    assert due_codes(
        subject(due_on=None, reports_due=(date(2026, 12, 25),)), date(2026, 12, 25), set(reminder.decided)
    ) == ["report_0"]


def test_a_request_for_help_goes_to_the_supervisors_and_then_to_the_leader() -> None:
    asked = subject(due_on=None, help_asked_on=MONDAY)
    [first] = due(asked, date(2026, 11, 24))

    [second] = due(asked, date(2026, 11, 25), set(first.decided))

    assert (first.rule.code, first.to) == ("help_1", {Recipient.SUPERVISOR})
    assert (second.rule.code, second.to) == ("help_2", {Recipient.SUPERVISOR, Recipient.LEADER})


def test_every_code_stands_for_one_rule() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)


@settings(deadline=None, max_examples=40)
@given(
    issued_on=st.dates(date(2025, 1, 1), date(2026, 12, 31)),
    given_days=st.integers(0, 200),
    absences=st.sets(st.integers(0, 250), max_size=100),
    state=st.sampled_from(sorted(OWING)),
)
def test_whatever_days_the_job_misses_each_rule_comes_once_and_the_last_word_is_said(
    issued_on: date, given_days: int, absences: set[int], state: AssignmentState
) -> None:
    one = subject(issued_on=issued_on, due_on=issued_on + timedelta(days=given_days), state=state)
    last_day = one.due_on + timedelta(days=40) if one.due_on else issued_on
    days = [
        day
        for day in working_days(issued_on + timedelta(days=1), last_day)
        if (day - issued_on).days not in absences or day > last_day - timedelta(days=5)
    ]

    told = run(one, days)

    deadline_codes = [
        code for codes in told.values() for code in codes if not code.startswith(("acknowledge", "sign_off"))
    ]
    assert len(set(deadline_codes)) == len(deadline_codes)
    assert deadline_codes[-1] == "overdue_3"


def test_anchors_are_all_used() -> None:
    assert {rule.anchor for rule in RULES} == set(Anchor)
