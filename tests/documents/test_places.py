"""Whatever the format: each field of a measure points back at the characters that it was read from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from taskboard.documents.document import Document
from taskboard.documents.isolation import parse_document_safely, parse_text_safely
from taskboard.domain.plan_parsing.blocks import Paragraph, Table
from taskboard.domain.plan_parsing.reading import ParsedMeasure, ParsedPlan, Span
from tests.documents import files
from tests.documents.pdf_files import cells, column, grid, make_pdf
from tests.documents.test_ofd import make_ofd, text_object

FILES = Path(__file__).parent.parent / "data/documents"

HEADER = ["序号", "任务", "牵头单位", "配合单位", "完成时限"]
ROWS = [
    ["1", "完善乡村服务站点", "市财政局", "市商务局", "2026年6月底前"],
    ["2", "开展安全隐患排查", "市应急局", "市商务局", "2026年9月底前"],
    ["3", "推进数字平台建设", "市财政局", "市商务局", "2026年6月底前"],
]
LINES = [
    "一、重点任务",
    "1.完善乡村服务站点。",
    "（牵头单位：市财政局；配合单位：市商务局；完成时限：2026年6月底前）",
    "2.开展安全隐患排查。",
    "（牵头单位：市应急局；配合单位：市商务局；完成时限：2026年9月底前）",
    "3.推进数字平台建设。",
    "（牵头单位：市财政局；配合单位：市商务局；完成时限：2026年6月底前）",
]


def docx_of_lines() -> bytes:
    return files.make_docx("".join(map(files.paragraph, LINES)))


def docx_of_rows() -> bytes:
    return files.make_docx(files.table(*(files.row(*map(files.cell, row)) for row in [HEADER, *ROWS])))


def html_of_rows() -> bytes:
    rows = "".join("<tr>" + "".join(f"<td>{text}</td>" for text in row) + "</tr>" for row in [HEADER, *ROWS])
    return f"<html><meta charset=utf-8><body><table>{rows}</table></body></html>".encode()


def html_of_lines() -> bytes:
    paragraphs = "".join(f"<p>{line}</p>" for line in LINES)
    return f"<html><meta charset=utf-8><body>{paragraphs}</body></html>".encode()


def pdf_of_lines() -> bytes:
    indented = ["　　" + line for line in LINES]
    return make_pdf(column(indented[:3]), column(indented[3:]))


def pdf_of_rows() -> bytes:
    xs, ys = [40.0, 80.0, 220.0, 320.0, 420.0, 540.0], [100.0 + 30 * n for n in range(5)]
    return make_pdf(grid(xs, ys) + cells(xs, ys, [HEADER, *ROWS]))


def ofd_of_lines() -> bytes:
    return make_ofd("".join(text_object(line, x=20, y=20 + 10 * n, size=4) for n, line in enumerate(LINES)))


def xlsx_of_rows() -> bytes:
    return files.make_xlsx(files.sheet_rows(["2026年重点任务台账"], HEADER, *ROWS))


MADE: Mapping[str, Callable[[], bytes]] = {
    "txt": lambda: "\n".join(LINES).encode(),
    "txt in GB18030": lambda: "\n".join(LINES).encode("gb18030"),
    "docx, lines": docx_of_lines,
    "docx, table": docx_of_rows,
    "html, lines": html_of_lines,
    "html, table": html_of_rows,
    "pdf, lines": pdf_of_lines,
    "pdf, table": pdf_of_rows,
    "ofd, lines": ofd_of_lines,
    "xlsx, table": xlsx_of_rows,
}


def words_at(span: Span, document: Document) -> str:
    block = document.blocks[span.block]
    if isinstance(block, Paragraph):
        return block.text[span.start : span.end]
    assert span.row is not None and span.column is not None
    return block.rows[span.row][span.column].text[span.start : span.end]


def said(measure: ParsedMeasure, name: str, document: Document) -> list[str]:
    return [words_at(span, document) for span in measure.spans[name]]


def refuse_lost_places(document: Document, plan: ParsedPlan) -> None:
    assert [one.lead for one in plan.measures] == [("市财政局",), ("市应急局",), ("市财政局",)]
    for measure, row in zip(plan.measures, ROWS, strict=True):
        assert "".join(said(measure, "text", document)).strip("。\n").endswith(row[1])
        assert said(measure, "lead", document) == [row[2]]
        assert said(measure, "partners", document) == [row[3]]
        assert said(measure, "deadline", document) == [row[4]]
    # The same words stand at different places, each measure at its own.
    assert len({measure.spans["lead"] for measure in plan.measures}) == len(ROWS)


@pytest.mark.parametrize("name", MADE)
def test_each_field_points_at_its_characters(name: str) -> None:
    document, plan = parse_document_safely(MADE[name]())

    refuse_lost_places(document, plan)


def test_each_field_of_a_pasted_text_points_at_its_characters() -> None:
    refuse_lost_places(*parse_text_safely("\n".join(LINES)))


@pytest.mark.parametrize("name", ["merged_and_tracked.doc", "numbered.doc"])
def test_each_field_of_an_old_word_file_points_at_its_characters(name: str) -> None:
    document, plan = parse_document_safely((FILES / name).read_bytes())

    assert plan.measures
    for measure in plan.measures:
        assert "\n".join(said(measure, "text", document)) == measure.text
        assert said(measure, "lead", document) == list(measure.lead)


@pytest.mark.parametrize("name", MADE)
def test_every_block_says_where_it_stands(name: str) -> None:
    document, _ = parse_document_safely(MADE[name]())

    places = [block.place for block in document.blocks]
    assert all(place.paragraph is not None for place in places)
    assert all((place.page is not None) is name.startswith(("pdf", "ofd")) for place in places)
    assert all((place.sheet == "表1") is name.startswith("xlsx") for place in places)
    assert ("table" in name) == any(isinstance(block, Table) for block in document.blocks)
