"""The comparison page: what it shows, what it sends, and who may open it."""

from __future__ import annotations

import pytest
from lxml import html
from sqlalchemy import select

from taskboard.models import ImportDraft, Plan, Task
from taskboard.services import imports, issuing
from tests.services.test_revisions import NEW, OLD
from tests.support.factories import NOW
from tests.support.importing import read


@pytest.fixture
def address(session, usual):
    by = {"actor": usual.actor("chen"), "now": NOW, "entrance": "test"}
    old = imports.start_import(session, read(OLD), body_id=usual.body.id, **by)
    plan = imports.confirm_import(session, old.id, version=old.version, leads_are_checked=True, **by)
    draft = imports.start_import(session, read(NEW), body_id=usual.body.id, **by)
    session.commit()
    return f"/imports/{draft.id}/compare/{plan.id}"


def fields_of(page):
    form = html.fromstring(page.text).xpath("//form[@method='post'][.//input[@name='version']]")[0]
    fields = {}
    for name, value in form.form_values():
        fields.setdefault(name, []).append(value)
    fields.pop("csrf_token")
    return fields


def words_of(page):
    return " ".join(html.fromstring(page.text).text_content().split())


def titles(session):
    session.rollback()
    return session.scalars(select(Task.title).order_by(Task.position)).all()


def test_the_page_shows_both_sides_and_ticks_nothing_that_runs(visitor, usual, address):
    page = visitor.enter(usual.chen).get(address)

    words = words_of(page)
    assert page.status_code == 200
    assert "2027年3月31日" in words and "2027年6月30日" in words
    assert "未变的举措 1 项，只换位置的 1 项" in words
    ticked = html.fromstring(page.text).xpath("//input[@type='checkbox'][@checked]/@name")
    assert ticked == ["add"]


def test_the_review_of_a_revised_document_asks_whether_it_is_one(visitor, usual, address):
    page = visitor.enter(usual.chen).get(address.partition("/compare")[0])

    assert address in page.text
    assert "修订稿" in words_of(page)


def test_sent_as_it_is_the_page_adds_the_new_measures(visitor, usual, address, session):
    page = visitor.enter(usual.chen).get(address)

    answer = visitor.post(address, **fields_of(page))

    plan = session.scalars(select(Plan)).one()
    assert (answer.status_code, answer.location) == (303, f"/plans/{plan.id}")
    assert titles(session) == ["推进一网通办", "清理收费项目", "健全督查机制", "保护知识产权", "开展屋顶光伏试点"]


def test_sent_twice_it_acts_once(visitor, usual, address, session):
    fields = fields_of(visitor.enter(usual.chen).get(address))

    visitor.post(address, **fields)
    again = visitor.post(address, **fields)

    assert again.status_code == 303
    assert len(titles(session)) == 5
    assert visitor.get(address).status_code == 303


def test_a_refusal_comes_back_with_what_was_ticked(visitor, usual, address, session):
    page = visitor.enter(usual.chen).get(address)
    [name] = set(html.fromstring(page.text).xpath("//input[starts-with(@name, 'take-')]/@name"))

    refused = visitor.post(address, **fields_of(page) | {name: ["deadline"], "add": [name.removeprefix("take-")]})

    assert refused.status_code == 422
    assert "请二者选一" in words_of(refused)
    assert html.fromstring(refused.text).xpath(f"//input[@name='{name}'][@checked]/@value") == ["deadline"]
    assert len(titles(session)) == 4


def test_without_a_tick_the_page_comes_back_and_the_draft_stays(visitor, usual, address, session):
    fields = fields_of(visitor.enter(usual.chen).get(address))
    fields.pop("add")

    refused = visitor.post(address, **fields)

    assert refused.status_code == 422
    assert "没有勾选任何变更" in words_of(refused)
    assert visitor.get(address).status_code == 200
    assert len(titles(session)) == 4


def test_a_change_of_an_issued_task_without_a_reason_marks_the_reason(visitor, usual, address, session):
    orders = [issuing.IssueOrder(task_id) for task_id in session.scalars(select(Task.id))]
    issuing.issue_tasks(session, orders, actor=usual.actor("chen"), now=NOW, entrance="test")
    session.commit()
    page = visitor.enter(usual.chen).get(address)
    [name] = set(html.fromstring(page.text).xpath("//input[starts-with(@name, 'take-')]/@name"))

    refused = visitor.post(address, **fields_of(page) | {name: ["deadline"]})

    assert refused.status_code == 422
    assert "请填写“变更原因”" in words_of(refused)
    assert html.fromstring(refused.text).xpath("//*[@name='reason']/@aria-invalid") == ["true"]
    assert html.fromstring(refused.text).xpath(f"//input[@name='{name}'][@checked]/@value") == ["deadline"]


def test_a_draft_that_others_changed_is_shown_again_and_keeps_the_ticks(visitor, usual, address, session):
    fields = fields_of(visitor.enter(usual.chen).get(address))
    draft = session.scalars(select(ImportDraft).where(ImportDraft.plan_id.is_(None))).one()
    draft.decisions = {"facts": {"issuer": "市政府办公室"}, "entries": {}, "names": {}}
    session.commit()

    conflict = visitor.post(address, **fields)

    assert conflict.status_code == 409
    assert "有人修改过" in words_of(conflict)
    assert visitor.post(address, **fields_of(conflict)).status_code == 303


@pytest.mark.parametrize("sent", [{"end": ["x"]}, {"take-m1": ["colour"]}, {"end": ["99999999999"]}])
def test_what_the_page_never_offered_is_a_conflict(visitor, usual, address, sent, session):
    fields = fields_of(visitor.enter(usual.chen).get(address))

    assert visitor.post(address, **fields | sent).status_code == 409
    assert len(titles(session)) == 4


@pytest.mark.parametrize("name", ["li", "zhao", "liu", "sun"])
def test_only_supervisors_compare(visitor, usual, address, name, session):
    visitor.enter(getattr(usual, name))

    assert visitor.get(address).status_code == 403
    assert visitor.post(address).status_code == 403
    assert len(titles(session)) == 4


def test_the_revised_document_is_kept_for_who_sees_the_plan(visitor, usual, address):
    chen = visitor.enter(usual.chen)
    plan_id = address.rpartition("/")[2]
    draft_id = address.split("/")[2]
    path = f"/plans/{plan_id}/revisions/{draft_id}/source"
    before = chen.get(path).status_code
    answer = chen.post(address, **fields_of(chen.get(address)))
    page = chen.get(f"/plans/{plan_id}")

    assert answer.status_code == 303
    assert before == 404
    assert path in page.text
    assert chen.get(path).data == NEW.encode()
    assert chen.get(f"/plans/999/revisions/{draft_id}/source").status_code == 404
    assert visitor.enter(usual.zhao).get(path).status_code == 404
