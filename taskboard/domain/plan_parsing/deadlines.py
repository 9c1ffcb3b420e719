"""Deadlines in running text: which of the days that a measure names end it, and which are facts, names or starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date

from msgspec import structs

from taskboard.domain.plan_parsing.brackets import outer_groups
from taskboard.domain.plan_parsing.mentions import (
    BEFORE,
    MENTION,
    SOME_TIME,
    Anchor,
    Mention,
    Why,
    read_mention,
    read_year,
)

COMPLETES = re.compile(
    r"完成|建成|实现|达到|达标|出台|投用|投产|投运|投入使用|形成|上线|交付|通车|验收|竣工|覆盖|全部|全面|基本|创建|突破|超过"
    r"|不低于|不少于|到位|制定|印发|新增|新建|累计|引进|培育|办结|清零|销号|整改|建立|开通|推出|提升到|提高到|压缩|降至|降到"
    r"|公布|发布|落实|报送|清理|培训|组织|举办|打造|争创|力争|确保"
)
ACTS = re.compile(
    r"完成|新增|新建|建成|实现|引进|培育|举办|组织|开展|达到|力争|确保|争取|培训|打造|改造|推出|建设|新开|支持|办理|发放|突破"
    r"|带动|创建|整治|检查|抽查|安排|计划|拟|共|再|开工|扶持|改扩建|接待|招引|认定|推广|更新|种植|治理|压减|投放|服务|销售"
    r"|累计|评选|选派|选树"
)
BASE_YEAR = re.compile(r"(?:较|比|同比|相比|对比|超过|高于|低于|优于|好于|以|与|按)$")
SINCE = re.compile(r"^(?:\d{1,2}月)?(?:\d{1,2}日)?(?:\(含\))?,?(?:起|以来|开始|始|以后|之后|后起|起施行)")
FROM = re.compile(r"(?:自|从|截至|截止|据|根据|按照|依据)$")
RECURRING_BEFORE = re.compile(r"(?:每|每年|每年的|每季度|每个|逐年|次|各)$")
NAMED = re.compile(
    r"^(?:度)?(?:的)?[\u4e00-\u9fff“”\"、]{0,18}?(?:计划|方案|工作要点|要点|评价工作|评估工作|考核工作|版|修订|修正|标准|规划"
    r"|名单|目录|报告|统计|数据|审计|清单|水平|基数|基期|期间|第[一二三四]?批|项目库|指标)(?=[,。;、)》”的及和与中]|$)"
)
PAST = re.compile(r"^[^。;]{0,24}?(?:已经|已(?!有)|共发生|发生了?|水毁|累计实现了|以来|期间,我|,我[市省县区]有)")
STARTS = re.compile(r"^[^。;,]{0,12}?(?:启动|开工|动工|开始|施行|起施行|实施起|起执行|试运行启动)")
TITLE_MARKS = re.compile(r"[《》]")


def find_deadlines(
    plain: str, anchor: Anchor, *, heading_end: int = 0, passed_over: list[Mention] | None = None
) -> list[Mention]:
    """The deadlines that a measure's own text states, in order; dates that are facts, names or starts are left out.

    ``passed_over`` receives those left out, which a person may judge otherwise.
    """
    mentions: list[Mention] = []
    if not SOME_TIME.search(plain):
        return mentions
    titles = iter(outer_groups(plain, TITLE_MARKS))
    title = next(titles, None)
    inherited: int | None = None
    for found in MENTION.finditer(plain):
        while title is not None and title.end <= found.start():
            title = next(titles, None)
        if title is not None and title.start < found.start():
            continue
        mention = read_mention(found, anchor, inherited)
        if mention is None or (mention.bare_year and found.end() <= heading_end):
            continue
        judged = _judged(plain, found, mention, anchor)
        if judged is None:
            if passed_over is not None:
                passed_over.append(mention)
            continue
        mention = judged
        if found["sy"]:
            # 2025年汛期前（6月10日前）: the season has no day, but its year holds for the one behind it.
            inherited = read_year(found["sy"], anchor)
        if mention.date is not None and mention.year_stated:
            inherited = mention.date.year
        mentions.append(mention)
    return mentions


def _judged(plain: str, found: re.Match[str], mention: Mention, anchor: Anchor) -> Mention | None:
    """The mention as a deadline, or nothing when it is a fact, a start, a name or an activity."""
    # Copies out of PDF files set spaces beside figures: 。 6 月底前 完成.
    before = plain[max(0, found.start() - 8) : found.start()].replace(" ", "")
    after = plain[found.end() : found.end() + 40].replace(" ", "")
    if RECURRING_BEFORE.search(before):
        return _recurring(found, mention, before)
    if mention.why_not in (Why.YEAR_LOST, Why.NOT_FIXED):
        return mention
    if _is_fact(found, before, after, is_ahead=_is_ahead(mention, anchor)):
        return None
    if PHASE.search(before) or _is_past(mention, anchor) or not _is_limit(before, after, found):
        return None
    starts = STARTS.match(after) and not found.group().endswith("前")
    return structs.replace(mention, is_start=True) if starts else mention


def _recurring(found: re.Match[str], mention: Mention, before: str) -> Mention | None:
    """每年10月底前: words of time, but no day; 每年10月 is only a rhythm."""
    limits = found["mbefore"] or found["mend"] or found["yearend"] or found.group().endswith("前")
    if not (limits and before.endswith("年") and (found["month"] or found["day"] or found["yearend"])):
        return None
    return Mention(mention.start, mention.end, "每年" + mention.text, None, Why.RECURRING)


PHASE = re.compile(r"其中[,:]?$")
"""改造80家，其中2024年改造30家: what only a part is due at"""
UP_TO = re.compile(r"截[至止]$")


def _is_ahead(mention: Mention, anchor: Anchor) -> bool:
    return mention.date is not None and anchor.date is not None and mention.date > anchor.date


def _is_fact(found: re.Match[str], before: str, after: str, *, is_ahead: bool) -> bool:
    """自…起, 截至…, 较…, …已: dates that no work is due at; 截至 a day ahead of the document is one."""
    if SINCE.match(after):
        return True
    if FROM.search(before) and not found["issued"] and not (is_ahead and UP_TO.search(before)):
        return True
    if found.group().endswith("前"):
        return False
    return bool(BASE_YEAR.search(before) or PAST.match(after))


def _is_past(mention: Mention, anchor: Anchor) -> bool:
    """Whether the year is stated and the day lies before the document."""
    if mention.date is None or not mention.year_stated:
        return False
    if anchor.date is not None:
        return mention.date < anchor.date
    return anchor.year is not None and mention.date.year < anchor.year


CLAUSE_START = re.compile(r"(?:^|[。;:,!\n)\]”]|到|至|于|力争|确保|争取|计划|拟|预计|并|在)$")


def _is_limit(before: str, after: str, found: re.Match[str]) -> bool:
    """Whether the words set a limit (前, 底, 到…) or an end of the item, rather than place an activity in time."""
    if found["issued"] or found["season"] or found["this_month"] or found.group().endswith(("前", "止", "末")):
        return True
    if before.endswith(("到", "至", "截止", "不晚于", "不迟于")):
        return not after.startswith("的")
    form = next((form for form in LIMIT_TESTS if found[form]), "year")
    return LIMIT_TESTS[form](found, before, after)


def _quarter_is_limit(found: re.Match[str], before: str, after: str) -> bool:
    return bool(found["qend"]) or _is_due_in(before, after)


def _half_is_limit(found: re.Match[str], before: str, after: str) -> bool:
    return bool(found["hend"]) or _is_due_in(before, after)


def _is_due_in(before: str, after: str) -> bool:
    """三季度完成…, 上半年开展…: an action in the period; 上半年、下半年各一次 is a rhythm."""
    if after.startswith(("、", "和", "各", "一", "通报", "调度", "的")):
        return False
    return _completes(after, 16) or _starts_clause(before)


def _month_is_limit(found: re.Match[str], before: str, after: str) -> bool:
    return bool(found["mend"]) or _finishes(after, 16 if found["ten"] else 10)


def _within_is_limit(found: re.Match[str], before: str, after: str) -> bool:
    if "全年" not in found.group():
        return True
    if ALL_YEAR_ROUND.match(after):
        return False
    return bool(ACTS.search(after[:8])) or (_starts_clause(before) and bool(COUNTS.search(after[:16])))


ALL_YEAR_ROUND = re.compile(r"(?:无休|不间断|开放|有效|常态|坚持|保持|不打烊|[、的各])")
COUNTS = re.compile(r"\d|[一二两三四五六七八九十][百千万亿]|达到|达标|不低于|不少于|不超过|控制在")


def _range_is_limit(found: re.Match[str], before: str, after: str) -> bool:
    return _starts_clause(before) and not NAMED.match(after) and not after.startswith(("度", "期间的"))


def _year_is_limit(found: re.Match[str], before: str, after: str) -> bool:
    """2018年，…全面建成 is one; 开展2018年…评价工作 is none."""
    if NAMED.match(after) or after.startswith(("度", "的")):
        return False
    return _starts_clause(before) and _completes(after, 24)


def _completes(after: str, within: int) -> bool:
    return bool(COMPLETES.search(after[:within]))


FINISHES = re.compile(
    r"完成|建成|出台|投用|投产|投运|投入使用|印发|竣工|验收|上线|通车|交付|形成|实现|办结|制定|达到|建立|开通|清零|销号|到位"
)


def _finishes(after: str, within: int) -> bool:
    return bool(FINISHES.search(after[:within]))


LIMIT_TESTS: Mapping[str, Callable[[re.Match[str], str, str], bool]] = {
    "yearend": lambda found, before, after: not NAMED.match(after),
    "within": _within_is_limit,
    "range": _range_is_limit,
    "quarter": _quarter_is_limit,
    "half": _half_is_limit,
    "month": _month_is_limit,
    "plan": _year_is_limit,
    "day": lambda found, before, after: _finishes(after, 10),
    "numeric": lambda found, before, after: _finishes(after, 10),
    "year": _year_is_limit,
    "relative": _year_is_limit,
}


def _starts_clause(before: str) -> bool:
    return not before.strip() or bool(CLAUSE_START.search(before))


FORECAST = re.compile(r"(?<!半)年[底末终]?$|[今全]年")


def is_forecast(mention: Mention) -> bool:
    """今年底, 全年 without 前 or 内: in a long speech an expectation, in a document an end."""
    expected = mention.date is not None and not mention.year_stated and FORECAST.search(mention.text)
    return bool(expected) and not re.search(rf"{BEFORE}$|内$", mention.text)


def choose_deadline(mentions: Iterable[Mention]) -> Mention | None:
    """The latest that ends the whole measure; a start only where nothing else is named; else words without a date."""
    mentions = list(mentions)
    dated = [mention for mention in mentions if mention.date is not None]
    ends = [mention for mention in dated if not mention.is_start] or dated
    if ends:
        return max(ends, key=lambda mention: mention.date or date.min)
    return mentions[0] if mentions else None
