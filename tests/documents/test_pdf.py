"""PDF files: columns, running heads, paragraphs and ruled tables found again from places on pages."""

from __future__ import annotations

import pytest

from taskboard.documents.document import Document, DocumentError, DocumentKind, DocumentNote, DocumentProblem
from taskboard.documents.reader import read_document
from taskboard.domain.plan_parsing.blocks import Block, Paragraph, Place, Table
from tests.documents.pdf_files import cells, column, grid, line, make_pdf, picture, text

SENTENCE = "推进数字乡村建设完善农村基础设施提升公共服务水平和质量"
LEFT = [
    "　　一、总体要求。",
    "　　" + SENTENCE[:16],
    SENTENCE[:18],
    SENTENCE[2:20],
    SENTENCE[4:22],
    "到2026年底全部建成。",
]
RIGHT = [
    "　　二、重点任务。",
    "　　" + SENTENCE[6:22],
    SENTENCE[1:19],
    SENTENCE[3:21],
    SENTENCE[5:23],
    "每季度报告一次。",
]
IN_ORDER = ["一、总体要求。", "".join(LEFT[1:]).strip("　"), "二、重点任务。", "".join(RIGHT[1:]).strip("　")]


def paragraphs(document: Document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Paragraph)]


def read_lines(*pages: str) -> list[str]:
    return paragraphs(read_document(make_pdf(*pages)))


def texts(block: Block) -> list[list[str]]:
    """Rows of the table; a position that a merged cell goes on to shows as ^ or <."""
    assert isinstance(block, Table)
    return [
        [cell.text if (cell.row, cell.column) == (y, x) else "^" if cell.row < y else "<" for x, cell in enumerate(row)]
        for y, row in enumerate(block.rows)
    ]


# Paragraphs


def test_paragraphs_have_their_place() -> None:
    document = read_document(make_pdf(column(["第一段的文字。"]), column(["第二段的文字。"])))

    assert document.kind is DocumentKind.PDF
    assert document.blocks == (
        Paragraph("第一段的文字。", place=Place(paragraph=1, page=1)),
        Paragraph("第二段的文字。", place=Place(paragraph=2, page=2)),
    )


def test_wrapped_lines_are_joined_and_numbered_or_indented_ones_begin_paragraphs() -> None:
    lines = ["　　" + SENTENCE[:18], SENTENCE[:20], "水平。", "　　（责任单位：市财政局）", SENTENCE[:20], "1.下一项。"]

    assert read_lines(column(lines)) == [
        SENTENCE[:18] + SENTENCE[:20] + "水平。",
        "（责任单位：市财政局）",
        SENTENCE[:20],
        "1.下一项。",
    ]


def test_a_number_set_apart_from_its_text_is_no_cell_and_its_paragraph_goes_on() -> None:
    label = text("1.", 72, 100)
    lines = text(SENTENCE[:16], 96 + 24, 100) + column([SENTENCE[:20], "水平。"], y=118)

    assert read_lines(label + lines) == ["1." + SENTENCE[:16] + SENTENCE[:20] + "水平。"]


def test_a_clause_broken_by_the_end_of_a_page_is_one_paragraph_without_the_page_number() -> None:
    first = column(["　　" + SENTENCE[:18], SENTENCE[:13] + "（责任单位："], y=740) + text("— 1 —", 280, 800)
    second = column(["市财政局、市商务局）"], y=80) + text("— 2 —", 280, 800)

    assert read_lines(first, second) == [SENTENCE[:18] + SENTENCE[:13] + "（责任单位：市财政局、市商务局）"]


def test_paragraphs_that_are_only_set_apart_are_not_joined() -> None:
    upper = column([SENTENCE[:20], SENTENCE[2:22], SENTENCE[3:23]], y=100)
    lower = column([SENTENCE[4:24], "完。"], y=200)

    assert read_lines(upper + lower) == [SENTENCE[:20] + SENTENCE[2:22] + SENTENCE[3:23], SENTENCE[4:24] + "完。"]


def test_running_heads_are_dropped_whatever_page_they_name() -> None:
    pages = [
        text(f"某市人民政府公报　2026年第{number}期", 200, 40)
        + column([f"第{word}段的文字。"])
        + text("内部资料", 280, 815)
        for number, word in enumerate("甲乙丙丁", start=1)
    ]

    assert read_lines(*pages) == ["第甲段的文字。", "第乙段的文字。", "第丙段的文字。", "第丁段的文字。"]


