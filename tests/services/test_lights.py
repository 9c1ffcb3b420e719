"""The SQL twin of lights, reasons and days late, held equal to the one definition over random histories."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.lights import Light, LightReason, assess
from taskboard.domain.local_time import local_date
from taskboard.domain.periods import Rhythm, period_of
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.workflow import AssignmentRole, AssignmentState, TaskState
from taskboard.models import Assignment, HandLight, HelpRequest, Measure, Plan, PlannedValue, ProgressReport, Task
from taskboard.services.lights import facts_of, light_twin
from tests.support import factories

TODAY = date(2026, 11, 23)
HOLIDAYS = [date(2026, 10, 1) + timedelta(days=n) for n in range(7)]
CALENDAR = WorkingCalendar(holidays=HOLIDAYS, workdays=[date(2026, 9, 20), date(2026, 10, 10)])
RARELY_REPORTED = (None, 0, 3, 20, 40, 70, 100)
RHYTHMS = [Rhythm(PlanRhythm.NONE), *(Rhythm(kind, day) for kind in PlanRhythm for day in (None, 4) if kind != "none")]


def moment(chance: random.Random, days_ago: int) -> datetime:
    """Some moment so many days ago; also in the hours in which it is another day in UTC than in Shanghai."""
    day = TODAY - timedelta(days=days_ago)
    return datetime(day.year, day.month, day.day, chance.randrange(24), chance.randrange(60), tzinfo=UTC)


def add_random_histories(session: Session, chance: random.Random, count: int) -> None:
    """Assignments in any state with deadlines, reports, submissions and lights of any age."""
    usual = factories.usual_people(session)
    plans = [factories.make_plan(session, body=usual.body, imported_by=usual.chen) for _ in RHYTHMS]
    for plan, rhythm in zip(plans, RHYTHMS, strict=True):
        plan.report_rhythm, plan.report_day = rhythm.kind, rhythm.day
    tasks = []
    for position in range(count):
        number = chance.randrange(len(plans))
        measure = Measure(
            plan_id=plans[number].id,
            position=position,
            path=[],
            heading=None,
            text="推进",
            units_as_written=None,
            deadline_text=None,
            reading={},
        )
        tasks.append((number, measure, chance.choices(list(TaskState), [1, 3, 6, 3, 1, 1, 1])[0]))
    session.add_all(measure for _, measure, _ in tasks)
    session.flush()
    made = [
        Task(
            plan_id=measure.plan_id,
            measure_id=measure.id,
            body_id=usual.body.id,
            position=measure.position,
            title="推进",
            created_at=factories.NOW,
            state=state,
            issued_at=None if state is TaskState.DRAFT else moment(chance, chance.choice([1, 3, 8, 40, 90, 300])),
        )
        for _, measure, state in tasks
    ]
    session.add_all(made)
    session.flush()
    branches = [
        _branch(chance, task, RHYTHMS[number], usual.lead.id) for task, (number, *_) in zip(made, tasks, strict=True)
    ]
    session.add_all(branches)
    session.flush()
    for branch in branches:
        if chance.random() < 0.3:
            set_on = TODAY - timedelta(days=chance.randrange(60))
            ends_on = set_on + timedelta(days=chance.choice([0, 3, 30]))
            session.add(
                HandLight(
                    assignment_id=branch.id, set_on=set_on, ends_on=ends_on, reason="督办", set_by_id=usual.chen.id
                )
            )
        if chance.random() < 0.4:
            for months in chance.sample([1, 2, 3, 8], 2):
                ends_on = TODAY - timedelta(days=30 * months - 60)
                value = chance.choice([0, 10, 20.5, 30, 31, 50, 90])
                session.add(PlannedValue(task_id=branch.task_id, period="2026-01", ends_on=ends_on, value=value))
    asking = [branch for branch in branches if chance.random() < 0.2]
    made_of = [ProgressReport(assignment_id=one.id, author_id=usual.li.id, reported_at=factories.NOW) for one in asking]
    session.add_all(made_of)
    session.flush()
    for branch, report in zip(asking, made_of, strict=True):
        asked_at = moment(chance, chance.choice([0, 4, 7, 8, 9, 30]))
        session.add(
            HelpRequest(
                task_id=branch.task_id,
                assignment_id=branch.id,
                report_id=report.id,
                text="请协调用地",
                asked_by_id=usual.li.id,
                asked_at=asked_at,
                asked_on=local_date(asked_at),
            )
        )
    session.flush()
    session.expunge_all()


def _branch(chance: random.Random, task: Task, rhythm: Rhythm, department_id: int) -> Assignment:
    state = chance.choices(list(AssignmentState), [4, 6, 2, 4, 1, 1, 1, 1, 1])[0]
    reported_at = chance.choice([None, moment(chance, chance.choice([0, 5, 20, 27, 40, 60, 120, 200]))])
    period = period_of(rhythm, local_date(reported_at)) if reported_at else None
    is_submitted = state in (AssignmentState.SUBMITTED, AssignmentState.ACCEPTED)
    return Assignment(
        task_id=task.id,
        department_id=department_id,
        role=chance.choice(list(AssignmentRole)),
        name_as_written="某局",
        state=state,
        due_on=chance.choice([None, *(TODAY + timedelta(days=n) for n in (-40, -9, -2, -1, 0, 1, 2, 3, 4, 5, 9, 60))]),
        is_held=chance.random() < 0.15,
        issued_at=chance.choice([None, None, moment(chance, chance.choice([2, 15]))]),
        owing_since=chance.choice([None, None, None, moment(chance, chance.choice([1, 12, 45]))]),
        submitted_at=moment(chance, chance.choice([0, 1, 4, 30, 100])) if is_submitted else None,
        days_late=chance.choice([0, 0, 0, 1, 12]),
        percent=chance.choice(RARELY_REPORTED),
        last_reported_at=reported_at,
        reported_until=period.last_on if period else None,
    )


def assert_twins_agree(session: Session, todays: list[date]) -> Counter[LightReason]:
    seen: Counter[LightReason] = Counter()
    facts = facts_of(session, session.scalars(select(Assignment.id)))
    for today in todays:
        twin = light_twin(session, today=today, calendar=CALENDAR)
        rows = session.execute(twin.select(Assignment.id, twin.reason.label("reason"), twin.days_late.label("late")))
        found = {row.id: (row.reason, row.late) for row in rows}
        expected = {}
        for assignment_id, one in facts.items():
            assessed = assess(one, today=today, calendar=CALENDAR)
            expected[assignment_id] = (assessed.light.reason.value, assessed.days_late)
            seen[assessed.light.reason] += 1
        different = {
            one: (found.get(one), expected[one], facts[one]) for one in expected if found.get(one) != expected[one]
        }
        assert not different, list(different.items())[:3]
        assert len(found) == len(expected)
    return seen


def test_the_twin_in_sql_agrees_with_the_definition_on_random_histories(session: Session) -> None:
    add_random_histories(session, random.Random(1), 300)

    seen = assert_twins_agree(session, [TODAY - timedelta(days=21), TODAY, TODAY + timedelta(days=3)])

    assert set(seen) == set(LightReason)


@pytest.mark.deep
def test_the_twin_in_sql_agrees_with_the_definition_on_ten_thousand_histories(session: Session) -> None:
    add_random_histories(session, random.Random(2026), 10_000)

    seen = assert_twins_agree(session, [TODAY - timedelta(days=21), TODAY, TODAY + timedelta(days=3)])

    assert set(seen) == set(LightReason)


def test_the_assignments_of_a_light_are_found_and_counted_in_sql(session: Session) -> None:
    add_random_histories(session, random.Random(7), 150)
    facts = facts_of(session, session.scalars(select(Assignment.id)))
    twin = light_twin(session, today=TODAY, calendar=CALENDAR)

    for light in Light:
        expected = {
            one for one, known in facts.items() if assess(known, today=TODAY, calendar=CALENDAR).light.light is light
        }
        assert set(session.scalars(twin.ids(light))) == expected
    leads = Assignment.role == AssignmentRole.LEAD
    assert all(facts[one].role is AssignmentRole.LEAD for one in session.scalars(twin.ids(Light.RED, leads)))
    assert session.scalars(select(Plan.id)).first()
