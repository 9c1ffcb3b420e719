"""Tables without lines: cells are told by where their text stands below the names of the columns."""

from __future__ import annotations

import time
from collections.abc import Sequence

from msgspec import structs

from taskboard.documents.layout import Page, blocks_of
from taskboard.documents.pieces import Piece
from taskboard.domain.plan_parsing.blocks import Block, Paragraph, Table

SIZE = 10.0
LEFTS = (50.0, 80.0, 160.0, 330.0, 420.0, 500.0)
NAMES = ("序号", "重点任务", "具体举措", "牵头单位", "责任单位", "完成时限")
FIRST = ("1", "扩大托育", "新建托育中心2个，", "市卫健委", "市财政局、市教育", "6月底前")


def line(base: float, *texts: str, lefts: Sequence[float] = LEFTS) -> list[Piece]:
    """Texts at the columns' left sides on one base line; an empty text leaves its place free."""
    return [
        Piece(text, 1, left, left + SIZE * len(text), base, SIZE)
        for left, text in zip(lefts, texts, strict=False)
        if text
    ]


Lines = Sequence[list[Piece]]


def blocks(*pages: Lines) -> list[Block]:
    """What is read on pages of these lines."""
    return list(
        blocks_of(
            [
                Page(number, 800.0, tuple(structs.replace(piece, page=number) for pieces in lines for piece in pieces))
                for number, lines in enumerate(pages, start=1)
            ]
        )
    )


def grids_of(*pages: Lines) -> list[list[list[str]]]:
    """The texts of the tables on these pages, each cell in one line."""
    tables = [block for block in blocks(*pages) if isinstance(block, Table)]
    return [[[cell.text.replace("\n", "") for cell in row] for row in table.rows] for table in tables]


def grids(*lines: list[Piece]) -> list[list[list[str]]]:
    """The same of one page."""
    return grids_of(lines)


def test_cells_of_several_lines_belong_to_the_number_above_them() -> None:
    (grid,) = grids(
        line(100, "云州市任务分解表", lefts=[250]),
        line(130, *NAMES),
        line(165, *FIRST),
        line(180, "", "服务", "新增托位900个", "", "局"),
        line(215, "2", "", "开展联合检查", "市市场监管局", "市消防支队", "每季度"),
    )

    assert grid == [
        list(NAMES),
        ["1", "扩大托育服务", "新建托育中心2个，新增托位900个", "市卫健委", "市财政局、市教育局", "6月底前"],
        ["2", "", "开展联合检查", "市市场监管局", "市消防支队", "每季度"],
    ]


def test_a_number_may_stand_in_the_middle_of_its_row() -> None:
    (grid,) = grids(
        line(130, *NAMES),
        line(160, "", "", "新建托育中心2个，"),
        line(168, "1", "托育", "", "市卫健委", "市财政局", "6月底前"),
        line(176, "", "", "新增托位900个"),
        line(206, "2", "监管", "开展联合检查", "市场局", "市消防支队", "每季度"),
    )

    assert [row[2] for row in grid] == ["具体举措", "新建托育中心2个，新增托位900个", "开展联合检查"]


def test_a_header_of_two_lines_and_a_section_across_the_columns_are_rows_of_their_own() -> None:
    (grid,) = grids(
        line(130, "序", "重点任务", "具体举措", "牵头", "责任", "完成"),
        line(144, "号", "", "", "单位", "单位", "时限"),
        line(180, "一、大力提振消费", lefts=[50]),
        line(210, "1", "消费", "发放消费券", "市商务局", "市财政局", "6月底前"),
        line(240, "2", "住房", "试点项目6个", "市住建局", "市财政局", "年底前"),
    )

    assert grid[0] == list(NAMES)
    assert set(grid[1]) == {"一、大力提振消费"}
    assert [row[3] for row in grid[2:]] == ["市商务局", "市住建局"]


