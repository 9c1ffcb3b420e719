"""The ledger through its pages: exported, and uploaded again."""

from __future__ import annotations

import zipfile
from datetime import date
from io import BytesIO

import pytest
from lxml import html
from sqlalchemy import select

from taskboard.domain.workflow import TaskState
from taskboard.models import Task
from tests.support import factories


@pytest.fixture
def plan(session, usual):
    plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen, title="要点/2026：一")
    factories.make_task(
        session, plan=plan, lead=usual.lead, partners=(usual.partner,), due_on=date(2026, 12, 31), title="推进一网通办"
    )
    factories.make_task(session, plan=plan, lead=usual.other, state=TaskState.DRAFT, title="还没有交办的事")
    session.commit()
    return plan


def test_a_plan_page_leads_to_its_ledger_as_a_file_to_keep(visitor, usual, plan):
    visitor.enter(usual.chen)
    address = f"/plans/{plan.id}/ledger.xlsx"

    answer = visitor.get(address)

    assert address in visitor.get(f"/plans/{plan.id}").text
    assert answer.status_code == 200
    assert answer.data.startswith(b"PK")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "%E5%8F%B0%E8%B4%A6" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(("name", "status"), [("li", 200), ("liu", 200), ("zhao", 404), ("sun", 404)])
def test_the_ledger_exists_for_who_sees_something_of_the_plan(visitor, usual, plan, name, status):
    answer = visitor.enter(getattr(usual, name)).get(f"/plans/{plan.id}/ledger.xlsx")

    assert answer.status_code == status


# Coming back


def edited(workbook, old, new):
    """The workbook as a person would save it with one text changed."""
    result = BytesIO()
    with zipfile.ZipFile(BytesIO(workbook)) as before, zipfile.ZipFile(result, "w") as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).replace(old.encode(), new.encode()))
    return result.getvalue()


def fields_of(page):
    form = html.fromstring(page.text).xpath("//form[contains(@action, '/ledger/apply')]")[0]
    return {name: value for name, value in form.form_values() if name != "csrf_token"}


def send(visitor, plan, content, name="台账.xlsx"):
    return visitor.post(f"/plans/{plan.id}/ledger", file=(BytesIO(content), name))


def exported(visitor, plan):
    return visitor.get(f"/plans/{plan.id}/ledger.xlsx").data


def due_of(session):
    session.rollback()
    return session.scalars(select(Task.due_on).where(Task.title == "推进一网通办")).one()


def test_an_edited_ledger_is_previewed_and_then_confirmed(visitor, usual, plan, session):
    visitor.enter(usual.chen)

    preview = send(visitor, plan, edited(exported(visitor, plan), "2026-12-31", "2027-03-31"))

    assert preview.status_code == 200
    assert "2027年3月31日" in preview.text
    assert due_of(session) == date(2026, 12, 31)

    done = visitor.post(f"/plans/{plan.id}/ledger/apply", **fields_of(preview) | {"reason": "台账核对"})

    assert (done.status_code, done.location) == (303, f"/plans/{plan.id}")
    assert due_of(session) == date(2027, 3, 31)


def test_a_confirmation_without_a_reason_comes_back(visitor, usual, plan, session):
    visitor.enter(usual.chen)
    preview = send(visitor, plan, edited(exported(visitor, plan), "2026-12-31", "2027-03-31"))

    refused = visitor.post(f"/plans/{plan.id}/ledger/apply", **fields_of(preview))

    assert refused.status_code == 422
    assert "全部都没有变更" in refused.text
    assert "请填写“变更原因”" in refused.text
    assert "“推进一网通办”" not in refused.text
    assert html.fromstring(refused.text).xpath("//*[@name='reason']/@aria-invalid") == ["true"]
    assert fields_of(refused)["take"]
    assert due_of(session) == date(2026, 12, 31)


def test_without_a_tick_nothing_is_changed(visitor, usual, plan, session):
    visitor.enter(usual.chen)
    preview = send(visitor, plan, edited(exported(visitor, plan), "2026-12-31", "2027-03-31"))
    fields = {name: value for name, value in fields_of(preview).items() if name != "take"}

    refused = visitor.post(f"/plans/{plan.id}/ledger/apply", **fields | {"reason": "a"})

    assert refused.status_code == 422
    assert "请先勾选要变更的任务" in refused.text
    assert due_of(session) == date(2026, 12, 31)


def test_a_task_that_others_changed_after_the_preview_is_a_conflict(visitor, usual, plan, session):
    visitor.enter(usual.chen)
    preview = send(visitor, plan, edited(exported(visitor, plan), "2026-12-31", "2027-03-31"))
    session.scalars(select(Task).where(Task.title == "推进一网通办")).one().due_on = date(2027, 6, 30)
    session.commit()

    conflict = visitor.post(f"/plans/{plan.id}/ledger/apply", **fields_of(preview) | {"reason": "a"})

    assert conflict.status_code == 409
    assert due_of(session) == date(2027, 6, 30)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04 broken", "file"),
        ("不是台账".encode(), "请上传从系统导出的台账"),
    ],
)
def test_a_file_that_is_no_ledger_is_refused_in_words(visitor, usual, plan, content, words):
    answer = send(visitor.enter(usual.chen), plan, content)

    assert answer.status_code == 422
    assert words in answer.text


def test_a_form_without_a_file_asks_for_it(visitor, usual, plan):
    answer = visitor.enter(usual.chen).post(f"/plans/{plan.id}/ledger")

    assert answer.status_code == 422
    assert "请选择台账文件" in answer.text


@pytest.mark.parametrize("text", ["{}", "[]", "null", '{"version": "x"}', "[" * 3000])
def test_what_the_preview_never_sent_is_refused(visitor, usual, plan, text, session):
    visitor.enter(usual.chen)

    answer = visitor.post(f"/plans/{plan.id}/ledger/apply", take="1", reason="a", **{"update-1": text})

    assert answer.status_code == 409
    assert due_of(session) == date(2026, 12, 31)


@pytest.mark.parametrize("name", ["li", "gao", "liu", "zhao", "sun"])
def test_only_supervisors_send_a_ledger_back(visitor, usual, plan, name):
    visitor.enter(getattr(usual, name))

    assert visitor.get(f"/plans/{plan.id}/ledger").status_code == 403
    assert send(visitor, plan, b"x").status_code == 403
    assert visitor.post(f"/plans/{plan.id}/ledger/apply").status_code == 403
    assert f'/plans/{plan.id}/ledger"' not in visitor.get(f"/plans/{plan.id}").text
