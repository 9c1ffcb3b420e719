"""How often a measure comes back: 每月, 每季度, 每年, 长期坚持; and the words that only look like it."""

from __future__ import annotations

import re
from functools import lru_cache

from taskboard.domain.plan_parsing.reading import Recurrence

PAID = (
    "(?:最高|可|将|再|按)?(?:资助|补助|补贴|奖励|奖补|给予|缴纳|缴费|缴存|发放)[^,。;]{0,12}元"
    "|(?:最高|不超过|不低于|不高于|不少于|不得超过)[^,。;]{0,12}元"
    r"|(?:支持|扶持|返还|减免|贴息)(?:约|近)?\d{1,6}(?:\.\d{1,4})?[万亿]{0,2}元"
)
"""what a year or month is only the measure of (每年资助不超过3000万元)"""
EACH = "(?<!每人)(?<!每户)(?<!每亩)(?<!每生)(?<!每家)(?<!每头)"
"""每人每年: a rate"""
MONTHLY = re.compile(
    rf"{EACH}每(?:个)?月(?!{PAID})"
    r"(?!\d{1,6}(?:\.\d+)?万?元|人均|每人|工资|补助\d|给予\d)|逐月|按月(?!薪)|一月一|月月|月(?:调度|通报|报告|督查|排名|评比|例会|分析)(?!会)(?=[、,。;]|季|制)"
)
QUARTERLY = re.compile(
    r"每(?:个)?季度?(?!\d{1,6}万?元)|逐季|按季度?|一季度?一|季(?:度)?(?:通报|督查|评估|点评|会商)(?=[、,。;]|年|半年|制)"
)
YEARLY = re.compile(
    rf"{EACH}每(?:一)?年(?!{PAID})"
    r"(?!均|\d{1,6}(?:\.\d+)?万?元|每人|人均|度?\d+(?:\.\d+)?%|增长|递增|下降|提高\d)|逐年(?!增|提|下|减|降|上)|一年一|年年(?![底末内初终])"
)
ONGOING_ACTION = re.compile(
    r"长期坚持|长期抓|常抓不懈|长期(?:开展|推进|实施|保持|落实|包保|包联|管护|监测|跟踪|监管|治理|巡查|巡护|值守|管控|帮扶|驻守|盯防|排查|抓好|抓实|执行)(?!的|机制|体系|制度|规划|站|点|网|数据|平台|队伍|方案)|常态化(?!疫情|防控|条件|下|机制|制度|监管机制|的)|常年(?:开展|坚持|保持)|坚持不懈|持续推进(?=[。;,!]|$)|长期任务|常态长效"
)
MAY_COME_BACK = re.compile(r"[每逐按月季年常期懈续]")
"""one of these stands in each rhythm, and in few of the other texts"""
ONGOING_LIMIT = re.compile(r"长期|持续|常态|常年|日常|始终|经常|不间断|一以贯之|贯穿")


@lru_cache(maxsize=4096)
def recurrence_in_limit(plain: str) -> Recurrence | None:
    """What a time limit such as 每季度 or 持续推进 says, which a ledger repeats; nothing for a plain date."""
    if re.search(r"每月|按月|逐月", plain):
        return Recurrence.MONTHLY
    if re.search(r"每(?:个)?季|按季|逐季", plain):
        return Recurrence.QUARTERLY
    if re.search(r"每年|每一?年度|逐年|按年", plain):
        return Recurrence.YEARLY
    if ONGOING_LIMIT.search(plain):
        return Recurrence.ONGOING
    return None


def recurrence_in_text(plain: str) -> tuple[Recurrence, int, int] | None:
    """The rhythm that a measure's own action has, with its place; the shortest one when several are named."""
    if not MAY_COME_BACK.search(plain):
        return None
    for period, pattern, recurrence in RHYTHMS:
        found = pattern.search(plain) if period in plain else None
        if found:
            return recurrence, found.start(), found.end()
    return None


RHYTHMS = (
    ("月", MONTHLY, Recurrence.MONTHLY),
    ("季", QUARTERLY, Recurrence.QUARTERLY),
    ("年", YEARLY, Recurrence.YEARLY),
    ("", ONGOING_ACTION, Recurrence.ONGOING),
)
"""the period that stands in all words of a rhythm, and these; the shortest first"""
