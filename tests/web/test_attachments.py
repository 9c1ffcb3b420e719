"""Files on tasks: who may add, see and remove them, and that they do no harm."""

from __future__ import annotations

import io
import os
import re
from dataclasses import replace
from datetime import date

import pytest
from markupsafe import escape
from sqlalchemy import select
from werkzeug.http import parse_options_header

from taskboard.domain.history import Change
from taskboard.domain.jobs import JobName
from taskboard.domain.workflow import AssignmentRole, AssignmentState, TaskState
from taskboard.jobs.runner import run_by_hand
from taskboard.models import Assignment, Attachment, HistoryEntry, ProgressReport, Task
from taskboard.services import attachment_files
from tests.support.factories import make_plan, make_task

PDF = b"%PDF-1.7\n..."


@pytest.fixture
def task(session, usual) -> Task:
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    task = make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,))
    session.commit()
    return task


@pytest.fixture
def folder(settings):
    return settings.instance_dir / attachment_files.FOLDER_NAME


def branch(session, task, role=AssignmentRole.LEAD) -> Assignment:
    return session.scalars(select(Assignment).where(Assignment.task_id == task.id, Assignment.role == role)).one()


def upload(visitor, task, assignment_id, *files, key="key-of-this-request", follow=True):
    sent = [(io.BytesIO(content), name) for name, content in files]
    answer = visitor.post(
        f"/tasks/{task.id}/attachments",
        files=sent,
        assignment_id="" if assignment_id is None else str(assignment_id),
        request_key=key,
    )
    return visitor.get(answer.location) if follow and answer.status_code == 302 else answer


def rows(session):
    session.rollback()
    return session.scalars(select(Attachment).order_by(Attachment.name)).all()


