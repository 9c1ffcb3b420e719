"""Departments added and changed: a tree without rings, and nothing changed by who may not."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind, DepartmentLevel
from taskboard.domain.errors import Invalid, NotAllowed, NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.workflow import TaskState
from taskboard.models import DepartmentName, HistoryEntry
from taskboard.services import department_names, department_tree, departments
from taskboard.services.departments import DepartmentValues
from tests.support.departments import change, names, values_of
from tests.support.factories import Usual, make_department, make_plan, make_task, writing_by
from tests.support.refusals import problem

TODAY = date(2026, 11, 23)


class TestCreating:
    def test_a_new_department_stands_below_its_parent_and_has_all_its_names(
        self, session: Session, usual: Usual
    ) -> None:
        new = departments.create_department(session, name="市工信局", parent_id=usual.body.id, aliases=["市中小企业局"])

        assert new.path == f"{usual.body.path}{new.id}/"
        assert names(session, new) == ["市工信局", "市中小企业局"]
        assert department_names.match_names(session, ["市工业和信息化局"])["市工业和信息化局"] is new
        assert new.id in department_tree.subtree_ids(session, usual.body.path)

    def test_the_same_department_cannot_come_to_be_twice(self, session: Session, usual: Usual) -> None:
        with pytest.raises(Invalid) as refused:
            departments.create_department(session, name="市发展和改革委员会")

        assert refused.value.problem == "department_name_taken"
        assert refused.value.facts["department"] == "市发展改革委"

    @pytest.mark.parametrize(
        ("name", "expected"),
        [("", "department_name_empty"), ("“ ”", "department_name_empty"), ("局" * 201, "too_long")],
    )
    def test_a_name_has_to_be_one(self, session: Session, usual: Usual, name: str, expected: str) -> None:
        assert problem(lambda: departments.create_department(session, name=name)) == ("name", expected)

    def test_a_name_that_grows_beyond_its_column_when_folded_is_refused(self, session: Session, usual: Usual) -> None:
        assert problem(lambda: departments.create_department(session, name="ﷺ" * 100)) == ("name", "too_long")

    def test_the_parent_has_to_exist_and_be_in_use(self, session: Session, usual: Usual) -> None:
        usual.other.is_active = False
        session.flush()

        assert problem(lambda: departments.create_department(session, name="甲", parent_id=999)) == (
            "parent",
            "unknown",
        )
        assert problem(lambda: departments.create_department(session, name="乙", parent_id=usual.other.id)) == (
            "parent",
            "department_parent_inactive",
        )

    def test_an_administrator_adds_one(self, session: Session, usual: Usual) -> None:
        added = departments.add_department(
            session,
            DepartmentValues("各县政府", DepartmentKind.COLLECTIVE, usual.body.id),
            **writing_by(usual.actor("sun")),
        )

        assert added.kind is DepartmentKind.COLLECTIVE

    @pytest.mark.parametrize("person", ["li", "gao", "chen", "liu"])
    def test_nobody_else_adds_one(self, session: Session, usual: Usual, person: str) -> None:
        with pytest.raises(NotAllowed):
            departments.add_department(session, DepartmentValues("市气象局"), **writing_by(usual.actor(person)))


class TestChanging:
    def test_a_former_name_stays_as_an_alias(self, session: Session, usual: Usual) -> None:
        change(session, usual, usual.other, name="市教育体育局")

        assert usual.other.name == "市教育体育局"
        assert names(session, usual.other) == ["市教育体育局", "市教育局"]

    def test_another_way_to_write_the_name_makes_no_alias(self, session: Session, usual: Usual) -> None:
        change(session, usual, usual.lead, name="市发展和改革委员会")

        assert names(session, usual.lead) == ["市发展和改革委员会"]

    def test_an_alias_can_become_the_name(self, session: Session, usual: Usual) -> None:
        department_names.add_alias(session, usual.lead.id, "市物价局")

        change(session, usual, usual.lead, name="市物价局")

        assert names(session, usual.lead) == ["市物价局", "市发展改革委"]
        official = select(DepartmentName).where(
            DepartmentName.department_id == usual.lead.id, DepartmentName.is_official
        )
        assert len(session.scalars(official).all()) == 1

    def test_the_name_of_another_department_is_refused(self, session: Session, usual: Usual) -> None:
        assert problem(lambda: change(session, usual, usual.lead, name="市 财政局")) == (
            "name",
            "department_name_taken",
        )

    def test_all_below_move_along(self, session: Session, usual: Usual) -> None:
        office = make_department(session, "市价格认证中心", parent=usual.lead)
        desk = make_department(session, "受理窗口", parent=office)

        change(session, usual, usual.lead, parent_id=usual.other.id)

        assert usual.lead.path == f"{usual.other.path}{usual.lead.id}/"
        assert desk.path == f"{usual.other.path}{usual.lead.id}/{office.id}/{desk.id}/"
        assert usual.partner.path == f"{usual.body.path}{usual.partner.id}/"

    def test_a_neighbour_whose_number_begins_alike_does_not_move(self, session: Session, usual: Usual) -> None:
        others = [make_department(session, parent=usual.body) for _ in range(30)]
        before = {one.id: one.path for one in others}

        change(session, usual, usual.lead, parent_id=usual.other.id)

        assert {one.id: one.path for one in others} == before

    def test_it_can_be_put_at_the_root(self, session: Session, usual: Usual) -> None:
        change(session, usual, usual.lead, parent_id=None)

        assert usual.lead.path == f"/{usual.lead.id}/"

    def test_the_tree_has_no_rings(self, session: Session, usual: Usual) -> None:
        office = make_department(session, "市价格认证中心", parent=usual.lead)

        for parent in (usual.lead, office):
            refused = problem(lambda parent=parent: change(session, usual, usual.lead, parent_id=parent.id))  # type: ignore[misc]
            assert refused == ("parent", "department_cycle")

    def test_the_tree_has_an_end(self, session: Session, usual: Usual) -> None:
        deepest = usual.body
        with pytest.raises(Invalid) as refused:
            for number in range(400):
                deepest = departments.create_department(session, name=f"第{number}层", parent_id=deepest.id)

        assert refused.value.problem == "department_too_deep"

    def test_who_saved_in_between_is_not_overwritten(self, session: Session, usual: Usual) -> None:
        old = usual.lead.version
        change(session, usual, usual.lead, needs_sign_off=not usual.lead.needs_sign_off)

        with pytest.raises(Stale):
            departments.change_department(
                session,
                usual.lead.id,
                values_of(usual.lead, name="新名"),
                version=old,
                **writing_by(usual.actor("sun")),
            )
        assert usual.lead.name == "市发展改革委"

    def test_one_with_active_departments_below_stays_in_use(self, session: Session, usual: Usual) -> None:
        assert problem(lambda: change(session, usual, usual.body, is_active=False)) == (
            "is_active",
            "department_has_children",
        )

    @pytest.mark.parametrize("state", [TaskState.DRAFT, TaskState.ISSUED, TaskState.IN_PROGRESS, TaskState.SUSPENDED])
    def test_one_with_open_work_stays_in_use(self, session: Session, usual: Usual, state: TaskState) -> None:
        plan = make_plan(session, body=usual.body, imported_by=usual.chen)
        make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,), state=state)

        assert problem(lambda: change(session, usual, usual.partner, is_active=False)) == (
            "is_active",
            "department_has_work",
        )

    def test_one_whose_work_is_done_can_go_out_of_use_and_come_back(self, session: Session, usual: Usual) -> None:
        plan = make_plan(session, body=usual.body, imported_by=usual.chen)
        make_task(session, plan=plan, lead=usual.lead, state=TaskState.CLOSED)

        change(session, usual, usual.lead, is_active=False)
        assert not usual.lead.is_active
        change(session, usual, usual.lead, is_active=True)
        assert usual.lead.is_active

    def test_one_with_posts_does_not_become_collective(self, session: Session, usual: Usual) -> None:
        assert problem(lambda: change(session, usual, usual.lead, kind=DepartmentKind.COLLECTIVE)) == (
            "kind",
            "department_has_posts",
        )

    def test_one_that_does_not_exist_is_not_found(self, session: Session, usual: Usual) -> None:
        with pytest.raises(NotFound):
            departments.change_department(
                session, 999, DepartmentValues("甲"), version=1, **writing_by(usual.actor("sun"))
            )

    @pytest.mark.parametrize("person", ["li", "gao", "chen", "liu"])
    def test_nobody_else_changes_one(self, session: Session, usual: Usual, person: str) -> None:
        with pytest.raises(NotAllowed):
            departments.change_department(
                session,
                usual.lead.id,
                values_of(usual.lead, name="新名"),
                version=usual.lead.version,
                **writing_by(usual.actor(person)),
            )
        assert usual.lead.name == "市发展改革委"


class TestLevels:
    def test_nothing_stands_below_what_it_outranks(self, session: Session, usual: Usual) -> None:
        change(session, usual, usual.body, level=DepartmentLevel.CITY)

        county = departments.create_department(
            session, name="清河县人民政府", parent_id=usual.body.id, level=DepartmentLevel.COUNTY
        )
        refused = problem(
            lambda: departments.create_department(
                session, name="江南省人民政府", parent_id=county.id, level=DepartmentLevel.PROVINCE
            )
        )

        assert refused == ("level", "level_below_parent")
        assert problem(lambda: change(session, usual, usual.body, level=DepartmentLevel.TOWN)) == (
            "level",
            "level_above_that_below",
        )

    def test_a_company_belongs_to_a_place_and_no_place_to_a_company(self, session: Session, usual: Usual) -> None:
        change(session, usual, usual.body, level=DepartmentLevel.COUNTY)
        group = departments.create_department(
            session, name="城投集团", parent_id=usual.body.id, level=DepartmentLevel.GROUP
        )

        assert group.level is DepartmentLevel.GROUP


class TestTheTrail:
    def test_each_change_is_written_with_what_differs(self, session: Session, usual: Usual) -> None:
        change(session, usual, usual.lead, name="市改革局", renamed_on=TODAY)
        change(session, usual, usual.lead, parent_id=usual.other.id)
        change(session, usual, usual.lead, needs_sign_off=True)
        change(session, usual, usual.lead, is_active=False)
        change(session, usual, usual.lead)

        entries = session.scalars(select(HistoryEntry).order_by(HistoryEntry.id)).all()
        assert [one.act for one in entries] == [
            Change.RENAMED,
            Change.MOVED,
            Change.CHANGED,
            Change.SWITCHED_OFF,
        ]
        assert {(one.subject, one.subject_id, one.actor_id) for one in entries} == {
            (Subject.DEPARTMENT, usual.lead.id, usual.sun.id)
        }
        assert (entries[0].before, entries[0].after) == ({"name": "市发展改革委"}, {"name": "市改革局"})
