"""A roundup as the documents that are printed and passed on: .docx for reading, .xlsx for working on."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import xlsxwriter  # type: ignore[import-untyped] # it has no types

from taskboard.documents.docx_writing import Align, Face, Grid, Line, write_docx
from taskboard.domain.roundups import Group
from taskboard.domain.roundups import Line as Entry
from taskboard.labels.roundups import COUNTED, DEFINITION, GROUP_HEADS, LINE_HEADS, SCOPE, group_words, share_words
from taskboard.labels.times import day_words, moment_words
from taskboard.services.roundups import RoundupPage

MOST_LINES = 100
"""of one list in the document; the workbook has them all"""
A4 = 9


def write_document(page: RoundupPage) -> bytes:
    """The words, the figures by department and plan, and the lists, each as far as a reader goes."""
    figures = page.figures
    parts: list[Line | Grid] = [
        Line(page.body, Align.CENTRE, Face.TITLE, 22),
        Line(page.title, Align.CENTRE, Face.TITLE, 22),
        *(Line(text, is_indented=True) for text in page.words.split("\n") if text.strip()),
        Line("一、各单位情况", face=Face.HEAD),
        _grid(figures.departments),
        Line("二、各计划情况", face=Face.HEAD),
        _grid(figures.plans),
        *_list("三、逾期事项", figures.overdue),
        *_list("四、下期到期事项", figures.coming),
        *_list("五、本期销号事项", figures.closed),
        *(Line(text, points=12) for text in _notes(page)),
    ]
    return write_docx(parts, title=page.title)


def _grid(groups: tuple[Group, ...]) -> Grid:
    return Grid(tuple((one.name, group_words(one)) for one in groups) or (("无", ""),))


def _list(title: str, entries: tuple[Entry, ...]) -> list[Line | Grid]:
    lines: list[Line | Grid] = [Line(f"{title}（{len(entries)}）", face=Face.HEAD)]
    if not entries:
        return [*lines, Line("无。", is_indented=True)]
    lines.append(Grid(tuple((one.departments, _entry_words(one)) for one in entries[:MOST_LINES])))
    if len(entries) > MOST_LINES:
        lines.append(Line(f"其余 {len(entries) - MOST_LINES} 条见电子表格。", is_indented=True))
    return lines


def _entry_words(one: Entry) -> str:
    facts = [
        f"时限 {day_words(one.due_on)}" if one.due_on else "",
        f"逾期 {one.days_late} 天" if one.days_late else "",
        f"{day_words(one.closed_on)}销号" if one.closed_on else "",
    ]
    return f"{one.title}（《{one.plan}》；{'；'.join(fact for fact in facts if fact)}）"


def _notes(page: RoundupPage) -> tuple[str, ...]:
    return (f"数据截至 {moment_words(page.as_of)}（北京时间）。{SCOPE}", COUNTED, DEFINITION)


def write_workbook(page: RoundupPage) -> bytes:
    """One sheet a table, with texts written as texts."""
    stream, figures = BytesIO(), page.figures
    options = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(stream, options) as book:
        styles = _styles(book)
        _write_summary(book, styles, page)
        _write_table(book, styles, "各单位", ("单位", *GROUP_HEADS), [_group_cells(one) for one in figures.departments])
        _write_table(book, styles, "各计划", ("计划", *GROUP_HEADS), [_group_cells(one) for one in figures.plans])
        for title, entries in (("逾期", figures.overdue), ("下期到期", figures.coming), ("本期销号", figures.closed)):
            _write_table(book, styles, title, LINE_HEADS, [_entry_cells(one) for one in entries])
    return stream.getvalue()


def _styles(book: Any) -> dict[str, Any]:
    cell = {"font_name": "宋体", "font_size": 10, "valign": "vcenter", "text_wrap": True, "border": 1}
    return {
        "title": book.add_format({"font_name": "黑体", "font_size": 15, "valign": "vcenter"}),
        "head": book.add_format({**cell, "bold": True, "align": "center", "bg_color": "#E8EEF4"}),
        "text": book.add_format({**cell, "num_format": "@"}),
        "number": book.add_format({**cell, "align": "center"}),
        "plain": book.add_format({"font_name": "宋体", "font_size": 10, "text_wrap": True, "valign": "top"}),
    }


def _write_summary(book: Any, styles: dict[str, Any], page: RoundupPage) -> None:
    sheet, figures = book.add_worksheet("概况"), page.figures
    sheet.set_column(0, 0, 100)
    sheet.set_row(0, 26)
    sheet.write_string(0, 0, f"{page.body} {page.title}", styles["title"])
    lines = [
        *page.words.split("\n"),
        f"新交办 {figures.tasks_issued} 项，销号 {figures.tasks_closed} 项；{group_words(figures.total)}。",
        *_notes(page),
    ]
    for y, text in enumerate(lines, start=1):
        sheet.set_row(y, 15 * (1 + len(text) // 48))
        sheet.write_string(y, 0, text, styles["plain"])
    _print(sheet)


def _write_table(
    book: Any, styles: dict[str, Any], title: str, heads: tuple[str, ...], rows: list[list[str | int]]
) -> None:
    sheet = book.add_worksheet(title)
    for x, head in enumerate(heads):
        sheet.set_column(x, x, 36 if x < 2 and heads is LINE_HEADS else 26 if not x or heads is LINE_HEADS else 12)
        sheet.write_string(0, x, head, styles["head"])
    for y, row in enumerate(rows, start=1):
        for x, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(y, x, value, styles["number"])
            else:
                sheet.write_string(y, x, value, styles["text"])
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    _print(sheet)


def _print(sheet: Any) -> None:
    sheet.set_paper(A4)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _group_cells(one: Group) -> list[str | int]:
    return [one.name, one.open, one.overdue, one.due, one.on_time, share_words(one)]


def _entry_cells(one: Entry) -> list[str | int]:
    due, closed = (day_words(day) if day else "" for day in (one.due_on, one.closed_on))
    return [one.title, one.plan, one.departments, due, one.days_late, closed]
