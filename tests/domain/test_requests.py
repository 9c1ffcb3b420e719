"""The rules of objections and extensions that no state can tell, and the time there is for each act."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import TimeLimit, is_overdue, time_limit
from taskboard.domain.errors import Invalid
from taskboard.domain.lights import Judgement, Light, LightFacts, LightReason, judge
from taskboard.domain.reminders import ReminderSubject, Topic, due_reminders
from taskboard.domain.requests import (
    ExtensionResult,
    ObjectionFacts,
    ObjectionResult,
    check_objection,
    day_after_objection,
    extension_result,
    is_deadline_held,
)
from taskboard.domain.workflow import Act, AssignmentRole, AssignmentState, TaskState, limit_of

CALENDAR = WorkingCalendar(confirmed_years=[2026])
MONDAY = date(2026, 11, 23)
FRIDAY = date(2026, 11, 27)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


@pytest.mark.parametrize(
    ("act", "days"),
    [(Act.ACKNOWLEDGE, 2), (Act.OBJECT, 3), (Act.UPHOLD_OBJECTION, 2), (Act.GRANT_EXTENSION, 2)],
)
def test_the_table_sets_the_limits_that_people_are_shown(act: Act, days: int) -> None:
    assert limit_of(act) == days


def test_an_act_without_a_limit_has_none() -> None:
    with pytest.raises(LookupError):
        limit_of(Act.REPORT)


@pytest.mark.parametrize(("today", "left"), [(0, 2), (1, 1), (2, 0), (3, -1), (4, -2)])
def test_the_last_day_of_a_limit_still_counts(today: int, left: int) -> None:
    limit = time_limit(Act.ACKNOWLEDGE, MONDAY, today=day(today), calendar=CALENDAR)

    assert limit == TimeLimit(day(2), left)
    assert limit.is_over == (left < 0)


def test_a_limit_over_a_weekend_is_over_on_the_saturday_after_its_last_day() -> None:
    limit = time_limit(Act.ACKNOWLEDGE, day(2), today=FRIDAY + timedelta(days=1), calendar=CALENDAR)

    assert (limit.last_on, limit.is_over) == (FRIDAY, True)


@pytest.mark.parametrize("results", [(), (ObjectionResult.LAPSED,)])
def test_only_a_refusal_keeps_a_department_from_objecting_again(results: tuple[ObjectionResult, ...]) -> None:
    assert check_objection(ObjectionFacts(MONDAY, results), today=day(3), calendar=CALENDAR).working_days_left == 0
    with pytest.raises(Invalid):
        check_objection(ObjectionFacts(MONDAY, (*results, ObjectionResult.REFUSED)), today=MONDAY, calendar=CALENDAR)


def test_the_deadline_moves_by_working_days_and_not_by_the_days_of_a_weekend() -> None:
    monday_after = FRIDAY + timedelta(days=3)

    assert day_after_objection(FRIDAY, FRIDAY, monday_after, CALENDAR) == monday_after
    assert day_after_objection(FRIDAY, MONDAY, MONDAY, CALENDAR) == FRIDAY


def test_what_a_grant_amounts_to() -> None:
    asked = FRIDAY + timedelta(days=14)

    assert (
        extension_result(asked, asked=asked, due_on=FRIDAY, today=asked + timedelta(days=9)) is ExtensionResult.GRANTED
    )
    shorter = asked - timedelta(days=1)
    assert extension_result(shorter, asked=asked, due_on=FRIDAY, today=MONDAY) is ExtensionResult.SHORTENED
    with pytest.raises(Invalid):
        extension_result(shorter, asked=asked, due_on=FRIDAY, today=asked)


@pytest.mark.parametrize(
    ("own", "asks", "a_lead_asks", "expected"),
    [
        (FRIDAY, True, False, True),
        (MONDAY, True, False, True),
        (FRIDAY, False, True, True),
        (MONDAY, False, True, False),
        (FRIDAY, False, False, False),
        (None, False, True, False),
    ],
)
def test_which_days_a_request_holds(own: date | None, asks: bool, a_lead_asks: bool, expected: bool) -> None:
    assert is_deadline_held(own, FRIDAY, asks=asks, a_lead_asks=a_lead_asks) is expected


def test_a_held_day_is_not_called_overdue_and_its_light_says_why() -> None:
    late = FRIDAY + timedelta(days=10)
    facts = LightFacts(TaskState.IN_PROGRESS, AssignmentState.IN_PROGRESS, FRIDAY, MONDAY, is_held=True)

    assert not is_overdue(TaskState.IN_PROGRESS, AssignmentState.IN_PROGRESS, FRIDAY, late, is_held=True)
    assert judge(facts, today=late, calendar=CALENDAR) == Judgement(Light.YELLOW, LightReason.EXTENSION_ASKED)
    assert judge(facts, today=FRIDAY, calendar=CALENDAR).reason is LightReason.DUE_SOON


def subject(**changes: object) -> ReminderSubject:
    facts: dict[str, object] = {
        "assignment_id": 1,
        "task_state": TaskState.IN_PROGRESS,
        "state": AssignmentState.IN_PROGRESS,
        "role": AssignmentRole.LEAD,
        "issued_on": MONDAY,
        "due_on": FRIDAY,
        "deadline_version": 1,
        **changes,
    }
    return ReminderSubject(**facts)  # type: ignore[arg-type]


def test_nobody_is_reminded_of_a_held_day_as_overdue_but_the_supervisors_are_of_the_request() -> None:
    today = FRIDAY + timedelta(days=4)

    held = due_reminders(subject(is_held=True, extension_asked_on=FRIDAY), decided=(), today=today, calendar=CALENDAR)
    free = due_reminders(subject(), decided=(), today=today, calendar=CALENDAR)

    assert [(one.rule.code, one.topic) for one in held] == [("extension_2", Topic.DECIDE)]
    assert [one.topic for one in free] == [Topic.OVERDUE]
