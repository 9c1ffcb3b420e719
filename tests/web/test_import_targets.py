"""Targets of measures and the plan's report rhythm in the review."""

from __future__ import annotations

import pytest
from lxml import html
from sqlalchemy import select

from taskboard.domain.plan_parsing.reading import Comparison
from taskboard.domain.report_rhythms import PlanRhythm, RhythmOrigin
from taskboard.models import (
    ImportDraft,
    Plan,
    Task,
    TaskTarget,
)
from tests.support.importing import draft_of, errors_of, fields_of, rows_of, stored, words_of

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


def test_measures_with_targets_are_joined_and_their_task_has_the_targets_of_both(chen, session):
    address = draft_of(chen, WITH_TARGETS)

    before = chen.get(address)
    sent = fields_of(before) | target_fields(before, "m1") | target_fields(before, "m2")

    joined = chen.post(address, act="arrange-merge:m2", **sent)
    page = chen.get(address)
    answer = chen.post(address, act="confirm", **fields_of(page) | target_fields(page, "m1"), leads_are_checked="y")

    assert joined.status_code == 303
    assert page.status_code == 200
    assert rows_of(page) == ["m1"]
    assert answer.status_code == 303
    kept = stored(session, select(TaskTarget).order_by(TaskTarget.position)).all()
    assert [(one.value, one.unit) for one in kept] == [(95, "%"), (30, "家")]


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


@pytest.mark.parametrize(
    ("chosen", "kept", "origin"),
    [
        ({}, (PlanRhythm.MONTHLY, None), RhythmOrigin.DEFAULT),
        ({"plan-report_rhythm": "none"}, (PlanRhythm.NONE, None), RhythmOrigin.DECIDED),
        ({"plan-report_rhythm": "quarterly"}, (PlanRhythm.QUARTERLY, None), RhythmOrigin.DECIDED),
    ],
)
def test_a_plan_that_names_no_rhythm_is_reported_monthly_unless_somebody_decides(chen, session, chosen, kept, origin):
    address = draft_of(chen, WITH_TARGETS.replace("各责任单位每月25日前报送进展情况。", ""))
    page = chen.get(address)
    assert fields_of(page)["plan-report_rhythm"] == "monthly"
    assert "原文没有写，默认每月 25 日" in words_of(page)

    chen.post(address, act="confirm", **fields_of(page) | chosen, leads_are_checked="y")

    plan = stored(session, select(Plan)).one()
    assert ((plan.report_rhythm, plan.report_day), plan.rhythm_origin) == (kept, origin)
    words = {RhythmOrigin.DEFAULT: "默认", RhythmOrigin.DECIDED: "人工确定"}[origin]
    for shown in (f"/plans/{plan.id}", f"/plans/{plan.id}/issue"):
        assert words in words_of(chen.get(shown))


@pytest.mark.parametrize(("rhythm", "day"), [("weekly", "8"), ("monthly", "32"), ("none", "5"), ("monthly", "x")])
def test_a_report_day_that_the_rhythm_has_not_is_refused(chen, rhythm, day):
    address = draft_of(chen, WITH_TARGETS)
    fields = fields_of(chen.get(address)) | {"plan-report_rhythm": rhythm, "plan-report_day": day}

    answer = chen.post(address, act="save", **fields)

    assert answer.status_code == 422
    assert "每周请填 1 至 7" in errors_of(answer)
