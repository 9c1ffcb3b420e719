"""Roundups: made once by the job, frozen, edited and sent once by the supervisors of their body."""

from __future__ import annotations

import re
import zipfile
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard.documents.reader import read_document
from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.history import Change
from taskboard.domain.jobs import JobName
from taskboard.domain.local_time import ZONE, at_local
from taskboard.domain.outbox import OutboxState
from taskboard.domain.plan_parsing.blocks import Paragraph, Table
from taskboard.domain.roles import Role
from taskboard.domain.roundups import RoundupKind
from taskboard.jobs.runner import run_by_hand
from taskboard.models import HistoryEntry, OutboxMessage, PortfolioItem, Roundup, Task
from taskboard.services import roundups
from taskboard.services.roundup_documents import write_document, write_workbook
from tests.support.factories import Usual, make_department, make_person, make_plan, make_task, usual_people

MONDAY = date(2026, 11, 23)
TUESDAY_OF_DECEMBER = date(2026, 12, 1)
NOW = datetime(2026, 12, 1, 9, tzinfo=ZONE)


@pytest.fixture
def usual(session: Session) -> Usual:
    usual = usual_people(session)
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    for title, due_on in (("推行并联审批", date(2026, 11, 10)), ("=压减时限", date(2026, 12, 20))):
        make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,), due_on=due_on, title=title)
    session.commit()
    return usual


def make(app: APIFlask, day: date = TUESDAY_OF_DECEMBER, *, on: date | None = None) -> dict[str, Any]:
    """The run of a day, which is also the day on which it takes place unless ``on`` says another."""
    app.extensions["taskboard_clock"].moment = at_local(on or day, time(9))
    return dict(run_by_hand(app, JobName.ROUNDUPS, day))


def all_of(session: Session) -> list[Roundup]:
    session.rollback()
    return list(session.scalars(select(Roundup).order_by(Roundup.first_on.desc(), Roundup.id)))


def monthly(session: Session) -> Roundup:
    return next(one for one in all_of(session) if one.kind is RoundupKind.MONTHLY)


def by(usual: Usual, who: str) -> dict[str, Any]:
    return {"actor": usual.actor(who), "now": NOW, "entrance": "test"}


def notices(session: Session, template: str) -> dict[int, OutboxMessage]:
    session.rollback()
    found = session.scalars(select(OutboxMessage).where(OutboxMessage.template == template))
    return {one.person_id: one for one in found}


# Made


def test_each_is_made_once_and_its_supervisors_are_told(app: APIFlask, session: Session, usual: Usual) -> None:
    counts = [make(app)["roundups"] for _ in range(2)]
    later = make(app, TUESDAY_OF_DECEMBER + timedelta(days=1))["roundups"]

    assert (counts, later) == ([2, 0], 0)
    assert [(one.kind, one.first_on, one.last_on) for one in all_of(session)] == [
        (RoundupKind.MONTHLY, date(2026, 11, 1), date(2026, 11, 30)),
        (RoundupKind.QUARTERLY, date(2026, 7, 1), date(2026, 9, 30)),
    ]
    assert set(notices(session, "roundup_drafted")) == {usual.chen.id}


def test_the_supervisors_are_told_in_the_one_mail_of_the_morning(app: APIFlask, session: Session, usual: Usual) -> None:
    make(app)

    (told,) = notices(session, "roundup_drafted").values()
    assert told.state is OutboxState.PUT_OFF


def test_a_first_working_day_without_a_server_loses_nothing(app: APIFlask, session: Session, usual: Usual) -> None:
    assert make(app, date(2026, 12, 9))["roundups"] == 2


def test_a_day_off_makes_nothing(app: APIFlask, session: Session, usual: Usual) -> None:
    assert make(app, date(2026, 12, 5)) == {"is_day_off": True}


