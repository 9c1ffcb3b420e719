"""Tables in every form, with every name that their columns may have."""

import pytest

from taskboard.domain.plan_parsing import parse_plan
from taskboard.domain.plan_parsing.blocks import Block, Cell, Paragraph, Table
from taskboard.domain.plan_parsing.fields import COLUMN_NAMES, NAMES, Field
from taskboard.domain.plan_parsing.reading import ParsedPlan

TITLE = "云州市2024年重点任务分工表"
HEADER = ("序号", "重点任务", "具体举措", "牵头单位", "配合单位", "完成时限")
ROWS = (
    ("1", "提升服务", "建设统一平台，上线事项100项", "市教育局", "市财政局、市科技局", "2024年6月底"),
    ("2", "优化环境", "开展整治行动，办结投诉", "市公安局", "各县（市、区）政府", "年底前"),
)
FORMS = ("table", "tabs", "bars", "cells one a line")
COLUMNS = {
    0: COLUMN_NAMES[Field.NUMBER],
    1: COLUMN_NAMES[Field.TASK],
    2: COLUMN_NAMES[Field.ACTION],
    3: (*NAMES[Field.LEAD], *NAMES[Field.RESPONSIBLE]),
    4: NAMES[Field.PARTNER],
    5: NAMES[Field.DEADLINE],
}
OTHER_NAMES = {
    1: ("工作\n任务", "年度重点任务", "任务（项目）名称", "责任事项", "指标任务"),
    2: ("具体\n举措", "任务分解", "年度计划", "实施路径", "任务描述"),
    3: ("牵 头\n单 位", "牵头单位（责任人）", "市直牵头单位", "归口单位", "负责科室", "主要承办单位"),
    4: ("配 合\n单 位", "配合（协同）单位", "市直配合单位", "会同单位", "其他配合单位"),
    5: ("完成 时限", "完成时间（节点）", "时序进度", "限期", "工作进度安排"),
}
"""names that no list holds: with spaces and breaks, with a remark, or quite unknown"""


def blocks_in(form: str, header: tuple[str, ...]) -> list[Block]:
    grid = [header, *ROWS]
    if form == "table":
        cells = tuple(tuple(Cell(text, r, c) for c, text in enumerate(row)) for r, row in enumerate(grid))
        return [Paragraph(TITLE), Table(cells)]
    flat = [[text.replace("\n", "") for text in row] for row in grid]
    if form == "cells one a line":
        return [Paragraph(TITLE), *(Paragraph(f"{text} |") for row in flat for text in row)]
    return [Paragraph(TITLE), *(Paragraph(("\t" if form == "tabs" else " | ").join(row)) for row in flat)]


def what_counts(plan: ParsedPlan) -> list[tuple[str | None, str, str, str]]:
    return [(m.heading, "、".join(m.lead), "、".join(m.partners), str(m.deadline)) for m in plan.measures]


