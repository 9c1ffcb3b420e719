"""What formal orders say: their numbers, the texts that are suggested, and the words of the printed document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from taskboard.domain.orders import OrderKind
from taskboard.labels.times import day_words

SERIES: Mapping[OrderKind, str] = {
    OrderKind.ISSUE_NOTE: "交办",
    OrderKind.REMINDER_NOTE: "催办",
    OrderKind.YELLOW: "黄督",
    OrderKind.RED: "红督",
}

SUGGESTED: Mapping[OrderKind, str] = {
    OrderKind.ISSUE_NOTE: "现将“{title}”交由你单位{role}办理。请按{deadline}完成，并于{reply_by}前回复工作安排。",
    OrderKind.REMINDER_NOTE: "你单位{role}的“{title}”{lateness}。请抓紧办理，并于{reply_by}前回复办理情况。",
    OrderKind.YELLOW: "你单位{role}的“{title}”{lateness}，现予黄色督办。"
    "请说明逾期原因，提出整改措施和完成时间，并于{reply_by}前由负责人签字回复。",
    OrderKind.RED: "你单位{role}的“{title}”{lateness}，经督促仍未完成，现予红色督办。"
    "请主要负责人研究，说明原因、措施和完成时间，并于{reply_by}前由主要负责人签字回复。",
}


def order_number(kind: OrderKind, year: int, number: int) -> str:
    """``黄督〔2026〕3号``"""
    return f"{SERIES[kind]}〔{year}〕{number}号"


def lateness_words(due_on: date | None, days_late: int) -> str:
    """How the task stands against its deadline, for the middle of a sentence."""
    if due_on is None:
        return "尚未办结"
    if days_late:
        return f"时限为{day_words(due_on)}，已逾期{days_late}天"
    return f"时限为{day_words(due_on)}，尚未报送"


def suggested_text(
    kind: OrderKind, *, title: str, role: str, due_on: date | None, days_late: int, reply_by: date
) -> str:
    """The text that a supervisor begins with."""
    return SUGGESTED[kind].format(
        title=title,
        role=role,
        deadline=f"{day_words(due_on)}的时限" if due_on else "长期坚持的要求",
        lateness=lateness_words(due_on, days_late),
        reply_by=day_words(reply_by),
    )