def test_a_run_for_a_past_day_makes_what_was_due_then_with_the_figures_of_the_day_it_is_made(
    app: APIFlask, session: Session, usual: Usual
) -> None:
    session.execute(update(Task).values(issued_at=datetime(2026, 9, 1, 9, tzinfo=ZONE)))
    session.commit()

    make(app, date(2026, 11, 2), on=date(2026, 12, 1))

    shown = roundups.get_roundup(session, monthly(session).id, actor=usual.actor("chen"))
    assert (shown.title, shown.as_of) == ("2026年10月督办工作月调度表", NOW)
    assert shown.words.startswith("截至2026年12月1日，")
    assert [one.days_late for one in shown.figures.overdue] == [21, 21]


def test_a_day_that_has_not_come_makes_nothing_of_its_own(app: APIFlask, session: Session, usual: Usual) -> None:
    session.execute(update(Task).values(issued_at=datetime(2026, 9, 1, 9, tzinfo=ZONE)))
    session.commit()

    make(app, date(2026, 12, 1), on=date(2026, 11, 23))

    assert monthly(session).last_on == date(2026, 10, 31)


def test_a_body_without_issued_work_has_none(app: APIFlask, session: Session, usual: Usual) -> None:
    session.execute(update(Task).values(issued_at=datetime(2026, 12, 1, 1, tzinfo=ZONE)))
    session.commit()

    assert make(app)["roundups"] == 0


def test_the_figures_stay_as_they_were(app: APIFlask, session: Session, usual: Usual) -> None:
    make(app)
    roundup_id = monthly(session).id
    before = roundups.get_roundup(session, roundup_id, actor=usual.actor("chen")).figures
    session.execute(update(Task).values(title="改过的名称"))
    session.commit()

    after = roundups.get_roundup(session, roundup_id, actor=usual.actor("chen")).figures

    assert before == after
    assert (after.total.open, after.total.overdue, after.total.due) == (4, 2, 2)
    assert [one.title for one in after.overdue] == ["推行并联审批", "推行并联审批"]
    assert [one.due_on for one in after.coming] == [date(2026, 12, 20)] * 2


# Read


@pytest.mark.parametrize("who", ["li", "gao", "wang", "liu", "sun"])
def test_a_draft_exists_for_the_supervisors_alone(app: APIFlask, session: Session, usual: Usual, who: str) -> None:
    make(app)
    roundup_id, actor = monthly(session).id, usual.actor(who)

    with pytest.raises(NotFound):
        roundups.get_roundup(session, roundup_id, actor=actor)
    with pytest.raises(NotFound):
        roundups.change_words(session, roundup_id, "别的", version=1, **by(usual, who))
    with pytest.raises(NotFound):
        roundups.send(session, roundup_id, [usual.liu.id], version=1, **by(usual, who))
    assert roundups.list_roundups(session, actor) == []


def test_it_may_be_sent_to_those_who_see_everything_of_the_body(app: APIFlask, session: Session, usual: Usual) -> None:
    other = make_department(session, "别的市")
    make_person(session, "别处督查", (Role.SUPERVISOR, other))
    partial = make_person(session, "只管一局", (Role.LEADER, usual.body))
    session.add(PortfolioItem(person_id=partial.id, department_id=usual.lead.id))
    session.commit()
    make(app)

    readers = roundups.list_readers(session, monthly(session).id, actor=usual.actor("chen"), today=TUESDAY_OF_DECEMBER)

    assert {one.id for one in readers} == {usual.chen.id, usual.liu.id}


# Edited


def test_words_are_changed_on_record_and_not_over_what_another_saved(
    app: APIFlask, session: Session, usual: Usual
) -> None:
    make(app)
    roundup_id = monthly(session).id

    roundups.change_words(session, roundup_id, "第一稿", version=1, **by(usual, "chen"))
    with pytest.raises(Stale):
        roundups.change_words(session, roundup_id, "另一稿", version=1, **by(usual, "chen"))
    with pytest.raises(Invalid):
        roundups.change_words(session, roundup_id, "长" * 5001, version=2, **by(usual, "chen"))

    assert session.get_one(Roundup, roundup_id).words == "第一稿"
    [entry] = session.scalars(select(HistoryEntry).where(HistoryEntry.act == Change.CHANGED))
    assert entry.after == {"text": "第一稿"}


# Sent


