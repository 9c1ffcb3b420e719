"""Tables in running text: what stands between the cells, rows that run over lines, and titles between rows."""

import pytest

from taskboard.domain.plan_parsing import parse_plan
from taskboard.domain.plan_parsing.blocks import Paragraph
from taskboard.domain.plan_parsing.reading import ParsedPlan

TITLE = "云州市2024年城市更新任务清单"
SEPARATORS = {"tabs": "\t", "bars": " | ", "gaps": "    ", "bars without blanks": "|", "full-width bars": "｜"}
HEADER = "序号 工作任务 具体内容 牵头单位 配合单位 完成时限"
ROWS = (
    "1 修缮老旧管网 更换管道30公里，消除漏点 市住建局 市水务局、市财政局 6月底前",
    "2 建设口袋公园 新建公园12个 市园林局 市自然资源局、各区人民政府 三季度",
    "3 增设充电设施 新增充电桩800个 市发改委 市供电公司 11月底前",
)
RIGHT = [
    ("修缮老旧管网", ("市住建局",), ("市水务局", "市财政局"), "2024-06-30"),
    ("建设口袋公园", ("市园林局",), ("市自然资源局", "各区人民政府"), "2024-09-30"),
    ("增设充电设施", ("市发改委",), ("市供电公司",), "2024-11-30"),
]


def plan_of(separator: str, *lines: str) -> ParsedPlan:
    """The reading of lines whose cells stand apart by one blank each, written with this separator; / breaks a line."""
    written = (part for line in lines for part in line.replace(" ", separator).split("/"))
    return parse_plan([Paragraph(TITLE), *map(Paragraph, written)])


def what_counts(plan: ParsedPlan) -> list[tuple[object, ...]]:
    return [(one.heading, one.lead, one.partners, str(one.deadline)) for one in plan.measures]


@pytest.mark.parametrize("separator", SEPARATORS.values(), ids=SEPARATORS)
@pytest.mark.parametrize(
    "broken",
    [
        "1 修缮老旧/管网 更换管道30公里，消除漏点 市住建局 市水务局、市财政局 6月底前",
        "1 修缮老旧管网 更换管道30公里，/消除漏点 市住建局 市水务局、市财政局 6月底前",
        "1 修缮老旧管网 更换管道/30公里，消/除漏点 市住建局 市水务局、市财政局 6月底前",
        "1 修缮老旧管网 更换管道30公里，消除漏点 市住/建局 市水务局、市财政局 6月底前",
        "1 修缮老旧管网 更换管道30公里，消除漏点 市住建局 市水务局、/市财政局 6月底前",
        "1 修缮老旧管网 更换管道30公里，消除漏点 市住建局 市水务局/市财政局 6月底前",
        "1 修缮老旧管网 更换管道30公里，消除漏点 市住建局 市水务局、市财政局 6月/底前",
        "1 修缮老旧管网 更换管道/30公里，消除漏点 市住建局 市水务局、/市财政局 6月底前",
    ],
)
def test_a_row_may_be_broken_inside_any_cell(separator: str, broken: str) -> None:
    assert what_counts(plan_of(separator, HEADER, broken, *ROWS[1:])) == RIGHT
    assert what_counts(plan_of(separator, HEADER, *ROWS[1:], broken.replace("1", "4", 1))) == [*RIGHT[1:], RIGHT[0]]


@pytest.mark.parametrize("separator", SEPARATORS.values(), ids=SEPARATORS)
def test_the_names_of_the_columns_may_be_broken_over_lines(separator: str) -> None:
    header = "序号 工作任务 具体内容 牵头/单位 配合单位 完成/时限"

    assert what_counts(plan_of(separator, header, *ROWS)) == RIGHT


@pytest.mark.parametrize("separator", SEPARATORS.values(), ids=SEPARATORS)
@pytest.mark.parametrize("title", ["一、补齐设施短板", "（一）补齐设施短板", "补齐设施短板", "第一类：设施"])
def test_titles_between_rows_are_no_part_of_them(separator: str, title: str) -> None:
    plan = plan_of(separator, HEADER, title, ROWS[0], title, *ROWS[1:])

    assert what_counts(plan) == RIGHT
    assert [one.path for one in plan.measures] == [("1",), ("2",), ("3",)]


@pytest.mark.parametrize("separator", SEPARATORS.values(), ids=SEPARATORS)
def test_what_follows_the_table_is_text_again(separator: str) -> None:
    plan = plan_of(separator, HEADER, *ROWS, "注：未注明年份的均为2024年。", "云州市城市更新办公室", "2024年2月5日")

    assert what_counts(plan) == RIGHT
    assert str(plan.date) == "2024-02-05"


