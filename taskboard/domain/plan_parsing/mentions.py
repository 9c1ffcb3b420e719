"""Days in words, one by one: 2025年底前, 到2027年, 一季度末, 印发之日起15个工作日内, 汛期前."""

from __future__ import annotations

import calendar as months
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from taskboard.domain.calendar import WorkingCalendar
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


class Mention(msgspec.Struct, frozen=True, gc=False):
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
    | (?P<day>(?P<dy>{ANY_YEAR}[ ]?)?(?P<dm>{NUMERAL})\s?月\s?
          (?:\d{{1,2}}日?{DASH}(?=\d{{1,2}}日))?(?P<dd>{DAY_NUMERAL})\s?[日号](?:{BEFORE})?)
    | (?P<month>
          (?P<my>{ANY_YEAR}[ ]?)?(?P<mm>{NUMERAL})\s?月份?(?P<ten>[ ]?[上中下]旬)?(?P<mend>[ ]?(?:月?底|末|月末))?
          (?P<mbefore>{BEFORE})?)
    | (?P<quarter>
          (?:(?P<qy>{ANY_YEAR}|(?:19|20)\d\d\s?(?=Q))[,\x20]?)?(?:第?(?P<qn>[一二三四1234])季度?|Q(?P<qq>[1-4]))(?P<qend>末|底)?
          (?P<qbefore>{BEFORE}|内)?)
    | (?P<this_month>(?:本|(?P<next_month>下))个?月(?:底|末|内)(?:{BEFORE})?)
    | (?P<half>(?P<hy>{ANY_YEAR}[ ]?)?(?P<which>上|下)半年(?P<hend>末|底)?(?P<hbefore>{BEFORE}|内)?)
    | (?P<yearend>
          (?:(?P<ey>{ANY_YEAR}[ ]?)|{NOT_COUNTED_YEARS}年)(?P<eend>底|末|终(?=前|之前))(?P<ebefore>{BEFORE})?
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


def month_end(year: int, month: int) -> date:
    """The last day of the month."""
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


def numeral(words: str) -> int:
    """``"12"``, ``"1 2"`` or ``"十二"`` → 12."""
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
    count, unit = numeral(found["count"].replace("两", "二")), found["unit"]
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
    month, day = numeral(month_words), numeral(day_words) if day_words else 0
    if not last and first_month and not first and year and month < numeral(first_month):
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
    build = (numeral(found["dm"]), numeral(found["dd"]))
    return _mention(found, _dated(found, year, build), year_stated=_is_stated(found["dy"]))


def _month(found: re.Match[str], anchor: Anchor, inherited: int | None) -> Mention | None:
    month = numeral(found["mm"])
    if not _valid_month(month):
        return None
    year = _year_of(found["my"], anchor, inherited)
    day = {"上旬": 10, "中旬": 20}.get((found["ten"] or "").strip(), 0)
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