def on_disk(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_department_adds_files_that_everybody_on_the_task_can_fetch(visitor, usual, session, task, folder):
    page = upload(visitor.enter(usual.li), task, branch(session, task).id, ("佐证 材料.pdf", PDF), ("a.txt", b"text"))

    assert "已上传 2 个附件" in page.text
    text, proof = rows(session)
    assert (proof.name, proof.media_type, proof.size) == ("佐证 材料.pdf", "application/pdf", len(PDF))
    assert on_disk(folder) == sorted([text.id, proof.id])
    for person in (usual.li, usual.wang, usual.chen, usual.gao):
        with visitor.enter(person).get(f"/attachments/{proof.id}") as answer:
            assert (answer.status_code, answer.data) == (200, PDF)
        assert proof.name in visitor.get(f"/tasks/{task.id}").text


def report_with(visitor, task, assignment_id, *files, slug="report", **fields):
    sent = [(io.BytesIO(content), name) for name, content in files]
    return visitor.post(f"/tasks/{task.id}/assignments/{assignment_id}/{slug}", files=sent, **fields)


@pytest.mark.parametrize("slug", ["report", "submit"])
def test_evidence_comes_with_a_report_and_is_shown_with_it(visitor, usual, session, task, slug):
    words = {"report": "done", "submit": "statement"}[slug]
    files = (("证明.pdf", PDF), ("清单.txt", b"list"))
    lead = branch(session, task).id
    more = {words: "已完成一半。", "why_without_partners": "不影响"}

    answer = report_with(visitor.enter(usual.li), task, lead, *files, slug=slug, request_key="once", **more)

    assert answer.status_code == 303
    session.rollback()
    report = session.scalars(select(ProgressReport)).one()
    assert {(one.name, one.report_id, one.assignment_id) for one in rows(session)} == {
        ("证明.pdf", report.id, lead),
        ("清单.txt", report.id, lead),
    }
    page = visitor.get(f"/tasks/{task.id}").text
    assert page.count("证明.pdf") >= 2, "with the report and among the files"
    assert "随反馈" in page
    with visitor.enter(usual.wang).get(f"/attachments/{rows(session)[0].id}") as shown:
        assert shown.status_code == 200


def test_a_report_sent_twice_with_its_files_is_kept_once(visitor, usual, session, task, folder):
    for _ in range(2):
        sent = report_with(
            visitor.enter(usual.li), task, branch(session, task).id, ("a.pdf", PDF), done="进展", request_key="once"
        )
        assert sent.status_code == 303

    assert [one.name for one in rows(session)] == ["a.pdf"]
    assert on_disk(folder) == [rows(session)[0].id]


def test_a_file_that_was_forgotten_comes_with_the_same_words_again(visitor, usual, session, task):
    lead = branch(session, task).id
    visitor.enter(usual.li).post(f"/tasks/{task.id}/assignments/{lead}/report", done="进展", request_key="first")

    report_with(visitor, task, lead, ("证明.pdf", PDF), done="进展", request_key="second")

    session.rollback()
    assert [one.name for one in rows(session)] == ["证明.pdf"]


@pytest.mark.parametrize(
    "refused",
    [
        (("空.pdf", b""), "是空的"),
        (("工具.exe", b"MZ" + b"\0" * 100), "可执行程序"),
        (("大.pdf", PDF + b"0" * 2**21), "上限"),
    ],
)
def test_a_refused_file_keeps_the_report_as_it_was_typed(visitor, usual, session, task, refused):
    file, words = refused
    extensions = visitor.client.application.extensions
    settings = extensions["taskboard_settings"] = replace(extensions["taskboard_settings"], max_attachment_bytes=2**20)

    answer = report_with(
        visitor.enter(usual.li), task, branch(session, task).id, ("好.pdf", PDF), file, done="写了很久的进展"
    )

    assert answer.status_code == 422
    assert words in answer.text
    assert "请重新选择" in answer.text
    assert "写了很久的进展" in answer.text
    assert rows(session) == []
    assert on_disk(settings.instance_dir / attachment_files.FOLDER_NAME) == []
    assert session.scalars(select(ProgressReport)).all() == []


def test_files_with_a_submission_need_words(visitor, usual, session, task, folder):
    answer = report_with(
        visitor.enter(usual.wang), task, branch(session, task, AssignmentRole.PARTNER).id, ("a.pdf", PDF), slug="submit"
    )

    assert answer.status_code == 422
    assert "附了文件，请填写办结情况" in answer.text
    assert on_disk(folder) == []


def test_a_download_is_never_shown_in_the_origin_of_the_pages(visitor, usual, session, task):
    page = b"<!doctype html><script>alert(document.cookie)</script>"
    upload(visitor.enter(usual.li), task, branch(session, task).id, ("页面.html", page))

    with visitor.get(f"/attachments/{rows(session)[0].id}") as answer:
        assert answer.data == page
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "filename*=UTF-8''%E9%A1%B5%E9%9D%A2.html" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.mimetype == "text/plain"


def test_for_everybody_else_there_is_no_file(visitor, usual, session, task):
    upload(visitor.enter(usual.li), task, branch(session, task).id, ("a.pdf", PDF))
    file_id = rows(session)[0].id
    visitor.enter(usual.zhao)

    assert visitor.get(f"/attachments/{file_id}").status_code == 404
    assert visitor.post(f"/attachments/{file_id}/removal").status_code == 404
    assert upload(visitor, task, branch(session, task).id, ("b.pdf", PDF)).status_code == 404
    assert visitor.get("/attachments/" + "0" * 32).status_code == 404


def test_nobody_adds_to_or_takes_from_another_department(visitor, usual, session, task, folder):
    upload(visitor.enter(usual.li), task, branch(session, task).id, ("a.pdf", PDF))
    before = on_disk(folder)
    visitor.enter(usual.wang)

    assert upload(visitor, task, branch(session, task).id, ("b.pdf", PDF)).status_code == 403
    assert visitor.post(f"/attachments/{rows(session)[0].id}/removal").status_code == 403
    assert on_disk(folder) == before


def test_supervisors_add_files_for_everybody_on_the_task(visitor, usual, session, task):
    upload(visitor.enter(usual.chen), task, None, ("要求.pdf", PDF))

    assert rows(session)[0].assignment_id is None
    assert "督查单位" in visitor.enter(usual.wang).get(f"/tasks/{task.id}").text


def test_after_the_submission_files_stay_as_they_are(visitor, usual, session, task):
    lead = branch(session, task)
    upload(visitor.enter(usual.li), task, lead.id, ("a.pdf", PDF))
    session.rollback()
    branch(session, task).state = AssignmentState.SUBMITTED
    session.commit()

    assert visitor.post(f"/attachments/{rows(session)[0].id}/removal").status_code == 403
    assert upload(visitor, task, lead.id, ("b.pdf", PDF)).status_code == 403
    assert len(rows(session)) == 1


def test_on_a_task_that_has_ended_nothing_is_added(visitor, usual, session, task):
    task.state = TaskState.CLOSED
    session.commit()

    assert upload(visitor.enter(usual.chen), task, None, ("a.pdf", PDF)).status_code == 403


def test_a_second_click_on_removing_gets_the_first_answer_and_removes_nothing_else(visitor, usual, session, task):
    lead = branch(session, task)
    upload(visitor.enter(usual.li), task, lead.id, ("a.pdf", PDF), key="first")
    upload(visitor, task, lead.id, ("b.pdf", PDF), key="second")
    first, second = (one.id for one in rows(session))

    answers = [visitor.post(f"/attachments/{first}/removal", request_key="one-page") for _ in range(2)]

    assert [one.location for one in answers] == [f"/tasks/{task.id}#attachments"] * 2
    assert [one.id for one in rows(session)] == [second]
    session.rollback()
    acts = session.scalars(select(HistoryEntry.act)).all()
    assert acts.count(Change.DETACHED) == 1
    assert visitor.post(f"/attachments/{second}/removal", request_key="one-page").location is not None
    assert visitor.post(f"/attachments/{second}/removal", request_key="another-page").status_code == 404
    assert visitor.enter(usual.wang).post(f"/attachments/{first}/removal", request_key="one-page").status_code == 404


def test_adding_and_removing_stand_in_the_history(visitor, usual, session, task):
    upload(visitor.enter(usual.li), task, branch(session, task).id, ("a.pdf", PDF))
    [one] = rows(session)

    visitor.post(f"/attachments/{one.id}/removal", request_key="another-key")

    session.rollback()
    added, removed = session.scalars(select(HistoryEntry).order_by(HistoryEntry.id)).all()
    assert (added.act, added.task_id, added.actor_id) == (Change.ATTACHED, task.id, usual.li.id)
    assert (removed.act, removed.before) == (Change.DETACHED, added.after)
    assert added.after["files"][0]["name"] == "a.pdf"
    assert rows(session) == []
    assert "移除附件" in visitor.get(f"/tasks/{task.id}").text


def test_a_form_that_is_sent_twice_adds_once(visitor, usual, session, task, folder):
    lead = branch(session, task).id
    for _ in range(2):
        upload(visitor.enter(usual.li), task, lead, ("a.pdf", PDF))

    assert len(rows(session)) == 1
    assert len(on_disk(folder)) == 1


@pytest.mark.parametrize(
    "case",
    [
        ([], "请先选择"),
        ([("空.pdf", b"")], "“空.pdf”是空的"),
        ([("a.pdf", PDF), ("setup.pdf", b"MZ\x90\x00")], "可执行程序"),
        ([("a.pdf", PDF)] * 21, "一次最多上传 20 个"),
    ],
)
def test_files_that_do_not_do_are_named_and_none_is_kept(visitor, usual, session, task, case):
    files, words = case
    page = upload(visitor.enter(usual.li), task, branch(session, task).id, *files)

    assert words in page.text
    assert rows(session) == []


def test_a_refused_upload_leaves_nothing_on_the_disk(visitor, usual, session, task, folder):
    upload(visitor.enter(usual.li), task, branch(session, task).id, ("a.pdf", PDF), ("b.pdf", b""))

    assert on_disk(folder) == []


def test_the_limits_of_a_file_and_of_a_plan_are_kept(app, visitor, usual, session, task):
    lead = branch(session, task).id
    usual_settings = app.extensions["taskboard_settings"]
    app.extensions["taskboard_settings"] = replace(usual_settings, max_attachment_bytes=2**20)
    too_large = upload(visitor.enter(usual.li), task, lead, ("大.bin", b"x" * (2**20 + 1)))
    app.extensions["taskboard_settings"] = replace(usual_settings, max_plan_attachments_bytes=2**20)
    full = upload(visitor, task, lead, ("a.bin", b"x" * 2**19), ("b.bin", b"x" * (2**19 + 1)))

    assert "“大.bin”超过 1 MB" in too_large.text
    assert "附件总量将超过 1 MB" in full.text
    assert rows(session) == []


@pytest.mark.parametrize(
    "case",
    [("C:/Users/li/佐证.pdf", "佐证.pdf"), ("../../etc/passwd", "passwd"), ("a\tb.pdf", "a b.pdf")],
)
def test_a_name_is_a_name_and_no_path(visitor, usual, session, task, case):
    sent, kept = case
    upload(visitor.enter(usual.li), task, branch(session, task).id, (sent, PDF))

    assert [one.name for one in rows(session)] == [kept]


ODD_NAMES = {
    "folders above": ("../../证明/材料.pdf", "材料.pdf"),
    "folders with no name behind them": ("佐证/", "未命名"),
    "the folder above": ("..", ".."),
    "a device": ("CON", "CON"),
    "a device with an ending": ("con.txt", "con.txt"),
    "two lines as browsers send them": ("证明%0D%0A材料.pdf", "证明%0D%0A材料.pdf"),
    "a control character": ("证明\x1b[2J.pdf", "证明 [2J.pdf"),
    "quotes as browsers send them": ("证%22明;.pdf", '证"明;.pdf'),
    "a mark of the page": ("<img src=x onerror=alert(1)>.pdf", "<img src=x onerror=alert(1)>.pdf"),
    "the end of a string": ("证明\0.pdf", "证明 .pdf"),
    "only spaces": ("   ", "未命名"),
    "pictures": ("📎🎉.pdf", "📎🎉.pdf"),
    "letters from right to left": ("دليل.pdf", "دليل.pdf"),
    "an ending turned round": ("报告\u202efdp.exe", "报告fdp.exe"),
    "three hundred characters": (f"{'长' * 296}.pdf", f"{'长' * 196}.pdf"),
    "three hundred bytes of one character": ("e" + "\u0301" * 299, None),
}
"""what a browser may send as the name of a file, and what it is called then"""


@pytest.mark.parametrize("case", ODD_NAMES)
def test_a_file_of_an_odd_name_is_kept_shown_and_fetched(visitor, usual, session, task, folder, case):  # noqa: PLR0917
    sent, kept = ODD_NAMES[case]

    page = upload(visitor.enter(usual.li), task, branch(session, task).id, (sent, PDF))

    [one] = rows(session)
    assert kept in (None, one.name)
    assert 0 < len(one.name) <= 200
    assert on_disk(folder) == [one.id], "the name is nowhere on the disk"
    assert str(escape(one.name)) in page.text
    with visitor.get(f"/attachments/{one.id}") as answer:
        assert (answer.status_code, answer.data) == (200, PDF)
        header = answer.headers["Content-Disposition"]
    assert header.startswith("attachment;")
    assert parse_options_header(header)[1]["filename"] == one.name


@pytest.mark.parametrize("name", ["证明\n材料.pdf", "证明.pdf\r\nSet-Cookie: a=b", "证明.pdf\r\n\r\n正文"])
def test_a_name_that_breaks_out_of_its_header_brings_no_file(visitor, usual, session, task, folder, name):  # noqa: PLR0917
    page = upload(visitor.enter(usual.li), task, branch(session, task).id, (name, PDF))

    assert page.status_code == 200
    assert "a=b" not in page.headers.get("Set-Cookie", "")
    assert rows(session) == []
    assert on_disk(folder) == []


def test_a_file_without_a_name_is_none(visitor, usual, session, task):
    page = upload(visitor.enter(usual.li), task, branch(session, task).id, ("", PDF))

    assert "请先选择" in page.text
    assert rows(session) == []


def test_orphans_are_swept_after_a_day_and_nothing_else(app, visitor, usual, session, task, folder):  # noqa: PLR0917
    upload(visitor.enter(usual.li), task, branch(session, task).id, ("a.pdf", PDF))
    [kept] = on_disk(folder)
    for name in ("0" * 32, f"{'1' * 32}{attachment_files.UNFINISHED}", "2" * 32):
        (folder / name).write_bytes(b"x")
    for name in (kept, "0" * 32, f"{'1' * 32}{attachment_files.UNFINISHED}"):
        os.utime(folder / name, (0, 0))

    facts = run_by_hand(app, JobName.CLEAN_UP, date(2026, 11, 23))

    assert facts["files"] == 2
    assert on_disk(folder) == sorted([kept, "2" * 32])


def test_a_plain_reader_is_offered_no_upload(visitor, usual, session, task):
    upload(visitor.enter(usual.li), task, branch(session, task).id, ("a.pdf", PDF))

    page = visitor.enter(usual.liu).get(f"/tasks/{task.id}").text

    assert "a.pdf" in page
    assert not re.search(r'action="[^"]*(attachments|removal)"', page)