@pytest.mark.parametrize("separator", SEPARATORS.values(), ids=SEPARATORS)
def test_a_second_table_with_other_columns_is_read_by_its_own_names(separator: str) -> None:
    second = (
        "附件2",
        "督办事项表",
        "序号 完成时限 责任单位 事项",
        "1 年底前 市城管局 拆除违建",
        "2 5月底 市公安局 清理僵尸车",
    )

    plan = plan_of(separator, HEADER, *ROWS, *second)

    assert what_counts(plan)[:3] == RIGHT
    assert [(one.text, one.lead, str(one.deadline)) for one in plan.measures[3:]] == [
        ("拆除违建", ("市城管局",), "2024-12-31"),
        ("清理僵尸车", ("市公安局",), "2024-05-31"),
    ]


@pytest.mark.parametrize("separator", [" ", "　"], ids=["blanks", "full-width blanks"])
def test_single_blanks_divide_cells_where_they_divide_known_names(separator: str) -> None:
    broken = ROWS[1].replace("市自然资源局、", "市自然资源局、/")

    assert what_counts(plan_of(separator, HEADER, "一、补齐短板", ROWS[0], broken, ROWS[2])) == RIGHT


@pytest.mark.parametrize("separator", ["    ", " "], ids=["gaps", "blanks"])
def test_a_cell_that_blanks_do_not_show_is_empty_and_its_row_marked(separator: str) -> None:
    alone = "4 清理户外广告 全面清理 市城管局 9月底前"
    without_limit = "5 规范停车 施划泊位500个 市公安局 市交通局"

    plan = plan_of(separator, HEADER, *ROWS, alone, without_limit)

    assert what_counts(plan) == [
        *RIGHT,
        ("清理户外广告", ("市城管局",), (), "2024-09-30"),
        ("规范停车", ("市公安局",), ("市交通局",), "None"),
    ]
    assert all({"lead", "partners"} <= set(one.review) for one in plan.measures[3:])


def test_a_blank_inside_a_name_opens_no_cell() -> None:
    header = HEADER.replace("牵头单位", "责任领导 牵头单位")
    rows = [row.replace(" 市", " 张 伟 市", 1) for row in ROWS]

    plan = parse_plan([Paragraph(TITLE), *map(Paragraph, (header, *rows))])

    assert what_counts(plan) == RIGHT
    assert [one.persons for one in plan.measures] == [("张伟",)] * 3


@pytest.mark.parametrize(
    ("top", "stroke", "middle"),
    [("┌──┬──┐", "│", "├──┼──┤"), ("╔══╦══╗", "║", "╠══╬══╣"), ("+----+----+", "|", "+----+----+")],
)
def test_a_table_may_be_framed_with_drawn_lines(top: str, stroke: str, middle: str) -> None:
    lines = [top]
    for row in (HEADER, *ROWS):
        lines += [f"{stroke} " + row.replace(" ", f" {stroke} ") + f" {stroke}", middle]

    assert what_counts(parse_plan([Paragraph(TITLE), *map(Paragraph, lines)])) == RIGHT


def test_three_columns_between_wide_gaps_are_a_table_where_they_are_named() -> None:
    rows = ("修缮管网 市住建局 6月底前", "建设公园 市园林局 三季度", "增设充电桩 市发改委、/市供电公司 11月底前")

    plan = plan_of("    ", "工作任务 责任单位 完成时限", *rows)

    assert [(one.text, one.lead, one.partners, str(one.deadline)) for one in plan.measures] == [
        ("修缮管网", ("市住建局",), (), "2024-06-30"),
        ("建设公园", ("市园林局",), (), "2024-09-30"),
        ("增设充电桩", ("市发改委",), ("市供电公司",), "2024-11-30"),
    ]


@pytest.mark.parametrize(
    "head", ["（市更新办，2024年2月5日）", "（市更新办 2024年2月5日）", "（市更新办2024年2月5日印发）"]
)
def test_who_issued_a_table_and_when_is_no_task_of_its_own(head: str) -> None:
    lines = [row.replace(" ", "\t") for row in (HEADER, *ROWS)]

    plan = parse_plan([Paragraph(line) for line in (TITLE, head, *lines)])

    assert (plan.issuer, str(plan.date)) == ("市更新办", "2024-02-05")
    assert what_counts(plan) == RIGHT
