"""Renamings: what a body is called since, at its own place, by the day of the document."""

from __future__ import annotations

from datetime import date

import pytest

from taskboard.domain.department_names import match_key
from taskboard.domain.department_places import Places
from taskboard.domain.known_renamings import TABLE, known_renamings
from taskboard.domain.renamings import LONGEST_CHAIN, Renaming, Renamings, split_list

YUNZE = Places([match_key("云泽市人民政府")])
FIRST, SECOND = date(2009, 1, 1), date(2018, 3, 17)


def renaming(old: str, new: str, day: date = SECOND) -> Renaming:
    return Renaming(split_list(old), split_list(new), day)


def new_names(name: str, *renamings: Renaming, after: date | None = None) -> list[tuple[str, ...]]:
    return [step.keys for step in Renamings(renamings).steps(match_key(name), YUNZE, after=after)]


@pytest.mark.parametrize("place", ["", "市", "云泽市", "云泽市清河县", "云泽"])
def test_the_place_of_the_old_name_goes_over_to_the_new_one(place: str) -> None:
    found = new_names(f"{place}安监局", renaming("安监局、安全生产监督管理局", "应急管理局"))

    assert found == [(f"{place}应急局",)]


@pytest.mark.parametrize("name", ["市自然资源和规划局", "市规划局筹备组", "江海规划局", "某规划局"])
def test_a_name_that_only_ends_like_an_old_one_is_none(name: str) -> None:
    assert new_names(name, renaming("规划局", "自然资源局")) == []


def test_every_way_to_write_the_old_name_counts() -> None:
    found = new_names("市经济和信息化委员会", renaming("经信委", "工业和信息化局、工业和信息化厅"))

    assert found == [("市工信局", "市工信厅")]


def test_a_place_inside_the_name_stays_there_with_and_without_its_level() -> None:
    rule = renaming("人民银行＊中心支行", "人民银行*分行")

    assert new_names("人行云泽市中心支行", rule) == [("人民银行云泽市分行", "人民银行云泽分行")]
    assert new_names("中国人民银行云泽中心支行", rule) == [("人民银行云泽分行",)]


def test_a_place_in_front_can_move_inside() -> None:
    rule = renaming("银监局", "国家金融监督管理总局*监管分局")

    assert new_names("市银监局", rule) == [("云泽市监管分局", "云泽监管分局")]
    assert new_names("银监局", rule) == [("云泽市监管分局", "云泽监管分局")]


def test_a_name_renamed_twice_means_by_the_day_of_the_document() -> None:
    rules = (renaming("规划办", "规划局", FIRST), renaming("规划办", "城建局", SECOND))

    assert new_names("市规划办", *rules, after=date(2008, 1, 1)) == [("市规划局",)]
    assert new_names("市规划办", *rules, after=date(2015, 1, 1)) == [("市城建局",)]


def test_a_later_document_that_copies_the_old_name_means_the_last_renaming() -> None:
    rules = (renaming("规划办", "规划局", FIRST), renaming("规划办", "城建局", SECOND))

    assert new_names("市规划办", *rules, after=date(2024, 1, 1)) == [("市城建局",)]


def test_without_a_day_all_count() -> None:
    rules = (renaming("规划办", "规划局", FIRST), renaming("规划办", "城建局", SECOND))

    assert new_names("市规划办", *rules) == [("市规划局",), ("市城建局",)]


def test_work_that_went_to_several_bodies_went_to_all_of_them() -> None:
    rules = (renaming("物价局", "发展和改革委员会"), renaming("物价局", "市场监督管理局"))

    assert new_names("市物价局", *rules, after=date(2015, 1, 1)) == [("市发改委",), ("市市监局",)]


@pytest.mark.parametrize("text", ["经信委、经信局", "经信委 经信局", "经信委，经信局；经信委", "\n经信委\n经信局 "])
def test_a_list_is_read_however_it_is_typed(text: str) -> None:
    assert split_list(text) == ("经信委", "经信局")


def test_every_entry_of_the_table_is_read() -> None:
    known = list(known_renamings())

    assert len(known) == TABLE.count("→")
    assert all(one.old and one.new for _, one in known)
    assert len({name for name, _ in known}) == len(known)


def test_no_shipped_renaming_leads_to_itself() -> None:
    assert [one for _, one in known_renamings() if set(one.old_keys) & set(one.new_keys)] == []


def test_following_shipped_renamings_ends() -> None:
    known = [one for _, one in known_renamings()]

    def longest(key: str, seen: frozenset[str]) -> int:
        assert key not in seen, f"{key} comes back"
        following = [new for one in known if key in one.old_keys for new in one.new_keys]
        return 1 + max((longest(new, seen | {key}) for new in following), default=-1)

    assert max(longest(key, frozenset()) for one in known for key in one.old_keys) < LONGEST_CHAIN
