"""What the first look itself found doubtful while it read the clause and the time of one measure.

What the finished reading says against itself is the subject of ``second_look``, and what it left out of ``coverage``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from taskboard.domain.plan_parsing.clause_readings import Assigned
from taskboard.domain.plan_parsing.doubts import FIELDS, UNITS, Doubt, Found, add, in_order, no_doubts
from taskboard.domain.plan_parsing.mentions import Anchor, Mention, Why
from taskboard.domain.plan_parsing.numbering import has_stray_label
from taskboard.domain.plan_parsing.reading import Recurrence
from taskboard.domain.plan_parsing.text import squeezed
from taskboard.domain.plan_parsing.units import looks_like_unit


class Doubts(NamedTuple):
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
RHYTHM_WORDS = re.compile(r"每(?:年|月|季|半年|周)|(?<!中)长期|常态|逐[月季年]|定期|持续推进|按[月季年]|一[月季年]一")


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
) -> dict[str, tuple[Doubt, ...]]:
    """The fields to look at, each with the reasons."""
    found = no_doubts()
    if doubts.run_together or has_stray_label(text):
        add(found, Doubt.ITEMS_TOGETHER, FIELDS)
    if any(doubts):
        _judge_clause(found, doubts)
    _judge_names(found, assigned)
    if mention is None:
        if not from_limit and TIME_WORDS.search(text):
            add(found, Doubt.TIME_UNREAD, ["deadline"])
    else:
        _judge_mention(
            found, mention, text, others=() if from_limit else others, passed_over=passed_over, free=not from_limit
        )
    if limit:
        _judge_limit(found, mention, limit, anchor)
    if not from_limit:
        _judge_rhythm(found, recurrence, text)
    return in_order(found)


def _judge_clause(found: Found, doubts: Doubts) -> None:
    signs = (
        (doubts.several_clauses, Doubt.SEVERAL_CLAUSES),
        (doubts.prose, Doubt.CLAUSE_IN_PROSE),
        (doubts.filled_down, Doubt.CELL_FILLED_DOWN),
        (doubts.stray, Doubt.CLAUSE_UNREAD),
        (doubts.damaged, Doubt.CLAUSE_DAMAGED),
    )
    for holds, doubt in signs:
        if holds:
            add(found, doubt, UNITS)
    if doubts.from_below:
        add(found, Doubt.CLAUSE_BELOW, ["lead"])


LONGEST_NAME = 24
VERB_IN_NAME = re.compile(r"牵头|负责|配合|协办|主办|(?<!社会)责任|按职|[?:;]|单位.|\d")


def _judge_names(found: Found, assigned: Assigned) -> None:
    """A name that is none makes its whole clause doubtful: its words may belong to a neighbour."""
    for name, units in (("lead", assigned.leads), ("partners", assigned.partners)):
        for unit in units:
            if unit.glued:
                add(found, Doubt.NAMES_TOGETHER, UNITS)
            if unit.glued or not _is_plain_name(unit.name, unit.said.plain, unit.restored):
                add(found, Doubt.NAME_UNUSUAL, UNITS)
            if unit.restored and not unit.name.endswith(unit.said.clean[-2:]):
                add(found, Doubt.ENDING_RESTORED, [name])


@lru_cache(maxsize=4096)
def _is_plain_name(name: str, said: str, restored: bool) -> bool:
    if len(name) > LONGEST_NAME or said.count("(") != said.count(")"):
        return False
    if VERB_IN_NAME.search(said) and not re.fullmatch(r".{0,12}(?:责任|成员|直属|牵头)单位", said):
        return False
    return restored or looks_like_unit(said)


def _is_set(mention: Mention, text: str) -> bool:
    """到2025年, “十四五”期末: a year that the words themselves make a limit."""
    return text[: mention.start].endswith(("到", "至")) or mention.text.endswith(("末", "底"))


NO_DAY = frozenset({Why.YEAR_LOST, Why.NO_YEAR, Why.NO_DOCUMENT_DATE, Why.NO_CALENDAR, Why.IMPOSSIBLE})


def _judge_mention(
    found: Found,
    mention: Mention,
    text: str,
    *,
    others: Sequence[Mention],
    passed_over: Sequence[Mention],
    free: bool,
) -> None:
    """``free`` says that the deadline stands in the text and not in a field or column of its own."""
    if mention.why_not in NO_DAY:
        add(found, Doubt.DAY_UNKNOWN, ["deadline"])
        return
    if mention.approximate or (free and mention.bare_year and not _is_set(mention, text)):
        add(found, Doubt.LIMIT_LOOSE, ["deadline"])
    if not free:
        return
    later = mention.date is not None and any(one.date is not None and one.date > mention.date for one in passed_over)
    different = any(other.date != mention.date for other in others if other.date is not None)
    if later or different or mention.is_start:
        add(found, Doubt.SEVERAL_DATES, ["deadline"])


PLAIN_LIMIT = re.compile(
    r"(?:20\d\d[-/.]\d{1,2}(?:[-/.]\d{1,2})?|(?:到|至|于|力争|确保)?(?:20\d\d年?)?(?:[—\-~至/.]{0,2}(?:20\d\d年?)?)(?:第?[一二三四1-4]季度|[上下]半年|\d{1,2}月?份?|年|Q[1-4])?(?:\d{1,2}日?)?"
    r"(?:[年月]?[底末内])?(?:之?前|以前)?(?:完成)?|全年|今年|长期|持续|.{0,3}(?:持续|长期|常态|每).{1,10}|.{0,4}年[底末内]前?|立即.{0,4}|立行立改.{0,4}|Q[1-4]末?|.{0,10}起.{0,12}日内|.{1,10}季.{0,4}前)"
)


@lru_cache(maxsize=4096)
def _is_plain_limit(limit: str) -> bool:
    return PLAIN_LIMIT.fullmatch(BESIDE_LIMIT.sub("", squeezed(limit).strip("。;,"))) is not None


BESIDE_LIMIT = re.compile(
    r"[,、;](?:并|且)?(?:长期坚持|长期|持续推进|持续|常态化(?:推进)?)$|^(?:已完成|即知即改|即行即改)[,、;]|\([^()\d]{1,8}\)$"
)
"""what a limit says beside its day: 即知即改，长期坚持; 12月底前（序时推进）"""


def _judge_limit(found: Found, mention: Mention | None, limit: str, anchor: Anchor) -> None:
    """A time limit that says more than a period, or lies before the document."""
    if not _is_plain_limit(limit):
        add(found, Doubt.LIMIT_UNREAD, ["deadline"])
    day = mention.date if mention else None
    if day is not None and anchor.date is not None and day < anchor.date:
        add(found, Doubt.DAY_OUT_OF_RANGE, ["deadline"])


def _judge_rhythm(found: Found, recurrence: Recurrence | None, text: str) -> None:
    if recurrence is None:
        if RHYTHM_WORDS.search(text):
            add(found, Doubt.RHYTHM_UNREAD, ["recurrence"])
    elif len({word[:2] for word in RHYTHM_WORDS.findall(text)}) > 1:
        add(found, Doubt.RHYTHM_UNCLEAR, ["recurrence"])
