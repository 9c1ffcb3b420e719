"""Importing through the pages: choose, review, correct, confirm; and everything that can be wrong with a file."""

from __future__ import annotations

import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from lxml import html
from sqlalchemy import func, select

from taskboard.domain.plan_parsing.reading import Comparison
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentRole
from taskboard.extensions import transaction
from taskboard.models import (
    Assignment,
    Department,
    DepartmentName,
    ImportDraft,
    Measure,
    Person,
    Plan,
    Task,
    TaskTarget,
)
from taskboard.services import imports
from taskboard.services.actors import load_actor
from taskboard.services.department_names import match_names
from tests.support import factories

ERRORS = ("alert-danger", "alert-warning", "invalid-feedback", "obstacles")
PLANS = Path(__file__).parents[1] / "data" / "plans"
TEXT = """云泽市优化营商环境2026—2027年行动方案

一、重点任务
1.推进一网通办。2026年底前，高频事项全部上线。（责任单位：市发改委、市财政局）
2.清理收费项目。全面清理涉企收费。（市财政局牵头，各县（市、区）人民政府配合）
3.健全督查机制。长期坚持。（责任单位：市督查考核中心）
"""


@pytest.fixture
def chen(visitor, usual):
    return visitor.enter(usual.chen)


def upload(visitor, content, name="要点.txt", **fields):
    return visitor.post("/imports/new", file=(BytesIO(content), name), **fields)


@cache
def read(text):
    """The reading of a text, made once: each takes a process of its own."""
    return imports.read_pasted(text)


def draft_of(visitor, text=TEXT):
    """The address of a draft of chen's that was read before; without the way through the upload page."""
    with visitor.client.application.app_context(), transaction() as session:
        chen = session.scalars(select(Person).where(Person.username == "chen")).one()
        actor = load_actor(session, chen.id, today=factories.NOW.date())
        body_id = actor.posts[0].department_id
        draft = imports.start_import(
            session, read(text), body_id=body_id, actor=actor, now=factories.NOW, entrance="test"
        )
        return f"/imports/{draft.id}"


def paste(visitor, text=TEXT):
    answer = visitor.post("/imports/new", text=text)
    assert answer.status_code == 303, answer.text
    return answer.location


def fields_of(page, form_id="review"):
    """What a browser would send for the form as it stands on the page."""
    form = html.fromstring(page.text).get_element_by_id(form_id)
    # The first line break inside a text area belongs to the markup, not to the text.
    return {name: value.removeprefix("\n") for name, value in form.form_values() if name not in {"csrf_token", "act"}}


def words_of(page):
    return " ".join(html.fromstring(page.text).text_content().split())


def errors_of(page):
    """The words of alerts and of fields in red."""
    return " ".join(one.text_content() for kind in ERRORS for one in elements_of(page, kind))


def elements_of(page, kind):
    """The elements of one class."""
    return html.fromstring(page.text).find_class(kind)


def stored(session, query):
    """What other connections wrote, too: the session's own view of the database is let go first."""
    session.rollback()
    return session.scalars(query)


def counts(session):
    session.rollback()
    tables = (ImportDraft, Plan, Measure, Task, Assignment, Department, DepartmentName)
    return {table.__name__: session.scalar(select(func.count()).select_from(table)) for table in tables}


# The way


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


def test_a_draft_can_be_given_up(chen, session):
    address = draft_of(chen)

    answer = chen.post(f"{address}/discard")

    assert answer.status_code == 303
    assert counts(session)["ImportDraft"] == 0
    assert chen.get(address).status_code == 404


# The source beside the reading


DOUBTFUL = """云泽市2026年工作要点
一、重点任务
1.推进一网通办。2026年底前，高频事项全部上线。（责任单位：市发改委；市财政局）
2.清理收费项目。分别于2026年6月底前、2026年9月底前完成两批清理。（市财政局牵头）
"""


def test_the_whole_document_stands_beside_the_reading_with_ways_in_both_directions(chen):
    page = html.fromstring(chen.get(draft_of(chen)).text)
    source = page.get_element_by_id("source")
    row = page.get_element_by_id("row-m2")

    place = row.find_class("to-source")[0].get("href")
    words = page.get_element_by_id(place.removeprefix("#")).text_content()

    assert "一、重点任务" in source.text_content()
    assert words.startswith("清理收费项目") or words.startswith("2.清理收费项目")
    assert "#row-m2" in [link.get("href") for link in source.find_class("to-row")]


