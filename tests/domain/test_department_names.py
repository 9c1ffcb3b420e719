"""Which names are one department, and which are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskboard.domain.department_names import SHORT_FORMS, match_key

SAME = [
    (
        "省发改委",
        "省发展改革委",
        "省发展和改革委员会",
        "省发展与改革委员会",
        "省发展改革委员会",
        "省 发 改 委",
        "省發展改革委",
    ),
    ("省工信厅", "省工业和信息化厅", "省工业信息化厅"),
    ("市卫健委", "市卫生健康委", "市卫生健康委员会", "市衛生健康委"),
    ("市人社局", "市人力资源社会保障局", "市人力资源和社会保障局", "市人力社保局"),
    ("市住建局", "市住房城乡建设局", "市住房和城乡建设局"),
    ("省文旅厅", "省文化和旅游厅", "省文化旅游厅"),
    ("市市监局", "市市场监管局", "市市场监督管理局"),
    ("市场监管总局", "市场监督管理总局"),
    ("市生态环境局", "市生态环境局 ", "“市生态环境局”"),
    ("省国资委", "省国有资产监督管理委员会", "省国有资产监管委"),
    ("省药监局", "省药品监督管理局", "省药品监管局"),
    ("市应急局", "市应急管理局"),
    ("市城管局", "市城市管理局"),
    ("市科技局", "市科学技术局"),
    ("市交通局", "市交通运输局"),
    ("省林草局", "省林业和草原局"),
    ("市医保局", "市医疗保障局"),
    ("市退役军人局", "市退役军人事务局"),
    ("市自然资源和规划局", "市自然资源规划局", "市资规局"),
    ("市外办", "市外事办公室", "市外事办"),
    ("省委编办", "省委机构编制委员会办公室"),
    ("省委网信办", "省委网络安全和信息化委员会办公室"),
    ("市政府", "市人民政府"),
    ("各市人民政府", "各市政府"),
    ("市政府办公室", "市人民政府办公室", "市政府办"),
    ("市妇联", "市妇女联合会"),
    ("云泽市发改委", "云泽市发展和改革委员会"),
    ("高新区管委会", "高新区管理委员会"),
    ("市文化广电旅游局（市文物局）", "市文化广电和旅游局(市文物局)", "市文化广电旅游局〔市文物局〕"),
    ("ABC集团", "ａｂｃ集团", "abc 集团"),
]

DIFFERENT = [
    ("市发改委", "省发改委"),
    ("市发改委", "云泽市发改委"),
    ("市发改委", "市发改局"),
    ("省工信厅", "省经信厅"),
    ("市人社局", "省人社厅"),
    ("市卫健委", "市卫计委"),
    ("市市场监管局", "市金融监管局"),
    ("市文旅局", "市文化广电旅游局"),
    ("市自然资源局", "市自然资源和规划局"),
    ("市生态环境局", "市生态环境保护委员会"),
    ("市政府办公厅", "市政府办公室"),
    ("市人民政府", "县人民政府"),
    ("市文物局", "市文化广电旅游局（市文物局）"),
    ("和平区教育局", "平区教育局"),
    ("市旧城开发改造办", "市旧城开发展改革造办"),
    ("市教育局", "市教体局"),
    ("市法院", "市中级人民法院"),
]


@pytest.mark.parametrize("names", SAME, ids=lambda names: names[0])
def test_all_ways_to_write_a_department_have_one_key(names: tuple[str, ...]) -> None:
    assert {match_key(name) for name in names} == {match_key(names[0])}


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_departments_keep_different_keys(one: str, other: str) -> None:
    assert match_key(one) != match_key(other)


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "“”"])
def test_a_name_without_anything_to_compare_has_an_empty_key(name: str) -> None:
    assert match_key(name) == ""


@pytest.mark.parametrize("variant", SHORT_FORMS)
def test_every_abbreviation_is_reached_behind_a_place_and_before_an_ending(variant: str) -> None:
    assert match_key(f"市{variant}局") == match_key(f"市{SHORT_FORMS[variant]}局")


def test_no_short_form_is_folded_further() -> None:
    assert not set(SHORT_FORMS.values()) & set(SHORT_FORMS)


@given(st.text(alphabet="省市县区发改展革和委员会办公室局厅监督管理人民政府()（） 　", max_size=20))
def test_a_key_is_its_own_key(name: str) -> None:
    assert match_key(match_key(name)) == match_key(name)