RIGHT = [
    ("提升服务", "市教育局", "市财政局、市科技局", "2024-06-30"),
    ("优化环境", "市公安局", "各县（市、区）政府", "2024-12-31"),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_may_have_every_known_name(column: int, form: str) -> None:
    wrong = [
        name
        for name in COLUMNS[column]
        if what_counts(parse_plan(blocks_in(form, (*HEADER[:column], name, *HEADER[column + 1 :])))) != RIGHT
    ]

    assert wrong == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("column", OTHER_NAMES)
def test_a_column_with_another_name_is_told_by_its_cells(column: int, form: str) -> None:
    wrong = [
        name
        for name in OTHER_NAMES[column]
        if what_counts(parse_plan(blocks_in(form, (*HEADER[:column], name, *HEADER[column + 1 :])))) != RIGHT
    ]

    assert wrong == []


@pytest.mark.parametrize("name", ["归口单位", "会同单位"])
def test_units_of_a_column_that_was_told_by_its_cells_are_marked(name: str) -> None:
    column = 3 if name == "归口单位" else 4

    plan = parse_plan(blocks_in("table", (*HEADER[:column], name, *HEADER[column + 1 :])))

    assert [{"lead", "partners"} <= set(measure.review) for measure in plan.measures] == [True, True]


@pytest.mark.parametrize("name", ["验收单位", "督办单位", "联系单位", "填报单位"])
def test_units_that_look_on_take_no_part(name: str) -> None:
    plan = parse_plan(blocks_in("table", (*HEADER[:4], name, HEADER[5])))

    assert [measure.partners for measure in plan.measures] == [(), ()]


@pytest.mark.parametrize("name", ["发起部门（牵头）", "牵头科室", "主办处室", "承办科室", "负责部门"])
def test_a_role_and_a_word_for_a_unit_name_who_leads(name: str) -> None:
    assert what_counts(parse_plan(blocks_in("table", (*HEADER[:3], name, *HEADER[4:])))) == RIGHT


@pytest.mark.parametrize("name", ["协助科室", "支持部门", "参加单位", "协作机构"])
def test_a_word_for_help_and_a_word_for_a_unit_name_the_partners(name: str) -> None:
    assert what_counts(parse_plan(blocks_in("table", (*HEADER[:4], name, HEADER[5])))) == RIGHT


@pytest.mark.parametrize("name", ["抽查对象", "检查领域", "机构名称"])
def test_bodies_that_are_dealt_with_do_not_lead(name: str) -> None:
    header = ("序号", name, "抽查事项", "归口单位", "配合单位", "完成时限")
    rows = [
        ("1", "市驾培学校", "资质", "市教育局", "市公安局", "6月底"),
        ("2", "市旅行社", "合同", "市文旅局", "市司法局", "年底前"),
    ]
    grid = (header, *rows, ("3", "市拍卖公司", "批准", "市商务局", "市税务局", "年底前"))
    cells = tuple(tuple(Cell(text, r, c) for c, text in enumerate(row)) for r, row in enumerate(grid))

    plan = parse_plan([Paragraph(TITLE), Table(cells)])

    assert [measure.lead for measure in plan.measures] == [("市教育局",), ("市文旅局",), ("市商务局",)]


@pytest.mark.parametrize("name", ["序 号", "项号", "任务编号", "No."])
def test_numbers_may_stand_below_any_name(name: str) -> None:
    assert what_counts(parse_plan(blocks_in("cells one a line", (name, *HEADER[1:])))) == RIGHT


@pytest.mark.parametrize("name", ["属地落实", "属地单位", "配合车间", "协办"])
def test_those_on_the_spot_and_bare_roles_take_part(name: str) -> None:
    assert what_counts(parse_plan(blocks_in("table", (*HEADER[:4], name, HEADER[5])))) == RIGHT


def test_rows_that_end_with_a_bar_are_put_together_where_they_are_broken_inside_cells() -> None:
    lines = """序号 | 工作任务 | 目标要求 | 牵头处室 | 配合处室 | 完成时限 |
1 | 反兴奋剂 | 教育全覆盖 | 科教处 | 训练处 | 长期坚持 |
2 | 全民健身 | 新建公园30个、
球场120片 | 群体处、
经济处 | 各设区市体育部门 | 11月
底前 |
3 | 体育彩票 | 规范网点1000家 | 彩票中心 |  | 年底前 |"""

    plan = parse_plan([Paragraph(TITLE), *(Paragraph(line) for line in lines.split("\n"))])

    assert [(one.heading, one.lead, one.partners) for one in plan.measures] == [
        ("反兴奋剂", ("科教处",), ("训练处",)),
        ("全民健身", ("群体处", "经济处"), ("各设区市体育部门",)),
        ("体育彩票", ("彩票中心",), ()),
    ]
    assert str(plan.measures[1].deadline) == "2024-11-30"


def test_an_alias_on_the_next_line_of_a_cell_belongs_to_the_name() -> None:
    grid = (HEADER, ("1", "提升服务", "建设统一平台", "教师工作部\n（人事处）", "教务处\n各学院", "6月底"))
    cells = tuple(tuple(Cell(text, r, c) for c, text in enumerate(row)) for r, row in enumerate(grid))

    (measure,) = parse_plan([Paragraph(TITLE), Table(cells)]).measures

    assert (measure.lead, measure.partners) == (("教师工作部（人事处）",), ("教务处", "各学院"))


def table_of(*grid: tuple[str, ...]) -> Table:
    return Table(tuple(tuple(Cell(text, r, c) for c, text in enumerate(row)) for r, row in enumerate(grid)))


def test_each_card_of_names_and_values_is_a_measure() -> None:
    def card(number: str, name: str, lead: str) -> tuple[tuple[str, ...], ...]:
        return (
            ("任务编号", number),
            ("任务名称", name),
            ("主要内容", "建成统一平台"),
            ("牵头单位", lead),
            ("配合单位", "市财政局"),
            ("完成时限", "6月底"),
        )

    apart = [table_of(*card("01", "智慧停车", "市城管局")), table_of(*card("02", "午托服务", "市教育局"))]
    together = [table_of(*card("01", "智慧停车", "市城管局"), *card("02", "午托服务", "市教育局"))]

    for tables in (apart, together):
        assert what_counts(parse_plan([Paragraph(TITLE), *tables])) == [
            ("智慧停车", "市城管局", "市财政局", "2024-06-30"),
            ("午托服务", "市教育局", "市财政局", "2024-06-30"),
        ]


def test_a_card_may_have_two_names_beside_each_other() -> None:
    card = table_of(
        ("任务名称", "智慧停车", "完成时限", "6月底"),
        ("牵头单位", "市城管局", "配合单位", "市财政局"),
        ("主要内容", "建成统一平台", "联系人", "李明"),
    )

    assert what_counts(parse_plan([Paragraph(TITLE), card])) == [("智慧停车", "市城管局", "市财政局", "2024-06-30")]


def test_names_that_reach_over_two_rows_make_both_a_header() -> None:
    number, task, units, goals = (
        Cell("序号", 0, 0, 2),
        Cell("项目名称", 0, 1, 2),
        Cell("责任单位", 0, 4, 2),
        Cell("节点目标", 0, 2, 1, 2),
    )
    rows = (
        (number, task, goals, goals, units),
        (number, task, Cell("一季度", 1, 2), Cell("二季度", 1, 3), units),
        tuple(Cell(text, 2, c) for c, text in enumerate(("1", "水厂扩建", "完成招标", "主体完工", "市水利局"))),
    )

    (measure,) = parse_plan([Paragraph(TITLE), Table(rows)]).measures

    assert (measure.heading, measure.lead, measure.text) == ("水厂扩建", ("市水利局",), "完成招标\n主体完工")


def test_a_second_row_of_the_header_may_hold_only_the_roles() -> None:
    number, task, units = Cell("序号", 0, 0, 2), Cell("重点任务", 0, 1, 2), Cell("责任单位", 0, 2, 1, 2)
    values = ("1", "建成水厂", "市水利局、市供销社", "市财政局")
    rows = (
        (number, task, units, units),
        (number, task, Cell("主 要", 1, 2), Cell("配 合", 1, 3)),
        tuple(Cell(text, 2, c) for c, text in enumerate(values)),
    )

    (measure,) = parse_plan([Paragraph(TITLE), Table(rows)]).measures

    assert (measure.lead, measure.partners) == (("市水利局", "市供销社"), ("市财政局",))


def test_a_list_of_responsibilities_names_the_roles_in_its_cells() -> None:
    grid = table_of(
        ("序号", "问题清单", "任务清单", "责任清单", "竣工时间"),
        ("1", "排队时间长", "增设综合窗口6个", "牵头：市数据局；配合：市税务局、市公安局", "2024年6月底"),
        ("2", "审批环节多", "推行多测合一", "牵头：市住建局", "2024年12月"),
    )

    assert what_counts(parse_plan([Paragraph(TITLE), grid])) == [
        ("排队时间长", "市数据局", "市税务局、市公安局", "2024-06-30"),
        ("审批环节多", "市住建局", "", "2024-12-31"),
    ]


def test_rows_that_name_the_same_units_have_each_its_own_places() -> None:
    grid = [HEADER, ROWS[0], ("2", "优化环境", "开展整治行动", *ROWS[0][3:])]
    cells = tuple(tuple(Cell(text, r, c) for c, text in enumerate(row)) for r, row in enumerate(grid))

    measures = parse_plan([Paragraph(TITLE), Table(cells)]).measures

    for row, measure in enumerate(measures, start=1):
        said = [grid[span.row][span.column][span.start : span.end] for span in measure.spans["partners"]]
        assert said == ["市财政局", "市科技局"] and {span.row for span in measure.spans["lead"]} == {row}


def test_figures_with_the_same_words_around_them_keep_their_values() -> None:
    grid = [
        HEADER,
        *((str(n), "提升服务", f"新增站点{n * 10}处", "市教育局", "市财政局", "年底前") for n in range(1, 4)),
    ]
    cells = tuple(tuple(Cell(text, r, c) for c, text in enumerate(row)) for r, row in enumerate(grid))

    measures = parse_plan([Paragraph(TITLE), Table(cells)]).measures

    assert [(target.quantity, target.value) for one in measures for target in one.targets] == [
        ("站点", 10),
        ("站点", 20),
        ("站点", 30),
    ]


LED_SECTIONS = """
序号 | 任务 | 牵头单位 | 配合单位 | 完成时限
{first}
1 | 新增企业9家 | | 县税务局 | 6月底
2 | 盘活用地200亩 | 县资源局 | 县工信局 | 9月底
3 | 改造车间30个 | | | 9月底
{second}
4 | 扩种油菜 | | 县水利局 | 5月底
"""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("一、工业强县（本类牵头单位：县工信局）", "二、农业稳县（本类牵头单位：县农业局、县林业局）"),
        ("一、工业强县（县工信局牵头）", "二、农业稳县（县农业局、县林业局牵头）"),
        ("一 | 工业强县（牵头单位：县工信局） | | |", "二 | 农业稳县（牵头单位：县农业局、县林业局） | | |"),
    ],
)
def test_rows_with_an_empty_cell_are_led_by_who_leads_their_section(first: str, second: str) -> None:
    lines = LED_SECTIONS.format(first=first, second=second).strip().split("\n")
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    over_all = [[Cell(row[0], n, 0, column_span=5)] * 5 if len(row) == 1 else [] for n, row in enumerate(rows)]
    cells = [over_all[n] or [Cell(text, n, c) for c, text in enumerate(row)] for n, row in enumerate(rows)]

    measures = parse_plan([Table(tuple(map(tuple, cells)))]).measures

    assert [(one.text, one.lead, one.partners) for one in measures] == [
        ("新增企业9家", ("县工信局",), ("县税务局",)),
        ("盘活用地200亩", ("县资源局",), ("县工信局",)),
        ("改造车间30个", ("县工信局",), ()),
        ("扩种油菜", ("县农业局", "县林业局"), ("县水利局",)),
    ]
