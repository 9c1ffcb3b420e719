"""Workbooks: titles, tables with merged cells, dates as the sheet shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskboard.documents.document import Document, DocumentError, DocumentNote, DocumentProblem
from taskboard.documents.xlsx import read_xlsx
from taskboard.documents.xlsx_formats import is_date_format, show_number
from taskboard.domain.plan_parsing.blocks import Paragraph, Place, Table
from tests.documents.files import SHEET, make_xlsx, merged, sheet_rows, text_cell

HEADER = ["序号", "任务", "牵头单位", "完成时限"]


def lines(document: Document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Paragraph)]


def grid(document: Document) -> list[list[str]]:
    (table,) = (block for block in document.blocks if isinstance(block, Table))
    return [[cell.text for cell in row] for row in table.rows]


def one_cell(cell: str, **parts: str) -> str:
    (line,) = lines(read_xlsx(make_xlsx(f'<sheetData><row r="1">{cell}</row></sheetData>', **parts)))
    return line


def test_title_table_and_remarks_are_told_apart() -> None:
    rows = sheet_rows(
        ["任务分工表"],
        {"A": "填报单位：市治堵办", "C": "填报日期：2023年3月2日"},
        HEADER,
        ["1", "甲", "市商务局", "6月底"],
        ["2", "乙", "市财政局", "年底"],
        ["说明：列首位的负总责。"],
    )

    document = read_xlsx(make_xlsx(rows + merged("A1:D1", "A2:B2", "C2:D2", "A6:D6")))

    title, unit, day, table, remark = document.blocks
    assert title == Paragraph("任务分工表", place=Place(paragraph=1, sheet="表1"))
    assert isinstance(unit, Paragraph) and unit.text == "填报单位：市治堵办"
    assert isinstance(day, Paragraph) and day.text == "填报日期：2023年3月2日"
    assert isinstance(table, Table) and table.place == Place(paragraph=3, sheet="表1")
    assert remark == Paragraph("说明：列首位的负总责。", place=Place(paragraph=6, sheet="表1"))
    assert grid(document) == [HEADER, ["1", "甲", "市商务局", "6月底"], ["2", "乙", "市财政局", "年底"]]


def test_merged_cells_stand_at_every_position_they_cover() -> None:
    rows = sheet_rows(HEADER, ["一、简政"], ["1", "甲", "市司法局", "6月底"], ["2", "乙", "", "年底"])

    document = read_xlsx(make_xlsx(rows + merged("A2:D2", "C3:C4")))

    assert grid(document)[1:] == [
        ["一、简政"] * 4,
        ["1", "甲", "市司法局", "6月底"],
        ["2", "乙", "市司法局", "年底"],
    ]
    (table,) = (block for block in document.blocks if isinstance(block, Table))
    assert table.rows[2][2] is table.rows[3][2]


def test_text_left_inside_a_merged_area_is_not_shown_as_in_the_sheet() -> None:
    rows = sheet_rows(HEADER, ["1", "甲", "市司法局", "6月底"], ["2", "乙", "旧单位", "年底"])

    assert grid(read_xlsx(make_xlsx(rows + merged("C2:C3"))))[2] == ["2", "乙", "市司法局", "年底"]


def test_empty_rows_and_columns_are_left_out_and_merges_still_fit() -> None:
    content = (
        "<sheetData>"
        f'<row r="2">{text_cell("B2", "序号")}{text_cell("D2", "任务")}{text_cell("F2", "单位")}</row>'
        f'<row r="5">{text_cell("B5", "1")}{text_cell("D5", "甲")}{text_cell("F5", "市司法局")}</row>'
        f'<row r="900000">{text_cell("B900000", "2")}{text_cell("D900000", "乙")}</row>'
        "</sheetData>"
    )

    document = read_xlsx(make_xlsx(content + merged("F5:XFD1048576")))

    assert grid(document) == [["序号", "任务", "单位"], ["1", "甲", "市司法局"], ["2", "乙", "市司法局"]]


def test_each_visible_sheet_is_read_under_its_name_and_hidden_ones_are_said() -> None:
    document = read_xlsx(
        make_xlsx(sheet_rows(["甲"]), sheet_rows(["乙"]), sheet_rows(["丙"]), states={2: "hidden", 3: "veryHidden"})
    )

    assert [(block.text, block.place.sheet) for block in document.blocks if isinstance(block, Paragraph)] == [
        ("甲", "表1")
    ]
    assert document.notes == (DocumentNote.HIDDEN_SHEETS,)


def test_rows_hidden_by_a_filter_are_read_and_said() -> None:
    content = f'<sheetData><row r="1" hidden="1">{text_cell("A1", "甲")}</row></sheetData>'

    document = read_xlsx(make_xlsx(content))

    assert lines(document) == ["甲"]
    assert document.notes == (DocumentNote.HIDDEN_ROWS,)


def test_shared_strings_join_their_runs_and_drop_readings() -> None:
    strings = "<si><t>无关</t></si><si><r><t>市财</t></r><r><t>政局</t></r><rPh sb='0' eb='1'><t>shi</t></rPh></si>"

    assert one_cell('<c r="A1" t="s"><v>1</v></c>', strings=strings) == "市财政局"


def test_escaped_characters_and_line_ends_are_understood() -> None:
    document = read_xlsx(make_xlsx(sheet_rows(["甲_x000D_\n乙", "丙", "丁"], ["戊", "己", "庚"])))

    assert grid(document)[0][0] == "甲\n乙"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("<c r='A1' t='b'><v>1</v></c>", "TRUE"),
        ("<c r='A1' t='e'><v>#REF!</v></c>", "#REF!"),
        ("<c r='A1' t='str'><f>A2</f><v>市财政局</v></c>", "市财政局"),
        ("<c r='A1' t='d'><v>2023-09-30T00:00:00</v></c>", "2023-09-30"),
        ("<c r='A1'><v>12</v></c>", "12"),
        ("<c r='A1'><v>0.30000000000000004</v></c>", "0.3"),
        ("<c r='A1'><v>1e400</v></c>", "1e400"),
        ("<c r='A1'><v>twelve</v></c>", "twelve"),
        ("<c><v>7</v></c>", "7"),
    ],
)
def test_each_type_of_cell_gives_what_the_sheet_shows(cell: str, shown: str) -> None:
    assert one_cell(cell) == shown


def test_a_formula_without_a_stored_result_is_said() -> None:
    content = f'<sheetData><row r="1">{text_cell("A1", "甲")}<c r="B1"><f>A1</f></c></row></sheetData>'

    assert read_xlsx(make_xlsx(content)).notes == (DocumentNote.FORMULAS,)


def test_a_date_cell_shows_its_date() -> None:
    styles = (
        "<numFmts><numFmt numFmtId='165' formatCode='yyyy/m/d'/></numFmts>"
        "<cellXfs><xf numFmtId='0'/><xf numFmtId='165'/><xf numFmtId='58'/></cellXfs>"
    )

    assert one_cell('<c r="A1" s="1"><v>45199</v></c>', styles=styles) == "2023/9/30"
    assert one_cell('<c r="A1" s="2"><v>45199</v></c>', styles=styles) == "2023年9月30日"
    assert one_cell('<c r="A1" s="0"><v>45199</v></c>', styles=styles) == "45199"


def test_a_workbook_that_counts_from_1904_is_understood() -> None:
    styles = "<cellXfs><xf numFmtId='14'/></cellXfs>"

    shown = one_cell('<c r="A1" s="0"><v>43737</v></c>', styles=styles, properties='<workbookPr date1904="1"/>')

    assert shown == "2023/9/30"


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (45199, 'yyyy"年"m"月"d"日"', "2023年9月30日"),
        (45199, "yyyy年m月d日;@", "2023年9月30日"),
        (45199, "[$-804]yyyy\\-mm\\-dd", "2023-09-30"),
        (45199, 'm"月"d"日"', "2023年9月30日"),
        (45199, 'yyyy"年"m"月"', "2023年9月"),
        (45199, "mmm-yy", "2023年9月"),
        (45199, "d-mmm-yy", "2023年9月30日"),
        (45199, "yyyy/m/d h:mm", "2023/9/30"),
        (45199.75, "yyyy/m/d h:mm", "2023/9/30 18:00"),
        (45199, "yyyy/m/d aaaa", "2023/9/30 星期六"),
        (0.75, "h:mm", "18:00"),
        (1, "yyyy/m/d", "1900/1/1"),
        (61, "yyyy/m/d", "1900/3/1"),
        (-1, "yyyy/m/d", "-1"),
        (0.985, "0%", "99%"),
        (0.12345, "0.00%", "12.35%"),
        (1234.5, "#,##0.00", "1,234.50"),
        (3, '0"个"', "3个"),
        (1.5, "General", "1.5"),
        (12345678901234567890.0, "General", "1.2345678901e+19"),
        (1.5, "# ?/?", "1.5"),
    ],
)
def test_number_formats(value: float, code: str, shown: str) -> None:
    assert show_number(value, code) == shown


def test_a_word_in_quotes_does_not_make_a_date() -> None:
    assert not is_date_format('0.0"days"')
    assert not is_date_format("[Red]0.00")
    assert is_date_format("m/d")


def test_a_sheet_of_one_column_is_text() -> None:
    assert lines(read_xlsx(make_xlsx(sheet_rows(["一、甲"], ["（责任单位：市财政局）"])))) == [
        "一、甲",
        "（责任单位：市财政局）",
    ]


def test_a_sheet_with_more_cells_than_any_ledger_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskboard.documents.xlsx_cells.MAX_POSITIONS", 8)

    with pytest.raises(DocumentError) as caught:
        read_xlsx(make_xlsx(sheet_rows(HEADER, HEADER, HEADER)))

    assert caught.value.problem is DocumentProblem.TOO_COMPLEX


def test_a_document_type_is_refused_in_every_part() -> None:
    bomb = '<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaaaa">]>'
    content = f"{bomb}<worksheet {SHEET}>{sheet_rows(['甲'])}</worksheet>"

    with pytest.raises(DocumentError) as caught:
        read_xlsx(make_xlsx(sheet_rows(["甲"]), others={"xl/worksheets/sheet1.xml": content}))

    assert caught.value.problem is DocumentProblem.UNSAFE


def test_a_sheet_in_an_encoding_that_nobody_knows_is_a_broken_file() -> None:
    declared = f'<?xml version="1.0" encoding="X-TELEX"?><worksheet {SHEET}>{sheet_rows(["甲"])}</worksheet>'

    with pytest.raises(DocumentError) as caught:
        read_xlsx(make_xlsx(sheet_rows(["甲"]), others={"xl/worksheets/sheet1.xml": declared}))

    assert caught.value.problem is DocumentProblem.BROKEN


def test_a_real_workbook_gives_its_table_with_its_dates() -> None:
    document = read_xlsx((Path(__file__).parent.parent / "data/plans/34_xlsx_merged.xlsx").read_bytes())

    table = grid(document)
    assert len(table) == 13
    assert table[2][6] == "2023/9/30"
    assert [row[1] for row in table[1:6]] == ["规划引领"] * 2 + ["道路畅通"] * 3
    assert lines(document)[-1].startswith("说明：")
