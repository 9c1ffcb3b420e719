"""Posts: kept by administrators, of whom one always remains."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import NotAllowed, NotFound
from taskboard.domain.roles import Role
from taskboard.models import Person, PersonPost
from taskboard.services import people, posts
from taskboard.services.history import Writing
from tests.support.factories import Usual, make_department, make_person, writing_by
from tests.support.refusals import problem

TODAY = date(2026, 11, 23)
YESTERDAY = TODAY - timedelta(days=1)


def by_sun(usual: Usual) -> Writing:
    return writing_by(usual.actor("sun"))


def post_of(session: Session, person: Person) -> PersonPost:
    return session.scalars(select(PersonPost).where(PersonPost.person_id == person.id)).one()


class TestPosts:
    def add(self, session: Session, usual: Usual, person: str = "sun", **changed: object) -> PersonPost:
        fields = {"role": Role.HEAD, "department_id": usual.partner.id, "from_on": TODAY, "to_on": None}
        return posts.add_post(session, usual.wang.id, **writing_by(usual.actor(person)), **(fields | changed))  # type: ignore[arg-type]

    def test_an_administrator_gives_a_post(self, session: Session, usual: Usual) -> None:
        self.add(session, usual)

        assert [(post.role, post.department) for post in posts.list_posts(session, usual.wang.id)] == [
            (Role.HEAD, "市财政局"),
            (Role.LIAISON, "市财政局"),
        ]

    def test_a_post_cannot_be_held_twice_at_a_time(self, session: Session, usual: Usual) -> None:
        self.add(session, usual, from_on=date(2026, 1, 1), to_on=date(2026, 6, 30))

        for from_on, to_on in (
            (date(2026, 6, 30), None),
            (date(2025, 1, 1), date(2026, 1, 1)),
            (date(2026, 2, 1), date(2026, 3, 1)),
        ):
            refused = problem(lambda a=from_on, b=to_on: self.add(session, usual, from_on=a, to_on=b))  # type: ignore[misc]
            assert refused == ("role", "post_overlaps")
        self.add(session, usual, from_on=date(2026, 7, 1))

    @pytest.mark.parametrize(
        ("changed", "expected"),
        [
            ({"department_id": 999}, ("department", "unknown")),
            ({"to_on": YESTERDAY}, ("to_on", "post_ends_before_start")),
        ],
    )
    def test_a_post_that_makes_no_sense_is_refused(
        self, session: Session, usual: Usual, changed: dict[str, object], expected: tuple[str, str]
    ) -> None:
        assert problem(lambda: self.add(session, usual, **changed)) == expected

    def test_collective_and_unused_departments_have_no_posts(self, session: Session, usual: Usual) -> None:
        everybody = make_department(session, "各县政府", kind=DepartmentKind.COLLECTIVE)
        usual.other.is_active = False
        session.flush()

        assert problem(lambda: self.add(session, usual, department_id=everybody.id))[1] == "department_is_collective"
        assert problem(lambda: self.add(session, usual, department_id=usual.other.id))[1] == "department_inactive"

    def test_a_post_ends_with_its_last_day(self, session: Session, usual: Usual) -> None:
        post = post_of(session, usual.li)

        posts.end_post(session, usual.li.id, post.id, last_day=TODAY, **by_sun(usual), today=TODAY)

        shown = posts.list_posts(session, usual.li.id)[0]
        assert shown.is_held_on(TODAY)
        assert not shown.is_held_on(TODAY + timedelta(days=1))

    def test_a_post_does_not_end_before_it_began(self, session: Session, usual: Usual) -> None:
        post = self.add(session, usual)

        assert problem(
            lambda: posts.end_post(session, usual.wang.id, post.id, last_day=YESTERDAY, **by_sun(usual), today=TODAY)
        ) == ("last_day", "post_ends_before_start")

    def test_a_mistaken_post_goes_away_until_it_has_begun(self, session: Session, usual: Usual) -> None:
        post, old = self.add(session, usual), post_of(session, usual.li)

        posts.remove_post(session, usual.wang.id, post.id, **by_sun(usual), today=TODAY)
        posts.remove_post(session, usual.wang.id, post.id, **by_sun(usual), today=TODAY)

        assert len(posts.list_posts(session, usual.wang.id)) == 1
        assert problem(lambda: posts.remove_post(session, usual.li.id, old.id, **by_sun(usual), today=TODAY)) == (
            "last_day",
            "post_has_begun",
        )

    def test_the_post_of_somebody_else_is_not_found(self, session: Session, usual: Usual) -> None:
        post = post_of(session, usual.li)

        with pytest.raises(NotFound):
            posts.end_post(session, usual.wang.id, post.id, last_day=TODAY, **by_sun(usual), today=TODAY)
        with pytest.raises(NotFound):
            posts.remove_post(session, usual.wang.id, post.id, **by_sun(usual), today=TODAY)
        assert len(posts.list_posts(session, usual.li.id)) == 1

    @pytest.mark.parametrize("person", ["li", "gao", "chen", "liu"])
    def test_nobody_else_gives_or_ends_posts(self, session: Session, usual: Usual, person: str) -> None:
        post, actor = post_of(session, usual.li), usual.actor(person)

        with pytest.raises(NotAllowed):
            self.add(session, usual, person)
        with pytest.raises(NotAllowed):
            posts.end_post(session, usual.li.id, post.id, last_day=TODAY, **writing_by(actor), today=TODAY)
        with pytest.raises(NotAllowed):
            posts.remove_post(session, usual.li.id, post.id, **writing_by(actor), today=TODAY)


class TestLastAdministrator:
    def test_the_last_one_cannot_be_switched_off(self, session: Session, usual: Usual) -> None:
        refused = problem(lambda: people.switch_off(session, usual.sun.id, **by_sun(usual), today=TODAY))

        assert refused == ("is_active", "last_administrator")
        assert usual.sun.is_active

    def test_the_last_post_cannot_be_ended(self, session: Session, usual: Usual) -> None:
        post = post_of(session, usual.sun)

        refused = problem(
            lambda: posts.end_post(session, usual.sun.id, post.id, last_day=TODAY, **by_sun(usual), today=TODAY)
        )

        assert refused == ("is_active", "last_administrator")

    def test_one_of_two_can_go(self, session: Session, usual: Usual) -> None:
        make_person(session, "吴管理", (Role.ADMINISTRATOR, usual.body))

        people.switch_off(session, usual.sun.id, **by_sun(usual), today=TODAY)

        assert not usual.sun.is_active

    def test_one_who_is_switched_off_does_not_count(self, session: Session, usual: Usual) -> None:
        make_person(session, "吴管理", (Role.ADMINISTRATOR, usual.body)).is_active = False
        session.flush()

        assert problem(lambda: people.switch_off(session, usual.sun.id, **by_sun(usual), today=TODAY)) == (
            "is_active",
            "last_administrator",
        )
