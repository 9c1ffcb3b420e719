"""The sections and parts of a digest as facts of a mail: plain JSON values."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import days_left
from taskboard.domain.digests import Part, Row, Section
from taskboard.domain.mail_items import Item
from taskboard.domain.reply_reminders import OwedReply


def item_facts(item: Item, *, today: date, calendar: WorkingCalendar) -> dict[str, Any]:
    """One row, as plain JSON values."""
    due = _due_facts(item.due_on, today, calendar)
    return {
        "assignment_id": item.assignment_id,
        "task_id": item.task_id,
        "title": item.title,
        "plan": item.plan,
        "department": item.department,
        "role": str(item.role),
        "state": str(item.state),
        "due_on": due.due_on,
        "origin": str(item.origin),
        "is_ongoing": item.is_ongoing,
        "is_overdue": item.is_overdue(today),
        "days_left": due.days_left,
        "working_days_left": due.working_days_left,
        "is_estimated": due.is_estimated,
        "issued_on": item.issued_on.isoformat(),
        "waiting_since": item.waiting_since.isoformat() if item.waiting_since else None,
        "extension_asked_on": item.extension_asked_on.isoformat() if item.extension_asked_on else None,
        "submitted_on": item.submitted_on.isoformat() if item.submitted_on else None,
        "help_asked_on": item.help_asked_on.isoformat() if item.help_asked_on else None,
        "report_due_on": item.report_due_on.isoformat() if item.report_due_on else None,
        "is_report_late": item.report_due_on is not None and item.report_due_on < today,
        "review_on": item.review_on.isoformat() if item.review_on else None,
        "returned_on": item.returned_on.isoformat() if item.returned_on else None,
    }


class _DueFacts(NamedTuple):
    """What a row says of its deadline."""

    due_on: str | None
    days_left: int | None
    working_days_left: int | None
    is_estimated: bool


@lru_cache(maxsize=2048)
def _due_facts(due_on: date | None, today: date, calendar: WorkingCalendar) -> _DueFacts:
    """Thousands of rows share their days."""
    if due_on is None:
        return _DueFacts(None, None, None, False)
    working_days_left = calendar.between(today, due_on)
    return _DueFacts(due_on.isoformat(), days_left(due_on, today), working_days_left, calendar.is_estimated(due_on))


def reply_facts(owed: OwedReply, *, today: date, calendar: WorkingCalendar) -> dict[str, Any]:
    """One reply that is owed or waits, as plain JSON values."""
    return {
        "instruction_id": owed.instruction_id,
        "title": owed.title,
        "text": owed.text,
        "plan": owed.plan,
        "department": owed.department,
        "addressee": owed.addressee.value,
        "author": owed.author,
        "due_on": owed.due_on.isoformat(),
        "days_left": days_left(owed.due_on, today),
        "working_days_left": calendar.between(today, owed.due_on),
        "is_overdue": owed.is_overdue(today),
        "replied_on": owed.replied_on.isoformat() if owed.replied_on else None,
    }


def _row_facts(row: Row, *, today: date, calendar: WorkingCalendar) -> dict[str, Any]:
    if isinstance(row, OwedReply):
        return reply_facts(row, today=today, calendar=calendar)
    return item_facts(row, today=today, calendar=calendar)


def section_facts(section: Section, *, today: date, calendar: WorkingCalendar) -> dict[str, Any]:
    return {
        "code": str(section.code),
        "count": section.count,
        "rows": [_row_facts(row, today=today, calendar=calendar) for row in section.items],
    }


def part_facts(part: Part, *, today: date, calendar: WorkingCalendar) -> dict[str, Any]:
    most = max((bar.now for bar in part.bars), default=0)
    return {
        "hat": part.hat.value,
        "figures": [{"code": one.code.value, "now": one.now, "before": one.before} for one in part.figures],
        "sections": [section_facts(one, today=today, calendar=calendar) for one in part.sections],
        "bars": [
            {"department": one.department, "now": one.now, "before": one.before, "percent": 100 * one.now // most}
            for one in part.bars
        ],
    }
