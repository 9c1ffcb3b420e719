"""Liaisons changed from the list of tasks: led on to the departments, shown with who is told, done once."""

from __future__ import annotations

import re

import gunicorn.config
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.roles import Role
from taskboard.models import Department, Person, PersonPost
from taskboard.services.liaisons import MOST_AT_ONCE
from taskboard.web.forms import LARGEST_ID
from tests.support.factories import Usual, make_department, make_person, make_plan, make_task
from tests.support.visitor import Visitor


def liaisons(session: Session, department: Department) -> list[str]:
    session.rollback()
    query = (
        select(Person.name)
        .join(PersonPost, PersonPost.person_id == Person.id)
        .where(PersonPost.department_id == department.id, PersonPost.role == Role.LIAISON, PersonPost.to_on.is_(None))
    )
    return list(session.scalars(query))


def address(*departments: Department, step: str = "") -> str:
    return f"/liaisons{step}?" + "&".join(f"department_id={one.id}" for one in departments)


def mark_of(page: TestResponse) -> str:
    found = re.search(r'name="mark"[^>]*value="([0-9a-f]+)"', page.text)
    assert found is not None
    return found[1]


def test_from_chosen_tasks_the_departments_are_shown_changed_and_told(
    visitor: Visitor, usual: Usual, session: Session
) -> None:
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    task = make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,))
    session.commit()
    visitor.enter(usual.chen)

    page = visitor.get(f"/tasks/bulk?act=change_liaisons&task_id={task.id}")
    assert page.location == address(usual.lead, usual.partner)
    page = visitor.get(page.location)
    assert usual.li.name in page.text
    assert usual.wang.name in page.text

    typed = {f"liaison_{usual.lead.id}": usual.qian.name}
    sent = visitor.post(address(usual.lead, usual.partner), **typed)
    assert sent.status_code == 303
    for page in (visitor.get(sent.location), visitor.get(sent.location)):
        assert f"{usual.li.name} → {usual.qian.name}" in page.text
    assert liaisons(session, usual.lead) == [usual.li.name]

    page = visitor.post(address(usual.lead, usual.partner, step="/confirm"), mark=mark_of(page), **typed)
    assert page.status_code == 303
    assert liaisons(session, usual.lead) == [usual.qian.name]
    assert liaisons(session, usual.partner) == [usual.wang.name]


def test_a_wrong_name_is_told_at_its_department_with_the_rest_as_typed(
    visitor: Visitor, usual: Usual, session: Session
) -> None:
    visitor.enter(usual.chen)

    page = visitor.post(
        address(usual.lead, usual.partner),
        **{f"liaison_{usual.lead.id}": "查无此人", f"liaison_{usual.partner.id}": usual.qian.name},
    )

    assert page.status_code == 422
    assert "没有找到“查无此人”" in page.text
    assert f'value="{usual.qian.name}"' in page.text
    assert liaisons(session, usual.lead) == [usual.li.name]


def test_without_a_name_nothing_is_shown_to_be_done(visitor: Visitor, usual: Usual) -> None:
    visitor.enter(usual.chen)

    page = visitor.post(address(usual.lead))

    assert page.status_code == 422
    assert "请至少为一个单位填写新联络员" in page.text


def test_what_changed_meanwhile_is_shown_again(visitor: Visitor, usual: Usual, session: Session) -> None:
    visitor.enter(usual.chen)
    typed = {f"liaison_{usual.lead.id}": usual.qian.name}
    mark = mark_of(visitor.get(visitor.post(address(usual.lead), **typed).location))
    session.rollback()  # what the preview wrote is to be seen
    make_person(session, "第二联络员", (Role.LIAISON, usual.lead))
    session.commit()

    page = visitor.post(address(usual.lead, step="/confirm"), mark=mark, **typed)

    assert page.status_code == 409
    assert "有人改过这些单位的联络员" in page.text
    assert "第二联络员" in page.text


@pytest.mark.parametrize("name", ["gao", "chen"])
def test_departments_that_are_not_theirs_are_not_found(
    visitor: Visitor, usual: Usual, session: Session, name: str
) -> None:
    foreign = make_department(session, "外市教育局")
    session.commit()
    visitor.enter(getattr(usual, name))

    assert visitor.get(address(foreign)).status_code == 404
    assert visitor.post(address(foreign, step="/confirm")).status_code == 404
    for no_id in ("abc", "0", "٣", "9" * 5000):
        assert visitor.get("/liaisons", department_id=no_id).status_code == 404


def test_tasks_without_a_department_of_theirs_lead_back(visitor: Visitor, usual: Usual) -> None:
    visitor.enter(usual.chen)

    assert visitor.get("/tasks/bulk?act=change_liaisons&task_id=99").location == "/tasks"
    assert visitor.get("/liaisons").location == "/tasks"


def test_of_more_departments_than_an_address_takes_the_first_are_shown_and_the_rest_is_said(
    visitor: Visitor, usual: Usual, session: Session
) -> None:
    partners = tuple(make_department(session, f"第{i}中心", parent=usual.body) for i in range(MOST_AT_ONCE))
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    task = make_task(session, plan=plan, lead=usual.lead, partners=partners)
    session.commit()
    visitor.enter(usual.chen)

    page = visitor.get(f"/tasks/bulk?act=change_liaisons&task_id={task.id}")

    assert page.location.count("department_id=") == MOST_AT_ONCE
    shown = visitor.get(page.location)
    assert shown.status_code == 200
    assert f"所选任务涉及 {MOST_AT_ONCE + 1} 个单位，一次最多更换 {MOST_AT_ONCE} 个" in shown.text


def test_the_longest_address_fits_into_the_first_line_that_gunicorn_takes() -> None:
    query = "&".join(f"department_id={LARGEST_ID}" for _ in range(MOST_AT_ONCE))
    query += "&kept=" + "f" * 32

    assert len(f"POST /liaisons/confirm?{query} HTTP/1.1\r\n") <= gunicorn.config.LimitRequestLine.default


def test_an_administrator_ticks_departments_in_the_directory(visitor: Visitor, usual: Usual, session: Session) -> None:
    group = make_department(session, "各县区政府", parent=usual.body, kind=DepartmentKind.COLLECTIVE)
    session.commit()
    listed = visitor.enter(usual.sun).get("/departments").text

    assert 'action="/liaisons"' in listed
    assert f'name="department_id" value="{usual.lead.id}"' in listed
    assert f'name="department_id" value="{group.id}"' not in listed
    assert usual.li.name in visitor.get(address(usual.lead, usual.partner)).text
    assert 'action="/liaisons"' not in visitor.enter(usual.chen).get("/departments").text
