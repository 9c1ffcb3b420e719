"""Reading the yearly notice of holidays: every published year told in its words, and what cannot be is refused."""

from __future__ import annotations

import time
from datetime import date
from itertools import groupby

import pytest
from chinese_calendar.constants import holidays, workdays

from taskboard.domain.errors import Invalid
from taskboard.domain.holiday_notices import read_notice

ENGLISH = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
}
WEEKDAYS = "一二三四五六日"


def day_words(day: date, year: int) -> str:
    own_year = f"{day.year}年" if day.year != year else ""
    return f"{own_year}{day.month}月{day.day}日（周{WEEKDAYS[day.weekday()]}）"


def stretches(days: list[date]) -> list[list[date]]:
    """The days in runs without a gap."""
    return [
        [day for _, day in run]
        for _, run in groupby(enumerate(sorted(days)), lambda pair: pair[1].toordinal() - pair[0])
    ]


def notice_of(year: int) -> tuple[str, set[date], set[date]]:
    """The published arrangement of a year in the words of a notice, with its days off and make-up days."""
    lines, off, worked = [f"国务院办公厅关于{year}年部分节假日安排的通知"], set[date](), set[date]()
    # The days around New Year stand in the notice of the year they lead to.
    window = range(date(year - 1, 12, 28).toordinal(), date(year, 12, 26).toordinal())
    days = [date.fromordinal(n) for n in window]
    # The two festivals of one autumn stretch are told under the first of them.
    for name, festival in ENGLISH.items():
        free = [day for day in days if holidays.get(day) == name]
        made_up = [day for day in days if workdays.get(day) == name]
        if not free:
            lines.append(f"{festival}：见国庆节安排。")
            continue
        parts = []
        for run in stretches(free):
            until = f"至{day_words(run[-1], run[0].year)}" if len(run) > 1 else ""
            parts.append(f"{day_words(run[0], year)}{until}放假调休，共{len(run)}天。")
        if made_up:
            parts.append("、".join(day_words(day, year) for day in made_up) + "上班。")
        lines.append(f"{festival}：{''.join(parts)}")
        off.update(free)
        worked.update(made_up)
    return "\n".join(lines), off, worked


@pytest.mark.parametrize(
    "year", [y for y in range(2010, 2027) if set(ENGLISH) <= {n for d, n in holidays.items() if d.year == y}]
)
def test_every_published_year_is_read_back_from_its_words(year: int) -> None:
    text, off, worked = notice_of(year)

    arrangement = read_notice(text)

    assert arrangement.year == year
    assert set(arrangement.days_off) == off
    assert set(arrangement.make_up_days) == worked


NOTICE = """国务院办公厅关于2026年
部分节假日安排的通知
国办发明电〔2025〕7号
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日(星期五)至5日(星期二)放假调休,共5天。5月9日(星期六)上班。
五、端午节：6月19日放假，与周末连休。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
鼓励各单位在10月9日（周五）放假。节假日期间，各地区、各部门要妥善安排好值班。"""


def test_a_notice_is_read_as_it_is_pasted() -> None:
    arrangement = read_notice(NOTICE)

    assert arrangement.days_off[date(2026, 2, 15)] == "春节"
    assert min(arrangement.make_up_days) == date(2026, 1, 4)
    assert date(2026, 6, 19) in arrangement.days_off
    assert date(2026, 10, 9) not in arrangement.days_off
    assert len(arrangement.make_up_days) == 6
    assert len(arrangement.days_off) == 3 + 9 + 3 + 5 + 1 + 3 + 7


def test_a_holiday_at_the_turn_of_the_year_has_days_of_the_year_before() -> None:
    text = NOTICE.replace(
        "1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。",
        "2025年12月31日至2026年1月2日放假调休，共3天。2025年12月28日（星期天）上班。",
    )

    arrangement = read_notice(text)

    assert date(2025, 12, 31) in arrangement.days_off
    assert arrangement.make_up_days[date(2025, 12, 28)] == "元旦"


def test_two_festivals_may_share_their_days() -> None:
    text = NOTICE.replace("六、中秋节：9月25日（周五）至27日（周日）放假，共3天。\n七、国庆节", "六、国庆节、中秋节")

    assert read_notice(text).days_off[date(2026, 10, 1)] == "中秋节、国庆节"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("2026年\n部分节假日", "部分节假日", "notice_year_missing"),
        ("一、元旦：", "一、", "notice_festivals_missing"),
        ("共9天", "共8天", "notice_count_wrong"),
        ("5月9日(星期六)", "5月9日(星期日)", "notice_weekday_wrong"),
        ("2月28日（周六）", "2月27日", "notice_make_up_day_wrong"),
        ("2月28日（周六）", "2月21日（周六）", "notice_make_up_day_wrong"),
        ("2月28日（周六）", "2月30日", "notice_day_wrong"),
        ("4月4日（周六）至6日（周一）", "4月6日至4日", "notice_stretch_wrong"),
        ("4月4日（周六）至6日（周一）放假，共3天", "另行通知放假", "notice_count_wrong"),
    ],
)
def test_what_cannot_be_is_refused_with_its_sentence(old: str, new: str, problem: str) -> None:
    assert old in NOTICE

    with pytest.raises(Invalid) as refused:
        read_notice(NOTICE.replace(old, new))

    assert (refused.value.field, refused.value.problem) == ("text", problem)


def test_a_text_that_is_no_notice_is_refused() -> None:
    with pytest.raises(Invalid):
        read_notice("各科室：请于周五前报送周报。")


def test_a_very_long_text_is_answered_soon() -> None:
    begun = time.process_time()

    with pytest.raises(Invalid):
        read_notice("2026年节假日 元旦：" + "1月1日（" * 60_000)

    assert time.process_time() - begun < 5
