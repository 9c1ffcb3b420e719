"""What stands in a digest, and on which day it comes."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count, pairwise
from typing import Any

import pytest

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.digest_facts import item_facts, part_facts, section_facts
from taskboard.domain.digests import (
    MOST_ROWS,
    Figure,
    FigureCode,
    Part,
    SectionCode,
    compose_leadership,
    compose_supervision,
    compose_work,
    daily_sections,
    is_digest_day,
    week_words,
)
from taskboard.domain.mail_items import Item
from taskboard.domain.periods import Rhythm
from taskboard.domain.reminders import RULES, DueReminder, Topic
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.workflow import AssignmentRole, AssignmentState, DeadlineOrigin, TaskState

CALENDAR = WorkingCalendar(confirmed_years=[2026])
TODAY = date(2026, 11, 23)
LAST_WEEK = date(2026, 11, 16)

_ids = count(1)


def item(**changes: Any) -> Item:
    number = next(_ids)
    values: dict[str, Any] = {
        "assignment_id": number,
        "task_id": number,
        "title": f"推进第{number}项工作",
        "plan": "工作要点",
        "department_id": 2,
        "department": "市教育局",
        "department_path": "/1/2/",
        "body_path": "/1/",
        "role": AssignmentRole.LEAD,
        "state": AssignmentState.IN_PROGRESS,
        "task_state": TaskState.IN_PROGRESS,
        "issued_on": date(2026, 9, 1),
        "due_on": date(2026, 12, 31),
        "deadline_version": 1,
        "origin": DeadlineOrigin.STATED,
        "is_ongoing": False,
    }
    return Item(**values | changes)


OLD_LATE = item(due_on=date(2026, 10, 31))
NEW_LATE = item(due_on=date(2026, 11, 19))
COMING = item(due_on=date(2026, 12, 4))
FAR = item()
ONGOING = item(due_on=None, is_ongoing=True)
SUBMITTED = item(
    state=AssignmentState.SUBMITTED,
    due_on=date(2026, 11, 10),
    submitted_on=date(2026, 11, 18),
    waiting_since=date(2026, 11, 18),
)
PENDING = item(state=AssignmentState.PENDING, issued_on=date(2026, 11, 20))
LATE_RECEIPT = item(state=AssignmentState.PENDING, issued_on=date(2026, 11, 10))
CLOSED = item(
    state=AssignmentState.ACCEPTED,
    task_state=TaskState.CLOSED,
    submitted_on=date(2026, 11, 3),
    ended_on=date(2026, 11, 17),
)
ALL = [OLD_LATE, NEW_LATE, COMING, FAR, ONGOING, SUBMITTED, PENDING, LATE_RECEIPT, CLOSED]


def sections(part: Part) -> dict[str, list[Item]]:
    return {section.code: list(section.items) for section in part.sections}


def figures(part: Part) -> dict[FigureCode, tuple[int, int | None]]:
    return {figure.code: (figure.now, figure.before) for figure in part.figures}


def test_staff_read_what_is_late_what_comes_and_what_was_done() -> None:
    part = compose_work(ALL, today=TODAY, since=LAST_WEEK, calendar=CALENDAR)

    assert sections(part) == {
        "lasting": [OLD_LATE, NEW_LATE],
        "coming": [COMING],
        "to_acknowledge": [PENDING, LATE_RECEIPT],
        "resolved": [SUBMITTED, CLOSED],
    }


def test_what_stands_above_is_not_said_twice() -> None:
    part = compose_work(ALL, today=TODAY, since=LAST_WEEK, calendar=CALENDAR).without({NEW_LATE.mark})

    assert sections(part)["lasting"] == [OLD_LATE]
    assert figures(part)[FigureCode.OVERDUE][0] == 2


def test_supervisors_read_what_changed_and_what_waits_for_them() -> None:
    part = compose_supervision(ALL, today=TODAY, since=LAST_WEEK, calendar=CALENDAR)

    assert sections(part) == {
        "new_overdue": [NEW_LATE],
        "lasting": [OLD_LATE],
        "to_review": [SUBMITTED],
        "not_acknowledged": [LATE_RECEIPT],
        "resolved": [SUBMITTED, CLOSED],
    }


def test_what_was_not_reported_says_which_day_passed() -> None:
    monthly = Rhythm(PlanRhythm.MONTHLY)
    silent = [item(rhythm=monthly, role=role) for role in (AssignmentRole.LEAD, AssignmentRole.PARTNER)]

    part = compose_supervision(silent, today=TODAY, since=LAST_WEEK, calendar=CALENDAR)

    [section] = [one for one in part.sections if one.code == SectionCode.NOT_REPORTED]
    rows = section_facts(section, today=TODAY, calendar=CALENDAR)["rows"]
    assert [(row["report_due_on"], row["is_report_late"]) for row in rows] == [
        ("2026-10-23", True),
        ("2026-10-21", True),
    ]


def test_the_figures_say_how_it_was_last_time() -> None:
    part = compose_supervision(ALL, today=TODAY, since=LAST_WEEK, calendar=CALENDAR)

    # A week ago the old one was late, and the one that was submitted since.
    assert figures(part) == {
        FigureCode.OPEN: (7, None),
        FigureCode.OVERDUE: (2, 2),
        FigureCode.COMING: (1, None),
        FigureCode.WAITING: (1, None),
        FigureCode.DONE: (2, None),
    }


def test_leaders_read_what_waits_too_long_and_the_new_and_resolved_reds() -> None:
    part = compose_leadership(ALL, today=TODAY, since=LAST_WEEK, calendar=CALENDAR)

    assert sections(part) == {"to_decide": [SUBMITTED], "new_overdue": [NEW_LATE], "resolved": [SUBMITTED]}


def test_departments_stand_by_how_much_is_overdue() -> None:
    other = [item(department="市财政局", due_on=date(2026, 11, day)) for day in (2, 3, 20)]

    part = compose_supervision([*ALL, *other], today=TODAY, since=LAST_WEEK, calendar=CALENDAR)

    assert [(bar.department, bar.now, bar.before) for bar in part.bars] == [("市财政局", 3, 2), ("市教育局", 2, 2)]
    assert [bar["percent"] for bar in part_facts(part, today=TODAY, calendar=CALENDAR)["bars"]] == [100, 66]


def test_an_empty_digest_of_a_supervisor_still_has_its_figures() -> None:
    part = compose_supervision([], today=TODAY, since=LAST_WEEK, calendar=CALENDAR)

    assert part.sections == ()
    assert part.figures[1] == Figure(FigureCode.OVERDUE, 0, 0)


def test_a_section_shows_twenty_rows_and_counts_them_all() -> None:
    many = [item(due_on=date(2026, 11, 1)) for _ in range(MOST_ROWS + 5)]

    [section] = compose_work(many, today=TODAY, since=LAST_WEEK, calendar=CALENDAR).sections

    assert (len(section.items), section.count) == (MOST_ROWS, MOST_ROWS + 5)


def test_the_daily_sections_stand_in_their_order_and_by_day() -> None:
    rule = {rule.code: rule for rule in RULES}
    reminders = [
        (COMING, DueReminder(1, rule["due_10"], Topic.DUE_SOON, frozenset(), {})),
        (NEW_LATE, DueReminder(2, rule["overdue_1"], Topic.OVERDUE, frozenset(), {})),
        (OLD_LATE, DueReminder(3, rule["overdue_3"], Topic.OVERDUE, frozenset(), {})),
    ]

    assert [(one.code, list(one.items)) for one in daily_sections(reminders)] == [
        ("overdue", [OLD_LATE, NEW_LATE]),
        ("due_soon", [COMING]),
    ]


def test_the_facts_of_a_row_are_plain_values() -> None:
    facts = item_facts(NEW_LATE, today=TODAY, calendar=CALENDAR)

    assert (facts["days_left"], facts["working_days_left"], facts["is_overdue"]) == (-4, -2, True)
    assert (facts["due_on"], facts["origin"], facts["role"]) == ("2026-11-19", "stated", "lead")


def test_a_deadline_in_a_year_without_an_arrangement_is_marked() -> None:
    facts = item_facts(item(due_on=date(2027, 1, 15)), today=TODAY, calendar=CALENDAR)

    assert facts["is_estimated"] is True


@pytest.mark.parametrize(
    ("today", "last_on", "is_digest"),
    [
        ("2026-11-23", None, True),
        ("2026-11-23", "2026-11-16", True),
        ("2026-11-24", "2026-11-23", False),
        ("2026-11-24", "2026-11-16", True),  # Monday was missed
        ("2026-11-23", "2026-11-23", True),  # made again the same day
        ("2026-10-08", "2026-09-28", True),  # the week of the National Day had no earlier working day
        ("2026-12-02", "2026-11-29", False),  # three days on, but its week was folded into the next
        ("2026-11-30", "2026-11-29", False),  # a make-up Sunday was the only working day of its week
        ("2026-12-07", "2026-11-29", True),
        ("2027-01-04", "2026-12-28", True),  # week 53 of 2026 ends on 3 January
        ("2026-12-31", "2026-12-28", False),
    ],
)
def test_the_first_morning_mail_of_a_week_is_its_digest(today: str, last_on: str | None, is_digest: bool) -> None:
    last = date.fromisoformat(last_on) if last_on else None

    assert is_digest_day(date.fromisoformat(today), last_on=last, calendar=CALENDAR) is is_digest


@pytest.mark.parametrize(
    ("day", "week"), [("2026-11-23", "2026-W48"), ("2027-01-03", "2026-W53"), ("2024-12-30", "2025-W01")]
)
def test_a_week_is_named_by_iso_year_and_week(day: str, week: str) -> None:
    assert week_words(date.fromisoformat(day)) == week


def test_every_week_from_2015_to_2040_has_its_digest_or_a_reason_for_none() -> None:
    from taskboard.services.calendar import package_calendar

    calendar = package_calendar()
    monday, last = date(2014, 12, 29), None
    digests: dict[str, date] = {}
    idle, folded = [], []
    while monday.year <= 2040:
        worked = [day for n in range(7) if calendar.is_working_day(day := monday + timedelta(days=n))]
        made = []
        for day in worked:
            if is_digest_day(day, last_on=last, calendar=calendar):
                made.append(day)
                last = day
        if not worked:
            idle.append(monday)
        elif not made:
            folded.append(monday)
        assert made in ([], worked[:1]), "the digest comes on the first working day of its week or not at all"
        digests |= {week_words(day): day for day in made}
        monday += timedelta(days=7)

    days = sorted(digests.values())
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    assert min(gaps) >= 3
    assert max(gaps) <= 15
    assert len(days) + len(idle) + len(folded) == 1358
    # The week of the National Day of 2017 had no working day, that of the Spring Festival of 2024 a make-up Sunday.
    assert date(2017, 10, 2) in idle
    assert digests["2024-W07"] == date(2024, 2, 18)
    # Each follows a week in which only the make-up days at its end were worked.
    assert [day.isoformat() for day in folded] == [
        "2016-02-15",
        "2016-10-10",
        "2022-10-10",
        "2023-01-30",
        "2023-10-09",
        "2024-02-19",
    ]
    assert {2015, 2020, 2026, 2032, 2037} == {int(name[:4]) for name in digests if name.endswith("W53")}
