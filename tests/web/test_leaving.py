"""Handing over through the pages: where switching off leads, what stands there, and what comes of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.roles import Role
from taskboard.models import Assignment, Person, PersonPost
from tests.support.factories import Usual, make_person, make_plan, make_task
from tests.support.visitor import Visitor


@pytest.fixture
def work(session: Session, usual: Usual) -> Assignment:
    """Dispatched to qian, in the department of li."""
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    task = make_task(session, plan=plan, lead=usual.lead, title="推行并联审批")
    found = session.scalars(select(Assignment).where(Assignment.task_id == task.id)).one()
    found.officer_id = usual.qian.id
    make_person(session, "新承办", (Role.OFFICER, usual.lead), username="xin")
    session.commit()
    return found


def post_id(session: Session, person: Person) -> int:
    return session.scalars(select(PersonPost.id).where(PersonPost.person_id == person.id)).one()


def is_active(session: Session, person: Person) -> bool:
    session.rollback()
    return session.get_one(Person, person.id).is_active


def test_switching_off_leads_to_the_handover_and_from_there_to_the_end(
    visitor: Visitor, usual: Usual, session: Session, work: Assignment
) -> None:
    officer = session.scalars(select(Person).where(Person.username == "xin")).one()
    answer = visitor.enter(usual.sun).post(f"/people/{usual.qian.id}/switch-off")
    path = f"/people/{usual.qian.id}/leaving"
    assert answer.location == path

    page = visitor.get(path).text
    assert "推行并联审批" in page
    assert "请先交接" in page
    answer = visitor.post(path, **{f"officer_{usual.lead.id}": str(officer.id)})

    assert "工作已交接" in visitor.get(answer.location).text
    assert not is_active(session, usual.qian)
    assert session.get_one(Assignment, work.id).officer_id == officer.id


def test_a_post_that_ends_goes_to_the_successor_named(
    visitor: Visitor, usual: Usual, session: Session, work: Assignment
) -> None:
    post = post_id(session, usual.li)
    answer = visitor.enter(usual.sun).post(f"/people/{usual.li.id}/posts/{post}/end", last_day="2026-12-31")
    assert "任期到 2026年12月31日为止" in visitor.get(answer.location).text

    fields = {f"post_{post}": "successor", f"successor_{post}": "赵旁观", f"from_{post}": "2027-01-01"}
    answer = visitor.post(answer.location.partition("?")[0], last_day="2026-12-31", **fields)

    assert answer.status_code == 302
    session.rollback()
    assert str(session.get_one(PersonPost, post).to_on) == "2026-12-31"
    roles = session.scalars(select(PersonPost.role).where(PersonPost.person_id == usual.zhao.id)).all()
    assert roles == [Role.LIAISON, Role.LIAISON]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "请选择交给谁"),
        ({"post": "successor"}, "请选择交给谁"),
        ({"post": "successor", "successor": "查无此人"}, "没有找到“查无此人”"),
        ({"post": "successor", "successor": "zhao", "from": "2027-03-01"}, "中间不能空缺"),
        ({"post": "successor", "successor": "zhao", "from": "明天"}, "日期的写法不对"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(  # noqa: PLR0917 - the cases and the usual fixtures
    visitor: Visitor, usual: Usual, session: Session, work: Assignment, fields: dict[str, str], words: str
) -> None:
    post = post_id(session, usual.li)

    answer = visitor.enter(usual.sun).post(
        f"/people/{usual.li.id}/leaving", **{f"{name}_{post}": value for name, value in fields.items()}
    )

    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{fields.get("successor", "")}"' in answer.text
    assert is_active(session, usual.li)


def test_left_to_those_above_it_needs_nobody(
    visitor: Visitor, usual: Usual, session: Session, work: Assignment
) -> None:
    page = visitor.enter(usual.sun).get(f"/people/{usual.li.id}/leaving").text
    assert "暂不接任，由陈督查代办" in page

    visitor.post(f"/people/{usual.li.id}/leaving", **{f"post_{post_id(session, usual.li)}": "vacant"})

    assert not is_active(session, usual.li)


def test_who_holds_nothing_is_switched_off_at_once(visitor: Visitor, usual: Usual, session: Session) -> None:
    page = visitor.enter(usual.sun).get(f"/people/{usual.zhao.id}/leaving").text
    assert "没有只由赵旁观负责的未办结工作" in page

    visitor.post(f"/people/{usual.zhao.id}/leaving")

    assert not is_active(session, usual.zhao)


@pytest.mark.parametrize("name", ["chen", "li", "liu"])
def test_nobody_else_gets_there(visitor: Visitor, usual: Usual, session: Session, name: str) -> None:
    visitor.enter(getattr(usual, name))

    assert visitor.get(f"/people/{usual.zhao.id}/leaving").status_code == 403
    assert visitor.post(f"/people/{usual.zhao.id}/leaving").status_code == 403
    assert is_active(session, usual.zhao)


def test_unknown_people_and_the_posts_of_others_are_not_found(visitor: Visitor, usual: Usual, session: Session) -> None:
    visitor.enter(usual.sun)

    assert visitor.get("/people/999/leaving").status_code == 404
    assert visitor.get(f"/people/{usual.li.id}/leaving/posts/{post_id(session, usual.wang)}").status_code == 404


def test_who_holds_nothing_is_asked_about_before_they_are_switched_off(
    visitor: Visitor, usual: Usual, session: Session
) -> None:
    page = visitor.enter(usual.sun).get(f"/people/{usual.li.id}").text
    assert f'href="/people/{usual.li.id}/leaving"' in page
    assert f'action="/people/{usual.li.id}/switch-off"' not in page

    page = visitor.get(f"/people/{usual.li.id}/leaving").text
    assert "现有岗位：市发展改革委联络员" in page
    assert f'action="/people/{usual.li.id}/switch-off"' in page
    assert is_active(session, usual.li)
