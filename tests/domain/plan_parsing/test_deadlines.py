"""Deadlines in words, and dates that are none."""

from datetime import date

import pytest

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.plan_parsing.deadlines import choose_deadline, find_deadlines
from taskboard.domain.plan_parsing.mentions import Anchor, Mention, Why
from taskboard.domain.plan_parsing.seasons import read_seasons
from taskboard.domain.plan_parsing.text import read_text
from taskboard.domain.plan_parsing.time_limits import is_time_limit, read_time_limit

SIGNED = date(2024, 3, 5)
QINGMING = [date(2024, 4, 4), date(2024, 4, 5)]
ANCHOR = Anchor(SIGNED, 2024, WorkingCalendar(holidays=QINGMING), {"汛期": date(2024, 3, 31)})


def deadline_in(words: str, anchor: Anchor = ANCHOR) -> date | None:
    mention = choose_deadline(find_deadlines(read_text("加强管理。" + words).plain, anchor))
    return mention.date if mention else None


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("6月30日前完成改造", "2024-06-30"),
        ("2024年底前建成", "2024-12-31"),
        ("12月底前完成", "2024-12-31"),
        ("年底前完成", "2024-12-31"),
        ("到年底新增5家", "2024-12-31"),
        ("今年年底前建成", "2024-12-31"),
        ("年内新增10家", "2024-12-31"),
        ("全年完成投资900亿元", "2024-12-31"),
        ("2024年10月底前，全部完成", "2024-10-31"),
        ("到2026年6月底，建成5个", "2026-06-30"),
        ("到2025年，建成5个", "2025-12-31"),
        ("到2025年底前，建成5个", "2025-12-31"),
        ("2025年，所有园区全面建成", "2025-12-31"),
        ("一季度末完成", "2024-03-31"),
        ("二季度发布首批清单", "2024-06-30"),
        ("上半年在两市布局无水港2个", "2024-06-30"),
        ("全年输出二万人次", "2024-12-31"),
        ("2024年内新增公交200辆", "2024-12-31"),
        ("秋季学期前投用学校3所", "2024-08-31"),
        ("第三季度前完成", "2024-09-30"),
        ("上半年完成招标", "2024-06-30"),
        ("四季度开展年终考核", "2024-12-31"),
        ("Q2末完成", "2024-06-30"),
        ("9月1日前完成", "2024-09-01"),
        ("12月中旬前完成", "2024-12-20"),
        ("明年6月底前完成", "2025-06-30"),
        ("自印发之日起30日内公布", "2024-04-04"),
        ("本方案印发后3个月内出台", "2024-06-05"),
        ("印发之日起15个工作日内完成", "2024-03-26"),
        ("2023年—2025年分批建设", "2025-12-31"),
        ("2024年4—6月开展集中整治", "2024-06-30"),
        ("“十四五”期末达到80%", "2025-12-31"),
        ("二○二四年六月底前完成", "2024-06-30"),
        ("汛期前完成清淤", "2024-03-31"),
        ("秋季开学前投入使用", "2024-08-31"),
        ("不迟于2024年11月30日", "2024-11-30"),
        ("本月底前完成赋码", "2024-03-31"),
        ("下月底前完成赋码", "2024-04-30"),
        ("4月2O日前发放到户", "2024-04-20"),
        ("5 月l5日前全部拨付", "2024-05-15"),
        ("6 月 3 0 日 前竣工入住", "2024-06-30"),
        ("2025年 6 月底前开通", "2025-06-30"),
        ("2025 年 9 月 10 日前开通", "2025-09-10"),
        ("6 月 底前开通", "2024-06-30"),
        ("11 月 中旬 前开通", "2024-11-20"),
        ("2025年 三季度完成", "2025-09-30"),
        ("2025年 上半年完成", "2025-06-30"),
        (" 全年 检修管道 30 公里", "2024-12-31"),
        ("2025年汛期前（5月20日前）加固", "2025-05-20"),
        ("2026年入冬前（10月底前）改造", "2026-10-31"),
    ],
)
def test_a_deadline_is_the_last_day_of_the_period_named(words: str, day: str) -> None:
    assert deadline_in(words) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "words",
    [
        "自2024年9月1日起施行",
        "较2020年下降18%",
        "比2023年增长10%",
        "截至2023年底，已建成20个",
        "2022年全省新增5家",
        "按照2019年修订的条例",
        "开展2024年全省土地集约利用评价工作",
        "落实《2024年底前重点工作安排》",
        "2024年启动试点",
        "每月28日前报送进展",
        "新办企业2个工作日内办结",
        "3年内实现全覆盖",
        "按照500万元/年安排",
        "对签约满半年未开工的项目会诊",
        "上半年、下半年各开展一次检查",
        "“十五五”规划编制工作",
        "改造管网80公里，其中2024年完成30公里",
        "新建站点60处，其中：2024年建成20处",
    ],
)
def test_facts_starts_names_and_durations_are_no_deadlines(words: str) -> None:
    assert deadline_in(words) is None


