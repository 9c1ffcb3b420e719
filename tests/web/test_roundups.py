"""The pages of dispatch tables and review packs: read, edited side by side, downloaded, sent."""

from __future__ import annotations

from datetime import date, time

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.clock import SettableClock
from taskboard.domain.jobs import JobName
from taskboard.domain.local_time import at_local
from taskboard.domain.roundups import RoundupKind
from taskboard.jobs.runner import run_by_hand
from taskboard.models import Roundup
from tests.support.factories import Usual, make_plan, make_task, usual_people
from tests.support.visitor import Visitor


@pytest.fixture
def usual(session: Session) -> Usual:
    usual = usual_people(session)
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    make_task(session, plan=plan, lead=usual.lead, due_on=date(2026, 11, 10), title="推行并联审批<试点>")
    session.commit()
    return usual


@pytest.fixture
def page(app: APIFlask, session: Session, usual: Usual, clock: SettableClock) -> str:
    """The address of the roundup of November."""
    clock.moment = at_local(date(2026, 12, 1), time(9))
    run_by_hand(app, JobName.ROUNDUPS, date(2026, 12, 1))
    session.rollback()
    return f"/roundups/{session.scalars(select(Roundup.id).where(Roundup.kind == RoundupKind.MONTHLY)).one()}"


def test_a_supervisor_finds_it_in_the_list_with_figures_moment_and_definition(
    client: FlaskClient, usual: Usual, page: str
) -> None:
    visitor = Visitor(client).enter(usual.chen)

    assert page in visitor.get("/roundups").text
    shown = visitor.get(page).text
    assert "2026年11月督办工作月调度表" in shown
    assert "推行并联审批&lt;试点&gt;" in shown
    assert "逾期 21 天" in shown
    assert "数据截至 2026-12-01 09:00" in shown
    assert "按时的口径" in shown


def test_two_who_edit_see_both_texts(client: FlaskClient, usual: Usual, page: str) -> None:
    visitor = Visitor(client).enter(usual.chen)
    fields = visitor.form_at(page)
    visitor.post(f"{page}/words", **{**fields, "words": "先保存的"})

    answer = visitor.post(f"{page}/words", **{**fields, "words": "后来的"})

    assert answer.status_code == 409
    assert "先保存的" in answer.text
    assert "后来的" in answer.text


def test_an_empty_text_is_asked_for_again(client: FlaskClient, usual: Usual, page: str) -> None:
    visitor = Visitor(client).enter(usual.chen)

    answer = visitor.post(f"{page}/words", words=" ", version="1")

    assert answer.status_code == 422
    assert "请填写正文。" in answer.text


def test_it_is_downloaded_under_its_own_name(client: FlaskClient, usual: Usual, page: str) -> None:
    visitor = Visitor(client).enter(usual.chen)

    answers = {ending: visitor.get(f"{page}.{ending}") for ending in ("docx", "xlsx")}

    for ending, answer in answers.items():
        assert answer.data.startswith(b"PK")
        assert f".{ending}" in answer.headers["Content-Disposition"]


def test_it_is_sent_once_and_read_by_who_got_it(client: FlaskClient, usual: Usual, page: str) -> None:
    visitor = Visitor(client).enter(usual.chen)
    nobody = visitor.post(f"{page}/send", version="1")
    foreign = visitor.post(f"{page}/send", version="1", people=str(usual.li.id))
    sent = visitor.post(f"{page}/send", version="1", people=str(usual.liu.id))
    again = visitor.post(f"{page}/send", version="2", people=str(usual.chen.id), request_key="another")

    assert (nobody.status_code, foreign.status_code, sent.status_code, again.status_code) == (422, 422, 303, 422)
    assert "请选择收件人" in nobody.text
    assert f"发送给：{usual.liu.name}" in visitor.get(page).text
    leader = visitor.enter(usual.liu)
    assert "推行并联审批" in leader.get(page).text
    assert f"{page}/words" not in leader.get(page).text
    assert leader.get("/inbox").text.count("2026年11月督办工作月调度表") == 1


def test_who_edits_what_another_sent_meanwhile_reads_so_and_keeps_the_text(
    client: FlaskClient, usual: Usual, page: str
) -> None:
    visitor = Visitor(client).enter(usual.chen)
    visitor.post(f"{page}/send", people=str(usual.liu.id), version="1")

    edited = visitor.post(f"{page}/words", words="另写的正文", version="1")
    sent = visitor.post(f"{page}/send", people=str(usual.liu.id), version="1")

    assert [answer.status_code for answer in (edited, sent)] == [422, 422]
    for answer in (edited, sent):
        assert "已于 2026-12-01 09:00 发送，不能再改" in answer.text
    assert "另写的正文" in edited.text


@pytest.mark.parametrize("who", ["liu", "li", "sun"])
def test_a_draft_does_not_exist_for_others(client: FlaskClient, usual: Usual, page: str, who: str) -> None:
    visitor = Visitor(client).enter(getattr(usual, who))

    assert [visitor.get(f"{page}{ending}").status_code for ending in ("", ".docx", ".xlsx")] == [404] * 3
