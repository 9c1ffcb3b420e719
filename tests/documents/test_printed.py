"""Documents printed by Chromium are read as the same plan as the documents themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from taskboard.documents.reader import read_document
from taskboard.domain.plan_parsing.blocks import Block, Table
from taskboard.domain.plan_parsing.parse import parse_plan
from taskboard.domain.plan_parsing.reading import ParsedMeasure

CORPUS = Path(__file__).parent.parent / "data/corpus"

PAGE = "@page { size: A4; margin: 25mm 28mm } p { text-indent: 2em; margin: 0; text-align: justify } "
ONE_COLUMN = PAGE + "body { font: 16px/28px serif }"
TWO_COLUMNS = PAGE + "body { font: 12px/18px serif; column-count: 2; column-gap: 10mm }"
RULED = (
    PAGE + "body { font: 14px/24px serif } table { border-collapse: collapse } td { border: 1px solid; padding: 4px }"
)
HEAD = '<div style="font-size: 9px; width: 100%; text-align: center">某市人民政府公报　2026年第3期</div>'
FOOT = '<div style="font-size: 9px; width: 100%; text-align: center">— <span class="pageNumber"></span> —</div>'

Print = Callable[[str], bytes]


@pytest.fixture
def printed(browser: Browser) -> Iterator[Print]:
    """What a page of HTML is as PDF, with a running head and page numbers."""
    page = browser.new_page()

    def to_pdf(content: str) -> bytes:
        page.set_content(content)
        return page.pdf(
            prefer_css_page_size=True, display_header_footer=True, header_template=HEAD, footer_template=FOOT
        )

    yield to_pdf
    page.close()


def as_html(block: Block) -> str:
    if not isinstance(block, Table):
        return f"<p>{escape(block.label + block.text)}</p>"
    rows = (
        "".join(
            f"<td rowspan={cell.row_span} colspan={cell.column_span}>{escape(cell.text).replace(chr(10), '<br>')}</td>"
            for x, cell in enumerate(row)
            if (cell.row, cell.column) == (y, x)
        )
        for y, row in enumerate(block.rows)
    )
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def gist(measures: tuple[ParsedMeasure, ...]) -> list[tuple[object, ...]]:
    """What is assigned to whom and until when; line breaks and spaces are the printer's."""
    return [(one.text_head, one.lead, one.partners, one.deadline, one.recurrence) for one in measures]


@pytest.mark.parametrize(
    ("name", "style"),
    [
        ("c01_provincial_defaults.txt", ONE_COLUMN),
        ("c03_mixed_brackets.txt", ONE_COLUMN),
        ("c12_two_clauses.txt", TWO_COLUMNS),
        ("c24_docx_auto_numbering.docx", ONE_COLUMN),
        ("c26_xlsx_date_cells.xlsx", RULED),
        ("c28_html_gb18030_table.html", RULED),
    ],
)
def test_a_printed_document_is_read_as_the_document_itself(name: str, style: str, printed: Print) -> None:
    blocks = read_document((CORPUS / name).read_bytes()).blocks
    expected = parse_plan(blocks)

    found = parse_plan(read_document(printed(f"<style>{style}</style>{''.join(map(as_html, blocks))}")).blocks)

    assert expected.measures
    assert gist(found.measures) == gist(expected.measures)
    assert found.title == expected.title


def test_a_ruled_table_over_several_pages_is_one_work_list(printed: Print) -> None:
    rows = [["序号", "任务", "牵头单位", "完成时限"]]
    rows += [[f"{n}", f"完善第{n}处乡村公共服务站点的设施和人员配备", "市民政局", "2026年底前"] for n in range(1, 61)]
    shown = "".join("<tr>" + "".join(f"<td>{text}</td>" for text in row) + "</tr>" for row in rows)

    document = read_document(printed(f"<style>{RULED}</style><table>{shown}</table>"))

    (table,) = (block for block in document.blocks if isinstance(block, Table))
    assert [[cell.text for cell in row] for row in table.rows] == rows
    assert len(parse_plan(document.blocks).measures) == 60
