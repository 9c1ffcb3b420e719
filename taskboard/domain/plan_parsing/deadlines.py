"""Deadlines in words: 2025年底前, 到2027年, 一季度末, 印发之日起15个工作日内, 汛期前; and those that are none."""

from __future__ import annotations

import calendar as months
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.plan_parsing.brackets import outer_groups
from taskboard.domain.plan_parsing.numbering import chinese_number

Day = date


class Why(StrEnum):
    """Why a mention has no date."""

    YEAR_LOST = "year_lost"
    NO_DOCUMENT_DATE = "no_document_date"
    NO_CALENDAR = "no_calendar"
    NO_YEAR = "no_year"
    NOT_FIXED = "not_fixed"
    RECURRING = "recurring"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True)
class Anchor:
    """What a deadline without a year or with 印发之日起 is counted from."""

    date: Day | None = None
    """the document's own date"""
    year: int | None = None
    """the document's year: of its date, else of its title or number"""
    calendar: WorkingCalendar | None = None
    seasons: Mapping[str, Day] = field(default_factory=dict)
    """what the document itself fixes: 汛期前 → 31 March"""
    limits: dict[str, Mention | None] = field(default_factory=dict, compare=False, repr=False)
    """time limits that were read already: a ledger names the same few in all its rows"""


class Mention(NamedTuple):
    """A deadline in a text: characters ``start`` to ``end``, the last day it allows, or why it has none."""

    start: int
    end: int
    text: str
    date: Day | None
    why_not: Why | None = None
    year_stated: bool = True
    bare_year: bool = False
    is_start: bool = False
    approximate: bool = False
    """the words leave room (6月前: 31 May or 30 June)"""


YEAR = r"(?:(?:19|20)\d\d|[二一][〇零九一二三四五六七八]{3})\s?年"
RELATIVE_YEAR = r"今年|本年度|本年|当年|明年|次年|翌年|来年"
ANY_YEAR = rf"(?:{YEAR}|{RELATIVE_YEAR})"
NUMERAL = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
DAY_NUMERAL = r"(?:\d\s?\d|\d|[一二三四五六七八九十]{1,3})"
"""recognition sets the two figures of a day apart (6 月 3 0 日)"""
BEFORE = r"(?:\s?(?:之?前(?!后)|以前|为止|止))"
DASH = r"\s?(?:—{1,2}|-{1,2}|~{1,2}|至|到)\s?"

DOCUMENT = "方案|意见|通知|计划|办法|文件|清单|措施|规定|细则|行动计划|实施方案"
NOT_COUNTED_YEARS = r"(?<![\d一二两三四五六七八九十几每半近多])"
SEASON = (
    "主?汛期|入汛|汛|供暖季|采暖季|供暖期|采暖期|供暖|秋季开学|春季开学|秋季学期开学|新学期开学|开学|暑假|寒假|国庆节?|秋季学期|春季学期"
    "|元旦|五一|“五一”|劳动节|春节|中秋节?|入冬|冬季|防火期|枯水期|雨季|高考|春耕"
)

FIRST_CHARACTER = (
    r"[\d一二三四五六七八九十〇今本当明次翌来自从于在印发下公施实“\"第Q上年全到立即马"
    r"主汛入供采秋春新开暑寒国元劳中冬防枯雨高]"
)
"""what a mention begins with, so that most characters are passed over at once"""

