"""The page on which people choose how notices come, and the link by which a mail is left without signing in."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard.config import Settings
from taskboard.domain.notice_kinds import NoticeWish, Stream, leave_path, leave_token
from taskboard.models import HistoryEntry, Person
from tests.support.factories import Usual, usual_people
from tests.support.visitor import Visitor

PAGE = "/account/notices"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def usual(session: Session) -> Usual:
    usual = usual_people(session)
    session.commit()
    return usual


def fresh(session: Session, person: Person) -> Person:
    session.rollback()
    session.refresh(person)
    return person


def link(settings: Settings, person: Person, stream: Stream = Stream.NOTICES) -> str:
    return leave_path(leave_token(settings.secret_key, person.id, stream))


def test_the_page_keeps_what_was_chosen_and_says_what_cannot_be_off(
    client: FlaskClient, session: Session, usual: Usual
) -> None:
    visitor = Visitor(client).enter(usual.li)
    before = visitor.get(PAGE)

    answer = visitor.post(PAGE, notices="morning")

    assert "不能关的通知" in before.text
    assert "督查员的催办" in before.text
    assert answer.status_code == 303
    person = fresh(session, usual.li)
    assert (person.notice_wish, person.wants_digest) == (NoticeWish.MORNING, False)
    assert re.findall(r'<input[^>]*checked[^>]*value="(\w+)"', visitor.get(PAGE).text) == ["morning"]
    assert fresh(session, usual.gao).notice_wish is NoticeWish.AT_ONCE


@pytest.mark.parametrize("typed", [{}, {"notices": "never"}, {"notices": ""}])
def test_a_choice_that_is_none_is_asked_for_again(
    client: FlaskClient, session: Session, usual: Usual, typed: dict[str, str]
) -> None:
    answer = Visitor(client).enter(usual.li).post(PAGE, **typed)

    assert answer.status_code == 422
    assert fresh(session, usual.li).notice_wish is NoticeWish.AT_ONCE


def test_a_supervisor_is_told_that_the_overview_comes_every_week(client: FlaskClient, usual: Usual) -> None:
    assert "督查总览和系统运行情况每周照发" in Visitor(client).enter(usual.chen).get(PAGE).text
    assert "督查总览和系统运行情况每周照发" not in Visitor(client).enter(usual.li).get(PAGE).text


def test_one_click_leaves_without_a_session_and_twice_is_once(
    client: FlaskClient, session: Session, usual: Usual, settings: Settings
) -> None:
    address = link(settings, usual.li)

    answers = [client.post(address, data=ONE_CLICK) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert "已退订" in answers[0].text
    assert fresh(session, usual.li).notice_wish is NoticeWish.NONE
    [entry] = session.scalars(select(HistoryEntry))
    assert (entry.entrance, entry.actor_id) == ("mail", usual.li.id)


def test_the_link_of_the_digest_ends_the_digest_alone(
    client: FlaskClient, session: Session, usual: Usual, settings: Settings
) -> None:
    client.post(link(settings, usual.li, Stream.DIGEST), data=ONE_CLICK)

    person = fresh(session, usual.li)
    assert (person.notice_wish, person.wants_digest) == (NoticeWish.AT_ONCE, False)


def test_following_the_link_only_asks(client: FlaskClient, session: Session, usual: Usual, settings: Settings) -> None:
    answer = client.get(link(settings, usual.li))

    assert answer.status_code == 200
    assert "点击下面的按钮后" in answer.text
    assert "督查员的催办" in answer.text
    assert usual.li.name not in answer.text
    assert fresh(session, usual.li).notice_wish is NoticeWish.AT_ONCE


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("way", ["nothing", "another's", "cut", "foreign key"])
def test_a_link_that_was_tampered_with_is_refused(
    client: FlaskClient, session: Session, usual: Usual, settings: Settings, *, method: str, way: str
) -> None:
    own = link(settings, usual.li)
    address = {
        "nothing": "/unsubscribe",
        "another's": own.replace(f"token={usual.li.id}.", f"token={usual.gao.id}."),
        "cut": own[:-1],
        "foreign key": leave_path(leave_token("another secret key", usual.li.id, Stream.NOTICES)),
    }[way]

    answer = client.open(address, method=method, data=ONE_CLICK)

    assert answer.status_code == 404
    assert "退订链接无效" in answer.text
    assert "岗位" not in answer.text
    assert {fresh(session, one).notice_wish for one in (usual.li, usual.gao)} == {NoticeWish.AT_ONCE}


def test_the_link_of_an_account_that_was_switched_off_leads_nowhere(
    client: FlaskClient, session: Session, usual: Usual, settings: Settings
) -> None:
    address = link(settings, usual.li)
    session.execute(update(Person).where(Person.id == usual.li.id).values(is_active=False))
    session.commit()

    answers = [client.get(address), client.post(address, data=ONE_CLICK)]

    assert [(one.status_code, "退订链接无效" in one.text) for one in answers] == [(404, True)] * 2


def test_the_page_of_leaving_says_whose_notices_it_is_about_and_gives_no_address_away(
    client: FlaskClient, session: Session, usual: Usual, settings: Settings
) -> None:
    address = link(settings, usual.li)
    by_address = client.get(address).text
    usual.li.email = None
    session.commit()
    by_name = client.get(address).text

    assert "收件人：l***@example.org" in by_address
    assert "li@example.org" not in by_address
    assert f"收件人：{usual.li.name[0]}***" in by_name
    assert usual.li.name not in by_name


def test_who_has_no_address_reads_that_nothing_can_be_mailed(
    client: FlaskClient, session: Session, usual: Usual
) -> None:
    with_address = Visitor(client).enter(usual.li).get("/account/notices").text
    usual.li.email = None
    session.commit()

    assert "都发不到您的邮箱" not in with_address
    assert "都发不到您的邮箱" in Visitor(client).enter(usual.li).get("/account/notices").text