def test_small_print_far_above_the_text_of_a_single_page_is_a_running_head() -> None:
    head = text("某市人民政府公报　2026年第1期", 200, 30, size=9)

    assert read_lines(head + column(["关于加快数字乡村建设的意见", SENTENCE[:18]], y=100)) == [
        "关于加快数字乡村建设的意见",
        SENTENCE[:18],
    ]


def test_a_line_above_the_text_of_a_single_page_that_is_no_smaller_is_text() -> None:
    assert read_lines(text("附件1", 72, 40) + column([SENTENCE[:18]], y=100)) == ["附件1", SENTENCE[:18]]


def test_the_same_words_in_the_middle_of_pages_are_no_running_heads() -> None:
    pages = [column([f"第{word}项", "责任单位：市财政局", "完成时限：年底前"], y=300) for word in "甲乙丙"]

    assert read_lines(*pages).count("责任单位：市财政局") == 3


def test_text_drawn_twice_to_look_bold_is_read_once() -> None:
    assert read_lines(text("总体要求", 72, 100) + text("总体要求", 72.4, 100)) == ["总体要求"]


def test_a_watermark_across_the_page_is_not_read() -> None:
    askew = text("内部资料", 100, 400, size=60, matrix="0.7 0.7 -0.7 0.7")

    assert read_lines(column(["正文的第一行。", "正文的第二行。"]) + askew) == ["正文的第一行。", "正文的第二行。"]


@pytest.mark.parametrize("matrix", ["0 1 -1 0", "0 -1 1 0", "-1 0 0 -1"])
def test_a_page_whose_text_stands_sideways_is_read_as_people_turn_it(matrix: str) -> None:
    ways = {"0 1 -1 0": (20, 0), "0 -1 1 0": (-20, 0), "-1 0 0 -1": (0, -20)}
    dx, dy = ways[matrix]
    content = "".join(
        text(words, 300 + dx * number, 400 + dy * number, matrix=matrix)
        for number, words in enumerate(["第一行的文字", "第二行的文字"])
    )

    assert read_lines(content) == ["第一行的文字", "第二行的文字"]


def test_a_line_spaced_out_to_fill_its_width_has_no_spaces() -> None:
    spaced = "".join(text(character, 72 + 18 * place, 100) for place, character in enumerate("坚持目标导向和问题导向"))

    assert read_lines(spaced + text("责任单位", 300, 100)) == ["坚持目标导向和问题导向\t责任单位"]


def test_words_apart_keep_their_space_and_cells_apart_a_tab() -> None:
    row = text("市财政局", 72, 100) + text("市商务局", 128, 100) + text("年底前", 220, 100)

    assert read_lines(row) == ["市财政局 市商务局\t年底前"]


def test_radicals_that_look_like_characters_become_them() -> None:
    radicals = "⼀、⺠⽣⼯作"

    assert read_lines(text(radicals, 72, 100)) in (["一、民生工作"], [])


def test_forms_filled_side_by_side_are_no_columns() -> None:
    rows = "".join(
        text(f"责任单位：市{word}局", 72, 100 + 20 * number) + text("完成时限：2026年底", 330, 100 + 20 * number)
        for number, word in enumerate(["财政", "商务", "教育", "民政", "水务", "司法", "统计"])
    )

    assert read_lines(rows)[0] == "责任单位：市财政局\t完成时限：2026年底"


# Columns


def test_columns_are_read_one_after_the_other() -> None:
    assert read_lines(column(LEFT) + column(RIGHT, x=320)) == IN_ORDER


def test_columns_drawn_row_by_row_are_read_one_after_the_other() -> None:
    rows = "".join(
        column([left], y=100 + 20 * number) + column([right], x=320, y=100 + 20 * number)
        for number, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True))
    )

    assert read_lines(rows) == IN_ORDER


def test_a_title_across_the_columns_comes_before_them_and_a_line_below_after_them() -> None:
    title = text("某市推进数字乡村建设行动方案", 180, 70, size=16)
    below = text("本方案自印发之日起施行，由市农业农村局负责解释和组织实施工作。", 100, 240)

    read = read_lines(title + column(LEFT) + column(RIGHT, x=320) + below)

    assert read == [
        "某市推进数字乡村建设行动方案",
        *IN_ORDER,
        "本方案自印发之日起施行，由市农业农村局负责解释和组织实施工作。",
    ]


