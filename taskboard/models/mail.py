"""Mails on their way: written with the change they tell of, delivered by a job."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.models.base import Base, UtcDateTime, string_enum


class OutboxMessage(Base):
    """One mail to one recipient: which template, and the facts it is rendered from.

    The facts are frozen when the row is written; subject, text and HTML are filled in at the first attempt to deliver.

    ``key`` is unique: a scheduled mail exists once per (person, kind, date), a notice once per act and recipient, so
    running a job twice writes nothing twice. ``message_id`` stays the same over all attempts.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        Index(None, "state", "next_attempt_at"),
        Index(None, "person_id", "created_at"),
        Index(None, "for_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[MailKind] = mapped_column(string_enum(MailKind))
    person_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    to_address: Mapped[str] = mapped_column(String(254))
    template: Mapped[str] = mapped_column(String(40))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    for_day: Mapped[date | None] = mapped_column(default=None)
    """the working day a scheduled mail was made for; empty for notices"""
    state: Mapped[OutboxState] = mapped_column(string_enum(OutboxState), default=OutboxState.QUEUED)
    subject: Mapped[str | None] = mapped_column(String(400), default=None)
    text: Mapped[str | None] = mapped_column(Text, default=None)
    html: Mapped[str | None] = mapped_column(Text, default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    last_error: Mapped[str | None] = mapped_column(Text, default=None)


class Reminder(Base):
    """A reminder that was decided: once per (rule, assignment, deadline version, day counted from), whoever it went to.

    Rules that do not hang on the deadline have ``deadline_version`` 0: moving the deadline does not repeat them.
    """

    __tablename__ = "reminder"
    __table_args__ = (Index(None, "decided_on"),)

    rule: Mapped[str] = mapped_column(String(40), primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    deadline_version: Mapped[int] = mapped_column(primary_key=True)
    anchor_on: Mapped[date] = mapped_column(primary_key=True)
    """the day it is counted from: deadline, issue, submission"""
    due_on: Mapped[date]
    """the day the reminder fell due"""
    decided_on: Mapped[date]
    """the day it was decided: later than ``due_on`` after downtime"""
