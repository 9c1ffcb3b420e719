"""The State Council's yearly notice (部分节假日安排的通知): from its words to days off and make-up days.

Each sentence is held against itself: the weekdays it names and the number of days it counts must be those of its dates.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from taskboard.domain.calendar import SATURDAY
from taskboard.domain.errors import Invalid

FESTIVALS = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")
"""the statutory holidays that every year has (全国年节及纪念日放假办法); two may share one stretch of days"""

FIELD = "text"
"""the form field that a refusal belongs to"""

_FESTIVAL = r"(?:元旦|春节|清明节|(?:国际)?劳动节|端午节|中秋节|国庆节)"
_HEAD = re.compile(rf"({_FESTIVAL}(?:[、和及]{_FESTIVAL})*):")
_YEAR = re.compile(r"(20\d{2})年(?:部分)?节假日")
_DAY = r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日(?:\(([^()]*)\))?"
_STRETCH = re.compile(rf"{_DAY}(?:[至到—-]{_DAY})?")
_WEEKDAY = re.compile(r"(?:周|星期)([一二三四五六日天])")
_COUNT = re.compile(r"共(\d{1,2})天")
_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}


@dataclass(frozen=True)
class Arrangement:
    """A year's holidays: the days off, weekends among them included, and the weekend days worked for them.

    Both name the festival (``春节``; two that share their days as ``中秋节、国庆节``). New Year may begin in
    the year before.
    """

    year: int
    days_off: dict[date, str]
    make_up_days: dict[date, str]


def read_notice(text: str) -> Arrangement:
    """The arrangement that the notice announces; raises :class:`Invalid`, which names the sentence that cannot be."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    year = _year(plain)
    arrangement = Arrangement(year, {}, {})
    for festival, section in _sections(plain):
        _read_section(section, festival, arrangement)
    told = set(FESTIVALS) & {name for words in arrangement.days_off.values() for name in words.split("、")}
    missing = [name for name in FESTIVALS if name not in told]
    if missing:
        raise Invalid(FIELD, "notice_festivals_missing", names="、".join(missing))
    return arrangement


def _year(plain: str) -> int:
    found = _YEAR.search(plain)
    if found is None:
        raise Invalid(FIELD, "notice_year_missing")
    return int(found[1])


def _sections(plain: str) -> Iterator[tuple[str, str]]:
    """Each festival's name as this product writes it, and what the notice says of it."""
    heads = list(_HEAD.finditer(plain))
    for number, head in enumerate(heads):
        end = heads[number + 1].start() if number + 1 < len(heads) else len(plain)
        names = [name for name in FESTIVALS if name in head[1]]
        yield "、".join(names), plain[head.end() : end]


def _read_section(section: str, festival: str, arrangement: Arrangement) -> None:
    month: int | None = None
    for sentence in re.split(r"[。;]", section):
        if not _is_about_days(sentence):
            continue
        days: list[date] = []
        for stretch in _STRETCH.finditer(sentence):
            days += _days_of(stretch, arrangement.year, month)
            month = days[-1].month
        if "上班" in sentence:
            _take_make_up_days(days, festival, sentence, arrangement)
        else:
            _check_count(days, sentence)
            arrangement.days_off.update(dict.fromkeys(days, festival))


def _is_about_days(sentence: str) -> bool:
    """Employers are also encouraged (鼓励) to give leave around a festival: that is no day off."""
    return "鼓励" not in sentence and any(word in sentence for word in ("放假", "补休", "上班"))


def _days_of(stretch: re.Match[str], year: int, month: int | None) -> list[date]:
    first = _day(stretch.groups()[:4], year, month, stretch[0])
    if stretch[7] is None:
        return [first]
    last = _day(stretch.groups()[4:], first.year, first.month, stretch[0])
    count = (last - first).days + 1
    if not 1 < count <= 31:
        raise Invalid(FIELD, "notice_stretch_wrong", words=stretch[0])
    return [first + timedelta(days=n) for n in range(count)]


def _day(parts: tuple[str | None, ...], year: int, month: int | None, words: str) -> date:
    own_year, own_month, own_day, remark = parts
    try:
        day = date(int(own_year or year), int(own_month or month or 0), int(own_day or 0))
    except ValueError:
        raise Invalid(FIELD, "notice_day_wrong", words=words) from None
    weekday = _WEEKDAY.search(remark or "")
    if weekday and _WEEKDAYS[weekday[1]] != day.weekday():
        raise Invalid(FIELD, "notice_weekday_wrong", words=words, day=day, weekday="一二三四五六日"[day.weekday()])
    return day


def _take_make_up_days(days: list[date], festival: str, sentence: str, arrangement: Arrangement) -> None:
    for day in days:
        if day.weekday() < SATURDAY or day in arrangement.days_off:
            raise Invalid(FIELD, "notice_make_up_day_wrong", day=day, words=sentence)
        arrangement.make_up_days[day] = festival


def _check_count(days: list[date], sentence: str) -> None:
    count = _COUNT.search(sentence)
    if not days or (count and int(count[1]) != len(days)):
        raise Invalid(FIELD, "notice_count_wrong", words=sentence, count=len(days))