def test_a_last_page_with_few_lines_keeps_the_columns_of_the_page_before() -> None:
    full = column(LEFT) + column(RIGHT, x=320)
    last = column(["三、保障措施。", "加强督导。"]) + column(["四、附则。", "自印发之日起施行。"], x=320)

    assert read_lines(full, last)[4:] == ["三、保障措施。", "加强督导。", "四、附则。", "自印发之日起施行。"]


# Tables

XS = (50, 90, 300, 400, 500)
HEADER = ["序号", "任务", "牵头单位", "完成时限"]


def ys(count: int, *, top: float = 100, height: float = 40) -> list[float]:
    return [top + height * number for number in range(count + 1)]


def table_page(
    *rows: list[str], top: float = 100, before: str = "", holes: list[tuple[str, int, int]] | None = None
) -> str:
    edges = ys(len(rows), top=top)
    return before + grid(XS, edges, holes=holes or []) + cells(XS, edges, rows)


def test_a_ruled_table_with_merged_cells_between_two_paragraphs() -> None:
    rows = [HEADER, ["1", "甲任务", "市财政局", "年底前"], ["2", "乙任务", "", "长期"]]
    page = table_page(*rows, before=text("重点任务分工表", 200, 80), holes=[("_", 1, 2)]) + text(
        "注：按季报送。", 50, 260
    )

    before, table, after = read_document(make_pdf(page)).blocks

    assert (before, after) == (
        Paragraph("重点任务分工表", place=Place(paragraph=1, page=1)),
        Paragraph("注：按季报送。", place=Place(paragraph=3, page=1)),
    )
    assert texts(table) == [
        HEADER,
        ["1", "甲任务", "市财政局", "年底前"],
        ["2", "乙任务", "^", "长期"],
    ]


def test_a_heading_across_all_columns_of_a_table() -> None:
    rows = [HEADER, ["一、提振消费", "", "", ""], ["1", "甲任务", "市商务局", "年底前"]]

    (table,) = read_document(make_pdf(table_page(*rows, holes=[("|", 1, 0), ("|", 1, 1), ("|", 1, 2)]))).blocks

    assert texts(table)[1] == ["一、提振消费", "<", "<", "<"]


def test_a_cell_wrapped_because_it_is_narrow_is_one_line_and_a_list_of_names_is_not() -> None:
    rows = [
        HEADER,
        ["1", "甲任务", "市发展和改革委员\n会、市财政局", "2026年12月\n底前"],
        ["2", "乙任务", "市自然资源规划局\n市交通运输管理局", "长期"],
    ]

    (table,) = read_document(make_pdf(table_page(*rows))).blocks

    assert texts(table)[1][2:] == ["市发展和改革委员会、市财政局", "2026年12月底前"]
    assert texts(table)[2][2] == "市自然资源规划局\n市交通运输管理局"


def test_text_that_touches_the_wall_stays_in_its_cell() -> None:
    glued = "".join(
        text(words, 90 + 105 * number, 112, size=10.5) for number, words in enumerate(["提" * 10, "市" * 10])
    )
    page = grid((50, 90, 195, 300), (100, 140)) + text("1", 60, 112) + glued

    (table,) = read_document(make_pdf(page)).blocks

    assert texts(table) == [["1", "提" * 10, "市" * 10]]


def test_a_table_drawn_with_thin_filled_rectangles() -> None:
    sides = [(50, 100, 300, 1), (50, 140, 300, 1), (50, 180, 300, 1)] + [(x, 100, 1, 81) for x in (50, 150, 349)]
    drawn = "".join(f"{x} {842 - y - height} {width} {height} re f\n" for x, y, width, height in sides)
    words = text("任务", 60, 115) + text("单位", 160, 115) + text("甲任务", 60, 155) + text("市财政局", 160, 155)

    (table,) = read_document(make_pdf(drawn + words)).blocks

    assert texts(table) == [["任务", "单位"], ["甲任务", "市财政局"]]


def test_a_table_without_outer_sides() -> None:
    lines = "".join(line(50, y, 350, y) for y in (100, 140, 180)) + line(200, 100, 200, 180)
    words = text("任务", 60, 115) + text("单位", 210, 115) + text("甲任务", 60, 155) + text("市财政局", 210, 155)

    (table,) = read_document(make_pdf(lines + words)).blocks

    assert texts(table) == [["任务", "单位"], ["甲任务", "市财政局"]]


