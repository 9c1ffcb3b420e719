"""Places in the names of departments: which characters are one, and what a name without one means."""

from __future__ import annotations

import pytest

from taskboard.domain.department_names import match_key
from taskboard.domain.department_places import Places, belongs_elsewhere, full_forms, is_place, split_place

YUNZE = Places([match_key("云泽市人民政府"), match_key("江南省人民政府")])
QINGHE = Places([match_key("清河县教育局"), match_key("清河县人民政府"), match_key("云泽市人民政府")])


@pytest.mark.parametrize(
    ("name", "place", "rest"),
    [
        ("云泽市教育局", "云泽市", "教育局"),
        ("市教育局", "市", "教育局"),
        ("教育局", "", "教育局"),
        ("市场监督管理局", "", "市监局"),
        ("市市场监督管理局", "市", "市监局"),
        ("省市场监管局", "省", "市监局"),
        ("市监察委员会", "市", "监察委"),
        ("市政务服务局", "市", "政务服务局"),
        ("市政公用局", "", "市政公用局"),
        ("城市管理局", "", "城管局"),
        ("城乡规划局", "", "城乡规划局"),
        ("乡村振兴局", "", "乡村振兴局"),
        ("郑州市教育局", "郑州市", "教育局"),
        ("恩施州教育局", "恩施州", "教育局"),
        ("恩施土家族苗族自治州教育局", "恩施土家族苗族自治州", "教育局"),
        ("广西壮族自治区教育厅", "广西壮族自治区", "教育厅"),
        ("景德镇市教育局", "景德镇市", "教育局"),
        ("镇江市教育局", "镇江市", "教育局"),
        ("镇政府", "镇", "政府"),
        ("邹区镇人民政府", "邹区镇", "政府"),
        ("市中区教育局", "市中区", "教育局"),
        ("闵行区教育局", "闵行区", "教育局"),
        ("沛县教育局", "沛县", "教育局"),
        ("高新区管委会", "高新区", "管委"),
        ("国网云泽供电公司", "", "国网云泽供电公司"),
        ("各县（市、区）人民政府", "", "各县(市、区)政府"),
    ],
)
def test_a_name_is_cut_behind_its_place(name: str, place: str, rest: str) -> None:
    parts = split_place(match_key(name))

    assert (parts.place, parts.rest) == (place, rest)


@pytest.mark.parametrize("text", ["市", "云泽市", "云泽市清河县", "江南省云泽市", "自治区", "街道"])
def test_places_inside_each_other_are_a_place(text: str) -> None:
    assert is_place(text)


@pytest.mark.parametrize("text", ["", "市委", "云泽", "市场", "自然资源和"])
def test_other_words_are_none(text: str) -> None:
    assert not is_place(text)


@pytest.mark.parametrize(
    ("name", "complete"),
    [
        ("市教育局", "云泽市教育局"),
        ("教育局", "云泽市教育局"),
        ("云泽市教育局", "云泽市教育局"),
        ("省教育厅", "江南省教育厅"),
        ("市场监管局", "云泽市市监局"),
        ("国家税务总局云泽市税务局", "云泽市税务局"),
        ("云泽市清河县教育局", "清河县教育局"),
        ("中国人民银行云泽市分行", "人民银行云泽分行"),
        ("人行云泽分行", "人民银行云泽分行"),
        ("国网云泽市供电公司", "国网云泽供电公司"),
        ("云泽海关", "云泽海关"),
        ("江海市教育局", "江海市教育局"),
        ("县教育局", "县教育局"),
    ],
)
def test_a_name_is_completed_for_who_reads_it_in_yunze(name: str, complete: str) -> None:
    assert full_forms(match_key(name), YUNZE)[-1] == complete


def test_without_a_place_nothing_is_added() -> None:
    assert full_forms("教育局", Places(["督查室"])) == ["教育局"]


def test_the_innermost_place_is_ones_own() -> None:
    assert QINGHE.names == ["清河县", "云泽市"]
    assert QINGHE.own == "清河县"
    assert QINGHE.at("市") == "云泽市"
    assert QINGHE.at("省") is None


@pytest.mark.parametrize(
    ("name", "elsewhere"),
    [
        ("市教育局", True),
        ("教育局", True),
        ("省教育厅", False),
        ("云泽市教育局", False),
        ("中国人民银行", False),
    ],
)
def test_a_name_without_its_place_belongs_where_it_is_said(name: str, elsewhere: bool) -> None:
    other_city = Places([match_key("江海市人民政府")])

    assert belongs_elsewhere(match_key(name), YUNZE, other_city) is elsewhere
    assert not belongs_elsewhere(match_key(name), YUNZE, YUNZE)
