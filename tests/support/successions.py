"""Departments that follow others, as the usual administrator does it: looked at, then carried out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from taskboard.domain.departments import SuccessionKind
from taskboard.models import Department, DepartmentSuccession
from taskboard.services import successions
from taskboard.services.successions import SuccessionOrder, SuccessionPreview
from tests.support.factories import NOW, Usual

TODAY = date(2026, 11, 23)


def preview(
    session: Session, usual: Usual, old: Department, *new: Department, kind: SuccessionKind | None = None
) -> SuccessionPreview:
    """What would move: a merger where one department follows, a split where several do."""
    return successions.preview_succession(
        session,
        old.id,
        [one.id for one in new],
        kind=kind or _usual_kind(new),
        from_on=TODAY,
        actor=usual.actor("sun"),
        today=TODAY,
    )


def order_for(session: Session, usual: Usual, old: Department, *new: Department, **changed: object) -> SuccessionOrder:
    """The order that agrees to the preview, with changes."""
    seen = preview(session, usual, old, *new)
    order = SuccessionOrder(
        [one.id for one in new], from_on=TODAY, reason="机构改革方案", mark=seen.mark, kind=_usual_kind(new)
    )
    return replace(order, **changed)  # type: ignore[arg-type]


def carry_out(
    session: Session,
    usual: Usual,
    old: Department,
    order: SuccessionOrder,
    key: str | None = None,
    *,
    moment: datetime = NOW,
) -> DepartmentSuccession:
    return successions.carry_out_succession(
        session, old.id, order, request_key=key, actor=usual.actor("sun"), now=moment, entrance="test"
    )


def merge(
    session: Session, usual: Usual, old: Department, new: Department, *, moment: datetime = NOW
) -> DepartmentSuccession:
    return carry_out(session, usual, old, order_for(session, usual, old, new), moment=moment)


def _usual_kind(new: tuple[Department, ...]) -> SuccessionKind:
    return SuccessionKind.MERGER if len(new) == 1 else SuccessionKind.SPLIT