def test_each_field_of_a_row_says_where_it_was_read(chen):
    page = html.fromstring(chen.get(draft_of(chen)).text)
    places = dict(one.split(":") for one in page.get_element_by_id("row-m1").get("data-places").split(";"))

    def words(field):
        at, start, end = places[field].split(" ")[0].split(",")
        return page.get_element_by_id(f"at-{at}").text_content()[int(start) : int(end)]

    assert (words("lead"), words("partners"), words("deadline")) == ("市发改委", "市财政局", "2026年底前")


def test_the_cells_of_a_table_are_shown_once_with_the_sheet_they_stand_on(chen):
    name = "30_docx_table_merged.docx"
    page = html.fromstring(chen.get(upload(chen, (PLANS / name).read_bytes(), name).location).text)
    places = dict(one.split(":") for one in page.get_element_by_id("row-m3").get("data-places").split(";"))

    at, start, end = places["lead"].split(" ")[0].split(",")
    cell = page.get_element_by_id(f"at-{at}")

    assert cell.getparent().tag == "td"
    assert cell.text_content()[int(start) : int(end)] == fields_of(chen.get(chen_address(chen)))["m3-lead"]
    assert len({one.get("id") for one in page.xpath("//td/span")}) == len(page.xpath("//td/span"))


def chen_address(chen):
    """The draft that chen touched last."""
    return html.fromstring(chen.get("/imports/new").text).find_class("draft-list")[0].xpath(".//a/@href")[0]


def test_a_doubtful_field_is_marked_until_it_is_ticked_as_looked_at(chen, session):
    address = draft_of(chen, DOUBTFUL)
    page = chen.get(address)
    (line, *_) = html.fromstring(page.text).find_class("is-uncertain")
    key = line.xpath("ancestor::fieldset/@data-part")[0]
    fields = fields_of(page)
    part = {name: value for name, value in fields.items() if name.startswith(key)}

    answer = chen.post(
        f"{address}/parts", version=fields["version"], **part | {f"{key}looked_at": line.get("data-field")}
    )

    assert "有栏目没有把握" in words_of(page)
    assert line.get("data-field") not in answer.json["uncertain"][key.rstrip("-")]
    again = html.fromstring(chen.get(address).text)
    tick = again.xpath(f"//input[@name='{key}looked_at'][@value='{line.get('data-field')}']")[0]
    assert tick.get("checked") is not None
    assert len(again.find_class("is-uncertain")) == len(html.fromstring(page.text).find_class("is-uncertain")) - 1


def test_the_rhythm_of_a_measure_can_be_changed_and_is_imported(chen, session):
    address = draft_of(chen)

    answer = chen.post(
        address, act="confirm", **fields_of(chen.get(address)) | {"m1-recurrence": "monthly"}, leads_are_checked="y"
    )

    assert answer.status_code == 303
    assert stored(session, select(Task.recurrence).where(Task.position == 1)).one() == "monthly"


