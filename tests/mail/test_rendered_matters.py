"""Notices of instructions, help, orders, reminders by hand, handovers and accounts, compared with files.

All come from the real acts. ``TASKBOARD_REWRITE_MAILS=1`` writes the files anew.
"""

from __future__ import annotations

import os
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard import paths
from taskboard.domain.bulk import BulkAct, BulkOrder
from taskboard.domain.instructions import Addressee
from taskboard.domain.orders import OrderKind
from taskboard.domain.roles import Role
from taskboard.mail.rendering import MailRenderer, RenderedMail
from taskboard.models import HelpRequest, InstructionDuty, OutboxMessage, PersonPost
from taskboard.services import account_links, bulk, help_requests, instructions, leaving, orders, reports
from taskboard.services.help_requests import Decision
from taskboard.services.instructions import Wish
from taskboard.services.leaving import Handover, Succession
from tests.support import factories
from tests.support.factories import NOW, Usual, writing_by
from tests.support.tables import assignment_of

EXPECTED = Path(__file__).parents[1] / "data" / "mails" / "matters"
RENDERER = MailRenderer(paths.TEMPLATES, "http://taskboard.test", secret_key="not a secret of anybody")
TODAY = date(2026, 11, 23)
DAY = date(2026, 12, 4)
LATE = TODAY - timedelta(days=20)


