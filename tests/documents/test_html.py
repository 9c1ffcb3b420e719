"""Web pages: the document, not the site around it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from taskboard.documents.document import DocumentError, DocumentKind, DocumentNote, DocumentProblem
from taskboard.documents.html import read_html
from taskboard.documents.reader import read_document
from taskboard.domain.plan_parsing.blocks import Paragraph, Table

LONG = "推进数字乡村建设，完善农村基础设施，提升公共服务水平。" * 12


def page(body: str, *, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head><meta charset='utf-8'>{head}</head><body>{body}</body></html>".encode()


def lines(data: bytes) -> list[str]:
    return [block.label + block.text for block in read_html(data).blocks if isinstance(block, Paragraph)]


def grid(data: bytes) -> list[list[str]]:
    (table,) = (block for block in read_html(data).blocks if isinstance(block, Table))
    return [[cell.text for cell in row] for row in table.rows]


def test_blocks_and_breaks_make_lines_and_inline_elements_do_not() -> None:
    assert lines(page("<p>由<b>市财政局</b><span>牵头</span>。</p>末<br>尾<div>甲<p>乙</p>丙</div>")) == [
        "由市财政局牵头。",
        "末",
        "尾",
        "甲",
        "乙",
        "丙",
    ]


def test_a_source_line_end_between_chinese_characters_is_no_space() -> None:
    assert lines(page("<p>推进数字\n   乡村建设&nbsp;of  2024\n年</p>")) == ["推进数字乡村建设 of 2024 年"]


def test_preformatted_lines_stay_lines() -> None:
    assert lines(page("<pre>一、甲\n二、乙</pre>")) == ["一、甲", "二、乙"]


def test_headings_keep_their_level() -> None:
    document = read_html(page("<h2><span>总体要求</span></h2><p>正文</p>"))

    assert [block.heading_level for block in document.blocks if isinstance(block, Paragraph)] == [2, None]


def test_items_of_a_numbered_list_show_their_number_unless_they_bring_their_own() -> None:
    body = "<ol start='3'><li>甲</li><li><p>乙</p></li></ol><ol><li>1、丙</li></ol><ul><li>丁</li></ul>"

    assert lines(page(body)) == ["3.甲", "4.乙", "1、丙", "丁"]


def test_scripts_hidden_parts_and_frames_are_dropped_but_the_text_after_them_stays() -> None:
    body = (
        "<nav>首页 要闻</nav><script>var x='责任单位'</script><p>正文<span style='display: none'>暗</span>后文</p>"
        "<div hidden>暗</div>其一<style>p{}</style>其二<div class='page-footer'>版权所有</div><!-- 注释 -->"
        f"<p>{LONG}</p><select><option>选项</option></select><del>旧</del>"
    )

    assert lines(page(body)) == ["正文后文", "其一其二", LONG]


def test_an_element_with_most_of_the_text_is_no_frame_whatever_its_name() -> None:
    assert lines(page(f"<div class='related'><p>{LONG}</p></div>")) == [LONG]


def test_a_form_around_the_whole_page_hides_nothing() -> None:
    assert lines(page("<form><p>正文</p><input value='x'><textarea>y</textarea></form>")) == ["正文"]


def test_the_known_place_of_the_document_wins_over_the_page_around_it() -> None:
    body = (
        "<div>欢迎访问</div><h1>关于推进数字乡村建设的实施意见</h1>"
        "<p>来源：市政府办公室　发布时间：2024-03-01　浏览：12次</p><p>字体：大 中 小</p>"
        f"<div id='zoom'><p>{LONG}</p></div><p>相关阅读：别的文件</p>"
    )

    assert lines(page(body)) == [
        "关于推进数字乡村建设的实施意见",
        "来源：市政府办公室　发布时间：2024-03-01　浏览：12次",
        LONG,
    ]


def test_facts_in_a_table_above_the_document_are_kept_as_lines() -> None:
    body = (
        "<table><tr><td>成文日期</td><td>2024-03-01</td></tr><tr><td>浏览</td><td>3</td></tr></table>"
        f"<div class='TRS_Editor'><p>{LONG}</p></div>"
    )

    assert lines(page(body)) == ["成文日期\t2024-03-01", LONG]


def test_the_page_title_serves_where_the_document_does_not_say_it() -> None:
    head = "<title>2023-2025年行动计划_市人民政府</title>"

    assert lines(page(f"<div id='zoom'>{LONG}</div>", head=head)) == ["2023-2025年行动计划", LONG]
    assert lines(page(f"<div id='zoom'>2023-2025年行动计划<br>{LONG}</div>", head=head)) == [
        "2023-2025年行动计划",
        LONG,
    ]


def test_spans_of_rows_and_columns_are_resolved() -> None:
    body = (
        "<table><caption>分工表</caption><thead><tr><th>序号</th><th>任务</th><th>单位</th></tr></thead>"
        "<tr><td colspan=3>一、简政</td></tr><tr><td>1</td><td>甲</td><td rowspan=0>市司法局<br>市商务局</td></tr>"
        "<tr><td>2</td><td>乙</td></tr></table>"
    )

    assert grid(page(body)) == [
        ["序号", "任务", "单位"],
        ["一、简政"] * 3,
        ["1", "甲", "市司法局\n市商务局"],
        ["2", "乙", "市司法局\n市商务局"],
    ]
    (table,) = read_html(page(body)).blocks
    assert isinstance(table, Table)
    assert table.caption == "分工表"
    assert table.rows[2][2] is table.rows[3][2]


def test_a_row_span_beyond_the_table_is_cut() -> None:
    assert grid(page("<table><tr><td rowspan=9>甲</td><td>乙</td></tr></table>")) == [["甲", "乙"]]


def test_tables_that_only_arrange_the_page_are_text() -> None:
    inner = "<table><tr><td>内一</td><td>内二</td></tr></table>"
    body = f"<table><tr><td>左栏</td><td><p>正文</p>{inner}</td></tr></table>"

    assert lines(page(body)) == ["左栏", "正文"]
    assert grid(page(body)) == [["内一", "内二"]]


@pytest.mark.parametrize("charset", ["gb2312", "gbk", "gb18030", "utf-8", "big5"])
def test_the_declared_charset_is_believed(charset: str) -> None:
    text = "發展改革委員會" if charset == "big5" else "发展改革委员会"
    data = f"<html><head><meta charset={charset}></head><body><p>{text}</p></body></html>".encode(charset)

    document = read_document(data)

    assert document.kind is DocumentKind.HTML
    assert [block.text for block in document.blocks if isinstance(block, Paragraph)] == [text]
    assert document.notes == ()


def test_a_page_that_names_the_wrong_charset_is_read_all_the_same() -> None:
    data = page(f"<p>{LONG}</p>").replace(b"utf-8", b"gb2312")

    assert lines(data) == [LONG]


def test_a_page_without_a_charset_is_guessed_and_said() -> None:
    document = read_document(f"<html><body><p>{LONG}</p></body></html>".encode("gbk"))

    assert document.notes == (DocumentNote.ENCODING_GUESSED,)


def test_an_xhtml_declaration_does_not_disturb() -> None:
    data = (
        f'<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml"><body>{LONG}</body></html>'
    )

    assert lines(data.encode()) == [LONG]


@pytest.mark.parametrize("charset", ["utf-8", "gb2312"])
def test_a_single_file_web_page_gives_its_page(charset: str) -> None:
    inner = f"<html><body><h1>行动计划</h1><p>{LONG}</p></body></html>".encode(charset)
    data = (
        b"From: <Saved by Browser>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; type="text/html"; boundary="--cut"\r\n\r\n----cut\r\n'
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n----cut\r\n"
        b"Content-Type: text/html; charset="
        + charset.encode()
        + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(inner)
        + b"\r\n----cut--\r\n"
    )

    document = read_document(data)

    assert document.kind is DocumentKind.MHTML
    assert [block.text for block in document.blocks if isinstance(block, Paragraph)] == ["行动计划", LONG]
    assert document.notes == ()


def test_a_single_file_web_page_without_a_page_is_broken() -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\n\n--x--\n")

    assert caught.value.problem is DocumentProblem.BROKEN


def test_nesting_without_bottom_is_refused_and_not_cut_off() -> None:
    with pytest.raises(DocumentError) as caught:
        read_html(page("<div>" * 100_000 + "正文" + "</div>" * 100_000))

    assert caught.value.problem is DocumentProblem.TOO_COMPLEX


def test_a_table_with_impossible_spans_is_refused() -> None:
    cell = "<td colspan=1000 rowspan=65534>甲</td>"

    with pytest.raises(DocumentError) as caught:
        read_html(page("<table>" + f"<tr>{cell}<td>乙</td></tr>" * 3_000 + "</table>"))

    assert caught.value.problem is DocumentProblem.TOO_COMPLEX


def test_a_long_numbered_list_is_quick_enough() -> None:
    document = read_html(page("<ol>" + "<li>甲</li>" * 30_000 + "</ol>"))

    assert document.blocks[-1] == Paragraph("甲", label="30000.", place=document.blocks[-1].place)


def test_a_real_page_gives_its_title_its_date_and_its_table() -> None:
    document = read_document((Path(__file__).parent.parent / "data/plans/37_html_table.html").read_bytes())

    paragraphs = [block.text for block in document.blocks if isinstance(block, Paragraph)]
    (table,) = (block for block in document.blocks if isinstance(block, Table))
    assert "禾川区2022年优化营商环境重点任务清单" in paragraphs
    assert any("2022-03-21" in line for line in paragraphs)
    assert [row[1].text for row in table.rows[1:]] == ["简政放权"] * 2 + ["公正监管"] * 2 + ["优化服务"] * 3
    assert table.rows[3][4].text == "区市场监管局\n区应急局\n区城管局"
