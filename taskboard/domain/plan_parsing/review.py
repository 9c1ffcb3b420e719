"""Which fields of a measure a person should look at before confirming it.

Each sign of doubt stands for a way in which readings go wrong: words of a clause that are left over, names that no
other department has, dates that were passed over, items that ran together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from taskboard.domain.plan_parsing.clauses import Assigned
from taskboard.domain.plan_parsing.deadlines import Anchor, Mention, Why
from taskboard.domain.plan_parsing.reading import ParsedMeasure, Recurrence
from taskboard.domain.plan_parsing.text import read_text
from taskboard.domain.plan_parsing.units import Unit, looks_like_unit
from taskboard.domain.plan_parsing.vocabulary import is_familiar


@dataclass(frozen=True)
class Doubts:
    """What made the reading of a clause less certain."""

    several_clauses: bool = False
    from_below: bool = False
    prose: bool = False
    filled_down: bool = False
    stray: bool = False
    damaged: bool = False
    """a mark of the clause is lost, or its place in a row was guessed"""
    run_together: bool = False
    """more text follows the clause, as when two items became one"""


TIME_WORDS = re.compile(
    r"(?:20\d\d年|\d{1,2}月|(?<!每)(?<!每个)季度|年底|年内|半年|期末|[一二三四五六七八九十]月|月底|全年)"
)
RHYTHM_WORDS = re.compile(r"每(?:年|月|季|半年|周)|长期|常态|逐[月季年]|定期|持续推进|按[月季年]|一[月季年]一")
LEFT_OVER = re.compile(
    r"(?:责任|牵头|配合|主办|协办|协同|主责|承办|参与)(?:单位?|部门?|处室|科室)|(?:牵头|配合)[:;]|[局委厅办部](?:牵头|负责|配合|参与|协助)"
    r"|[(\[][^()\[\]]{0,60}[局委厅](?:[、,][^()\[\]]{2,60})?(?:$|\n)|[局委厅][、,][省市县区][^,。、;]{1,10}[局委厅](?:[、,)\]。\n]|$)"
)
"""words of a clause in a text from which all clauses were taken"""
INSIDE_ITEM = re.compile(
    r"[。;\n]\s*(?:\d{1,2}[.、]|[(][一二三四五六七八九十]{1,2}[)]|[一二三四五六七八九十]{1,2}、)[\u4e00-\u9fff]{2}"
)
"""a label of the outline in the middle of a text"""


def doubtful_fields(
    assigned: Assigned,
    mention: Mention | None,
    *,
    others: Sequence[Mention],
    passed_over: Sequence[Mention],
    limit: str,
    anchor: Anchor,
    recurrence: Recurrence | None,
    text: str,
    doubts: Doubts,
    from_limit: bool,
) -> tuple[str, ...]:
    """The fields to look at, in a fixed order."""
    clause = (
        doubts.several_clauses
        or doubts.prose
        or doubts.filled_down
        or doubts.stray
        or doubts.damaged
        or doubts.run_together
        or any(not _is_plain_name(unit) for unit in (*assigned.leads, *assigned.partners))
        or (bool(assigned.leads or assigned.partners) and bool(LEFT_OVER.search(text)))
    )
    two_items = doubts.run_together or bool(INSIDE_ITEM.search(text))
    doubtful = {
        "lead": clause or doubts.from_below or two_items,
        "partners": clause or two_items,
        "deadline": two_items
        or _deadline_is_doubtful(mention, others, passed_over, text, from_limit)
        or _limit_is_doubtful(mention, limit, anchor),
        "recurrence": two_items or _recurrence_is_doubtful(recurrence, text, from_limit),
    }
    return tuple(name for name, is_doubtful in doubtful.items() if is_doubtful)


VERB_IN_NAME = re.compile(r"牵头|负责|配合|协办|主办|责任|按职|[?:;]|单位.|\d")


def _is_plain_name(unit: Unit) -> bool:
    plain = unit.said.plain
    if unit.glued or len(unit.name) > 24 or plain.count("(") != plain.count(")"):
        return False
    if VERB_IN_NAME.search(plain) and not re.fullmatch(r".{0,12}(?:责任|成员|直属)单位", plain):
        return False
    return unit.restored or looks_like_unit(plain)


def _deadline_is_doubtful(
    mention: Mention | None,
    others: Sequence[Mention],
    passed_over: Sequence[Mention],
    text: str,
    from_limit: bool,
) -> bool:
    if mention is None:
        return not from_limit and bool(TIME_WORDS.search(text))
    if mention.why_not in (Why.YEAR_LOST, Why.NO_YEAR, Why.NO_DOCUMENT_DATE, Why.NO_CALENDAR, Why.IMPOSSIBLE):
        return True
    if from_limit:
        return mention.approximate
    later = mention.date is not None and any(one.date is not None and one.date > mention.date for one in passed_over)
    different = any(other.date != mention.date for other in others if other.date is not None)
    return later or different or mention.bare_year or mention.is_start or mention.approximate


PLAIN_LIMIT = re.compile(
    r"(?:(?:到|至|于|力争|确保)?(?:20\d\d年?)?(?:[—\-~至/.]{0,2}(?:20\d\d年?)?)(?:第?[一二三四1-4]季度|[上下]半年|\d{1,2}月?|年)?(?:\d{1,2}日?)?"
    r"(?:[年月]?[底末内])?(?:之?前|以前)?(?:完成)?|全年|今年|长期|持续|.{0,3}(?:持续|长期|常态|每).{1,10}|.{0,4}年[底末内]前?|立即.{0,4}|立行立改.{0,4}|Q[1-4]末?|.{0,10}起.{0,12}日内|.{1,10}季.{0,4}前)"
)


def _limit_is_doubtful(mention: Mention | None, limit: str, anchor: Anchor) -> bool:
    """A time limit that says more than a period, names several, or lies before the document."""
    if not limit:
        return False
    if not PLAIN_LIMIT.fullmatch("".join(limit.split()).strip("。;,")):
        return True
    day = mention.date if mention else None
    return day is not None and anchor.date is not None and day < anchor.date


def _recurrence_is_doubtful(recurrence: Recurrence | None, text: str, from_limit: bool) -> bool:
    if recurrence is None:
        return bool(RHYTHM_WORDS.search(text)) and not from_limit
    kinds = {word[:2] for word in RHYTHM_WORDS.findall(text)}
    return not from_limit and (recurrence is Recurrence.ONGOING or len(kinds) > 1)


# --- doubts that only the whole document shows ----------------------------------------------------

FEWEST_TO_COMPARE = 4
USUAL = 0.75
NEARLY_ALL = 0.85


def marked_by_comparison(measures: Sequence[ParsedMeasure]) -> list[ParsedMeasure]:
    """The measures with further marks: names that neither other measures nor common departments have, and gaps."""
    known = Counter(name for one in measures for name in {*one.lead, *one.partners})
    with_units = [one for one in measures if one.lead or one.partners]
    if not with_units:
        return list(measures)
    comparable = len(with_units) >= FEWEST_TO_COMPARE
    partners_usual = comparable and sum(bool(one.partners) for one in with_units) >= USUAL * len(with_units)
    timed = sum(bool(one.deadline_text or one.recurrence) for one in with_units)
    times_usual = comparable and timed >= NEARLY_ALL * len(with_units)
    return [_compared(one, known, partners_usual=partners_usual, times_usual=times_usual) for one in measures]


def _compared(measure: ParsedMeasure, known: Counter[str], *, partners_usual: bool, times_usual: bool) -> ParsedMeasure:
    marks = set(measure.review)
    for name, units in (("lead", measure.lead), ("partners", measure.partners)):
        if any(known[unit] < 2 and not is_familiar(read_text(unit).plain) for unit in units):
            marks.add(name)
    if not measure.lead:
        marks |= {"lead", "partners"}
    if partners_usual and not measure.partners:
        marks.add("partners")
    if times_usual and not (measure.deadline_text or measure.recurrence):
        marks.add("deadline")
    ordered = tuple(name for name in ("lead", "partners", "deadline", "recurrence") if name in marks)
    return measure if ordered == measure.review else replace(measure, review=ordered)