MENTION = re.compile(
    rf"""
      (?={FIRST_CHARACTER})(?:
      (?P<issued>
          (?:(?:自|从|于|在)(?:本|该)?(?:{DOCUMENT})?)?(?:印发|发布|下发|公布|施行|实施|发文)
          (?:之日|之时|日)?(?:起|后|以后|之后)(?:的)?,?
          (?P<count>\d{{1,3}}|[一二三四五六七八九十两]{{1,3}})(?P<unit>个?工作日|日|天|个月|月|周|年)(?:之?内|以内|前))
    | (?P<numeric>(?:19|20)\d\d[-/.]\d{{1,2}}(?:[-/.]\d{{1,2}})?(?![\d年月])(?:\s00:00:00)?(?:底|末)?{BEFORE}?)
    | (?P<range>
          (?:(?P<y1>{ANY_YEAR}|(?:19|20)\d\d(?=\s?[—~\-至到]))(?:(?P<m1>{NUMERAL})月?(?:(?P<d1>\d{{1,2}})日)?)?
             |(?P<m0>{NUMERAL})月?(?:(?P<d0>\d{{1,2}})日)?)
          {DASH}
          (?:(?P<y2>{YEAR}|{RELATIVE_YEAR})(?:(?P<m2>{NUMERAL})月(?:份)?(?:(?P<d2>{NUMERAL})日)?)?
             |(?P<m3>{NUMERAL})月(?:份)?(?:(?P<d3>{NUMERAL})日)?)
          (?:底|末)?{BEFORE}?)
    | (?P<plan>[“"]?十[一二三四五]五[”"]?(?:规划)?(?:(?:期间|时期|期)(?:末|内|底)?|末|内|底){BEFORE}?)
    | (?P<day>(?P<dy>{ANY_YEAR})?(?P<dm>{NUMERAL})\s?月\s?
          (?:\d{{1,2}}日?{DASH}(?=\d{{1,2}}日))?(?P<dd>{DAY_NUMERAL})\s?[日号](?:{BEFORE})?)
    | (?P<month>
          (?P<my>{ANY_YEAR})?(?P<mm>{NUMERAL})\s?月份?(?P<ten>上旬|中旬|下旬)?(?P<mend>月?底|末|月末)?
          (?P<mbefore>{BEFORE})?)
    | (?P<quarter>
          (?:(?P<qy>{ANY_YEAR}|(?:19|20)\d\d\s?(?=Q)),?)?(?:第?(?P<qn>[一二三四1234])季度?|Q(?P<qq>[1-4]))(?P<qend>末|底)?
          (?P<qbefore>{BEFORE}|内)?)
    | (?P<this_month>(?:本|(?P<next_month>下))个?月(?:底|末|内)(?:{BEFORE})?)
    | (?P<half>(?P<hy>{ANY_YEAR})?(?P<which>上|下)半年(?P<hend>末|底)?(?P<hbefore>{BEFORE}|内)?)
    | (?P<yearend>
          (?:(?P<ey>{ANY_YEAR})|{NOT_COUNTED_YEARS}年)(?P<eend>底|末|终(?=前|之前))(?P<ebefore>{BEFORE})?
          |(?<!十)今(?:年)?(?:底|末)(?:{BEFORE})?)
    | (?P<within>(?:{YEAR}|(?:今|本|当|{NOT_COUNTED_YEARS})年)(?:度)?内|(?:{YEAR})?全年(?![龄份])|(?:今|本)年全年)
    | (?P<season>(?P<sy>{ANY_YEAR})?(?:{SEASON}){BEFORE})
    | (?P<year>{YEAR}(?:度)?(?P<ybefore>{BEFORE})?)
    | (?P<relative>明年|今年)(?={BEFORE}|[,，])
    | (?P<lost>到年(?![底末内终中])(?=[,，。;；、]|[\u4e00-\u9fff]|$)|(?<=[。;；,，])年(?=[,，]))
    | (?P<now>立行立改|立即|即知即改|即行即改|立查立改|即时|即刻整改|马上整改)
      )
    """,
    re.VERBOSE,
)

SOME_TIME = re.compile(r"[年月季日号底末前止内五立即马Q\-/.]")
"""at least one of these stands in every mention, so that a text without them need not be looked through"""

FIVE_YEAR_PLANS = {"十一五": 2010, "十二五": 2015, "十三五": 2020, "十四五": 2025, "十五五": 2030}
CUSTOM_SEASONS = {
    "秋季开学": (8, 31), "秋季学期开学": (8, 31), "秋季学期": (8, 31), "新学期开学": (8, 31),
    "国庆": (9, 30), "国庆节": (9, 30),
    "元旦": (12, 31), "五一": (4, 30), "“五一”": (4, 30), "劳动节": (4, 30),
}  # fmt: skip


# --- reading one mention -------------------------------------------------------------------------


def month_end(year: int, month: int) -> date:
    return date(year, month, months.monthrange(year, month)[1])


def read_year(words: str, anchor: Anchor) -> int | None:
    """``"2025年"``, ``"二〇二五年"`` or ``"明年"`` → the year; nothing when the document has none to count from."""
    words = words.strip().removesuffix("度").removesuffix("年").strip()
    if words.isdigit():
        return int(words)
    if re.fullmatch(r"[二一][〇零九一二三四五六七八]{3}", words):
        return chinese_number(words)
    if anchor.year is None:
        return None
    return anchor.year + (1 if words in ("明", "次", "翌", "来") else 0)


