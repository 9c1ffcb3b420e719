"""Rows that were pasted from a spreadsheet, whose cells may hold line breaks, quotes and tabs' neighbours."""

import csv
import io

import pytest

from taskboard.domain.plan_parsing import parse_plan
from taskboard.domain.plan_parsing.blocks import Cell, Paragraph, Table
from taskboard.domain.plan_parsing.reading import ParsedMeasure

TITLE = "云州市2024年重点提案办理分工表"
HEADER = ["序号", "提案名称", "办理要求", "主办单位", "会办单位", "办结时限", "目前状况"]
ROWS = [
    ["1", "关于改造老旧小区的提案", "改造小区30个\n惠及居民8000户", "市住建局", "市财政局", "2024年9月底前", "已走访"],
    [
        "2",
        "关于整治停车的提案",
        "新增泊位500个",
        "市公安局\n市城管局",
        "市发改委\n各区人民政府",
        "2024年6月底前",
        "转\n重点督办",
    ],
    ["3", '关于"夜间门诊"的提案', '推行"一码就诊"\n开设门诊12个', "市卫生健康委", "", "2024年8月底前", ""],
    ["4", "关于保护古树的提案", "建立档案", "市林业局", "市水利局", "2024年5月底前", ""],
]


def pasted(rows: list[list[str]], *, quoting: int = csv.QUOTE_MINIMAL) -> list[Paragraph]:
    """The lines of these rows as a spreadsheet's clipboard writes them; blanks at the end of a line get lost."""
    written = io.StringIO()
    csv.writer(written, dialect="excel-tab", quoting=quoting, lineterminator="\n").writerows(rows)
    lines = [line.rstrip() for line in written.getvalue().split("\n")]
    return [Paragraph(TITLE), *(Paragraph(line) for line in lines if line)]


def as_table(rows: list[list[str]]) -> list[Paragraph | Table]:
    cells = tuple(tuple(Cell(text, r, c) for c, text in enumerate(row)) for r, row in enumerate(rows))
    return [Paragraph(TITLE), Table(cells)]


def what_counts(measures: tuple[ParsedMeasure, ...]) -> list[tuple[object, ...]]:
    return [(one.heading, one.text, one.lead, one.partners, one.deadline, one.path) for one in measures]


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL], ids=["where needed", "everywhere"])
def test_a_pasted_sheet_is_read_as_the_sheet_itself(quoting: int) -> None:
    sheet = parse_plan(as_table([HEADER, *ROWS]))

    assert what_counts(parse_plan(pasted([HEADER, *ROWS], quoting=quoting)).measures) == what_counts(sheet.measures)
    assert [one.lead for one in sheet.measures] == [
        ("市住建局",),
        ("市公安局", "市城管局"),
        ("市卫生健康委",),
        ("市林业局",),
    ]


def test_names_of_columns_may_be_broken_over_lines_in_quotes() -> None:
    header = ["序号", "提案\n名称", "办理\n要求", "主办\n单位", "会办\n单位", "办结\n时限", "目前\n状况"]

    plan = parse_plan(pasted([header, *ROWS]))

    assert what_counts(plan.measures) == what_counts(parse_plan(pasted([HEADER, *ROWS])).measures)


def test_a_task_before_all_other_cells_may_hold_a_line_break() -> None:
    header, rows = HEADER[1:], [row[1:] for row in ROWS]
    rows[1][0] = "关于整治\n停车的提案"

    plan = parse_plan(pasted([header, *rows]))

    assert [one.lead[0] for one in plan.measures] == ["市住建局", "市公安局", "市卫生健康委", "市林业局"]


def test_quotes_that_a_person_wrote_stay() -> None:
    lines = [
        "序号\t任务\t主办单位\t办结时限",
        '1\t"一网通办"\t市数据局\t6月底',
        '2\t"跨省通办"事项扩面\t市公安局\t年底前',
    ]

    plan = parse_plan([Paragraph(TITLE), *map(Paragraph, lines)])

    assert [one.text for one in plan.measures] == ['"一网通办"', '"跨省通办"事项扩面']


def test_a_quote_that_nothing_closes_swallows_no_rows() -> None:
    lines = ["序号\t任务\t主办单位\t办结时限", '1\t"一网通办扩面\t市数据局\t6月底', "2\t整治停车\t市公安局\t年底前"]
    tail = ['3\t建设学校\t市教育局\t"8月底', "4\t修桥\t市交通局\t9月底", "5\t修路\t市住建局\t10月底"]

    plan = parse_plan([Paragraph(TITLE), *map(Paragraph, [*lines, *tail])])

    assert [one.lead[0] for one in plan.measures] == ["市数据局", "市公安局", "市教育局", "市交通局", "市住建局"]


def test_units_on_lines_of_a_quoted_cell_are_found_in_the_document() -> None:
    blocks = pasted([HEADER, *ROWS])

    plan = parse_plan(blocks)

    for span in plan.measures[1].spans["lead"]:
        assert blocks[span.block].text[span.start : span.end] in ("市公安局", "市城管局")
    assert len(plan.measures[1].spans["lead"]) == 2
