"""What hangs on a department's work and on the department itself goes over with it: nothing waits at one that ended."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.departments import SuccessionKind
from taskboard.domain.errors import Stale
from taskboard.domain.help_requests import HelpState
from taskboard.domain.history import Change, Subject
from taskboard.domain.instructions import Addressee, DutyState
from taskboard.domain.orders import OrderGround, OrderKind, OrderState
from taskboard.domain.requests import ExtensionResult, ObjectionResult
from taskboard.domain.workflow import AssignmentState
from taskboard.models import (
    Assignment,
    CoordinationMeeting,
    Department,
    Extension,
    HelpRequest,
    HistoryEntry,
    Instruction,
    InstructionDuty,
    InstructionReply,
    Objection,
    PeriodReport,
    Plan,
    PortfolioItem,
    ProgressReport,
    SupervisionOrder,
    Task,
)
from taskboard.services.succession_loose_ends import LooseEnds
from tests.support.factories import NOW, Usual, make_task
from tests.support.successions import TODAY, carry_out, merge, order_for, preview
from tests.support.tables import assignment_of

DUE = date(2026, 12, 31)
LATER = date(2027, 1, 31)


def make_order(session: Session, usual: Usual, branch: Assignment, state: OrderState) -> SupervisionOrder:
    taken = len(session.scalars(select(SupervisionOrder)).all())
    order = SupervisionOrder(
        body_id=usual.body.id,
        kind=OrderKind.YELLOW,
        year=2026,
        number=taken + 1,
        assignment_id=branch.id,
        ground=OrderGround.DECIDED,
        title="任务",
        task_due_on=DUE,
        deadline_version=1,
        text="请于期限内回复。",
        due_on=DUE,
        confirmed_by_id=usual.chen.id,
        confirmed_at=NOW,
        state=state,
    )
    session.add(order)
    session.flush()
    return order


def make_report(session: Session, usual: Usual, branch: Assignment, period: str, percent: int) -> ProgressReport:
    report = ProgressReport(
        assignment_id=branch.id, author_id=usual.li.id, reported_at=NOW, period=period, done="做了", percent=percent
    )
    session.add(report)
    session.flush()
    session.add(
        PeriodReport(assignment_id=branch.id, period=period, due_on=DUE, first_reported_at=NOW, report_id=report.id)
    )
    session.flush()
    return report


def make_help(session: Session, usual: Usual, task: Task, branch: Assignment, state: HelpState) -> HelpRequest:
    report = make_report(session, usual, branch, f"2026-{1 + branch.id % 12:02d}", 10)
    request = HelpRequest(
        task_id=task.id,
        assignment_id=branch.id,
        report_id=report.id,
        text="请协调用地",
        asked_by_id=usual.li.id,
        asked_at=NOW,
        asked_on=TODAY,
        state=state,
        owner_id=usual.other.id if state is HelpState.DECIDED else None,
        decision="落实用地" if state is HelpState.DECIDED else None,
    )
    session.add(request)
    session.flush()
    return request


def make_extension(session: Session, usual: Usual, branch: Assignment) -> Extension:
    wish = Extension(
        assignment_id=branch.id,
        asked_by_id=usual.gao.id,
        asked_at=NOW,
        cause="用地未落实",
        progress="完成一半",
        due_on=DUE,
        asked_due_on=LATER,
    )
    branch.is_held = True
    session.add(wish)
    session.flush()
    return wish


def make_objection(session: Session, usual: Usual, branch: Assignment, proposed: Department | None) -> Objection:
    branch.state = AssignmentState.OBJECTED
    objection = Objection(
        assignment_id=branch.id,
        raised_by_id=usual.gao.id,
        raised_at=NOW,
        reason="不属于本单位职责",
        state_before=AssignmentState.PENDING,
        proposed_department_id=proposed.id if proposed else None,
    )
    session.add(objection)
    session.flush()
    return objection


def make_duty(
    session: Session, usual: Usual, plan: Plan, department: Department, task: Task | None = None
) -> InstructionDuty:
    instruction = session.scalars(
        select(Instruction).where(Instruction.task_id == (task.id if task else None))
    ).first() or Instruction(
        plan_id=plan.id,
        author_id=usual.liu.id,
        given_at=NOW,
        text="请抓紧。",
        reply_due_on=DUE,
        task_id=task.id if task else None,
    )
    session.add(instruction)
    session.flush()
    duty = InstructionDuty(
        instruction_id=instruction.id, addressee=Addressee.LEADS, department_id=department.id, due_on=DUE
    )
    session.add(duty)
    session.flush()
    return duty


class TestOnTheTask:
    def test_all_that_hangs_on_an_assignment_is_counted_before(
        self, session: Session, usual: Usual, plan: Plan
    ) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, due_on=DUE)
        branch = assignment_of(session, task, usual.lead)
        make_order(session, usual, branch, OrderState.OPEN)
        make_order(session, usual, branch, OrderState.SETTLED)
        make_extension(session, usual, branch)
        make_help(session, usual, task, branch, HelpState.OPEN)

        seen = preview(session, usual, usual.lead, usual.other)

        assert seen.work[0].loose_ends == LooseEnds(orders=1, extensions=1, help_requests=1)
        assert seen.loose_ends == seen.work[0].loose_ends

    def test_an_order_that_came_since_the_preview_makes_it_stale(
        self, session: Session, usual: Usual, plan: Plan
    ) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, due_on=DUE)
        order = order_for(session, usual, usual.lead, usual.other)
        make_order(session, usual, assignment_of(session, task, usual.lead), OrderState.OPEN)

        with pytest.raises(Stale):
            carry_out(session, usual, usual.lead, order)

    @pytest.mark.parametrize("partner", [True, False])
    def test_orders_and_help_wait_at_the_assignment_that_goes_on(
        self, session: Session, usual: Usual, plan: Plan, partner: bool
    ) -> None:
        # The successor is partner and leads now, or leads itself and is joined.
        lead, other = (usual.lead, usual.other) if partner else (usual.other, usual.lead)
        task = make_task(session, plan=plan, lead=lead, partners=(other,), due_on=DUE)
        old, own = (assignment_of(session, task, one) for one in (usual.lead, usual.other))
        order = make_order(session, usual, old, OrderState.REPLIED)
        settled = make_order(session, usual, old, OrderState.SETTLED)
        help_request = make_help(session, usual, task, old, HelpState.OPEN)

        merge(session, usual, usual.lead, usual.other)

        for row in (order, settled, help_request, old, own):
            session.refresh(row)
        assert (order.assignment_id, help_request.assignment_id) == (own.id, own.id)
        assert settled.assignment_id == old.id
        assert old.state is AssignmentState.WITHDRAWN

    def test_a_wish_for_more_time_is_decided_on_at_the_branch_that_leads_now(
        self, session: Session, usual: Usual, plan: Plan
    ) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, partners=(usual.other,), due_on=DUE)
        old, own = (assignment_of(session, task, one) for one in (usual.lead, usual.other))
        wish, others = make_extension(session, usual, old), make_extension(session, usual, own)

        merge(session, usual, usual.lead, usual.other)

        for row in (wish, others, own, old):
            session.refresh(row)
        assert (wish.assignment_id, wish.result) == (own.id, None)
        assert others.result is ExtensionResult.LAPSED
        assert own.is_held
        assert not old.is_held

    def test_a_wish_of_a_partner_who_joins_the_lead_lapses(self, session: Session, usual: Usual, plan: Plan) -> None:
        task = make_task(session, plan=plan, lead=usual.other, partners=(usual.lead,), due_on=DUE)
        wish = make_extension(session, usual, assignment_of(session, task, usual.lead))

        merge(session, usual, usual.lead, usual.other)

        session.refresh(wish)
        assert (wish.result, wish.decided_by_id) == (ExtensionResult.LAPSED, usual.sun.id)

    def test_a_wish_goes_over_to_a_partner_of_the_same_day_who_has_none(
        self, session: Session, usual: Usual, plan: Plan
    ) -> None:
        task = make_task(session, plan=plan, lead=usual.partner, partners=(usual.lead, usual.other), due_on=DUE)
        own = assignment_of(session, task, usual.other)
        wish = make_extension(session, usual, assignment_of(session, task, usual.lead))

        merge(session, usual, usual.lead, usual.other)

        session.refresh(wish)
        session.refresh(own)
        assert (wish.assignment_id, wish.result, own.is_held) == (own.id, None, True)

    def test_an_objection_is_decided_on_at_the_branch_that_leads_now(
        self, session: Session, usual: Usual, plan: Plan
    ) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, partners=(usual.other,), due_on=DUE)
        old, own = (assignment_of(session, task, one) for one in (usual.lead, usual.other))
        objection, others = make_objection(session, usual, old, None), make_objection(session, usual, own, None)

        merge(session, usual, usual.lead, usual.other)

        for row in (objection, others, own):
            session.refresh(row)
        assert own.state is AssignmentState.OBJECTED
        assert (objection.assignment_id, objection.result) == (own.id, None)
        assert others.result is ObjectionResult.LAPSED

    def test_an_objection_of_a_partner_who_joins_the_lead_lapses(
        self, session: Session, usual: Usual, plan: Plan
    ) -> None:
        task = make_task(session, plan=plan, lead=usual.other, partners=(usual.lead,), due_on=DUE)
        objection = make_objection(session, usual, assignment_of(session, task, usual.lead), None)

        merge(session, usual, usual.lead, usual.other)

        session.refresh(objection)
        assert objection.result is ObjectionResult.LAPSED

    def test_the_reports_of_the_lead_stand_for_the_periods(self, session: Session, usual: Usual, plan: Plan) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, partners=(usual.other,), due_on=DUE)
        old, own = (assignment_of(session, task, one) for one in (usual.lead, usual.other))
        led = [make_report(session, usual, old, period, 50) for period in ("2026-09", "2026-10")]
        make_report(session, usual, own, "2026-10", 20)
        old.percent, old.reported_until = 50, date(2026, 10, 31)

        merge(session, usual, usual.lead, usual.other)

        standing = session.scalars(select(PeriodReport).where(PeriodReport.assignment_id == own.id)).all()
        assert {one.period: one.report_id for one in standing} == {one.period: one.id for one in led}
        session.refresh(own)
        assert (own.percent, own.reported_until) == (50, date(2026, 10, 31))


class TestOnTheDepartment:
    def test_leaders_watch_over_the_successors(self, session: Session, usual: Usual) -> None:
        session.add(PortfolioItem(person_id=usual.liu.id, department_id=usual.lead.id))
        session.flush()

        seen = preview(session, usual, usual.lead, usual.other)
        merge(session, usual, usual.lead, usual.other)

        assert [one.leader for one in seen.portfolios] == [usual.liu.name]
        assert session.scalars(select(PortfolioItem.department_id)).all() == [usual.other.id]
        entries = session.scalars(
            select(HistoryEntry.act).where(HistoryEntry.subject == Subject.PERSON).order_by(HistoryEntry.id)
        ).all()
        assert {Change.PORTFOLIO_ADDED, Change.PORTFOLIO_REMOVED} <= set(entries)

    def test_who_watches_over_both_has_the_successor_once(self, session: Session, usual: Usual) -> None:
        for one in (usual.lead, usual.other):
            session.add(PortfolioItem(person_id=usual.liu.id, department_id=one.id))
        session.flush()

        merge(session, usual, usual.lead, usual.other)

        assert session.scalars(select(PortfolioItem.department_id)).all() == [usual.other.id]

    def test_the_reply_to_an_instruction_is_owed_by_the_successor(
        self, session: Session, usual: Usual, plan: Plan
    ) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, due_on=DUE)
        duty, of_plan = make_duty(session, usual, plan, usual.lead, task), make_duty(session, usual, plan, usual.lead)
        settled = make_duty(session, usual, plan, usual.partner, task)
        settled.state = DutyState.ACCEPTED
        session.flush()

        seen = preview(session, usual, usual.lead, usual.other)
        merge(session, usual, usual.lead, usual.other)

        assert [one.id for one in seen.duties] == [duty.id, of_plan.id]
        assert (duty.department_id, of_plan.department_id) == (usual.other.id, usual.other.id)
        assert settled.department_id == usual.partner.id

    def test_a_reply_that_both_owe_is_owed_once(self, session: Session, usual: Usual, plan: Plan) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, partners=(usual.other,), due_on=DUE)
        old, own = (make_duty(session, usual, plan, one, task) for one in (usual.lead, usual.other))

        merge(session, usual, usual.lead, usual.other)

        assert (old.state, own.state) == (DutyState.WITHDRAWN, DutyState.OPEN)

    def test_a_reply_that_waits_for_the_leader_goes_on_where_the_successor_was_done(
        self, session: Session, usual: Usual, plan: Plan
    ) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, partners=(usual.other,), due_on=DUE)
        old, own = (make_duty(session, usual, plan, one, task) for one in (usual.lead, usual.other))
        old.state, own.state = DutyState.REPLIED, DutyState.ACCEPTED
        reply = InstructionReply(duty_id=old.id, text="已办", replied_by_id=usual.li.id, replied_at=NOW)
        session.add(reply)
        session.flush()

        merge(session, usual, usual.lead, usual.other)

        session.refresh(reply)
        assert (own.state, reply.duty_id) == (DutyState.REPLIED, own.id)

    def test_of_some_duties_that_go_over_the_replies_go_with_their_tasks(
        self, session: Session, usual: Usual, plan: Plan
    ) -> None:
        goes, stays = (make_task(session, plan=plan, lead=usual.lead, due_on=DUE) for _ in range(2))
        with_it, without = (make_duty(session, usual, plan, usual.lead, one) for one in (goes, stays))
        branch = assignment_of(session, goes, usual.lead)

        allotted = {branch.id: usual.other.id}
        order = order_for(session, usual, usual.lead, usual.other, kind=SuccessionKind.TRANSFER, allotted=allotted)
        carry_out(session, usual, usual.lead, order)

        assert (with_it.department_id, without.department_id) == (usual.other.id, usual.lead.id)

    def test_help_that_was_to_be_given_is_given_by_the_successor(
        self, session: Session, usual: Usual, plan: Plan
    ) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, due_on=DUE)
        asked = make_help(session, usual, task, assignment_of(session, task, usual.lead), HelpState.DECIDED)

        seen = preview(session, usual, usual.other, usual.partner)
        merge(session, usual, usual.other, usual.partner)

        assert [one.decision for one in seen.owned_help] == ["落实用地"]
        assert asked.owner_id == usual.partner.id

    def test_whom_an_objection_proposed_is_the_successor(self, session: Session, usual: Usual, plan: Plan) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, due_on=DUE)
        objection = make_objection(session, usual, assignment_of(session, task, usual.lead), usual.other)

        merge(session, usual, usual.other, usual.partner)

        session.refresh(objection)
        assert objection.proposed_department_id == usual.partner.id

    def test_meetings_of_a_supervising_body_are_the_successors(self, session: Session, usual: Usual) -> None:
        meeting = CoordinationMeeting(
            body_id=usual.other.id,
            title="第三次联席会议",
            held_on=TODAY + timedelta(days=7),
            planned_by_id=usual.chen.id,
            planned_at=NOW,
        )
        session.add(meeting)
        session.flush()

        merge(session, usual, usual.other, usual.partner)

        session.refresh(meeting)
        assert meeting.body_id == usual.partner.id