class Walk:
    """Two tasks of one lead, one of them late, and the mails of each act by its name and recipient."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.usual: Usual = factories.usual_people(session)
        plan = factories.make_plan(session, body=self.usual.body, imported_by=self.usual.chen)
        self.late, self.other = (
            factories.make_task(
                session, plan=plan, lead=self.usual.lead, partners=(self.usual.partner,), title=title, due_on=due_on
            )
            for title, due_on in (("推行并联审批<试点>", LATE), ("压减合同支付时限", DAY))
        )
        self.lead = assignment_of(session, self.late, self.usual.lead).id
        self.mails: dict[str, RenderedMail] = {}
        self._seen = 0

    def by(self, who: str, **more: Any) -> dict[str, Any]:
        return {"actor": self.usual.actor(who), "now": NOW, "entrance": "test", **more}

    def keep(self, name: str) -> None:
        """Name the mails that came since the last time after the act and the recipient."""
        query = select(OutboxMessage).where(OutboxMessage.id > self._seen).order_by(OutboxMessage.id)
        for mail in self.session.scalars(query):
            self._seen = mail.id
            rendered = RENDERER.render(mail.template, mail.facts, is_to_keep=True)
            self.mails[f"{name}-{mail.to_address.partition('@')[0]}"] = rendered

    def go(self) -> dict[str, RenderedMail]:
        self._instruct()
        self._ask_for_help()
        self._order()
        self._urge_and_hand_out()
        self._hand_over()
        self._open_accounts()
        return self.mails

    def _instruct(self) -> None:
        wish = Wish("请说明<原因>。", DAY, frozenset(Addressee))
        instruction = instructions.instruct_on_task(self.session, self.late.id, wish, **self.by("liu"))
        self.keep("instruction-given")
        query = select(InstructionDuty.id).where(InstructionDuty.addressee == Addressee.LEADS)
        duty = self.session.scalars(query).one()
        instructions.reply(self.session, duty, text="已约谈。", **self.by("li"))
        self.keep("instruction-replied")
        instructions.return_reply(self.session, duty, reason="没有说明原因", reply_due_on=DAY, **self.by("liu"))
        self.keep("instruction-returned")
        instructions.reply(self.session, duty, text="供应商更换。", **self.by("gao"))
        self.keep("instruction-replied-again")
        instructions.accept_reply(self.session, duty, reason="请抓紧。", **self.by("liu"))
        self.keep("instruction-accepted")
        instruction_id = (instruction.after or {})["instruction"]
        instructions.withdraw_instruction(self.session, instruction_id, reason="已当面汇报", **self.by("liu"))
        self.keep("instruction-withdrawn")

    def _ask_for_help(self) -> None:
        for need in ("请协调资金。", "请协调数据。"):
            reports.report_progress(self.session, self.lead, done=f"推进中，{need}", help_needed=need, **self.by("li"))
        self.keep("help-asked")
        first, second = self.session.scalars(select(HelpRequest.id).order_by(HelpRequest.id)).all()
        help_requests.decide(self.session, first, Decision("由市教育局统筹。", "市教育局", DAY), **self.by("chen"))
        self.keep("help-decided")
        help_requests.confirm_done(self.session, first, outcome="资金已下达", **self.by("zhao"))
        self.keep("help-done")
        help_requests.withdraw(self.session, second, reason="已自行解决", **self.by("li"))
        self.keep("help-withdrawn")

    def _order(self) -> None:
        text = "请说明逾期原因和下一步措施。"
        number = orders.confirm_order(
            self.session, self.lead, kind=OrderKind.YELLOW, text=text, due_on=DAY, **self.by("chen")
        )
        self.keep("ordered-yellow")
        red = orders.confirm_order(
            self.session, self.lead, kind=OrderKind.RED, text=text, due_on=DAY, **self.by("chen")
        )
        self.keep("ordered-red")
        orders.reply_to_order(self.session, number, text="已增派力量。", **self.by("li"))
        self.keep("order-replied")
        orders.return_reply(self.session, number, reason="没有完成时间", **self.by("chen"))
        self.keep("order-reply-returned")
        orders.reply_to_order(self.session, number, text="月底完成。", **self.by("gao"))
        self.keep("order-replied-again")
        orders.settle_order(self.session, number, reason="抓紧落实", **self.by("chen"))
        self.keep("order-settled")
        orders.withdraw_order(self.session, red, reason="发错单位", **self.by("chen"))
        self.keep("order-withdrawn")

    def _urge_and_hand_out(self) -> None:
        both, one = (self.late.id, self.other.id), (self.other.id,)
        bulk.carry_out(self.session, BulkOrder(BulkAct.REMIND, both, remark="请于本周五前报送。"), **self.by("chen"))
        self.keep("reminded")
        bulk.carry_out(self.session, BulkOrder(BulkAct.REMIND, one), **self.by("chen"))
        self.keep("reminded-of-one")
        order = BulkOrder(BulkAct.SET_OFFICER, both, department_id=self.usual.lead.id, officer_id=self.usual.qian.id)
        bulk.carry_out(self.session, order, **self.by("li"))
        self.keep("handed")

    def _hand_over(self) -> None:
        officer, liaison = (
            factories.make_person(self.session, name, *posts, username=username)
            for name, username, posts in (
                ("吴接手", "wu", [(Role.OFFICER, self.usual.lead)]),
                ("郑接手", "zheng", []),
            )
        )
        post = self.session.scalars(select(PersonPost.id).where(PersonPost.person_id == self.usual.wang.id)).one()
        by: dict[str, Any] = {"today": TODAY, **writing_by(self.usual.actor("sun"))}
        order = Handover(officers={self.usual.lead.id: officer.id})
        leaving.hand_over(self.session, self.usual.qian.id, order, **by)
        leaving.hand_over(self.session, self.usual.wang.id, Handover(posts={post: Succession(liaison.id)}), **by)
        self.keep("taking-over")

    def _open_accounts(self) -> None:
        newcomer = factories.make_person(self.session, "新来者", username="newcomer")
        newcomer.password_hash = None
        self.session.flush()
        for name, person in (("invitation", newcomer), ("reset", self.usual.gao)):
            account_links.make_link(
                self.session,
                person.id,
                secret_key="not a secret of anybody",
                is_by_mail=True,
                **writing_by(self.usual.actor("sun")),
            )
            self.keep(name)
        self.mails["trial"] = RENDERER.render("trial", {})


@pytest.fixture
def mails(session: Session) -> dict[str, RenderedMail]:
    return Walk(session).go()


def test_each_notice_is_the_one_on_file(mails: dict[str, RenderedMail]) -> None:
    texts = {name: f"{mail.subject}\n\n{mail.text}" for name, mail in mails.items()}
    if os.environ.get("TASKBOARD_REWRITE_MAILS"):
        EXPECTED.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (EXPECTED / f"{name}.txt").write_text(text, encoding="utf-8")

    assert texts == {path.stem: path.read_text(encoding="utf-8") for path in EXPECTED.glob("*.txt")}


def test_text_and_html_say_the_same_words(mails: dict[str, RenderedMail]) -> None:
    for name, mail in mails.items():
        words = "".join(html.document_fromstring(mail.html).text_content().split())
        for line in mail.text.splitlines():
            bare = "".join(re.sub(r"https?://\S+", "", line).split()).strip("·-：")
            assert bare.removesuffix("：") in words, (name, line)


def test_links_lead_to_the_public_address_and_what_people_wrote_stays_text(mails: dict[str, RenderedMail]) -> None:
    for name, mail in mails.items():
        links = html.document_fromstring(mail.html).xpath("//a/@href")
        assert all(link.startswith("http://taskboard.test/") or "链接只在" in link for link in links), name
        assert "<原因>" not in mail.html
        assert "<试点>" not in mail.html
