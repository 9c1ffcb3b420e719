"""Marks for review: which fields of an unusual reading they name, and why."""

from datetime import date
from pathlib import Path

import pytest

from taskboard.domain.plan_parsing import parse_plan, reading_to_dict
from taskboard.domain.plan_parsing.blocks import Cell, Paragraph, Table
from taskboard.domain.plan_parsing.doubts import FULL_TRUST, TRUST, Doubt, confidence
from taskboard.domain.plan_parsing.reading import Span
from taskboard.domain.plan_parsing.vocabulary import is_familiar
from taskboard.labels.doubts import DOUBTS, doubts_in_words

DOCS = Path(__file__).parents[3] / "docs" / "plan-documents.md"


@pytest.mark.parametrize(
    "name",
    [
        "省发展改革委",
        "市财政局",
        "县人力资源和社会保障局",
        "市市场监管局",
        "各县(市、区)人民政府",
        "市委组织部",
        "省编办(省审改办)",
        "人民银行沅峰市分行",
        "槐阳县人民政府",
        "市直有关部门",
        "团市委",
        "沅峰海关",
        "市公安局交管支队",
        "市政协社会和法制委",
        "区政府办",
        "经开区管委会",
        "汀浦昆仑燃气有限公司",
        "岚西农商银行",
        "霁川边检站",
        "共青团云州省委",
        "各施工单位",
        "机关各处室",
        "各二级学院党总支",
        "厅教师工作处",
        "急诊医学科",
        "经侦支队",
        "国家统计局霁川调查队",
    ],
)
def test_names_of_departments_and_groups_are_familiar(name: str) -> None:
    assert is_familiar(name)


@pytest.mark.parametrize("name", ["市育局", "省信委", "市气象局负责市通信办", "责任单位市教育局", "县牛羊养殖户"])
def test_damaged_names_and_other_words_are_not(name: str) -> None:
    assert not is_familiar(name)


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("1.甲平台。建成。（责任单位：市财政局、市教育局）", []),
        ("1.甲平台。建成。（责任单位：市财政局市教育局）", ["lead", "partners"]),
        ("1.甲平台。建成。（责任单位：市育局）", ["lead"]),
        ("1.甲平台。建成。责任单位市财政局、市教育局。", ["lead", "partners"]),
        ("1.甲平台。2024年底前建成，2024年6月底前启动招标。（责任单位：市财政局）", ["deadline"]),
    ],
)
def test_the_fields_of_an_unusual_reading_are_marked(text: str, marked: list[str]) -> None:
    (measure,) = parse_plan([Paragraph(f"2024年3月1日\n{text}")]).measures

    assert list(measure.review) == marked


def doubts_of(text: str, number: int = -1) -> dict[str, tuple[str, ...]]:
    """The doubts of one measure of a document of March 2024, of the last one unless another is meant."""
    plan = parse_plan([Paragraph(line) for line in f"2024年3月1日\n{text}".split("\n")])
    return dict(plan.measures[number].doubts)


@pytest.mark.parametrize(
    ("text", "field", "doubt"),
    [
        ("1.甲平台。建成。（责任单位：市财政局、市市教育局）", "partners", Doubt.NAME_UNUSUAL),
        ("1.甲平台。建成。（责任单位：市财政局、市教局（市考试院）", "partners", Doubt.NAME_UNKNOWN),
        ("1.甲平台。建成。（牵头单位：市财政局；市教育局）", "partners", Doubt.NAMES_TOGETHER),
        ("1.甲平台。建成。（责任单位：市财政局、市教育局，均须抓好）", "lead", Doubt.CLAUSE_WITH_STATEMENT),
        ("1.甲平台。建成。（责任单位：市财政?局、市教育局）", "lead", Doubt.CLAUSE_DAMAGED),
        ("1.甲平台。建成。\n领办单位：市教育局\n配合单位：市财政局", "lead", Doubt.LEAD_MISSING),
        ("1.甲平台。建成。\n领办单位：市教育局\n责任单位：市财政局", "lead", Doubt.UNITS_ELSEWHERE),
        ("1.甲平台。建成并由市教育局会同市民政局推广。（责任单位：市财政局）", "lead", Doubt.UNITS_ELSEWHERE),
        ("1.甲平台。建成，验收请市教育局牵头。", "partners", Doubt.UNITS_ELSEWHERE),
        ("1.甲平台。建成，并责成市教育局推广。", "lead", Doubt.UNITS_ELSEWHERE),
        ("1.甲平台。年6月底前建成。（责任单位：市财政局）", "deadline", Doubt.TIME_DAMAGED),
        ("1.甲平台。岁末前建成。（责任单位：市财政局）", "deadline", Doubt.TIME_UNREAD),
        ("1.甲平台。2023年6月底前建成。\n责任单位：市财政局\n完成时限：2023年6月", "deadline", Doubt.DAY_OUT_OF_RANGE),
        ("1.甲平台。2024年建成。（责任单位：市财政局）", "deadline", Doubt.LIMIT_LOOSE),
        ("1.甲平台。每月调度、每季度通报。（责任单位：市财政局）", "recurrence", Doubt.RHYTHM_UNCLEAR),
        ("1.甲平台。定期开展排查。（责任单位：市财政局）", "recurrence", Doubt.RHYTHM_UNREAD),
        ("1.甲平台。对入选项目每年配套100万元。（责任单位：市财政局）", "recurrence", Doubt.RHYTHM_UNCLEAR),
    ],
)
def test_a_doubtful_field_says_why(text: str, field: str, doubt: Doubt) -> None:
    assert doubt in doubts_of(text)[field]


