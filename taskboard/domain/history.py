"""What the trail keeps: its subjects, the acts that are no move of the workflow, and what never enters it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from taskboard.domain.workflow import Act


class Subject(StrEnum):
    """What an entry of the trail is about; its id is the one of that subject's table."""

    TASK = "task"
    PLAN = "plan"
    IMPORT = "import"
    DEPARTMENT = "department"
    RENAMING = "renaming"
    PERSON = "person"
    ACCOUNT = "account"
    MEETING = "meeting"
    CALENDAR = "calendar"
    """its id is the year"""
    SETTING = "setting"
    JOB = "job"
    MAIL = "mail"
    ROBOT = "robot"
    ROUNDUP = "roundup"
    TRAIL = "trail"
    """the trail itself: it was exported"""


class Change(StrEnum):
    """What was done where it is no act of the workflow. No member may be spelled like one of :class:`Act`."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    DISCARDED = "discarded"
    SWITCHED_ON = "switched_on"
    SWITCHED_OFF = "switched_off"
    RENAMED = "renamed"
    MERGED = "merged"
    MOVED = "moved"
    MEMBER_ADDED = "member_added"
    MEMBER_ENDED = "member_ended"
    POST_ADDED = "post_added"
    POST_ENDED = "post_ended"
    POST_REMOVED = "post_removed"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    PASSWORD_SET = "password_set"
    PASSWORD_CHANGED = "password_changed"
    SESSIONS_ENDED = "sessions_ended"
    LINK_MADE = "link_made"
    """a link by which somebody sets a password was made; what it says is not told"""
    LINK_WITHDRAWN = "link_withdrawn"
    RESET_ASKED = "reset_asked"
    WORK_HANDED_OVER = "work_handed_over"
    PORTFOLIO_ADDED = "portfolio_added"
    PORTFOLIO_REMOVED = "portfolio_removed"
    SET_UP = "set_up"
    READ = "read"
    """a document was handed in and read into a draft"""
    INSTRUCTED = "instructed"
    """a leader wrote an instruction"""
    INSTRUCTION_REPLIED = "instruction_replied"
    INSTRUCTION_ACCEPTED = "instruction_accepted"
    INSTRUCTION_RETURNED = "instruction_returned"
    INSTRUCTION_WITHDRAWN = "instruction_withdrawn"
    HELP_ASKED = "help_asked"
    HELP_DECIDED = "help_decided"
    HELP_DONE = "help_done"
    HELP_WITHDRAWN = "help_withdrawn"
    MEETING_PLANNED = "meeting_planned"
    MEETING_ENDED = "meeting_ended"
    ATTACHED = "attached"
    DETACHED = "detached"
    CONFIRMED = "confirmed"
    REVISED = "revised"
    EXPORTED = "exported"
    REQUEUED = "requeued"
    DROPPED = "dropped"
    MAIL_ARRIVED = "mail_arrived"
    """a person decided that a mail whose fate was not known has arrived"""
    BOUNCED = "bounced"
    """a mail came back for good"""
    MAIL_RELEASED = "mail_released"
    """mail that was held after a restore may leave again"""
    ORDERED = "ordered"
    """a formal order was confirmed and numbered"""
    ORDER_REPLIED = "order_replied"
    ORDER_REPLY_RETURNED = "order_reply_returned"
    ORDER_SETTLED = "order_settled"
    ORDER_WITHDRAWN = "order_withdrawn"
    REMINDED = "reminded"
    """a supervisor urged a department"""
    SNOOZED = "snoozed"
    """somebody wants to hear no more of a task on one day"""
    ABSENCE_ADDED = "absence_added"
    """when somebody is away and who hears for them"""
    ABSENCE_ENDED = "absence_ended"
    ROUNDUP_SENT = "roundup_sent"
    """a dispatch table or review pack was sent to chosen people"""
    RUN_REQUESTED = "run_requested"
    RUN_BY_HAND = "run_by_hand"


RecordedAct = Act | Change

HIDDEN = "***"
"""stands in the trail where a value was there and is not told"""

_SECRET = re.compile(
    r"password|passwd|secret|token|hash|salt|session|cookie|credential|"
    r"id_card|id_number|identity_number|passport|mobile|phone|bank_card"
)
_NOT_SECRET = frozenset({"sha256"})

# GB 11643: six digits of the place, the day of birth, three digits, a check character.
_ID_CARD = re.compile(
    r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dA-Za-z])"
)
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")


def is_secret(field: str) -> bool:
    """Whether a field of this name is one whose value never enters the trail: passwords, tokens, personal numbers."""
    return field not in _NOT_SECRET and _SECRET.search(field.lower()) is not None


def without_numbers(text: str) -> str:
    """The text with ID card and mobile numbers made unreadable; people write them into reasons."""
    return _MOBILE.sub(_masked, _ID_CARD.sub(_masked, text))


def fit_to_keep(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the trail keeps them: plain JSON, secrets hidden, personal numbers unreadable."""
    return {name: HIDDEN if is_secret(name) and value is not None else _fit(value) for name, value in values.items()}


def _fit(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, str):
        return without_numbers(value)
    if isinstance(value, Mapping):
        return fit_to_keep({str(name): one for name, one in value.items()})
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_fit(one) for one in value]
    return value


def _masked(found: re.Match[str]) -> str:
    number = found[0]
    return number[:3] + "*" * (len(number) - 5) + number[-2:]
