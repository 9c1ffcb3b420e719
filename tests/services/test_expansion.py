"""A collective unit gives way to its members: each its own part, the name as the document has it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotAllowed, NotFound, NotNow, Stale
from taskboard.domain.roles import Role
from taskboard.domain.workflow import Act, AssignmentRole, AssignmentState, TaskState
from taskboard.models import Assignment, Department, HistoryEntry, OutboxMessage, Plan, Task
from taskboard.services import issuing, members, task_acts
from taskboard.services.cases import Acting
from taskboard.services.expansion import expand_collective, expandable_ids
from tests.support.factories import (
    NOW,
    Usual,
    make_department,
    make_person,
    make_task,
    writing_by,
)

LEAD, PARTNER = AssignmentRole.LEAD, AssignmentRole.PARTNER


@pytest.fixture
def counties(session: Session, usual: Usual) -> list[Department]:
    return [make_department(session, name, parent=usual.body) for name in ("清河县政府", "禾川区政府", "槐阳县政府")]


@pytest.fixture
def group(session: Session, usual: Usual, counties: list[Department]) -> Department:
    group = make_department(session, "各县（市、区）政府", parent=usual.body, kind=DepartmentKind.COLLECTIVE)
    sun = usual.actor("sun")
    members.add_members(
        session, group.id, [one.id for one in counties[:2]], from_on=date(2020, 1, 1), **writing_by(sun)
    )
    members.add_members(session, group.id, [counties[2].id], from_on=date(2030, 1, 1), **writing_by(sun))
    return group


def draft(session: Session, plan: Plan, lead: Department, *partners: Department) -> Task:
    return make_task(session, plan=plan, lead=lead, partners=partners, state=TaskState.DRAFT, due_on=date(2026, 12, 31))


def by(usual: Usual, person: str = "chen", **more: str) -> Acting:
    return {"actor": usual.actor(person), "now": NOW, "entrance": "web", **more}  # type: ignore[typeddict-item]


def parts(session: Session, task: Task) -> list[tuple[str, AssignmentRole]]:
    query = select(Department.name, Assignment.role).join(Department, Department.id == Assignment.department_id)
    return [
        tuple(row) for row in session.execute(query.where(Assignment.task_id == task.id).order_by(Assignment.position))
    ]  # type: ignore[misc]


def test_the_members_of_the_day_take_the_place_of_a_partner(
    session: Session, usual: Usual, plan: Plan, group: Department
) -> None:
    task = draft(session, plan, usual.lead, group, usual.partner)

    expand_collective(session, [task.id], department_id=group.id, **by(usual))

    assert parts(session, task) == [
        ("市发展改革委", LEAD),
        ("清河县政府", PARTNER),
        ("禾川区政府", PARTNER),
        ("市财政局", PARTNER),
    ]


def test_each_keeps_the_name_as_the_document_writes_it(
    session: Session, usual: Usual, plan: Plan, group: Department, counties: list[Department]
) -> None:
    task = draft(session, plan, usual.lead, group)

    expand_collective(session, [task.id], department_id=group.id, **by(usual))

    added = session.scalars(select(Assignment).where(Assignment.department_id == counties[0].id)).one()
    assert (added.name_as_written, added.due_on, added.state) == (
        "各县（市、区）政府",
        date(2026, 12, 31),
        AssignmentState.PENDING,
    )


def test_a_group_that_leads_makes_its_members_lead_and_the_task_can_be_issued(
    session: Session, usual: Usual, plan: Plan, group: Department, counties: list[Department]
) -> None:
    task = draft(session, plan, group, counties[0], usual.partner)

    expand_collective(session, [task.id], department_id=group.id, **by(usual))
    issuing.issue(session, issuing.IssueOrder(task.id), **by(usual))

    assert parts(session, task) == [("禾川区政府", LEAD), ("清河县政府", LEAD), ("市财政局", PARTNER)]
    assert task.state is TaskState.ISSUED


def test_a_member_that_leads_already_stays_the_lead(
    session: Session, usual: Usual, plan: Plan, group: Department, counties: list[Department]
) -> None:
    task = draft(session, plan, counties[1], group)

    expand_collective(session, [task.id], department_id=group.id, **by(usual))

    assert parts(session, task) == [("禾川区政府", LEAD), ("清河县政府", PARTNER)]


def test_members_out_of_use_get_nothing(
    session: Session, usual: Usual, plan: Plan, group: Department, counties: list[Department]
) -> None:
    counties[0].is_active = False
    task = draft(session, plan, usual.lead, group)

    expand_collective(session, [task.id], department_id=group.id, **by(usual))

    assert parts(session, task) == [("市发展改革委", LEAD), ("禾川区政府", PARTNER)]


def test_the_history_says_what_became_of_the_group(
    session: Session, usual: Usual, plan: Plan, group: Department, counties: list[Department]
) -> None:
    task = draft(session, plan, usual.lead, group)

    [entry] = expand_collective(session, [task.id], department_id=group.id, reason="逐个落实", **by(usual))

    assert (entry.act, entry.actor_id, entry.reason) == (Act.CORRECT, usual.chen.id, "逐个落实")
    assert entry.after is not None
    assert entry.after["act"] == {"expanded": group.id, "into": [counties[0].id, counties[1].id]}


def test_several_drafts_are_expanded_together_or_not_at_all(
    session: Session, usual: Usual, plan: Plan, group: Department
) -> None:
    tasks = [draft(session, plan, usual.lead, group), draft(session, plan, group)]

    entries = expand_collective(session, [one.id for one in tasks], department_id=group.id, **by(usual))

    assert [entry.task_id for entry in entries] == [one.id for one in tasks]
    without = draft(session, plan, usual.lead)
    with pytest.raises(NotFound):
        expand_collective(session, [without.id], department_id=group.id, **by(usual))


def test_the_same_request_twice_acts_once(session: Session, usual: Usual, plan: Plan, group: Department) -> None:
    task = draft(session, plan, usual.lead, group)

    first = expand_collective(session, [task.id], department_id=group.id, **by(usual, request_key="k"))
    again = expand_collective(session, [task.id], department_id=group.id, **by(usual, request_key="k"))

    assert again == first
    assert len(session.scalars(select(HistoryEntry).where(HistoryEntry.task_id.is_not(None))).all()) == 1


def test_who_saw_the_draft_before_cannot_issue_it_as_it_is_now(
    session: Session, usual: Usual, plan: Plan, group: Department
) -> None:
    task = draft(session, plan, usual.lead, group)
    seen = task.version
    expand_collective(session, [task.id], department_id=group.id, **by(usual))

    with pytest.raises(Stale):
        issuing.issue(session, issuing.IssueOrder(task.id, version=seen), **by(usual))


def test_who_saw_the_draft_before_it_was_changed_cannot_expand_it(
    session: Session, usual: Usual, plan: Plan, group: Department
) -> None:
    task = draft(session, plan, usual.lead, group)
    seen = task.version
    task_acts.correct_deadline(session, task.id, due_on=date(2027, 1, 31), **by(usual))

    with pytest.raises(Stale):
        expand_collective(session, [task.id], department_id=group.id, **{**by(usual), "version": seen})


def test_what_never_stood_on_the_task_does_not_exist_whatever_version_was_seen(
    session: Session, usual: Usual, plan: Plan, group: Department
) -> None:
    task = draft(session, plan, usual.lead, group)

    for department_id in (usual.other.id, 2_000_000_000):
        with pytest.raises(NotFound):
            expand_collective(session, [task.id], department_id=department_id, **by(usual), version=task.version + 1)


def test_only_groups_with_members_of_today_in_use_can_be_expanded(
    session: Session, usual: Usual, group: Department, counties: list[Department]
) -> None:
    empty = make_department(session, "各专班", parent=usual.body, kind=DepartmentKind.COLLECTIVE)
    wanted = [group.id, empty.id, usual.lead.id]

    assert expandable_ids(session, wanted, today=date(2026, 11, 23)) == {group.id}
    assert expandable_ids(session, wanted, today=date(2019, 12, 31)) == set()
    for one in counties:
        one.is_active = False
    assert expandable_ids(session, wanted, today=date(2026, 11, 23)) == set()


def test_a_unit_and_a_group_without_members_have_nothing_to_expand(session: Session, usual: Usual, plan: Plan) -> None:
    empty = make_department(session, "各专班", parent=usual.body, kind=DepartmentKind.COLLECTIVE)
    task = draft(session, plan, usual.lead, empty)

    for department, problem in ((usual.lead, "not_collective"), (empty, "collective_without_members")):
        with pytest.raises(Invalid) as refused:
            expand_collective(session, [task.id], department_id=department.id, **by(usual))
        assert refused.value.problem == problem


def test_after_the_issue_the_members_begin_anew_and_are_told(
    session: Session, usual: Usual, plan: Plan, group: Department, counties: list[Department]
) -> None:
    make_person(session, "县联络", (Role.LIAISON, counties[0]), username="xian")
    task = draft(session, plan, usual.lead, group, usual.partner)
    issuing.issue(session, issuing.IssueOrder(task.id), **by(usual))
    later = NOW + timedelta(days=1)

    (entry,) = expand_collective(
        session, [task.id], department_id=group.id, reason="逐县落实", **{**by(usual), "now": later}
    )

    rows = session.scalars(select(Assignment).where(Assignment.task_id == task.id)).all()
    states = {one.department_id: (one.role, one.state, one.issued_at) for one in rows}
    assert states[group.id][1] is AssignmentState.WITHDRAWN
    for county in counties[:2]:
        assert states[county.id] == (PARTNER, AssignmentState.PENDING, later)
    assert states[usual.partner.id][1:] == (AssignmentState.PENDING, None)
    assert (entry.act, entry.reason) == (Act.CORRECT, "逐县落实")
    assert entry.after is not None and entry.after["act"]["into"] == [one.id for one in counties[:2]]
    told = session.scalars(select(OutboxMessage.to_address).where(OutboxMessage.key.startswith(f"issued:{entry.id}:")))
    # The second county has nobody: the supervisor stands in for it, and acted.
    assert [one.partition("@")[0] for one in told] == ["xian"]


def test_a_member_that_works_on_the_issued_task_already_keeps_its_part(
    session: Session, usual: Usual, plan: Plan, group: Department, counties: list[Department]
) -> None:
    task = draft(session, plan, usual.lead, group, counties[1])
    issuing.issue(session, issuing.IssueOrder(task.id), **by(usual))

    expand_collective(session, [task.id], department_id=group.id, reason="逐县落实", **by(usual))

    rows = session.scalars(select(Assignment).where(Assignment.task_id == task.id)).all()
    assert sorted(one.department_id for one in rows) == sorted(
        {usual.lead.id, group.id, counties[0].id, counties[1].id}
    )
    with pytest.raises(NotFound):
        expand_collective(session, [task.id], department_id=group.id, reason="再来一次", **by(usual))


def test_after_the_issue_a_reason_is_asked_for_and_an_ended_task_stays_as_it_is(
    session: Session, usual: Usual, plan: Plan, group: Department
) -> None:
    task = draft(session, plan, usual.lead, group)
    issuing.issue(session, issuing.IssueOrder(task.id), **by(usual))
    with pytest.raises(Invalid) as refused:
        expand_collective(session, [task.id], department_id=group.id, **by(usual))
    assert (refused.value.field, refused.value.problem) == ("reason", "required")

    task_acts.terminate(session, task.id, reason="不再推进", **by(usual))
    with pytest.raises(NotNow):
        expand_collective(session, [task.id], department_id=group.id, reason="逐县落实", **by(usual))


@pytest.mark.parametrize("person", ["li", "gao", "zhao", "sun"])
def test_nobody_but_a_supervisor_expands(
    session: Session, usual: Usual, plan: Plan, group: Department, person: str
) -> None:
    task = draft(session, plan, usual.lead, group)

    with pytest.raises((NotAllowed, NotFound)):
        expand_collective(session, [task.id], department_id=group.id, **by(usual, person))
