"""Requests for help (需协调): what counts as one, where it stands, and from when its silence is a fact."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from taskboard.domain.calendar import WorkingCalendar

ANSWER_LIMIT = 5
"""working days after which an unanswered request shows on the department's light"""


class HelpState(StrEnum):
    """Where a request stands: asked, decided with an owner, and its ends."""

    OPEN = "open"
    DECIDED = "decided"
    DONE = "done"
    WITHDRAWN = "withdrawn"


UNENDED = frozenset({HelpState.OPEN, HelpState.DECIDED})

_NOTHING = re.compile(
    r"(?:目前|现阶段|本期|本月|本周|当前)?(?:暂时?|尚|均)?(?:无|没有|不需要?|无需)(?:需要?)?"
    r"(?:上级|市里|领导)?(?:协调|帮助|支持|解决)?(?:的)?(?:事项|问题|内容|情况)?"
)
_OUTSIDE = re.compile(r"[\s。．.，,、；;：:！!（）()—\-/]+")


def asks_for_help(text: str) -> bool:
    """Whether a report's field asks for anything: many write 无 or 暂无需协调事项 into it."""
    said = _OUTSIDE.sub("", text)
    return bool(said) and said.casefold() not in ("none", "no", "na", "n/a") and _NOTHING.fullmatch(said) is None


def is_asked_already(text: str, open_texts: Iterable[str]) -> bool:
    """Whether the same words stand open: a report that repeats them asks for nothing new."""
    return _folded(text) in {_folded(one) for one in open_texts}


def answer_due_on(asked_on: date, calendar: WorkingCalendar) -> date:
    """The last day on which a request can be answered without showing on the light."""
    return calendar.add(asked_on, ANSWER_LIMIT)


def is_unanswered(asked_on: date, today: date, calendar: WorkingCalendar) -> bool:
    """Whether a request that is open today has waited for longer than it should."""
    return today > answer_due_on(asked_on, calendar)


def _folded(text: str) -> str:
    return _OUTSIDE.sub("", text).casefold()
