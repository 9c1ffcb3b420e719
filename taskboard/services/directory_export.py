"""The directory as tables that can be filled in and sent back: a workbook (.xlsx), or a text (.csv) for each table."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO, StringIO
from typing import Any

import xlsxwriter  # type: ignore[import-untyped] # it has no types
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from taskboard.domain.directory_tables import guarded, write_dated_name
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.labels import label
from taskboard.labels.directory import (
    COLUMN_NOTES,
    DEPARTMENT_COLUMNS,
    DEPARTMENT_SHEET,
    IN_USE,
    KINDS,
    LEVELS,
    NO,
    NOTES_SHEET,
    PEOPLE_COLUMNS,
    PEOPLE_SHEET,
    ROLES,
    SWITCHED_OFF,
    YES,
    Column,
)
from taskboard.models import Department, DepartmentMember, DepartmentName, Person, PersonPost
from taskboard.services.actors import require_role
from taskboard.services.department_tree import tree_order

BETWEEN = "、"
WIDTHS = {
    Column.NUMBER: 7,
    Column.NAME: 30,
    Column.PARENT: 26,
    Column.KIND: 10,
    Column.LEVEL: 10,
    Column.ALIASES: 30,
    Column.OLD_NAMES: 34,
    Column.GROUPS: 34,
    Column.SIGN_OFF: 12,
    Column.STATE: 8,
    Column.KNOWN_AS: 16,
    Column.USERNAME: 16,
    Column.PERSON: 14,
    Column.EMAIL: 28,
    Column.DEPARTMENT: 30,
    Column.ROLE: 14,
    Column.FROM: 13,
    Column.TO: 13,
}
CHOICES = {
    Column.KIND: tuple(KINDS),
    Column.LEVEL: tuple(LEVELS),
    Column.SIGN_OFF: (YES, NO),
    Column.ROLE: tuple(ROLES),
}
"""columns in which a program offers what can be filled in"""
SPARE_ROWS = 500
"""rows below the last one that offer the choices too, for departments that are added"""
A4 = 9
LINE_POINTS = 13.5
LONGEST_HEIGHT = 400.0
"""points; a row that is higher than the page cannot be printed"""


@dataclass(frozen=True)
class DirectoryTables:
    """Both tables: rows of texts in the order of their columns."""

    departments: list[list[str]]
    people: list[list[str]]


def load_directory_tables(session: Session, *, actor: Actor, today: date) -> DirectoryTables:
    """The whole directory, for administrators: departments in the order of the tree, people with a row for each post.

    Posts and memberships that have ended are left out.
    """
    require_role(actor, Role.ADMINISTRATOR)
    return DirectoryTables(_department_rows(session, today), _people_rows(session, today))


def _department_rows(session: Session, today: date) -> list[list[str]]:
    departments = {one.id: one for one in session.scalars(select(Department))}
    aliases: dict[int, list[str]] = defaultdict(list)
    old_names: dict[int, list[str]] = defaultdict(list)
    for name in session.scalars(select(DepartmentName).order_by(DepartmentName.id)):
        if name.valid_to is not None:
            old_names[name.department_id].append(write_dated_name(name.name, name.valid_from, name.valid_to))
        elif not name.is_official:
            aliases[name.department_id].append(name.name)
    groups: dict[int, list[str]] = defaultdict(list)
    lasting = or_(DepartmentMember.to_on.is_(None), DepartmentMember.to_on >= today)
    for time in session.scalars(select(DepartmentMember).where(lasting).order_by(DepartmentMember.id)):
        group = departments[time.group_id].name
        groups[time.member_id].append(write_dated_name(group, time.from_on, time.to_on))
    rows = []
    for department_id, _ in tree_order(session):
        one = departments[department_id]
        rows.append(
            [
                str(one.id),
                one.name,
                departments[one.parent_id].name if one.parent_id is not None else "",
                label(one.kind),
                label(one.level) if one.level is not None else "",
                BETWEEN.join(aliases[one.id]),
                BETWEEN.join(old_names[one.id]),
                BETWEEN.join(groups[one.id]),
                YES if one.needs_sign_off else NO,
                IN_USE if one.is_active else SWITCHED_OFF,
                one.name,
            ]
        )
    return rows


def _people_rows(session: Session, today: date) -> list[list[str]]:
    posts: dict[int, list[list[str]]] = defaultdict(list)
    held = (
        select(PersonPost, Department.name)
        .join(Department, Department.id == PersonPost.department_id)
        .where(or_(PersonPost.to_on.is_(None), PersonPost.to_on >= today))
        .order_by(PersonPost.id)
    )
    for post, department in session.execute(held):
        last = post.to_on.isoformat() if post.to_on else ""
        posts[post.person_id].append([department, label(post.role), post.from_on.isoformat(), last])
    people = session.scalars(select(Person).where(Person.is_active).order_by(Person.id))
    return [[one.username, one.name, one.email or "", *post] for one in people for post in posts[one.id] or [[""] * 4]]


def write_csv(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> bytes:
    """One table as text that spreadsheet programs open as it is meant: with its mark, and no cell calculated."""
    stream = StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(columns)
    writer.writerows([guarded(text) for text in row] for row in rows)
    return stream.getvalue().encode("utf-8-sig")


def write_workbook(tables: DirectoryTables) -> bytes:
    """Both tables with choices where there are any, and a sheet that says how to fill them in.

    Texts are written as texts, so that one that begins with ``=``, ``+``, ``-`` or ``@`` is never calculated.
    """
    stream = BytesIO()
    options = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(stream, options) as book:
        _write_table(book, DEPARTMENT_SHEET, DEPARTMENT_COLUMNS, tables.departments)
        _write_table(book, PEOPLE_SHEET, PEOPLE_COLUMNS, tables.people)
        _write_notes(book)
    return stream.getvalue()


def _write_table(book: Any, name: str, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    cell = {"font_name": "宋体", "font_size": 10, "valign": "top", "border": 1}
    head = book.add_format({**cell, "bold": True, "align": "center", "bg_color": "#E8EEF4"})
    text = book.add_format({**cell, "text_wrap": True, "num_format": "@"})
    empty = book.add_format({"font_name": "宋体", "font_size": 10, "valign": "top", "num_format": "@"})
    sheet = book.add_worksheet(name)
    last = len(rows) + SPARE_ROWS
    for x, column in enumerate(columns):
        hidden = {"hidden": True} if column is Column.KNOWN_AS else {}
        sheet.set_column(x, x, WIDTHS[column], empty, hidden)
        sheet.write_string(0, x, column.value, head)
        if column in CHOICES:
            sheet.data_validation(1, x, last, x, {"validate": "list", "source": list(CHOICES[column])})
    for y, row in enumerate(rows, start=1):
        # Programs that open the file do not all work out the height of wrapped text themselves.
        lines = max(_lines(value, WIDTHS[column]) for column, value in zip(columns, row, strict=True))
        sheet.set_row(y, min(LONGEST_HEIGHT, lines * LINE_POINTS + 2))
        for x, value in enumerate(row):
            sheet.write_string(y, x, value, text)
    printed = len(columns) - (1 if Column.KNOWN_AS in columns else 0) - 1
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(1, len(rows)), printed)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, max(1, len(rows)), printed)
    sheet.set_footer("&C&8第 &P 页，共 &N 页")


def _lines(text: str, width: int) -> int:
    """How many lines a text takes in a column; a Chinese character is two wide."""
    return max(1, -(-sum(2 if ord(char) > 0xFF else 1 for char in text) // width))


def _write_notes(book: Any) -> None:
    sheet = book.add_worksheet(NOTES_SHEET)
    bold = book.add_format({"font_name": "宋体", "bold": True, "valign": "top"})
    text = book.add_format({"font_name": "宋体", "text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 90)
    for y, (head, words) in enumerate(COLUMN_NOTES):
        sheet.write_string(y, 0, head, bold)
        sheet.write_string(y, 1, words, text)
    sheet.set_paper(A4)
    sheet.set_landscape()
