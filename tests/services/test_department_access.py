"""What of the directory exists for whom: a supervisor of one place finds nothing of another place's own."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import pytest
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotFound
from taskboard.domain.roles import Role
from taskboard.models import Department, Person
from taskboard.services import department_access, department_lists, people
from tests.support.factories import Usual, make_department, make_person, make_plan, make_task

TODAY = date(2026, 11, 23)


class Place(NamedTuple):
    body: Department
    bureau: Department
    officer: Person


def another_place(session: Session, *, parent: Department | None = None, supervised: bool = True) -> Place:
    body = make_department(session, "外市人民政府", parent=parent)
    bureau = make_department(session, "外市教育局", parent=body)
    if supervised:
        make_person(session, "外市督查", (Role.SUPERVISOR, body))
    return Place(body, bureau, make_person(session, "外市承办", (Role.OFFICER, bureau)))


def listed(session: Session, usual: Usual, who: str) -> list[str]:
    actor = usual.actor(who)
    page = department_lists.list_departments(session, actor=actor, today=TODAY, size=100)
    tree = department_lists.load_tree(session, actor=actor)
    names = [one.name for one in page.rows]
    assert len(names) == sum(one.size + 1 for one in tree)
    return names


def test_what_lies_below_the_body_of_another_place_does_not_exist(session: Session, usual: Usual) -> None:
    place = another_place(session)
    chen = usual.actor("chen")

    assert not {place.body.name, place.bureau.name} & set(listed(session, usual, "chen"))
    assert department_lists.complete_name(session, "外市", actor=chen) == []
    assert department_lists.list_children(session, place.body.id, actor=chen, today=TODAY).total == 0
    with pytest.raises(NotFound):
        department_access.get_department(session, place.bureau.id, actor=chen)


def test_its_people_do_not_exist_either(session: Session, usual: Usual) -> None:
    place = another_place(session)
    chen = usual.actor("chen")

    page = people.list_people(session, actor=chen, today=TODAY, size=100)

    assert place.officer.id not in {one.id for one in page.rows}
    assert usual.li.id in {one.id for one in page.rows}
    with pytest.raises(NotFound):
        people.get_person(session, place.officer.id, actor=chen)


def test_administrators_see_every_place(session: Session, usual: Usual) -> None:
    place = another_place(session)

    assert {place.body.name, place.bureau.name} <= set(listed(session, usual, "sun"))
    assert people.get_person(session, place.officer.id, actor=usual.actor("sun")) is place.officer


def test_a_department_there_that_has_a_part_in_ones_task_is_seen(session: Session, usual: Usual) -> None:
    place = another_place(session)
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    make_task(session, plan=plan, lead=usual.lead, partners=(place.bureau,))

    names = listed(session, usual, "chen")

    assert place.bureau.name in names
    assert place.body.name not in names


def test_a_place_that_nobody_supervises_is_everybodys(session: Session, usual: Usual) -> None:
    place = another_place(session, supervised=False)

    assert place.bureau.name in listed(session, usual, "chen")


def test_a_place_below_ones_own_body_is_seen(session: Session, usual: Usual) -> None:
    place = another_place(session, parent=usual.body)

    assert place.bureau.name in listed(session, usual, "chen")
