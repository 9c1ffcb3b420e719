"""Lists of units."""

import pytest

from taskboard.domain.plan_parsing.text import read_text
from taskboard.domain.plan_parsing.units import is_unit_list, looks_like_unit, read_units


def names(words: str) -> list[str]:
    return [unit.name for unit in read_units(read_text(words))]


@pytest.mark.parametrize(
    ("words", "units"),
    [
        ("省发展改革委、工业和信息化厅，省通信管理局", ["省发展改革委", "省工业和信息化厅", "省通信管理局"]),
        ("省委宣传部、组织部、网信办", ["省委宣传部", "省委组织部", "省委网信办"]),
        (
            "市工信局、市场监管局，人民银行沅峰市分行、沅峰海关",
            ["市工信局", "市市场监管局", "人民银行沅峰市分行", "沅峰海关"],
        ),
        ("槐阳县、禾川区人民政府", ["槐阳县人民政府", "禾川区人民政府"]),
        ("移动、联通、电信白桦分公司", ["移动白桦分公司", "联通白桦分公司", "电信白桦分公司"]),
        ("市教育、财政、人社部门", ["市教育部门", "市财政部门", "市人社部门"]),
        ("区工信局、红星、东岗街道办事处", ["区工信局", "红星街道办事处", "东岗街道办事处"]),
        ("市妇联、移动、东岗街道", ["市妇联", "移动", "东岗街道"]),
        ("市法院、检察院", ["市法院", "市检察院"]),
        ("区人社局、区残联、区民政局", ["区人社局", "区残联", "区民政局"]),
    ],
)
def test_elided_prefixes_and_suffixes_are_restored(words: str, units: list[str]) -> None:
    assert names(words) == units


@pytest.mark.parametrize(
    "group",
    [
        "各县（市、区）人民政府",
        "各市（地）、县（市、区）政府（行署）",
        "各县、区人民政府",
        "省直有关部门",
        "领导小组各成员单位",
        "区安委会各成员单位",
        "各镇（街道）",
    ],
)
def test_a_group_stays_one_name(group: str) -> None:
    assert names(group) == [group]


@pytest.mark.parametrize(
    ("words", "units"),
    [
        ("专项小组成员单位及省有关部门", ["专项小组成员单位", "省有关部门"]),
        ("国家医保局等国务院相关部门及各地区", ["国家医保局", "国务院相关部门", "各地区"]),
        ("市财政局和市审计局", ["市财政局", "市审计局"]),
        ("市政协社会和法制委、市审计局", ["市政协社会和法制委", "市审计局"]),
        ("实验室与资产管理处、教务处", ["实验室与资产管理处", "教务处"]),
        ("财务处与审计处", ["财务处", "审计处"]),
        ("人力资源和社会保障局、文化和旅游局", ["人力资源和社会保障局", "文化和旅游局"]),
        ("教育部、民政部等部门", ["教育部", "民政部"]),
        ("安检科、生产部等车间", ["安检科", "生产部"]),
        ("东湖县、西山县林业局", ["东湖县林业局", "西山县林业局"]),
        ("东湖区、西山区市场监管局，市司法局", ["东湖区市场监管局", "西山区市场监管局", "市司法局"]),
        ("市卫生健康委等，各县（市、区）人民政府", ["市卫生健康委", "各县（市、区）人民政府"]),
        ("市发改委 市财政局 市教育局", ["市发改委", "市财政局", "市教育局"]),
        ("市住建局／市城管局", ["市住建局", "市城管局"]),
    ],
)
def test_a_list_is_told_apart_where_names_end(words: str, units: list[str]) -> None:
    assert names(words) == units


@pytest.mark.parametrize("alias", ["省编办(省审改办)", "市政务服务办（市大数据局）", "高新园（邹区镇）"])
def test_an_alias_in_brackets_stays(alias: str) -> None:
    assert names(alias) == [alias]


def test_a_role_in_brackets_is_no_part_of_the_name() -> None:
    first, second = read_units(read_text("市科技局（牵头）、市财政局"))

    assert (first.name, first.role_mark) == ("市科技局", "lead")
    assert (second.name, second.role_mark) == ("市财政局", "")


@pytest.mark.parametrize(
    "words", ["市发改委", "国网沅峰供电公司", "各区县", "武警沅峰支队", "市委政法委", "教务处", "省应急厅", "市推进办"]
)
def test_bodies_and_groups_look_like_units(words: str) -> None:
    assert looks_like_unit(words)


@pytest.mark.parametrize("words", ["要压实责任", "2024年底前", "完善工作机制", "主要负责同志", "第三方评估", "。"])
def test_other_words_do_not(words: str) -> None:
    assert not looks_like_unit(words)


def test_a_sentence_is_no_list_of_units() -> None:
    assert not is_unit_list(read_text("企业在社区设置网点，租赁场地不受限制"))


def test_names_between_which_the_mark_is_lost_are_told_apart() -> None:
    assert names("省国税局省地税局、各市州人民政府各创建小镇") == [
        "省国税局",
        "省地税局",
        "各市州人民政府",
        "各创建小镇",
    ]


@pytest.mark.parametrize("office", ["市委市政府督查室", "县委县政府办公室", "市政府办公室"])
def test_an_office_of_two_bodies_is_one_name(office: str) -> None:
    assert names(office) == [office]
