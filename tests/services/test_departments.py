"""The directory: one department for all its names, a tree without rings, and nothing changed by who may not."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind, DepartmentLevel
from taskboard.domain.errors import Invalid, NotAllowed, NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.roles import Role
from taskboard.domain.workflow import TaskState
from taskboard.models import Department, DepartmentName, HistoryEntry
from taskboard.services import department_access, department_lists, department_names, department_tree, departments
from taskboard.services.departments import DepartmentValues
from tests.support.factories import Usual, make_department, make_person, make_plan, make_task, writing_by
from tests.support.queries import counted_queries
from tests.support.refusals import problem

TODAY = date(2026, 11, 23)


def values_of(one: Department, **changed: object) -> DepartmentValues:
    fields = {
        "name": one.name,
        "kind": one.kind,
        "parent_id": one.parent_id,
        "level": one.level,
        "needs_sign_off": one.needs_sign_off,
        "is_active": one.is_active,
    }
    return DepartmentValues(**(fields | changed))  # type: ignore[arg-type]


def change(session: Session, usual: Usual, one: Department, **changed: object) -> Department:
    return departments.change_department(
        session, one.id, values_of(one, **changed), version=one.version, **writing_by(usual.actor("sun"))
    )


def names(session: Session, one: Department) -> list[str]:
    return [name.name for name in department_names.list_names(session, one.id)]


class TestMatching:
    def test_every_way_to_write_a_name_finds_its_department(self, session: Session, usual: Usual) -> None:
        found = department_names.match_names(session, ["市发改委", "市发展和改革委员会", "市 财 政 局"])

        assert {name: one and one.id for name, one in found.items()} == {
            "市发改委": usual.lead.id,
            "市发展和改革委员会": usual.lead.id,
            "市 财 政 局": usual.partner.id,
        }

    def test_an_alias_finds_it_too(self, session: Session, usual: Usual) -> None:
        department_names.add_alias(session, usual.lead.id, "市物价局")

        found = department_names.match_names(session, ["市物价局"])["市物价局"]

        assert found is not None
        assert found.id == usual.lead.id

    @pytest.mark.parametrize("name", ["省发改委", "市发改局", "发改委", "", "　", "市%局", "市财政"])
    def test_a_name_that_only_looks_alike_is_not_guessed(self, session: Session, usual: Usual, name: str) -> None:
        assert department_names.match_names(session, [name]) == {name: None}

    def test_hundreds_of_names_take_few_queries(self, session: Session, engine: Engine, usual: Usual) -> None:
        with counted_queries(engine) as queries:
            department_names.match_names(session, [f"市第{number}局" for number in range(900)])

        assert len(queries) == 2

    def test_suggestions_begin_with_the_likeliest(self, session: Session, usual: Usual) -> None:
        make_department(session, "市文化广电旅游局（市文物局）", parent=usual.body)

        assert department_names.suggest(session, "云泽市发展和改革委员会")[0][0].id == usual.lead.id
        assert department_names.suggest(session, "市发改局")[0][0].id == usual.lead.id
        assert [one.name for one, _ in department_names.suggest(session, "市文物局")] == [
            "市文化广电旅游局（市文物局）"
        ]

    @pytest.mark.parametrize("name", ["市气象局", "省发改委", "", "局"])
    def test_there_is_no_suggestion_where_nothing_is_like_it(self, session: Session, usual: Usual, name: str) -> None:
        assert department_names.suggest(session, name) == []

    def test_departments_out_of_use_are_not_suggested(self, session: Session, usual: Usual) -> None:
        usual.lead.is_active = False
        session.flush()

        assert department_names.suggest(session, "市发改局") == []


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


class TestAliases:
    def test_a_name_it_goes_by_already_is_no_second_alias(self, session: Session, usual: Usual) -> None:
        department_names.add_alias(session, usual.lead.id, "市发改委")

        assert names(session, usual.lead) == ["市发展改革委"]

    def test_an_administrator_gives_and_takes_one(self, session: Session, usual: Usual) -> None:
        sun = usual.actor("sun")
        department_names.give_alias(session, usual.lead.id, "市物价局", **writing_by(sun))
        alias = department_names.list_names(session, usual.lead.id)[1]

        department_names.remove_alias(session, usual.lead.id, alias.id, **writing_by(sun))

        assert names(session, usual.lead) == ["市发展改革委"]

    def test_taking_it_twice_is_no_error(self, session: Session, usual: Usual) -> None:
        department_names.remove_alias(session, usual.lead.id, 999, **writing_by(usual.actor("sun")))

        assert names(session, usual.lead) == ["市发展改革委"]

    def test_the_alias_of_another_department_is_not_taken(self, session: Session, usual: Usual) -> None:
        department_names.add_alias(session, usual.partner.id, "市国资办")
        alias = department_names.list_names(session, usual.partner.id)[1]

        with pytest.raises(NotFound):
            department_names.remove_alias(session, usual.lead.id, alias.id, **writing_by(usual.actor("sun")))

        assert names(session, usual.partner) == ["市财政局", "市国资办"]

    @pytest.mark.parametrize("name", ["市财政局", "市 财政局", "市发展和改革委员会"])
    def test_a_name_that_is_taken_is_refused(self, session: Session, usual: Usual, name: str) -> None:
        refused = problem(
            lambda: department_names.give_alias(session, usual.lead.id, name, **writing_by(usual.actor("sun")))
        )

        assert refused == ("alias", "department_name_taken")

    def test_the_official_name_stays(self, session: Session, usual: Usual) -> None:
        official = department_names.list_names(session, usual.lead.id)[0]

        refused = problem(
            lambda: department_names.remove_alias(session, usual.lead.id, official.id, **writing_by(usual.actor("sun")))
        )

        assert refused == ("alias", "official_name_stays")

    @pytest.mark.parametrize("person", ["li", "gao", "chen", "liu"])
    def test_nobody_else_gives_or_takes_one(self, session: Session, usual: Usual, person: str) -> None:
        official = department_names.list_names(session, usual.lead.id)[0]

        with pytest.raises(NotAllowed):
            department_names.give_alias(session, usual.lead.id, "市物价局", **writing_by(usual.actor(person)))
        with pytest.raises(NotAllowed):
            department_names.remove_alias(session, usual.lead.id, official.id, **writing_by(usual.actor(person)))


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


class TestLists:
    def test_the_list_follows_the_tree(self, session: Session, usual: Usual) -> None:
        desk = make_department(session, "政策处", parent=usual.lead)

        page = department_lists.list_departments(session, actor=usual.actor("chen"), today=TODAY)

        assert [(row.name, row.depth) for row in page.rows] == [
            ("云泽市人民政府", 0),
            ("市发展改革委", 1),
            (desk.name, 2),
            ("市财政局", 1),
            ("市教育局", 1),
        ]

    def test_a_row_says_who_holds_which_post_today(self, session: Session, usual: Usual) -> None:
        leaver = make_person(session, "前任", (Role.HEAD, usual.lead))
        leaver.is_active = False
        session.flush()

        page = department_lists.list_departments(session, actor=usual.actor("sun"), today=TODAY, words="发改委")

        assert page.rows[0].staff == [(Role.LIAISON, "李联络"), (Role.HEAD, "高主任"), (Role.OFFICER, "钱承办")]

    @pytest.mark.parametrize("words", ["发改", "发展改革委员会", "物价", "市发展和改革"])
    def test_words_find_a_department_however_they_are_written(self, session: Session, usual: Usual, words: str) -> None:
        department_names.add_alias(session, usual.lead.id, "市物价局")

        page = department_lists.list_departments(session, actor=usual.actor("sun"), today=TODAY, words=words)

        assert [row.id for row in page.rows] == [usual.lead.id]

    @pytest.mark.parametrize("words", ["%", "_", "没有"])
    def test_words_that_nothing_goes_by_find_nothing(self, session: Session, usual: Usual, words: str) -> None:
        assert department_lists.list_departments(session, actor=usual.actor("sun"), today=TODAY, words=words).total == 0

    def test_a_thousand_departments_take_as_many_queries_as_five(
        self, session: Session, engine: Engine, usual: Usual
    ) -> None:
        def queries() -> int:
            with counted_queries(engine) as statements:
                department_lists.list_departments(session, actor=usual.actor("sun"), today=TODAY)
            return len(statements)

        few = queries()
        session.add_all(
            Department(name=f"第{number}号", parent_id=usual.body.id, path=f"/1/x{number}/") for number in range(1000)
        )
        session.flush()

        assert queries() == few == 5
        last = department_lists.list_departments(session, actor=usual.actor("sun"), today=TODAY, number=999)
        assert (last.number, last.total, len(last.rows)) == (21, 1004, 4)

    def test_children_are_those_directly_below(self, session: Session, usual: Usual) -> None:
        make_department(session, "政策处", parent=usual.lead)

        page = department_lists.list_children(session, usual.body.id, actor=usual.actor("chen"), today=TODAY)

        assert [row.name for row in page.rows] == ["市发展改革委", "市财政局", "市教育局"]

    def test_names_are_completed(self, session: Session, usual: Usual) -> None:
        assert department_lists.complete_name(session, "发改", actor=usual.actor("chen")) == ["市发展改革委"]

    @pytest.mark.parametrize("person", ["li", "gao", "liu"])
    def test_the_directory_is_for_supervisors_and_administrators(
        self, session: Session, usual: Usual, person: str
    ) -> None:
        actor = usual.actor(person)

        for read in (
            lambda: department_lists.list_departments(session, actor=actor, today=TODAY),
            lambda: department_lists.list_children(session, usual.body.id, actor=actor, today=TODAY),
            lambda: department_access.get_department(session, usual.body.id, actor=actor),
            lambda: department_lists.complete_name(session, "市", actor=actor),
        ):
            with pytest.raises(NotAllowed):
                read()


class TestOldNames:
    def rename(self, session: Session, usual: Usual, name: str, day: date | None) -> None:
        change(session, usual, usual.lead, name=name, renamed_on=day)

    def test_a_renaming_keeps_the_old_name_with_its_last_day(self, session: Session, usual: Usual) -> None:
        self.rename(session, usual, "市发展和改革局", date(2026, 10, 1))

        new, old = department_names.list_names(session, usual.lead.id)
        assert (new.name, new.is_official, new.valid_from) == ("市发展和改革局", True, date(2026, 10, 1))
        assert (old.name, old.is_official, old.valid_to) == ("市发展改革委", False, date(2026, 9, 30))

    def test_a_department_is_known_by_the_name_of_each_day(self, session: Session, usual: Usual) -> None:
        self.rename(session, usual, "市发展和改革局", date(2024, 5, 1))
        self.rename(session, usual, "市改革局", date(2026, 10, 1))

        days = [date(2024, 4, 30), date(2024, 5, 1), date(2026, 9, 30), date(2026, 10, 1)]
        called = [department_names.names_on(session, [usual.lead.id, usual.other.id], day) for day in days]

        assert [one[usual.lead.id] for one in called] == [
            "市发展改革委",
            "市发展和改革局",
            "市发展和改革局",
            "市改革局",
        ]
        assert {one[usual.other.id] for one in called} == {"市教育局"}

    def test_a_slip_that_is_corrected_is_no_old_name(self, session: Session, usual: Usual) -> None:
        self.rename(session, usual, "市发展与改革局", None)

        assert [one.valid_to for one in department_names.list_names(session, usual.lead.id)] == [None, None]

    def test_going_back_to_an_old_name_makes_it_official_again(self, session: Session, usual: Usual) -> None:
        self.rename(session, usual, "市改革局", date(2024, 5, 1))
        self.rename(session, usual, "市发展改革委", date(2026, 10, 1))

        new, old = department_names.list_names(session, usual.lead.id)
        assert (new.name, new.valid_from, new.valid_to) == ("市发展改革委", date(2026, 10, 1), None)
        assert (old.name, old.valid_from, old.valid_to) == ("市改革局", date(2024, 5, 1), date(2026, 9, 30))

    @pytest.mark.parametrize(
        ("day", "expected"), [(date(2026, 11, 24), "renamed_in_future"), (date(2024, 5, 1), "renamed_before_last")]
    )
    def test_a_day_that_cannot_be_is_refused(self, session: Session, usual: Usual, day: date, expected: str) -> None:
        self.rename(session, usual, "市改革局", date(2024, 5, 1))

        refused = problem(lambda: self.rename(session, usual, "市新局", day))

        assert refused == ("renamed_on", expected)

    def test_an_old_name_can_be_added_with_its_days(self, session: Session, usual: Usual) -> None:
        sun = writing_by(usual.actor("sun"))
        department_names.give_old_name(
            session, usual.lead.id, "市计委", valid_from=date(1990, 1, 1), valid_to=date(2003, 3, 9), **sun
        )

        assert department_names.names_on(session, [usual.lead.id], date(2000, 1, 1)) == {usual.lead.id: "市计委"}
        assert department_names.match_names(session, ["市计委"])["市计委"] is usual.lead

    @pytest.mark.parametrize(
        ("name", "days", "expected"),
        [
            ("市计委", (None, date(2026, 11, 24)), ("valid_to", "old_name_in_future")),
            ("市计委", (date(2003, 1, 1), date(2002, 1, 1)), ("valid_to", "old_name_ends_before_start")),
            ("市发展和改革委员会", (None, date(2003, 1, 1)), ("old_name", "old_name_is_official")),
            ("市财政局", (None, date(2003, 1, 1)), ("old_name", "department_name_taken")),
        ],
    )
    def test_an_old_name_that_cannot_be_is_refused(
        self, session: Session, usual: Usual, name: str, days: tuple[date | None, date], expected: tuple[str, str]
    ) -> None:
        sun = writing_by(usual.actor("sun"))
        first, last = days

        refused = problem(
            lambda: department_names.give_old_name(session, usual.lead.id, name, valid_from=first, valid_to=last, **sun)
        )

        assert refused == expected


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