def test_a_column_of_units_whose_header_is_unknown_makes_the_units_doubtful() -> None:
    rows = (("序号", "重点任务", "牵头单位", "领办单位"), ("1", "建设平台", "市教育局", "市财政局、市民政局"))
    table = Table(tuple(tuple(Cell(text, r, c) for c, text in enumerate(row)) for r, row in enumerate(rows)))

    (measure,) = parse_plan([table]).measures

    assert Doubt.UNITS_ELSEWHERE in measure.doubts["partners"]


def test_a_clause_outside_all_items_is_a_problem_with_its_place() -> None:
    text = "1.甲平台。建成。（责任单位：市财政局）\n2.乙平台。建成。（责任单位：市民政局）\n统筹：市教育局、市水利局"

    plan = parse_plan([Paragraph(line) for line in text.split("\n")])

    (found,) = plan.problems
    assert (found.code, found.where) == ("clause_unread", "第 2 项“乙平台”之后")
    assert "市教育局、市水利局" in found.text
    assert [one.review for one in plan.measures] == [(), ("lead", "partners")]
    assert found.spans == (Span(2, 0, 12),)


TWO_ITEMS = "1.甲平台。建成。（责任单位：市财政局）\n2.乙平台。建成。（责任单位：市民政局）\n"


@pytest.mark.parametrize(
    ("line", "lead", "partners", "deadline"),
    [
        ("统筹：市教育局、市水利局", ("市教育局",), ("市水利局",), None),
        (
            "同时，由市教育局牵头，市水利局配合，于2026年10月底前办结。",
            ("市教育局",),
            ("市水利局",),
            date(2026, 10, 31),
        ),
        ("本方案由市教育局负责解释。", ("市教育局",), (), None),
    ],
)
def test_a_passage_outside_all_items_is_offered_as_the_measure_it_would_be(line, lead, partners, deadline) -> None:
    plan = parse_plan([Paragraph(one) for one in (TWO_ITEMS + line).split("\n")])

    (passage,) = plan.unread
    assert (passage.text, passage.lead, passage.partners, passage.deadline) == (line, lead, partners, deadline)
    assert passage.spans["text"] == (Span(2, 0, len(line)),)
    assert {"lead", "partners"} <= set(passage.review)
    assert len(plan.measures) == 2


def test_those_a_document_is_sent_to_are_no_passage() -> None:
    text = "某市2026年工作要点\n各县、区人民政府，市直各部门：\n" + TWO_ITEMS

    plan = parse_plan([Paragraph(line) for line in text.split("\n")])

    assert (plan.unread, plan.problems) == ((), ())


def test_confidence_is_that_of_the_gravest_doubt() -> None:
    assert confidence([]) == FULL_TRUST
    assert confidence([Doubt.LIMIT_LOOSE, Doubt.SEVERAL_LEADS]) == TRUST[Doubt.SEVERAL_LEADS]
    assert all(0 < trust < FULL_TRUST for trust in TRUST.values())


def test_the_values_of_a_reading_name_doubts_and_confidence() -> None:
    plan = parse_plan([Paragraph("1.甲平台。岁末前建成。（责任单位：市财政局）")])

    (measure,) = reading_to_dict(plan)["measures"]

    assert measure["review"] == ["deadline"]
    assert measure["doubts"] == {"deadline": ["time_unread"]}
    assert measure["confidence"]["deadline"] == TRUST[Doubt.TIME_UNREAD]
    assert measure["confidence"]["lead"] == FULL_TRUST


@pytest.mark.parametrize("doubt", list(Doubt))
def test_every_doubt_has_its_words_and_stands_in_the_documentation(doubt: Doubt) -> None:
    assert DOUBTS[doubt]
    assert f"| `{doubt.value}` |" in DOCS.read_text(encoding="utf-8")


def test_a_doubt_of_a_later_release_is_passed_over() -> None:
    assert doubts_in_words(["lead_missing", "unheard_of"]) == [DOUBTS[Doubt.LEAD_MISSING]]


@pytest.mark.parametrize(
    ("limit", "marked"),
    [
        ("2025年Q3", False),
        ("4月份", False),
        ("2024年12月底前（序时推进）", False),
        ("即知即改，长期坚持", False),
        ("本学期末前（7月5日）", True),
        ("6月底开工，12月底前完工", True),
    ],
)
def test_a_limit_that_says_more_than_a_period_is_marked(limit: str, marked: bool) -> None:
    doubts = doubts_of(f"1.甲平台。建成。\n责任单位：市财政局\n完成时限：{limit}")

    assert ("limit_unread" in doubts.get("deadline", ())) is marked


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("到2025年建成5个。", False),
        ("2025年，全面建成5个。", True),
        ("中长期激励落地见效。", False),
        ("给予每平方米100元奖励。", False),
        ("每学期开展一次。", True),
    ],
)
def test_years_and_rates_are_marked_only_where_they_leave_room(text: str, marked: bool) -> None:
    doubts = doubts_of(f"1.甲平台。{text}（责任单位：市财政局）")

    assert bool({"limit_loose", "rhythm_unread"} & {name for found in doubts.values() for name in found}) is marked


def test_cells_that_ran_together_make_their_row_doubtful() -> None:
    said = (
        ("序号", "工作任务", "完成时限"),
        ("1", "规范杆线5公里\t镇村建办\t供电所", "6月底前"),
        ("2", "拆除危房3间", "年底前"),
    )
    rows = tuple(tuple(Cell(text, y, x) for x, text in enumerate(row)) for y, row in enumerate(said))

    joined, plain = parse_plan([Paragraph("2024年3月1日"), Table(rows)]).measures

    assert Doubt.ROW_UNLIKE_OTHERS in joined.doubts["lead"]
    assert "lead" not in plain.doubts