# Nothing lost


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("m1-decided_on", "下个月", "日期的写法不对"),
        ("m1-decided_on", "2026-02-30", "日期的写法不对"),
        ("plan-horizon_on", "明年", "日期的写法不对"),
        ("m1-title", "长" * 301, "最多 300 个字"),
        ("m1-lead", "长" * 201, "最多 200 个字"),
        ("m1-deadline", "tomorrow", ""),
    ],
)
def test_what_was_typed_comes_back_with_its_error_and_nothing_is_stored(chen, session, field, typed, words):
    address = draft_of(chen)
    fields = fields_of(chen.get(address)) | {field: typed, "m2-title": "改过的标题"}

    answer = chen.post(address, act="confirm", **fields, leads_are_checked="y")

    assert answer.status_code == 422
    assert words in errors_of(answer)
    assert fields_of(answer)["m2-title"] == "改过的标题"
    if field != "m1-deadline":
        assert fields_of(answer)[field] == typed
    assert counts(session)["Plan"] == 0
    assert stored(session, select(ImportDraft.decisions)).one() == {}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"m1-lead": ""}, "第 1 项：没有牵头单位"),
        ({"m1-partners": "市发展和改革委员会"}, "第 1 项：同一单位不能既牵头又配合"),
        ({"m2-deadline": "inherited", "plan-horizon_on": ""}, "第 2 项：计划期限还没有填写"),
        ({"m2-deadline": "date"}, "第 2 项：选了“另定日期”，请填写日期"),
        ({"plan-title": ""}, "计划：标题还是空的"),
        ({"m2-title": ""}, "第 2 项：标题还是空的"),
    ],
)
def test_what_is_not_fit_is_said_at_its_place_and_kept_in_the_draft(chen, session, changes, words):
    address = draft_of(chen)
    fields = fields_of(chen.get(address)) | changes

    answer = chen.post(address, act="confirm", **fields, leads_are_checked="y")

    assert answer.status_code == 422
    assert words in words_of(answer)
    assert {name: fields_of(answer)[name] for name in changes} == changes
    assert counts(session)["Plan"] == 0
    assert {name: fields_of(chen.get(address))[name] for name in changes} == changes


def test_measures_without_a_lead_can_be_given_one_together(chen, session):
    address = draft_of(chen, (PLANS / "14_no_units.txt").read_text(encoding="utf-8"))
    fields = fields_of(chen.get(address)) | {"m2-lead": "市财政局", "common_lead": "市发展改革委"}
    fields.pop("m3-is_included")

    answer = chen.post(address, act="fill", **fields)
    filled = fields_of(chen.get(address))

    assert answer.status_code == 303
    assert [filled[f"m{number}-lead"] for number in (1, 2, 3, 4)] == ["市发展改革委", "市财政局", "", "市发展改革委"]
    assert chen.post(address, act="confirm", **filled).status_code == 303


@pytest.mark.parametrize(
    ("act", "fields", "stands"),
    [
        ("bulk-deadline", {"bulk_deadline": "date", "bulk_date": "2026年9月1日"}, {"deadline": "date"}),
        ("bulk-deadline", {"bulk_deadline": "ongoing"}, {"deadline": "ongoing", "decided_on": ""}),
        ("bulk-deadline", {"bulk_deadline": "inherited"}, {"deadline": "inherited"}),
        ("bulk-recurrence", {"bulk_recurrence": "quarterly"}, {"recurrence": "quarterly"}),
        ("bulk-lead", {"bulk_units": "市财政局"}, {"lead": "市财政局"}),
        ("bulk-partners", {"bulk_units": "市教育局、市财政局"}, {}),
    ],
)
def test_selected_measures_are_changed_together_and_the_others_stay(chen, act, fields, stands):
    address = draft_of(chen)
    before = fields_of(chen.get(address))

    answer = chen.post(address, act=act, version=before["version"], selected=["m1", "m3"], **fields)
    after = fields_of(chen.get(address))

    assert (answer.status_code, answer.location) == (303, f"{address}?at=m1#row-m1")
    for key in ("m1", "m3"):
        assert {name: after[f"{key}-{name}"] for name in stands} == stands
        assert "市财政局" in after[f"{key}-lead"] + after[f"{key}-partners"] or "units" not in str(fields)
    assert {name: value for name, value in after.items() if name.startswith("m2-")} == {
        name: value for name, value in before.items() if name.startswith("m2-")
    }
    if act == "bulk-partners":
        assert (after["m1-partners"], after["m3-partners"]) == ("市财政局、市教育局", "市教育局、市财政局")


