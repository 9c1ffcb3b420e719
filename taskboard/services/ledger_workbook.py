"""The ledger as a workbook (.xlsx) that can be printed as it is, and read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import xlsxwriter  # type: ignore[import-untyped] # it has no types

from taskboard.domain.terms import fingerprint
from taskboard.labels import LIGHT_SHAPES, label, light_reason
from taskboard.labels.ledger import ARCHIVED, LEDGER_SHEET, NO_CHANGE, NOTES_SHEET, ON_TIME, ONGOING, ROUND_TRIP, Column
from taskboard.labels.times import moment_words
from taskboard.services.ledger import Ledger, LedgerRow, LedgerUnit

CELL_LENGTH = 32_767
"""characters that a cell can hold"""
REPORT_LENGTH = 300
LINE_POINTS = 13.5
LONGEST_HEIGHT = 400.0
"""points; a row that is higher than the page cannot be printed"""
FIRST_ROW = 3
A4 = 9


def write_ledger(ledger: Ledger) -> bytes:
    """The workbook: the ledger on its first sheet, and on the second what its figures mean.

    Texts are written as texts, so that one that begins with ``=``, ``+``, ``-`` or ``@`` is never calculated.
    """
    stream = BytesIO()
    # The library guesses at what a string may be (formula, number, link) unless it is told not to.
    options = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(stream, options) as book:
        _write_rows(book, ledger)
        _write_notes(book, ledger)
    return stream.getvalue()


@dataclass(frozen=True)
class _Field:
    """One column: its title, its width in characters, and what stands in it."""

    title: Column
    width: float
    value: Callable[[LedgerRow], str | int]
    style: str = "text"


def _write_rows(book: Any, ledger: Ledger) -> None:
    sheet = book.add_worksheet(LEDGER_SHEET)
    styles = _styles(book)
    printed = len(FIELDS) - 2
    sheet.merge_range(0, 0, 0, printed, _cut(ledger.plan), styles["title"])
    sheet.merge_range(1, 0, 1, printed, _about(ledger), styles["about"])
    sheet.set_row(0, 26)
    sheet.set_row(2, 30)
    for number, field in enumerate(FIELDS):
        hidden = {"hidden": True} if field.title is Column.FINGERPRINT else {}
        sheet.set_column(number, number, field.width, None, hidden)
        sheet.write_string(2, number, field.title.value, styles["head"])
    for y, row in enumerate(ledger.rows, start=FIRST_ROW):
        values = [field.value(row) for field in FIELDS]
        sheet.set_row(y, _height(values))
        for x, (field, value) in enumerate(zip(FIELDS, values, strict=True)):
            if isinstance(value, int):
                sheet.write_number(y, x, value, styles[field.style])
            else:
                sheet.write_string(y, x, _cut(value), styles[field.style])
    last = max(FIRST_ROW, FIRST_ROW + len(ledger.rows) - 1)
    sheet.freeze_panes(FIRST_ROW, 3)
    sheet.autofilter(2, 0, last, printed)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(2)
    sheet.print_area(0, 0, last, printed)
    # A word stands between the font's size and the year, which would be read as one number.
    sheet.set_footer(f"&L&8截至 {moment_words(ledger.as_of)}&C&8第 &P 页，共 &N 页")


def _styles(book: Any) -> dict[str, Any]:
    cell = {"font_name": "宋体", "font_size": 9, "valign": "vcenter", "text_wrap": True, "border": 1}
    return {
        "title": book.add_format({"font_name": "黑体", "font_size": 15, "align": "center", "valign": "vcenter"}),
        "about": book.add_format({"font_name": "宋体", "font_size": 9, "align": "left", "valign": "vcenter"}),
        "head": book.add_format({**cell, "bold": True, "align": "center", "bg_color": "#E8EEF4"}),
        "text": book.add_format({**cell, "num_format": "@"}),
        "centre": book.add_format({**cell, "align": "center"}),
    }


def _height(values: Iterable[str | int]) -> float:
    """Points for a row: programs that open the file do not all work out the height of wrapped text themselves."""
    lines = max(_lines(str(value), field.width) for field, value in zip(FIELDS, values, strict=True))
    return min(LONGEST_HEIGHT, max(1, lines) * LINE_POINTS + 4)


def _lines(text: str, width: float) -> int:
    """How many lines a text takes in a column; a Chinese character is two wide, in a font smaller than the usual."""
    room = max(1.0, width * 1.1)
    return sum(max(1, -int(-sum(2 if ord(char) > 0xFF else 1 for char in line) // room)) for line in text.split("\n"))


def _about(ledger: Ledger) -> str:
    return f"截至 {moment_words(ledger.as_of)}；督查单位：{ledger.body}；{_filter(ledger)}"


def _filter(ledger: Ledger) -> str:
    scope = "本计划全部任务" if ledger.is_whole else "本计划中导出人岗位可见的任务"
    return f"范围：{scope}，共 {len(ledger.rows)} 项"


def _names(units: Iterable[LedgerUnit]) -> str:
    return "、".join(one.name for one in units)


def _deadline(row: LedgerRow) -> str:
    if row.due_on is not None:
        return row.due_on.isoformat()
    return ONGOING if row.is_ongoing else ""


def _state(row: LedgerRow) -> str:
    return f"{label(row.state)}{ARCHIVED}" if row.is_archived else label(row.state)


def _lights(units: list[LedgerUnit]) -> str:
    """One light where all departments show the same, else one line each: the truth is per department."""
    words = [f"{LIGHT_SHAPES[one.light.light]} {light_reason(one.light)}" for one in units]
    if len(set(words)) <= 1:
        return words[0] if words else ""
    return "\n".join(f"{one.name}：{shown}" for one, shown in zip(units, words, strict=True))


def _percents(leads: list[LedgerUnit]) -> str:
    known = [one for one in leads if one.percent is not None]
    if len(leads) == 1 and known:
        return f"{known[0].percent}%"
    return "\n".join(f"{one.name} {one.percent}%" for one in known)


def _report(unit: LedgerUnit | None) -> str:
    if unit is None or unit.last_report is None:
        return ""
    text = NO_CHANGE if unit.last_report.is_unchanged else unit.last_report.done
    if len(text) > REPORT_LENGTH:
        text = text[: REPORT_LENGTH - 1] + "…"
    return f"{moment_words(unit.last_report.reported_at)[:10]} {unit.name}：{text}"


def _cut(text: str) -> str:
    return text if len(text) <= CELL_LENGTH else text[: CELL_LENGTH - 1] + "…"


FIELDS = (
    _Field(Column.TASK, 7, lambda row: row.task_id, "centre"),
    _Field(Column.POSITION, 5, lambda row: row.position, "centre"),
    _Field(Column.TITLE, 20, lambda row: row.title),
    _Field(Column.TEXT, 36, lambda row: row.text),
    _Field(Column.LEAD, 14, lambda row: _names(row.leads)),
    _Field(Column.PARTNERS, 16, lambda row: _names(row.partners)),
    _Field(Column.DEADLINE, 11, _deadline, "centre"),
    _Field(Column.ORIGIN, 9, lambda row: label(row.deadline_origin), "centre"),
    _Field(Column.STATE, 8, _state, "centre"),
    _Field(Column.LIGHT, 20, lambda row: _lights(row.units)),
    _Field(Column.PERCENT, 9, lambda row: _percents(row.leads), "centre"),
    _Field(Column.REPORT, 26, lambda row: _report(row.last_heard)),
    _Field(Column.FINGERPRINT, 11, lambda row: fingerprint(row.task_id, row.terms), "centre"),
)


def _write_notes(book: Any, ledger: Ledger) -> None:
    sheet = book.add_worksheet(NOTES_SHEET)
    bold = book.add_format({"font_name": "宋体", "bold": True, "valign": "top"})
    text = book.add_format({"font_name": "宋体", "text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 12)
    sheet.set_column(1, 1, 90)
    lines = (
        ("计划", ledger.plan),
        ("督查单位", ledger.body),
        ("数据截至", f"{moment_words(ledger.as_of)}（北京时间）"),
        ("范围", _filter(ledger).removeprefix("范围：")),
        ("按时的口径", ON_TIME.removeprefix("按时的口径：")),
        ("重新上传", ROUND_TRIP),
    )
    for y, (head, words) in enumerate(lines):
        sheet.write_string(y, 0, head, bold)
        sheet.write_string(y, 1, _cut(words), text)
    sheet.set_paper(A4)
    sheet.set_landscape()
