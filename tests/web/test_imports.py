"""Importing through the pages: choose, review, correct, confirm."""

from __future__ import annotations

from datetime import date

import pytest
from lxml import html
from sqlalchemy import select

from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentRole
from taskboard.models import (
    Assignment,
    Department,
    ImportDraft,
    Plan,
    Task,
)
from taskboard.services.confirmations import FOLDER_NAME, telling
from taskboard.services.department_names import match_names
from tests.support import factories
from tests.support.importing import (
    PLANS,
    TEXT,
    counts,
    draft_of,
    elements_of,
    errors_of,
    fields_of,
    many,
    paste,
    stored,
    upload,
    words_of,
)


def test_a_pasted_text_is_reviewed_beside_its_source_and_becomes_a_plan(chen, session):
    address = paste(chen)
    page = chen.get(address)
    assert "高频事项全部上线" in page.text
    assert "按列名第一位推断" in page.text

    answer = chen.post(address, act="confirm", **fields_of(page), leads_are_checked="y")

    plan = stored(session, select(Plan)).one()
    assert (answer.status_code, answer.location) == (303, f"/plans/{plan.id}")
    assert plan.title == "云泽市优化营商环境2026—2027年行动方案"
    assert counts(session)["Task"] == 3


def test_an_uploaded_word_file_is_read(chen):
    name = "30_docx_table_merged.docx"

    answer = upload(chen, (PLANS / name).read_bytes(), name)
    page = chen.get(answer.location)

    assert answer.status_code == 303
    assert len(elements_of(page, "measure")) >= 14
    assert name in page.text


def test_corrections_are_kept_and_imported(chen, session):
    address = draft_of(chen)
    fields = fields_of(chen.get(address))
    fields |= {
        "m1-lead": "市教育局",
        "m1-partners": "市财政局、市发展改革委",
        "m1-title": "一网通办",
        "m2-deadline": "date",
        "m2-decided_on": "2026年9月1日",
    }
    fields.pop("m3-is_included")

    saved = chen.post(address, act="save", **fields)
    page = chen.get(address)
    again = fields_of(page)
    confirmed = chen.post(address, act="confirm", **again)

    assert (saved.status_code, confirmed.status_code) == (303, 303)
    assert (again["m1-lead"], again["m2-decided_on"]) == ("市教育局", "2026-09-01")
    assert "已改" in page.text
    tasks = stored(session, select(Task).order_by(Task.position)).all()
    assert [task.title for task in tasks] == ["一网通办", "清理收费项目"]
    assert tasks[1].due_on.isoformat() == "2026-09-01"
    leads = select(Department.name).join(Assignment).where(Assignment.role == AssignmentRole.LEAD)
    assert stored(session, leads.order_by(Assignment.task_id)).all() == ["市教育局", "市财政局"]


def test_unknown_names_are_created_or_mapped_in_the_same_step(chen, session, usual):
    address = draft_of(chen, TEXT.replace("市督查考核中心", "市教育厅"))
    page = chen.get(address)
    fields = fields_of(page)
    choice = next(name for name in fields if name.startswith("name-各县") and name.endswith("-choice"))
    assert fields[choice] == "create_collective"
    open_name = next(
        name for name in html.fromstring(page.text).xpath("//input[@type='radio']/@name") if "教育厅" in name
    )
    assert open_name not in fields, "a name that resembles a known one is not decided in silence"

    refused = chen.post(address, act="confirm", **fields, leads_are_checked="y")
    fields = fields_of(refused) | {open_name: "suggested:市教育局"}
    confirmed = chen.post(address, act="confirm", **fields)

    assert (refused.status_code, confirmed.status_code) == (422, 303)
    assert "“市教育厅”：与名录中的单位相近" in words_of(refused)
    session.rollback()
    assert match_names(session, ["市教育厅"])["市教育厅"].id == usual.other.id
    assert match_names(session, ["各县（市、区）人民政府"])["各县（市、区）人民政府"].kind.value == "collective"


