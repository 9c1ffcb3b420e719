"""Departments that follow others: what is open moves as it was shown, what is closed stays, and every task says so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard import paths
from taskboard.domain.department_matching import MatchRule
from taskboard.domain.departments import DepartmentKind, SuccessionKind, WorkOutcome
from taskboard.domain.errors import NotAllowed, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.roles import Role
from taskboard.domain.workflow import Act, AssignmentRole, AssignmentState, TaskState
from taskboard.mail.rendering import MailRenderer
from taskboard.models import (
    Assignment,
    Department,
    DepartmentMember,
    DepartmentSuccession,
    HistoryEntry,
    OutboxMessage,
    PersonPost,
    Plan,
    Task,
)
from taskboard.services import members, succession_records, successions
from taskboard.services.department_matching import match_written
from tests.support.factories import (
    NOW,
    Usual,
    make_department,
    make_person,
    make_plan,
    make_task,
    writing_by,
)
from tests.support.refusals import problem
from tests.support.successions import TODAY, carry_out, merge, order_for, preview
from tests.support.tables import assignment_of

DUE = date(2026, 12, 31)
LEAD, PARTNER = AssignmentRole.LEAD, AssignmentRole.PARTNER


def outcomes(session: Session, usual: Usual, old: Department, new: Department) -> list[WorkOutcome]:
    seen = preview(session, usual, old, new)
    return [row.outcomes[new.id] for row in seen.work]


def branches(session: Session, task: Task) -> dict[int, tuple[AssignmentRole, AssignmentState]]:
    rows: Iterable[Assignment] = session.scalars(select(Assignment).where(Assignment.task_id == task.id))
    return {one.department_id: (one.role, one.state) for one in rows}


class TestWhatMoves:
    def test_open_work_goes_on_at_the_successor_as_far_as_it_had_got(
        self, session: Session, usual: Usual, plan: Plan
    ) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, due_on=DUE, assignment_state=AssignmentState.SUBMITTED)
        branch = assignment_of(session, task, usual.lead)
        branch.percent, branch.submitted_at = 80, NOW
        version = task.version

        merge(session, usual, usual.lead, usual.other)

        assert branches(session, task) == {usual.other.id: (LEAD, AssignmentState.SUBMITTED)}
        assert (branch.percent, branch.submitted_at, branch.due_on) == (80, NOW, DUE)
        assert branch.name_as_written == "市发展改革委"
        assert task.version > version

    @pytest.mark.parametrize("state", [TaskState.CLOSED, TaskState.TERMINATED])
    def test_nothing_closed_moves(self, session: Session, usual: Usual, plan: Plan, state: TaskState) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, state=state)

        merge(session, usual, usual.lead, usual.other)

        assert list(branches(session, task)) == [usual.lead.id]

    @pytest.mark.parametrize("ended", [AssignmentState.ACCEPTED, AssignmentState.WITHDRAWN, AssignmentState.WAIVED])
    def test_a_branch_that_has_ended_stays_on_an_open_task(
        self, session: Session, usual: Usual, plan: Plan, ended: AssignmentState
    ) -> None:
        task = make_task(session, plan=plan, lead=usual.other, partners=(usual.lead,))
        assignment_of(session, task, usual.lead).state = ended
        session.flush()

        merge(session, usual, usual.lead, usual.partner)

        assert set(branches(session, task)) == {usual.other.id, usual.lead.id}

    def test_drafts_and_suspended_tasks_move_too(self, session: Session, usual: Usual, plan: Plan) -> None:
        tasks = [
            make_task(session, plan=plan, lead=usual.lead, state=state)
            for state in (TaskState.DRAFT, TaskState.SUSPENDED)
        ]

        merge(session, usual, usual.lead, usual.other)

        assert [list(branches(session, task)) for task in tasks] == [[usual.other.id]] * 2

    def test_every_task_says_who_moved_it_whence_and_why(self, session: Session, usual: Usual, plan: Plan) -> None:
        tasks = [make_task(session, plan=plan, lead=usual.lead) for _ in range(2)]

        step = merge(session, usual, usual.lead, usual.other)

        entries = session.scalars(select(HistoryEntry).where(HistoryEntry.act == Act.CORRECT)).all()
        assert {one.task_id for one in entries} == {one.id for one in tasks}
        for one in entries:
            assert one.reason == "机构改革方案"
            assert one.actor_id == usual.sun.id
            assert one.after is not None
            assert one.after["act"] == {
                "succession": step.id,
                "kind": "merger",
                "from_department": "市发展改革委",
                "to_department": "市教育局",
                "role": "lead",
                "outcome": "moves",
            }

    def test_work_done_before_is_known_under_the_old_name(self, session: Session, usual: Usual, plan: Plan) -> None:
        task = make_task(session, plan=plan, lead=usual.lead)
        branch = assignment_of(session, task, usual.lead)

        merge(session, usual, usual.lead, usual.other)

        found = succession_records.former_holders(session, task.id)
        assert [(one.assignment_id, one.department, one.until) for one in found] == [(branch.id, "市发展改革委", NOW)]

    def test_departments_below_posts_memberships_and_supervision_go_along(
        self, session: Session, usual: Usual, plan: Plan
    ) -> None:
        child = make_department(session, "价格处", parent=usual.lead)
        group = make_department(session, "各成员单位", parent=usual.body, kind=DepartmentKind.COLLECTIVE)
        by = writing_by(usual.actor("sun"))
        members.add_members(session, group.id, [usual.lead.id], from_on=date(2026, 1, 1), **by)
        own = make_plan(session, body=usual.lead, imported_by=usual.chen)
        watched = make_task(session, plan=own, lead=usual.partner)

        merge(session, usual, usual.lead, usual.other)

        assert (child.parent_id, child.path) == (usual.other.id, f"{usual.other.path}{child.id}/")
        assert not usual.lead.is_active
        assert [one.id for one in members.members_on(session, group.id, TODAY)] == [usual.other.id]
        assert [one.id for one in members.members_on(session, group.id, TODAY - timedelta(days=1))] == [usual.lead.id]
        assert {own.body_id, watched.body_id} == {usual.other.id}
        posts = session.scalars(select(PersonPost).where(PersonPost.person_id == usual.li.id)).all()
        assert [(one.department_id, one.from_on, one.to_on) for one in posts] == [
            (usual.lead.id, date(2015, 1, 1), TODAY - timedelta(days=1)),
            (usual.other.id, TODAY, None),
        ]

    def test_an_officer_who_does_not_go_along_gives_the_work_back(
        self, session: Session, usual: Usual, plan: Plan
    ) -> None:
        tasks = [make_task(session, plan=plan, lead=usual.lead) for _ in range(2)]
        for one in tasks:
            assignment_of(session, one, usual.lead).officer_id = usual.qian.id
        session.flush()
        order = order_for(session, usual, usual.lead, usual.other, moves_posts=False)

        carry_out(session, usual, usual.lead, order)

        assert [assignment_of(session, one, usual.other).officer_id for one in tasks] == [None, None]

    def test_an_officer_who_goes_along_keeps_the_work(self, session: Session, usual: Usual, plan: Plan) -> None:
        task = make_task(session, plan=plan, lead=usual.lead)
        assignment_of(session, task, usual.lead).officer_id = usual.qian.id
        session.flush()

        merge(session, usual, usual.lead, usual.other)

        assert assignment_of(session, task, usual.other).officer_id == usual.qian.id


class TestConflicts:
    def test_a_partner_that_follows_the_lead_leads_where_it_had_got(
        self, session: Session, usual: Usual, plan: Plan
    ) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,))
        assignment_of(session, task, usual.partner).state = AssignmentState.PENDING
        assignment_of(session, task, usual.lead).percent = 60
        session.flush()
        assert outcomes(session, usual, usual.lead, usual.partner) == [WorkOutcome.LEADS_NOW]

        merge(session, usual, usual.lead, usual.partner)

        assert branches(session, task) == {
            usual.lead.id: (LEAD, AssignmentState.WITHDRAWN),
            usual.partner.id: (LEAD, AssignmentState.IN_PROGRESS),
        }
        assert assignment_of(session, task, usual.partner).percent == 60
        assert task.state is TaskState.IN_PROGRESS

    def test_a_lead_that_follows_a_partner_goes_on_as_it_is(self, session: Session, usual: Usual, plan: Plan) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,))
        assert outcomes(session, usual, usual.partner, usual.lead) == [WorkOutcome.JOINS]

        merge(session, usual, usual.partner, usual.lead)

        assert branches(session, task) == {
            usual.lead.id: (LEAD, AssignmentState.IN_PROGRESS),
            usual.partner.id: (PARTNER, AssignmentState.WITHDRAWN),
        }

    def test_a_partner_whose_own_part_is_done_owes_the_part_it_takes_over(
        self, session: Session, usual: Usual, plan: Plan
    ) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner, usual.other))
        assignment_of(session, task, usual.other).state = AssignmentState.ACCEPTED
        session.flush()

        merge(session, usual, usual.partner, usual.other)

        assert branches(session, task)[usual.other.id] == (PARTNER, AssignmentState.IN_PROGRESS)

    def test_a_successor_that_was_taken_out_before_comes_back(self, session: Session, usual: Usual, plan: Plan) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, partners=(usual.other,))
        assignment_of(session, task, usual.other).state = AssignmentState.WITHDRAWN
        session.flush()

        merge(session, usual, usual.lead, usual.other)

        assert branches(session, task)[usual.other.id] == (LEAD, AssignmentState.IN_PROGRESS)

    def test_of_a_draft_with_both_the_old_branch_is_gone(self, session: Session, usual: Usual, plan: Plan) -> None:
        task = make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,), state=TaskState.DRAFT)

        merge(session, usual, usual.lead, usual.partner)

        assert branches(session, task) == {usual.partner.id: (LEAD, AssignmentState.PENDING)}

    def test_the_preview_names_the_conflicts(self, session: Session, usual: Usual, plan: Plan) -> None:
        make_task(session, plan=plan, lead=usual.lead, title="独自牵头")
        make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,), title="两家都在")

        seen = preview(session, usual, usual.lead, usual.partner)

        assert [one.title for one in seen.work] == ["独自牵头", "两家都在"]
        assert [one.title for one in seen.conflicts] == ["两家都在"]


class TestSplitsAndDuties:
    def test_a_split_gives_each_task_to_the_successor_chosen_for_it(
        self, session: Session, usual: Usual, plan: Plan
    ) -> None:
        tasks = [make_task(session, plan=plan, lead=usual.lead) for _ in range(3)]
        second = assignment_of(session, tasks[1], usual.lead).id
        order = order_for(session, usual, usual.lead, usual.partner, usual.other, allotted={second: usual.other.id})

        carry_out(session, usual, usual.lead, order)

        assert [list(branches(session, one)) for one in tasks] == [
            [usual.partner.id],
            [usual.other.id],
            [usual.partner.id],
        ]

    def test_duties_that_go_over_take_only_what_was_chosen(self, session: Session, usual: Usual, plan: Plan) -> None:
        tasks = [make_task(session, plan=plan, lead=usual.lead) for _ in range(2)]
        chosen = assignment_of(session, tasks[0], usual.lead).id
        order = order_for(
            session,
            usual,
            usual.lead,
            usual.other,
            kind=SuccessionKind.TRANSFER,
            allotted={chosen: usual.other.id},
        )

        carry_out(session, usual, usual.lead, order)

        assert [list(branches(session, one)) for one in tasks] == [[usual.other.id], [usual.lead.id]]
        assert usual.lead.is_active
        assert session.scalars(select(PersonPost).where(PersonPost.department_id == usual.other.id)).all() == [
            session.scalars(select(PersonPost).where(PersonPost.person_id == usual.zhao.id)).one()
        ]


class TestNames:
    def test_a_document_that_names_the_old_department_means_its_successor(self, session: Session, usual: Usual) -> None:
        merge(session, usual, usual.lead, usual.partner)
        merge(session, usual, usual.partner, usual.other)

        found = match_written(session, ["市发改委"], body_id=usual.body.id, dated_on=None)["市发改委"]

        assert (found.department, found.rule) == (usual.other, MatchRule.SUCCESSOR)

    def test_after_a_split_it_is_a_question(self, session: Session, usual: Usual) -> None:
        carry_out(session, usual, usual.lead, order_for(session, usual, usual.lead, usual.partner, usual.other))

        found = match_written(session, ["市发改委"], body_id=usual.body.id, dated_on=None)["市发改委"]

        assert found.department is None
        assert {one.id for one in found.likely} == {usual.partner.id, usual.other.id}


class TestTelling:
    def test_each_person_gets_one_mail_for_all_of_it(self, session: Session, usual: Usual, plan: Plan) -> None:
        for number in range(3):
            make_task(session, plan=plan, lead=usual.lead, title=f"第{number}件", due_on=DUE)
        make_task(session, plan=plan, lead=usual.lead, title="还是草稿", state=TaskState.DRAFT)
        order = order_for(session, usual, usual.lead, usual.other, moves_posts=False)

        carry_out(session, usual, usual.lead, order)

        mails = {one.person_id: one for one in session.scalars(select(OutboxMessage))}
        assert set(mails) == {usual.zhao.id, usual.chen.id}
        assert mails[usual.zhao.id].facts["total"] == 3
        assert mails[usual.chen.id].facts["total"] == 4
        message = mails[usual.zhao.id]
        mail = MailRenderer(paths.TEMPLATES, "http://taskboard.test").render(message.template, message.facts)
        assert mail.subject == "【督办】市发展改革委的 3 项任务由接续单位办理"
        assert "现由市教育局牵头（转由接续单位继续办理）" in mail.text
        assert "机构改革方案" in mail.text
        assert "还是草稿" not in mail.text


class TestTheStep:
    def test_the_trail_of_both_departments_has_it(self, session: Session, usual: Usual) -> None:
        step = merge(session, usual, usual.lead, usual.other)

        query = select(HistoryEntry).where(
            HistoryEntry.subject == Subject.DEPARTMENT, HistoryEntry.act == Change.MERGED
        )
        entries = session.scalars(query.order_by(HistoryEntry.id)).all()
        assert [one.subject_id for one in entries] == [usual.lead.id, usual.other.id]
        (row,) = succession_records.list_successions(session, usual.other.id)
        assert (row.id, row.department, row.successors) == (step.id, "市发展改革委", [(usual.other.id, "市教育局")])

    def test_what_changed_since_the_preview_is_shown_first(self, session: Session, usual: Usual, plan: Plan) -> None:
        order = order_for(session, usual, usual.lead, usual.other)
        make_task(session, plan=plan, lead=usual.lead)

        with pytest.raises(Stale):
            carry_out(session, usual, usual.lead, order)

    def test_the_same_request_twice_acts_once(self, session: Session, usual: Usual, plan: Plan) -> None:
        make_task(session, plan=plan, lead=usual.lead)
        order = order_for(session, usual, usual.lead, usual.other)

        first = carry_out(session, usual, usual.lead, order, key="k")
        again = carry_out(session, usual, usual.lead, order, key="k")

        assert again is first
        assert len(session.scalars(select(DepartmentSuccession)).all()) == 1

    @pytest.mark.parametrize("person", ["li", "gao", "chen", "liu"])
    def test_only_administrators_may(self, session: Session, usual: Usual, person: str) -> None:
        order = order_for(session, usual, usual.lead, usual.other)

        with pytest.raises(NotAllowed):
            successions.carry_out_succession(session, usual.lead.id, order, **writing_by(usual.actor(person)))
        assert usual.lead.is_active

    def test_who_cannot_follow_is_refused(self, session: Session, usual: Usual) -> None:
        child = make_department(session, "价格处", parent=usual.lead)
        group = make_department(session, "各成员单位", parent=usual.body, kind=DepartmentKind.COLLECTIVE)
        off = make_department(session, "市旧局", parent=usual.body)
        off.is_active = False
        session.flush()
        cases = {
            "successor_is_itself": usual.lead,
            "successor_is_below": child,
            "successor_is_collective": group,
            "successor_inactive": off,
        }

        for expected, successor in cases.items():
            refused = problem(lambda one=successor: order_for(session, usual, usual.lead, one))  # type: ignore[misc]
            assert refused == ("successors", expected)
        assert problem(lambda: order_for(session, usual, usual.lead)) == ("successors", "required")

    @pytest.mark.parametrize(
        ("changed", "field", "expected"),
        [
            ({"reason": "  "}, "reason", "required"),
            ({"reason": "长" * 501}, "reason", "too_long"),
            ({"from_on": TODAY + timedelta(days=1)}, "from_on", "succession_in_future"),
            ({"kind": SuccessionKind.SPLIT}, "successors", "split_has_several_successors"),
        ],
    )
    def test_an_order_that_cannot_be_is_refused(
        self, session: Session, usual: Usual, changed: dict[str, object], field: str, expected: str
    ) -> None:
        order = order_for(session, usual, usual.lead, usual.other, **changed)

        assert problem(lambda: carry_out(session, usual, usual.lead, order)) == (field, expected)

    def test_somebody_in_post_at_both_has_the_post_once(self, session: Session, usual: Usual) -> None:
        both = make_person(session, "两处任职", (Role.LIAISON, usual.lead), (Role.LIAISON, usual.other))

        merge(session, usual, usual.lead, usual.other)

        query = select(PersonPost).where(PersonPost.person_id == both.id, PersonPost.to_on.is_(None))
        assert [one.department_id for one in session.scalars(query)] == [usual.other.id]

    def test_a_member_of_the_group_already_stays_one_member(self, session: Session, usual: Usual) -> None:
        group = make_department(session, "各成员单位", parent=usual.body, kind=DepartmentKind.COLLECTIVE)
        by = writing_by(usual.actor("sun"))
        members.add_members(session, group.id, [usual.lead.id, usual.other.id], from_on=date(2026, 1, 1), **by)

        merge(session, usual, usual.lead, usual.other)

        assert [one.id for one in members.members_on(session, group.id, TODAY)] == [usual.other.id]
        assert len(session.scalars(select(DepartmentMember)).all()) == 2
