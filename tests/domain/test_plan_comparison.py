"""Which measures of a revised document are those of the one before."""

from __future__ import annotations

import time
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from taskboard.domain.plan_comparison import Field, Side, Whole, compare_measures, titles_resemble

SENTENCES = (
    "全面梳理高频政务服务事项，推动全部上线办理，实现一网通办。",
    "清理规范涉企收费项目，公布收费目录清单，严禁清单之外收费。",
    "建立中小企业融资需求台账，组织银企对接活动，扩大信用贷款规模。",
    "完成一百二十万平方米公共建筑节能改造，优先改造学校和医院。",
    "新增和更新的公交车全部采用新能源车辆，主城区实现电动化。",
    "推进城市再生水利用工程建设，提高再生水利用率。",
    "健全督查考核机制，定期通报工作进展，压实工作责任。",
    "开展屋顶光伏整市推进试点，建成装机二十万千瓦。",
    "加强知识产权保护，设立快速维权中心，缩短案件办理周期。",
    "完善社会信用体系，推行信用承诺制，加强失信惩戒。",
)


def side(key, text, heading="", **facts):
    return Side(str(key), heading, text, {Field(name): value for name, value in facts.items()})


def sides(texts, prefix="o"):
    return [side(f"{prefix}{number}", text, deadline=date(2026, 12, 31)) for number, text in enumerate(texts)]


def known_again(result):
    return {pair.old.key: pair.new.key for pair in result.pairs}


def test_the_same_document_changes_nothing():
    result = compare_measures(sides(SENTENCES), sides(SENTENCES, "n"))

    assert len(result.unchanged) == len(SENTENCES)
    assert not (result.changed or result.moved or result.added or result.removed)


def test_a_measure_that_was_added_moves_nothing():
    new = [*SENTENCES[:3], "开展数字人民币试点，拓展应用场景。", *SENTENCES[3:]]

    result = compare_measures(sides(SENTENCES), sides(new, "n"))

    assert [one.key for one in result.added] == ["n3"]
    assert len(result.unchanged) == len(SENTENCES)


def test_a_measure_that_is_gone_is_removed():
    result = compare_measures(sides(SENTENCES), sides(SENTENCES[1:], "n"))

    assert [one.key for one in result.removed] == ["o0"]
    assert not result.added and not result.moved


def test_an_edited_sentence_is_the_same_measure_with_another_wording():
    new = [one.replace("全部上线办理", "百分之九十五以上网上办理") for one in SENTENCES]

    result = compare_measures(sides(SENTENCES), sides(new, "n"))

    assert [(one.old.key, one.new.key, one.changed) for one in result.changed] == [("o0", "n0", (Field.WORDING,))]
    assert result.changed[0].is_certain


def test_a_new_deadline_and_new_departments_are_told_by_their_fields():
    old = [side("o", SENTENCES[0], deadline=date(2026, 6, 30), lead=("甲",), partners=("乙", "丙"))]
    new = [side("n", SENTENCES[0], deadline=date(2026, 12, 31), lead=("乙",), partners=("丙",))]

    [pair] = compare_measures(old, new).pairs

    assert pair.changed == (Field.DEADLINE, Field.LEAD, Field.PARTNERS)


def test_punctuation_widths_and_blanks_are_no_change():
    old = [side("o", "完成 A 级改造（第1期），年底前完成。")]
    new = [side("n", "完成Ａ级改造(第1期),年底前完成")]

    assert compare_measures(old, new).unchanged


def test_the_measure_that_changed_its_place_is_moved_and_the_others_are_not():
    new = [*SENTENCES[1:6], SENTENCES[0], *SENTENCES[6:]]

    result = compare_measures(sides(SENTENCES), sides(new, "n"))

    assert [one.old.key for one in result.moved] == ["o0"]


def test_sentences_that_differ_in_a_name_find_their_own_partner():
    towns = ["东山县", "西河县", "南岭县", "北川县"]
    old = sides([f"推进{town}产业园区基础设施建设，完善配套服务。" for town in towns])
    new = sides([f"推进{town}产业园区基础设施建设，健全配套服务体系。" for town in reversed(towns)], "n")

    assert known_again(compare_measures(old, new)) == {"o0": "n3", "o1": "n2", "o2": "n1", "o3": "n0"}


def test_repeated_sentences_go_together_in_their_order():
    text = "按职责分工负责。"

    result = compare_measures(sides([text, text, text]), sides([text, text], "n"))

    assert known_again(result) == {"o0": "n0", "o1": "n1"}
    assert [one.key for one in result.removed] == ["o2"]


def test_the_same_label_does_not_make_two_measures_one():
    result = compare_measures(sides([SENTENCES[0]]), sides([SENTENCES[4]], "n"))

    assert not result.pairs
    assert len(result.added) == len(result.removed) == 1


def test_a_rewritten_sentence_is_recognised_but_not_for_certain():
    old = [side("o", "健全督查考核机制，定期通报工作进展，压实工作责任。", heading="健全督查机制")]
    new = [side("n", "健全督查考核制度，每月调度，对推进不力的单位进行约谈，压实责任。", heading="健全督查机制")]

    [pair] = compare_measures(old, new).pairs

    assert not pair.is_certain


