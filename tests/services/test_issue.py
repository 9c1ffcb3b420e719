"""Drafts are issued to their departments: what is asked before, what they become, who is told."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotAllowed, NotFound, NotNow, Stale
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    Act,
    AssignmentState,
    DeadlineOrigin,
    PastDeadline,
    TaskState,
)
from taskboard.models import OutboxMessage
from taskboard.services import issuing, task_acts
from taskboard.services.issuing import BatchRefused, IssueOrder
from taskboard.services.notices import Told
from tests.support import factories
from tests.support.factories import NOW
from tests.support.office import NEXT_WEEK, TODAY, YESTERDAY, Office


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


def test_a_draft_is_issued_to_its_departments(office: Office) -> None:
    task = office.task("draft")

    entry = office.issue(task)

    assert (task.state, task.issued_at, task.original_due_on) == (TaskState.ISSUED, NOW, NEXT_WEEK)
    assert {office.branch(task).state, office.partner_branch(task).state} == {AssignmentState.PENDING}
    assert office.partner_branch(task).due_on == NEXT_WEEK
    assert (entry.act, entry.actor_id, entry.entrance) == (Act.ISSUE, office.usual.chen.id, "test")
    assert entry.before == {"task": {"state": "draft"}}
    assert entry.after == {"task": {"state": "issued"}}
    assert office.mails() == [("issued", "li"), ("issued", "wang")]


@pytest.mark.parametrize("who", ["li", "gao", "zhao", "liu", "sun"])
def test_nobody_but_a_supervisor_finds_a_draft(office: Office, who: str) -> None:
    task = office.task("draft")

    with pytest.raises(NotFound):
        office.issue(task, who)
    assert task.state is TaskState.DRAFT


def test_an_issued_task_is_not_issued_again(office: Office) -> None:
    with pytest.raises(NotNow):
        office.issue(office.task("issued"))


@pytest.mark.parametrize("who", ["li", "gao", "liu"])
def test_those_who_see_an_issued_task_may_not_issue_it(office: Office, who: str) -> None:
    with pytest.raises(NotAllowed):
        office.issue(office.task("issued"), who)


def test_a_lead_that_was_only_inferred_is_not_issued_to(office: Office) -> None:
    task = office.task("draft")
    office.branch(task).is_confirmed = False

    with pytest.raises(Invalid) as refusal:
        office.issue(task)

    assert refusal.value.problem == "lead_unconfirmed"
    assert task.state is TaskState.DRAFT


def test_the_supervisor_confirms_an_inferred_lead_by_issuing(office: Office) -> None:
    task = office.task("draft")
    office.branch(task).is_confirmed = False

    entry = office.issue(task, confirms_lead=True)

    assert office.branch(task).is_confirmed
    assert entry.after is not None
    assert entry.after[f"assignment:{office.branch(task).id}"] == {"is_confirmed": True}


def test_a_collective_lead_is_not_issued_to(office: Office) -> None:
    cities = factories.make_department(
        office.session, "各市人民政府", parent=office.usual.body, kind=DepartmentKind.COLLECTIVE
    )
    task = office.task("draft", lead=cities)

    with pytest.raises(Invalid) as refusal:
        office.issue(task)
    assert refusal.value.problem == "lead_collective"


def test_a_lead_that_was_switched_off_is_not_issued_to(office: Office) -> None:
    task = office.task("draft")
    office.usual.lead.is_active = False

    with pytest.raises(Invalid) as refusal:
        office.issue(task)
    assert refusal.value.problem == "department_inactive"


def test_a_collective_partner_stands_on_the_task_for_information(office: Office) -> None:
    cities = factories.make_department(
        office.session, "各市人民政府", parent=office.usual.body, kind=DepartmentKind.COLLECTIVE
    )
    task = office.task("draft", partners=(cities,))

    office.issue(task)

    assert office.branch(task, cities).state is AssignmentState.WAIVED
    assert office.mails() == [("issued", "li")]


def test_a_task_without_a_deadline_is_not_issued_before_somebody_chose(office: Office) -> None:
    with pytest.raises(Invalid) as refusal:
        office.issue(office.task("draft", due_on=None))
    assert (refusal.value.field, refusal.value.problem) == ("due_on", "deadline_missing")


def test_a_deadline_chosen_at_the_issue_is_decided(office: Office) -> None:
    task = office.task("draft", due_on=None)

    office.issue(task, due_on=NEXT_WEEK)

    assert (task.due_on, task.original_due_on, task.deadline_origin, task.deadline_version) == (
        NEXT_WEEK,
        NEXT_WEEK,
        DeadlineOrigin.DECIDED,
        1,
    )
    assert office.branch(task).due_on == NEXT_WEEK


def test_an_ongoing_task_has_no_deadline(office: Office) -> None:
    task = office.task("draft")

    office.issue(task, is_ongoing=True)

    assert (task.is_ongoing, task.due_on, task.original_due_on) == (True, None, None)
    assert task.deadline_origin is DeadlineOrigin.ONGOING
    assert office.branch(task).due_on is None


def test_a_past_deadline_asks_for_a_decision(office: Office) -> None:
    task = office.task("draft", due_on=YESTERDAY)

    with pytest.raises(Invalid) as refusal:
        office.issue(task)
    assert refusal.value.problem == "deadline_past"


def test_a_past_deadline_can_be_kept_as_late(office: Office) -> None:
    task = office.task("draft", due_on=YESTERDAY)

    office.issue(task, past_deadline=PastDeadline.KEEP_AS_LATE)

    assert (task.state, task.due_on, task.past_deadline) == (TaskState.ISSUED, YESTERDAY, PastDeadline.KEEP_AS_LATE)


def test_a_past_deadline_can_be_replaced(office: Office) -> None:
    task = office.task("draft", due_on=YESTERDAY)

    office.issue(task, past_deadline=PastDeadline.NEW_DATE, due_on=NEXT_WEEK)

    assert (task.due_on, task.original_due_on, task.past_deadline) == (NEXT_WEEK, NEXT_WEEK, None)
    assert task.deadline_version == 2


def test_a_past_task_put_on_record_owes_nothing(office: Office) -> None:
    task = office.task("draft", due_on=YESTERDAY)

    office.issue(task, past_deadline=PastDeadline.RECORD)

    assert (task.state, task.past_deadline) == (TaskState.TERMINATED, PastDeadline.RECORD)
    assert office.branch(task).state is AssignmentState.WAIVED
    assert office.mails() == []


def test_a_batch_is_one_mail_to_each_person(office: Office) -> None:
    tasks = [office.task("draft") for _ in range(3)]

    batch = issuing.issue_tasks(
        office.session,
        [IssueOrder(task.id) for task in tasks],
        plan_id=office.plan.id,
        actor=office.usual.actor("chen"),
        now=NOW,
        entrance="test",
    )

    assert [entry.task_id for entry in batch.entries] == [task.id for task in tasks]
    assert (batch.issued, batch.told) == (3, Told(people=2, without_address=[], without_liaison=[]))
    assert office.mails() == [("issued", "li"), ("issued", "wang")]
    facts = office.session.scalars(select(OutboxMessage.facts)).first()
    assert facts is not None
    assert facts["total"] == 3
    assert [one["title"] for one in facts["tasks"]] == [task.title for task in tasks]


def test_a_batch_with_one_bad_task_issues_none_and_says_which(office: Office) -> None:
    good, bad = office.task("draft"), office.task("draft", due_on=None)

    with pytest.raises(BatchRefused) as refusal:
        issuing.issue_tasks(
            office.session,
            [IssueOrder(good.id), IssueOrder(bad.id)],
            actor=office.usual.actor("chen"),
            now=NOW,
            entrance="test",
        )

    assert list(refusal.value.problems) == [bad.id]
    assert good.state is TaskState.DRAFT
    assert office.mails() == []


def test_a_batch_takes_no_task_of_another_plan(office: Office) -> None:
    task = office.task("draft")
    other = factories.make_plan(office.session, body=office.usual.body, imported_by=office.usual.chen)

    with pytest.raises(NotFound):
        issuing.issue_tasks(
            office.session,
            [IssueOrder(task.id)],
            plan_id=other.id,
            actor=office.usual.actor("chen"),
            now=NOW,
            entrance="test",
        )


def test_a_batch_sent_twice_issues_once(office: Office) -> None:
    tasks = [office.task("draft") for _ in range(2)]
    orders = [IssueOrder(task.id) for task in tasks]
    by: dict[str, Any] = {"actor": office.usual.actor("chen"), "now": NOW, "entrance": "test", "request_key": "k"}

    first = issuing.issue_tasks(office.session, orders, **by).entries
    second = issuing.issue_tasks(office.session, orders, **by).entries

    assert first == second
    assert len(office.mails()) == 2


def test_a_draft_that_changed_under_the_supervisors_eyes_is_not_issued(office: Office) -> None:
    task = office.task("draft")
    seen = task.version
    office.do(task_acts.correct_deadline, task.id, "chen", due_on=TODAY)

    with pytest.raises(Stale) as refusal:
        office.issue(task, version=seen)
    assert refusal.value.facts["version"] == task.version


def test_a_department_without_liaison_is_told_through_its_parent_or_the_supervisors(office: Office) -> None:
    section = factories.make_department(office.session, "综合处", parent=office.usual.lead)
    lost = factories.make_department(office.session, "新设局", parent=office.usual.body)
    task = office.task("draft", lead=section, partners=(lost,))

    actor = factories.actor_of(office.usual.sun, (Role.SUPERVISOR, office.usual.body))
    office.do(issuing.issue, IssueOrder(task.id), actor)

    assert office.mails() == [("issued", "chen"), ("issued", "li")]


def test_people_who_left_get_no_mail(office: Office) -> None:
    office.usual.wang.is_active = False

    office.issue(office.task("draft"), "chen")

    # the partner has no other liaison and neither has its parent, so it falls to the supervisor, who acted herself
    assert office.mails() == [("issued", "li")]
