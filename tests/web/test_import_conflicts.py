"""Nothing lost: what was typed wrong comes back, and two people see each other's changes."""

from __future__ import annotations

import pytest
from lxml import html
from sqlalchemy import select

from taskboard.models import (
    ImportDraft,
)
from tests.support.importing import TEXT, counts, draft_of, errors_of, fields_of, rows_of, stored, words_of


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


def test_arranging_a_stale_page_is_a_conflict_that_loses_nothing(chen):
    address = draft_of(chen)
    mine = fields_of(chen.get(address))
    chen.post(address, act="save", **mine | {"m1-lead": "市教育局"})

    answer = chen.post(address, act="arrange-up:m2", **mine | {"m2-title": "我的标题"})

    assert answer.status_code == 409
    assert fields_of(answer)["m2-title"] == "我的标题"
    assert rows_of(answer) == ["m1", "m2", "m3"]


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


def test_a_conflict_shows_what_stood_before_and_keeps_either_text_field_by_field(chen):
    address = draft_of(chen)
    mine = fields_of(chen.get(address))
    chen.post(
        address, act="save", **mine | {"m1-lead": "市教育局", "m2-title": "对方的标题", "m2-recurrence": "monthly"}
    )

    answer = chen.post(
        address,
        act="save",
        **mine | {"m1-lead": "市财政局", "m2-title": "我的标题", "m3-title": "只有我改的标题"},
    )

    assert answer.status_code == 409
    cells = [
        [" ".join(cell.text_content().split()) for cell in row.xpath("th|td")][:4]
        for row in html.fromstring(answer.text).xpath('//table[contains(@class, "conflicts")]/tbody/tr')
    ]
    assert cells == [
        ["第 1 项：牵头单位", mine["m1-lead"], "市教育局", "市财政局"],
        ["第 2 项：任务名称", mine["m2-title"], "对方的标题", "我的标题"],
        ["第 2 项：频次", "不定期", "每月"],
    ]
    merged = fields_of(answer)
    assert (merged["m2-recurrence"], merged["m3-title"]) == ("monthly", "只有我改的标题")

    saved = chen.post(address, act="save", theirs=["m1-lead"], **merged)

    assert saved.status_code == 303
    stands = fields_of(chen.get(address))
    assert stands["m1-lead"] == "市教育局"
    assert (stands["m2-title"], stands["m2-recurrence"]) == ("我的标题", "monthly")
    assert stands["m3-title"] == "只有我改的标题"


@pytest.mark.parametrize("seen", ["", "{", "[]", "7", '{"entries": 3}', '{"entries": {"m1": {"lead": 5}}}'])
def test_a_page_that_does_not_say_what_it_showed_is_still_a_conflict_that_loses_nothing(chen, seen):
    address = draft_of(chen)
    mine = fields_of(chen.get(address))
    chen.post(address, act="save", **mine | {"m1-lead": "市教育局"})

    answer = chen.post(address, act="save", **mine | {"m1-lead": "市财政局", "seen": seen})

    assert answer.status_code == 409
    assert "市教育局" in words_of(answer)
    assert fields_of(answer)["m1-lead"] == "市财政局"


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