def test_selected_measures_are_left_out_and_taken_in_together(chen):
    address = draft_of(chen)
    version = fields_of(chen.get(address))["version"]

    chen.post(address, act="bulk-leave-out", version=version, selected=["m1", "m2"])
    fields = fields_of(chen.get(address))
    chen.post(address, act="bulk-include", version=fields["version"], selected=["m2"])
    again = fields_of(chen.get(address))

    assert [key for key in ("m1", "m2", "m3") if f"{key}-is_included" in fields] == ["m3"]
    assert [key for key in ("m1", "m2", "m3") if f"{key}-is_included" in again] == ["m2", "m3"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"act": "bulk-include"}, "还没有勾选举措"),
        ({"act": "bulk-deadline", "selected": "m1", "bulk_deadline": "date"}, "请填写日期"),
        ({"act": "bulk-deadline", "selected": "m1", "bulk_deadline": "date", "bulk_date": "明天"}, "日期的写法不对"),
        ({"act": "bulk-lead", "selected": "m1", "bulk_units": " "}, "请填写单位"),
        ({"act": "bulk-partners", "selected": "m1", "bulk_units": "长" * 201}, "最多 200 个字"),
    ],
)
def test_a_common_change_that_lacks_something_says_so_and_loses_nothing(chen, session, fields, words):
    address = draft_of(chen)
    form = fields_of(chen.get(address)) | {"m2-title": "我的标题"}

    answer = chen.post(address, **form | fields)

    assert answer.status_code == 422
    assert words in errors_of(answer)
    assert fields_of(answer)["m2-title"] == "我的标题"
    assert stored(session, select(ImportDraft.decisions)).one() == {}


def test_a_measure_is_split_joined_and_moved_by_buttons_with_what_was_just_typed(chen):
    address = draft_of(chen)
    page = chen.get(address)
    split = next(value for value in act_values(page) if value.startswith("arrange-split:m1:"))

    answer = chen.post(address, act=split, **fields_of(page) | {"m2-title": "我的标题"})
    after = chen.get(address)
    part = split.replace("arrange-split:m1:", "m1_")
    chen.post(address, act="arrange-up:m3", version=fields_of(after)["version"])
    moved = chen.get(address)
    chen.post(address, act=f"arrange-unsplit:{part}", version=fields_of(moved)["version"])
    whole = chen.get(address)

    assert answer.location == f"{address}?at=m1#row-m1"
    assert fields_of(after)["m2-title"] == "我的标题"
    assert rows_of(after) == ["m1", part, "m2", "m3"]
    assert "第 1-2 项" in words_of(after)
    assert rows_of(moved) == ["m1", part, "m3", "m2"]
    assert rows_of(whole) == ["m1", "m3", "m2"]


def act_values(page):
    return html.fromstring(page.text).xpath("//button[@name='act']/@value")


def rows_of(page):
    return [one.get("id").removeprefix("row-") for one in elements_of(page, "measure")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("arrange-split:m1:2", "只能在句子之间拆分"),
        ("arrange-split:m1:99999999999999999999", "只能在句子之间拆分"),
        ("arrange-merge:m1", "前面没有可以合并的举措"),
        ("arrange-up:m1", "已经到头"),
        ("arrange-up:c9", "这一项已经不在原来的位置"),
        ("arrange-nonsense:m1", "只能在句子之间拆分"),
    ],
)
def test_an_arrangement_that_cannot_be_says_why_and_keeps_what_was_typed(chen, act, words):
    address = draft_of(chen)

    answer = chen.post(address, act=act, **fields_of(chen.get(address)) | {"m2-title": "我的标题"})

    assert answer.status_code == 422
    assert words in errors_of(answer)
    assert fields_of(chen.get(address))["m2-title"] == "我的标题"
    assert rows_of(answer) == ["m1", "m2", "m3"]


def test_arranging_a_stale_page_is_a_conflict_that_loses_nothing(chen):
    address = draft_of(chen)
    mine = fields_of(chen.get(address))
    chen.post(address, act="save", **mine | {"m1-lead": "市教育局"})

    answer = chen.post(address, act="arrange-up:m2", **mine | {"m2-title": "我的标题"})

    assert answer.status_code == 409
    assert fields_of(answer)["m2-title"] == "我的标题"
    assert rows_of(answer) == ["m1", "m2", "m3"]


def test_inferred_leads_must_be_confirmed_by_a_tick(chen, session):
    address = draft_of(chen)

    answer = chen.post(address, act="confirm", **fields_of(chen.get(address)))

    assert answer.status_code == 422
    assert "请核对后勾选确认" in words_of(answer)
    assert counts(session)["Plan"] == 0


