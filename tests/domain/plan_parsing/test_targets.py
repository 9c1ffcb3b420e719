"""Measurable targets: what is counted, how it is compared, with which value; and figures that set none."""

import pytest

from taskboard.domain.plan_parsing.figures import read_number
from taskboard.domain.plan_parsing.reading import Comparison, Resolve, Target
from taskboard.domain.plan_parsing.targets import read_targets
from taskboard.domain.plan_parsing.text import read_text

REACH, AT_LEAST, AT_MOST = Comparison.REACH, Comparison.AT_LEAST, Comparison.AT_MOST


def targets_of(words: str, year: int | None = 2024) -> list[Target]:
    return [found.target for found in read_targets(read_text(words), year)]


@pytest.mark.parametrize(
    ("words", "quantity", "comparison", "value", "unit"),
    [
        ("占比达到70%左右", "占比", Comparison.ABOUT, 70, "%"),
        ("合格率不低于98%", "合格率", AT_LEAST, 98, "%"),
        ("2027年1月1日前贷款余额突破80亿元", "贷款余额", Comparison.MORE_THAN, 80, "亿元"),
        ("12月15日前互认项目超过200项", "互认项目", Comparison.MORE_THAN, 200, "项"),
        ("每年举办活动不少于10场", "活动", AT_LEAST, 10, "场"),
        ("审批环节不超过4个", "审批环节", AT_MOST, 4, "个"),
        ("煤炭消费量控制在860万吨以内", "煤炭消费量", AT_MOST, 860, "万吨"),
        ("能耗控制在0.4吨以下", "能耗", AT_MOST, 0.4, "吨"),
        ("贷款余额突破600亿元", "贷款余额", Comparison.MORE_THAN, 600, "亿元"),
        ("互认项目超过200项", "互认项目", Comparison.MORE_THAN, 200, "项"),
        ("工业增加值增长10%以上", "工业增加值", Comparison.INCREASE_BY, 10, "%"),
        ("能耗强度下降18%", "能耗强度", Comparison.DECREASE_BY, 18, "%"),
        ("覆盖率提高5个百分点", "覆盖率", Comparison.INCREASE_BY, 5, "个百分点"),
        ("将办理时间压缩到20小时以内", "办理时间", AT_MOST, 20, "小时"),
        ("新建社区食堂30个", "社区食堂", REACH, 30, "个"),
        ("新建30个社区食堂", "社区食堂", REACH, 30, "个"),
        ("改造燃气管网（含庭院）180公里", "改造燃气管网", REACH, 180, "公里"),
        ("种植中药材1.2万亩", "中药材", REACH, 1.2, "万亩"),
        ("实现行政村5G网络全覆盖", "行政村5G网络", REACH, 100, "%"),
        ("重大隐患动态清零", "重大隐患", Comparison.EXACTLY, 0, ""),
        ("实现上市企业零的突破", "上市企业", Comparison.MORE_THAN, 0, ""),
        ("耕地面积稳定在320万亩", "耕地面积", Comparison.EXACTLY, 320, "万亩"),
        ("新建卫生室三十个", "卫生室", REACH, 30, "个"),
        ("硬化道路八十公里", "硬化道路", REACH, 80, "公里"),
        ("转移劳动力一万八千人", "劳动力", REACH, 18000, "人"),
        ("入户率达到百分之九十五以上", "入户率", AT_LEAST, 95, "%"),
        ("带动就业5O0人", "带动就业", REACH, 500, "人"),
        ("存款余额突破5万亿", "存款余额", Comparison.MORE_THAN, 5, "万亿"),
    ],
)
def test_one_figure_with_what_it_counts(
    words: str, quantity: str, comparison: Comparison, value: float, unit: str
) -> None:
    (target,) = targets_of(words)

    assert (target.comparison, target.value, target.unit) == (comparison, value, unit)
    if "（" not in words:
        assert target.quantity == quantity


@pytest.mark.parametrize(
    ("words", "value", "upper"),
    [("培育骨干企业3—5家", 3, 5), ("建设示范点1-2个", 1, 2), ("压减10%至15%", 10, 15), ("新建泵站20～30座", 20, 30)],
)
def test_a_range_has_two_ends(words: str, value: float, upper: float) -> None:
    (target,) = targets_of(words)

    assert (target.value, target.upper) == (value, upper)


def test_two_limits_in_one_sentence_share_what_they_count() -> None:
    first, second = targets_of("细颗粒物浓度不高于59，力争不高于57")

    assert (first.quantity, first.comparison, first.value, first.resolve) == ("细颗粒物浓度", AT_MOST, 59, None)
    assert (second.quantity, second.comparison, second.value) == ("细颗粒物浓度", AT_MOST, 57)
    assert second.resolve is Resolve.STRIVE


def test_how_firmly_a_target_is_set() -> None:
    first, second = targets_of("满意度确保98%以上，投资力争增长5%")

    assert (first.resolve, second.resolve) == (Resolve.ENSURE, Resolve.STRIVE)


@pytest.mark.parametrize(
    ("words", "base_year"),
    [
        ("碳排放强度比2015年下降10%", 2015),
        ("用水量较2020年减少5%以上", 2020),
        ("碳排放较上年下降3%", 2023),
        ("进出口额同比增长8%", 2023),
        ("碳排放下降3%", None),
    ],
)
def test_the_year_a_change_is_counted_from(words: str, base_year: int | None) -> None:
    (target,) = targets_of(words)

    assert target.base_year == base_year
    assert target.value < 100


@pytest.mark.parametrize(
    "words",
    [
        "给予每户最高500万元补助",
        "按投资额的10%给予奖励",
        "一次性奖励50万元",
        "每人每月补贴2000元",
        "实施“145工程”",
        "推进“五个100”建设",
        "壮大“7+1”产业体系",
        "落实六稳六保",
        "加快双千兆网络建设",
        "按照省政〔2023〕11号文件",
        "经第3次会议通过",
        "推进G104国道改线",
        "开展PM2.5治理",
        "打造国内500强企业聚集地",
        "申报国家4A级景区",
        "65岁以上老年人",
        "自受理之日起15个工作日内办结",
        "目前已建成30个站点",
        "建立一个平台、三条主线",
        "2025年6月30日前",
        "开展隐患清零行动",
    ],
)
def test_figures_that_set_no_target(words: str) -> None:
    assert targets_of(words) == []


def test_the_old_value_of_a_change_is_no_target() -> None:
    assert [target.words for target in targets_of("由12项扩大到20项，从5天压缩至3天")] == ["扩大到20项", "压缩至3天"]


def test_the_size_of_projects_is_no_target_but_their_number_is() -> None:
    assert [target.words for target in targets_of("10亿元以上项目不少于20个")] == ["不少于20个"]


def test_a_target_keeps_its_place_in_the_text() -> None:
    text = read_text("新建站点，网点覆盖率达到80%以上。")
    (found,) = read_targets(text)

    assert text.clean[found.start : found.end] == found.target.words == "达到80%以上"


@pytest.mark.parametrize(
    ("words", "number"),
    [("1,200", 1200), ("1O0", 100), ("3.5", 3.5), ("九十五", 95), ("一万八千", 18000), ("两百", 200), ("三点五", 3.5)],
)
def test_numbers_are_read_in_figures_and_in_words(words: str, number: float) -> None:
    assert read_number(words) == number
