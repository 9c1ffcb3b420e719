"""Labels, rhythms, statements about the whole document, and the text that everything is read from."""

import pytest

from taskboard.domain.plan_parsing.lines import Line
from taskboard.domain.plan_parsing.numbering import (
    Kind,
    chinese_number,
    has_stray_label,
    read_damaged_label,
    read_label,
)
from taskboard.domain.plan_parsing.outline import split_bullets, split_labels, split_steps
from taskboard.domain.plan_parsing.recurrences import recurrence_in_limit, recurrence_in_text
from taskboard.domain.plan_parsing.sections import never_holds_measures
from taskboard.domain.plan_parsing.statements import read_statements
from taskboard.domain.plan_parsing.text import read_text, read_views, spans_of, text_of


@pytest.mark.parametrize(
    ("line", "kind", "number", "written"),
    [
        ("一、总体要求", Kind.CHINESE, 1, "一"),
        ("十二、保障", Kind.CHINESE, 12, "十二"),
        ("（三）加快建设", Kind.CHINESE_BRACKET, 3, "（三）"),
        ("1.建设平台", Kind.NUMBER, 1, "1"),
        ("１２、建设平台", Kind.NUMBER, 12, "１２"),
        ("3．建设平台", Kind.NUMBER, 3, "3"),
        ("1.5G网络建设", Kind.NUMBER, 1, "1"),
        ("2.2024年底前建成", Kind.NUMBER, 2, "2"),
        ("1.1 推行集中采购", Kind.DECIMAL, 1, "1.1"),
        ("（2）建设平台", Kind.NUMBER_BRACKET, 2, "（2）"),
        ("③建设平台", Kind.CIRCLED, 3, "③"),
        ("⑵建设平台", Kind.NUMBER_BRACKET, 2, "⑵"),
        ("第十条 支持研发", Kind.ARTICLE, 10, "第十条"),
        ("第二章 总则", Kind.CHAPTER, 2, "第二章"),
        ("1024、建设平台", Kind.NUMBER, 1024, "1024"),
        ("问题一：部分乡镇污水直排", Kind.ARTICLE, 1, "问题一"),
        ("任务12：建设平台", Kind.ARTICLE, 12, "任务12"),
        ("A. 优化配置", Kind.LETTER, 1, "A"),
        ("C、优化配置", Kind.LETTER, 3, "C"),
        ("A-2 盘活土地", Kind.DECIMAL, 2, "A-2"),
        ("3-1．盘活土地", Kind.DECIMAL, 1, "3-1"),
        ("3.11月底前完成编制", Kind.NUMBER, 3, "3"),
        ("12．9月1日前建成招生", Kind.NUMBER, 12, "12"),
        ("7.12345热线开设专席", Kind.NUMBER, 7, "7"),
        ("4.300家企业接入平台", Kind.NUMBER, 4, "4"),
        ("3.11 推行集中采购", Kind.DECIMAL, 11, "3.11"),
    ],
)
def test_labels_are_read_in_every_form(line: str, kind: Kind, number: int, written: str) -> None:
    text = read_text(line)
    label = read_label(text.plain, text.clean)

    assert label is not None
    assert (label.kind, label.number, label.text) == (kind, number, written)


@pytest.mark.parametrize(
    "line",
    [
        "1.2万亩优质稻",
        "2024年底前",
        "2019、2020年两年",
        "任务重",
        "12345热线",
        "A级景区",
        "3-5 个园区",
        "5G网络",
        "一是加快",
        "第3次会议",
        "一般工业项目",
        "3.141亿元",
        "2.5个月内",
    ],
)
def test_quantities_and_years_are_no_labels(line: str) -> None:
    assert read_label(read_text(line).plain) is None


def test_chinese_numerals_are_numbers_or_digits() -> None:
    assert [chinese_number(n) for n in ("十", "二十三", "一百零五", "二〇二五")] == [10, 23, 105, 2025]


def test_items_that_run_on_in_one_paragraph_are_split() -> None:
    pieces = split_labels(Line(read_text("1.标题。（1）甲。（A局负责）（2）乙，见第（3）款。（3）丙。")))

    assert [(label.text if label else None, text.clean) for text, label in pieces] == [
        ("1", "标题。"),
        ("（1）", "甲。（A局负责）"),
        ("（2）", "乙，见第（3）款。"),
        ("（3）", "丙。"),
    ]


