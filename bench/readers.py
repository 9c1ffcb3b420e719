"""How fast documents are read: from the file's bytes to the plan, the reading process included.

    python -m bench.readers [--rounds 5]

The documents are made here. Each time stands beside its aim and beside a floor measured in the same run, in turn: the
least that any reader does with the same bytes (unpack and parse the XML, decode the text, or let pdfium find the
characters). Growth is measured at 1, 2 and 4 times the length (of the text of 2 MiB, at a quarter, a half and the
whole); 1.0 means that twice the length takes twice the time. The processor's time of this process and its readers
stands beside that of the clock: on a machine with other work only the first tells anything.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import xlsxwriter  # type: ignore[import-untyped] # it has no types
from lxml import etree
from playwright.sync_api import sync_playwright

from taskboard.documents.isolation import Limits, parse_document_safely
from taskboard.documents.pdf import load_pdfium
from tests.support.browser import LAUNCH_ARGUMENTS, find_chromium

PAGES_OF_DOCX = 100
PARAGRAPHS_A_PAGE = 12
PAGES_OF_PDF = 20
LINES_A_COLUMN = 50
CHARACTERS_A_LINE = 18
ROWS_OF_XLSX = 5_000
BYTES_OF_TEXT = 2 * 2**20
GROWTH_AIM = 1.25
PATIENCE = Limits(seconds=120)

PRINTED = """@page { size: A4; margin: 20mm 15mm } body { font: 12px/18px serif; margin: 0 }
section { display: grid; grid-template-columns: 220px 220px; column-gap: 40px; break-after: page }
div { white-space: nowrap } .full { text-align-last: justify }"""

UNITS = ("市财政局", "市商务局", "市教育局", "市民政局", "市水务局", "市农业农村局", "市住房城乡建设局", "市交通运输局")
WORKS = ("完善农村基础设施", "推进数字平台建设", "开展安全隐患排查", "扩大消费券发放范围", "建设社区服务站点")
SENTENCE = "坚持目标导向和问题导向相结合，健全工作机制，压实工作责任，确保各项任务按时保质完成。"


@dataclass(frozen=True)
class Case:
    """A kind of document: how it is made (of so many pages, rows or bytes), its length, aim in seconds and floor."""

    name: str
    make: Callable[[int], bytes]
    length: int
    aim: float
    floor: Callable[[bytes], object]
    factors: tuple[float, float, float] = (1, 2, 4)
    """the lengths that growth is measured at, as multiples; one of them is 1"""


def measure_text(number: int) -> str:
    """One measure with its clause, never the same twice."""
    lead, partner = UNITS[number % len(UNITS)], UNITS[(number * 3 + 1) % len(UNITS)]
    clause = (
        f"（责任单位：{lead}、{partner}；完成时限：2026年{number % 12 + 1}月底前）"
        if lead != partner
        else f"（{lead}负责）"
    )
    return f"{number}.{WORKS[number % len(WORKS)]}。{SENTENCE}新增{number % 90 + 10}处。{clause}"


# Documents


def make_docx(pages: int) -> bytes:
    """About twelve paragraphs a page, every sixth a heading."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    parts = []
    for number in range(1, pages * PARAGRAPHS_A_PAGE + 1):
        text = f"（{number}）第{number}类任务" if number % 6 == 0 else measure_text(number)
        runs = (text[:10], text[10:40], text[40:])
        shown = "".join(f'<w:r><w:rPr><w:sz w:val="32"/></w:rPr><w:t>{escape(run)}</w:t></w:r>' for run in runs if run)
        parts.append(f'<w:p><w:pPr><w:ind w:firstLineChars="200"/></w:pPr>{shown}</w:p>')
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr(
            "word/document.xml", f'<w:document xmlns:w="{space}"><w:body>{"".join(parts)}</w:body></w:document>'
        )
    return buffer.getvalue()


def make_pdf(pages: int) -> bytes:
    """Two columns, printed row by row across both, as many producers do, with the fonts in the file."""
    lines = _wrapped(pages * 2 * LINES_A_COLUMN)
    sheets = []
    for page in range(pages):
        first = page * 2 * LINES_A_COLUMN
        left, right = (lines[first + side * LINES_A_COLUMN :][:LINES_A_COLUMN] for side in range(2))
        rows = (_printed(a) + _printed(b) for a, b in zip(left, right, strict=True))
        sheets.append(f"<section>{''.join(rows)}</section>")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(LAUNCH_ARGUMENTS))
        page_to_print = browser.new_page()
        page_to_print.set_content(f"<style>{PRINTED}</style>{''.join(sheets)}")
        data = page_to_print.pdf(prefer_css_page_size=True)
        browser.close()
    return data


def _printed(line: str) -> str:
    is_full = len(line) == CHARACTERS_A_LINE
    return f"<div class={'full' if is_full else 'last'}>{escape(line)}</div>"


def _wrapped(count: int) -> list[str]:
    """So many lines of measures."""
    lines: list[str] = []
    number = 0
    while len(lines) < count:
        number += 1
        text = measure_text(number)
        lines += [text[start : start + CHARACTERS_A_LINE] for start in range(0, len(text), CHARACTERS_A_LINE)]
    return lines[:count]


