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


def by(usual, name="chen", **more):
    return {"actor": usual.actor(name), "now": NOW, "entrance": "test", **more}


def make(session, usual, plan, **more):
    return factories.make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,), due_on=DUE, **more)


def standing(session, task):
    rows = session.scalars(select(Assignment).where(Assignment.task_id == task.id).order_by(Assignment.position))
    return [(one.department_id, one.role, one.state) for one in rows]


def test_a_partner_that_is_added_starts_at_pending_and_one_left_out_ends_withdrawn(session, usual, plan):
    task = make(session, usual, plan)

    entry = correct_departments(
        session, task.id, leads=[usual.lead.id], partners=[usual.other.id], reason="分工调整", **by(usual)
    )

    assert assignment_of(session, task, usual.partner).state is AssignmentState.WITHDRAWN
    added = assignment_of(session, task, usual.other)
    assert (added.role, added.state, added.due_on) == (AssignmentRole.PARTNER, AssignmentState.PENDING, DUE)
    assert assignment_of(session, task, usual.lead).state is AssignmentState.IN_PROGRESS
    assert (entry.act, entry.reason) == (Act.CORRECT, "分工调整")
    assert entry.after["act"] == {
        "departments_before": {"lead": ["市发展改革委"], "partner": ["市财政局"]},
        "departments_after": {"lead": ["市发展改革委"], "partner": ["市教育局"]},
    }


def test_all_whom_it_concerns_are_told(session, usual, plan):
    task = make(session, usual, plan)

    correct_departments(session, task.id, leads=[usual.lead.id], partners=[usual.other.id], reason="a", **by(usual))

    told = set(session.scalars(select(OutboxMessage.person_id)))
    assert told == {usual.li.id, usual.wang.id, usual.zhao.id}


def templates_by_person(session):
    rows = session.execute(select(OutboxMessage.person_id, OutboxMessage.template))
    return dict(rows.all())


def test_a_department_that_comes_to_a_task_is_told_that_it_is_issued_and_the_others_that_it_changed(
    session, usual, plan
):
    task = make(session, usual, plan)

    correct_departments(session, task.id, leads=[usual.lead.id], partners=[usual.other.id], reason="a", **by(usual))

    assert templates_by_person(session) == {
        usual.li.id: "changed",
        usual.wang.id: "changed",
        usual.zhao.id: "issued",
    }
    mail = session.scalars(select(OutboxMessage).where(OutboxMessage.person_id == usual.zhao.id)).one()
    assert mail.facts["total"] == 1
    assert [(one["title"], one["role"], one["department"]) for one in mail.facts["tasks"]] == [
        (task.title, "partner", usual.other.name)
    ]


def test_a_department_that_only_changes_its_role_is_told_of_a_change(session, usual, plan):
    task = make(session, usual, plan)

    correct_departments(session, task.id, leads=[usual.partner.id], partners=[], reason="a", **by(usual))

    assert set(templates_by_person(session).values()) == {"changed"}


def test_a_new_lead_waits_for_its_receipt_and_so_does_the_task(session, usual, plan):
    task = make(session, usual, plan)

    correct_departments(session, task.id, leads=[usual.other.id], partners=[usual.lead.id], reason="a", **by(usual))

    assert task.state is TaskState.ISSUED
    assert standing(session, task)[:2] == [
        (usual.other.id, AssignmentRole.LEAD, AssignmentState.PENDING),
        (usual.lead.id, AssignmentRole.PARTNER, AssignmentState.IN_PROGRESS),
    ]


def test_a_department_that_was_withdrawn_can_come_back(session, usual, plan):
    task = make(session, usual, plan)
    leads = [usual.lead.id]
    correct_departments(session, task.id, leads=leads, partners=[], reason="a", **by(usual))

    correct_departments(session, task.id, leads=leads, partners=[usual.partner.id], reason="b", **by(usual))

    assert assignment_of(session, task, usual.partner).state is AssignmentState.PENDING


def test_who_is_taken_off_a_task_and_put_back_keeps_the_lateness_on_record(session, usual, plan):
    task = make(session, usual, plan)
    assignment_of(session, task, usual.partner).days_late = 4
    leads = [usual.lead.id]

    correct_departments(session, task.id, leads=leads, partners=[], reason="a", **by(usual))
    correct_departments(session, task.id, leads=leads, partners=[usual.partner.id], reason="b", **by(usual))

    back = assignment_of(session, task, usual.partner)
    assert (back.state, back.days_late) == (AssignmentState.PENDING, 4)