def test_a_section_and_its_first_item_may_stand_together_without_a_stop() -> None:
    line = "制定以下举措。一、做强功能1.壮大加工。引进项目4个。责任单位：产业局、企业局。2.拓展物流。责任单位：物流局。"

    assert [(label.text if label else None, text.clean[:4]) for text, label in split_labels(Line(read_text(line)))] == [
        (None, "制定以下"),
        ("一", "做强功能"),
        ("1", "壮大加工"),
        ("2", "拓展物流"),
    ]


def test_an_item_that_begins_with_a_day_is_one_of_its_row() -> None:
    line = "1.建立台账。（A局负责）2.11月底前完成编制。（B局负责）3.12345热线开设专席。（C局负责）"

    assert [(label.text if label else None, text.clean[:4]) for text, label in split_labels(Line(read_text(line)))] == [
        ("1", "建立台账"),
        ("2", "11月底"),
        ("3", "1234"),
    ]


def test_a_number_may_stand_twice_behind_a_clause_and_nowhere_else() -> None:
    line = "4.推行直提。责任单位：市商务局。4.升级卡口。运行时间12秒，见4.第二条。责任单位：信息中心。"

    assert [label.text for _, label in split_labels(Line(read_text(line))) if label] == ["4", "4"]


def test_steps_count_from_one() -> None:
    intro, steps = split_steps(read_text("抓好工作：一是甲，二是乙；三是丙。"))

    assert intro.clean == "抓好工作："
    assert [(label.text, step.clean) for label, step in steps] == [("一是", "甲，"), ("二是", "乙；"), ("三是", "丙。")]


@pytest.mark.parametrize(
    ("words", "recurrence"),
    [
        ("每月至少开展一次演练", "monthly"),
        ("逐月更新进度", "monthly"),
        ("实行一月一调度、一季一通报", "monthly"),
        ("每季度通报情况", "quarterly"),
        ("每年培训2000人次", "yearly"),
        ("长期坚持值班制度", "ongoing"),
        ("常态化整治虚假宣传", "ongoing"),
        ("每月2000元补贴", None),
        ("单个企业每年资助不超过3000万元", None),
        ("对入选平台每年支持100万元", None),
        ("按贷款额每年贴息30万元", None),
        ("每年支持企业技术改造项目50个", "yearly"),
        ("县财政每年安排3000万元专项资金", "yearly"),
        ("每人每年缴纳十元", None),
        ("每年组织资助对象座谈", "yearly"),
        ("对居民用户每年入户安检一次", "yearly"),
        ("年均增长5%", None),
        ("2020年年底前完成", None),
        ("持续优化环境", None),
        ("对长期不更新的部门约谈", None),
        ("水源地长期巡查不放松", "ongoing"),
        ("由网格员长期管护绿地", "ongoing"),
        ("建立长期监测机制", None),
        ("完善长期护理保险", None),
    ],
)
def test_the_rhythm_of_an_action(words: str, recurrence: str | None) -> None:
    found = recurrence_in_text(words)

    assert (found[0].value if found else None) == recurrence


@pytest.mark.parametrize(
    ("words", "recurrence"),
    [
        ("每季度", "quarterly"),
        ("持续推进", "ongoing"),
        ("长期", "ongoing"),
        ("每年年底前", "yearly"),
        ("2024年底前", None),
    ],
)
def test_the_rhythm_of_a_time_limit(words: str, recurrence: str | None) -> None:
    found = recurrence_in_limit(words)

    assert (found.value if found else None) == recurrence


@pytest.mark.parametrize(
    ("words", "defaults"),
    [
        ("以下重点工作均需各市人民政府落实，不再单独列出", ("各市人民政府",)),
        ("以下各项措施均需各县（市、区）人民政府落实，不再列出", ("各县（市、区）人民政府",)),
        ("以上各项任务，各县区人民政府均为责任单位，不再逐一列出", ("各县区人民政府",)),
        ("各县（市、区）人民政府负责本行政区域内任务落实", ()),
        ("本措施由市委人才办会同有关部门负责解释，与其他政策重复的，按“就高不重复”原则执行", ()),
    ],
)
def test_units_for_every_measure_are_defaults(words: str, defaults: tuple[str, ...]) -> None:
    assert read_statements(read_text(words)).defaults == defaults