def test_a_stale_page_shows_both_versions_and_loses_neither(chen, session):
    address = draft_of(chen)
    mine = fields_of(chen.get(address))
    chen.post(address, act="save", **mine | {"m1-lead": "市教育局"})

    answer = chen.post(address, act="save", **mine | {"m1-lead": "市财政局", "m2-title": "我的标题"})

    assert answer.status_code == 409
    table = words_of(answer)
    assert "市教育局" in table and "第 1 项：牵头单位" in table
    typed = fields_of(answer)
    assert (typed["m1-lead"], typed["m2-title"]) == ("市财政局", "我的标题")
    assert stored(session, select(ImportDraft)).one().decisions["entries"]["m1"]["lead"] == ["市教育局"]
    saved = chen.post(address, act="save", **typed)
    assert saved.status_code == 303
    assert fields_of(chen.get(address))["m1-lead"] == "市财政局"


@pytest.mark.parametrize("version", ["", "abc", "-1", "99"])
def test_a_version_that_cannot_be_is_a_conflict(chen, session, version):
    address = draft_of(chen)
    fields = fields_of(chen.get(address)) | {"version": version, "m1-title": "我的标题"}

    answer = chen.post(address, act="confirm", **fields, leads_are_checked="y")

    assert answer.status_code == 409
    assert fields_of(answer)["m1-title"] == "我的标题"
    assert counts(session)["Plan"] == 0


def test_a_wrong_token_stores_nothing_and_gives_the_text_back(chen, session):
    before = counts(session)

    answer = chen.client.post("/imports/new", data={"csrf_token": "falsch", "text": TEXT})

    assert answer.status_code == 400
    assert "高频事项全部上线" in answer.text
    assert counts(session) == before


def many(number):
    """A document with so many measures, every tenth led by a name that only resembles a department's."""
    items = "\n".join(
        f"{n}.推进第{n}项改革。年底前完成。（责任单位：{'市发革委' if n % 10 == 0 else '市发改委'}、市财政局）"
        for n in range(1, number + 1)
    )
    return f"云泽市2026年工作要点\n一、重点任务\n{items}\n"


def test_hundreds_of_measures_are_reviewed_page_by_page_and_confirmed_together(chen, session):
    address = draft_of(chen, many(300))
    last = chen.get(address, at="m300")
    fields = fields_of(last) | {"m300-title": "最后一项"}

    answer = chen.post(f"{address}?page=6", act="confirm", **fields, leads_are_checked="y", units_are_checked="y")

    assert rows_of(last) == [f"m{number}" for number in range(251, 301)]
    assert answer.status_code == 303
    assert counts(session)["Task"] == 300
    assert stored(session, select(Task.title).where(Task.position == 300)).one() == "最后一项"


def test_a_page_shows_the_source_of_its_own_measures(chen):
    address = draft_of(chen, many(120))

    first, second = chen.get(address), chen.get(address, page=2)
    sources = [elements_of(page, "source")[0].text_content() for page in (first, second)]

    assert "工作要点" in sources[0] and "第50项" in sources[0] and "第51项" not in sources[0]
    assert "工作要点" not in sources[1] and "第51项" in sources[1] and "第101项" not in sources[1]
    assert all("其他部分在其他页" in source for source in sources)


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({"find": "第77项"}, ["m77"]),
        ({"find": "市发革委 第2"}, ["m20"]),
        ({"find": "没有这样的字"}, []),
        ({"show": "without-lead"}, []),
        ({"at": "m60", "find": "第6"}, ["m6", *(f"m{n}" for n in range(60, 70))]),
    ],
)
def test_measures_are_found_by_words_and_by_what_they_lack(chen, query, keys):
    address = draft_of(chen, many(80))

    page = chen.get(address, **query)

    assert rows_of(page) == keys


@pytest.mark.parametrize("query", [{"page": "99"}, {"page": "x"}, {"at": "m999"}, {"show": "nonsense"}, {"page": "-1"}])
def test_an_address_that_asks_for_nothing_there_is_shows_a_page_all_the_same(chen, query):
    address = draft_of(chen)

    assert rows_of(chen.get(address, **query)) == ["m1", "m2", "m3"]


