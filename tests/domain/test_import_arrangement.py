"""Cutting, joining and ordering what was read: by keys that keep their meaning, and never for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from msgspec import structs

from taskboard.domain.errors import Invalid
from taskboard.domain.import_arrangement import (
    Arrangement,
    Rearrangement,
    arrange,
    arrangement_from_json,
    arrangement_to_json,
    cut_spans,
    order_keys,
    points_of,
    rearrange,
    split_points,
)
from taskboard.domain.plan_parsing.reading import (
    Comparison,
    Origin,
    ParsedMeasure,
    ParsedPlan,
    Recurrence,
    Span,
    Target,
)

FIRST = ParsedMeasure(
    path=("1",),
    heading="编制目录",
    text="编制目录。2026年底前按季更新。开展评估。",
    text_head="编制目录。2026年底前",
    lead=("市数据局",),
    partners=("市财政局",),
    units_as_written="责任单位：市数据局、市财政局",
    deadline=date(2026, 12, 31),
    deadline_text="2026年底前",
    origins={"lead": Origin.INFERRED, "partners": Origin.STATED, "deadline": Origin.STATED},
    spans={"text": (Span(4, 2, 12), Span(5, 0, 12)), "lead": (Span(6, 5, 9),)},
)
SECOND = ParsedMeasure(
    path=("2",),
    heading="清理收费",
    text="清理收费。",
    text_head="清理收费。",
    lead=("市财政局",),
    partners=("市教育局",),
    units_as_written="市财政局牵头，市教育局配合",
    recurrence=Recurrence.YEARLY,
    origins={"lead": Origin.STATED, "partners": Origin.STATED, "deadline": Origin.MISSING},
)
THIRD = ParsedMeasure(path=("3",), heading=None, text="健全机制。", text_head="健全机制。")
PLAN = ParsedPlan(title="工作要点", issuer=None, date=None, measures=(FIRST, SECOND, THIRD))


def after(*acts):
    arrangement = Arrangement()
    for act, key, *at in acts:
        arrangement = rearrange(PLAN, arrangement, Rearrangement(act), key, *at)
    return arrangement


def texts(arrangement):
    return [(one.key, one.parsed.text) for one in arrange(PLAN, arrangement)]


def test_nothing_decided_leaves_the_measures_as_they_were_read():
    assert [one.parsed for one in arrange(PLAN, Arrangement())] == [FIRST, SECOND, THIRD]
    assert not Arrangement()


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("编制目录。按季更新；开展评估。", [5, 10]),
        ("他说：“先试点。”再推广。", [9]),
        ("一行\n 二行", [4]),
        ("没有句号", []),
        ("只有一句。", []),
    ],
)
def test_a_measure_can_be_split_where_a_sentence_begins(text, points):
    assert split_points(text) == points


def test_a_split_measure_is_two_with_the_documents_words_and_the_same_units():
    first, second, *_ = arrange(PLAN, after(("split", "m1", 5)))

    assert (first.key, second.key) == ("m1", "m1_5")
    assert (first.parsed.text, second.parsed.text) == ("编制目录。", "2026年底前按季更新。开展评估。")
    assert (first.parsed.heading, second.parsed.heading) == ("编制目录", None)
    assert first.parsed.lead == second.parsed.lead == ("市数据局",)
    assert {"lead", "partners"} <= set(second.parsed.review)


def test_a_deadline_goes_with_the_words_that_state_it_and_its_absence_is_marked():
    first, second, *_ = arrange(PLAN, after(("split", "m1", 5)))

    assert second.parsed.deadline == date(2026, 12, 31)
    assert (first.parsed.deadline, first.parsed.deadline_text) == (None, None)
    assert first.parsed.origins["deadline"] is Origin.MISSING
    assert "deadline" in first.parsed.review


def test_a_part_can_be_split_again_and_each_part_keeps_its_key():
    arrangement = after(("split", "m1", 17), ("split", "m1", 5))

    assert [key for key, _ in texts(arrangement)] == ["m1", "m1_5", "m1_17", "m2", "m3"]
    assert "".join(text for _, text in texts(arrangement)[:3]) == FIRST.text


def test_the_spans_of_a_part_are_its_own_characters():
    *_, parts = [one.parts for one in arrange(PLAN, after(("split", "m1", 5)))[:2]]

    assert cut_spans(FIRST.text, FIRST.spans["text"], parts[0]) == (Span(4, 7, 12), Span(5, 0, 12))
    assert cut_spans("kürzer", FIRST.spans["text"], parts[0]) == FIRST.spans["text"]


def test_a_joined_measure_has_the_units_of_both_and_marks_where_they_differ():
    joined, last = arrange(PLAN, after(("merge", "m2")))

    assert (joined.key, last.key) == ("m1", "m3")
    assert joined.parsed.text == f"{FIRST.text}\n{SECOND.text}"
    assert joined.parsed.lead == ("市数据局",)
    assert joined.parsed.partners == ("市财政局", "市教育局")
    assert joined.parsed.deadline == date(2026, 12, 31)
    assert joined.parsed.recurrence is Recurrence.YEARLY
    assert joined.parsed.review == ("lead", "partners", "recurrence")


def test_a_deadline_of_the_second_alone_becomes_that_of_both():
    plan = ParsedPlan(title=None, issuer=None, date=None, measures=(THIRD, FIRST))
    (joined,) = arrange(plan, rearrange(plan, Arrangement(), Rearrangement.MERGE, "m2"))

    assert joined.parsed.deadline == date(2026, 12, 31)
    assert joined.parsed.origins["deadline"] is Origin.STATED
    assert joined.parsed.lead == ("市数据局",)


@pytest.mark.parametrize(
    ("there", "back"),
    [
        ([("split", "m1", 5)], [("unsplit", "m1_5")]),
        ([("split", "m1", 5)], [("merge", "m1_5")]),
        ([("split", "m1", 5), ("split", "m1_5", 17)], [("unsplit", "m1_17"), ("unsplit", "m1_5")]),
        ([("merge", "m2"), ("merge", "m3")], [("unmerge", "m1")]),
        ([("split", "m1", 5), ("merge", "m2")], [("unmerge", "m1_5"), ("unsplit", "m1_5")]),
    ],
)
def test_each_act_can_be_taken_back(there, back):
    assert arrange(PLAN, after(*there)) != arrange(PLAN, Arrangement())
    assert arrange(PLAN, after(*there, *back)) == arrange(PLAN, Arrangement())


def test_measures_move_up_and_down_with_what_was_joined_to_them():
    arrangement = after(("merge", "m2"), ("up", "m3"))

    assert [one.key for one in arrange(PLAN, arrangement)] == ["m3", "m1"]
    assert [key for key, _ in texts(after(("down", "m1"), ("down", "m1")))] == ["m2", "m3", "m1"]
    assert [key for key, _ in texts(after(("down", "m1"), ("up", "m1")))] == ["m1", "m2", "m3"]


def test_a_part_that_comes_to_be_after_moving_follows_its_measure():
    assert [key for key, _ in texts(after(("down", "m1"), ("split", "m1", 5)))] == ["m2", "m1", "m1_5", "m3"]
    assert order_keys(["a", "b", "c"], ["c", "gone", "b"]) == ["a", "c", "b"]


def test_joining_to_a_measure_that_is_joined_later_takes_all_along():
    arrangement = after(("merge", "m3"), ("merge", "m2"))

    assert [one.key for one in arrange(PLAN, arrangement)] == ["m1"]
    assert arrange(PLAN, arrangement)[0].parsed.text.split("\n")[1:] == [SECOND.text, THIRD.text]


@pytest.mark.parametrize(
    ("act", "problem"),
    [
        (("split", "m1", 3), "no_sentence_begins"),
        (("split", "m1"), "no_sentence_begins"),
        (("split", "m3", 4), "no_sentence_begins"),
        (("merge", "m1"), "nothing_before"),
        (("up", "m1"), "at_the_end"),
        (("down", "m3"), "at_the_end"),
        (("unsplit", "m1"), "not_split"),
        (("up", "m9"), "measure_unknown"),
        (("up", "c1"), "measure_unknown"),
    ],
)
def test_what_cannot_be_done_says_why(act, problem):
    with pytest.raises(Invalid) as refused:
        after(act)

    assert refused.value.problem == problem


def test_a_joined_measure_is_parted_before_it_is_split():
    joined, _ = arrange(PLAN, after(("merge", "m2")))

    assert points_of(joined) == []


def test_an_arrangement_comes_back_as_it_was_stored():
    arrangement = after(("split", "m1", 5), ("merge", "m2"), ("up", "m3"))

    assert arrangement_from_json(arrangement_to_json(arrangement)) == arrangement
    assert arrangement_to_json(Arrangement()) == {}
    assert arrangement_from_json({}) == Arrangement()


def test_joined_measures_keep_the_targets_of_both_and_an_equal_one_once():
    rate = Target("达到95%", "网上办理率", "%", Comparison.REACH, 95)
    homes = Target("新增30家", "规上企业", "家", Comparison.REACH, 30)
    plan = replace(
        PLAN,
        measures=(structs.replace(FIRST, targets=(rate,)), structs.replace(SECOND, targets=(replace(rate), homes))),
    )

    (joined,) = arrange(plan, Arrangement(joined={"m2": "m1"}))

    assert joined.parsed.targets == (rate, homes)
