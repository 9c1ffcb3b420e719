"""Requests for more time: until when, what they hold meanwhile, and what each decision does to the deadline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.deadlines import is_overdue
from taskboard.domain.errors import Invalid, NotAllowed, NotNow
from taskboard.domain.requests import ExtensionResult
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentState, DeadlineOrigin, TaskState
from taskboard.models import Assignment, Department, Extension, HistoryEntry, OutboxMessage, Task
from taskboard.services import assignment_acts, extensions, task_acts
from taskboard.services.overdue import overdue_assignments
from tests.support import factories
from tests.support.factories import NOW, Usual
from tests.support.tables import assignment_of

TODAY = date(2026, 11, 23)
TOMORROW = TODAY + timedelta(days=1)
DUE = TODAY
ASKED = date(2026, 12, 11)
A_DAY = timedelta(days=1)


class Office:
    """A task that is due today, with a lead and a partner at work."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.usual: Usual = factories.usual_people(session)
        self.plan = factories.make_plan(session, body=self.usual.body, imported_by=self.usual.chen)
        self.task = self.make_task(DUE)

    def make_task(self, due_on: date | None) -> Task:
        usual = self.usual
        return factories.make_task(
            self.session, plan=self.plan, lead=usual.lead, partners=(usual.partner,), due_on=due_on
        )

    def do(
        self, act: Callable[..., HistoryEntry], subject: int, who: str, now: datetime = NOW, **more: Any
    ) -> HistoryEntry:
        return act(self.session, subject, actor=self.usual.actor(who), now=now, entrance="test", **more)

    def ask(self, who: str = "gao", now: datetime = NOW, **more: Any) -> Extension:
        more = {"reason": "上级批复未到", "progress": "方案已报送", "asked_due_on": ASKED, **more}
        self.do(extensions.ask_extension, self.lead.id, who, now, **more)
        return self.request()

    def grant(self, day: date = ASKED, now: datetime = NOW, who: str = "chen") -> HistoryEntry:
        return self.do(extensions.grant_extension, self.lead.id, who, now, due_on=day)

    def refuse(self, now: datetime = NOW, who: str = "chen", reason: str = "理由不充分") -> HistoryEntry:
        return self.do(extensions.refuse_extension, self.lead.id, who, now, reason=reason)

    def branch(self, department: Department) -> Assignment:
        return assignment_of(self.session, self.task, department)

    @property
    def lead(self) -> Assignment:
        return self.branch(self.usual.lead)

    @property
    def partner(self) -> Assignment:
        return self.branch(self.usual.partner)

    def request(self) -> Extension:
        return self.session.scalars(select(Extension).order_by(Extension.id.desc())).first() or pytest.fail("none")

    def overdue(self, today: date) -> set[int]:
        """The departments that are overdue, by the query and by the function, which must agree."""
        self.session.flush()
        found = set(self.session.scalars(select(Assignment.id).join(Task).where(overdue_assignments(today))))
        told = {
            one.id
            for one in (self.lead, self.partner)
            if is_overdue(self.task.state, one.state, one.due_on, today, is_held=one.is_held)
        }
        assert found == told
        return {one.department_id for one in (self.lead, self.partner) if one.id in found}

    def mails(self) -> list[tuple[str, str]]:
        query = select(OutboxMessage.template, OutboxMessage.to_address)
        return sorted((row[0], row[1].partition("@")[0]) for row in self.session.execute(query))


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


# Asking


def test_the_head_asks_on_the_due_day_and_nobody_is_overdue_until_it_is_decided(office: Office) -> None:
    request = office.ask()

    assert (request.due_on, request.asked_due_on, request.cause, request.progress) == (
        DUE,
        ASKED,
        "上级批复未到",
        "方案已报送",
    )
    assert (office.lead.state, office.lead.due_on) == (AssignmentState.IN_PROGRESS, DUE)
    assert office.overdue(TOMORROW) == set()
    assert office.mails() == [("extension_asked", "chen")]


@pytest.mark.parametrize("who", ["li", "qian", "liu", "chen"])
def test_nobody_but_the_head_asks(office: Office, who: str) -> None:
    office.lead.officer_id = office.usual.qian.id

    with pytest.raises(NotAllowed):
        office.ask(who)


@pytest.mark.parametrize(
    ("more", "field", "problem"),
    [
        ({"now": NOW + A_DAY}, "extension", "extension_too_late"),
        ({"reason": ""}, "reason", "required"),
        ({"progress": " "}, "progress", "required"),
        ({"asked_due_on": DUE}, "asked_due_on", "extension_not_later"),
    ],
)
def test_what_a_request_must_have(office: Office, more: dict[str, Any], field: str, problem: str) -> None:
    with pytest.raises(Invalid) as refusal:
        office.ask(**more)

    assert (refusal.value.field, refusal.value.problem) == (field, problem)


def test_an_ongoing_task_has_no_deadline_to_move(office: Office) -> None:
    office.task = office.make_task(None)

    with pytest.raises(Invalid) as refusal:
        office.ask()

    assert refusal.value.problem == "extension_without_deadline"


def test_one_request_is_open_at_a_time(office: Office) -> None:
    office.ask()

    with pytest.raises(Invalid) as refusal:
        office.ask()

    assert refusal.value.problem == "extension_asked_before"


def test_a_partner_asks_for_itself_alone(office: Office) -> None:
    head = factories.actor_of(office.usual.wang, (Role.HEAD, office.usual.partner))
    extensions.ask_extension(
        office.session,
        office.partner.id,
        reason="数据未到",
        progress="已完成一半",
        asked_due_on=ASKED,
        actor=head,
        now=NOW,
        entrance="test",
    )

    assert office.overdue(TOMORROW) == {office.usual.lead.id}

    office.do(extensions.grant_extension, office.partner.id, "chen", due_on=ASKED)

    assert (office.partner.due_on, office.lead.due_on, office.task.due_on) == (ASKED, DUE, DUE)


