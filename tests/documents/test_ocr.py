"""Recognising scans with a stand-in for the recognition: pages, limits, progress, and numbers put back."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import pytest
from PIL import Image

from taskboard.documents import ocr
from taskboard.documents.document import DocumentError, DocumentKind, DocumentNote, DocumentProblem
from taskboard.documents.layout import Page
from taskboard.documents.ocr import OcrLimits, can_recognise, recognise_safely
from taskboard.documents.pieces import Piece
from taskboard.documents.reader import read_document
from taskboard.documents.recognised_numbers import restore_numbers
from taskboard.domain.plan_parsing.blocks import Paragraph
from tests.documents.pdf_files import column, make_pdf, picture

STAND_IN = """
import os, signal, sys, time
from taskboard.documents import ocr_child
pages = 0
def engine(image):
    global pages
    pages += 1
    {engine}
ocr_child.load_engine = lambda: engine
sys.exit(ocr_child.main())
"""
ONE_LINE = "yield f'一、{image.width} x {image.height}', 100, 100, 900, 144"
TEXT_LAYER = column(["一、甲任务。（责任单位：市财政局、市商务局、市教育局）"])


@pytest.fixture
def recognition(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(ocr, "can_recognise", lambda: True)
    return monkeypatch


def stand_in(recognition: pytest.MonkeyPatch, engine: str) -> None:
    command = [sys.executable, "-P", "-c", STAND_IN.format(engine=engine)]
    recognition.setattr(ocr, "child_command", lambda: command)


def make_picture(width: int, height: int, form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (width, height), 255).save(buffer, form)
    return buffer.getvalue()


def texts(blocks: Sequence[object]) -> list[str]:
    return [block.text for block in blocks if isinstance(block, Paragraph)]


def test_scanned_pages_are_recognised_and_pages_with_text_read(recognition: pytest.MonkeyPatch) -> None:
    stand_in(recognition, ONE_LINE)
    seen: list[tuple[int, int]] = []

    document, plan = recognise_safely(
        make_pdf(picture(), TEXT_LAYER, picture()), progress=lambda done, total: seen.append((done, total))
    )

    assert texts(document.blocks) == [
        "一、1653 x 2339",
        "一、甲任务。（责任单位：市财政局、市商务局、市教育局）",
        "一、1653 x 2339",
    ]
    assert [block.place.page for block in document.blocks] == [1, 2, 3]
    assert document.kind is DocumentKind.PDF
    assert document.notes == (DocumentNote.RECOGNISED,)
    assert [measure.lead for measure in plan.measures] == [("市财政局",)]
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_picture_is_recognised(recognition: pytest.MonkeyPatch) -> None:
    stand_in(recognition, ONE_LINE)

    document, _ = recognise_safely(make_picture(4_000, 2_000, "JPEG"))

    assert texts(document.blocks) == ["一、3600 x 1800"]
    assert document.kind is DocumentKind.IMAGE


@pytest.mark.parametrize("form", ["TIFF", "BMP", "PNG"])
def test_pictures_of_scanners_are_recognised_too(form: str, recognition: pytest.MonkeyPatch) -> None:
    stand_in(recognition, ONE_LINE)

    document, _ = recognise_safely(make_picture(600, 800, form))

    assert texts(document.blocks) == ["一、600 x 800"]


def test_every_page_of_a_tiff_is_recognised(recognition: pytest.MonkeyPatch) -> None:
    stand_in(recognition, ONE_LINE)
    buffer = io.BytesIO()
    pages = [Image.new("1", (600, 800 + number), 1) for number in range(3)]
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:])
    seen: list[tuple[int, int]] = []

    document, _ = recognise_safely(buffer.getvalue(), progress=lambda done, total: seen.append((done, total)))

    assert [block.place.page for block in document.blocks] == [1, 2, 3]
    assert texts(document.blocks)[2] == "一、600 x 802"
    assert seen[-1] == (3, 3)


def test_a_text_that_begins_like_a_bitmap_is_a_text() -> None:
    assert read_document("BM 督办事项：推进一网通办。".encode()).kind is DocumentKind.TEXT


@pytest.mark.parametrize("failure", ["os.kill(os.getpid(), signal.SIGKILL)", "time.sleep(600)"])
def test_a_page_that_fails_or_takes_too_long_costs_only_itself(failure: str, recognition: pytest.MonkeyPatch) -> None:
    stand_in(recognition, f"if pages == 2:\n        {failure}\n    {ONE_LINE}")

    document, _ = recognise_safely(
        make_pdf(picture(), picture(), picture()), limits=OcrLimits(page_seconds=6, start_seconds=60)
    )

    assert [block.place.page for block in document.blocks] == [1, 3]
    assert document.scanned_pages == (2,)
    assert DocumentNote.SCANNED_PAGES in document.notes


def test_a_scan_without_words_has_no_text(recognition: pytest.MonkeyPatch) -> None:
    stand_in(recognition, "return []")

    with pytest.raises(DocumentError) as caught:
        recognise_safely(make_picture(100, 100))

    assert caught.value.problem is DocumentProblem.NO_TEXT


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"%PDF-1.7 broken", DocumentProblem.BROKEN),
        (b"\x89PNG\r\n\x1a\n broken", DocumentProblem.BROKEN),
        (make_picture(1_000, 1_000)[:200], DocumentProblem.BROKEN),
        (make_picture(9_000, 9_000), DocumentProblem.TOO_COMPLEX),
        (make_pdf(*[""] * 201), DocumentProblem.TOO_MANY_PAGES),
        ("正文".encode(), DocumentProblem.UNSUPPORTED),
    ],
    ids=["pdf", "png", "half", "large", "pages", "text"],
)
def test_files_that_are_no_scans_are_refused(
    data: bytes, problem: DocumentProblem, recognition: pytest.MonkeyPatch
) -> None:
    stand_in(recognition, ONE_LINE)

    with pytest.raises(DocumentError) as caught:
        recognise_safely(data)

    assert caught.value.problem is problem


def test_a_recognition_that_does_not_start_is_a_refusal(recognition: pytest.MonkeyPatch) -> None:
    recognition.setattr(ocr, "child_command", lambda: [sys.executable, "-c", "raise SystemExit(1)"])

    with pytest.raises(DocumentError) as caught:
        recognise_safely(make_picture(100, 100))

    assert caught.value.problem is DocumentProblem.CRASHED


def test_who_loses_interest_ends_the_recognition(recognition: pytest.MonkeyPatch) -> None:
    stand_in(recognition, ONE_LINE)

    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        recognise_safely(make_pdf(picture(), picture()), progress=stop)


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "PACKAGES", ("no_such_package",))

    with pytest.raises(DocumentError) as caught:
        recognise_safely(make_picture(100, 100))

    assert caught.value.problem is DocumentProblem.NO_RECOGNITION


def test_pictures_among_the_uploads_are_said_to_be_scans() -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(make_picture(100, 100))

    assert caught.value.problem is DocumentProblem.SCANNED


@pytest.mark.deep
@pytest.mark.skipif(not can_recognise(), reason="taskboard[ocr] is not installed")
def test_a_page_that_was_really_scanned() -> None:
    from taskboard.documents.pdf import load_pdfium

    page = load_pdfium().PdfDocument(make_pdf(column(["一、总体要求", "二、重点任务"], size=24, leading=60)))[0]
    buffer = io.BytesIO()
    page.render(scale=2).to_pil().save(buffer, "PNG")

    document, _ = recognise_safely(buffer.getvalue())

    assert texts(document.blocks) == ["一、总体要求", "二、重点任务"]


# Numbers that recognition loses


def piece(text: str, base: float, *, left: float = 100, page: int = 1, size: float = 16) -> Piece:
    return Piece(text, page=page, left=left, right=left + size * len(text), base=base, size=size)


def restored(*pieces: Piece) -> list[str]:
    numbers = sorted({each.page for each in pieces})
    pages, _ = restore_numbers([Page(n, 842, tuple(each for each in pieces if each.page == n)) for n in numbers])
    return [each.text for page in pages for each in page.pieces]


def test_a_line_moved_in_by_the_lost_number_gets_it_back() -> None:
    lines = [piece("总体要求", 100, left=132), piece("坚持节水优先。", 130), piece("二、重点任务", 160)]

    assert restored(*lines) == ["一、总体要求", "坚持节水优先。", "二、重点任务"]


@pytest.mark.parametrize("remains", ["、总体要求", "—、总体要求", "-、总体要求", "_、总体要求"])
def test_what_remains_of_the_number_becomes_it(remains: str) -> None:
    assert restored(piece(remains, 100), piece("二、重点任务", 160, page=2)) == ["一、总体要求", "二、重点任务"]


def test_empty_brackets_before_the_second_item_are_the_first() -> None:
    assert restored(piece("（）加强巡查", 100), piece("（二）建设水源", 130)) == ["（一）加强巡查", "（二）建设水源"]


def test_where_the_first_number_stands_nothing_is_changed() -> None:
    lines = ["一、总体要求", "、孤立的顿号", "二、重点任务", "（一）加强巡查", "()空的", "（二）建设水源"]

    assert restored(*[piece(text, 100 + 30 * number) for number, text in enumerate(lines)]) == lines


def test_where_two_lines_come_into_question_nothing_is_changed() -> None:
    lines = [piece("总体要求", 100, left=132), piece("工作目标", 130, left=132), piece("二、重点任务", 160)]

    assert restored(*lines) == ["总体要求", "工作目标", "二、重点任务"]


def test_each_part_has_its_own_first_number() -> None:
    lines = ["一、甲", "（）子", "（二）丑", "二、乙", "（）寅", "（二）卯"]

    assert restored(*[piece(text, 100 + 30 * number) for number, text in enumerate(lines)]) == [
        "一、甲", "（一）子", "（二）丑", "二、乙", "（一）寅", "（二）卯",
    ]  # fmt: skip
