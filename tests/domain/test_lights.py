"""Which light burns, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.lights import (
    LIGHT_OF,
    Judgement,
    Light,
    LightFacts,
    LightReason,
    assess,
    due_soon_until,
    hand_light_ends,
    judge,
    reasons_of,
)
from taskboard.domain.periods import Rhythm
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.workflow import AssignmentRole, AssignmentState, TaskState
from taskboard.labels import light_reason

CALENDAR = WorkingCalendar()
MONDAY = date(2026, 11, 23)
FACTS = LightFacts(
    task_state=TaskState.IN_PROGRESS,
    state=AssignmentState.IN_PROGRESS,
    due_on=date(2026, 12, 31),
    issued_on=date(2026, 11, 2),
)


def light(today: date = MONDAY, **changes: object) -> Judgement:
    return judge(replace(FACTS, **changes), today=today, calendar=CALENDAR)  # type: ignore[arg-type]


def test_work_with_time_left_is_green() -> None:
    assert light() == Judgement(Light.GREEN, LightReason.IN_TIME)


@pytest.mark.parametrize(("due_on", "left"), [(MONDAY, 0), (date(2026, 11, 24), 1), (date(2026, 11, 26), 3)])
def test_due_within_three_working_days_is_yellow(due_on: date, left: int) -> None:
    assert light(due_on=due_on) == Judgement(Light.YELLOW, LightReason.DUE_SOON, left)


def test_four_working_days_are_still_green() -> None:
    assert light(due_on=date(2026, 11, 27)).light is Light.GREEN


def test_the_weekend_is_not_counted_as_time_left() -> None:
    friday = date(2026, 11, 20)

    assert light(friday, due_on=date(2026, 11, 25)) == Judgement(Light.YELLOW, LightReason.DUE_SOON, 3)


def test_a_long_holiday_does_not_hide_what_is_due_after_it() -> None:
    spring_festival = [date(2026, 2, 16) + timedelta(days=n) for n in range(5)]
    calendar = WorkingCalendar(holidays=spring_festival)
    facts = replace(FACTS, due_on=date(2026, 2, 24), issued_on=date(2026, 1, 5))

    assert judge(facts, today=date(2026, 2, 12), calendar=calendar) == Judgement(Light.YELLOW, LightReason.DUE_SOON, 3)


def test_due_soon_ends_where_the_light_turns_green() -> None:
    for offset in range(14):
        today = MONDAY + timedelta(days=offset)
        last = due_soon_until(today, CALENDAR)
        assert light(today, due_on=last).reason is LightReason.DUE_SOON
        assert light(today, due_on=last + timedelta(days=1)).reason is LightReason.IN_TIME


def test_past_the_deadline_is_red_with_the_days() -> None:
    assert light(due_on=date(2026, 11, 20)) == Judgement(Light.RED, LightReason.OVERDUE, 3)


def test_head_review_past_the_deadline_is_red_too() -> None:
    assert light(due_on=date(2026, 11, 20), state=AssignmentState.HEAD_REVIEW).light is Light.RED


def test_not_acknowledged_after_two_working_days_is_yellow() -> None:
    pending = {"state": AssignmentState.PENDING, "task_state": TaskState.ISSUED}

    assert light(issued_on=date(2026, 11, 19), **pending).light is Light.GREEN
    assert light(issued_on=date(2026, 11, 18), **pending).reason is LightReason.NOT_ACKNOWLEDGED


def test_a_submission_shows_the_light_of_its_day() -> None:
    submitted = {"state": AssignmentState.SUBMITTED, "due_on": date(2026, 11, 20)}

    assert light(submitted_on=date(2026, 11, 2), **submitted).light is Light.GREEN
    assert light(submitted_on=date(2026, 11, 20), **submitted) == Judgement(Light.YELLOW, LightReason.DUE_SOON, 0)
    assert light(submitted_on=date(2026, 11, 20), **submitted).is_as_submitted
    assert not light(due_on=date(2026, 11, 20)).is_as_submitted
    assert light(submitted_on=date(2026, 11, 21), **submitted) == Judgement(Light.RED, LightReason.OVERDUE, 1)


def test_what_was_accepted_says_how_late_it_was_recorded() -> None:
    accepted = {"state": AssignmentState.ACCEPTED, "submitted_on": date(2026, 12, 1)}

    assert light(**accepted) == Judgement(Light.CLOSED, LightReason.CLOSED)
    assert light(days_late=4, **accepted) == Judgement(Light.CLOSED, LightReason.CLOSED_LATE, 4)


def test_a_branch_that_never_submitted_does_not_grow_later_after_the_closure() -> None:
    ended = {"task_state": TaskState.CLOSED, "state": AssignmentState.NOT_SUBMITTED, "due_on": date(2026, 11, 20)}

    assert light(**ended) == light(date(2027, 11, 23), **ended) == Judgement(Light.CLOSED, LightReason.NOT_SUBMITTED)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"task_state": TaskState.DRAFT}, Judgement(Light.IDLE, LightReason.NOT_ISSUED)),
        ({"task_state": TaskState.SUSPENDED}, Judgement(Light.IDLE, LightReason.SUSPENDED)),
        ({"task_state": TaskState.TERMINATED}, Judgement(Light.CLOSED, LightReason.TERMINATED)),
        ({"state": AssignmentState.OBJECTED}, Judgement(Light.IDLE, LightReason.OBJECTED)),
        ({"state": AssignmentState.WAIVED}, Judgement(Light.IDLE, LightReason.FOR_INFORMATION)),
        ({"state": AssignmentState.WITHDRAWN}, Judgement(Light.IDLE, LightReason.WITHDRAWN)),
    ],
)
def test_where_nothing_is_owed_the_deadline_does_not_matter(changes: dict[str, object], expected: Judgement) -> None:
    assert light(due_on=date(2026, 1, 1), **changes) == expected


def test_an_ongoing_task_is_green_for_ever() -> None:
    assert light(date(2036, 1, 1), due_on=None).light is Light.GREEN


def test_every_reason_has_words_and_the_due_day_says_today() -> None:
    for reason in LightReason:
        assert light_reason(Judgement(Light.GREEN, reason, 3))
    assert light_reason(Judgement(Light.YELLOW, LightReason.DUE_SOON, 0)) == "今日到期"


MONTHLY = Rhythm(PlanRhythm.MONTHLY)
THURSDAY = date(2026, 11, 26)
"""the day after the November report was due"""


def test_every_reason_belongs_to_one_light() -> None:
    assert set(LIGHT_OF) == set(LightReason)
    assert {reason for one in Light for reason in reasons_of(one)} == set(LightReason)


@pytest.mark.parametrize(
    ("planned", "percent", "expected"),
    [
        (60.0, 51, Judgement(Light.GREEN, LightReason.IN_TIME)),
        (60.0, 50, Judgement(Light.YELLOW, LightReason.BEHIND, 10)),
        (60.0, 30, Judgement(Light.YELLOW, LightReason.BEHIND, 30)),
        (60.0, 29, Judgement(Light.RED, LightReason.FAR_BEHIND, 31)),
        (60.0, None, Judgement(Light.RED, LightReason.FAR_BEHIND, 60)),
        (60.0, 90, Judgement(Light.GREEN, LightReason.IN_TIME)),
        (None, 0, Judgement(Light.GREEN, LightReason.IN_TIME)),
    ],
)
def test_lagging_is_measured_by_an_entered_trajectory_only(
    planned: float | None, percent: int | None, expected: Judgement
) -> None:
    assert light(planned=planned, percent=percent) == expected


def test_a_missed_report_is_yellow_and_two_in_a_row_are_red() -> None:
    reporting = {"rhythm": MONTHLY, "issued_on": date(2026, 9, 1)}

    assert light(THURSDAY, **reporting, reported_on=date(2026, 11, 2)).light is Light.GREEN
    assert light(THURSDAY, **reporting, reported_on=date(2026, 10, 30)) == Judgement(
        Light.YELLOW, LightReason.REPORT_MISSED, 1
    )
    assert light(THURSDAY, **reporting, reported_on=date(2026, 9, 30)) == Judgement(
        Light.RED, LightReason.REPORTS_MISSED, 2
    )
    assert light(date(2026, 11, 25), **reporting, reported_on=date(2026, 10, 1)).light is Light.GREEN


def test_a_partner_misses_its_report_two_working_days_earlier() -> None:
    reporting = {"rhythm": MONTHLY, "issued_on": date(2026, 10, 15), "reported_on": date(2026, 10, 20)}

    assert light(date(2026, 11, 24), role=AssignmentRole.LEAD, **reporting).light is Light.GREEN
    assert light(date(2026, 11, 24), role=AssignmentRole.PARTNER, **reporting).reason is LightReason.REPORT_MISSED


def test_periods_before_the_work_was_owed_anew_are_not_held_against_it() -> None:
    reporting = {"rhythm": MONTHLY, "issued_on": date(2026, 1, 5)}

    assert light(THURSDAY, **reporting).reason is LightReason.REPORTS_MISSED
    assert light(THURSDAY, **reporting, owing_since=date(2026, 11, 10)).reason is LightReason.REPORT_MISSED
    assert light(THURSDAY, **reporting, owing_since=date(2026, 11, 23)).light is Light.GREEN


def test_a_red_light_set_by_hand_ends_after_thirty_days() -> None:
    by_hand = {"hand_light": (MONDAY, hand_light_ends(MONDAY)), "due_on": None}

    assert light(MONDAY - timedelta(days=1), **by_hand).light is Light.GREEN
    assert light(MONDAY, **by_hand) == Judgement(Light.RED, LightReason.SET_BY_HAND)
    assert light(MONDAY + timedelta(days=29), **by_hand).reason is LightReason.SET_BY_HAND
    assert light(MONDAY + timedelta(days=30), **by_hand).light is Light.GREEN


def test_help_that_nobody_answers_for_more_than_five_working_days_is_yellow() -> None:
    assert light(MONDAY, help_asked_on=date(2026, 11, 16)).light is Light.GREEN
    assert light(date(2026, 11, 24), help_asked_on=date(2026, 11, 16)).reason is LightReason.HELP_UNANSWERED


def test_red_comes_before_yellow_and_what_is_due_before_what_is_missing() -> None:
    everything = {
        "rhythm": MONTHLY,
        "issued_on": date(2026, 10, 15),
        "planned": 20.0,
        "percent": 0,
        "help_asked_on": date(2026, 10, 1),
        "reported_on": date(2026, 10, 20),
    }

    assert light(THURSDAY, **everything, due_on=date(2026, 11, 25)).reason is LightReason.OVERDUE
    assert light(THURSDAY, **everything, due_on=date(2026, 11, 27)).reason is LightReason.DUE_SOON
    assert light(THURSDAY, **everything).reason is LightReason.BEHIND
    assert light(THURSDAY, **everything | {"planned": None}).reason is LightReason.REPORT_MISSED


def test_a_submission_fills_the_period_it_is_made_in_and_what_came_later_does_not_count() -> None:
    submitted = {"state": AssignmentState.SUBMITTED, "rhythm": MONTHLY, "issued_on": date(2026, 9, 1)}

    assert light(date(2027, 3, 1), **submitted, submitted_on=THURSDAY).light is Light.GREEN
    set_later = (THURSDAY + timedelta(days=1), THURSDAY + timedelta(days=31))
    assert light(date(2026, 12, 1), **submitted, submitted_on=THURSDAY, hand_light=set_later).light is Light.GREEN


def test_days_left_run_while_the_work_is_owed_and_days_late_are_the_worst_there_were() -> None:
    def assessed(today: date, **changes: object) -> tuple[int | None, int]:
        found = assess(replace(FACTS, **changes), today=today, calendar=CALENDAR)  # type: ignore[arg-type]
        return found.days_left, found.days_late

    friday = date(2026, 11, 20)
    assert assessed(friday, due_on=MONDAY) == (3, 0)
    assert assessed(MONDAY, due_on=friday) == (-3, 3)
    assert assessed(MONDAY, due_on=friday, days_late=7) == (-3, 7)
    assert assessed(MONDAY, due_on=friday, is_held=True) == (-3, 0)
    assert assessed(MONDAY, due_on=friday, state=AssignmentState.SUBMITTED, submitted_on=friday) == (None, 0)
    assert assessed(MONDAY, due_on=None) == (None, 0)