FIRST = "全面梳理高频政务服务事项，推动全部上线办理。"
MIDDLE = "建立中小企业融资需求台账，扩大信用贷款规模。"
LAST = "完成公共建筑节能改造，优先改造学校和医院。"


def test_the_first_part_of_a_measure_that_was_cut_up_goes_on_with_it():
    whole = Whole("m1", "", FIRST + MIDDLE + LAST)
    parts = [Side(key, "", text, {}, (whole,)) for key, text in (("m1", FIRST), ("m1_22", MIDDLE), ("m1_44", LAST))]

    result = compare_measures([side("o1", whole.text)], parts)

    assert known_again(result) == {"o1": "m1"}
    assert [pair.is_certain for pair in result.pairs] == [True]
    assert [one.key for one in result.added] == ["m1_22", "m1_44"]
    assert result.parted == {"m1_22": "o1", "m1_44": "o1"}
    assert result.removed == ()


def test_parts_that_were_measures_of_their_own_before_go_on_by_their_own_words():
    whole = Whole("m1", "", FIRST + MIDDLE)
    parts = [Side("m1", "", FIRST, {}, (whole,)), Side("m1_22", "", MIDDLE, {}, (whole,))]

    result = compare_measures([side("o1", MIDDLE), side("o2", FIRST)], parts)

    assert known_again(result) == {"o1": "m1_22", "o2": "m1"}
    assert (result.added, result.parted, result.joined) == ((), {}, {})


def test_of_measures_that_were_joined_the_one_most_alike_goes_on_and_the_others_say_into_what_they_went():
    made_of = (Whole("m1", "", FIRST), Whole("m2", "", MIDDLE), Whole("m3", "", LAST))
    joined = Side("m1", "", f"{FIRST}\n{MIDDLE}\n{LAST}", {}, made_of)

    result = compare_measures([side("o1", FIRST), side("o2", MIDDLE), side("o3", LAST)], [joined])

    assert known_again(result) == {"o1": "m1"}
    assert [one.key for one in result.removed] == ["o2", "o3"]
    assert result.joined == {"o2": "m1", "o3": "m1"}


def test_what_was_neither_cut_nor_joined_is_followed_nowhere():
    result = compare_measures([side("o1", FIRST)], [side("n1", LAST)])

    assert (result.joined, result.parted) == ({}, {})
    assert [one.key for one in result.removed] == ["o1"]


def test_nothing_against_something():
    assert compare_measures([], sides(SENTENCES)).added == tuple(sides(SENTENCES))
    assert compare_measures(sides(SENTENCES), []).removed == tuple(sides(SENTENCES))
    assert compare_measures([], []).pairs == ()


@given(order=st.permutations(range(len(SENTENCES))))
def test_in_any_order_every_measure_is_known_again(order):
    result = compare_measures(sides(SENTENCES), sides([SENTENCES[place] for place in order], "n"))

    assert known_again(result) == {f"o{known}": f"n{place}" for place, known in enumerate(order)}
    assert not result.changed and not result.added and not result.removed


@given(
    order=st.permutations(range(len(SENTENCES))),
    kept=st.lists(st.booleans(), min_size=len(SENTENCES), max_size=len(SENTENCES)),
    cut=st.integers(0, 4),
    ending=st.sampled_from(["", "工作按季度调度。", "，2027年底前完成。"]),
)
def test_edited_shortened_and_shuffled_measures_are_never_mixed_up(order, kept, cut, ending):
    texts = {known: SENTENCES[known][cut:].rstrip("。") + ending for known in order if kept[known]}
    new = [side(f"n{known}", text) for known, text in texts.items()]

    result = compare_measures([side(f"o{number}", text) for number, text in enumerate(SENTENCES)], new)

    assert known_again(result) == {f"o{known}": f"n{known}" for known in texts}
    assert {one.key for one in result.removed} == {f"o{known}" for known in range(len(SENTENCES)) if not kept[known]}


@given(old=st.lists(st.sampled_from(SENTENCES)), new=st.lists(st.sampled_from(SENTENCES)))
@settings(max_examples=50)
def test_every_measure_stands_in_the_result_once(old, new):
    result = compare_measures(sides(old), sides(new, "n"))

    mine = [one.old.key for one in result.pairs] + [one.key for one in result.removed]
    theirs = [one.new.key for one in result.pairs] + [one.key for one in result.added]
    assert sorted(mine) == sorted(f"o{number}" for number in range(len(old)))
    assert sorted(theirs) == sorted(f"n{number}" for number in range(len(new)))


def test_thousands_of_edited_measures_are_compared_in_seconds():
    old = sides([f"{SENTENCES[number % 10]}涉及第{number * 7919 % 100003}号项目。" for number in range(2000)])
    new = sides([one.text.replace("。涉及", "，按期完成。涉及") for one in old], "n")

    started = time.process_time()
    result = compare_measures(old, new)

    assert known_again(result) == {f"o{number}": f"n{number}" for number in range(2000)}
    assert time.process_time() - started < 5


def test_titles_of_two_editions_resemble_each_other():
    assert titles_resemble("云泽市营商环境行动方案（征求意见稿）", "云泽市营商环境行动方案")
    assert titles_resemble("云泽市2025年政府工作报告重点任务", "云泽市2026年政府工作报告重点任务")
    assert not titles_resemble("云泽市营商环境行动方案", "云泽市绿色低碳城市建设三年行动计划")
    assert not titles_resemble("", "")