def _numeral(words: str) -> int:
    figures = "".join(words.split())
    return int(figures) if figures.isdigit() else chinese_number(figures)


def _dated(found: re.Match[str], year: int | None, build: tuple[int, int] | None) -> tuple[date | None, Why | None]:
    """The day in ``year`` (month and day; day 0 means the month's last)."""
    if build is None:
        return None, Why.IMPOSSIBLE
    if year is None:
        return None, Why.NO_YEAR
    month, day = build
    try:
        return (month_end(year, month) if day == 0 else date(year, month, day)), None
    except (ValueError, months.IllegalMonthError):
        return None, Why.IMPOSSIBLE


def _valid_month(month: int) -> bool:
    return 1 <= month <= 12


def read_mention(found: re.Match[str], anchor: Anchor, inherited: int | None = None) -> Mention | None:
    """The deadline that a match states; ``inherited`` is the year of the mention before it in the same sentence."""
    form = next((name for name in FORMS if found[name]), None)
    if form is None:
        return None
    return FORMS[form](found, anchor, inherited)


def _mention(found: re.Match[str], result: tuple[date | None, Why | None], **marks: bool) -> Mention:
    return Mention(found.start(), found.end(), found.group(), result[0], result[1], **marks)


def _issued(found: re.Match[str], anchor: Anchor, _: int | None) -> Mention:
    count, unit = _numeral(found["count"].replace("两", "二")), found["unit"]
    if anchor.date is None:
        return _mention(found, (None, Why.NO_DOCUMENT_DATE))
    if "工作日" in unit:
        if anchor.calendar is None:
            return _mention(found, (None, Why.NO_CALENDAR))
        return _mention(found, (anchor.calendar.add(anchor.date, count), None))
    return _mention(found, (_after(anchor.date, count, unit), None))


def _after(day: date, count: int, unit: str) -> date:
    if unit in ("日", "天"):
        return day + timedelta(days=count)
    if unit == "周":
        return day + timedelta(weeks=count)
    month = day.month - 1 + (count * 12 if unit == "年" else count)
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, months.monthrange(year, month)[1]))


def _range(found: re.Match[str], anchor: Anchor, inherited: int | None) -> Mention | None:
    """2021—2025年, 2023年3月至2024年6月, 4月1日至9月30日: the end counts."""
    first, last = found["y1"], found["y2"]
    first_month, month_words, day_words = (
        found["m1"] or found["m0"],
        found["m2"] or found["m3"],
        found["d2"] or found["d3"],
    )
    year = _last_year(first, last, anchor, inherited)
    stated = _is_stated(first) or _is_stated(last)
    if not month_words:
        return _mention(found, _dated(found, year, (12, 31)), year_stated=stated, bare_year=True)
    month, day = _numeral(month_words), _numeral(day_words) if day_words else 0
    if not last and first_month and not first and year and month < _numeral(first_month):
        year += 1
    return _mention(found, _dated(found, year, (month, day)), year_stated=stated)


def _last_year(first: str | None, last: str | None, anchor: Anchor, inherited: int | None) -> int | None:
    """The year in which a range ends; 次年 counts from the year in which it begins."""
    begin = read_year(first, anchor) if first else inherited or anchor.year
    if not last:
        return begin
    if last.strip() in NEXT_YEAR:
        return None if begin is None else begin + 1
    return read_year(last, anchor)


RELATIVE_YEAR_WORD = re.compile(RELATIVE_YEAR)
NEXT_YEAR = frozenset({"明年", "次年", "翌年", "来年"})


def _plan(found: re.Match[str], _: Anchor, __: int | None) -> Mention | None:
    name = re.search("十[一二三四五]五", found.group())
    if name is None or name.group() not in FIVE_YEAR_PLANS:
        return None
    return _mention(found, (date(FIVE_YEAR_PLANS[name.group()], 12, 31), None), bare_year=True)


def _numeric(found: re.Match[str], _: Anchor, __: int | None) -> Mention | None:
    year, month, *day = (int(part) for part in re.findall(r"\d+", found.group().split("00:")[0])[:3])
    if not _valid_month(month):
        return None
    return _mention(found, _dated(found, year, (month, day[0] if day else 0)))


