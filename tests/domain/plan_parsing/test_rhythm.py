"""When departments report on the whole document; a measure's own recurrence is another thing."""

from datetime import date

import pytest

from taskboard.domain.plan_parsing import parse_plan, reading_to_dict
from taskboard.domain.plan_parsing.blocks import Paragraph
from taskboard.domain.plan_parsing.mentions import Anchor
from taskboard.domain.plan_parsing.reading import ReportRhythm
from taskboard.domain.plan_parsing.rhythm import read_rhythm, sentences_with_rhythm
from taskboard.domain.plan_parsing.text import read_text

ANCHOR = Anchor(date(2024, 3, 5), 2024)


def rhythm_of(words: str, anchor: Anchor = ANCHOR) -> ReportRhythm | None:
    return read_rhythm(sentences_with_rhythm([read_text(words)]), anchor, [(0, None, None)])


@pytest.mark.parametrize(
    ("words", "kind", "month", "day", "weekday"),
    [
        ("各单位每月28日前报送工作进展。", "monthly", None, 28, None),
        ("各责任单位要于每月底前报送进展", "monthly", None, 31, None),
        ("于次月5日前将上月进展情况报市政府督查室", "monthly", None, 5, None),
        ("每月中旬上报推进情况", "monthly", None, 20, None),
        ("每季度末报告工作落实情况", "quarterly", 3, 31, None),
        ("每季度第1个月20日前报送上季度进展", "quarterly", 1, 20, None),
        ("每季度首月10日前将进展情况报市发改委", "quarterly", 1, 10, None),
        ("每季度最后一个月25日前报送进展", "quarterly", 3, 25, None),
        ("各校领导每两个月汇报一次工作进展", "two_monthly", None, None, None),
        ("每半个月报送一次工作情况", "fortnightly", None, None, None),
        ("双周报送项目进展", "fortnightly", None, None, None),
        ("每周五前报送进展情况", "weekly", None, None, 5),
        ("每半年报送一次工作总结", "half_yearly", None, None, None),
        ("每年11月底前报送年度总结", "yearly", 11, 31, None),
        ("每年年底前报送工作情况", "yearly", 12, 31, None),
        ("实行月调度、季通报、年考核。", "monthly", None, None, None),
        ("坚持一月一调度、一季一通报", "monthly", None, None, None),
        ("组织年中、年末专项督查", "half_yearly", None, None, None),
        ("区安委办每月调度，请各单位每季度末报送进展", "quarterly", 3, 31, None),
    ],
)
def test_rhythms_in_every_form(words: str, kind: str, month: int | None, day: int | None, weekday: int | None) -> None:
    rhythm = rhythm_of(words)

    assert rhythm is not None
    assert (rhythm.kind.value, rhythm.month, rhythm.day, rhythm.weekday) == (kind, month, day, weekday)
    assert rhythm.words in words


def test_a_list_of_days_is_read_with_the_years_of_the_document() -> None:
    rhythm = rhythm_of("请于4月15日、7月15日、10月15日及次年1月15日前报送进展情况")

    assert rhythm is not None
    assert rhythm.kind.value == "dated"
    assert rhythm.dates == (date(2024, 4, 15), date(2024, 7, 15), date(2024, 10, 15), date(2025, 1, 15))


def test_a_list_of_days_without_any_year_has_no_dates() -> None:
    rhythm = rhythm_of("请于6月底和12月底前报送进展情况", Anchor())

    assert rhythm is not None
    assert (rhythm.kind.value, rhythm.dates) == ("dated", ())


@pytest.mark.parametrize(
    "words",
    [
        "每季度发布全省物流业分析报告",
        "12月20日前上报总结",
        "请各牵头单位于3月15日前报送推进计划",
        "每月补贴2000元",
        "每年培训2000人次",
    ],
)
def test_other_rhythms_are_not_those_of_reports(words: str) -> None:
    assert rhythm_of(words) is None


PLAN = """2024年工作要点
一、重点任务
1.建设平台。每月发布运行指数，每季度向省厅报告进展情况。（责任单位：市发改委）
2.整治河道。（责任单位：市水利局）
二、工作要求
{closing}"""


def test_what_one_measure_reports_is_not_the_rhythm_of_the_document() -> None:
    silent = parse_plan([Paragraph(line) for line in PLAN.format(closing="加强宣传。").split("\n")])
    spoken = parse_plan([Paragraph(line) for line in PLAN.format(closing="每月25日前报送进展。").split("\n")])

    assert silent.rhythm is None
    assert spoken.rhythm is not None and spoken.rhythm.day == 25


def test_the_rhythm_of_a_document_points_at_its_words() -> None:
    lines = PLAN.format(closing="各责任单位每月25日前报送进展。").split("\n")
    rhythm = reading_to_dict(parse_plan([Paragraph(line) for line in lines]))["rhythm"]

    (span,) = rhythm["spans"]
    assert lines[span["block"]][span["start"] : span["end"]] == rhythm["words"] == "每月25日前"