def test_what_was_accepted_of_a_partner_does_not_count_for_it_as_the_lead(session, usual, plan):
    task = make(session, usual, plan)
    assignment_of(session, task, usual.partner).state = AssignmentState.ACCEPTED

    correct_departments(session, task.id, leads=[usual.partner.id], partners=[], reason="a", **by(usual))

    assert assignment_of(session, task, usual.partner).state is AssignmentState.PENDING


def test_of_a_draft_the_departments_are_replaced_without_a_reason_and_without_a_mail(session, usual, plan):
    task = make(session, usual, plan, state=TaskState.DRAFT)

    correct_departments(session, task.id, leads=[usual.other.id], partners=[], **by(usual))

    assert standing(session, task) == [(usual.other.id, AssignmentRole.LEAD, AssignmentState.PENDING)]
    assert session.scalars(select(OutboxMessage)).all() == []


def test_who_saw_the_old_departments_decides_anew(session, usual, plan):
    task = make(session, usual, plan)
    seen = task.version

    correct_departments(session, task.id, leads=[usual.lead.id], partners=[], reason="a", **by(usual, version=seen))

    with pytest.raises(Stale):
        correct_departments(session, task.id, leads=[usual.lead.id], partners=[], reason="b", **by(usual, version=seen))


def test_the_same_request_acts_once(session, usual, plan):
    task = make(session, usual, plan)
    asked = {"leads": [usual.lead.id], "partners": [], "reason": "a", **by(usual, request_key="k")}

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
def test_departments_that_cannot_be_are_refused(session, usual, plan, wanted, problem):
    task = make(session, usual, plan)
    cities = factories.make_department(session, "各市人民政府", kind=DepartmentKind.COLLECTIVE)
    closed = factories.make_department(session, "市撤并局")
    closed.is_active = False
    session.flush()
    ids = {"lead": usual.lead.id, "partner": usual.partner.id, "cities": cities.id, "closed": closed.id, None: 10**6}

    with pytest.raises(Invalid) as refused:
        correct_departments(
            session,
            task.id,
            leads=[ids[one] for one in wanted[0]],
            partners=[ids[one] for one in wanted[1]],
            reason="a",
            **by(usual),
        )

    assert refused.value.problem == problem


def test_an_issued_task_asks_for_a_reason(session, usual, plan):
    task = make(session, usual, plan)

    with pytest.raises(Invalid):
        correct_departments(session, task.id, leads=[usual.lead.id], partners=[], **by(usual))


@pytest.mark.parametrize(("name", "error"), [("li", NotAllowed), ("gao", NotAllowed), ("zhao", NotFound)])
def test_only_supervisors_correct(session, usual, plan, name, error):
    task = make(session, usual, plan)
    measure = session.get_one(Measure, task.measure_id)

    with pytest.raises(error):
        correct_departments(session, task.id, leads=[usual.lead.id], partners=[], reason="a", **by(usual, name))
    with pytest.raises(error):
        correct_wording(session, task.id, measure=measure, title="x", reason="a", **by(usual, name))
    with pytest.raises(error):
        discard_draft_task(session, task.id, **by(usual, name))


def test_a_closed_task_is_not_corrected(session, usual, plan):
    task = make(session, usual, plan, state=TaskState.CLOSED)

    with pytest.raises(NotNow):
        correct_departments(session, task.id, leads=[usual.lead.id], partners=[], reason="a", **by(usual))


def test_another_wording_leaves_the_old_measure_as_it_was(session, usual, plan):
    task, other = make(session, usual, plan), make(session, usual, plan, state=TaskState.DRAFT)
    old = session.get_one(Measure, task.measure_id)
    words, new = old.text, session.get_one(Measure, other.measure_id)
    discard_draft_task(session, other.id, **by(usual))

    entry = correct_wording(session, task.id, measure=new, title="新的标题", reason="正式稿", **by(usual))

    assert (task.measure_id, task.title) == (new.id, "新的标题")
    assert session.get_one(Measure, old.id).text == words
    assert entry.after["act"]["measures"] == [old.id, new.id]


def test_a_draft_can_be_taken_away_and_a_task_under_way_cannot(session, usual, plan):
    draft, task = make(session, usual, plan, state=TaskState.DRAFT), make(session, usual, plan)
    correct_departments(session, draft.id, leads=[usual.lead.id], partners=[], **by(usual))

    discard_draft_task(session, draft.id, **by(usual))

    assert session.scalars(select(Task.id)).all() == [task.id]
    kept = session.execute(select(HistoryEntry.task_id, HistoryEntry.act).order_by(HistoryEntry.id)).all()
    assert [(task_id == task.id, act) for task_id, act in kept] == [(False, Act.CORRECT), (False, Change.DISCARDED)]
    with pytest.raises(NotNow):
        discard_draft_task(session, task.id, **by(usual))