def _year_of(words: str | None, anchor: Anchor, inherited: int | None) -> int | None:
    return read_year(words, anchor) if words else inherited or anchor.year


def _is_stated(words: str | None) -> bool:
    """Whether a year is given in figures and not as 今年."""
    return bool(words) and not RELATIVE_YEAR_WORD.fullmatch((words or "").strip())


def _day(found: re.Match[str], anchor: Anchor, inherited: int | None) -> Mention:
    year = _year_of(found["dy"], anchor, inherited)
    build = (_numeral(found["dm"]), _numeral(found["dd"]))
    return _mention(found, _dated(found, year, build), year_stated=_is_stated(found["dy"]))


def _month(found: re.Match[str], anchor: Anchor, inherited: int | None) -> Mention | None:
    month = _numeral(found["mm"])
    if not _valid_month(month):
        return None
    year = _year_of(found["my"], anchor, inherited)
    day = {"上旬": 10, "中旬": 20}.get(found["ten"] or "", 0)
    loose = bool(found["mbefore"]) and not found["mend"] and not found["ten"]
    return _mention(found, _dated(found, year, (month, day)), year_stated=_is_stated(found["my"]), approximate=loose)


def _quarter(found: re.Match[str], anchor: Anchor, inherited: int | None) -> Mention:
    number = {"一": 1, "二": 2, "三": 3, "四": 4}.get(found["qn"] or "") or int(found["qq"] or found["qn"])
    year = _year_of(found["qy"], anchor, inherited)
    return _mention(found, _dated(found, year, (number * 3, 0)), year_stated=_is_stated(found["qy"]))


def _this_month(found: re.Match[str], anchor: Anchor, _: int | None) -> Mention:
    """本月底前, 下月底: counted from the month of the document."""
    if anchor.date is None:
        return _mention(found, (None, Why.NO_DOCUMENT_DATE))
    month = _after(anchor.date, 1, "月") if found["next_month"] else anchor.date
    return _mention(found, (month_end(month.year, month.month), None), year_stated=False)


def _half(found: re.Match[str], anchor: Anchor, inherited: int | None) -> Mention:
    year = _year_of(found["hy"], anchor, inherited)
    build = (6, 30) if found["which"] == "上" else (12, 31)
    return _mention(found, _dated(found, year, build), year_stated=_is_stated(found["hy"]))


def _year_end(found: re.Match[str], anchor: Anchor, inherited: int | None) -> Mention:
    year = _year_of(found["ey"], anchor, inherited)
    return _mention(found, _dated(found, year, (12, 31)), year_stated=_is_stated(found["ey"]))


def _within(found: re.Match[str], anchor: Anchor, inherited: int | None) -> Mention:
    stated = re.match(YEAR, found.group())
    year = read_year(stated.group(), anchor) if stated else inherited or anchor.year
    return _mention(found, _dated(found, year, (12, 31)), year_stated=bool(stated))


def _year(found: re.Match[str], anchor: Anchor, _: int | None) -> Mention:
    year = read_year(re.sub(rf"{BEFORE}$", "", found["year"]), anchor)
    return _mention(found, _dated(found, year, (12, 31)), bare_year=not found["ybefore"])


def _relative(found: re.Match[str], anchor: Anchor, _: int | None) -> Mention:
    return _mention(found, _dated(found, read_year(found.group(), anchor), (12, 31)), bare_year=True)


def _season(found: re.Match[str], anchor: Anchor, inherited: int | None) -> Mention:
    words = found["season"][len(found["sy"] or "") :]
    name = re.sub(rf"{BEFORE}$", "", words).removeprefix("主")
    year = _year_of(found["sy"], anchor, inherited)
    fixed = anchor.seasons.get(name)
    build = (fixed.month, fixed.day) if fixed else CUSTOM_SEASONS.get(name)
    if build is None:
        return _mention(found, (None, Why.NOT_FIXED))
    return _mention(found, _dated(found, year, build), year_stated=_is_stated(found["sy"]))


def _lost(found: re.Match[str], _: Anchor, __: int | None) -> Mention:
    return _mention(found, (None, Why.YEAR_LOST))


def _now(found: re.Match[str], _: Anchor, __: int | None) -> Mention:
    return _mention(found, (None, Why.NOT_FIXED))