def make_xlsx(rows: int) -> bytes:
    """A ledger with a title row, as offices keep them."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("台账")
        sheet.merge_range(0, 0, 0, 4, "2026年重点任务台账", book.add_format())
        sheet.write_row(1, 0, ["序号", "任务", "牵头单位", "配合单位", "完成时限"])
        for number in range(1, rows + 1):
            lead, partner = UNITS[number % len(UNITS)], UNITS[(number + 3) % len(UNITS)]
            text = f"{WORKS[number % len(WORKS)]}，新增{number}处"
            sheet.write_row(number + 1, 0, [number, text, lead, partner, f"2026年{number % 12 + 1}月底前"])
    return buffer.getvalue()


def make_text(size: int) -> bytes:
    """Nothing but measures, one a line, every sixth a heading."""
    lines: list[str] = []
    written = 0
    while written < size:
        number = len(lines) + 1
        lines.append(f"（{number}）第{number}类任务" if number % 6 == 0 else measure_text(number))
        written += len(lines[-1].encode()) + 1
    return "\n".join(lines).encode()


# Floors


def unpack_and_parse(data: bytes) -> int:
    """Every part of the package unpacked and parsed as XML, every element seen."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = (
            etree.fromstring(package.read(name)) for name in package.namelist() if name.endswith((".xml", ".rels"))
        )
        return sum(len(element.text or "") for root in parts for element in root.iter())


def extract_characters(data: bytes) -> int:
    """The characters of every page, in whatever order they come."""
    total = 0
    with load_pdfium().PdfDocument(data) as pdf:
        for page in pdf:
            text = page.get_textpage()
            total += len(text.get_text_range())
            text.close()
            page.close()
    return total


def decode_lines(data: bytes) -> int:
    """The characters of every line."""
    return sum(map(len, data.decode().splitlines()))


CASES = (
    Case(f".docx, {PAGES_OF_DOCX} pages", make_docx, PAGES_OF_DOCX, 1.0, unpack_and_parse),
    Case(f".pdf, {PAGES_OF_PDF} pages in two columns", make_pdf, PAGES_OF_PDF, 0.6, extract_characters),
    Case(f".xlsx, {ROWS_OF_XLSX:,} rows", make_xlsx, ROWS_OF_XLSX, 0.5, unpack_and_parse),
    Case(".txt, 2 MiB of measures", make_text, BYTES_OF_TEXT, 5.0, decode_lines, factors=(0.25, 0.5, 1)),
)


# Measuring


def read(data: bytes) -> object:
    return parse_document_safely(data, limits=PATIENCE)


class Spent(NamedTuple):
    """Seconds of one reading, by the clock and of the processor."""

    clock: float
    processor: float


def spend(work: Callable[[bytes], object], data: bytes) -> Spent:
    """Do it once and say what it took, in this process and in those that it had read."""
    clock, processor = time.perf_counter(), _processor_seconds()
    found = work(data)
    spent = Spent(time.perf_counter() - clock, _processor_seconds() - processor)
    # Let go of only now: who reads a document keeps it.
    del found
    return spent


def _processor_seconds() -> float:
    """Of this process and of those that it started, the readers that these waited for included; only on Linux."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    started = children.read_text().split() if children.exists() else ()
    return time.process_time() + sum(map(_ticks, started)) / os.sysconf("SC_CLK_TCK")


def _ticks(process: str) -> int:
    """Time in user and system mode, its own and that of the processes that it waited for."""
    _, _, fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")
    return sum(map(int, fields.split()[11:15]))


def measure(case: Case, rounds: int) -> bool:
    """Print one line for this case, and say whether it keeps its aims."""
    files = {factor: case.make(int(case.length * factor)) for factor in case.factors}
    found: dict[float, list[Spent]] = {factor: [] for factor in files}
    floor: list[float] = []
    for _ in range(rounds):
        floor.append(spend(case.floor, files[1]).clock)
        for factor, data in files.items():
            found[factor].append(spend(read, data))
    # The least is what the machine can do; what is above it was somebody else's work.
    best = [min(spent.clock for spent in found[factor]) for factor in case.factors]
    growth = [later / before / 2 for before, later in pairwise(best)]
    clock, processor = (min(values) for values in zip(*found[1], strict=True))
    keeps = clock < case.aim and max(growth) < GROWTH_AIM
    cells = (
        case.name,
        f"{clock:.3f}",
        f"{processor:.3f}",
        f"{case.aim:.1f}",
        f"{clock / min(floor):.1f}",
        " ".join(f"{one:.2f}" for one in growth),
        "ok" if keeps else "MISSED",
    )
    print(LINE.format(*cells))
    return keeps


LINE = "{:30} {:>8} {:>8} {:>6} {:>8} {:>11}  {}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    read(make_docx(1))
    read(make_pdf(1))
    print(LINE.format("", "clock s", "cpu s", "aim s", "× floor", f"growth<{GROWTH_AIM}", ""))
    kept = [measure(case, rounds) for case in CASES]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
