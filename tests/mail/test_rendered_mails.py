"""The mails as people receive them, compared with files: whoever changes one sees in the difference what changes.

``TASKBOARD_REWRITE_MAILS=1`` writes the files anew.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from lxml import html
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard import paths
from taskboard.clock import SettableClock
from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.digest_facts import part_facts, section_facts
from taskboard.domain.digests import compose_leadership, daily_sections
from taskboard.domain.instructions import Addressee, DutyState
from taskboard.domain.jobs import JobName
from taskboard.domain.mail_items import Item
from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.domain.reminders import RULES, DueReminder, Recipient, Topic
from taskboard.domain.reply_reminders import OwedReply
from taskboard.domain.roles import Role
from taskboard.domain.roundups import RoundupKind
from taskboard.domain.workflow import AssignmentRole, AssignmentState, DeadlineOrigin, TaskState
from taskboard.jobs.runner import run_by_hand
from taskboard.mail.rendering import MailRenderer, RenderedMail
from taskboard.models import Assignment, Department, OutboxMessage, Person, PersonAbsence, Roundup, Task
from taskboard.services.roundups import send as send_roundup
from tests.support.factories import actor_of, make_plan, make_task, usual_people

EXPECTED = Path(__file__).parents[1] / "data" / "mails"
MONDAY = date(2026, 11, 23)

# What mail programs are known to show, the ones built on word processors included.
ELEMENTS = {
    "html",
    "head",
    "meta",
    "title",
    "body",
    "div",
    "table",
    "tbody",
    "tr",
    "td",
    "p",
    "a",
    "br",
    "span",
    "strong",
}
PROPERTIES = {
    "background-color",
    "border",
    "border-bottom",
    "border-collapse",
    "border-left",
    "border-top",
    "color",
    "display",
    "font-family",
    "font-size",
    "font-weight",
    "height",
    "line-height",
    "margin",
    "max-width",
    "padding",
    "padding-left",
    "text-align",
    "text-decoration",
    "vertical-align",
    "width",
    "word-break",
}


@pytest.fixture
def made(app: APIFlask, session: Session) -> dict[tuple[str, MailKind], OutboxMessage]:
    """The mails of a busy Monday and the Tuesday after it, by user name and kind."""
    fill(session)
    run_by_hand(app, JobName.MORNING_MAIL, MONDAY)
    session.execute(update(OutboxMessage).values(state=OutboxState.SENT))
    session.commit()
    run_by_hand(app, JobName.MORNING_MAIL, MONDAY + timedelta(days=1))
    names = {person.id: person.username for person in session.scalars(select(Person))}
    return {(names[mail.person_id], mail.kind): mail for mail in session.scalars(select(OutboxMessage))}


def fill(session: Session) -> None:
    usual = usual_people(session)
    plan = make_plan(session, body=usual.body, imported_by=usual.chen, title="云泽市优化营商环境2026年工作要点")
    tasks = [
        ("建立项目审批“一张清单”，实行并联审批", (usual.partner,), date(2026, 11, 20)),
        ("压减政府采购合同支付时限", (), date(2026, 10, 30)),
        ("推进公共资源交易“一网通办”<试点>", (usual.partner, usual.other), MONDAY),
        ("修订市级政府投资项目管理办法", (), date(2026, 11, 26)),
        ("开展惠企政策“免申即享”", (usual.other,), date(2026, 11, 27)),
        ("编制下一年度重点项目计划", (), date(2027, 1, 15)),
    ]
    for title, partners, due_on in tasks:
        make_task(session, plan=plan, lead=usual.lead, partners=partners, due_on=due_on, title=title, issued_at=ISSUED)
    make_task(session, plan=plan, lead=usual.other, due_on=date(2026, 11, 12), title="校园周边整治", issued_at=ISSUED)
    make_task(
        session,
        plan=plan,
        lead=usual.lead,
        state=TaskState.ISSUED,
        assignment_state=AssignmentState.PENDING,
        due_on=date(2026, 12, 31),
        title="清理规范涉企收费目录",
        issued_at=datetime(2026, 11, 19, 2, 0, tzinfo=UTC),
    )
    submitted = make_task(
        session,
        plan=plan,
        lead=usual.partner,
        assignment_state=AssignmentState.SUBMITTED,
        due_on=date(2026, 11, 18),
        title="公开行政事业性收费标准",
        issued_at=ISSUED,
    )
    session.execute(
        update(Assignment)
        .where(Assignment.task_id == submitted.id)
        .values(submitted_at=datetime(2026, 11, 19, 3, 0, tzinfo=UTC))
    )
    session.execute(
        update(Task).where(Task.title == "编制下一年度重点项目计划").values(deadline_origin=DeadlineOrigin.INHERITED)
    )
    session.commit()


ISSUED = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)


def render(mail: OutboxMessage) -> RenderedMail:
    return MailRenderer(paths.TEMPLATES, "http://taskboard.test").render(mail.template, mail.facts)


def test_a_deputy_reads_for_whom_each_line_is(app: APIFlask, session: Session) -> None:
    fill(session)
    run_by_hand(app, JobName.MORNING_MAIL, MONDAY)
    ids = {one.username: one.id for one in session.scalars(select(Person))}
    tuesday = MONDAY + timedelta(days=1)
    session.add(PersonAbsence(person_id=ids["li"], from_on=tuesday, to_on=tuesday, deputy_id=ids["gao"]))
    session.execute(update(OutboxMessage).values(state=OutboxState.SENT))
    session.commit()
    run_by_hand(app, JobName.MORNING_MAIL, tuesday)

    query = select(OutboxMessage).where(OutboxMessage.person_id == ids["gao"], OutboxMessage.for_day == tuesday)
    compare("morning-mail-of-a-deputy", render(session.scalars(query).one()))


@pytest.mark.parametrize("part", ["txt", "html"])
def test_who_has_a_post_and_hears_for_others_too_reads_why_of_each(part: str) -> None:
    own = {"department": "市发展改革委", "role": "head", "is_stand_in": False}
    of_others = [
        {"department": "市发展改革委", "role": role, "is_stand_in": False, "deputy_for": name}
        for role, name in (("liaison", "李联络"), ("officer", "钱承办"))
    ]
    template = f"{{% from '_scheduled.{part}' import why %}}{{{{ why(posts) }}}}"
    renderer = MailRenderer(paths.TEMPLATES, "http://taskboard.test")

    words = renderer._environment.from_string(template).render(posts=[own, *of_others])

    assert (
        "您收到此邮件，是因为您担任市发展改革委单位负责人，并代李联络（市发展改革委联络员，外出）接收、"
        "代钱承办（市发展改革委承办人，外出）接收。"
    ) in words


def test_a_months_draft_is_told_of_and_sent_as_on_file(app: APIFlask, session: Session, clock: SettableClock) -> None:
    fill(session)
    clock.moment = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
    run_by_hand(app, JobName.ROUNDUPS, date(2026, 12, 1))
    session.rollback()
    people = {one.username: one for one in session.scalars(select(Person))}
    body = session.scalars(select(Department).where(Department.parent_id.is_(None))).one()
    chen = actor_of(people["chen"], (Role.SUPERVISOR, body))
    roundup = session.scalars(select(Roundup).where(Roundup.kind == RoundupKind.MONTHLY)).one()
    now = clock.moment
    send_roundup(session, roundup.id, [people["liu"].id], version=roundup.version, actor=chen, now=now, entrance="web")

    told = session.scalars(select(OutboxMessage).where(OutboxMessage.template.in_(("roundup_drafted", "roundup_sent"))))
    mails = {(mail.template, mail.facts["title"]): mail for mail in told}
    compare("roundup-drafted", render(mails["roundup_drafted", "2026年11月督办工作月调度表"]))
    compare("roundup-sent", render(mails["roundup_sent", "2026年11月督办工作月调度表"]))


def compare(name: str, rendered: RenderedMail) -> None:
    for ending, content in (("txt", f"{rendered.subject}\n\n{rendered.text}"), ("html", rendered.html)):
        path = EXPECTED / f"{name}.{ending}"
        if os.environ.get("TASKBOARD_REWRITE_MAILS"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        assert content == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("person", "kind", "name"),
    [
        ("li", MailKind.WEEKLY_DIGEST, "weekly-digest-of-a-liaison"),
        ("chen", MailKind.WEEKLY_DIGEST, "weekly-digest-of-a-supervisor"),
        ("liu", MailKind.WEEKLY_DIGEST, "weekly-digest-of-a-leader"),
        ("li", MailKind.MORNING, "morning-mail-of-a-liaison"),
        ("wang", MailKind.MORNING, "morning-mail-of-a-partner"),
    ],
)
def test_the_mail_is_the_one_on_file(
    made: dict[tuple[str, MailKind], OutboxMessage], person: str, kind: MailKind, name: str
) -> None:
    compare(name, render(made[person, kind]))


def test_the_auditors_digest_is_the_one_on_file() -> None:
    facts = {
        "person": "吴审计",
        "day": "2026-11-23",
        "week": [2026, 48],
        "since": "2026-11-16",
        "is_estimated": False,
        "posts": [{"department": "云泽市人民政府", "role": "auditor", "is_stand_in": False}],
        "sections": [],
        "parts": [],
        "jobs": None,
        "trail": {
            "position": 1280,
            "digest": "3b1f9c" * 10 + "e07a",
            "sealed_at": "2026-11-23T00:29:00+00:00",
            "checked_at": "2026-11-22T18:00:00+00:00",
            "findings": 2,
        },
    }

    rendered = MailRenderer(paths.TEMPLATES, "http://taskboard.test").render("weekly_digest", facts)

    compare("weekly-digest-of-an-auditor", rendered)


def test_a_review_and_replies_that_wait_are_told_as_on_file() -> None:
    """To a leader, who hears of a task that rests too long, of a reply that is late and of one that came."""
    calendar = WorkingCalendar(confirmed_years=[2026])
    today = date(2026, 11, 26)
    task = Item(
        assignment_id=1,
        task_id=7,
        title="开展惠企政策“免申即享”",
        plan="云泽市优化营商环境2026年工作要点",
        department_id=2,
        department="市发展改革委",
        department_path="/1/2/",
        body_path="/1/",
        role=AssignmentRole.LEAD,
        state=AssignmentState.IN_PROGRESS,
        task_state=TaskState.SUSPENDED,
        issued_on=date(2026, 9, 1),
        due_on=date(2026, 11, 20),
        deadline_version=1,
        origin=DeadlineOrigin.STATED,
        is_ongoing=False,
        review_on=date(2026, 11, 24),
    )
    late = OwedReply(
        duty_id=3,
        instruction_id=5,
        text="请说明为何进展缓慢，并提出赶上进度的办法；涉及资金的，同市财政局商量后一并报来，不要再拖。" * 2,
        title="公开行政事业性收费标准",
        plan_id=1,
        plan="云泽市优化营商环境2026年工作要点",
        department_id=3,
        department="市财政局",
        body_path="/1/",
        addressee=Addressee.LEADS,
        author_id=9,
        author="刘副市长",
        state=DutyState.OPEN,
        due_on=date(2026, 11, 24),
    )
    came = replace(
        late,
        duty_id=4,
        instruction_id=6,
        text="请报全年任务的安排。",
        title=None,
        department="云泽市人民政府",
        addressee=Addressee.SUPERVISORS,
        state=DutyState.REPLIED,
        due_on=date(2026, 11, 30),
        replied_on=date(2026, 11, 25),
    )
    rules = {rule.code: rule for rule in RULES}
    review = DueReminder(1, rules["suspension_2"], Topic.DECIDE, frozenset({Recipient.LEADER}), {})
    asked = {"today": today, "calendar": calendar}
    part = compose_leadership([task], since=date(2026, 11, 16), **asked).with_replies([late, came])
    sections = [section_facts(one, **asked) for one in daily_sections([(task, review)])]
    facts = {
        "person": "刘副市长",
        "day": today.isoformat(),
        "week": [2026, 48],
        "since": "2026-11-16",
        "is_estimated": False,
        "posts": [{"department": "云泽市人民政府", "role": "leader", "is_stand_in": False}],
        "sections": sections,
        "parts": [part_facts(part.without({task.mark}), **asked)],
        "jobs": None,
    }
    for row in sections[0]["rows"]:
        row["departments"] = {"lead": ["市发展改革委"], "partner": []}

    compare(
        "weekly-digest-of-a-leader-with-replies",
        MailRenderer(paths.TEMPLATES, "http://taskboard.test").render("weekly_digest", facts),
    )


def test_mails_are_built_from_what_mail_programs_show(made: dict[tuple[str, MailKind], OutboxMessage]) -> None:
    for mail in made.values():
        for element in html.document_fromstring(render(mail).html).iter():
            assert element.tag in ELEMENTS
            assert "class" not in element.attrib or "style" in element.attrib
            properties = re.findall(r"([a-z-]+)\s*:", element.get("style", ""))
            assert set(properties) <= PROPERTIES, element.get("style")


def test_every_link_of_a_mail_begins_with_the_public_address(
    made: dict[tuple[str, MailKind], OutboxMessage],
) -> None:
    links = [
        link
        for mail in made.values()
        for rendered in [render(mail)]
        for link in (
            *html.document_fromstring(rendered.html).xpath("//a/@href"),
            *re.findall(r"[a-z]+://\S+", rendered.text),
        )
    ]

    assert len(links) > 20
    assert all(link.startswith("http://taskboard.test/") for link in links)


def test_what_people_typed_is_shown_and_not_obeyed(made: dict[tuple[str, MailKind], OutboxMessage]) -> None:
    rendered = render(made["li", MailKind.WEEKLY_DIGEST])

    assert "一网通办”&lt;试点&gt;" in rendered.html
    assert "一网通办”<试点>" in rendered.text


def test_an_estimated_year_says_so(made: dict[tuple[str, MailKind], OutboxMessage]) -> None:
    facts: dict[str, Any] = dict(made["li", MailKind.WEEKLY_DIGEST].facts)

    text = MailRenderer(paths.TEMPLATES, "http://taskboard.test").render(
        "weekly_digest", {**facts, "is_estimated": True}
    )

    assert "预估" in text.text
    assert "预估" in text.html