def test_every_changing_form_needs_a_supervisor(visitor, usual, session):
    visitor.enter(usual.chen)
    address = draft_of(visitor)
    before = counts(session)

    for person in (usual.li, usual.gao, usual.sun, usual.liu):
        visitor.enter(person)
        assert visitor.get("/imports/new").status_code == 403
        assert visitor.get(address).status_code == 403
        assert visitor.post("/imports/new", text=TEXT).status_code == 403
        assert visitor.post(address, act="confirm").status_code == 403
        assert visitor.post(f"{address}/parts", version="1").status_code == 403
        assert visitor.post(f"{address}/discard").status_code == 403

    assert counts(session) == before


def test_a_draft_of_another_body_or_of_none_is_not_found(visitor, usual, session):
    visitor.enter(usual.chen)
    elsewhere = factories.make_department(session, "海原市人民政府")
    stranger = factories.make_person(session, "外地督查", (Role.SUPERVISOR, elsewhere))
    session.commit()
    address = draft_of(visitor)

    visitor.enter(stranger)

    for place in (address, "/imports/999999", "/imports/99999999999999999999"):
        assert visitor.get(place).status_code == 404
        assert visitor.post(place, act="confirm").status_code == 404
        assert visitor.post(f"{place}/parts").status_code == 404
    assert visitor.post(f"{address}/discard").status_code == 404
    assert "核对中" in visitor.get("/imports/new").text
    assert address not in visitor.get("/imports/new").text


def test_the_same_document_is_said_to_be_known_and_can_be_imported_again(chen, session):
    first = paste(chen)
    again = chen.post("/imports/new", text=TEXT)
    assert again.status_code == 409
    assert first in again.text
    chen.post(first, act="confirm", **fields_of(chen.get(first)), leads_are_checked="y")
    plan_id = stored(session, select(Plan.id)).one()

    known = chen.post("/imports/new", text=TEXT)
    once_more = chen.post("/imports/new", plan=str(plan_id))

    assert known.status_code == 409
    assert f"/plans/{plan_id}" in known.text
    assert once_more.status_code == 303
    assert f"/plans/{plan_id}" in chen.get(once_more.location).text


def test_a_second_confirmation_leads_to_the_plan(chen, session):
    address = draft_of(chen)
    fields = fields_of(chen.get(address))
    first = chen.post(address, act="confirm", **fields, leads_are_checked="y")

    second = chen.post(address, act="confirm", **fields, leads_are_checked="y")
    opened = chen.get(address)

    assert first.location == second.location == opened.location
    assert counts(session)["Plan"] == 1


def test_how_far_a_confirmation_is_can_be_asked_until_the_plan_is_there(chen, session, settings):
    address = draft_of(chen)
    folder = settings.instance_dir / FOLDER_NAME
    before = chen.get(f"{address}/progress").json
    with telling(folder, int(address.rsplit("/", 1)[1])) as tell:
        tell(2, 3)
        during = chen.get(f"{address}/progress").json
        (bar,) = html.fromstring(chen.get(address).text).xpath("//progress")

    confirmed = chen.post(address, act="confirm", **fields_of(chen.get(address)), leads_are_checked="y")

    assert (before, during) == ({}, {"done": 2, "total": 3})
    assert (bar.get("value"), bar.get("max"), bar.get("hidden")) == ("2", "3", None)
    assert confirmed.location == chen.get(f"{address}/progress").json["plan"]
    assert list(folder.iterdir()) == []


def test_a_draft_can_be_given_up(chen, session):
    address = draft_of(chen)

    answer = chen.post(f"{address}/discard")

    assert answer.status_code == 303
    assert counts(session)["ImportDraft"] == 0
    assert chen.get(address).status_code == 404


def test_a_draft_whose_review_cannot_be_shown_is_given_up_from_the_list(chen, session):
    address = draft_of(chen)
    draft = stored(session, select(ImportDraft)).one()
    draft.reading = {"measures": [{"path": 1}]}
    session.commit()

    listed = chen.get("/imports/new")
    (action,) = elements_of(listed, "discard")[0].xpath(".//form/@action")
    answer = chen.post(action)

    assert listed.status_code == 200
    assert action == f"{address}/discard"
    assert answer.status_code == 303
    assert counts(session)["ImportDraft"] == 0


