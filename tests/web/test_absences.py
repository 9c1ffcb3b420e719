"""The pages on which an absence is entered: by oneself, by a head, by an administrator."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.models import PersonAbsence
from tests.support.factories import Usual, usual_people
from tests.support.visitor import Visitor

OWN = "/account/absences"


@pytest.fixture
def usual(session: Session) -> Usual:
    usual = usual_people(session)
    session.commit()
    return usual


def values(usual: Usual, **changes: str) -> dict[str, str]:
    return {"from_on": "2026-11-24", "to_on": "2026-11-27", "deputy": str(usual.gao.id), "note": "出差", **changes}


def test_somebody_enters_and_takes_back_their_own_absence(client: FlaskClient, session: Session, usual: Usual) -> None:
    visitor = Visitor(client).enter(usual.li)

    entered = visitor.post(OWN, **values(usual))
    page = visitor.get(OWN).text
    session.rollback()
    absence_id = session.scalars(select(PersonAbsence.id)).one()
    ended = visitor.post(f"/people/{usual.li.id}/absences/{absence_id}/end")

    assert (entered.status_code, ended.status_code) == (303, 303)
    assert "2026年11月24日至2026年11月27日" in page
    assert "能办什么仍看其本人的岗位" in page
    back = visitor.get(OWN).text
    assert "这次外出登记已取消。" in back
    assert "没有登记外出" in back


def test_who_takes_it_back_a_second_time_reads_that_it_was_done(
    client: FlaskClient, session: Session, usual: Usual
) -> None:
    visitor = Visitor(client).enter(usual.li)
    visitor.post(OWN, **values(usual))
    session.rollback()
    address = f"/people/{usual.li.id}/absences/{session.scalars(select(PersonAbsence.id)).one()}/end"
    visitor.post(address)
    visitor.get(OWN)

    again = visitor.post(address)

    assert (again.status_code, again.location) == (303, OWN)
    assert "此前已经取消或结束，没有再改动" in visitor.get(OWN).text


def test_the_address_of_the_button_leads_to_the_page_of_absences(client: FlaskClient, usual: Usual) -> None:
    page = f"/people/{usual.li.id}/absences"

    answer = Visitor(client).enter(usual.li).get(f"{page}/7/end")

    assert (answer.status_code, answer.location) == (302, page)


def test_what_was_typed_comes_back_with_what_is_wrong(client: FlaskClient, usual: Usual) -> None:
    visitor = Visitor(client).enter(usual.li)

    answers = [
        visitor.post(OWN, **values(usual, to_on="2026-11-20", note="学习去了")),
        visitor.post(OWN, **values(usual, to_on="")),
        visitor.post(OWN, **values(usual, deputy=str(usual.wang.id))),
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert "结束日不能早于开始日。" in answers[0].text
    assert "学习去了" in answers[0].text
    assert "请填写结束日。" in answers[1].text


def test_days_that_overlap_name_what_is_there(client: FlaskClient, usual: Usual) -> None:
    visitor = Visitor(client).enter(usual.li)
    visitor.post(OWN, **values(usual))

    answer = visitor.post(OWN, **values(usual, from_on="2026-11-27", to_on="2026-11-30"))

    assert answer.status_code == 422
    assert "与已登记的外出（2026年11月24日至2026年11月27日）重叠" in answer.text


def test_a_head_finds_the_people_of_the_department_and_enters_for_them(client: FlaskClient, usual: Usual) -> None:
    visitor, page = Visitor(client).enter(usual.gao), f"/people/{usual.li.id}/absences"

    linked = visitor.get(OWN).text
    entered = visitor.post(page, **values(usual, from_on="2026-11-23"))

    assert page in linked
    assert entered.location == page
    assert "外出至2026年11月27日" in visitor.get(OWN).text


def test_the_lists_of_people_say_who_is_away(client: FlaskClient, usual: Usual) -> None:
    administrator = Visitor(client).enter(usual.sun)
    administrator.post(f"/people/{usual.li.id}/absences", **values(usual, from_on="2026-11-23"))

    assert f"外出至2026年11月27日，{usual.gao.name}代收" in administrator.get("/people").text
    assert f"代收人：{usual.gao.name}" in Visitor(client).enter(usual.chen).get(f"/people/{usual.li.id}").text


@pytest.mark.parametrize("who", ["qian", "wang", "chen"])
def test_for_others_the_page_does_not_exist(client: FlaskClient, usual: Usual, who: str) -> None:
    visitor = Visitor(client).enter(getattr(usual, who))

    assert visitor.get(f"/people/{usual.li.id}/absences").status_code == 404
    assert visitor.post(f"/people/{usual.li.id}/absences", **values(usual)).status_code == 404
