"""Who acts: the posts of today, and those that fall to somebody for want of a holder."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.permissions import Actor, Post
from taskboard.domain.roles import Role
from taskboard.models import Person, PersonPost
from taskboard.services.actors import load_actor
from tests.support.factories import Usual, make_department, make_person

TODAY = date(2026, 11, 23)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


def load(session: Session, person: Person) -> Actor:
    return load_actor(session, person.id, today=TODAY)


def stand_ins(actor: Actor) -> list[tuple[Role, int]]:
    return [(post.role, post.department_id) for post in actor.posts if post.is_stand_in]


def post_of(session: Session, person: Person) -> PersonPost:
    return session.scalars(select(PersonPost).where(PersonPost.person_id == person.id)).one()


def test_an_actor_has_the_posts_with_their_places_in_the_tree(session: Session, usual: Usual) -> None:
    assert load(session, usual.li) == Actor(
        usual.li.id, "李联络", (Post(Role.LIAISON, usual.lead.id, usual.lead.path),)
    )


@pytest.mark.parametrize(
    ("from_on", "to_on", "is_held"),
    [
        (TODAY, None, True),
        (TODAY, TODAY, True),
        (YESTERDAY, TODAY, True),
        (YESTERDAY, YESTERDAY, False),
        (TOMORROW, None, False),
    ],
)
def test_a_post_counts_from_its_first_to_its_last_day(
    session: Session, usual: Usual, from_on: date, to_on: date | None, is_held: bool
) -> None:
    post = post_of(session, usual.li)
    post.from_on, post.to_on = from_on, to_on
    session.flush()

    assert load(session, usual.li).holds(Role.LIAISON) is is_held


def test_whoever_is_switched_off_has_no_posts(session: Session, usual: Usual) -> None:
    usual.chen.is_active = False
    session.flush()

    assert load(session, usual.chen).posts == ()


def test_nobody_has_no_posts(session: Session, usual: Usual) -> None:
    assert load_actor(session, 999, today=TODAY) == Actor(999, "")


def test_a_liaison_stands_in_below_where_there_is_none(session: Session, usual: Usual) -> None:
    office = make_department(session, "政策处", parent=usual.lead)

    assert stand_ins(load(session, usual.li)) == [(Role.LIAISON, office.id)]
    assert stand_ins(load(session, usual.gao)) == [(Role.HEAD, office.id)]


def test_nobody_stands_in_where_the_post_is_held(session: Session, usual: Usual) -> None:
    office = make_department(session, "政策处", parent=usual.lead)
    make_person(session, "处联络", (Role.LIAISON, office))

    assert stand_ins(load(session, usual.li)) == []
    assert stand_ins(load(session, usual.gao)) == [(Role.HEAD, office.id)]


def test_a_holder_who_left_or_was_switched_off_leaves_the_post_to_the_one_above(session: Session, usual: Usual) -> None:
    office, desk = (make_department(session, name, parent=usual.lead) for name in ("政策处", "窗口"))
    left, off = make_person(session, "前任", (Role.LIAISON, office)), make_person(session, "停用", (Role.LIAISON, desk))
    post_of(session, left).to_on = YESTERDAY
    off.is_active = False
    session.flush()

    assert stand_ins(load(session, usual.li)) == [(Role.LIAISON, office.id), (Role.LIAISON, desk.id)]


def test_standing_in_reaches_one_floor_down_and_not_to_collective_or_unused_departments(
    session: Session, usual: Usual
) -> None:
    office = make_department(session, "政策处", parent=usual.lead)
    make_department(session, "窗口", parent=office)
    make_department(session, "各科室", parent=usual.lead, kind=DepartmentKind.COLLECTIVE)
    make_department(session, "原价格处", parent=usual.lead).is_active = False
    session.flush()

    assert stand_ins(load(session, usual.li)) == [(Role.LIAISON, office.id)]


@pytest.mark.parametrize("person", ["chen", "liu", "sun", "qian"])
def test_other_roles_stand_in_for_nobody(session: Session, usual: Usual, person: str) -> None:
    make_department(session, "政策处", parent=usual.lead)

    assert stand_ins(load(session, getattr(usual, person))) == []
