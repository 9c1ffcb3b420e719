"""Liaisons are changed for many departments at once: no day between, one mail to each person, nothing unseen."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from taskboard import paths
from taskboard.domain.errors import NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.roles import Role
from taskboard.mail.rendering import MailRenderer
from taskboard.models import Department, HistoryEntry, OutboxMessage, Person, PersonPost
from taskboard.services import liaisons
from taskboard.services.liaisons import LiaisonResult
from tests.support.factories import (
    Usual,
    make_department,
    make_person,
    make_plan,
    make_task,
    writing_by,
)
from tests.support.queries import counted_queries
from tests.support.refusals import problem

TODAY = date(2026, 11, 23)
YESTERDAY = TODAY - timedelta(days=1)


def change(
    session: Session, usual: Usual, chosen: dict[int, str], *, by: str = "chen", key: str | None = None
) -> LiaisonResult:
    seen = liaisons.preview_liaisons(session, chosen, actor=usual.actor(by), today=TODAY)
    writing = writing_by(usual.actor(by))
    return liaisons.change_liaisons(session, chosen, mark=seen.mark, request_key=key, **writing)


def posts(session: Session, department: Department) -> list[tuple[str, date, date | None]]:
    query = (
        select(Person.name, PersonPost.from_on, PersonPost.to_on)
        .join(Person, Person.id == PersonPost.person_id)
        .where(PersonPost.department_id == department.id, PersonPost.role == Role.LIAISON)
        .order_by(PersonPost.id)
    )
    return [(name, first, last) for name, first, last in session.execute(query)]


class TestWhoChanges:
    def test_the_new_one_begins_on_the_day_after_the_last_of_the_former(self, session: Session, usual: Usual) -> None:
        result = change(session, usual, {usual.lead.id: "钱承办", usual.partner.id: usual.zhao.username})

        assert result.done == 2
        names = {name: (first, last) for name, first, last in posts(session, usual.lead)}
        assert names[usual.li.name][1] == YESTERDAY
        assert names[usual.qian.name] == (TODAY, None)
        assert posts(session, usual.partner)[-1] == (usual.zhao.name, TODAY, None)

    def test_of_two_liaisons_the_one_who_was_named_stays_and_the_other_ends(
        self, session: Session, usual: Usual
    ) -> None:
        second = make_person(session, "第二联络员", (Role.LIAISON, usual.lead))

        change(session, usual, {usual.lead.id: second.name})

        ends = {name: last for name, _, last in posts(session, usual.lead)}
        assert ends == {usual.li.name: YESTERDAY, second.name: None}

    def test_one_who_began_today_has_served_no_day(self, session: Session, usual: Usual) -> None:
        change(session, usual, {usual.lead.id: usual.qian.name})

        change(session, usual, {usual.lead.id: usual.zhao.name})

        assert [name for name, _, last in posts(session, usual.lead) if last is None] == [usual.zhao.name]
        assert usual.qian.name not in [name for name, _, _ in posts(session, usual.lead)]

    def test_a_department_without_a_liaison_gets_one(self, session: Session, usual: Usual) -> None:
        vacant = make_department(session, "市数据局", parent=usual.body)

        change(session, usual, {vacant.id: usual.zhao.name})

        assert posts(session, vacant) == [(usual.zhao.name, TODAY, None)]

    def test_a_head_names_the_liaison_of_the_own_department_only(self, session: Session, usual: Usual) -> None:
        change(session, usual, {usual.lead.id: usual.qian.name}, by="gao")

        assert posts(session, usual.lead)[-1][0] == usual.qian.name
        with pytest.raises(NotFound):
            change(session, usual, {usual.partner.id: usual.qian.name}, by="gao")

    @pytest.mark.parametrize("by", ["li", "qian", "liu"])
    def test_for_others_the_departments_do_not_exist(self, session: Session, usual: Usual, by: str) -> None:
        with pytest.raises(NotFound):
            change(session, usual, {usual.lead.id: usual.qian.name}, by=by)

    def test_a_supervisor_names_nobody_of_another_place(self, session: Session, usual: Usual) -> None:
        city = make_department(session, "外市人民政府")
        stranger = make_person(session, "外人", (Role.OFFICER, city))
        field = f"liaison_{usual.lead.id}"

        for words in (stranger.name, stranger.username, "没有此人", ""):
            act = lambda words=words: change(session, usual, {usual.lead.id: words})  # noqa: E731
            assert problem(act) == (field, "successor_unknown")
        with pytest.raises(NotFound):
            change(session, usual, {city.id: usual.qian.name})


class TestTogether:
    def test_each_person_gets_one_mail_for_all_departments(self, session: Session, usual: Usual) -> None:
        plan = make_plan(session, body=usual.body, imported_by=usual.chen)
        make_task(session, plan=plan, lead=usual.lead)
        chosen = {usual.lead.id: usual.zhao.name, usual.partner.id: usual.zhao.name}

        result = change(session, usual, chosen)

        mails = {one.person_id: one for one in session.scalars(select(OutboxMessage))}
        assert set(mails) == {usual.zhao.id, usual.li.id, usual.wang.id, usual.gao.id}
        assert result.told == 4
        both = mails[usual.zhao.id].facts["changes"]
        assert [(one["department"], one["is_new"], one["open_work"]) for one in both] == [
            (usual.lead.name, True, 1),
            (usual.partner.name, True, 0),
        ]
        assert [one["is_new"] for one in mails[usual.li.id].facts["changes"]] == [False]

    def test_the_mail_says_who_follows_whom(self, session: Session, usual: Usual) -> None:
        change(session, usual, {usual.lead.id: usual.qian.name})

        mails = session.scalars(select(OutboxMessage).where(OutboxMessage.person_id == usual.gao.id)).all()
        told = MailRenderer(paths.TEMPLATES, "http://taskboard.test").render(mails[0].template, mails[0].facts)
        assert f"由{usual.qian.name}担任联络员，{usual.li.name}不再担任" in told.text
        assert usual.lead.name in told.subject

    def test_the_same_request_twice_acts_once(self, session: Session, usual: Usual) -> None:
        seen = liaisons.preview_liaisons(session, {usual.lead.id: "钱承办"}, actor=usual.actor("chen"), today=TODAY)
        by = writing_by(usual.actor("chen"))

        first, again = (
            liaisons.change_liaisons(session, {usual.lead.id: "钱承办"}, mark=seen.mark, request_key="k", **by)
            for _ in range(2)
        )

        assert (first.done, again.is_repeated) == (1, True)
        assert len(session.scalars(select(OutboxMessage)).all()) == first.told

    def test_what_somebody_changed_meanwhile_is_shown_first(self, session: Session, usual: Usual) -> None:
        chosen = {usual.lead.id: usual.qian.name}
        mark = liaisons.preview_liaisons(session, chosen, actor=usual.actor("chen"), today=TODAY).mark
        make_person(session, "第二联络员", (Role.LIAISON, usual.lead))

        with pytest.raises(Stale):
            liaisons.change_liaisons(session, chosen, mark=mark, **writing_by(usual.actor("chen")))

    def test_naming_who_is_liaison_already_is_told(self, session: Session, usual: Usual) -> None:
        act = lambda: change(session, usual, {usual.lead.id: usual.li.name})  # noqa: E731

        assert problem(act) == ("liaisons", "liaisons_unchanged")

    def test_every_post_is_written_into_the_trail(self, session: Session, usual: Usual) -> None:
        change(session, usual, {usual.lead.id: usual.qian.name})

        query = select(HistoryEntry.act, HistoryEntry.subject_id, HistoryEntry.actor_id).where(
            HistoryEntry.subject == Subject.PERSON
        )
        assert [tuple(row) for row in session.execute(query.order_by(HistoryEntry.id))] == [
            (Change.POST_ADDED, usual.qian.id, usual.chen.id),
            (Change.POST_ENDED, usual.li.id, usual.chen.id),
        ]

    def test_the_departments_are_those_with_open_work_on_the_tasks(self, session: Session, usual: Usual) -> None:
        plan = make_plan(session, body=usual.body, imported_by=usual.chen)
        tasks = [make_task(session, plan=plan, lead=one) for one in (usual.lead, usual.partner)]
        ids = [one.id for one in tasks]

        found = {
            who: liaisons.departments_to_change(session, ids, actor=usual.actor(who)) for who in ("chen", "gao", "li")
        }

        assert found == {"chen": [usual.lead.id, usual.partner.id], "gao": [usual.lead.id], "li": []}

    def test_a_preview_of_many_departments_asks_no_more_than_of_one(
        self, engine: Engine, session: Session, usual: Usual
    ) -> None:
        chosen = {make_department(session, f"第{i}中心", parent=usual.body).id: usual.zhao.name for i in range(5)}
        actor = usual.actor("chen")
        asked = []
        for some in ({usual.lead.id: usual.zhao.name}, chosen):
            with counted_queries(engine) as queries:
                preview = liaisons.preview_liaisons(session, some, actor=actor, today=TODAY)
            assert len(preview.changes) == len(some)
            asked.append(len(queries))

        assert asked[0] == asked[1]
