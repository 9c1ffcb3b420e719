"""Supervisors change the departments of a task and the wording it goes by."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotAllowed, NotFound, NotNow, Stale
from taskboard.domain.history import Change
from taskboard.domain.workflow import Act, AssignmentRole, AssignmentState, TaskState
from taskboard.models import Assignment, HistoryEntry, Measure, OutboxMessage, Task
from taskboard.services.corrections import correct_departments, correct_wording, discard_draft_task
from tests.support import factories
from tests.support.factories import NOW
from tests.support.tables import assignment_of

DUE = date(2026, 12, 31)


@pytest.fixture
def people(session):
    return factories.usual_people(session)


@pytest.fixture
def plan(session, people):
    return factories.make_plan(session, body=people.body, imported_by=people.chen)


def by(people, name="chen", **more):
    return {"actor": people.actor(name), "now": NOW, "entrance": "test", **more}


def make(session, people, plan, **more):
    return factories.make_task(session, plan=plan, lead=people.lead, partners=(people.partner,), due_on=DUE, **more)


def standing(session, task):
    rows = session.scalars(select(Assignment).where(Assignment.task_id == task.id).order_by(Assignment.position))
    return [(one.department_id, one.role, one.state) for one in rows]


def test_a_partner_that_is_added_starts_at_pending_and_one_left_out_ends_withdrawn(session, people, plan):
    task = make(session, people, plan)

    entry = correct_departments(
        session, task.id, leads=[people.lead.id], partners=[people.other.id], reason="分工调整", **by(people)
    )

    assert assignment_of(session, task, people.partner).state is AssignmentState.WITHDRAWN
    added = assignment_of(session, task, people.other)
    assert (added.role, added.state, added.due_on) == (AssignmentRole.PARTNER, AssignmentState.PENDING, DUE)
    assert assignment_of(session, task, people.lead).state is AssignmentState.IN_PROGRESS
    assert (entry.act, entry.reason) == (Act.CORRECT, "分工调整")
    assert entry.after["act"] == {
        "departments_before": {"lead": ["市发展改革委"], "partner": ["市财政局"]},
        "departments_after": {"lead": ["市发展改革委"], "partner": ["市教育局"]},
    }


def test_all_whom_it_concerns_are_told(session, people, plan):
    task = make(session, people, plan)

    correct_departments(session, task.id, leads=[people.lead.id], partners=[people.other.id], reason="a", **by(people))

    told = set(session.scalars(select(OutboxMessage.person_id)))
    assert told == {people.li.id, people.wang.id, people.zhao.id}


def templates_by_person(session):
    rows = session.execute(select(OutboxMessage.person_id, OutboxMessage.template))
    return dict(rows.all())


def test_a_department_that_comes_to_a_task_is_told_that_it_is_issued_and_the_others_that_it_changed(
    session, people, plan
):
    task = make(session, people, plan)

    correct_departments(session, task.id, leads=[people.lead.id], partners=[people.other.id], reason="a", **by(people))

    assert templates_by_person(session) == {
        people.li.id: "changed",
        people.wang.id: "changed",
        people.zhao.id: "issued",
    }
    mail = session.scalars(select(OutboxMessage).where(OutboxMessage.person_id == people.zhao.id)).one()
    assert mail.facts["total"] == 1
    assert [(one["title"], one["role"], one["department"]) for one in mail.facts["tasks"]] == [
        (task.title, "partner", people.other.name)
    ]


def test_a_department_that_only_changes_its_role_is_told_of_a_change(session, people, plan):
    task = make(session, people, plan)

    correct_departments(session, task.id, leads=[people.partner.id], partners=[], reason="a", **by(people))

    assert set(templates_by_person(session).values()) == {"changed"}


def test_a_new_lead_waits_for_its_receipt_and_so_does_the_task(session, people, plan):
    task = make(session, people, plan)

    correct_departments(session, task.id, leads=[people.other.id], partners=[people.lead.id], reason="a", **by(people))

    assert task.state is TaskState.ISSUED
    assert standing(session, task)[:2] == [
        (people.other.id, AssignmentRole.LEAD, AssignmentState.PENDING),
        (people.lead.id, AssignmentRole.PARTNER, AssignmentState.IN_PROGRESS),
    ]


def test_a_department_that_was_withdrawn_can_come_back(session, people, plan):
    task = make(session, people, plan)
    leads = [people.lead.id]
    correct_departments(session, task.id, leads=leads, partners=[], reason="a", **by(people))

    correct_departments(session, task.id, leads=leads, partners=[people.partner.id], reason="b", **by(people))

    assert assignment_of(session, task, people.partner).state is AssignmentState.PENDING


def test_who_is_taken_off_a_task_and_put_back_keeps_the_lateness_on_record(session, people, plan):
    task = make(session, people, plan)
    assignment_of(session, task, people.partner).days_late = 4
    leads = [people.lead.id]

    correct_departments(session, task.id, leads=leads, partners=[], reason="a", **by(people))
    correct_departments(session, task.id, leads=leads, partners=[people.partner.id], reason="b", **by(people))

    back = assignment_of(session, task, people.partner)
    assert (back.state, back.days_late) == (AssignmentState.PENDING, 4)


def test_what_was_accepted_of_a_partner_does_not_count_for_it_as_the_lead(session, people, plan):
    task = make(session, people, plan)
    assignment_of(session, task, people.partner).state = AssignmentState.ACCEPTED

    correct_departments(session, task.id, leads=[people.partner.id], partners=[], reason="a", **by(people))

    assert assignment_of(session, task, people.partner).state is AssignmentState.PENDING


def test_of_a_draft_the_departments_are_replaced_without_a_reason_and_without_a_mail(session, people, plan):
    task = make(session, people, plan, state=TaskState.DRAFT)

    correct_departments(session, task.id, leads=[people.other.id], partners=[], **by(people))

    assert standing(session, task) == [(people.other.id, AssignmentRole.LEAD, AssignmentState.PENDING)]
    assert session.scalars(select(OutboxMessage)).all() == []


def test_who_saw_the_old_departments_decides_anew(session, people, plan):
    task = make(session, people, plan)
    seen = task.version

    correct_departments(session, task.id, leads=[people.lead.id], partners=[], reason="a", **by(people, version=seen))

    with pytest.raises(Stale):
        correct_departments(
            session, task.id, leads=[people.lead.id], partners=[], reason="b", **by(people, version=seen)
        )


def test_the_same_request_acts_once(session, people, plan):
    task = make(session, people, plan)
    asked = {"leads": [people.lead.id], "partners": [], "reason": "a", **by(people, request_key="k")}

    first = correct_departments(session, task.id, **asked)

    assert correct_departments(session, task.id, **asked) is first


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        (([], ["partner"]), "lead_missing"),
        ((["lead"], ["lead"]), "department_twice"),
        ((["cities"], []), "lead_collective"),
        ((["closed"], []), "department_inactive"),
        (([None], []), "unknown"),
    ],
)
def test_departments_that_cannot_be_are_refused(session, people, plan, wanted, problem):
    task = make(session, people, plan)
    cities = factories.make_department(session, "各市人民政府", kind=DepartmentKind.COLLECTIVE)
    closed = factories.make_department(session, "市撤并局")
    closed.is_active = False
    session.flush()
    ids = {"lead": people.lead.id, "partner": people.partner.id, "cities": cities.id, "closed": closed.id, None: 10**6}

    with pytest.raises(Invalid) as refused:
        correct_departments(
            session,
            task.id,
            leads=[ids[one] for one in wanted[0]],
            partners=[ids[one] for one in wanted[1]],
            reason="a",
            **by(people),
        )

    assert refused.value.problem == problem


def test_an_issued_task_asks_for_a_reason(session, people, plan):
    task = make(session, people, plan)

    with pytest.raises(Invalid):
        correct_departments(session, task.id, leads=[people.lead.id], partners=[], **by(people))


@pytest.mark.parametrize(("name", "error"), [("li", NotAllowed), ("gao", NotAllowed), ("zhao", NotFound)])
def test_only_supervisors_correct(session, people, plan, name, error):
    task = make(session, people, plan)
    measure = session.get_one(Measure, task.measure_id)

    with pytest.raises(error):
        correct_departments(session, task.id, leads=[people.lead.id], partners=[], reason="a", **by(people, name))
    with pytest.raises(error):
        correct_wording(session, task.id, measure=measure, title="x", reason="a", **by(people, name))
    with pytest.raises(error):
        discard_draft_task(session, task.id, **by(people, name))


def test_a_closed_task_is_not_corrected(session, people, plan):
    task = make(session, people, plan, state=TaskState.CLOSED)

    with pytest.raises(NotNow):
        correct_departments(session, task.id, leads=[people.lead.id], partners=[], reason="a", **by(people))


def test_another_wording_leaves_the_old_measure_as_it_was(session, people, plan):
    task, other = make(session, people, plan), make(session, people, plan, state=TaskState.DRAFT)
    old = session.get_one(Measure, task.measure_id)
    words, new = old.text, session.get_one(Measure, other.measure_id)
    discard_draft_task(session, other.id, **by(people))

    entry = correct_wording(session, task.id, measure=new, title="新的标题", reason="正式稿", **by(people))

    assert (task.measure_id, task.title) == (new.id, "新的标题")
    assert session.get_one(Measure, old.id).text == words
    assert entry.after["act"]["measures"] == [old.id, new.id]


def test_a_draft_can_be_taken_away_and_a_task_under_way_cannot(session, people, plan):
    draft, task = make(session, people, plan, state=TaskState.DRAFT), make(session, people, plan)
    correct_departments(session, draft.id, leads=[people.lead.id], partners=[], **by(people))

    discard_draft_task(session, draft.id, **by(people))

    assert session.scalars(select(Task.id)).all() == [task.id]
    kept = session.execute(select(HistoryEntry.task_id, HistoryEntry.act).order_by(HistoryEntry.id)).all()
    assert [(task_id == task.id, act) for task_id, act in kept] == [(False, Act.CORRECT), (False, Change.DISCARDED)]
    with pytest.raises(NotNow):
        discard_draft_task(session, task.id, **by(people))