def test_all_that_a_search_found_is_changed_together_also_on_other_pages(chen):
    address = draft_of(chen, many(120))
    version = fields_of(chen.get(address))["version"]

    answer = chen.post(
        f"{address}?find=第1", act="bulk-recurrence", version=version, everything="y", bulk_recurrence="monthly"
    )
    page = chen.get(address, at="m120")
    first = fields_of(chen.get(address))

    assert answer.status_code == 303
    assert (first["m1-recurrence"], first["m2-recurrence"]) == ("monthly", "")
    assert fields_of(page)["m119-recurrence"] == "monthly"


def test_an_error_on_a_later_page_comes_back_with_its_measures(chen):
    address = draft_of(chen, many(80))
    page = chen.get(address, page=2)

    answer = chen.post(f"{address}?page=2", act="save", **fields_of(page) | {"m60-decided_on": "2026-02-30"})

    assert answer.status_code == 422
    assert "日期的写法不对" in errors_of(answer)
    assert "m60" in rows_of(answer) and "m1" not in rows_of(answer)


def test_a_conflict_on_a_later_page_shows_both_versions(chen):
    address = draft_of(chen, many(80))
    mine = fields_of(chen.get(address, page=2)) | {"m60-title": "我的题目"}
    chen.post(f"{address}?page=2", act="save", **fields_of(chen.get(address, page=2)) | {"m60-title": "别人的题目"})

    answer = chen.post(f"{address}?page=2", act="save", **mine)

    assert answer.status_code == 409
    assert "别人的题目" in words_of(answer)
    assert fields_of(answer)["m60-title"] == "我的题目"


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


def test_the_way_to_the_next_doubt_leads_to_another_page(chen):
    address = draft_of(chen, many(120))

    page = chen.get(address, page=2)

    button = html.fromstring(page.text).get_element_by_id("next-doubt")
    assert button.get("href") == "?at=m110#row-m110"
    assert button.get("data-elsewhere") == "7"


def test_the_reason_of_a_mark_stands_at_the_field(chen):
    page = chen.get(
        draft_of(
            chen,
            "云泽市2026年工作要点\n一、重点任务\n1.推进一网通办。6月底前或9月底前完成，另于10月15日前总结。（市财政局牵头）\n",
        )
    )

    assert any(one.text_content().startswith("请核对：") for one in elements_of(page, "reasons"))


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


# Targets and the plan's report rhythm

WITH_TARGETS = """云泽市2026年工作要点
一、重点任务
1.推进一网通办。2026年底前，网上办理率达到95%以上。（责任单位：市发改委、市财政局）
2.培育企业。新增规上企业30家。（市财政局牵头）
各责任单位每月25日前报送进展情况。
"""


def target_fields(page, key):
    """The rows of targets as a browser would send them: column → values."""
    form = html.fromstring(page.text).get_element_by_id("review")
    prefix = f"{key}-targets_"
    sent = {}
    for name, value in form.form_values():
        if name.startswith(prefix):
            sent.setdefault(name, []).append(value)
    return sent


def test_targets_are_reviewed_corrected_added_and_kept_with_the_task(chen, session):
    address = draft_of(chen, WITH_TARGETS)
    page = chen.get(address)
    rows = target_fields(page, "m1")
    assert (rows["m1-targets_value"], rows["m1-targets_unit"]) == (["95", ""], ["%", ""])
    rows["m1-targets_value"] = ["96.5", "1,200"]
    rows["m1-targets_quantity"][1] = "小微企业"
    rows["m1-targets_unit"][1] = "家"
    rows["m1-targets_comparison"][1] = "at_least"

    saved = chen.post(address, act="save", **fields_of(page) | rows)
    again = chen.get(address)
    answer = chen.post(address, act="confirm", **fields_of(again) | target_fields(again, "m1"), leads_are_checked="y")

    assert saved.status_code == 303
    assert answer.status_code == 303
    first = stored(session, select(Task.id).order_by(Task.position)).first()
    targets = stored(session, select(TaskTarget).where(TaskTarget.task_id == first).order_by(TaskTarget.position)).all()
    assert [(one.quantity, one.comparison, one.value, one.unit) for one in targets] == [
        (targets[0].quantity, Comparison.AT_LEAST, 96.5, "%"),
        ("小微企业", Comparison.AT_LEAST, 1200, "家"),
    ]
    shown = words_of(chen.get(f"/tasks/{first}"))
    assert "96.5%" in shown
    assert "小微企业 不少于 1200家" in shown