def test_a_figure_at_the_end_of_a_full_line_belongs_to_the_words_before_it() -> None:
    begin, end = LEFTS[2], LEFTS[3] - 15
    full = Piece("新建和改建社区服务站点等设施共", 1, begin, end, 165, SIZE)
    figure = Piece("8", 1, end + 2, end + 7, 165, SIZE)

    (grid,) = grids(
        line(130, *NAMES),
        [*line(165, "1", "社区", "", "市民政局", "市财政局", "6月底前"), full, figure],
        line(180, "", "", "处。"),
        line(215, "2", "住房", "试点项目6个", "市住建局", "市财政局", "年底前"),
    )

    assert grid[1][2:4] == ["新建和改建社区服务站点等设施共8处。", "市民政局"]


def test_whole_names_of_columns_may_stand_close_to_each_other() -> None:
    (grid,) = grids(
        line(130, *NAMES, lefts=[50, 77, *LEFTS[2:]]),
        line(160, "1", "消费", "发放消费券", "市商务局", "市财政局", "6月底前"),
        line(190, "2", "住房", "试点项目6个", "市住建局", "市财政局", "年底前"),
    )

    assert [row[:2] for row in grid] == [["序号", "重点任务"], ["1", "消费"], ["2", "住房"]]


def test_names_of_one_line_may_stand_in_the_middle_of_those_of_two() -> None:
    (grid,) = grids(
        line(130, "序", "重点", "", "牵头", "责任", ""),
        line(137, "", "", "具体举措", "", "", "时限"),
        line(144, "号", "任务", "", "单位", "单位", ""),
        line(180, "1", "消费", "发放消费券", "市商务局", "市财政局", "6月底前"),
        line(210, "2", "住房", "试点项目6个", "市住建局", "市财政局", "年底前"),
    )

    assert grid[0] == [*NAMES[:5], "时限"]
    assert [row[0] for row in grid[1:]] == ["1", "2"]


def test_only_the_name_of_the_numbers_may_have_two_lines() -> None:
    (grid,) = grids(
        line(130, "序"),
        line(137, "", *NAMES[1:]),
        line(144, "号"),
        line(180, "1", "消费", "发放消费券", "市商务局", "市财政局", "6月底前"),
        line(210, "2", "住房", "试点项目6个", "市住建局", "市财政局", "年底前"),
    )

    assert grid[0] == list(NAMES)


def test_cells_that_were_printed_over_each_other_are_no_table() -> None:
    over = [line(130 + 8 * number, "", "", "", "", "市财政局") for number in range(1, 5)]
    over += [
        line(162 + 8 * number, str(number), "消费", "发放消费券", "市商务局", "市财政局") for number in range(1, 7)
    ]

    assert grids(line(130, *NAMES), *over) == []


def test_a_line_across_the_columns_ends_the_table() -> None:
    lines = [
        line(130, *NAMES),
        line(160, "1", "消费", "发放消费券", "市商务局", "市财政局", "6月底前"),
        line(190, "2", "住房", "试点项目6个", "市住建局", "市财政局", "年底前"),
        line(220, "各单位要高度重视，抓好落实，每季度末报送进展情况，重大事项随时报告。", lefts=[60]),
    ]

    assert [type(block) for block in blocks(lines)] == [Table, Paragraph]


def test_text_in_columns_without_names_of_columns_is_no_table() -> None:
    assert (
        grids(
            line(130, "甲", "乙丙丁", "一行文字", "又一行", "第三行", "末行"),
            line(160, "1", "消费", "发放消费券", "市商务局", "市财政局", "6月底前"),
            line(190, "2", "住房", "试点项目6个", "市住建局", "市财政局", "年底前"),
        )
        == []
    )


# Over pages


TWO_ROWS = (
    line(130, *NAMES),
    line(160, "1", "消费", "发放消费券", "市商务局", "市财政局", "6月底前"),
    line(190, "2", "住房", "试点项目6个", "市住建局", "市财政局", "年底前"),
)
FOURTH = ("4", "养老", "新建食堂8个", "市民政局", "市财政局", "年底前")


def foot(number: int) -> list[Piece]:
    return line(770, f"— {number} —", lefts=[LEFTS[3]])


