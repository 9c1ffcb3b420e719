"""Names in documents against a directory: which rule finds which department, and where none may."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date

import pytest

from taskboard.domain.department_matching import NEEDS_A_LOOK, Directory, Listed, MatchRule, NameMatch
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.known_renamings import known_renamings
from taskboard.domain.renamings import Renamings

BODY = "云泽市人民政府"
CITY = """
市发展和改革委员会 市工业和信息化局 市自然资源和规划局 市市场监督管理局 市应急管理局 市生态环境局 市卫生健康委员会
市农业农村局 市数据局 市委金融办 市委编办 市委宣传部 市广播电视局 市文化广电旅游局（市文物局） 市司法局 市教育局
市人力资源和社会保障局 市住房和城乡建设局 市城市管理局 市政务服务办公室 清河县人民政府 各县（市、区）人民政府
国家税务总局云泽市税务局 国家金融监督管理总局云泽监管分局 中国人民银行云泽市分行 国网云泽供电公司
"""
OLD, COPIED = date(2015, 6, 1), date(2024, 5, 1)


def directory_of(names: Iterable[str], *, body: str = BODY, more: Iterable[Listed] = ()) -> Directory:
    """A body with these departments below it; ``/`` in a name parts it from its aliases."""
    listed = [Listed(1, (body,), "/1/")]
    for number, name in enumerate(names, start=2):
        kind = DepartmentKind.COLLECTIVE if name.startswith("各") else DepartmentKind.UNIT
        listed.append(Listed(number, tuple(name.split("/")), f"/1/{number}/", kind))
    return Directory([*listed, *more], Renamings(one for _, one in known_renamings()))


def matched(directory: Directory, name: str, *, dated_on: date | None = COPIED, body_id: int = 1) -> NameMatch:
    return directory.reader(body_id, dated_on).match(name)


def found(directory: Directory, name: str, *, dated_on: date | None = COPIED) -> tuple[str | None, str | None]:
    """The official name of the department, and the rule."""
    match = matched(directory, name, dated_on=dated_on)
    if match.department_id is None or match.rule is None:
        return None, None
    return directory.name_of(match.department_id), match.rule.value


@pytest.fixture(scope="module")
def city() -> Directory:
    return directory_of(CITY.split())


@pytest.mark.parametrize(
    ("name", "official", "rule"),
    [
        ("市教育局", "市教育局", "exact"),
        ("市 教 育 局", "市教育局", "key"),
        ("市发改委", "市发展和改革委员会", "key"),
        ("市人力社保局", "市人力资源和社会保障局", "key"),
        ("各县（市、区）政府", "各县（市、区）人民政府", "key"),
        ("教育局", "市教育局", "elision"),
        ("云泽市教育局", "市教育局", "elision"),
        ("市场监管局", "市市场监督管理局", "elision"),
        ("税务局", "国家税务总局云泽市税务局", "elision"),
        ("市税务局", "国家税务总局云泽市税务局", "elision"),
        ("人行云泽分行", "中国人民银行云泽市分行", "elision"),
        ("国网云泽市供电公司", "国网云泽供电公司", "elision"),
        ("云泽市清河县人民政府", "清河县人民政府", "elision"),
        ("市文化广电旅游局", "市文化广电旅游局（市文物局）", "second_name"),
        ("市文物局", "市文化广电旅游局（市文物局）", "second_name"),
        ("市编办(市审改办)", "市委编办", "second_name"),
        ("市政务办", "市政务服务办公室", "subsequence"),
        ("市工业信息局", "市工业和信息化局", "subsequence"),
    ],
)
def test_a_name_is_found_by_the_first_rule_that_knows_it(city: Directory, name: str, official: str, rule: str) -> None:
    assert found(city, name) == (official, rule)


@pytest.mark.parametrize("dated_on", [OLD, COPIED, None])
@pytest.mark.parametrize(
    ("name", "official"),
    [
        ("市经信委", "市工业和信息化局"),
        ("市经济和信息化委员会", "市工业和信息化局"),
        ("经信委", "市工业和信息化局"),
        ("云泽市经贸委", "市工业和信息化局"),
        ("市国土局", "市自然资源和规划局"),
        ("市规划局", "市自然资源和规划局"),
        ("市工商局", "市市场监督管理局"),
        ("市质监局", "市市场监督管理局"),
        ("市食药监局", "市市场监督管理局"),
        ("市安监局", "市应急管理局"),
        ("市环保局", "市生态环境局"),
        ("市卫计委", "市卫生健康委员会"),
        ("市计生委", "市卫生健康委员会"),
        ("市农委", "市农业农村局"),
        ("市扶贫办", "市农业农村局"),
        ("市乡村振兴局", "市农业农村局"),
        ("市大数据局", "市数据局"),
        ("市金融办", "市委金融办"),
        ("市编办", "市委编办"),
        ("市法制办", "市司法局"),
        ("市文化局", "市文化广电旅游局（市文物局）"),
        ("市旅游局", "市文化广电旅游局（市文物局）"),
        ("市建委", "市住房和城乡建设局"),
        ("市劳动保障局", "市人力资源和社会保障局"),
        ("市国税局", "国家税务总局云泽市税务局"),
        ("地税局", "国家税务总局云泽市税务局"),
        ("云泽银监分局", "国家金融监督管理总局云泽监管分局"),
        ("市银监局", "国家金融监督管理总局云泽监管分局"),
        ("银保监分局", "国家金融监督管理总局云泽监管分局"),
        ("中国银保监会云泽监管分局", "国家金融监督管理总局云泽监管分局"),
        ("人行云泽中心支行", "中国人民银行云泽市分行"),
        ("中国人民银行云泽市中心支行", "中国人民银行云泽市分行"),
    ],
)
def test_an_old_name_is_followed_to_the_body_of_today(
    city: Directory, name: str, official: str, dated_on: date | None
) -> None:
    assert found(city, name, dated_on=dated_on) == (official, "renaming")


def test_the_last_renaming_says_since_when(city: Directory) -> None:
    assert matched(city, "市经贸委", dated_on=OLD).renamed_on == date(2018, 3, 17)
    assert matched(city, "市教育局").renamed_on is None


@pytest.mark.parametrize(
    ("name", "likely"),
    [
        ("市物价局", {"市发展和改革委员会", "市市场监督管理局"}),
        ("市新闻出版广电局", {"市委宣传部", "市广播电视局"}),
        ("市政务服务办（市大数据局）", {"市政务服务办公室", "市数据局"}),
    ],
)
def test_several_successors_are_a_question(city: Directory, name: str, likely: set[str]) -> None:
    match = matched(city, name)

    assert match.department_id is None
    assert {city.name_of(one) for one in match.likely} == likely


@pytest.mark.parametrize(
    "name",
    [
        "",
        "　",
        "*",
        "市",
        "市委",
        "市委办",
        "市政府办公室",
        "江海市教育局",
        "省教育厅",
        "县教育局",
        "市气象局",
        "市住建委",
        "市教育委",
        "各市教育局",
        "领导小组各成员单位",
        "市直有关部门",
    ],
)
def test_what_only_looks_alike_is_not_guessed(city: Directory, name: str) -> None:
    assert matched(city, name) == NameMatch()


def test_a_short_name_of_two_departments_is_a_question() -> None:
    directory = directory_of(["市文化旅游发展局", "市文化体育管理局"])

    match = matched(directory, "市文化局", dated_on=date(2000, 1, 1))

    assert match.department_id is None
    assert match.likely == (2, 3)


def test_only_what_may_be_wrong_now_and_then_needs_a_look(city: Directory) -> None:
    assert {MatchRule.SUBSEQUENCE, MatchRule.SECOND_NAME} == NEEDS_A_LOOK
    assert matched(city, "市政务办").needs_a_look
    assert not matched(city, "市教育局").needs_a_look


class TestTheOrderOfTheRules:
    def test_a_name_of_the_directory_goes_before_its_renaming(self) -> None:
        directory = directory_of(["市经信局", "市工业和信息化局"])

        assert found(directory, "市经信局") == ("市经信局", "exact")

    def test_an_alias_goes_before_a_renaming(self) -> None:
        directory = directory_of(["市发展和改革委员会/市物价局", "市市场监督管理局"])

        assert found(directory, "市物价局") == ("市发展和改革委员会", "alias")

    def test_a_renaming_goes_before_elision(self) -> None:
        directory = directory_of(["云泽市环保局", "市生态环境局"])

        assert found(directory, "市环保局") == ("市生态环境局", "renaming")

    def test_elision_goes_before_a_short_form(self) -> None:
        directory = directory_of(["云泽市文旅局", "市文化旅游发展局"])

        assert found(directory, "市文旅局") == ("云泽市文旅局", "elision")

    def test_a_department_that_was_switched_off_gives_way_to_its_successor_only(self) -> None:
        retired = [
            Listed(90, ("市环保局",), "/1/90/", is_active=False),
            Listed(91, ("市水务局",), "/1/91/", is_active=False),
        ]
        directory = directory_of(["市生态环境局", "云泽市水务局"], more=retired)

        assert found(directory, "市环保局") == ("市生态环境局", "renaming")
        assert found(directory, "市水务局") == ("市水务局", "exact")


class TestPlaces:
    def test_the_same_name_in_another_city_is_another_department(self) -> None:
        other = [Listed(50, ("江海市人民政府",), "/50/"), Listed(51, ("市教育局",), "/50/51/")]
        directory = directory_of(["云泽市教育局", "云泽市财政局"], more=other)

        assert found(directory, "市教育局") == ("云泽市教育局", "elision")
        assert matched(directory, "市教育局", body_id=50).department_id == 51
        assert matched(directory, "市财政局", body_id=50) == NameMatch()

    def test_a_county_means_its_own_departments(self) -> None:
        county = [Listed(50, ("清河县人民政府",), "/1/50/"), Listed(51, ("清河县教育局",), "/1/50/51/")]
        directory = directory_of(["市教育局"], more=county)

        assert matched(directory, "县教育局", body_id=50).department_id == 51
        assert matched(directory, "教育局", body_id=50).department_id == 51
        assert matched(directory, "市教育局", body_id=50).department_id == 2
        assert matched(directory, "教育局").department_id == 2

    def test_a_place_can_stand_with_the_parent_alone(self) -> None:
        county = [Listed(50, ("清河县人民政府",), "/1/50/"), Listed(51, ("教育局",), "/1/50/51/")]
        directory = directory_of([], more=county)

        assert matched(directory, "清河县教育局").department_id == 51
        assert matched(directory, "教育局") == NameMatch()

    def test_a_province_has_its_own_endings(self) -> None:
        directory = directory_of(["省工业和信息化厅", "省生态环境厅"], body="江南省人民政府")

        assert found(directory, "省经信委") == ("省工业和信息化厅", "renaming")
        assert found(directory, "江南省环保厅") == ("省生态环境厅", "renaming")
        assert found(directory, "工业和信息化厅") == ("省工业和信息化厅", "elision")

    def test_a_body_without_a_place_adds_none(self) -> None:
        directory = directory_of(["市教育局"], body="督查室")

        assert found(directory, "市教育局") == ("市教育局", "exact")
        assert found(directory, "云泽市教育局") == (None, None)

    def test_a_body_that_is_not_in_the_directory_is_no_error(self, city: Directory) -> None:
        assert matched(city, "市教育局", body_id=999).rule is MatchRule.EXACT


def test_a_whole_document_is_matched_while_a_page_loads() -> None:
    directory = directory_of(f"市第{number}管理服务局" for number in range(2000))
    reader = directory.reader(1, COPIED)
    started = time.perf_counter()

    assert all(reader.match(f"市某{number}办公室").department_id is None for number in range(300))
    assert time.perf_counter() - started < 5