@pytest.mark.parametrize("rule", [line(72, 130, 520, 130), line(72, 130, 72, 700)])
def test_a_rule_by_itself_is_no_table(rule: str) -> None:
    words = [text("　　云州市教育局文件。", 72, 100), text("　　现将要点印发给你们。", 72, 160)]

    assert "".join(read_lines(rule.join(words))) == "云州市教育局文件。现将要点印发给你们。"


def test_a_frame_around_text_is_no_table() -> None:
    frame = grid((40, 555), (60, 780))

    assert read_lines(frame + column(["第一段的文字。", "第二段的文字。"])) == ["第一段的文字。", "第二段的文字。"]


def test_a_table_goes_on_over_the_page_without_its_repeated_header() -> None:
    first = table_page(HEADER, ["1", "甲任务", "市财政局", "年底前"]) + text("— 1 —", 280, 800)
    second = table_page(HEADER, ["2", "乙任务", "市商务局", "长期"], top=60) + text("— 2 —", 280, 800)

    (table,) = read_document(make_pdf(first, second)).blocks

    assert table.place == Place(paragraph=1, page=1)
    assert texts(table) == [HEADER, ["1", "甲任务", "市财政局", "年底前"], ["2", "乙任务", "市商务局", "长期"]]


def test_a_row_broken_by_the_end_of_the_page_is_one_row() -> None:
    first = table_page(HEADER, ["1", "甲任务", "市财政局", "年底前"], ["2", "推进数字乡村", "市商务局", "长期"])
    second = table_page(HEADER, ["", "建设", "、市财政局", ""], ["3", "丙任务", "市水务局", "年底前"], top=60)

    (table,) = read_document(make_pdf(first, second)).blocks

    assert texts(table)[2:] == [
        ["2", "推进数字乡村建设", "市商务局、市财政局", "长期"],
        ["3", "丙任务", "市水务局", "年底前"],
    ]


def test_a_group_that_goes_on_over_the_page_keeps_its_name() -> None:
    header = ["类别", "任务", "牵头单位", "完成时限"]
    first = table_page(
        header, ["消费", "甲任务", "市商务局", "年底前"], ["", "乙任务", "市商务局", "长期"], holes=[("_", 1, 0)]
    )
    second = table_page(["", "丙任务", "市水务局", "年底前"], ["外贸", "丁任务", "市商务局", "长期"], top=60)

    (table,) = read_document(make_pdf(first, second)).blocks

    assert texts(table)[2:] == [
        ["^", "乙任务", "市商务局", "长期"],
        ["^", "丙任务", "市水务局", "年底前"],
        ["外贸", "丁任务", "市商务局", "长期"],
    ]


def test_tables_with_other_columns_or_text_between_them_stay_apart() -> None:
    first = table_page(HEADER, ["1", "甲任务", "市财政局", "年底前"])
    narrow = grid((50, 90, 200), (60, 100)) + cells((50, 90, 200), (60, 100), [["2", "乙任务"]])
    titled = text("附件2", 50, 50) + table_page(HEADER, ["1", "乙任务", "市商务局", "长期"], top=80)

    assert len(read_document(make_pdf(first, narrow)).blocks) == 2
    assert len(read_document(make_pdf(first, titled)).blocks) == 3


# What cannot be read


def test_pages_that_are_pictures_are_counted_and_said() -> None:
    document = read_document(
        make_pdf(column(["第一段的文字有二十个字以上才算有文字层，所以写得长一些。"]), picture(), picture())
    )

    assert document.notes == (DocumentNote.SCANNED_PAGES,)
    assert document.scanned_pages == (2, 3)


def test_a_file_of_nothing_but_pictures_was_scanned() -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(make_pdf(picture(), picture() + text("扫描", 20, 20)))

    assert caught.value.problem is DocumentProblem.SCANNED
    assert caught.value.facts["pages"] == 2


def test_empty_pages_have_no_text() -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(make_pdf("", ""))

    assert caught.value.problem is DocumentProblem.NO_TEXT


def test_too_many_pages_are_refused() -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(make_pdf(*[""] * 1_001))

    assert caught.value.problem is DocumentProblem.TOO_MANY_PAGES
    assert caught.value.facts["pages"] == 1_001