def test_it_is_sent_once_to_the_chosen_who_may_read_it_then(app: APIFlask, session: Session, usual: Usual) -> None:
    make(app)
    roundup_id = monthly(session).id
    send: dict[str, Any] = {"version": 1, **by(usual, "chen")}

    counts = [roundups.send(session, roundup_id, [usual.liu.id], request_key="once", **send) for _ in range(2)]
    session.commit()
    with pytest.raises(Invalid) as again:
        roundups.send(session, roundup_id, [usual.liu.id], request_key="twice", **send)
    with pytest.raises(Invalid):
        roundups.change_words(session, roundup_id, "改", version=2, **by(usual, "chen"))

    assert counts == [1, 1]
    assert again.value.problem == "roundup_sent"
    mails = notices(session, "roundup_sent")
    assert {person_id: mail.state for person_id, mail in mails.items()} == {usual.liu.id: OutboxState.QUEUED}
    page = roundups.get_roundup(session, roundup_id, actor=usual.actor("liu"))
    assert (page.sent_by, page.sent_to, page.supervises) == (usual.chen.name, [usual.liu.name], False)
    entries = session.scalars(select(HistoryEntry).where(HistoryEntry.act == Change.ROUNDUP_SENT)).all()
    assert [entry.after for entry in entries] == [{"addressees": [usual.liu.name]}]


@pytest.mark.parametrize("chosen", [[], ["li"], ["liu", "li"]])
def test_nobody_and_those_who_do_not_see_everything_are_refused(
    app: APIFlask, session: Session, usual: Usual, chosen: list[str]
) -> None:
    make(app)
    people = [getattr(usual, one).id for one in chosen]

    with pytest.raises(Invalid) as refused:
        roundups.send(session, monthly(session).id, people, version=1, **by(usual, "chen"))

    assert refused.value.problem == "roundup_to_nobody"
    assert notices(session, "roundup_sent") == {}


def test_words_that_were_changed_meanwhile_are_read_before_it_is_sent(
    app: APIFlask, session: Session, usual: Usual
) -> None:
    make(app)
    roundup_id = monthly(session).id
    roundups.change_words(session, roundup_id, "第二稿", version=1, **by(usual, "chen"))

    with pytest.raises(Stale):
        roundups.send(session, roundup_id, [usual.liu.id], version=1, **by(usual, "chen"))


# Written


def rows_of(content: bytes) -> list[list[str]]:
    """All rows of all tables that our own reader finds in a file."""
    blocks = read_document(content).blocks
    return [[cell.text for cell in row] for one in blocks if isinstance(one, Table) for row in one.rows]


def test_the_document_has_words_figures_lists_and_what_they_mean(app: APIFlask, session: Session, usual: Usual) -> None:
    make(app)
    page = roundups.get_roundup(session, monthly(session).id, actor=usual.actor("chen"))

    content = write_document(page)

    text = "\n".join(one.text for one in read_document(content).blocks if isinstance(one, Paragraph))
    assert "2026年11月督办工作月调度表" in text
    assert "数据截至" in text
    assert "范围：本机构督办的全部已交办任务" in text
    assert "按时的口径" in text
    rows = rows_of(content)
    assert [usual.lead.name, "在办 2 件，逾期 1 件；本期应办结 1 件，按时 0 件（0%）"] in rows
    assert any("推行并联审批" in row[-1] and "逾期 21 天" in row[-1] for row in rows)


def test_the_workbook_has_a_sheet_for_each_table_and_calculates_nothing(
    app: APIFlask, session: Session, usual: Usual
) -> None:
    make(app)
    page = roundups.get_roundup(session, monthly(session).id, actor=usual.actor("chen"))

    content = write_workbook(page)

    with zipfile.ZipFile(BytesIO(content)) as archive:
        names = re.findall(r'<sheet name="([^"]+)"', archive.read("xl/workbook.xml").decode())
        sheets = [archive.read(f"xl/worksheets/sheet{number}.xml").decode() for number in range(1, 7)]
    assert names == ["概况", "各单位", "各计划", "逾期", "下期到期", "本期销号"]
    assert not any("<f>" in sheet for sheet in sheets)
    rows = rows_of(content)
    assert [usual.lead.name, "2", "1", "1", "0", "0%"] in rows
    assert any(row[0] == "=压减时限" for row in rows)
