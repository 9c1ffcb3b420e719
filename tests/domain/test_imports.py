"""What a person makes of a reading: proposals, choices, and what stands in the way of confirming."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from msgspec import structs

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.import_decisions import decisions_from_json, decisions_to_json
from taskboard.domain.imports import (
    DeadlineChoice,
    Decisions,
    Due,
    NameChoice,
    NameDecision,
    Obstacle,
    PlanFacts,
    due_of,
    guess_kind,
    join_names,
    obstacles_of_entry,
    propose,
    propose_all,
    read_facts,
    review_rows,
    split_names,
    title_of,
)
from taskboard.domain.plan_parsing.reading import Origin, ParsedMeasure, ParsedPlan, Recurrence
from taskboard.domain.workflow import DeadlineOrigin

MEASURE = ParsedMeasure(
    path=("一", "1"),
    heading="编制目录",
    text="编制目录。按季更新。",
    text_head="编制目录。按季更新。",
    lead=("市数据局",),
    partners=("市财政局", "各县（市、区）人民政府"),
    deadline=date(2026, 12, 31),
    deadline_text="2026年底前",
    origins={"lead": Origin.INFERRED, "deadline": Origin.STATED},
)
WITHOUT_DATE = structs.replace(MEASURE, deadline=None, deadline_text=None)
PLAN = ParsedPlan(
    title="工作要点", issuer=None, date=date(2026, 1, 5), measures=(MEASURE, WITHOUT_DATE), candidates=(WITHOUT_DATE,)
)
WITH_HORIZON = PlanFacts(title="工作要点", horizon_on=date(2027, 12, 31))


def test_a_stated_deadline_is_proposed_as_stated():
    entry = propose(MEASURE)

    assert due_of(entry, MEASURE, PlanFacts()) == Due(date(2026, 12, 31), DeadlineOrigin.STATED)


def test_a_measure_without_a_date_is_never_given_one_silently():
    entry = propose(WITHOUT_DATE)

    assert due_of(entry, WITHOUT_DATE, WITH_HORIZON) == Due(None, DeadlineOrigin.MISSING)


def test_the_plans_horizon_is_inherited_only_when_chosen():
    entry = replace(propose(WITHOUT_DATE), deadline=DeadlineChoice.INHERITED)

    assert due_of(entry, WITHOUT_DATE, WITH_HORIZON) == Due(date(2027, 12, 31), DeadlineOrigin.INHERITED)
    assert obstacles_of_entry(entry, WITHOUT_DATE, PlanFacts()) == [Obstacle.NO_HORIZON]


def test_what_the_text_calls_lasting_is_proposed_as_ongoing():
    lasting = structs.replace(WITHOUT_DATE, recurrence=Recurrence.ONGOING)

    assert due_of(propose(lasting), lasting, PlanFacts()) == Due(None, DeadlineOrigin.ONGOING)


def test_a_date_that_a_person_chose_is_decided():
    entry = replace(propose(MEASURE), deadline=DeadlineChoice.DATE, decided_on=date(2026, 6, 30))

    assert due_of(entry, MEASURE, PlanFacts()) == Due(date(2026, 6, 30), DeadlineOrigin.DECIDED)


@pytest.mark.parametrize(
    ("change", "obstacle"),
    [
        ({"title": ""}, Obstacle.TITLE_EMPTY),
        ({"lead": ()}, Obstacle.LEAD_EMPTY),
        ({"deadline": DeadlineChoice.DATE}, Obstacle.DATE_EMPTY),
        ({"deadline": DeadlineChoice.STATED}, Obstacle.NO_STATED_DEADLINE),
    ],
)
def test_what_an_entry_lacks_stands_in_the_way(change, obstacle):
    entry = replace(propose(WITHOUT_DATE), **change)

    assert obstacles_of_entry(entry, WITHOUT_DATE, PlanFacts()) == [obstacle]


def test_candidates_are_offered_but_not_taken():
    rows = review_rows(propose_all(PLAN), {})

    assert [(row.key, row.entry.is_included) for row in rows] == [("m1", True), ("m2", True), ("c1", False)]


def test_an_inferred_lead_is_marked_until_a_person_changes_it():
    row, *_ = review_rows(propose_all(PLAN), {})
    changed, *_ = review_rows(propose_all(PLAN), {"m1": replace(row.entry, lead=("市财政局",))})

    assert row.has_inferred_lead
    assert not changed.has_inferred_lead
    assert changed.is_decided("lead")


@pytest.mark.parametrize(
    ("heading", "text", "title"),
    [
        ("编制目录", "编制目录。按季更新。", "编制目录"),
        ("数据治理", "开展数据质量专项治理；建立指标", "数据治理：开展数据质量专项治理"),
        (None, "地区生产总值增长6.5%左右。力争更好。", "地区生产总值增长6.5%左右"),
        (None, "长" * 80, "长" * 59 + "…"),
        ("分 管 事项", "", "分管事项"),
    ],
)
def test_a_task_is_called_by_its_heading_or_the_opening_of_its_text(heading, text, title):
    assert title_of(structs.replace(MEASURE, heading=heading, text=text)) == title


def test_names_are_split_at_separators_but_never_inside_brackets():
    text = "市发改委、 市财政局，各县（市、区）人民政府；\n市教育局\n市财政局"

    assert split_names(text) == ("市发改委", "市财政局", "各县（市、区）人民政府", "市教育局")
    assert split_names("市发改委（物价局、储备局") == ("市发改委（物价局、储备局",)


def test_characters_that_nobody_sees_make_no_second_name():
    assert split_names("市\u200b财政局、\ufeff市财政局、市 财政局") == ("市财政局",)


def test_a_field_of_names_gives_back_what_it_shows():
    assert split_names(join_names(MEASURE.partners)) == MEASURE.partners


@pytest.mark.parametrize(
    "name",
    [
        "各市人民政府",
        "各县（市、区）政府（管委会）",
        "领导小组各成员单位",
        "市有关部门",
        "市直各部门",
        "有关单位",
        "国务院相关部门",
        "省级及以上产业园区",
    ],
)
def test_the_wording_of_a_group_is_taken_for_a_collective(name):
    assert guess_kind(name) is DepartmentKind.COLLECTIVE


@pytest.mark.parametrize(
    "name", ["市发展改革委", "市政府驻上海联络处", "南关区人民政府", "市工商联", "省编办(省审改办)"]
)
def test_the_name_of_one_body_is_taken_for_a_unit(name):
    assert guess_kind(name) is DepartmentKind.UNIT


def test_decisions_keep_only_what_differs_from_the_reading():
    row, *_ = review_rows(propose_all(PLAN), {})
    decisions = Decisions(
        facts=read_facts(PLAN),
        entries={"m1": replace(row.entry, lead=("市财政局",)), "m2": review_rows(propose_all(PLAN), {})[1].entry},
    )

    stored = decisions_to_json(propose_all(PLAN), decisions)

    assert stored == {"facts": {}, "entries": {"m1": {"lead": ["市财政局"]}}, "names": {}}


def test_decisions_come_back_as_they_were_made():
    row, *_ = review_rows(propose_all(PLAN), {})
    decisions = Decisions(
        facts=replace(read_facts(PLAN), horizon_on=date(2027, 12, 31), defaults=("各市人民政府",)),
        entries={
            "m1": replace(row.entry, is_included=False, deadline=DeadlineChoice.DATE, decided_on=date(2026, 6, 30)),
            "c1": replace(row.entry, partners=(), recurrence=Recurrence.MONTHLY, looked_at=("deadline",)),
        },
        names={"key": NameDecision(NameChoice.SAME_AS, "市财政局")},
    )

    again = decisions_from_json(propose_all(PLAN), decisions_to_json(propose_all(PLAN), decisions))

    assert again.facts == decisions.facts
    assert again.entries["m1"] == decisions.entries["m1"]
    assert (again.entries["c1"].recurrence, again.entries["c1"].looked_at) == (Recurrence.MONTHLY, ("deadline",))
    assert again.names == decisions.names


def test_a_decision_about_a_row_that_is_not_there_is_passed_over():
    stored = {"entries": {"m99": {"title": "别处来的"}}}

    assert decisions_from_json(propose_all(PLAN), stored).entries == {}


IN_DOUBT = replace(PLAN, measures=(structs.replace(MEASURE, review=("deadline", "lead")),))


def test_fields_that_the_parser_marked_are_uncertain_until_somebody_looks_at_them_or_changes_them():
    row, *_ = review_rows(propose_all(IN_DOUBT), {})
    looked, *_ = review_rows(propose_all(IN_DOUBT), {"m1": replace(row.entry, looked_at=("lead",))})
    changed, *_ = review_rows(propose_all(IN_DOUBT), {"m1": replace(row.entry, decided_on=date(2026, 6, 30))})

    assert row.uncertain == ("lead", "deadline")
    assert looked.uncertain == ("deadline",)
    assert changed.uncertain == ("lead",)


def test_a_measure_that_is_left_out_has_nothing_uncertain():
    row, *_ = review_rows(propose_all(IN_DOUBT), {})
    left_out, *_ = review_rows(propose_all(IN_DOUBT), {"m1": replace(row.entry, is_included=False)})

    assert left_out.uncertain == ()
    assert left_out.doubtful == ("lead", "deadline")
