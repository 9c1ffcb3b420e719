"""The auditor's pages: the trail, narrowed down and as a file; everything else read-only."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from taskboard.domain.history import Change, Subject
from taskboard.domain.jobs import JobName
from taskboard.domain.roles import Role
from taskboard.domain.workflow import Act
from taskboard.jobs.runner import run_by_hand
from taskboard.labels import label
from taskboard.models import HistoryEntry
from taskboard.services import audit
from taskboard.services.history import record_change
from tests.support.factories import make_department, make_person, make_plan, make_task


@pytest.fixture
def auditor(session, usual):
    person = make_person(session, "沈审计", (Role.AUDITOR, usual.body))
    session.commit()
    return person


@pytest.fixture
def desk(session, clock):
    return session, clock


def write(session, clock, subject=Subject.PERSON, *, actor=None, entrance="web", subject_id=None, **values):
    entry = record_change(
        session,
        subject=subject,
        subject_id=subject_id,
        act=Change.CHANGED,
        actor=actor,
        now=clock.now(),
        entrance=entrance,
        **values,
    )
    session.commit()
    return entry


def marks(page: str) -> list[int]:
    return [int(one) for one in re.findall(r"<ins>mark-(\d+)</ins>", page)]


@pytest.mark.parametrize("who", ["li", "gao", "qian", "chen", "liu", "sun"])
def test_nobody_but_auditors_reads_the_trail(visitor, usual, who):
    visitor.enter(getattr(usual, who))

    assert visitor.get("/audit").status_code == 403
    assert visitor.post("/audit/export").status_code == 403
    assert "审计记录" not in visitor.get("/account").text


def test_an_entry_is_told_in_words(visitor, usual, auditor, session, clock):
    write(
        session,
        clock,
        subject_id=usual.li.id,
        actor=usual.actor("sun"),
        before={"name": "李旧"},
        after={"name": "李联络", "post": {"role": Role.LIAISON}},
        reason="改名",
    )

    page = visitor.enter(auditor).get("/audit").text

    for words in (
        "孙管理",
        "人员",
        "李联络",
        "修改",
        "<del>李旧</del>",
        "网页",
        "理由：改名",
        "待封存",
        "<ins>联络员</ins>",
    ):
        assert words in page


@pytest.mark.parametrize(
    "asked",
    [
        ({}, [4, 3, 2, 1]),
        ({"person": "孙管理"}, [2]),
        ({"person": "sun"}, [2]),
        ({"person": "没有这人"}, []),
        ({"subject": "plan"}, [3]),
        ({"subject": "person", "number": "7"}, [1]),
        ({"entrance": "cli"}, [3]),
        ({"from": "2026-11-24"}, [4]),
        ({"to": "2026-11-23"}, [3, 2, 1]),
        ({"from": "2026-11-23", "to": "2026-11-23", "entrance": "web"}, [2, 1]),
    ],
)
def test_the_trail_is_narrowed_down(visitor, usual, auditor, desk, asked):
    query, expected = asked
    session, clock = desk
    write(session, clock, subject_id=7, after={"name": "mark-1"})
    write(session, clock, actor=usual.actor("sun"), after={"name": "mark-2"})
    write(session, clock, Subject.PLAN, entrance="cli", after={"name": "mark-3"})
    clock.moment += timedelta(days=1)
    write(session, clock, after={"name": "mark-4"})

    assert marks(visitor.enter(auditor).get("/audit", **query).text) == expected


@pytest.mark.parametrize("query", [{"from": "2026-13-01"}, {"to": "morgen"}, {"number": "x"}, {"from": "9999-12-31"}])
def test_a_filter_that_nobody_can_mean_is_said_and_kept(visitor, auditor, query):
    answer = visitor.enter(auditor).get("/audit", **query)

    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert f'value="{next(iter(query.values()))}"' in answer.text


def test_pages_follow_each_other_without_gap_or_repetition(visitor, auditor, session, clock, monkeypatch):
    for number in range(130):
        write(session, clock, after={"name": f"mark-{number}"})

    seen, address = [], "/audit"
    visitor.enter(auditor)
    while address:
        page = visitor.get(address).text
        seen += marks(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following.group(1).replace("&amp;", "&") if following else ""

    assert seen == list(range(129, -1, -1))


@pytest.mark.parametrize("after", ["x", "2026-11-23~1", "2026-11-23T00:00:00+00:00~99999999999", "~"])
def test_an_address_that_was_tampered_with_leads_to_the_first_page(visitor, auditor, session, clock, after):
    write(session, clock, after={"name": "mark-1"})

    assert marks(visitor.enter(auditor).get("/audit", after=after).text) == [1]


def test_an_auditor_further_below_reads_what_concerns_the_tasks_in_sight(visitor, usual, session, clock):
    county = make_department(session, "江城县政府", parent=usual.body)
    below = make_person(session, "县审计", (Role.AUDITOR, county))
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    own, foreign = make_task(session, plan=plan, lead=county), make_task(session, plan=plan, lead=usual.lead)
    write(session, clock, Subject.TASK, subject_id=own.id, after={"name": "mark-1"})
    write(session, clock, Subject.TASK, subject_id=foreign.id, after={"name": "mark-2"})
    write(session, clock, after={"name": "mark-3"})

    assert marks(visitor.enter(below).get("/audit").text) == [1]


def test_an_auditor_sees_every_task_and_can_change_none(visitor, usual, auditor, session):
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    task = make_task(session, plan=plan, lead=usual.lead)
    session.commit()

    answer = visitor.enter(auditor).get(f"/tasks/{task.id}")

    assert answer.status_code == 200
    assert [one for one in re.findall(r'<form[^>]*action="([^"]+)"', answer.text) if "sign-out" not in one] == []


def test_the_state_of_the_chain_is_shown(visitor, auditor, session, clock, app):
    write(session, clock)
    run_by_hand(app, JobName.CHECK_TRAIL, date(2026, 11, 23))

    page = visitor.enter(auditor).get("/audit").text

    assert "1 条" in page
    assert "：完整" in page
    assert "第 1 号" in page


def test_what_waits_to_be_sealed_is_counted_up_to_a_bound(visitor, auditor, session, clock, monkeypatch):
    monkeypatch.setattr("taskboard.services.trail.MOST_COUNTED", 3)
    told = []
    for _ in range(4):
        write(session, clock)
        told += re.findall(r"还没有封存的记录，(.+)待封存", visitor.enter(auditor).get("/audit").text)

    assert told == ["1 条", "2 条", "3 条以上", "3 条以上"]


def test_the_export_follows_the_filter_and_is_put_on_record(visitor, usual, auditor, session, clock):
    write(session, clock, after={"name": "张三"})
    write(session, clock, Subject.PLAN, after={"name": "计划"})

    answer = visitor.enter(auditor).post("/audit/export", subject="plan")

    assert answer.headers["Content-Disposition"].startswith("attachment")
    [row] = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert (row["subject"], row["after"]) == ("plan", '{"name": "计划"}')
    session.rollback()
    last = session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
    assert (last.act, last.subject, last.actor_id) == (Change.EXPORTED, Subject.TRAIL, auditor.id)
    assert last.after == {"form": ".csv", "subject": "plan"}


def test_an_export_of_many_entries_has_each_once(session, clock, monkeypatch):
    monkeypatch.setattr(audit, "EXPORTED_AT_ONCE", 3)
    for number in range(7):
        write(session, clock, subject_id=number)

    lines = list(audit.export_lines(session, audit.Filter(), form=".jsonl", actor=None))

    assert len(lines) == len(set(lines)) == 7


@pytest.mark.parametrize("word", [*Subject, *Change, *Act])
def test_every_subject_and_act_has_a_chinese_word(word):
    assert re.search(r"[\u4e00-\u9fff]", label(word))
