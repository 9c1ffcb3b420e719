"""What a month's dispatch table and a quarter's review pack count, and when they are to be there."""

from __future__ import annotations

from datetime import date

import pytest

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.roundups import Branch, Group, RoundupKind, Stretch, compose, due_stretches
from taskboard.domain.workflow import AssignmentRole, AssignmentState, TaskState
from taskboard.labels.roundups import opening_words, period_words, share_words

# New Year and National Day of 2026; 1 and 2 October are holidays, 3 January is one.
CALENDAR = WorkingCalendar(
    holidays=[date(2026, 1, 1), date(2026, 1, 2), *(date(2026, 10, day) for day in range(1, 8))],
    confirmed_years=[2025, 2026],
)
NOVEMBER = Stretch(RoundupKind.MONTHLY, date(2026, 11, 1), date(2026, 11, 30))
TODAY = date(2026, 12, 1)


def branch(**changes: object) -> Branch:
    usual: dict[str, object] = {
        "task_id": 1,
        "title": "推行并联审批",
        "plan": "工作要点",
        "department": "市发展改革委",
        "role": AssignmentRole.LEAD,
        "task_state": TaskState.IN_PROGRESS,
        "state": AssignmentState.IN_PROGRESS,
        "due_on": date(2026, 11, 20),
        "is_held": False,
        "days_late": 0,
        "issued_on": date(2026, 9, 1),
        "closed_on": None,
    }
    return Branch(**{**usual, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2026-11-30", [("2026-10-01", "2026-10-31"), ("2026-07-01", "2026-09-30")]),
        ("2026-12-01", [("2026-11-01", "2026-11-30"), ("2026-07-01", "2026-09-30")]),
        ("2026-10-07", []),
        ("2026-10-08", [("2026-09-01", "2026-09-30"), ("2026-07-01", "2026-09-30")]),
        ("2026-01-04", []),
        ("2026-01-05", [("2025-12-01", "2025-12-31"), ("2025-10-01", "2025-12-31")]),
    ],
)
def test_a_stretch_is_due_from_the_first_working_day_after_it(today: str, expected: list[tuple[str, str]]) -> None:
    found = due_stretches(date.fromisoformat(today), CALENDAR)

    assert [(one.first_on.isoformat(), one.last_on.isoformat()) for one in found] == expected


@pytest.mark.parametrize(
    ("stretch", "until"),
    [
        (NOVEMBER, date(2026, 12, 31)),
        (Stretch(RoundupKind.MONTHLY, date(2026, 12, 1), date(2026, 12, 31)), date(2027, 1, 31)),
        (Stretch(RoundupKind.QUARTERLY, date(2026, 10, 1), date(2026, 12, 31)), date(2027, 3, 31)),
    ],
)
def test_what_comes_reaches_to_the_end_of_the_next_stretch(stretch: Stretch, until: date) -> None:
    assert stretch.next_last_on == until


@pytest.mark.parametrize(
    ("changes", "due", "on_time"),
    [
        ({}, 1, 0),
        ({"state": AssignmentState.SUBMITTED}, 1, 1),
        ({"state": AssignmentState.ACCEPTED, "task_state": TaskState.CLOSED}, 1, 1),
        ({"state": AssignmentState.ACCEPTED, "days_late": 1}, 1, 0),
        ({"state": AssignmentState.HEAD_REVIEW}, 1, 0),
        ({"state": AssignmentState.NOT_SUBMITTED, "task_state": TaskState.CLOSED}, 1, 0),
        ({"due_on": date(2026, 11, 1), "state": AssignmentState.SUBMITTED}, 1, 1),
        ({"due_on": date(2026, 11, 30), "state": AssignmentState.SUBMITTED}, 1, 1),
        ({"due_on": date(2026, 10, 31)}, 0, 0),
        ({"due_on": date(2026, 12, 1)}, 0, 0),
        ({"due_on": None}, 0, 0),
        ({"is_held": True}, 0, 0),
        ({"state": AssignmentState.WITHDRAWN}, 0, 0),
        ({"state": AssignmentState.WAIVED}, 0, 0),
        ({"state": AssignmentState.OBJECTED}, 0, 0),
        ({"task_state": TaskState.SUSPENDED}, 0, 0),
        ({"task_state": TaskState.TERMINATED, "state": AssignmentState.WITHDRAWN}, 0, 0),
    ],
)
def test_what_had_to_be_submitted_in_the_stretch_and_what_was_in_time(
    changes: dict[str, object], due: int, on_time: int
) -> None:
    total = compose([branch(**changes)], NOVEMBER, TODAY).total

    assert (total.due, total.on_time) == (due, on_time)


