"""The calendar's pages: the years for who reads the directory, the notice for administrators."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from taskboard.services.calendar import load_calendar, seed_calendar
from tests.support.factories import Usual
from tests.support.holiday_notices import NOTICE
from tests.support.visitor import Visitor


@pytest.fixture(autouse=True)
def calendar(session: Session) -> None:
    seed_calendar(session)
    session.commit()


def is_worked(session: Session, day: date) -> bool:
    session.rollback()
    return load_calendar(session).is_working_day(day)


def test_the_years_say_which_is_estimated_and_what_is_missing(visitor: Visitor, usual: Usual) -> None:
    page = visitor.enter(usual.chen).get("/calendar").text

    assert "2027 年的放假安排还没有录入" in page
    assert "预估" in page
    assert "录入放假通知" not in page


def test_the_days_of_a_year_have_chinese_names(visitor: Visitor, usual: Usual) -> None:
    page = visitor.enter(usual.sun).get("/calendar/2026").text

    assert "2026年2月14日" in page
    assert "调休上班" in page
    assert "春节" in page
    assert "Festival" not in page


@pytest.mark.parametrize("year", ["2001", "2040", "0"])
def test_a_year_out_of_reach_does_not_exist(visitor: Visitor, usual: Usual, year: str) -> None:
    assert visitor.enter(usual.sun).get(f"/calendar/{year}").status_code == 404


def test_a_notice_is_looked_at_before_it_is_taken_over(visitor: Visitor, usual: Usual, session: Session) -> None:
    answer = visitor.enter(usual.sun).post("/calendar/notice", text=NOTICE)

    assert answer.status_code == 303
    for page in (visitor.get(answer.location).text, visitor.get(answer.location).text):
        assert "确认录入" in page
        assert "2027年10月9日" in page
        assert "端午节：6月9日" in page
    assert not is_worked(session, date(2027, 10, 9))


def test_a_notice_taken_over_is_the_calendar(visitor: Visitor, usual: Usual, session: Session) -> None:
    answer = visitor.enter(usual.sun).post("/calendar/notice", text=NOTICE, adopt="1")

    assert answer.status_code == 302
    page = visitor.get(answer.location).text
    assert "已录入 2027 年的放假安排" in page
    assert "还没有录入" not in page
    assert is_worked(session, date(2027, 10, 9))


def test_a_notice_that_was_taken_over_leaves_nothing_to_confirm(visitor: Visitor, usual: Usual) -> None:
    visitor.enter(usual.sun).post("/calendar/notice", text=NOTICE, adopt="1")

    preview = visitor.get(visitor.post("/calendar/notice", text=NOTICE).location).text
    again = visitor.get(visitor.post("/calendar/notice", text=NOTICE, adopt="1").location).text

    assert "这份通知已经录入，日历没有变化" in preview
    assert "确认录入" not in preview
    assert "2027 年的放假安排已经录入过，日历没有变化。" in again


def test_a_notice_that_cannot_be_is_refused_and_kept_as_typed(visitor: Visitor, usual: Usual, session: Session) -> None:
    wrong = NOTICE.replace("10月9日（周六）", "10月9日（周五）")

    answer = visitor.enter(usual.sun).post("/calendar/notice", text=wrong, adopt="1")

    assert answer.status_code == 422
    assert "2027年10月9日是星期六" in answer.text
    assert "端午节：6月9日" in answer.text
    assert not is_worked(session, date(2027, 10, 9))


@pytest.mark.parametrize("name", ["li", "gao", "liu"])
def test_everybody_else_is_kept_out(visitor: Visitor, usual: Usual, name: str) -> None:
    assert visitor.enter(getattr(usual, name)).get("/calendar").status_code == 403


def test_a_supervisor_cannot_enter_a_notice(visitor: Visitor, usual: Usual, session: Session) -> None:
    assert visitor.enter(usual.chen).post("/calendar/notice", text=NOTICE, adopt="1").status_code == 403
    assert not is_worked(session, date(2027, 10, 9))
