"""A time limit that stands by itself, in a field or a column of its own: 6月底完成, 持续推进."""

from __future__ import annotations

import re
from datetime import date

from msgspec import structs

from taskboard.domain.plan_parsing.mentions import MENTION, Anchor, Mention, Why, read_mention, read_year

LIMIT_WORDS = re.compile(
    r"(?:[于在到至]|力争|确保|原则上|并|,|、|。|;|\s|完成|全面|基本|落实|到位|整改|取得|明显成效|阶段性|销号|办结|建成|全部|任务"
    r"|以前|之前|前|底|长期|坚持|持续|推进|常态化|每年|每季度|每季|每月|每半年|每周|每|之后|全年|开展|实施|\(|\)|\[|\]|“|”"
    r"|分年度|逐年|按年度|按季度|按月|及时|随时|适时|按要求|按时|按期|根据|工作|进度|时间|期限|需|要|须|应|年度|一次|报告)+"
)


OF_TIME = re.compile(r"[年月季期前底日天周持每常立即逐按Q]")


def is_time_limit(plain: str) -> bool:
    """Whether the words are only a time limit: 6月底完成, 2025年底前, 持续推进."""
    words = plain.strip()
    if not 2 <= len(words) <= 40 or not OF_TIME.search(words):
        return False
    rest = MENTION.sub("", words)
    if rest == words and not re.match(r"^(?:长期|持续|常态化|每[年季月周]|全年|按[月季年]|分年度|逐[月年])", words):
        return False
    return not LIMIT_WORDS.sub("", rest).strip()


def read_time_limit(plain: str, anchor: Anchor) -> Mention | None:
    """What a column or a field 完成时限 says: the latest day it names, else its first words about time."""
    if plain not in anchor.limits:
        anchor.limits[plain] = _time_limit(plain, anchor)
    return anchor.limits[plain]


def _time_limit(plain: str, anchor: Anchor) -> Mention | None:
    mentions = []
    inherited: int | None = None
    comes_back_until = -1
    for found in MENTION.finditer(plain):
        before = plain[max(0, found.start() - 3) : found.start()]
        mention = read_mention(found, anchor, inherited)
        if mention is None:
            continue
        goes_on = comes_back_until >= 0 and AND.fullmatch(plain, comes_back_until, found.start())
        if goes_on or re.search(r"每年?$|每$", before):
            mention = Mention(mention.start, mention.end, mention.text, None, Why.RECURRING)
            comes_back_until = mention.end
        if found["sy"]:
            inherited = read_year(found["sy"], anchor)
        if mention.date is not None and mention.year_stated:
            inherited = mention.date.year
        mentions.append(mention)
    dated = [mention for mention in mentions if mention.date is not None and not _is_start_of(plain, mention)]
    if dated:
        return max(dated, key=lambda mention: mention.date or date.min)
    # Only a start is named (3月1日起施行): words of time, but no day that anything is due at.
    return structs.replace(mentions[0], date=None, why_not=mentions[0].why_not or Why.NOT_FIXED) if mentions else None


AND = re.compile(r"\s?[、,和及与]\s?")


def _is_start_of(plain: str, mention: Mention) -> bool:
    after = plain[mention.end : mention.end + 12]
    return bool(re.match(r"(?:起|开始|启动|开工)", after)) and not mention.text.endswith("前")