def test_inferred_leads_must_be_confirmed_by_a_tick(chen, session):
    address = draft_of(chen)

    answer = chen.post(address, act="confirm", **fields_of(chen.get(address)))

    assert answer.status_code == 422
    assert "请核对后勾选确认" in words_of(answer)
    assert counts(session)["Plan"] == 0


OUTSIDE = TEXT + "同时，由市教育局牵头，市财政局配合，于2026年10月底前办结遗留事项。\n"


def test_a_passage_outside_all_items_is_shown_with_its_words_and_taken_by_one_press(chen, session):
    address = draft_of(chen, OUTSIDE)
    page = chen.get(address)
    told = html.fromstring(page.text).xpath("//ul[@class='problem-list']/li")[0]
    assert "没有归入任何一项" in told.text_content()
    assert told.xpath(".//a/@href") == ["?at=u1#row-u1"]
    assert "办结遗留事项" in html.fromstring(page.text).get_element_by_id("row-u1").text_content()

    answer = chen.post(address, act="take-u1", **fields_of(page))
    after = chen.get(address, at="u1")
    confirmed = chen.post(address, act="confirm", **fields_of(after), leads_are_checked="y", units_are_checked="y")

    assert answer.location == f"{address}?at=u1#row-u1"
    assert confirmed.status_code == 303, errors_of(confirmed)
    task = stored(session, select(Task).order_by(Task.position.desc())).first()
    assert task.position == 4
    assert task.due_on == date(2026, 10, 31)
    units = session.execute(
        select(Assignment.name_as_written, Assignment.role)
        .where(Assignment.task_id == task.id)
        .order_by(Assignment.position)
    ).all()
    assert units == [("市教育局", AssignmentRole.LEAD), ("市财政局", AssignmentRole.PARTNER)]


def test_a_passage_is_dismissed_by_one_press_and_can_be_recalled(chen, session):
    address = draft_of(chen, OUTSIDE)
    assert "却没有读入的文字 1 处" in words_of(chen.get(address))

    chen.post(address, act="dismiss-u1", **fields_of(chen.get(address)))
    dismissed = chen.get(address)
    chen.post(address, act="recall-u1", **fields_of(dismissed))
    recalled = chen.get(address)

    assert "却没有读入的文字 1 处" not in words_of(dismissed)
    assert "u1-lead" not in fields_of(dismissed)
    assert "却没有读入的文字 1 处" in words_of(recalled)
    assert "u1-lead" in fields_of(recalled)
    assert counts(session)["Plan"] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("act", ["take-u9", "dismiss-", "dismiss-x", "recall-u2"])
def test_a_press_about_a_row_that_is_not_there_changes_nothing(chen, session, act):
    address = draft_of(chen, OUTSIDE)

    answer = chen.post(address, act=act, **fields_of(chen.get(address)))

    assert answer.status_code == 303
    assert "将导入 3 项" in words_of(chen.get(address))


def test_what_only_resembles_a_department_is_confirmed_by_a_person(chen, session):
    address = draft_of(chen, many(10))
    page = chen.get(address)
    refused = chen.post(address, act="confirm", **fields_of(page), leads_are_checked="y")
    before = counts(session)["Plan"]
    chen.post(address, act="bulk-look", version=fields_of(refused)["version"], selected=["m10"])
    after = chen.get(address)
    answer = chen.post(address, act="confirm", **fields_of(after), leads_are_checked="y")

    assert "待确认" in page.text
    assert "“市发革委”按" in words_of(page)
    assert 'href="?at=m10#row-m10"' in page.text
    assert refused.status_code == 422
    assert "只是按简称或别名对上的" in words_of(refused)
    assert before == 0
    assert "units_are_checked" not in after.text
    assert answer.status_code == 303


def test_a_passage_that_was_not_taken_becomes_a_measure_by_one_press(chen, session):
    address = draft_of(chen, TEXT + "4.加强队伍建设，提升服务能力，推动各项工作落到实处。\n")
    page = chen.get(address)
    fields = fields_of(page)
    assert "c1-is_included" not in fields

    answer = chen.post(address, act="take-c1", **fields)
    after = chen.get(address, at="c1")

    assert answer.location == f"{address}?at=c1#row-c1"
    assert fields_of(after)["c1-is_included"] == "y"
    assert "将导入 4 项" in words_of(after)
