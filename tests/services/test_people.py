"""People and their accounts, kept by administrators."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotAllowed, NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.roles import Role
from taskboard.models import FailedSignIn, HistoryEntry, Person
from taskboard.services import people, posts
from taskboard.services.history import Writing
from taskboard.services.people import PersonValues
from tests.support.factories import NOW, Usual, writing_by
from tests.support.queries import counted_queries
from tests.support.refusals import problem

TODAY = date(2026, 11, 23)


def by_sun(usual: Usual) -> Writing:
    return writing_by(usual.actor("sun"))


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
        post = posts.add_post(
            session, added.id, role=Role.LIAISON, department_id=usual.lead.id, from_on=TODAY, **by_sun(usual)
        )
        posts.end_post(session, added.id, post.id, last_day=TODAY, today=TODAY, **by_sun(usual))
        posts.remove_post(session, added.id, post.id, today=TODAY, **by_sun(usual))
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