def test_a_target_that_is_emptied_is_removed(chen, session):
    address = draft_of(chen, WITH_TARGETS)
    page = chen.get(address)
    rows = {name: ["" for _ in values] for name, values in target_fields(page, "m1").items()}

    chen.post(address, act="save", **fields_of(page) | rows)

    assert stored(session, select(ImportDraft.decisions)).one()["entries"]["m1"] == {"targets": []}
    assert "指标（" not in words_of(chen.get(address, find="一网通办"))


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("value", "很多", "目标值请填数字"),
        ("value", "", "没有填目标值"),
        ("upper", "1e5", "目标值请填数字"),
        ("base_year", "去年", "基期请填年份"),
        ("comparison", "bigger", "请选择比较方式"),
        ("unit", "家" * 51, "单位最多 50 个字"),
    ],
)
def test_a_target_that_is_no_figure_comes_back_as_it_was_typed(chen, session, column, value, words):
    address = draft_of(chen, WITH_TARGETS)
    page = chen.get(address)
    rows = target_fields(page, "m1")
    rows[f"m1-targets_{column}"][0] = value

    answer = chen.post(address, act="save", **fields_of(page) | rows)

    assert answer.status_code == 422
    assert words in errors_of(answer)
    assert column == "comparison" or target_fields(answer, "m1")[f"m1-targets_{column}"][0] == value
    assert stored(session, select(ImportDraft.decisions)).one() == {}


def test_the_documents_report_rhythm_is_offered_and_kept_with_the_plan(chen, session):
    address = draft_of(chen, WITH_TARGETS)
    page = chen.get(address)
    fields = fields_of(page)
    assert (fields["plan-report_rhythm"], fields["plan-report_day"]) == ("monthly", "25")

    chen.post(address, act="confirm", **fields | {"plan-report_day": "20"}, leads_are_checked="y")

    plan = stored(session, select(Plan)).one()
    assert (plan.report_rhythm, plan.report_day) == (PlanRhythm.MONTHLY, 20)
    assert "每月 20 日" in words_of(chen.get(f"/plans/{plan.id}"))


@pytest.mark.parametrize(("rhythm", "day"), [("weekly", "8"), ("monthly", "32"), ("none", "5"), ("monthly", "x")])
def test_a_report_day_that_the_rhythm_has_not_is_refused(chen, rhythm, day):
    address = draft_of(chen, WITH_TARGETS)
    fields = fields_of(chen.get(address)) | {"plan-report_rhythm": rhythm, "plan-report_day": day}

    answer = chen.post(address, act="save", **fields)

    assert answer.status_code == 422
    assert "每周请填 1 至 7" in errors_of(answer)


# What a script keeps while a person works


def test_a_part_is_kept_by_itself(chen, session):
    address = draft_of(chen)
    fields = fields_of(chen.get(address))
    part = {name: value for name, value in fields.items() if name.startswith("m3-")} | {"m3-lead": "市教育局"}

    answer = chen.post(f"{address}/parts", version=fields["version"], **part)

    assert answer.status_code == 200
    assert answer.json["version"] == int(fields["version"]) + 1
    assert "已改" in answer.json["rows"]["m3"]
    assert "市督查考核中心" not in answer.json["names"]
    assert stored(session, select(ImportDraft)).one().decisions["entries"] == {"m3": {"lead": ["市教育局"]}}


def test_a_part_with_an_error_says_where_and_is_not_kept(chen, session):
    address = draft_of(chen)
    fields = fields_of(chen.get(address))
    part = {name: value for name, value in fields.items() if name.startswith("m3-")}

    answer = chen.post(f"{address}/parts", version=fields["version"], **part | {"m3-decided_on": "明天"})

    assert answer.status_code == 422
    assert "日期的写法不对" in answer.json["errors"]["m3-decided_on"]
    assert stored(session, select(ImportDraft)).one().decisions == {}


