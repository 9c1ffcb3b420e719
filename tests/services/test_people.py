"""People and their posts: kept by administrators, of whom one always remains."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotAllowed, NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.roles import Role
from taskboard.models import FailedSignIn, HistoryEntry, Person, PersonPost
from taskboard.services import people
from taskboard.services.history import Writing
from taskboard.services.people import PersonValues
from tests.support.factories import NOW, Usual, make_department, make_person, writing_by
from tests.support.queries import counted_queries

TODAY = date(2026, 11, 23)
YESTERDAY = TODAY - timedelta(days=1)


def by_sun(usual: Usual) -> Writing:
    return writing_by(usual.actor("sun"))


def problem(act: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(Invalid) as refused:
        act()
    return refused.value.field, refused.value.problem


def post_of(session: Session, person: Person) -> PersonPost:
    return session.scalars(select(PersonPost).where(PersonPost.person_id == person.id)).one()


class TestAccounts:
    def test_an_administrator_adds_somebody(self, session: Session, usual: Usual) -> None:
        added = people.add_person(session, PersonValues(" Zhou.Min ", "周敏", "zhou@example.org"), **by_sun(usual))

        assert (added.username, added.email, added.password_hash) == ("zhou.min", "zhou@example.org", None)

    @pytest.mark.parametrize("username", ["", "a", "周敏", "-x", "a b", "x" * 81, "zhou/../", "zhou\x00"])
    def test_an_account_name_that_cannot_be_typed_everywhere_is_refused(
        self, session: Session, usual: Usual, username: str
    ) -> None:
        refused = problem(lambda: people.add_person(session, PersonValues(username, "某"), **by_sun(usual)))

        assert refused == ("username", "username_form")

    @pytest.mark.parametrize(
        "email", ["x", "x@", "@x", "a b@x.org", "a@x.org\nBcc: b@x.org", "甲@x.org", "a@" + "x" * 260]
    )
    def test_an_address_that_is_none_is_refused(self, session: Session, usual: Usual, email: str) -> None:
        refused = problem(lambda: people.add_person(session, PersonValues("zhou", "周敏", email), **by_sun(usual)))

        assert refused == ("email", "email_form")

    @pytest.mark.parametrize("username", ["li", "LI", "ｌｉ"])
    def test_an_account_name_is_given_once(self, session: Session, usual: Usual, username: str) -> None:
        refused = problem(lambda: people.add_person(session, PersonValues(username, "某"), **by_sun(usual)))

        assert refused == ("username", "username_taken")

    def test_changing_somebody_keeps_what_others_saved(self, session: Session, usual: Usual) -> None:
        old = usual.li.version
        people.change_person(session, usual.li.id, PersonValues("li", "李联络", None), version=old, **by_sun(usual))

        with pytest.raises(Stale):
            people.change_person(session, usual.li.id, PersonValues("li", "李某", None), version=old, **by_sun(usual))
        assert usual.li.name == "李联络"
        assert usual.li.email is None

    def test_saving_without_a_new_account_name_is_no_clash(self, session: Session, usual: Usual) -> None:
        people.change_person(
            session, usual.li.id, PersonValues("LI", "李明"), version=usual.li.version, **by_sun(usual)
        )

        assert (usual.li.username, usual.li.name) == ("li", "李明")

    def test_a_new_password_ends_sessions_and_unlocks_the_account(self, session: Session, usual: Usual) -> None:
        session.add(FailedSignIn(account="li", address="127.0.0.1", at=NOW))
        session.flush()
        epoch = usual.li.session_epoch

        people.set_password(session, usual.li.id, "a hash", **by_sun(usual))

        assert (usual.li.password_hash, usual.li.session_epoch) == ("a hash", epoch + 1)
        assert session.scalars(select(FailedSignIn)).all() == []

    def test_switching_off_ends_sessions_and_switching_on_allows_new_ones(self, session: Session, usual: Usual) -> None:
        epoch = usual.li.session_epoch

        people.switch_off(session, usual.li.id, **by_sun(usual), today=TODAY)
        assert (usual.li.is_active, usual.li.session_epoch) == (False, epoch + 1)
        people.switch_on(session, usual.li.id, **by_sun(usual))
        assert usual.li.is_active

    @pytest.mark.parametrize("person", ["li", "gao", "chen", "liu"])
    def test_nobody_else_keeps_accounts(self, session: Session, usual: Usual, person: str) -> None:
        actor, li = usual.actor(person), usual.li

        for act in (
            lambda: people.add_person(session, PersonValues("zhou", "周敏"), **writing_by(actor)),
            lambda: people.change_person(
                session, li.id, PersonValues("li", "某"), version=li.version, **writing_by(actor)
            ),
            lambda: people.set_password(session, li.id, "a hash", **writing_by(actor)),
            lambda: people.switch_off(session, li.id, **writing_by(actor), today=TODAY),
            lambda: people.switch_on(session, li.id, **writing_by(actor)),
        ):
            with pytest.raises(NotAllowed):
                act()
        assert usual.li.is_active

    def test_somebody_who_does_not_exist_is_not_found(self, session: Session, usual: Usual) -> None:
        sun = usual.actor("sun")

        for act in (
            lambda: people.get_person(session, 999, actor=sun),
            lambda: people.set_password(session, 999, "a hash", **writing_by(sun)),
            lambda: people.switch_off(session, 999, **writing_by(sun), today=TODAY),
        ):
            with pytest.raises(NotFound):
                act()


class TestPosts:
    def add(self, session: Session, usual: Usual, person: str = "sun", **changed: object) -> PersonPost:
        fields = {"role": Role.HEAD, "department_id": usual.partner.id, "from_on": TODAY, "to_on": None}
        return people.add_post(session, usual.wang.id, **writing_by(usual.actor(person)), **(fields | changed))  # type: ignore[arg-type]

    def test_an_administrator_gives_a_post(self, session: Session, usual: Usual) -> None:
        self.add(session, usual)

        assert [(post.role, post.department) for post in people.list_posts(session, usual.wang.id)] == [
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

        people.end_post(session, usual.li.id, post.id, last_day=TODAY, **by_sun(usual), today=TODAY)

        shown = people.list_posts(session, usual.li.id)[0]
        assert shown.is_held_on(TODAY)
        assert not shown.is_held_on(TODAY + timedelta(days=1))

    def test_a_post_does_not_end_before_it_began(self, session: Session, usual: Usual) -> None:
        post = self.add(session, usual)

        assert problem(
            lambda: people.end_post(session, usual.wang.id, post.id, last_day=YESTERDAY, **by_sun(usual), today=TODAY)
        ) == ("last_day", "post_ends_before_start")

    def test_a_mistaken_post_goes_away_until_it_has_begun(self, session: Session, usual: Usual) -> None:
        post, old = self.add(session, usual), post_of(session, usual.li)

        people.remove_post(session, usual.wang.id, post.id, **by_sun(usual), today=TODAY)
        people.remove_post(session, usual.wang.id, post.id, **by_sun(usual), today=TODAY)

        assert len(people.list_posts(session, usual.wang.id)) == 1
        assert problem(lambda: people.remove_post(session, usual.li.id, old.id, **by_sun(usual), today=TODAY)) == (
            "last_day",
            "post_has_begun",
        )

    def test_the_post_of_somebody_else_is_not_found(self, session: Session, usual: Usual) -> None:
        post = post_of(session, usual.li)

        with pytest.raises(NotFound):
            people.end_post(session, usual.wang.id, post.id, last_day=TODAY, **by_sun(usual), today=TODAY)
        with pytest.raises(NotFound):
            people.remove_post(session, usual.wang.id, post.id, **by_sun(usual), today=TODAY)
        assert len(people.list_posts(session, usual.li.id)) == 1

    @pytest.mark.parametrize("person", ["li", "gao", "chen", "liu"])
    def test_nobody_else_gives_or_ends_posts(self, session: Session, usual: Usual, person: str) -> None:
        post, actor = post_of(session, usual.li), usual.actor(person)

        with pytest.raises(NotAllowed):
            self.add(session, usual, person)
        with pytest.raises(NotAllowed):
            people.end_post(session, usual.li.id, post.id, last_day=TODAY, **writing_by(actor), today=TODAY)
        with pytest.raises(NotAllowed):
            people.remove_post(session, usual.li.id, post.id, **writing_by(actor), today=TODAY)


class TestLastAdministrator:
    def test_the_last_one_cannot_be_switched_off(self, session: Session, usual: Usual) -> None:
        refused = problem(lambda: people.switch_off(session, usual.sun.id, **by_sun(usual), today=TODAY))

        assert refused == ("is_active", "last_administrator")
        assert usual.sun.is_active

    def test_the_last_post_cannot_be_ended(self, session: Session, usual: Usual) -> None:
        post = post_of(session, usual.sun)

        refused = problem(
            lambda: people.end_post(session, usual.sun.id, post.id, last_day=TODAY, **by_sun(usual), today=TODAY)
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


class TestHolders:
    def test_those_at_the_department_come_first(self, session: Session, usual: Usual) -> None:
        make_person(session, "第二联络", (Role.LIAISON, usual.lead))

        found = people.holders(session, usual.lead.id, Role.LIAISON, today=TODAY)

        assert [(one.name, one.is_stand_in) for one in found] == [("李联络", False), ("第二联络", False)]

    def test_without_any_it_is_those_of_the_department_above(self, session: Session, usual: Usual) -> None:
        office = make_department(session, "政策处", parent=usual.lead)

        found = people.holders(session, office.id, Role.LIAISON, today=TODAY)

        assert [(one.name, one.is_stand_in) for one in found] == [("李联络", True)]

    def test_nobody_stands_in_for_a_collective_unit(self, session: Session, usual: Usual) -> None:
        everybody = make_department(session, "各科室", parent=usual.lead, kind=DepartmentKind.COLLECTIVE)

        assert people.holders(session, everybody.id, Role.LIAISON, today=TODAY) == []

    def test_two_floors_above_is_too_far(self, session: Session, usual: Usual) -> None:
        office = make_department(session, "政策处", parent=usual.lead)
        desk = make_department(session, "窗口", parent=office)

        assert people.holders(session, desk.id, Role.LIAISON, today=TODAY) == []

    def test_who_left_or_was_switched_off_holds_nothing(self, session: Session, usual: Usual) -> None:
        post_of(session, usual.wang).to_on = YESTERDAY
        usual.li.is_active = False
        session.flush()

        assert people.holders(session, usual.partner.id, Role.LIAISON, today=TODAY) == []
        assert people.holders(session, usual.lead.id, Role.LIAISON, today=TODAY) == []


class TestList:
    @pytest.mark.parametrize("words", ["李联络", "LI@example", "李联"])
    def test_words_find_people(self, session: Session, usual: Usual, words: str) -> None:
        page = people.list_people(session, actor=usual.actor("chen"), today=TODAY, words=words)

        assert [row.name for row in page.rows] == ["李联络"]

    def test_words_find_those_of_a_department(self, session: Session, usual: Usual) -> None:
        page = people.list_people(session, actor=usual.actor("sun"), today=TODAY, words="发展改革")

        assert [row.name for row in page.rows] == ["李联络", "高主任", "钱承办"]
        assert [(post.role, post.department) for post in page.rows[0].posts] == [(Role.LIAISON, "市发展改革委")]

    def test_a_thousand_people_take_as_many_queries_as_eight(
        self, session: Session, engine: Engine, usual: Usual
    ) -> None:
        def queries() -> int:
            with counted_queries(engine) as statements:
                people.list_people(session, actor=usual.actor("sun"), today=TODAY)
            return len(statements)

        few = queries()
        session.add_all(Person(username=f"many{number}", name=f"第{number}人") for number in range(1000))
        session.flush()

        assert queries() == few == 3

    @pytest.mark.parametrize("person", ["li", "gao", "liu"])
    def test_the_directory_is_for_supervisors_and_administrators(
        self, session: Session, usual: Usual, person: str
    ) -> None:
        with pytest.raises(NotAllowed):
            people.list_people(session, actor=usual.actor(person), today=TODAY)
        with pytest.raises(NotAllowed):
            people.get_person(session, usual.sun.id, actor=usual.actor(person))


class TestTheTrail:
    def test_every_change_of_a_person_is_in_the_trail_without_any_password(
        self, session: Session, usual: Usual
    ) -> None:
        added = people.add_person(session, PersonValues("zhou", "周敏"), password_hash="a hash", **by_sun(usual))
        values = PersonValues("zhou", "周敏敏", "zhou@example.org")
        people.change_person(session, added.id, values, version=added.version, **by_sun(usual))
        people.set_password(session, added.id, "another hash", **by_sun(usual))
        post = people.add_post(
            session, added.id, role=Role.LIAISON, department_id=usual.lead.id, from_on=TODAY, **by_sun(usual)
        )
        people.end_post(session, added.id, post.id, last_day=TODAY, today=TODAY, **by_sun(usual))
        people.remove_post(session, added.id, post.id, today=TODAY, **by_sun(usual))
        people.switch_off(session, added.id, today=TODAY, **by_sun(usual))
        people.switch_on(session, added.id, **by_sun(usual))
        people.switch_on(session, added.id, **by_sun(usual))

        entries = session.scalars(select(HistoryEntry).order_by(HistoryEntry.id)).all()
        assert [(one.subject, one.subject_id, one.actor_id) for one in entries] == [
            (Subject.PERSON, added.id, usual.sun.id)
        ] * 8
        assert [one.act for one in entries] == [
            Change.ADDED,
            Change.CHANGED,
            Change.PASSWORD_SET,
            Change.POST_ADDED,
            Change.POST_ENDED,
            Change.POST_REMOVED,
            Change.SWITCHED_OFF,
            Change.SWITCHED_ON,
        ]
        assert (entries[1].before, entries[1].after) == (
            {"name": "周敏", "email": None},
            {"name": "周敏敏", "email": "zhou@example.org"},
        )
        assert "hash" not in str([(one.before, one.after) for one in entries])
