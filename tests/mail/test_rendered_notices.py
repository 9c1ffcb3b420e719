"""The notices of people's acts as their recipients read them, compared with files; walked through the real acts.

``TASKBOARD_REWRITE_MAILS=1`` writes the files anew.
"""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard import paths
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.workflow import AssignmentRole, Closure, TaskState, Verification
from taskboard.mail.rendering import MailRenderer, RenderedMail
from taskboard.models import Assignment, OutboxMessage, Task
from taskboard.services import assignment_acts, extensions, issuing, objections, task_acts
from taskboard.services.issuing import IssueOrder
from tests.support import factories
from tests.support.factories import NOW, Usual

EXPECTED = Path(__file__).parents[1] / "data" / "mails" / "notices"
DUE = date(2026, 12, 31)
RENDERER = MailRenderer(paths.TEMPLATES, "http://taskboard.test")


class Walk:
    """A task with a lead (whose head signs off), a partner and a collective partner, and the mails of each act."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.usual: Usual = factories.usual_people(session)
        self.usual.lead.needs_sign_off = True
        plan = self.plan = factories.make_plan(session, body=self.usual.body, imported_by=self.usual.chen)
        cities = factories.make_department(
            session, "各县（区）人民政府", parent=self.usual.body, kind=DepartmentKind.COLLECTIVE
        )
        self.tasks = [
            factories.make_task(
                session,
                plan=plan,
                lead=self.usual.lead,
                partners=(self.usual.partner, cities),
                state=TaskState.DRAFT,
                due_on=due_on,
                title=title,
            )
            for title, due_on in (("推行并联审批<试点>", DUE), ("压减合同支付时限", None))
        ]
        self.mails: dict[str, OutboxMessage] = {}

    @property
    def task(self) -> Task:
        return self.tasks[0]

    def branch(self, role: AssignmentRole) -> int:
        query = select(Assignment.id).where(Assignment.task_id == self.task.id, Assignment.role == role)
        return self.session.scalars(query.order_by(Assignment.position)).first() or 0

    def by(self, who: str) -> dict[str, Any]:
        return {"actor": self.usual.actor(who), "now": NOW, "entrance": "test"}

    def keep(self, name: str) -> None:
        """Name the mails that came since the last time after the act and the recipient."""
        known = {mail.id for mail in self.mails.values()}
        for mail in self.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)):
            if mail.id not in known:
                self.mails[f"{name}-{mail.to_address.partition('@')[0]}"] = mail

    def go(self) -> None:
        session, lead, partner = self.session, self.branch(AssignmentRole.LEAD), self.branch(AssignmentRole.PARTNER)
        task_id = self.task.id
        orders = [IssueOrder(self.task.id), IssueOrder(self.tasks[1].id, is_ongoing=True)]
        issuing.issue_tasks(session, orders, **self.by("chen"))
        self.keep("issued")
        assignment_acts.acknowledge(session, lead, **self.by("li"))
        assignment_acts.acknowledge(session, partner, **self.by("wang"))
        assignment_acts.dispatch(session, lead, officer_id=self.usual.qian.id, **self.by("li"))
        self.keep("dispatched")
        assignment_acts.submit(session, partner, **self.by("wang"))
        self.keep("submitted-by-partner")
        assignment_acts.return_submission(session, partner, reason="缺少数据", **self.by("li"))
        self.keep("returned-to-partner")
        assignment_acts.submit(session, partner, **self.by("wang"))
        self.keep("submitted-again-by-partner")
        assignment_acts.accept_submission(session, partner, **self.by("gao"))
        self.keep("accepted")
        assignment_acts.submit(session, lead, statement="完成", **self.by("qian"))
        self.keep("to-sign-off")
        assignment_acts.return_inside(session, lead, reason="补充成效", **self.by("gao"))
        self.keep("returned-inside")
        assignment_acts.submit(session, lead, **self.by("qian"))
        self.keep("to-sign-off-again")
        assignment_acts.sign_off(session, lead, **self.by("gao"))
        self.keep("submitted")
        task_acts.return_task(session, task_id, reason="成效不实", **self.by("chen"))
        self.keep("returned")
        task_acts.suspend(session, task_id, reason="等上级批复", review_on=date(2027, 1, 15), **self.by("chen"))
        self.keep("suspended")
        task_acts.resume(session, task_id, **self.by("chen"))
        self.keep("resumed")
        task_acts.correct_deadline(session, task_id, due_on=date(2026, 12, 1), reason="上级提前", **self.by("chen"))
        self.keep("corrected")
        assignment_acts.submit(session, lead, **self.by("gao"))
        self.keep("submitted-by-head")
        task_acts.close(
            session, task_id, closure=Closure.DONE, verification=Verification.VERIFIED, remark="好", **self.by("chen")
        )
        self.keep("closed")
        task_acts.reopen(session, task_id, reason="复查不符", due_on=date(2027, 3, 31), **self.by("chen"))
        self.keep("reopened")
        task_acts.terminate(session, task_id, reason="政策取消", **self.by("chen"))
        self.keep("terminated")
        self.ask()

    def ask(self) -> None:
        """What departments ask of the supervisors, on a task of its own."""
        session, usual = self.session, self.usual
        self.tasks.insert(0, self.running_task("建设政务数据目录"))
        lead, partner = self.branch(AssignmentRole.LEAD), self.branch(AssignmentRole.PARTNER)
        wish: dict[str, Any] = {"reason": "上级批复未到", "progress": "方案已报送", "asked_due_on": date(2027, 2, 26)}
        assignment_acts.bring_forward(session, partner, due_on=date(2026, 12, 15), reason="需要先汇总", **self.by("li"))
        self.keep("brought-forward")
        extensions.ask_extension(session, lead, **wish, **self.by("gao"))
        self.keep("extension-asked")
        extensions.grant_extension(session, lead, due_on=date(2027, 1, 29), reason="抓紧衔接", **self.by("chen"))
        self.keep("extension-shortened")
        extensions.ask_extension(session, lead, **wish, **self.by("gao"))
        self.keep("extension-asked-again")
        extensions.refuse_extension(session, lead, reason="不宜再延", **self.by("chen"))
        self.keep("extension-refused")
        objections.raise_objection(
            session, lead, reason="不属于本单位职责", proposed_department=usual.other.name, **self.by("gao")
        )
        self.keep("objected")
        objections.uphold_objection(
            session, lead, reason="以职责分工为准", department=usual.other.name, **self.by("chen")
        )
        self.keep("objection-upheld")
        self.tasks.insert(0, self.running_task("编制权责清单"))
        lead = self.branch(AssignmentRole.LEAD)
        objections.raise_objection(session, lead, reason="不属于本单位职责", **self.by("gao"))
        self.keep("objected-without-proposal")
        objections.refuse_objection(session, lead, reason="职责明确", **self.by("chen"))
        self.keep("objection-refused")

    def running_task(self, title: str) -> Task:
        usual = self.usual
        return factories.make_task(
            self.session,
            plan=self.plan,
            lead=usual.lead,
            partners=(usual.partner,),
            due_on=DUE,
            title=title,
            issued_at=NOW,
        )


@pytest.fixture
def mails(session: Session) -> dict[str, OutboxMessage]:
    walk = Walk(session)
    walk.go()
    return walk.mails


def render(mail: OutboxMessage) -> RenderedMail:
    return RENDERER.render(mail.template, mail.facts)


def test_each_notice_is_the_one_on_file(mails: dict[str, OutboxMessage]) -> None:
    texts = {name: render(mail) for name, mail in mails.items()}
    if os.environ.get("TASKBOARD_REWRITE_MAILS"):
        EXPECTED.mkdir(parents=True, exist_ok=True)
        for name, rendered in texts.items():
            (EXPECTED / f"{name}.txt").write_text(f"{rendered.subject}\n\n{rendered.text}", encoding="utf-8")

    assert {name: f"{rendered.subject}\n\n{rendered.text}" for name, rendered in texts.items()} == {
        path.stem: path.read_text(encoding="utf-8") for path in EXPECTED.glob("*.txt")
    }


def test_text_and_html_say_the_same_words(mails: dict[str, OutboxMessage]) -> None:
    for name, mail in mails.items():
        rendered = render(mail)
        words = "".join(html.document_fromstring(rendered.html).text_content().split())
        for line in rendered.text.splitlines():
            bare = "".join(re.sub(r"https?://\S+", "", line).split()).strip("·-：")
            assert bare.removesuffix("：") in words, (name, line)


def test_links_lead_to_the_public_address_and_names_stay_text(mails: dict[str, OutboxMessage]) -> None:
    for mail in mails.values():
        rendered = render(mail)
        links = html.document_fromstring(rendered.html).xpath("//a/@href")
        assert links
        assert all(link.startswith("http://taskboard.test/") for link in links)
        assert "<试点>" not in rendered.html


def test_nobody_is_told_of_their_own_act(mails: dict[str, OutboxMessage]) -> None:
    assert all(mail.facts["actor"] != mail.facts["person"] for mail in mails.values())
