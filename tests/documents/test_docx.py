"""Word documents: the text as Word shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskboard.documents.document import DocumentError, DocumentNote, DocumentProblem
from taskboard.documents.docx import read_docx
from taskboard.documents.docx_numbering import format_number
from taskboard.domain.plan_parsing.blocks import Paragraph, Table
from tests.documents.files import (
    WORD,
    abstract_list,
    cell,
    list_instance,
    list_level,
    make_docx,
    numbered,
    numbers,
    paragraph,
    row,
    run,
    start_override,
    table,
)

OUTLINE = abstract_list(
    0,
    list_level(0, "chineseCounting", "%1、"),
    list_level(1, "chineseCounting", "（%2）"),
    list_level(2, "decimal", "%3."),
    list_level(3, "decimalEnclosedCircleChinese", "%4"),
)


def paragraphs(data: bytes) -> list[Paragraph]:
    return [block for block in read_docx(data).blocks if isinstance(block, Paragraph)]


def lines(data: bytes) -> list[str]:
    return [block.label + block.text for block in paragraphs(data)]


def only_table(data: bytes) -> Table:
    (found,) = (block for block in read_docx(data).blocks if isinstance(block, Table))
    return found


def grid(data: bytes) -> list[list[str]]:
    return [[position.text for position in line] for line in only_table(data).rows]


# Automatic numbers


def test_automatic_numbers_are_shown_as_word_shows_them() -> None:
    body = (
        numbered("总体要求")
        + numbered("重点任务")
        + numbered("强化统筹", level=1)
        + numbered("建立台账。", level=2)
        + numbered("按月调度。", level=2)
        + numbered("细化到人。", level=3)
        + numbered("优化服务", level=1)
        + numbered("压减材料。", level=2)
    )

    shown = lines(make_docx(body, numbering=OUTLINE + list_instance(1, 0)))

    assert shown == [
        "一、总体要求",
        "二、重点任务",
        "（一）强化统筹",
        "1.建立台账。",
        "2.按月调度。",
        "①细化到人。",
        "（二）优化服务",
        "1.压减材料。",
    ]


def test_the_number_is_a_label_and_not_part_of_the_text() -> None:
    (first,) = paragraphs(make_docx(numbered("总体要求"), numbering=OUTLINE + list_instance(1, 0)))

    assert (first.label, first.text) == ("一、", "总体要求")


def test_two_lists_of_one_abstract_list_go_on_counting() -> None:
    numbering = OUTLINE + list_instance(1, 0) + list_instance(2, 0)

    shown = lines(make_docx(numbered("甲") + numbered("乙", list_id=2), numbering=numbering))

    assert shown == ["一、甲", "二、乙"]


def test_a_list_with_a_start_of_its_own_starts_there_and_only_once() -> None:
    numbering = OUTLINE + list_instance(1, 0) + list_instance(2, 0, overrides=start_override(0, 5))
    body = numbered("甲") + numbered("乙", list_id=2) + numbered("丙", list_id=2)

    assert lines(make_docx(body, numbering=numbering)) == ["一、甲", "五、乙", "六、丙"]


def test_a_list_that_restarts_a_deeper_level_shows_its_outer_number_from_the_start() -> None:
    levels = list_level(0, "decimal", "%1") + list_level(1, "decimal", "%1.%2")
    overrides = start_override(0, 1) + start_override(1, 3)
    numbering = abstract_list(0, levels) + list_instance(1, 0, overrides=overrides)

    assert lines(make_docx(numbered("甲", level=1), numbering=numbering)) == ["1.3甲"]


def test_an_override_may_replace_a_whole_level() -> None:
    override = f'<w:lvlOverride w:ilvl="0">{list_level(0, "decimal", "第%1条　")}</w:lvlOverride>'
    numbering = OUTLINE + list_instance(1, 0, overrides=override)

    assert [block.label for block in paragraphs(make_docx(numbered("甲"), numbering=numbering))] == ["第1条"]


def test_numbers_that_a_style_gives_are_counted() -> None:
    styles = (
        f'<w:style w:type="paragraph" w:styleId="Item"><w:name w:val="item"/><w:pPr>{numbers(1)}</w:pPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="Sub"><w:name w:val="sub"/><w:basedOn w:val="Item"/></w:style>'
    )
    levels = list_level(0, "decimal", "%1．"), list_level(1, "decimal", "(%2)", more='<w:pStyle w:val="Sub"/>')
    body = paragraph("甲", properties='<w:pStyle w:val="Item"/>') + paragraph(
        "乙", properties='<w:pStyle w:val="Sub"/>'
    )

    shown = lines(make_docx(body, numbering=abstract_list(0, *levels) + list_instance(1, 0), styles=styles))

    assert shown == ["1．甲", "(1)乙"]


def test_a_paragraph_can_switch_off_the_number_of_its_style() -> None:
    styles = f'<w:style w:type="paragraph" w:styleId="Item"><w:pPr>{numbers(1)}</w:pPr></w:style>'
    body = paragraph("甲", properties='<w:pStyle w:val="Item"/>' + numbers(0))

    assert lines(make_docx(body, numbering=OUTLINE + list_instance(1, 0), styles=styles)) == ["甲"]


def test_a_list_may_point_to_a_numbering_style() -> None:
    numbering = (
        OUTLINE + abstract_list(7, more='<w:numStyleLink w:val="Linked"/>') + list_instance(1, 0) + list_instance(2, 7)
    )
    styles = f'<w:style w:type="numbering" w:styleId="Linked"><w:pPr>{numbers(1)}</w:pPr></w:style>'

    assert lines(make_docx(numbered("甲", list_id=2), numbering=numbering, styles=styles)) == ["一、甲"]


def test_a_level_that_never_restarts_runs_through_the_document() -> None:
    levels = (
        list_level(0, "chineseCounting", "%1、"),
        list_level(1, "decimal", "%2．", more='<w:lvlRestart w:val="0"/>'),
    )
    body = numbered("甲") + numbered("子", level=1) + numbered("乙") + numbered("丑", level=1)

    shown = lines(make_docx(body, numbering=abstract_list(0, *levels) + list_instance(1, 0)))

    assert shown == ["一、甲", "1．子", "二、乙", "2．丑"]


def test_legal_numbering_shows_outer_levels_in_figures() -> None:
    levels = list_level(0, "chineseCounting", "%1、"), list_level(1, "decimal", "%1.%2", more="<w:isLgl/>")

    shown = lines(
        make_docx(numbered("甲") + numbered("子", level=1), numbering=abstract_list(0, *levels) + list_instance(1, 0))
    )

    assert shown == ["一、甲", "1.1子"]


def test_bullets_of_symbol_fonts_become_one_readable_bullet() -> None:
    numbering = abstract_list(0, list_level(0, "bullet", "\uf0b7")) + list_instance(1, 0)

    assert lines(make_docx(numbered("甲"), numbering=numbering)) == ["●甲"]


def test_an_empty_numbered_paragraph_counts_but_is_not_a_block() -> None:
    body = numbered("甲") + numbered("") + numbered("丙")

    assert lines(make_docx(body, numbering=OUTLINE + list_instance(1, 0))) == ["一、甲", "三、丙"]


@pytest.mark.parametrize(
    ("number_format", "number", "shown"),
    [
        ("chineseCounting", 10, "十"),
        ("chineseCounting", 12, "十二"),
        ("chineseCountingThousand", 20, "二十"),
        ("japaneseCounting", 101, "一百零一"),
        ("taiwaneseCountingThousand", 110, "一百一十"),
        ("chineseCounting", 1001, "一千零一"),
        ("chineseCounting", 20_003, "二万零三"),
        ("chineseLegalSimplified", 23, "贰拾叁"),
        ("ideographDigital", 20, "二〇"),
        ("ideographTraditional", 3, "丙"),
        ("ideographZodiac", 12, "亥"),
        ("decimalFullWidth", 12, "１２"),
        ("decimalEnclosedCircle", 20, "⑳"),
        ("decimalEnclosedCircle", 21, "㉑"),
        ("decimalEnclosedCircle", 51, "51"),
        ("decimalEnclosedParen", 2, "⑵"),
        ("decimalZero", 7, "07"),
        ("upperRoman", 14, "XIV"),
        ("lowerLetter", 27, "aa"),
        ("upperLetter", 30_000, "30000"),
        ("none", 3, ""),
        ("hebrew1", 3, "3"),
        ("decimal", -4, "0"),
    ],
)
def test_number_formats(number_format: str, number: int, shown: str) -> None:
    assert format_number(number, number_format) == shown


def test_tracked_insertions_are_kept_and_deletions_dropped() -> None:
    body = (
        f"<w:p>{run('由市')}<w:ins>{run('财政局')}</w:ins>"
        f"<w:del><w:r><w:delText>商务局</w:delText></w:r></w:del>{run('牵头')}</w:p>"
    )

    document = read_docx(make_docx(body))

    assert [block.text for block in document.blocks if isinstance(block, Paragraph)] == ["由市财政局牵头"]
    assert document.notes == (DocumentNote.TRACKED_CHANGES,)


def test_a_paragraph_whose_end_was_deleted_flows_into_the_next() -> None:
    deleted_end = "<w:rPr><w:del/></w:rPr>"
    body = paragraph("由市财政局", properties=deleted_end + numbers(1)) + numbered("牵头。") + numbered("下一项")

    assert lines(make_docx(body, numbering=OUTLINE + list_instance(1, 0))) == ["一、由市财政局牵头。", "二、下一项"]


def test_text_before_a_last_deleted_paragraph_end_is_not_lost() -> None:
    deleted_end = "<w:rPr><w:del/></w:rPr>"
    body = paragraph("末段", properties=deleted_end)
    framed = table(row(cell("甲"), f"<w:tc>{body}</w:tc>"))

    assert lines(make_docx(body)) == ["末段"]
    assert grid(make_docx(framed)) == [["甲", "末段"]]


def test_a_row_whose_insertion_was_deleted_is_gone() -> None:
    data = make_docx(table(row(cell("甲"), cell("乙")), row(cell("旧"), cell("旧"), properties="<w:del/>")))

    assert grid(data) == [["甲", "乙"]]


def test_hidden_text_is_dropped_and_said() -> None:
    runs = run("可见") + run("隐藏", "<w:vanish/>") + run("也可见", '<w:vanish w:val="0"/>')
    body = f"<w:p>{runs}</w:p>"

    document = read_docx(make_docx(body))

    assert [block.text for block in document.blocks if isinstance(block, Paragraph)] == ["可见也可见"]
    assert document.notes == (DocumentNote.HIDDEN_TEXT,)


def test_text_hidden_by_its_style_is_dropped() -> None:
    styles = (
        '<w:style w:type="character" w:styleId="Ghost"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="Child"><w:basedOn w:val="Ghost"/></w:style>'
    )
    runs = run("可见") + run("隐藏", '<w:rStyle w:val="Child"/>')
    body = f"<w:p>{runs}</w:p>"

    assert lines(make_docx(body, styles=styles)) == ["可见"]


def test_a_line_break_inside_a_paragraph_starts_a_new_line() -> None:
    body = f"<w:p><w:pPr>{numbers(1)}</w:pPr><w:r><w:t>加强监管。</w:t><w:br/><w:t>责任单位：市财政局</w:t></w:r></w:p>"

    first, second = paragraphs(make_docx(body, numbering=OUTLINE + list_instance(1, 0)))

    assert (first.label, first.text) == ("一、", "加强监管。")
    assert (second.label, second.text) == ("", "责任单位：市财政局")
    assert first.place == second.place


def test_content_controls_links_and_fields_give_their_visible_text() -> None:
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DATE</w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>3月</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    inline = f"<w:sdt><w:sdtPr/><w:sdtContent>{run('市财政局')}</w:sdtContent></w:sdt>"
    link = f"<w:hyperlink>{run('牵头')}</w:hyperlink>"
    block = f"<w:sdt><w:sdtContent>{paragraph('整段')}</w:sdtContent></w:sdt>"

    assert lines(make_docx(f"<w:p>{field}{inline}{link}</w:p>{block}")) == ["3月市财政局牵头", "整段"]


def test_text_boxes_are_read_once_after_their_paragraph() -> None:
    content = f"<w:txbxContent>{paragraph('框内')}</w:txbxContent>"
    shape = (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>{content}</wps:txbx></w:drawing>'
        f"</mc:Choice><mc:Fallback><w:pict><v:textbox>{content}</v:textbox></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )

    assert lines(make_docx(f"<w:p>{run('正文')}{shape}</w:p>{paragraph('下段')}")) == ["正文", "框内", "下段"]


def test_footnotes_contents_and_pictures_are_left_out_and_said() -> None:
    styles = '<w:style w:type="paragraph" w:styleId="T1"><w:name w:val="toc 1"/></w:style>'
    body = (
        paragraph("一、总体要求……1", properties='<w:pStyle w:val="T1"/>')
        + f"<w:p>{run('正文')}<w:r><w:footnoteReference w:id='1'/></w:r><w:r><w:drawing/></w:r></w:p>"
    )

    document = read_docx(make_docx(body, styles=styles))

    assert [block.text for block in document.blocks if isinstance(block, Paragraph)] == ["正文"]
    assert set(document.notes) == {DocumentNote.FOOTNOTES, DocumentNote.CONTENTS_LIST, DocumentNote.PICTURES}


def test_headings_are_known_by_outline_level_or_style_name() -> None:
    styles = (
        '<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="a"><w:basedOn w:val="b"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="b"><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>'
    )
    body = (
        paragraph("甲", properties='<w:pStyle w:val="1"/>')
        + paragraph("乙", properties='<w:pStyle w:val="a"/>')
        + paragraph("丙", properties='<w:outlineLvl w:val="9"/>')
        + paragraph("丁")
    )

    assert [block.heading_level for block in paragraphs(make_docx(body, styles=styles))] == [1, 3, None, None]


def test_styles_that_are_based_on_each_other_do_not_hang_the_reader() -> None:
    styles = (
        '<w:style w:type="paragraph" w:styleId="a"><w:basedOn w:val="b"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="b"><w:basedOn w:val="a"/></w:style>'
    )

    assert lines(make_docx(paragraph("甲", properties='<w:pStyle w:val="a"/>'), styles=styles)) == ["甲"]


def test_circled_figures_of_wingdings_keep_their_number() -> None:
    body = f"<w:p><w:r><w:sym w:font='Wingdings' w:char='F082'/></w:r>{run('压减材料')}</w:p>"

    assert lines(make_docx(body)) == ["②压减材料"]


def test_the_strict_variant_of_the_format_is_read_too() -> None:
    data = make_docx(paragraph("甲"))
    strict = f"<w:document {WORD}><w:body>{paragraph('甲')}</w:body></w:document>".replace(
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "http://purl.oclc.org/ooxml/wordprocessingml/main",
    )

    assert lines(make_docx("", others={"word/document.xml": strict})) == lines(data)


def test_the_main_part_is_found_by_its_relationship() -> None:
    document = f"<w:document {WORD}><w:body>{paragraph('甲')}</w:body></w:document>"
    relationships = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        'Target="/word/document2.xml"/></Relationships>'
    )

    assert lines(make_docx("", others={"word/document2.xml": document, "_rels/.rels": relationships})) == ["甲"]


# Tables


def test_merged_cells_stand_at_every_position_they_cover() -> None:
    down, on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    data = make_docx(
        table(
            row(cell("序号"), cell("任务"), cell("单位")),
            row(cell("一、提振消费", properties='<w:gridSpan w:val="3"/>')),
            row(cell("1"), cell("以旧换新"), cell("市商务局", properties=down)),
            row(cell("2"), cell("家电焕新"), cell(properties=on)),
        )
    )

    found = only_table(data)

    assert grid(data) == [
        ["序号", "任务", "单位"],
        ["一、提振消费"] * 3,
        ["1", "以旧换新", "市商务局"],
        ["2", "家电焕新", "市商务局"],
    ]
    assert found.rows[2][2] is found.rows[3][2]
    assert (found.rows[3][2].row, found.rows[3][2].row_span) == (2, 2)
    assert (found.rows[1][2].column, found.rows[1][2].column_span) == (0, 3)


def test_a_vertical_merge_that_is_also_wide_keeps_its_columns() -> None:
    wide = '<w:gridSpan w:val="2"/>'
    data = make_docx(
        table(
            row(cell("甲", properties=wide + '<w:vMerge w:val="restart"/>'), cell("乙")),
            row(cell(properties=wide + "<w:vMerge/>"), cell("丙")),
        )
    )

    assert grid(data) == [["甲", "甲", "乙"], ["甲", "甲", "丙"]]


def test_old_horizontal_merges_are_understood() -> None:
    data = make_docx(
        table(
            row(cell("甲", properties='<w:hMerge w:val="restart"/>'), cell(properties="<w:hMerge/>"), cell("乙")),
            row(cell("1"), cell("2"), cell("3")),
        )
    )

    assert grid(data) == [["甲", "甲", "乙"], ["1", "2", "3"]]


def test_a_merge_that_continues_nothing_is_a_cell_of_its_own() -> None:
    data = make_docx(table(row(cell("甲", properties="<w:vMerge/>"), cell("乙"))))

    assert grid(data) == [["甲", "乙"]]


def test_short_and_shifted_rows_are_filled_to_the_grid() -> None:
    data = make_docx(
        table(
            row(cell("甲"), cell("乙"), cell("丙")),
            row(cell("丁")),
            row(cell("戊"), properties='<w:gridBefore w:val="2"/>'),
        )
    )

    assert grid(data) == [["甲", "乙", "丙"], ["丁", "", ""], ["", "", "戊"]]


def test_a_column_of_automatic_numbers_is_read() -> None:
    def counted(text: str) -> str:
        return f"<w:tc><w:tcPr/>{numbered(text)}</w:tc>"

    numbering = abstract_list(0, list_level(0, "decimal", "%1")) + list_instance(1, 0)
    data = make_docx(table(row(counted(""), cell("甲")), row(counted(""), cell("乙"))), numbering=numbering)

    assert grid(data) == [["1", "甲"], ["2", "乙"]]


def test_lines_of_a_cell_and_nested_tables_become_lines() -> None:
    inner = table(row(cell("内一"), cell("内二")))
    data = make_docx(table(row(f"<w:tc>{paragraph('甲')}{inner}{paragraph('乙')}</w:tc>", cell("丙", "丁"))))

    assert grid(data) == [["甲\n内一\t内二\n乙", "丙\n丁"]]


def test_a_frame_of_one_cell_is_ordinary_text() -> None:
    assert lines(make_docx(table(row(cell("甲", "乙"))))) == ["甲", "乙"]


def test_an_empty_table_is_no_block() -> None:
    assert (
        read_docx(make_docx(table(row(cell(), cell())) + paragraph("甲"))).blocks[0]
        == paragraphs(make_docx("<w:p/>" + paragraph("甲")))[0]
    )


def test_a_span_of_billions_is_refused() -> None:
    wide = cell("甲", properties='<w:gridSpan w:val="2000000000"/>')

    with pytest.raises(DocumentError) as caught:
        read_docx(make_docx(table(*[row(wide, cell("乙"))] * 300)))

    assert caught.value.problem is DocumentProblem.TOO_COMPLEX


def test_a_real_table_with_merges_is_read_whole() -> None:
    data = (Path(__file__).parent.parent / "data/plans/30_docx_table_merged.docx").read_bytes()

    found = only_table(data)

    assert {len(line) for line in found.rows} == {6}
    numbered_rows = [line for line in found.rows if line[0].text.isdigit()]
    assert [line[0].text for line in numbered_rows] == [str(number) for number in range(1, 15)]
    assert [line[3].text for line in numbered_rows[:4]] == ["市商务局", "市商务局", "市住建局", "市商务局"]
    assert numbered_rows[2][4].text == "市自然资源局\n市住房公积金中心\n人民银行沅峰市分行"