FORMS = {
    "issued": _issued,
    "range": _range,
    "plan": _plan,
    "numeric": _numeric,
    "day": _day,
    "month": _month,
    "quarter": _quarter,
    "half": _half,
    "this_month": _this_month,
    "yearend": _year_end,
    "within": _within,
    "year": _year,
    "relative": _relative,
    "season": _season,
    "lost": _lost,
    "now": _now,
}


# --- seasons that the document fixes -------------------------------------------------------------

SEASON_DEFINED = re.compile(
    rf"(?P<name>主?汛期|供暖季|采暖季|供暖期|采暖期|防火期|枯水期|秋季学期|雨季)[”\"]?(?:前[”\"]?)?"
    rf"(?P<link>(?:均|都)?(?:系|是)?指|为|自|从|是|:)(?:每年|当年|自|从|(?P<year>{YEAR}))?"
    rf"(?P<month>{NUMERAL})月(?P<day>{NUMERAL})日(?P<before>{BEFORE})?"
)


def read_seasons(plain: str, year: int | None) -> dict[str, date]:
    """我市主汛期为4月1日至9月30日 or “汛期前”均指3月31日前 → the last day before the season."""
    seasons: dict[str, date] = {}
    for found in SEASON_DEFINED.finditer(plain):
        names_the_limit = "前" in plain[found.start("name") : found.start("link")]
        own_year = read_year(found["year"], Anchor(year=year)) if found["year"] else year
        if own_year is None:
            continue
        try:
            day = date(own_year, _numeral(found["month"]), _numeral(found["day"]))
        except ValueError:
            continue
        name = found["name"].removeprefix("主")
        seasons[name] = day if names_the_limit else day - timedelta(days=1)
        if name == "汛期":
            seasons["汛"] = seasons["入汛"] = seasons[name]
        if name[:2] in ("供暖", "采暖"):
            for other in ("供暖季", "采暖季", "供暖期", "采暖期", "供暖"):
                seasons.setdefault(other, seasons[name])
    return seasons


# --- a time limit of its own ---------------------------------------------------------------------

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
    return mentions[0]._replace(date=None, why_not=mentions[0].why_not or Why.NOT_FIXED) if mentions else None


AND = re.compile(r"\s?[、,和及与]\s?")


# --- deadlines in running text -------------------------------------------------------------------

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
        if mention.date is not None and mention.year_stated:
            inherited = mention.date.year
        mentions.append(mention)
    return mentions


def _judged(plain: str, found: re.Match[str], mention: Mention, anchor: Anchor) -> Mention | None:
    """The mention as a deadline, or nothing when it is a fact, a start, a name or an activity."""
    before, after = plain[max(0, found.start() - 8) : found.start()], plain[found.end() : found.end() + 40]
    if RECURRING_BEFORE.search(before):
        return _recurring(found, mention, before)
    if mention.why_not in (Why.YEAR_LOST, Why.NOT_FIXED):
        return mention
    if _is_fact(found, before, after, is_ahead=_is_ahead(mention, anchor)):
        return None
    if _is_past(mention, anchor) or not _is_limit(before, after, found):
        return None
    starts = STARTS.match(after) and not found.group().endswith("前")
    return mention._replace(is_start=True) if starts else mention


def _recurring(found: re.Match[str], mention: Mention, before: str) -> Mention | None:
    """每年10月底前: words of time, but no day; 每年10月 is only a rhythm."""
    limits = found["mbefore"] or found["mend"] or found["yearend"] or found.group().endswith("前")
    if not (limits and before.endswith("年") and (found["month"] or found["day"] or found["yearend"])):
        return None
    return Mention(mention.start, mention.end, "每年" + mention.text, None, Why.RECURRING)


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


CLAUSE_START = re.compile(r"(?:^|[。;:,!\n)\]”]|到|至|于|力争|确保|争取|计划|拟|预计|其中|并|在)$")


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


def _is_start_of(plain: str, mention: Mention) -> bool:
    after = plain[mention.end : mention.end + 12]
    return bool(re.match(r"(?:起|开始|启动|开工)", after)) and not mention.text.endswith("前")


FORECAST = re.compile(r"(?<!半)年[底末终]?$|[今全]年")


def is_forecast(mention: Mention) -> bool:
    """今年底, 全年 without 前 or 内: in a speech an expectation, in a document an end."""
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