def test_the_figures_by_department_and_plan_add_up_and_the_most_overdue_stands_first() -> None:
    branches = [
        branch(),
        branch(task_id=2, department="市财政局", due_on=date(2026, 10, 30), role=AssignmentRole.PARTNER),
        branch(task_id=3, department="市财政局", due_on=date(2026, 11, 10)),
        branch(task_id=4, department="市教育局", due_on=date(2027, 1, 1), plan="另一计划", issued_on=date(2026, 11, 2)),
    ]

    figures = compose(branches, NOVEMBER, TODAY)

    assert figures.total == Group("", open=4, overdue=3, due=2, on_time=0)
    assert figures.departments == (
        Group("市财政局", 2, 2, 1, 0),
        Group("市发展改革委", 1, 1, 1, 0),
        Group("市教育局", 1, 0, 0, 0),
    )
    assert [one.name for one in figures.plans] == ["工作要点", "另一计划"]
    assert [(one.departments, one.days_late) for one in figures.overdue] == [
        ("市财政局", 32),
        ("市财政局", 21),
        ("市发展改革委", 11),
    ]
    assert figures.tasks_issued == 1


def test_what_falls_due_next_and_what_was_closed_is_listed_by_task() -> None:
    branches = [
        branch(due_on=TODAY),
        branch(task_id=2, due_on=date(2026, 12, 31)),
        branch(task_id=3, due_on=date(2027, 1, 1)),
        branch(task_id=4, task_state=TaskState.CLOSED, state=AssignmentState.ACCEPTED, closed_on=date(2026, 11, 3)),
        branch(
            task_id=4,
            department="市财政局",
            task_state=TaskState.CLOSED,
            state=AssignmentState.ACCEPTED,
            closed_on=date(2026, 11, 3),
            days_late=2,
        ),
        branch(task_id=5, task_state=TaskState.CLOSED, state=AssignmentState.ACCEPTED, closed_on=TODAY),
    ]

    figures = compose(branches, NOVEMBER, TODAY)

    assert [one.due_on for one in figures.coming] == [TODAY, date(2026, 12, 31)]
    [closed] = figures.closed
    assert (closed.departments, closed.days_late, closed.closed_on) == ("市发展改革委、市财政局", 2, date(2026, 11, 3))
    assert figures.tasks_closed == 1


def test_a_share_of_nothing_is_a_dash() -> None:
    assert [share_words(Group("", 1, 0, due, on_time)) for due, on_time in ((0, 0), (3, 2), (1, 1))] == [
        "—",
        "67%",
        "100%",
    ]


def test_the_words_begin_with_the_figures() -> None:
    words = opening_words("云泽市人民政府", NOVEMBER, compose([branch()], NOVEMBER, TODAY), TODAY)

    assert words == (
        "截至2026年12月1日，云泽市人民政府督办的任务在办 1 件，其中逾期 1 件。"
        "2026年11月新交办 0 项，销号 0 项；应办结 1 件，按时 0 件，按时率 0%。\n"
        "逾期较多的单位：市发展改革委（1 件）。请逐项说明原因，提出赶上进度的措施。"
    )
    coming = compose([branch(due_on=TODAY)], NOVEMBER, TODAY)
    assert opening_words("云泽市人民政府", NOVEMBER, coming, TODAY).endswith("下期到期 1 件，请有关单位提前安排。")
    assert period_words(Stretch(RoundupKind.QUARTERLY, date(2026, 10, 1), date(2026, 12, 31))) == "2026年第四季度"
