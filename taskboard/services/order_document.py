"""An order as the document that is printed, signed and sent: the same words as on its page, frozen when it was made."""

from __future__ import annotations

from datetime import date

from taskboard.documents.docx_writing import Align, Face, Grid, Line, write_docx
from taskboard.domain.local_time import local_date
from taskboard.domain.orders import OrderKind, OrderState
from taskboard.labels import label
from taskboard.labels.times import day_words
from taskboard.services.orders import OrderDetail

RED = "C00000"
AMBER = "B07D00"
COLOURS = {OrderKind.YELLOW: AMBER, OrderKind.RED: RED}


def write_order(detail: OrderDetail) -> bytes:
    """The order as .docx, with room for the reply and the signature; one that was withdrawn says so on top."""
    order = detail.order
    confirmed_on = local_date(order.confirmed_at)
    late = max(0, (confirmed_on - order.task_due_on).days) if order.task_due_on else 0
    title = f"{label(order.kind)} {detail.number}"
    withdrawn = [Line("（本单已撤回，编号保留）", Align.CENTRE, Face.HEAD, colour=RED)]
    parts: list[Line | Grid] = [
        Line(detail.body, Align.CENTRE, Face.TITLE, 26, RED, is_ruled=True),
        *(withdrawn if order.state is OrderState.WITHDRAWN else []),
        Line(label(order.kind), Align.CENTRE, Face.TITLE, 22, COLOURS.get(order.kind)),
        Line(detail.number, Align.CENTRE),
        Line(f"{detail.department}："),
        *(Line(text, is_indented=True) for text in order.text.split("\n") if text.strip()),
        Grid(
            (
                ("督查事项", order.title),
                ("来源", f"《{detail.plan}》"),
                ("承办单位", f"{detail.department}（{label(detail.role)}）"),
                ("完成时限", _deadline(order.task_due_on, late)),
                ("回复时限", day_words(order.due_on)),
            )
        ),
        Line(detail.body, Align.RIGHT),
        Line(day_words(confirmed_on), Align.RIGHT),
        Grid((("承办单位\n回复", order.reply or ""),), lowest=26),
        Line("单位负责人（签字）：　　　　　　　　　　年　　月　　日", Align.RIGHT, points=14),
    ]
    return write_docx(parts, title=title)


def _deadline(due_on: date | None, late: int) -> str:
    if due_on is None:
        return "长期坚持"
    return f"{day_words(due_on)}（已逾期{late}天）" if late else day_words(due_on)