def test_the_latest_that_ends_the_whole_counts() -> None:
    assert deadline_in("2024年9月底前完成首批试点，2024年底前全面推开") == date(2024, 12, 31)
    assert deadline_in("2024年6月启动建设，2025年10月底前完工") == date(2025, 10, 31)


def test_a_month_takes_the_year_of_the_deadline_before_it() -> None:
    assert deadline_in("2025年3月底前完成立项，10月底前建成") == date(2025, 10, 31)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("到年，基本建成", Why.YEAR_LOST),
        ("立即整改", Why.NOT_FIXED),
        ("暑假前完成", Why.NOT_FIXED),
        ("每年10月底前完成", Why.RECURRING),
    ],
)
def test_words_of_time_without_a_day_are_kept(words: str, why: Why) -> None:
    mention = choose_deadline(find_deadlines(read_text(words).plain, ANCHOR))

    assert mention is not None
    assert (mention.date, mention.why_not) == (None, why)


def test_what_a_day_is_counted_from_may_be_missing() -> None:
    undated = Anchor()
    by_issue = choose_deadline(find_deadlines("印发之日起30日内", undated))
    by_working_days = choose_deadline(find_deadlines("印发之日起15个工作日内", Anchor(SIGNED, 2024)))
    without_year = choose_deadline(find_deadlines("6月底前完成", undated))

    assert by_issue is not None and by_issue.why_not is Why.NO_DOCUMENT_DATE
    assert by_working_days is not None and by_working_days.why_not is Why.NO_CALENDAR
    assert without_year is not None and without_year.why_not is Why.NO_YEAR


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("2023年12月", "2023-12-31"),
        ("2023/9/30", "2023-09-30"),
        ("2023-09-30", "2023-09-30"),
        ("2024.6.30", "2024-06-30"),
        ("2024-2025年", "2025-12-31"),
        ("3月—12月", "2024-12-31"),
        ("2024年三季度", "2024-09-30"),
        ("2025年", "2025-12-31"),
        ("“十四五”期间", "2025-12-31"),
        ("2024年12月31日前完成并持续推进", "2024-12-31"),
        ("立即整改，2024年4月底前", "2024-04-30"),
        ("2024年9月底前完成主体工程；2025年6月底前投用", "2025-06-30"),
        ("2025年春耕前（3月15日）", "2025-03-15"),
        ("即日起至5月20日", "2024-05-20"),
        ("9月6日—8日", "2024-09-08"),
        ("9月6-8日", "2024-09-08"),
    ],
)
def test_a_time_column_names_its_day(words: str, day: str) -> None:
    mention = read_time_limit(read_text(words).plain, ANCHOR)

    assert mention is not None and mention.date == date.fromisoformat(day)


@pytest.mark.parametrize(
    "words", ["每年年底前", "长期", "持续推进", "每季度", "暑假前", "每年6月、11月", "3月1日起施行"]
)
def test_a_time_column_may_name_none(words: str) -> None:
    mention = read_time_limit(words, ANCHOR)

    assert mention is None or mention.date is None


@pytest.mark.parametrize(
    ("words", "is_limit"),
    [("6月底完成", True), ("2025年底前", True), ("持续推进", True), ("市发改委", False), ("2024年工作专班", False)],
)
def test_a_time_limit_in_a_list_of_units_is_told_apart(words: str, is_limit: bool) -> None:
    assert is_time_limit(words) is is_limit


@pytest.mark.parametrize(
    ("words", "season", "day"),
    [
        ("我市主汛期为4月1日至9月30日", "汛期", "2025-03-31"),
        ("以下“汛期前”均指3月31日前", "汛期", "2025-03-31"),
        ("供暖季自11月1日起", "供暖季", "2025-10-31"),
        ("文中“供暖季前”均指2024年10月31日前", "供暖季", "2024-10-31"),
    ],
)
def test_a_document_fixes_its_own_seasons(words: str, season: str, day: str) -> None:
    assert read_seasons(words, 2025)[season] == date.fromisoformat(day)


@pytest.mark.parametrize("words", ["一季度一通报、半年一考核", "全年无休开放", "上半年的经验", "国庆前后举办观摩"])
def test_periods_that_limit_nothing_are_no_deadlines(words: str) -> None:
    assert deadline_in(words) is None


def test_dates_that_were_passed_over_are_told() -> None:
    passed_over: list[Mention] = []

    find_deadlines("较2026年预测值提高。", ANCHOR, passed_over=passed_over)

    assert [mention.text for mention in passed_over] == ["2026年"]
