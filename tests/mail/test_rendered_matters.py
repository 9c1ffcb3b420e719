"""The notices of instructions and of requests for help, rendered from the facts of the real acts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard import paths
from taskboard.domain.instructions import Addressee
from taskboard.mail.rendering import MailRenderer
from taskboard.models import HelpRequest, InstructionDuty, OutboxMessage
from taskboard.services import help_requests, instructions, reports
from taskboard.services.help_requests import Decision
from taskboard.services.instructions import Wish
from tests.support import factories
from tests.support.factories import NOW
from tests.support.tables import assignment_of

RENDERER = MailRenderer(paths.TEMPLATES, "http://taskboard.test")
DAY = date(2026, 12, 4)


@pytest.fixture
def walked(session: Session) -> dict[str, str]:
    """The text of the last mail of each template after an instruction and a request went their whole way."""
    usual = factories.usual_people(session)
    plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
    task = factories.make_task(session, plan=plan, lead=usual.lead, title="推行并联审批<试点>")

    def by(who: str) -> dict[str, Any]:
        return {"actor": usual.actor(who), "now": NOW, "entrance": "test"}

    instructions.instruct_on_task(
        session, task.id, Wish("请说明<原因>。", DAY, frozenset({Addressee.LEADS})), **by("liu")
    )
    duty = session.scalars(select(InstructionDuty.id)).one()
    instructions.reply(session, duty, text="已约谈。", **by("li"))
    instructions.return_reply(session, duty, reason="没有说明原因", reply_due_on=DAY, **by("liu"))
    lead = assignment_of(session, task, usual.lead)
    reports.report_progress(session, lead.id, done="推进中", help_needed="请协调资金。", **by("li"))
    request = session.scalars(select(HelpRequest.id)).one()
    help_requests.decide(session, request, Decision("由市教育局统筹。", "市教育局", DAY), **by("chen"))
    help_requests.confirm_done(session, request, outcome="资金已下达", **by("zhao"))
    found = {}
    for mail in session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)):
        rendered = RENDERER.render(mail.template, mail.facts)
        assert "<原因>" not in rendered.html
        found[mail.template] = f"{rendered.subject}\n{rendered.text}"
    return found


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("instruction_given", ["领导批示：推行并联审批<试点>", "请说明<原因>。", "2026年12月4日", "/instructions/"]),
        ("instruction_replied", ["批示回复：", "市发展改革委回复了批示", "已约谈。"]),
        ("instruction_decided", ["被退回", "没有说明原因", "重新回复"]),
        ("help_asked", ["需协调：", "市发展改革委提请协调", "请协调资金。"]),
        ("help_decided", ["协调事项已议定", "由市教育局统筹。", "由市教育局落实", "2026年12月4日", "/help-requests/"]),
        ("help_ended", ["协调事项已落实", "资金已下达"]),
    ],
)
def test_a_notice_says_what_it_is_about_and_what_to_do(walked: dict[str, str], template: str, words: list[str]) -> None:
    for one in words:
        assert one in walked[template]