def test_who_leads_may_be_said_once() -> None:
    assert read_statements(read_text("列第一位的为牵头单位，下同")).first_leads
    assert not read_statements(read_text("无牵头单位的，责任单位即为牵头单位")).first_leads


@pytest.mark.parametrize("title", ["总体要求", "基本原则", "发展目标", "面临的形势", "存在的主要问题", "实施步骤"])
def test_some_sections_never_hold_measures(title: str) -> None:
    assert never_holds_measures(title)


@pytest.mark.parametrize("title", ["重点任务", "推广典型经验", "提升治理成效", "保障措施", "目标和主要任务"])
def test_others_may(title: str) -> None:
    assert not never_holds_measures(title)


def test_noise_is_left_out_and_every_character_keeps_its_place() -> None:
    raw = "責(zé)任單(dān)位：**市財政局**"
    text = read_text(raw)

    assert text.clean == "責任單位：市財政局"
    assert text.plain == "责任单位:市财政局"
    (span,) = spans_of(text[5:], [(0, None, None)])
    assert raw[span.start : span.end] == "市財政局"


@pytest.mark.parametrize("odd", ["", "一段\x1e兩段", "計畫"])
def test_texts_that_are_read_together_read_as_each_alone(odd: str) -> None:
    raws = ["責任單位：市財政局", "12", "Ａ類１２家", "5月l5日", "實施改造.完成20万.", "责(zé)任", "**完成**", odd]

    together = read_views(raws)

    for raw in raws:
        text, alone = text_of(together[raw], 3), read_text(raw, 3)
        assert (text.clean, text.plain, list(text.positions)) == (alone.clean, alone.plain, list(alone.positions))


def test_a_full_stop_in_half_width_is_one_but_not_in_a_label_or_number() -> None:
    assert read_text("实施改造.完成20万.").plain == "实施改造。完成20万。"
    assert read_text("划定区域. 全国划定").plain == "划定区域。 全国划定"
    assert read_text("一.总体要求").plain == "一.总体要求"
    assert read_text("1.5倍").plain == "1.5倍"


@pytest.mark.parametrize(
    ("line", "awaited", "number"),
    [
        ("3完善制度", {Kind.NUMBER: 3}, 3),
        ("（三加强保障", {Kind.CHINESE_BRACKET: 3}, 3),
        ("三）加强保障", {Kind.CHINESE_BRACKET: 3}, 3),
        ("3完善制度", {Kind.NUMBER: 5}, None),
        ("3个平台建成", {Kind.NUMBER: 3}, None),
    ],
)
def test_a_damaged_label_is_read_when_its_number_is_awaited(
    line: str, awaited: dict[Kind, int], number: int | None
) -> None:
    text = read_text(line)
    label = read_damaged_label(text.plain, text.clean, awaited)

    assert (label.number if label else None) == number


@pytest.mark.parametrize(
    ("text", "is_stray"),
    [
        ("措施：1.清产核资；2.公开招租；3.制定办法。", False),
        ("1.启动改造。拆除旧房。", False),
        ("启动改造。（1）拆除。（2）新建。", False),
        ("启动改造。2.拆除旧房。", True),
        ("启动改造。1.拆除旧房。", True),
        ("1.启动改造。3.拆除旧房。", True),
        ("1.启动改造。3.12月底前拆除旧房。", True),
        ("完成1.5万亩。建设3、4号楼。", False),
    ],
)
def test_a_label_that_continues_no_row_of_its_text_is_stray(text: str, is_stray: bool) -> None:
    assert has_stray_label(read_text(text).plain) is is_stray


def test_a_lower_label_may_follow_at_once() -> None:
    pieces = split_labels(Line(read_text("一、1、抓好项目。完成投资。2、抓好招商。引进项目。")))

    assert [(label.text, text.plain[:4]) for text, label in pieces if label] == [
        ("一", ""),
        ("1", "抓好项目"),
        ("2", "抓好招商"),
    ]


def test_bullets_divide_a_text() -> None:
    intro, items = split_bullets(read_text("重点任务\n●甲。\n● 乙。"))

    assert (intro.plain.strip(), [text.plain for _, text in items]) == ("重点任务", ["甲。", "乙。"])
