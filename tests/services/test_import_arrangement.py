"""Measures of a draft split, joined and moved, and what was decided about them."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.import_arrangement import Rearrangement
from taskboard.domain.workflow import AssignmentRole
from taskboard.models import Measure, TaskTarget
from taskboard.services import imports
from taskboard.services.import_review import find_places
from tests.support.drafts import change, confirm, review, row, start, tasks_of, units_of
from tests.support.factories import NOW
from tests.support.importing import TEXT


def arrange(session, draft, chen, act, *place):
    key, at = (*place, None)[:2]
    return imports.rearrange_measures(
        session, draft.id, Rearrangement(act), key, at=at, version=draft.version, actor=chen, now=NOW
    )


def keys_of(session, draft):
    return [one.row.key for one in review(session, draft).rows]


def test_a_split_measure_becomes_two_tasks_that_keep_the_documents_words(session, usual, chen):
    draft = start(session, usual)
    (point,) = row(session, draft, "m1").row.split_points

    arrange(session, draft, chen, "split", "m1", point)
    change(session, draft, f"m1_{point}", chen, title="全部上线", lead=("市财政局",), partners=())
    plan = confirm(session, draft, chen)

    measures = session.scalars(select(Measure).where(Measure.plan_id == plan.id).order_by(Measure.position)).all()
    assert [one.text for one in measures[:2]] == ["推进一网通办。", "2026年底前，高频事项全部上线。"]
    assert [one.title for one in tasks_of(session, plan)[:2]] == ["推进一网通办", "全部上线"]
    assert units_of(session, tasks_of(session, plan)[1]) == [(AssignmentRole.LEAD, "市财政局")]
    assert [one.due_on for one in tasks_of(session, plan)[:2]] == [None, date(2026, 12, 31)]
    assert measures[1].reading["text"] == "推进一网通办。2026年底前，高频事项全部上线。"
    assert measures[1].reading["parts"][0]["start"] == point


def test_joined_measures_become_one_task_with_the_readings_of_both(session, usual, chen):
    draft = start(session, usual)

    arrange(session, draft, chen, "merge", "m2")
    plan = confirm(session, draft, chen)

    measure, _ = session.scalars(select(Measure).where(Measure.plan_id == plan.id).order_by(Measure.position)).all()
    assert measure.text.split("\n") == [
        "推进一网通办。2026年底前，高频事项全部上线。",
        "清理收费项目。全面清理涉企收费。",
    ]
    assert [one["heading"] for one in measure.reading["joined_with"]] == ["清理收费项目"]
    assert row_names(session, tasks_of(session, plan)[0]) == ["市发展改革委", "市财政局", "各县（市、区）人民政府"]


def test_joined_measures_with_targets_become_one_task_that_has_them_all(session, usual, chen):
    text = TEXT.replace("全部上线。", "上线率达到95%以上。").replace("清理涉企收费。", "清理涉企收费，减少收费10项。")
    draft = start(session, usual, text)
    both = [one.row.entry.targets for one in review(session, draft).rows[:2]]

    arrange(session, draft, chen, "merge", "m2")
    plan = confirm(session, draft, chen)

    task = tasks_of(session, plan)[0]
    kept = session.scalars(select(TaskTarget).where(TaskTarget.task_id == task.id).order_by(TaskTarget.position)).all()
    assert all(both)
    assert [one.words for one in kept] == [one.words for one in (*both[0], *both[1])]


def row_names(session, task):
    return [name for _, name in units_of(session, task)]


def test_the_plan_follows_the_order_that_was_decided(session, usual, chen):
    draft = start(session, usual)

    arrange(session, draft, chen, "up", "m3")
    arrange(session, draft, chen, "up", "m3")
    plan = confirm(session, draft, chen)

    assert [one.title for one in tasks_of(session, plan)] == ["健全督查机制", "推进一网通办", "清理收费项目"]
    assert [one.position for one in tasks_of(session, plan)] == [1, 2, 3]


def test_what_was_decided_about_a_measure_stays_with_it_through_arranging_and_back(session, usual, chen):
    draft = start(session, usual)
    change(session, draft, "m1", chen, title="一网通办")
    change(session, draft, "m2", chen, title="清理")

    arrange(session, draft, chen, "merge", "m2")
    change(session, draft, "m3", chen, title="机制")
    arrange(session, draft, chen, "unmerge", "m1")

    found = review(session, draft)
    assert [one.row.entry.title for one in found.rows] == ["一网通办", "清理", "机制"]
    assert found.rows[0].row.entry.partners == ("市财政局",)
    assert keys_of(session, draft) == ["m1", "m2", "m3"]


def test_places_of_a_part_are_those_of_its_own_words(session, usual, chen):
    draft = start(session, usual)
    (point,) = row(session, draft, "m1").row.split_points
    arrange(session, draft, chen, "split", "m1", point)

    places = find_places(draft, review(session, draft).rows)

    (first,), (second,) = places["m1"]["text"], places[f"m1_{point}"]["text"]
    assert first.end == second.start
    assert places[f"m1_{point}"]["lead"] == places["m1"]["lead"]


def test_arranging_is_refused_to_others_and_to_who_saw_an_older_version(session, usual, chen):
    draft = start(session, usual)
    version = draft.version
    change(session, draft, "m1", chen, title="一网通办")

    with pytest.raises(Stale):
        imports.rearrange_measures(session, draft.id, Rearrangement.UP, "m2", version=version, actor=chen, now=NOW)
    with pytest.raises(NotFound):
        imports.rearrange_measures(
            session, draft.id, Rearrangement.UP, "m2", version=draft.version, actor=usual.actor("li"), now=NOW
        )
    with pytest.raises(Invalid):
        arrange(session, draft, chen, "merge", "m1")