def test_a_part_that_is_stale_is_refused(chen):
    address = draft_of(chen)
    fields = fields_of(chen.get(address))
    part = {name: value for name, value in fields.items() if name.startswith("m3-")}
    chen.post(f"{address}/parts", version=fields["version"], **part | {"m3-title": "一"})

    answer = chen.post(f"{address}/parts", version=fields["version"], **part | {"m3-title": "二"})

    assert answer.status_code == 409
    assert fields_of(chen.get(address))["m3-title"] == "一"


# Files that cannot be read


def archive(**members):
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "/"), content)
    return packed.getvalue()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("file", "status", "words"),
    [
        ((b"", "空.txt"), 422, "空"),
        ((b" \n\t ", "空白.txt"), 422, "空"),
        ((bytes(range(256)) * 40, "计划.txt"), 422, "无法读取"),
        (("工作方案，责任单位".encode("utf-16-le")[1:] * 50, "乱码.txt"), 422, "。"),
        ((b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(100), "计划.pdf"), 422, "损坏"),
        ((b"PK\x03\x04" + bytes(100), "计划.docx"), 422, "损坏"),
        ((archive(mimetype="x", a="b"), "计划.zip"), 415, "解压"),
        ((archive(word__document__xml="x"), "计划.docx"), None, "。"),
        ((b"\x89PNG\r\n\x1a\n" + bytes(100), "扫描.png"), None, "图片"),
    ],
    ids=["empty", "blank", "binary", "mis-encoded", "pdf", "broken", "zip", "odd", "picture"],
)
def test_a_file_that_cannot_be_read_says_why_and_stores_nothing(chen, session, file, status, words):
    before = counts(session)

    answer = upload(chen, *file)

    assert answer.status_code in ({status} if status else {415, 422})
    assert words in errors_of(answer)
    assert counts(session) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_zip_bomb_is_refused_unopened(chen, session):
    answer = upload(
        chen, archive(**{"[Content_Types].xml": "<a/>", "word__document.xml": bytes(120_000_000)}), "炸弹.docx"
    )

    assert answer.status_code == 422
    assert "异常庞大" in errors_of(answer)
    assert counts(session)["ImportDraft"] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_with_a_password_is_refused_with_what_to_do(chen, session):
    # An encrypted Office file is an OLE container with these two streams.
    content = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096))
    for start, stream in ((1024, "EncryptionInfo"), (1152, "EncryptedPackage")):
        content[start : start + 2 * len(stream)] = stream.encode("utf-16-le")

    answer = upload(chen, bytes(content), "加密.docx")

    assert answer.status_code in {415, 422}
    assert any(words in errors_of(answer) for words in ("密码", "另存", "损坏"))
    assert counts(session)["ImportDraft"] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_chosen_is_said(chen, session):
    answer = chen.post("/imports/new", text="  ")

    assert answer.status_code == 422
    assert "请选择文件或粘贴正文" in errors_of(answer)
    assert counts(session)["ImportDraft"] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_pasted_text_comes_back_when_it_cannot_be_read(chen):
    answer = chen.post("/imports/new", text="督" * 2_000_001)

    assert answer.status_code == 422
    assert "太长" in errors_of(answer)
    assert "督督督" in answer.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_beyond_the_limit_is_refused_before_it_is_read(chen, session, settings):
    answer = chen.client.post(
        "/imports/new",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(settings.max_upload_bytes + 1)},
    )

    assert answer.status_code == 413
    assert "20 MB" in words_of(answer)
    assert counts(session)["ImportDraft"] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("again", [{"plan": "999999"}, {"draft": "999999"}])
def test_importing_again_what_is_not_there_is_not_found(chen, again):
    assert chen.post("/imports/new", **again).status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("again", [{"plan": "abc"}, {"draft": "-1"}])
def test_an_id_that_cannot_be_one_is_refused(chen, again):
    assert chen.post("/imports/new", **again).status_code == 422


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_body_that_the_person_does_not_supervise_cannot_be_chosen(chen, session, usual):
    answer = chen.post("/imports/new", text=TEXT, body=str(usual.other.id))

    assert answer.status_code == 422
    assert counts(session)["ImportDraft"] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_markup_in_a_document_is_shown_as_text(chen):
    address = draft_of(chen, TEXT.replace("高频事项", "<script>alert(1)</script>"))

    assert "<script>alert" not in chen.get(address).text
