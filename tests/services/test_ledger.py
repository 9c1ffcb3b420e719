"""The ledger of a plan: who sees which rows of it, and what stands in the workbook."""

from __future__ import annotations

import re
import zipfile
from datetime import date, timedelta
from io import BytesIO

import pytest

from taskboard.documents.reader import read_document
from taskboard.domain.errors import NotFound
from taskboard.domain.plan_parsing.blocks import Paragraph, Table
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.labels.ledger import Column
from taskboard.models import ProgressReport
from taskboard.services.calendar import package_calendar
from taskboard.services.ledger import load_ledger
from taskboard.services.ledger_workbook import write_ledger
from tests.support import factories
from tests.support.factories import NOW
from tests.support.queries import counted_queries
from tests.support.tables import assignment_of

CALENDAR = package_calendar()
TODAY = date(2026, 11, 23)


def ledger_of(session, plan, actor):
    return load_ledger(session, plan.id, actor, now=NOW, calendar=CALENDAR)


def cells_of(session, plan, actor):
    """The exported rows as the product's own reader gives them, by the titles of the columns."""
    document = read_document(write_ledger(ledger_of(session, plan, actor)))
    table = next(block for block in document.blocks if isinstance(block, Table))
    titles = [cell.text for cell in table.rows[0]]
    return [dict(zip(titles, [cell.text for cell in row], strict=True)) for row in table.rows[1:]]


def test_a_row_tells_the_task_its_departments_deadline_lights_and_last_report(session, usual, plan):
    task = factories.make_task(
        session,
        plan=plan,
        lead=usual.lead,
        partners=(usual.partner, usual.other),
        due_on=TODAY - timedelta(days=3),
        title="推进一网通办",
    )
    lead, partner = assignment_of(session, task, usual.lead), assignment_of(session, task, usual.partner)
    lead.percent, partner.state = 40, AssignmentState.WAIVED
    for done, days in (("已上线 12 项。", 9), ("已上线 30 项。", 2)):
        session.add(
            ProgressReport(
                assignment_id=lead.id, author_id=usual.li.id, reported_at=NOW - timedelta(days=days), done=done
            )
        )
    session.flush()

    [row] = cells_of(session, plan, usual.actor("chen"))

    assert row[Column.TASK] == str(task.id)
    assert row[Column.TITLE] == "推进一网通办"
    assert row[Column.TEXT] == "推进一网通办，加强统筹协调。"
    assert (row[Column.LEAD], row[Column.PARTNERS]) == ("市发展改革委", "市财政局、市教育局")
    assert (row[Column.DEADLINE], row[Column.ORIGIN], row[Column.STATE]) == ("2026-11-20", "原文载明", "办理中")
    assert row[Column.LIGHT] == "市发展改革委：■ 逾期 3 天\n市财政局：○ 知悉\n市教育局：■ 逾期 3 天"
    assert row[Column.PERCENT] == "40%"
    assert row[Column.REPORT] == "2026-11-21 市发展改革委：已上线 30 项。"


def test_a_department_finds_only_its_own_tasks_in_the_ledger(session, usual, plan):
    factories.make_task(session, plan=plan, lead=usual.lead, title="共同的事", partners=(usual.partner,))
    factories.make_task(session, plan=plan, lead=usual.lead, title="别人的事")
    factories.make_task(session, plan=plan, lead=usual.partner, title="还是草稿", state=TaskState.DRAFT)

    assert [row.title for row in ledger_of(session, plan, usual.actor("wang")).rows] == ["共同的事"]
    assert len(ledger_of(session, plan, usual.actor("chen")).rows) == 3
    assert not ledger_of(session, plan, usual.actor("wang")).is_whole


@pytest.mark.parametrize("name", ["zhao", "sun"])
def test_who_sees_nothing_of_a_plan_gets_no_ledger(session, usual, plan, name):
    factories.make_task(session, plan=plan, lead=usual.lead)

    with pytest.raises(NotFound):
        ledger_of(session, plan, usual.actor(name))


def test_a_withdrawn_department_is_left_out_while_others_go_on(session, usual, plan):
    task = factories.make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,))
    assignment_of(session, task, usual.partner).state = AssignmentState.WITHDRAWN
    session.flush()

    [row] = ledger_of(session, plan, usual.actor("chen")).rows

    assert (row.terms.leads, row.terms.partners) == ({usual.lead.id}, set())


@pytest.mark.parametrize("title", ["=1+1", "+86", "-1", "@SUM(A1)", "http://example.org", "007", '=HYPERLINK("x")'])
def test_text_is_never_taken_for_a_formula_a_link_or_a_number(session, usual, plan, title):
    factories.make_task(session, plan=plan, lead=usual.lead, title=title)

    [row] = cells_of(session, plan, usual.actor("chen"))
    workbook = write_ledger(ledger_of(session, plan, usual.actor("chen")))

    assert row[Column.TITLE] == title
    assert b"<f>" not in sheet_of(workbook) and b"hyperlink" not in sheet_of(workbook)


def sheet_of(workbook):
    return zipfile.ZipFile(BytesIO(workbook)).read("xl/worksheets/sheet1.xml")


def test_the_sheet_is_ready_for_print(session, usual, plan):
    factories.make_task(session, plan=plan, lead=usual.lead)

    sheet = sheet_of(write_ledger(ledger_of(session, plan, usual.actor("chen"))))

    [setup] = re.findall(rb"<pageSetup[^>]*>", sheet)
    assert all(one in setup for one in (b'paperSize="9"', b'orientation="landscape"', b'fitToHeight="0"'))
    assert "&amp;L&amp;8截至 2026-11-23 09:00".encode() in sheet
    assert b'<pane xSplit="3" ySplit="3"' in sheet


def test_the_ledger_says_when_it_was_made_what_it_holds_and_what_on_time_means(session, usual, plan):
    factories.make_task(session, plan=plan, lead=usual.lead)

    document = read_document(write_ledger(ledger_of(session, plan, usual.actor("li"))))

    head = [block.text for block in document.blocks if isinstance(block, Paragraph)]
    assert head[:2] == [
        "优化营商环境工作要点",
        "截至 2026-11-23 09:00；督查单位：云泽市人民政府；范围：本计划中导出人岗位可见的任务，共 1 项",
    ]
    notes = [
        cell.text for block in document.blocks[3:] if isinstance(block, Table) for row in block.rows for cell in row
    ]
    assert any("时限当天报送算按时" in text for text in notes)


def test_a_plan_without_tasks_gives_a_ledger_without_rows(session, usual, plan):
    assert ledger_of(session, plan, usual.actor("chen")).rows == []
    assert write_ledger(ledger_of(session, plan, usual.actor("chen"))).startswith(b"PK")


def test_the_ledger_asks_a_fixed_number_of_queries(session, engine, usual, plan):
    counts = []
    for _ in range(2):
        for _ in range(3):
            factories.make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,))
        with counted_queries(engine) as statements:
            ledger_of(session, plan, usual.actor("chen"))
        counts.append(len(statements))

    assert counts == [4, 4]


def test_the_ledger_keeps_archived_tasks_and_marks_them(session, usual, plan):
    factories.make_task(session, plan=plan, lead=usual.lead, state=TaskState.CLOSED)
    archived = factories.make_task(session, plan=plan, lead=usual.lead, state=TaskState.CLOSED)
    archived.archived_at = NOW
    session.flush()

    states = [row[Column.STATE] for row in cells_of(session, plan, usual.actor("chen"))]

    assert states == ["已办结", "已办结（已归档）"]