def test_the_number_of_a_page_is_no_department_of_its_last_row() -> None:
    (grid,) = grids(*TWO_ROWS, foot(1))

    assert grid[2] == ["2", "住房", "试点项目6个", "市住建局", "市财政局", "年底前"]


def test_names_of_columns_that_a_page_repeats_are_dropped_however_long_its_cells_are() -> None:
    third = line(80, "3", "托育", "新建托育中心2个，新增托位", "市卫健委", "市教育局", "2026年6月底前")

    (grid,) = grids_of([*TWO_ROWS, foot(1)], [line(50, *NAMES), third, line(110, *FOURTH), foot(2)])

    assert [row[0] for row in grid] == ["序号", "1", "2", "3", "4"]


def test_rows_whose_numbers_count_on_need_no_names_of_columns_on_later_pages() -> None:
    second = [
        line(60, "3", "托育", "新建托育中心2个，", "市卫健委", "市教育局", "6月底前"),
        line(75, "", "", "新增托位900个"),
        line(105, *FOURTH),
    ]
    third = [line(60, "5", "就业", "开展培训9次", "市人社局", "市财政局", "年底前")]

    (grid,) = grids_of([*TWO_ROWS, foot(1)], [*second, foot(2)], [*third, foot(3)])

    assert [row[0] for row in grid] == ["序号", "1", "2", "3", "4", "5"]
    assert [row[2] for row in grid[3:]] == ["新建托育中心2个，新增托位900个", "新建食堂8个", "开展培训9次"]
    assert [row[3] for row in grid[3:]] == ["市卫健委", "市民政局", "市人社局"]


def test_lines_above_the_first_number_of_a_page_are_the_rest_of_the_row_before() -> None:
    rest = [line(60, "", "", "新开工项目2个", "", "、市人社局")]
    third = line(90, "3", "托育", "新建托育中心2个", "市卫健委", "市教育局", "6月底前")

    (grid,) = grids_of(TWO_ROWS, [*rest, third, line(120, *FOURTH)])

    assert [row[0] for row in grid] == ["序号", "1", "2", "3", "4"]
    assert grid[2] == ["2", "住房", "试点项目6个新开工项目2个", "市住建局", "市财政局、市人社局", "年底前"]


def test_lines_above_a_first_number_in_the_middle_of_its_row_are_its_own() -> None:
    third = [
        line(60, "", "托育", "新建托育中心2个，", "市卫健委", "市教育局", "6月底前"),
        line(68, "3"),
        line(76, "", "", "新增托位900个"),
    ]

    (grid,) = grids_of(TWO_ROWS, [*third, line(106, *FOURTH)])

    assert [row[0] for row in grid[2:]] == ["2", "3", "4"]
    assert [row[2] for row in grid[2:]] == ["试点项目6个", "新建托育中心2个，新增托位900个", "新建食堂8个"]


def test_numbers_may_begin_again_below_the_title_of_a_section() -> None:
    section = line(60, "二、着力改善民生", lefts=[50])

    (grid,) = grids_of(TWO_ROWS, [section, line(90, "1", *FOURTH[1:])])

    assert set(grid[3]) == {"二、着力改善民生"}
    assert grid[4] == ["1", *FOURTH[1:]]


def test_rows_with_other_numbers_are_no_part_of_the_table_before() -> None:
    (grid,) = grids_of(TWO_ROWS, [line(60, "7", *FOURTH[1:])])

    assert len(grid) == 3


def test_rows_on_a_page_after_text_below_the_table_are_no_part_of_it() -> None:
    below = line(220, "各单位要高度重视，抓好落实，每季度末报送进展情况，重大事项随时报告。", lefts=[60])

    (grid,) = grids_of([*TWO_ROWS, below], [line(60, "3", *FOURTH[1:])])

    assert len(grid) == 3


def test_a_page_of_nothing_but_names_of_columns_is_soon_done() -> None:
    began = time.thread_time()

    assert grids(*(line(100 + 15 * number, *NAMES) for number in range(800))) == []
    assert time.thread_time() - began < 3
