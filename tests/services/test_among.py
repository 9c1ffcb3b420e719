"""Thousands of ids in one statement, on both databases."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.models import Person
from taskboard.services.among import among, gathered, taken_apart
from tests.support.factories import Usual


def test_more_ids_are_asked_for_than_a_statement_takes_values(session: Session, usual: Usual) -> None:
    ids = [usual.chen.id, *range(10**6, 10**6 + 70_000)]

    found = session.scalars(select(Person.id).where(among(session, Person.id, ids))).all()

    assert found == [usual.chen.id]


def test_among_no_ids_is_nothing(session: Session, usual: Usual) -> None:
    assert session.scalars(select(Person.id).where(among(session, Person.id, []))).all() == []


def test_the_ids_of_each_group_come_back_from_one_text(session: Session, usual: Usual) -> None:
    everybody = session.execute(select(Person.id, Person.is_active)).all()
    assert len(everybody) > 2

    groups = session.execute(select(Person.is_active, gathered(Person.id)).group_by(Person.is_active)).all()

    found = {is_active: set(taken_apart(ids)) for is_active, ids in groups}
    assert found == {state: {one for one, is_active in everybody if is_active is state} for state in found}
    assert set.union(*found.values()) == {one for one, _ in everybody}
