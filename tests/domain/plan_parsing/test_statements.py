"""What a document says once for all its measures, in every wording and wherever it stands."""

import pytest

from taskboard.domain.plan_parsing import parse_plan
from taskboard.domain.plan_parsing.blocks import Paragraph
from taskboard.domain.plan_parsing.reading import Origin, ParsedPlan

DOCUMENT = """云州市2024年工作要点
为做好全年工作，制定本要点。{before}
一、主要任务
1.建设平台。6月底前上线。（责任单位：市教育局、市财政局{first}）
2.优化环境。开展整治行动，取得实效。（责任单位：市公安局、市司法局{second}）
3.畅通渠道。开通热线电话。（责任单位：市信访局、市财政局）
{after}"""
RIGHT = [("市教育局", ("市财政局",)), ("市公安局", ("市司法局",)), ("市信访局", ("市财政局",))]
PLACES = {
    "before all items": {"before": "{}。"},
    "after a comma in the first clause": {"first": "，{}"},
    "as a sentence of the first clause": {"first": "。{}"},
    "in a bracket of the first clause": {"first": "（{}）"},
    "in the second clause": {"second": "；{}"},
    "after all items": {"after": "注：{}。"},
}

FIRST_LEADS = [
    "列第一位的为牵头单位，下同",
    "列第一位者为牵头单位或汇总单位，下同",
    "排在第一位的为牵头单位，下同",
    "排名第一的单位为牵头单位，下同",
    "第一个单位为牵头单位，下同",
    "列首位的单位为牵头单位",
    "首位为牵头单位，下同",
    "责任单位列第一位的为牵头单位，其他为配合单位，下同",
    "除标注“分别牵头”外，列第一位的为牵头单位，下同",
]
DEFAULTS = [
    "以下重点工作均需各县（市、区）人民政府落实，不再单独列出",
    "以下各项工作均需各县（市、区）人民政府落实，不再列出",
    "以上工作均需各县（市、区）人民政府负责落实，不再一一列出",
    "下列各项均由各县（市、区）人民政府配合落实，不再逐项列出",
    "各项任务均需各县（市、区）人民政府贯彻落实，以下不再列出",
    "以下任务均需各县（市、区）人民政府配合，后文不再重复",
    "以下均需各县（市、区）人民政府落实，不另列出",
    "各县（市、区）人民政府为以下各项任务的配合单位，不再单独列出",
    "各县（市、区）人民政府为各项任务的责任单位，不再逐一列出",
    "所有任务均涉及各县（市、区）人民政府，不再逐项列出",
    "本方案各项任务均需各县（市、区）人民政府抓好落实，以下不再单列",
    "以下工作各县（市、区）人民政府均为责任单位，不再列出",
]
LEAD_UNNAMED = [
    "无牵头单位的，责任单位即为牵头单位，下同",
    "未明确牵头单位的，第一责任单位为牵头单位，下同",
    "没有标明牵头单位的，列第一位的责任单位即为牵头单位",
    "未列牵头单位的，责任单位即为牵头单位",
]


def read(statement: str, place: str) -> ParsedPlan:
    parts = dict.fromkeys(("before", "first", "second", "after"), "")
    parts |= {name: form.format(statement) for name, form in PLACES[place].items()}
    return parse_plan([Paragraph(line) for line in DOCUMENT.format(**parts).split("\n")])


def units(plan: ParsedPlan) -> list[tuple[str, tuple[str, ...]]]:
    return [("、".join(one.lead), one.partners) for one in plan.measures]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("statement", FIRST_LEADS)
def test_the_first_listed_leads_where_the_document_says_so(statement: str, place: str) -> None:
    plan = read(statement, place)

    assert units(plan) == RIGHT
    assert {one.origins["lead"] for one in plan.measures} == {Origin.STATED}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("statement", DEFAULTS)
def test_units_for_all_items_are_no_partners_of_one(statement: str, place: str) -> None:
    plan = read(statement, place)

    assert units(plan) == RIGHT
    assert plan.defaults == ("各县（市、区）人民政府",)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("statement", LEAD_UNNAMED)
def test_who_leads_where_nobody_is_named_is_no_unit(statement: str, place: str) -> None:
    assert units(read(statement, place)) == RIGHT
