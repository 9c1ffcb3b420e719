"""Nobody goes while open work hangs on them alone; a handover gives it new holders and tells them once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotAllowed, NotFound
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.models import Assignment, HistoryEntry, OutboxMessage, Person, PersonPost, Plan, Task
from taskboard.services import leaving, people, posts
from taskboard.services.holdings import Holdings, find_holdings
from taskboard.services.leaving import Handover, Succession
from tests.support.factories import (
    Usual,
    make_department,
    make_person,
    make_plan,
    make_task,
    writing_by,
)

TODAY = date(2026, 11, 23)
TOMORROW = TODAY + timedelta(days=1)
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def task(session: Session, usual: Usual) -> Task:
    """Led by the lead, with its officer."""
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    task = make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,), title="推行并联审批")
    branch(session, task).officer_id = usual.qian.id
    session.flush()
    return task


def branch(session: Session, task: Task) -> Assignment:
    return session.scalars(select(Assignment).where(Assignment.task_id == task.id, Assignment.position == 0)).one()


def post_of(session: Session, person: Person) -> PersonPost:
    return session.scalars(select(PersonPost).where(PersonPost.person_id == person.id)).one()


def held(session: Session, person: Person) -> Holdings:
    return find_holdings(session, person.id, gone_on=TODAY)


def switch_off(session: Session, usual: Usual, person: Person) -> None:
    people.switch_off(session, person.id, today=TODAY, **writing_by(usual.actor("sun")))


def hand_over(session: Session, usual: Usual, person: Person, order: Handover, who: str = "sun", **more: Any) -> None:
    leaving.hand_over(session, person.id, order, today=TODAY, **more, **writing_by(usual.actor(who)))


def problem(session: Session, usual: Usual, person: Person, order: Handover) -> tuple[str, str]:
    with pytest.raises(Invalid) as refused:
        hand_over(session, usual, person, order)
    return refused.value.field, refused.value.problem


class TestWhatHangs:
    @pytest.mark.parametrize("name", ["qian", "li", "gao", "wang", "chen"])
    def test_nobody_goes_who_alone_holds_open_work(self, session: Session, usual: Usual, task: Task, name: str) -> None:
        person = getattr(usual, name)

        with pytest.raises(Invalid) as refused:
            switch_off(session, usual, person)

        assert refused.value.problem == "work_hangs"
        assert refused.value.facts["count"] == 1
        assert person.is_active

    @pytest.mark.parametrize("name", ["zhao", "liu"])
    def test_who_holds_none_goes(self, session: Session, usual: Usual, task: Task, name: str) -> None:
        switch_off(session, usual, getattr(usual, name))

        assert not getattr(usual, name).is_active

    @pytest.mark.parametrize(
        ("name", "role", "place"),
        [
            ("li", Role.LIAISON, "lead"),
            ("gao", Role.HEAD, "lead"),
            ("chen", Role.SUPERVISOR, "body"),
        ],
    )
    def test_a_second_holder_of_the_post_is_enough(  # noqa: PLR0917 - the cases and the usual fixtures
        self, session: Session, usual: Usual, task: Task, name: str, role: Role, place: str
    ) -> None:
        colleague = make_person(session, "同事", (role, getattr(usual, place)))
        assert held(session, getattr(usual, name)) == Holdings()

        colleague.is_active = False
        session.flush()
        assert held(session, getattr(usual, name)).count == 1

    def test_a_supervisor_further_above_is_enough(self, session: Session, usual: Usual) -> None:
        county = make_department(session, "槐阳县", parent=usual.body)
        supervisor = make_person(session, "县督查", (Role.SUPERVISOR, county))
        plan = make_plan(session, body=county, imported_by=supervisor)
        make_task(session, plan=plan, lead=usual.other)

        assert held(session, supervisor) == Holdings()
        assert held(session, usual.chen).posts == ()

    @pytest.mark.parametrize("state", [TaskState.CLOSED, TaskState.TERMINATED, TaskState.DRAFT])
    def test_what_is_not_open_holds_nobody(self, session: Session, usual: Usual, task: Task, state: TaskState) -> None:
        task.state = state
        session.flush()

        assert held(session, usual.li) == held(session, usual.qian) == Holdings()

    def test_a_post_does_not_end_either_but_one_with_a_successor_in_time_does(
        self, session: Session, usual: Usual, task: Task
    ) -> None:
        post = post_of(session, usual.li)
        by = writing_by(usual.actor("sun"))
        with pytest.raises(Invalid):
            posts.end_post(session, usual.li.id, post.id, last_day=TODAY, today=TODAY, **by)
        posts.add_post(session, usual.zhao.id, role=Role.LIAISON, department_id=usual.lead.id, from_on=TOMORROW, **by)

        with pytest.raises(Invalid):
            posts.end_post(session, usual.li.id, post.id, last_day=YESTERDAY, today=TODAY, **by)
        posts.end_post(session, usual.li.id, post.id, last_day=TODAY, today=TODAY, **by)

        assert post.to_on == TODAY

    def test_what_waits_for_the_post_is_counted(self, session: Session, usual: Usual, task: Task) -> None:
        branch(session, task).state = AssignmentState.HEAD_REVIEW
        session.flush()

        [post] = held(session, usual.gao).posts
        assert (post.open_work, post.undecided, post.stand_ins) == (1, 1, ("陈督查",))


class TestHandingOver:
    def test_an_officers_work_goes_to_another_officer_who_is_told(
        self, session: Session, usual: Usual, task: Task
    ) -> None:
        officer = make_person(session, "新承办", (Role.OFFICER, usual.lead), username="xin")

        hand_over(session, usual, usual.qian, Handover(officers={usual.lead.id: officer.id}))

        assert branch(session, task).officer_id == officer.id
        assert not usual.qian.is_active
        [mail] = session.scalars(select(OutboxMessage)).all()
        assert (mail.template, mail.to_address) == ("taking_over", "xin@example.org")
        assert [one["title"] for one in mail.facts["tasks"]] == ["推行并联审批"]

    def test_single_work_may_go_elsewhere_and_the_rest_back_to_the_liaison(
        self, session: Session, usual: Usual, task: Task
    ) -> None:
        officer = make_person(session, "新承办", (Role.OFFICER, usual.lead))
        second = make_task(session, plan=session.get_one(Plan, task.plan_id), lead=usual.lead)
        branch(session, second).officer_id = usual.qian.id
        session.flush()

        order = Handover(officers={usual.lead.id: None}, assignments={branch(session, second).id: officer.id})
        hand_over(session, usual, usual.qian, order)

        assert branch(session, task).officer_id is None
        assert branch(session, second).officer_id == officer.id

    def test_a_post_goes_to_a_successor_without_a_day_between(self, session: Session, usual: Usual, task: Task) -> None:
        order = Handover(posts={post_of(session, usual.li).id: Succession(usual.zhao.id, to_on=date(2027, 6, 30))})

        hand_over(session, usual, usual.li, order)

        new = [one for one in posts.list_posts(session, usual.zhao.id) if one.department == usual.lead.name]
        assert [(one.role, one.from_on, one.to_on) for one in new] == [(Role.LIAISON, TODAY, date(2027, 6, 30))]
        assert post_of(session, usual.li).to_on == YESTERDAY
        assert not usual.li.is_active

    def test_one_post_may_be_handed_over_for_a_coming_day(self, session: Session, usual: Usual, task: Task) -> None:
        post, last_day = post_of(session, usual.li), date(2026, 12, 31)

        order = Handover(posts={post.id: Succession(usual.zhao.id)})
        hand_over(session, usual, usual.li, order, post_id=post.id, last_day=last_day)

        assert post.to_on == last_day
        assert usual.li.is_active
        assert posts.list_posts(session, usual.zhao.id)[0].from_on == date(2027, 1, 1)

    def test_a_post_may_be_left_to_those_above_by_decision(self, session: Session, usual: Usual, task: Task) -> None:
        hand_over(session, usual, usual.li, Handover(posts={post_of(session, usual.li).id: Succession(None)}))

        assert not usual.li.is_active
        entries = session.scalars(select(HistoryEntry).where(HistoryEntry.subject_id == usual.li.id)).all()
        assert {"vacated": "市发展改革委", "role": "liaison"} in [entry.after for entry in entries]

    def test_it_stands_in_the_tasks_history(self, session: Session, usual: Usual, task: Task) -> None:
        hand_over(session, usual, usual.qian, Handover(officers={usual.lead.id: None}))

        entry = session.scalars(select(HistoryEntry).where(HistoryEntry.task_id == task.id)).one()
        part = f"assignment:{branch(session, task).id}"
        assert (entry.act.value, entry.actor_id) == ("work_handed_over", usual.sun.id)
        assert (entry.before, entry.after) == (
            {part: {"officer_id": usual.qian.id}},
            {part: {"officer_id": None}},
        )

    def test_what_was_not_chosen_or_cannot_be_is_refused_by_its_field(
        self, session: Session, usual: Usual, task: Task
    ) -> None:
        post, lead = post_of(session, usual.li).id, usual.lead.id

        def with_post(succession: Succession) -> tuple[str, str]:
            return problem(session, usual, usual.li, Handover(posts={post: succession}))

        assert problem(session, usual, usual.li, Handover()) == (f"post_{post}", "handover_incomplete")
        assert with_post(Succession(usual.li.id)) == (f"successor_{post}", "handover_to_oneself")
        assert with_post(Succession(usual.zhao.id, from_on=TOMORROW)) == (f"from_{post}", "handover_gap")
        qian = usual.qian
        assert problem(session, usual, qian, Handover()) == (f"officer_{lead}", "handover_incomplete")
        for officer_id, words in ((qian.id, "handover_to_oneself"), (usual.zhao.id, "not_officer")):
            order = Handover(officers={lead: officer_id})
            assert problem(session, usual, qian, order) == (f"officer_{lead}", words)
        assert usual.li.is_active

    @pytest.mark.parametrize("who", ["chen", "gao", "li"])
    def test_only_administrators_do_it(self, session: Session, usual: Usual, task: Task, who: str) -> None:
        with pytest.raises(NotAllowed):
            hand_over(session, usual, usual.qian, Handover(officers={usual.lead.id: None}), who)
        with pytest.raises(NotAllowed):
            leaving.prepare_leaving(session, usual.qian.id, gone_on=TODAY, **writing_by(usual.actor(who)))

    def test_nobody_and_the_post_of_somebody_else_are_not_found(self, session: Session, usual: Usual) -> None:
        by = writing_by(usual.actor("sun"))
        with pytest.raises(NotFound):
            leaving.prepare_leaving(session, 999, gone_on=TODAY, **by)
        with pytest.raises(NotFound):
            leaving.prepare_leaving(session, usual.li.id, gone_on=TODAY, post_id=post_of(session, usual.wang).id, **by)


def test_a_successor_is_found_by_account_or_by_a_name_that_is_theirs_alone(session: Session, usual: Usual) -> None:
    make_person(session, "张三")
    make_person(session, "张三")

    assert leaving.find_successor(session, " ZHAO ", field="f").id == usual.zhao.id
    assert leaving.find_successor(session, "赵旁观", field="f").id == usual.zhao.id
    for words in ("张三", "没有的人"):
        with pytest.raises(Invalid):
            leaving.find_successor(session, words, field="f")