# Deciding


def test_granted_the_deadline_moves_for_all_who_share_it(office: Office) -> None:
    request = office.ask()
    version = office.task.deadline_version

    office.grant(now=NOW + A_DAY)

    assert (request.result, request.granted_due_on) == (ExtensionResult.GRANTED, ASKED)
    assert {office.task.due_on, office.lead.due_on, office.partner.due_on} == {ASKED}
    assert (office.task.original_due_on, office.task.deadline_origin) == (DUE, DeadlineOrigin.DECIDED)
    assert office.task.deadline_version == version + 1
    assert not office.lead.is_held
    assert not office.partner.is_held
    assert ("extension_decided", "wang") in office.mails()


def test_shortened_it_moves_to_the_day_that_was_granted(office: Office) -> None:
    request = office.ask()

    office.grant(date(2026, 12, 1))

    assert (request.result, office.task.due_on) == (ExtensionResult.SHORTENED, date(2026, 12, 1))


@pytest.mark.parametrize(
    ("day", "problem"),
    [
        (ASKED + A_DAY, "extension_beyond_asked"),
        (DUE, "extension_not_later"),
        (date(2026, 11, 24), "before_today"),
    ],
)
def test_what_may_be_granted(office: Office, day: date, problem: str) -> None:
    office.ask()

    with pytest.raises(Invalid) as refusal:
        office.grant(day, NOW + 2 * A_DAY)

    assert (refusal.value.field, refusal.value.problem) == ("due_on", problem)


def test_refused_lateness_counts_from_the_deadline(office: Office) -> None:
    request = office.ask()

    office.refuse(NOW + A_DAY)

    assert (request.result, request.decision_reason) == (ExtensionResult.REFUSED, "理由不充分")
    assert office.overdue(TOMORROW) == {office.usual.lead.id, office.usual.partner.id}
    office.do(assignment_acts.submit, office.lead.id, "gao", NOW + 2 * A_DAY, why_without_partners="先行报送")
    assert office.lead.days_late == 2


def test_what_was_submitted_meanwhile_is_judged_by_the_day_that_was_granted(office: Office) -> None:
    office.ask()
    office.do(assignment_acts.submit, office.lead.id, "gao", NOW + A_DAY, why_without_partners="先行报送")
    assert office.lead.days_late == 1

    office.grant(now=NOW + 2 * A_DAY)

    assert office.lead.days_late == 0


def test_a_partner_accepted_while_the_day_was_asked_about_is_judged_by_the_day_that_was_granted(office: Office) -> None:
    office.ask()
    office.do(assignment_acts.submit, office.partner.id, "wang", NOW + A_DAY)
    office.do(assignment_acts.accept_submission, office.partner.id, "li", NOW + A_DAY)
    assert office.partner.days_late == 1

    office.grant(now=NOW + 2 * A_DAY)

    assert (office.partner.days_late, office.partner.due_on) == (0, ASKED)


def test_a_partner_accepted_before_anybody_asked_keeps_its_day(office: Office) -> None:
    office.do(assignment_acts.submit, office.partner.id, "wang", NOW - A_DAY)
    office.do(assignment_acts.accept_submission, office.partner.id, "li", NOW - A_DAY)
    office.ask()

    office.grant()

    assert (office.partner.days_late, office.partner.due_on) == (0, DUE)


def test_a_day_asked_for_that_is_past_when_it_is_decided_can_still_be_granted(office: Office) -> None:
    office.ask(asked_due_on=TOMORROW)

    office.grant(TOMORROW, NOW + 5 * A_DAY)

    assert office.task.due_on == TOMORROW
    assert office.overdue(TODAY + 5 * A_DAY) == {office.usual.lead.id, office.usual.partner.id}


@pytest.mark.parametrize("who", ["gao", "li", "liu"])
def test_nobody_but_a_supervisor_decides(office: Office, who: str) -> None:
    office.ask()

    with pytest.raises(NotAllowed):
        office.grant(who=who)
    with pytest.raises(NotAllowed):
        office.refuse(who=who)


def test_a_refusal_needs_its_reason_and_a_request(office: Office) -> None:
    with pytest.raises(NotNow):
        office.refuse()
    office.ask()
    with pytest.raises(Invalid):
        office.refuse(reason="")


# What else happens meanwhile


@pytest.mark.parametrize("ends", ["terminate", "correct"])
def test_a_request_lapses_when_the_work_ends_or_another_day_is_set(office: Office, ends: str) -> None:
    request = office.ask()

    if ends == "terminate":
        office.do(task_acts.terminate, office.task.id, "chen", reason="政策取消")
    else:
        office.do(task_acts.correct_deadline, office.task.id, "chen", due_on=ASKED + A_DAY, reason="统一安排")

    assert request.result is ExtensionResult.LAPSED
    assert not office.lead.is_held


def test_a_suspension_moves_the_day_and_the_wish_stands(office: Office) -> None:
    request = office.ask()
    office.do(task_acts.suspend, office.task.id, "chen", reason="待批复", review_on=ASKED)
    office.do(task_acts.resume, office.task.id, "chen", NOW + 3 * A_DAY)

    assert (request.result, request.due_on, office.lead.is_held) == (None, DUE + 3 * A_DAY, True)
    assert office.task.state is TaskState.IN_PROGRESS
