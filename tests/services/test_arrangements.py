"""Taking over the yearly arrangement of holidays: what a preview tells, and what it leaves alone."""

from __future__ import annotations

import threading
import time
from datetime import date

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotAllowed
from taskboard.domain.history import Change, Subject
from taskboard.domain.holiday_notices import Arrangement
from taskboard.domain.plan_reminders import RuleChange, to_plain
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.extensions import IS_WRITING
from taskboard.models import Assignment, HistoryEntry, Plan, Task
from taskboard.services.arrangements import (
    adopt_arrangement,
    list_years,
    missing_year,
    preview_arrangement,
)
from taskboard.services.calendar import load_calendar, seed_calendar
from tests.support.factories import Usual, make_plan, make_task, usual_people, writing_by

TODAY = date(2026, 11, 23)
NATIONAL_DAY = [date(2027, 10, day) for day in range(1, 8)]
ARRANGEMENT = Arrangement(
    2027,
    days_off=dict.fromkeys(NATIONAL_DAY, "国庆节") | {date(2027, 1, 1): "元旦", date(2027, 2, 9): "春节"},
    make_up_days={date(2027, 9, 26): "国庆节", date(2027, 10, 9): "国庆节"},
)


@pytest.fixture
def usual(session: Session) -> Usual:
    seed_calendar(session)
    return usual_people(session)


def a_task_due(session: Session, usual: Usual, due_on: date) -> Assignment:
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    task = make_task(
        session,
        plan=plan,
        lead=usual.lead,
        state=TaskState.IN_PROGRESS,
        assignment_state=AssignmentState.IN_PROGRESS,
        due_on=due_on,
    )
    return session.scalars(select(Assignment).where(Assignment.task_id == task.id)).one()


def test_a_preview_tells_the_days_that_differ_from_the_estimate(session: Session, usual: Usual) -> None:
    preview = preview_arrangement(session, ARRANGEMENT, actor=usual.actor("sun"), today=TODAY)

    told = {one.day: one.is_working_day for one in preview.changes}
    assert not preview.was_confirmed
    # 1 October was estimated right; 4 October to 7 October were not known; both make-up days were not.
    assert date(2027, 10, 1) not in told
    assert told[date(2027, 10, 5)] is False
    assert told[date(2027, 10, 9)] is True
    # The Dragon Boat Festival that the estimate had is missing here.
    assert told[date(2027, 6, 9)] is True


def test_a_preview_tells_whose_reminders_move_and_changes_nothing(session: Session, usual: Usual) -> None:
    a_task_due(session, usual, date(2027, 10, 11))
    a_task_due(session, usual, date(2027, 4, 20))
    before = load_calendar(session)

    preview = preview_arrangement(session, ARRANGEMENT, actor=usual.actor("sun"), today=TODAY)

    [move] = [one for one in preview.moves if one.due_on == date(2027, 10, 11)]
    assert move.assignments == 1
    assert (date(2027, 10, 8), date(2027, 10, 9)) in move.days
    assert load_calendar(session) is before


def test_a_preview_goes_by_the_rules_of_each_plan(session: Session, usual: Usual) -> None:
    ordinary = a_task_due(session, usual, date(2027, 10, 11))
    own = a_task_due(session, usual, date(2027, 10, 11))
    plan = session.get_one(Plan, session.get_one(Task, own.task_id).plan_id)
    plan.reminder_changes = to_plain({"due_3": RuleChange(days=4)})
    session.flush()

    preview = preview_arrangement(session, ARRANGEMENT, actor=usual.actor("sun"), today=TODAY)

    [move] = [one for one in preview.moves if one.due_on == ordinary.due_on]
    assert move.assignments == 2
    # Three working days before by the usual rule, and four by the plan's own.
    assert {(date(2027, 10, 6), date(2027, 9, 30)), (date(2027, 10, 5), date(2027, 9, 29))} <= set(move.days)


def test_taking_it_over_moves_reminders_and_no_deadline(session: Session, usual: Usual) -> None:
    assignment = a_task_due(session, usual, date(2027, 10, 6))

    adopt_arrangement(session, ARRANGEMENT, **writing_by(usual.actor("sun")))

    calendar = load_calendar(session)
    session.refresh(assignment)
    assert not calendar.is_estimated(date(2027, 10, 6))
    assert calendar.is_working_day(date(2027, 10, 9))
    assert calendar.add(assignment.due_on or TODAY, -1) == date(2027, 9, 30)
    assert (assignment.due_on, assignment.deadline_version) == (date(2027, 10, 6), 0)


def test_taking_it_over_stands_in_the_trail_with_both_sides(session: Session, usual: Usual) -> None:
    adopt_arrangement(session, ARRANGEMENT, **writing_by(usual.actor("sun")))

    [entry] = session.scalars(select(HistoryEntry).where(HistoryEntry.subject == Subject.CALENDAR))
    assert (entry.subject_id, entry.act) == (2027, Change.CHANGED)
    assert entry.after is not None
    assert entry.after["make_up_days"] == ["2027-09-26", "2027-10-09"]


def test_the_same_notice_again_changes_nothing(session: Session, usual: Usual) -> None:
    adopt_arrangement(session, ARRANGEMENT, **writing_by(usual.actor("sun")))

    preview = preview_arrangement(session, ARRANGEMENT, actor=usual.actor("sun"), today=TODAY)
    adopt_arrangement(session, ARRANGEMENT, **writing_by(usual.actor("sun")))

    assert (preview.changes, preview.moves, preview.was_confirmed) == ([], [], True)


def test_of_two_who_take_the_same_notice_over_at_once_the_second_changes_nothing(
    session: Session, usual: Usual, engine: Engine
) -> None:
    by = writing_by(usual.actor("sun"))
    session.commit()
    answers = []

    def run() -> None:
        with Session(engine) as other:
            other.connection(execution_options={IS_WRITING: True})
            answers.append(adopt_arrangement(other, ARRANGEMENT, **by))
            # Long enough for another to come in between.
            time.sleep(0.2)
            other.commit()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sorted(answers) == [False, True]
    assert len(session.scalars(select(HistoryEntry).where(HistoryEntry.subject == Subject.CALENDAR)).all()) == 1


def test_days_of_the_year_before_leave_that_year_as_it_is_known(session: Session, usual: Usual) -> None:
    new_year = Arrangement(2027, {date(2026, 12, 31): "元旦"}, {date(2026, 12, 27): "元旦"})

    adopt_arrangement(session, new_year, **writing_by(usual.actor("sun")))

    calendar = load_calendar(session)
    assert not calendar.is_working_day(date(2026, 12, 31))
    assert calendar.is_working_day(date(2026, 12, 27))
    assert not calendar.is_working_day(date(2026, 10, 5))
    years = {one.year: one.source for one in list_years(session, actor=usual.actor("sun"), today=TODAY)}
    assert years[2026] == "chinesecalendar"
    assert years[2028] is None


@pytest.mark.parametrize(
    ("today", "missing"), [(date(2026, 10, 31), None), (date(2026, 11, 1), 2027), (date(2027, 3, 1), 2027)]
)
def test_the_next_year_is_asked_for_from_november_on(
    session: Session, usual: Usual, today: date, missing: int | None
) -> None:
    assert missing_year(session, today=today) == missing


@pytest.mark.parametrize("name", ["chen", "gao", "li", "liu"])
def test_only_an_administrator_takes_a_notice_over(session: Session, usual: Usual, name: str) -> None:
    with pytest.raises(NotAllowed):
        adopt_arrangement(session, ARRANGEMENT, **writing_by(usual.actor(name)))
