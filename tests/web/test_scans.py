"""Scans through the pages: uploaded, waited for, cancelled, tried again, and what is said where nothing recognises."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.roles import Role
from taskboard.domain.scans import ScanState
from taskboard.models import ImportDraft, Scan
from taskboard.services import scans
from taskboard.web.imports import pages
from tests.documents.pdf_files import column, make_pdf, picture
from tests.services.test_scans import DOCUMENT, PLAN
from tests.support.factories import NOW, Usual, make_department, make_person
from tests.support.visitor import Visitor

SCAN = make_pdf(picture(), picture())


@pytest.fixture
def recognition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "can_recognise", lambda: True)
    monkeypatch.setattr(pages, "can_recognise", lambda: True)


@pytest.fixture
def chen(visitor: Visitor, usual: Usual) -> Visitor:
    return visitor.enter(usual.chen)


def upload(visitor: Visitor, content: bytes = SCAN, name: str = "扫描件.pdf") -> Any:
    return visitor.post("/imports/new", file=(BytesIO(content), name))


def stored(session: Session) -> list[Scan]:
    session.rollback()
    return list(session.scalars(select(Scan).order_by(Scan.id)))


def hold(session: Session) -> scans.HeldScan:
    # What the session read before the page wrote is let go, for a writer of SQLite may not have read an older state.
    session.rollback()
    held = scans.take_next(session, now=NOW)
    assert held is not None
    session.commit()
    return held


def test_without_the_extra_a_scan_is_refused_with_what_to_do(chen: Visitor, session: Session) -> None:
    page = upload(chen)

    assert page.status_code == 422
    assert "没有安装文字识别组件" in page.text
    assert "taskboard[ocr]" in page.text
    assert stored(session) == []


@pytest.mark.usefixtures("recognition")
def test_a_scan_waits_and_says_so(chen: Visitor, session: Session) -> None:
    answer = upload(chen)
    page = chen.get(answer.location)

    [scan] = stored(session)
    assert (answer.status_code, answer.location) == (303, f"/scans/{scan.id}")
    assert "等待识别" in page.text
    assert "扫描件.pdf" in chen.get("/imports/new").text
    assert (scan.state, scan.source_name, scan.content) == (ScanState.WAITING, "扫描件.pdf", SCAN)


@pytest.mark.usefixtures("recognition")
def test_a_second_scan_says_how_many_come_first(chen: Visitor) -> None:
    upload(chen)

    second = upload(chen, make_pdf(picture()), "另一份.pdf")

    assert "前面还有 1 份" in chen.get(second.location).text


@pytest.mark.usefixtures("recognition")
def test_the_same_scan_sent_again_leads_to_the_first(chen: Visitor, session: Session) -> None:
    first = upload(chen)

    again = upload(chen)

    assert again.status_code == 409
    assert "正在识别" in again.text
    assert first.location in again.text
    assert len(stored(session)) == 1


@pytest.mark.usefixtures("recognition")
def test_the_same_scan_may_be_wanted_twice(chen: Visitor, session: Session) -> None:
    upload(chen)
    [scan] = stored(session)

    answer = chen.post("/imports/new", scan=str(scan.id))

    assert answer.status_code == 303
    assert [one.content for one in stored(session)] == [SCAN, SCAN]


@pytest.mark.usefixtures("recognition")
def test_its_script_is_told_how_many_pages_are_done(chen: Visitor, session: Session) -> None:
    address = upload(chen).location
    scans.note_page(session, hold(session), done=1, pages=2, now=NOW)
    session.commit()

    told = chen.get(f"{address}/state").json

    assert (told["state"], told["review"]) == ("reading", None)
    assert "共 2 页，已完成 1 页" in told["html"]


@pytest.mark.usefixtures("recognition")
def test_a_scan_that_was_read_leads_to_its_review(chen: Visitor, session: Session) -> None:
    address = upload(chen).location
    draft_id = scans.finish_scan(session, hold(session), DOCUMENT, PLAN, now=NOW)
    session.commit()

    assert chen.get(f"{address}/state").json["review"] == f"/imports/{draft_id}"
    assert chen.get(address).location == f"/imports/{draft_id}"
    assert "由图片识别而来" in chen.get(f"/imports/{draft_id}").text


@pytest.mark.usefixtures("recognition")
def test_a_scan_that_failed_says_why_and_is_tried_again(chen: Visitor, session: Session) -> None:
    address = upload(chen).location
    scans.fail_scan(session, hold(session), "too_many_pages", {"pages": 300, "limit": 200}, now=NOW)
    session.commit()
    page = chen.get(address)

    answer = chen.post(f"{address}/retry")

    assert "文件有 300 页，超过上限（200 页）" in page.text
    assert answer.location == address
    assert [one.state for one in stored(session)] == [ScanState.WAITING]


@pytest.mark.usefixtures("recognition")
def test_a_cancelled_scan_is_gone(chen: Visitor, session: Session) -> None:
    address = upload(chen).location

    answer = chen.post(f"{address}/cancel")

    assert answer.location == "/imports/new"
    assert stored(session) == []
    assert chen.get(address).status_code == 404


@pytest.mark.usefixtures("recognition")
def test_cancelling_what_was_read_meanwhile_leads_to_the_review(chen: Visitor, session: Session) -> None:
    address = upload(chen).location
    draft_id = scans.finish_scan(session, hold(session), DOCUMENT, PLAN, now=NOW)
    session.commit()

    answer = chen.post(f"{address}/cancel")

    assert answer.location == address
    assert chen.get(address).location == f"/imports/{draft_id}"


@pytest.mark.usefixtures("recognition")
def test_the_scanned_pages_of_a_mixed_file_can_be_recognised_from_its_review(chen: Visitor, session: Session) -> None:
    mixed = make_pdf(column(["一、甲任务。（责任单位：市财政局、市商务局、市教育局）"]), picture())
    review = upload(chen, mixed, "混合.pdf").location
    page = chen.get(review)
    session.rollback()  # what it read before is not what stands now
    draft_id = session.scalars(select(ImportDraft.id)).one()

    answer = chen.post(f"/scans/of-draft/{draft_id}")

    assert f"/scans/of-draft/{draft_id}" in page.text
    [scan] = stored(session)
    assert (answer.location, scan.content, scan.source_name) == (f"/scans/{scan.id}", mixed, "混合.pdf")


@pytest.mark.usefixtures("recognition")
def test_scans_of_others_do_not_exist(chen: Visitor, session: Session, usual: Usual) -> None:
    address = upload(chen).location
    session.rollback()
    elsewhere = make_department(session, "另一市政府督查室")
    stranger = make_person(session, "吴某", (Role.SUPERVISOR, elsewhere))
    session.commit()
    chen.enter(stranger)

    assert chen.get(address).status_code == 404
    assert chen.get(f"{address}/state").status_code == 404
    assert [chen.post(f"{address}/{act}").status_code for act in ("cancel", "retry")] == [404, 404]
    assert chen.post("/imports/new", scan=address.rpartition("/")[2]).status_code == 404
    assert len(stored(session)) == 1
    assert chen.enter(usual.li).get(address).status_code in (403, 404)
