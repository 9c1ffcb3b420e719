"""Lists of departments: in the order of the tree, narrowed by words, in few queries."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotAllowed
from taskboard.domain.roles import Role
from taskboard.models import Department
from taskboard.services import department_access, department_lists, department_names
from tests.support.factories import Usual, make_department, make_person
from tests.support.queries import counted_queries

TODAY = date(2026, 11, 23)


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
