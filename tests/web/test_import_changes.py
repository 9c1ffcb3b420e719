"""Changing measures in the review: one by one, several together, cut, joined and moved."""

from __future__ import annotations

import pytest
from lxml import html
from sqlalchemy import select

from taskboard.models import (
    ImportDraft,
    Task,
)
from tests.support.importing import PLANS, TEXT, draft_of, errors_of, fields_of, rows_of, stored, words_of


def test_the_rhythm_of_a_measure_can_be_changed_and_is_imported(chen, session):
    address = draft_of(chen)

    answer = chen.post(
        address, act="confirm", **fields_of(chen.get(address)) | {"m1-recurrence": "monthly"}, leads_are_checked="y"
    )

    assert answer.status_code == 303
    assert stored(session, select(Task.recurrence).where(Task.position == 1)).one() == "monthly"


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
    assert fields_of(answer).get("selected") == fields.get("selected")
    assert stored(session, select(ImportDraft.decisions)).one() == {}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"act": "bulk-deadline", "bulk_deadline": "date", "bulk_date": "明天"}, "日期的写法不对"),
        ({"act": "bulk-lead", "bulk_units": " "}, "请填写单位"),
    ],
)
def test_a_common_change_sent_without_names_and_facts_comes_back_with_what_was_typed(chen, session, fields, words):
    address = draft_of(chen, TEXT.replace("市督查考核中心", "市天外中心"))
    page = chen.get(address)
    form = fields_of(page)
    sent = {name: value for name, value in form.items() if not name.startswith(("name-", "plan-"))}
    assert any(name.startswith("name-") for name in form)

    answer = chen.post(address, **sent | {"m2-title": "我的标题", "selected": "m1"} | fields)

    assert answer.status_code == 422
    assert words in errors_of(answer)
    assert fields_of(answer)["m2-title"] == "我的标题"
    assert fields_of(answer)["plan-title"] == form["plan-title"]
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
