"""Readings compared with the right ones: what counts, and what the marks are worth."""

from __future__ import annotations

from typing import Any

import pytest

from taskboard.services.evaluation import comparable_units, evaluate, match_measures, total


def measure(head: str, **values: Any) -> dict[str, Any]:
    right = {
        "heading": None,
        "lead": ["市教育局"],
        "partners": ["市财政局"],
        "deadline": "2024-06-30",
        "recurrence": None,
    }
    return {"text_head": head, **right, **values}


def plan(*measures: dict[str, Any], defaults: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"measures": list(measures), "defaults": list(defaults)}


def test_the_same_reading_is_right_in_every_figure():
    right = plan(measure("建设公办幼儿园三所，新增学位"), measure("推进校园食堂提质改造工程"))

    figures = evaluate("a", right, right).figures

    assert (figures.f1, figures.lead, figures.partners_f1, figures.deadline, figures.recurrence) == (1, 1, 1, 1, 1)
    assert (figures.marked, figures.wrong_marked) == (0, None)


def test_missed_and_invented_measures_are_named():
    right = plan(measure("建设公办幼儿园三所，新增学位"), measure("推进校园食堂提质改造工程"))
    read = plan(measure("建设公办幼儿园三所，新增学位"), measure("完全不同的另一段文字内容"))

    evaluation = evaluate("a", read, right)

    assert (evaluation.missed, evaluation.extra) == (("推进校园食堂提质改造工程",), ("完全不同的另一段文字内容",))
    assert (evaluation.figures.precision, evaluation.figures.recall) == (0.5, 0.5)


def test_a_wrong_field_counts_as_marked_only_when_it_is_that_field():
    right = plan(measure("建设公办幼儿园三所，新增学位"))
    read = plan(
        measure("建设公办幼儿园三所，新增学位", lead=["市体育局"], deadline=None, review=["deadline", "recurrence"])
    )

    evaluation = evaluate("a", read, right)

    assert [(wrong.name, wrong.marked) for wrong in evaluation.wrong] == [("lead", False), ("deadline", True)]
    assert evaluation.figures.wrong_marked == 0.5
    assert evaluation.figures.marked == 0.5


def test_units_for_the_whole_document_may_stand_in_each_measure_or_not():
    right = plan(measure("建设公办幼儿园三所，新增学位"), defaults=("各县区人民政府",))
    read = plan(measure("建设公办幼儿园三所，新增学位", partners=["市财政局", "各县区人民政府"]))

    assert evaluate("a", read, right).figures.partners_f1 == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("省发展改革委", "发展改革委"),
        ("市委组织部", "组织部"),
        ("省编办（省审改办）", "省编办(省审改办)"),
        ("各县区政府", "县区政府"),
        ("市財政局", "市财政局"),
    ],
)
def test_names_that_differ_only_in_dress_are_the_same(one: str, other: str):
    assert comparable_units([one]) == comparable_units([other])


def test_a_market_office_keeps_its_first_character():
    assert comparable_units(["市场监管局"]) == {"市场监管局"}


def test_measures_are_matched_by_their_words_and_not_by_their_place():
    right = [measure("建设公办幼儿园三所，新增学位"), measure("推进校园食堂提质改造工程")]

    assert match_measures(right, right[::-1]) == [(0, 1), (1, 0)]


def test_figures_of_several_documents_count_measures_and_not_documents():
    one, other = measure("建设公办幼儿园三所，新增学位"), measure("推进校园食堂提质改造工程")

    figures = total([evaluate("a", plan(one), plan(one, other)), evaluate("b", plan(), plan(one, other))])

    assert (figures.expected, figures.found, figures.recall) == (4, 1, 0.25)
