"""Which fields of a measure a person should look at before confirming it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from taskboard.domain.plan_parsing.clauses import Assigned
from taskboard.domain.plan_parsing.deadlines import Mention, Why
from taskboard.domain.plan_parsing.reading import Recurrence
from taskboard.domain.plan_parsing.units import Unit, looks_like_unit


@dataclass(frozen=True)
class Doubts:
    """What made the reading of a clause less certain."""

    several_clauses: bool = False
    from_below: bool = False
    prose: bool = False
    filled_down: bool = False
    stray: bool = False


TIME_WORDS = re.compile(r"(?:20\d\d年|\d{1,2}月|季度|年底|年内|半年|期末|[一二三四五六七八九十]月)")
RHYTHM_WORDS = re.compile(r"每(?:年|月|季|半年|周)|长期|常态|逐[月季年]|定期|持续推进|按[月季年]")


def doubtful_fields(
    assigned: Assigned,
    mention: Mention | None,
    *,
    others: Sequence[Mention],
    recurrence: Recurrence | None,
    text: str,
    doubts: Doubts,
    from_limit: bool,
) -> tuple[str, ...]:
    """The fields to look at, in a fixed order."""
    doubtful = {
        "lead": _lead_is_doubtful(assigned, doubts),
        "partners": _partners_are_doubtful(assigned, doubts),
        "deadline": _deadline_is_doubtful(mention, others, text, from_limit),
        "recurrence": _recurrence_is_doubtful(recurrence, text, from_limit),
    }
    return tuple(name for name, is_doubtful in doubtful.items() if is_doubtful)


def _lead_is_doubtful(assigned: Assigned, doubts: Doubts) -> bool:
    if doubts.several_clauses or doubts.from_below or doubts.prose or doubts.filled_down or doubts.stray:
        return True
    return not all(_is_plain_name(unit) for unit in assigned.leads)


def _partners_are_doubtful(assigned: Assigned, doubts: Doubts) -> bool:
    if doubts.several_clauses or doubts.stray or doubts.prose or doubts.filled_down:
        return True
    return not all(_is_plain_name(unit) for unit in assigned.partners)


def _is_plain_name(unit: Unit) -> bool:
    return (looks_like_unit(unit.said.plain) or unit.restored) and len(unit.name) <= 24


def _deadline_is_doubtful(mention: Mention | None, others: Iterable[Mention], text: str, from_limit: bool) -> bool:
    if mention is None:
        return not from_limit and bool(TIME_WORDS.search(text))
    if mention.why_not in (Why.YEAR_LOST, Why.NO_YEAR, Why.NO_DOCUMENT_DATE, Why.NO_CALENDAR, Why.IMPOSSIBLE):
        return True
    if from_limit:
        return mention.approximate
    different = any(other.date != mention.date for other in others if other.date is not None)
    return different or mention.bare_year or mention.is_start or mention.approximate


def _recurrence_is_doubtful(recurrence: Recurrence | None, text: str, from_limit: bool) -> bool:
    if recurrence is None:
        return bool(RHYTHM_WORDS.search(text)) and not from_limit
    kinds = {word[:2] for word in RHYTHM_WORDS.findall(text)}
    return not from_limit and (recurrence is Recurrence.ONGOING or len(kinds) > 1)
