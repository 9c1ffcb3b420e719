"""Names that no department has yet: made into one, taken for another's, or asked about."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid
from taskboard.domain.imports import NameChoice, NameDecision, Obstacle
from taskboard.domain.workflow import AssignmentRole
from taskboard.models import Assignment
from taskboard.services.department_names import match_names
from tests.support.drafts import change, confirm, name_it, review, start, tasks_of, units_of
from tests.support.importing import TEXT


def test_an_abbreviation_and_the_full_name_end_as_one_new_department(session, usual, chen):
    text = TEXT.replace("市督查考核中心", "省发改委、省发展改革委、省发展和改革委员会").replace(
        "市发改委", "省发展改革委"
    )
    draft = start(session, usual, text)
    unknown = [one for one in review(session, draft).unknown if "省发改委" in one.names]
    for one in unknown:
        name_it(session, draft, one.name, NameDecision(NameChoice.CREATE_UNIT), chen)
    for key in ("m3",):
        change(session, draft, key, chen, lead=("省发改委",), partners=("市财政局",))

    plan = confirm(session, draft, chen)
    found = match_names(session, ["省发改委", "省发展改革委", "省发展和改革委员会"])

    assert len({department.id for department in found.values()}) == 1
    first, _, third = tasks_of(session, plan)
    assert units_of(session, first)[0] == units_of(session, third)[0]


def test_an_unknown_name_is_listed_once_with_the_items_that_name_it(session, usual):
    text = TEXT.replace("市财政局", "市大数据中心")

    unknown = {one.name: one for one in review(session, start(session, usual, text)).unknown}

    assert unknown["市大数据中心"].numbers == (1, 2)
    assert unknown["各县（市、区）人民政府"].guessed_kind is DepartmentKind.COLLECTIVE
    assert unknown["市督查考核中心"].effective == NameDecision(NameChoice.CREATE_UNIT)


def test_a_name_that_resembles_a_known_department_is_never_created_without_a_decision(session, usual, chen):
    draft = start(session, usual, TEXT.replace("市督查考核中心", "市财政厅"))
    found = review(session, draft)
    unknown = next(one for one in found.unknown if one.name == "市财政厅")

    assert [one.name for one in unknown.suggestions] == ["市财政局"]
    assert unknown.effective is None
    assert Obstacle.NAME_UNDECIDED in {one.obstacle for one in found.hindrances}
    with pytest.raises(Invalid):
        confirm(session, draft, chen)


def test_mapping_a_name_makes_it_an_alias_of_the_department(session, usual, chen):
    draft = start(session, usual, TEXT.replace("市督查考核中心", "市财政厅"))
    name_it(session, draft, "市财政厅", NameDecision(NameChoice.SAME_AS, "市财政局"), chen)

    plan = confirm(session, draft, chen)

    assert match_names(session, ["市财政厅"])["市财政厅"].id == usual.partner.id
    assert units_of(session, tasks_of(session, plan)[2]) == [(AssignmentRole.LEAD, "市财政局")]
    assignment = session.scalars(select(Assignment).where(Assignment.task_id == tasks_of(session, plan)[2].id)).one()
    assert assignment.name_as_written == "市财政厅"


def test_an_unknown_name_can_be_the_same_as_another_new_one(session, usual, chen):
    draft = start(session, usual, TEXT.replace("各县（市、区）人民政府", "督查中心"))
    name_it(session, draft, "督查中心", NameDecision(NameChoice.SAME_AS, "市督查考核中心"), chen)

    plan = confirm(session, draft, chen)

    _, second, third = tasks_of(session, plan)
    assert units_of(session, second)[1] == (AssignmentRole.PARTNER, "市督查考核中心")
    assert units_of(session, third) == [(AssignmentRole.LEAD, "市督查考核中心")]


def test_names_that_point_at_each_other_are_refused(session, usual, chen):
    draft = start(session, usual, TEXT.replace("各县（市、区）人民政府", "督查中心"))
    name_it(session, draft, "督查中心", NameDecision(NameChoice.SAME_AS, "市督查考核中心"), chen)
    name_it(session, draft, "市督查考核中心", NameDecision(NameChoice.SAME_AS, "督查中心"), chen)

    assert {Obstacle.TARGET_UNKNOWN} == {one.obstacle for one in review(session, draft).hindrances}


def test_a_name_mapped_to_nothing_known_is_refused(session, usual, chen):
    draft = start(session, usual)
    name_it(session, draft, "市督查考核中心", NameDecision(NameChoice.SAME_AS, "没有的单位"), chen)

    with pytest.raises(Invalid):
        confirm(session, draft, chen)


def test_names_only_in_items_left_out_are_not_asked_for_and_not_created(session, usual, chen):
    draft = start(session, usual)
    change(session, draft, "m3", chen, is_included=False)

    confirm(session, draft, chen)

    assert match_names(session, ["市督查考核中心"])["市督查考核中心"] is None
