"""Mails on their way: written with the change they tell of, delivered by a job."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.models.base import Base, UtcDateTime, string_enum

UNREAD = text("read_at IS NULL")
WAS_TOLD = text("told_in_id IS NOT NULL")


class OutboxMessage(Base):
    """One mail to one recipient: which template, and the facts it is rendered from.

    It is the recipient's message in the product as well, from the moment the row is written.

    The facts are frozen when the row is written; subject, text and HTML are filled in at the first attempt to deliver.

    It is claimed by a sender, which then holds it under a lease; from the moment it is *sending* it may have gone out.

    ``key`` is unique: a scheduled mail exists once per (person, kind, date), a notice once per act and recipient, so
    running a job twice writes nothing twice. ``message_id`` stays the same over all attempts.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        Index(None, "state", "next_attempt_at"),
        Index(None, "person_id", "created_at"),
        Index(None, "for_day"),
        Index(None, "claimed_at"),
        Index("ix_outbox_message_told", "told_in_id", sqlite_where=WAS_TOLD, postgresql_where=WAS_TOLD),
        Index("ix_outbox_message_unread", "person_id", sqlite_where=UNREAD, postgresql_where=UNREAD),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[MailKind] = mapped_column(string_enum(MailKind))
    person_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    to_address: Mapped[str] = mapped_column(String(254))
    """empty where no address of the person is known"""
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
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """when a sender last took it: what the limits per minute and hour count"""
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    claimed_by: Mapped[int | None] = mapped_column(default=None)
    """the scheduler's epoch; 0 for a sender started by hand"""
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    last_error: Mapped[str | None] = mapped_column(Text, default=None)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """when its recipient opened it in the product; what they did with the mail nobody knows"""
    told_in_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_message.id"), default=None)
    """the morning mail that carried a notice which was put off"""


class MailGate(Base):
    """The single row that says whether mail may leave just now. Senders lock it while they claim, one by one."""

    __tablename__ = "mail_gate"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    held_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """since when all mail is held until a person releases it; what waits since before may have gone out already"""
    failures: Mapped[int] = mapped_column(default=0)
    """how often in a row the mail server could not be talked to"""
    closed_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """when the mail server is asked again"""


class MailAddress(Base):
    """An address that refused mail for good, with how often since it last took one."""

    __tablename__ = "mail_address"

    address: Mapped[str] = mapped_column(String(254), primary_key=True)
    """in small letters"""
    failures: Mapped[int]
    failed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_error: Mapped[str] = mapped_column(Text)
    off_since: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """nothing is sent there any more until an administrator switches it on again"""


class Reminder(Base):
    """A reminder that was decided: once per (rule, assignment, deadline version, day counted from), whoever it went to.

    Rules that do not hang on the deadline have ``deadline_version`` 0: moving the deadline does not repeat them.
    """

    __tablename__ = "reminder"
    __table_args__ = (Index(None, "assignment_id"), Index(None, "decided_on"))

    rule: Mapped[str] = mapped_column(String(40), primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    deadline_version: Mapped[int] = mapped_column(primary_key=True)
    anchor_on: Mapped[date] = mapped_column(primary_key=True)
    """the day it is counted from: deadline, issue, submission"""
    due_on: Mapped[date]
    """the day the reminder fell due"""
    decided_on: Mapped[date]
    """the day it was decided: later than ``due_on`` after downtime"""


class ReplyReminder(Base):
    """A reminder of a reply that is owed on an instruction: once per (rule, duty, day of the reply)."""

    __tablename__ = "reply_reminder"

    rule: Mapped[str] = mapped_column(String(40), primary_key=True)
    duty_id: Mapped[int] = mapped_column(ForeignKey("instruction_duty.id"), primary_key=True)
    anchor_on: Mapped[date] = mapped_column(primary_key=True)
    """the day by which the reply was to come; a reply that came back has a new one"""
    due_on: Mapped[date]
    """the day the reminder fell due"""
    decided_on: Mapped[date]


class ReminderSnooze(Base):
    """A person wants to hear no more of an assignment on one day; on the next working day it comes again.

    ``in_a_row`` counts the working days without a break, for the limit and for the supervisors who read it.
    """

    __tablename__ = "reminder_snooze"
    __table_args__ = (Index(None, "assignment_id", "until_on"), Index(None, "until_on"))

    person_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    until_on: Mapped[date]
    """the next working day: from then on reminders come as ever"""
    in_a_row: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    told_again_on: Mapped[date | None] = mapped_column(default=None)
    """the day of the scheduled mail that said again what was put off"""
