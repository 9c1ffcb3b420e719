"""A ledger that goes out as a workbook and comes back edited, in a real browser: updates with their preview."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from taskboard.models import Task
from taskboard.services import task_acts
from tests.support import factories

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

SHEET = "xl/worksheets/sheet1.xml"
Edit = Callable[[str], str]


@pytest.fixture
def plan(session, usual):
    """Two issued tasks of one plan, and one of another."""
    plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
    other = factories.make_plan(session, body=usual.body, imported_by=usual.chen, title="另一份计划")
    for title in ("推进一网通办", "清理收费项目"):
        factories.make_task(
            session,
            plan=plan,
            lead=usual.lead,
            partners=(usual.partner,),
            due_on=date(2026, 12, 31),
            title=title,
        )
    factories.make_task(session, plan=other, lead=usual.lead, due_on=date(2026, 12, 31), title="别的计划的事")
    session.commit()
    return plan


@pytest.fixture
def upload(page: Page, plan) -> Page:
    """The page where a ledger is sent back, in chen's browser."""
    page.goto("/sign-in")
    page.fill("[name=username]", "chen")
    page.fill("[name=password]", factories.PASSWORD)
    page.click("main button[type=submit]")
    page.goto(f"/plans/{plan.id}/ledger")
    return page


def export(page: Page) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("link", name="导出最新台账").click()
    return Path(download.value.path()).read_bytes()


def edited(workbook: bytes, *edits: Edit) -> bytes:
    """The workbook as a person would save it after these edits of its parts."""
    result = BytesIO()
    with zipfile.ZipFile(BytesIO(workbook)) as before, zipfile.ZipFile(result, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if name == SHEET or name.endswith("sharedStrings.xml"):
                text = content.decode()
                for edit in edits:
                    text = edit(text)
                content = text.encode()
            after.writestr(name, content)
    return result.getvalue()


def put(old: str, new: str) -> Edit:
    return lambda text: text.replace(old, new)


def without_column(letter: str) -> Edit:
    """The sheet without the cells of one column."""
    return lambda text: re.sub(rf'<c r="{letter}\d+"[^>]*?(?:/>|>.*?</c>)', "", text)


def send(page: Page, content: bytes) -> None:
    page.set_input_files("[name=file]", {"name": "台账.xlsx", "mimeType": "application/x-zip", "buffer": content})
    page.get_by_role("button", name="核对变更").click()


def stands(session):
    session.rollback()
    return {row.title: row.due_on for row in session.scalars(select(Task).order_by(Task.id))}


def test_an_edited_ledger_updates_its_tasks_after_a_preview_and_doubles_none(upload: Page, plan, session):
    ledger = edited(export(upload), put("2026-12-31", "2027-03-31"))
    send(upload, ledger)
    rows = upload.get_by_role("row").filter(has=upload.get_by_role("checkbox"))
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("2026年12月31日")
    expect(rows.first).to_contain_text("2027年3月31日")
    assert set(stands(session).values()) == {date(2026, 12, 31)}

    upload.get_by_label("变更任务 2").uncheck()
    upload.fill("[name=reason]", "台账核对")
    upload.get_by_role("button", name="确认变更").dblclick()
    upload.wait_for_url(f"**/plans/{plan.id}")

    after = {"推进一网通办": date(2027, 3, 31), "清理收费项目": date(2026, 12, 31), "别的计划的事": date(2026, 12, 31)}
    assert stands(session) == after
    upload.goto(f"/plans/{plan.id}/ledger")
    send(upload, ledger)
    expect(upload.get_by_role("row").filter(has=upload.get_by_role("checkbox"))).to_have_count(1)
    assert stands(session) == after


def column_of(workbook: bytes, head: str) -> str:
    """The letter of the column with this head."""
    with zipfile.ZipFile(BytesIO(workbook)) as packed:
        strings = re.findall(r"<si>.*?</si>", packed.read("xl/sharedStrings.xml").decode(), re.DOTALL)
        sheet = packed.read(SHEET).decode()
    place = next(place for place, one in enumerate(strings) if f">{head}<" in one)
    found = re.search(rf'<c r="([A-Z]+)\d+"[^>]*t="s"[^>]*><v>{place}</v>', sheet)
    assert found is not None
    return found[1]


def renumbered(column: str, numbers: dict[str, str]) -> Edit:
    """Other numbers in the cells of one column."""
    cell = re.compile(rf'(<c r="{column}\d+"(?![^>]*t="s")[^>]*><v>)(\d+)(</v>)')
    return lambda text: cell.sub(lambda found: f"{found[1]}{numbers[found[2]]}{found[3]}", text)


def test_numbers_that_are_unknown_or_of_another_plan_are_told_and_make_no_task(upload: Page, session):
    ledger = export(upload)
    numbers = renumbered(column_of(ledger, "任务号"), {"1": "999", "2": "3"})

    send(upload, edited(ledger, numbers, put("2026-12-31", "2027-03-31")))

    expect(upload.get_by_role("region", name="没有读取的行")).to_contain_text("没有任务号 999")
    expect(upload.get_by_role("region", name="没有读取的行")).to_contain_text("任务号 3 属于其他计划")
    expect(upload.get_by_text("台账里没有可以变更的内容")).to_be_visible()
    assert stands(session) == dict.fromkeys(("推进一网通办", "清理收费项目", "别的计划的事"), date(2026, 12, 31))


@pytest.mark.parametrize(("head", "is_read"), [("配合单位", False), ("最近反馈", True)])
def test_a_deleted_column_is_named_where_it_is_needed_and_missed_by_nobody_else(upload: Page, session, head, is_read):
    ledger = export(upload)

    send(upload, edited(ledger, without_column(column_of(ledger, head)), put("2026-12-31", "2027-03-31")))

    expect(upload.get_by_role("button", name="确认变更" if is_read else "核对变更")).to_be_visible()
    expect(upload.get_by_role("row").filter(has=upload.get_by_role("checkbox"))).to_have_count(2 if is_read else 0)
    expect(upload.locator("#file-errors")).to_have_count(0 if is_read else 1)
    assert set(stands(session).values()) == {date(2026, 12, 31)}


def test_what_changed_in_the_system_since_the_export_is_not_undone(upload: Page, session, usual):
    ledger = export(upload)
    by = {"actor": usual.actor("chen"), "now": factories.NOW, "entrance": "test", "reason": "延后"}
    task_acts.correct_deadline(session, 1, due_on=date(2027, 6, 30), **by)
    session.commit()

    send(upload, edited(ledger, put("2026-12-31", "2027-03-31")))

    expect(upload.get_by_role("region", name="没有读取的行")).to_contain_text("推进一网通办")
    expect(upload.get_by_role("row").filter(has=upload.get_by_role("checkbox"))).to_have_count(1)
    assert stands(session)["推进一网通办"] == date(2027, 6, 30)
