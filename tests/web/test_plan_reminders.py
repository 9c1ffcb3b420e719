"""The page of a plan's rules of reminding: changed by its supervisors, tried before it is saved."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.history import Subject
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.models import HistoryEntry, Plan, Task
from tests.support.factories import Usual, make_plan, make_task
from tests.support.visitor import Visitor


@pytest.fixture
def task(session: Session, usual: Usual) -> Task:
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    task = make_task(
        session,
        plan=plan,
        lead=usual.lead,
        state=TaskState.IN_PROGRESS,
        assignment_state=AssignmentState.IN_PROGRESS,
        due_on=date(2026, 12, 31),
    )
    session.commit()
    return task


def filled(visitor: Visitor, path: str, **changed: object) -> dict[str, object]:
    """The form as the page shows it, with changes; a value of None is a box that is not ticked."""
    page = visitor.get(path).text
    fields: dict[str, object] = dict(visitor.form_at(path))
    for name in re.findall(r'type="checkbox" name="(on:\w+)" value="1" checked', page):
        fields[name] = "1"
    for name, value in re.findall(r'name="(days:\w+)" value="(\d+)"', page):
        fields[name] = value
    for name, value in re.findall(r'name="(to:\w+)" value="(\w+)" checked', page):
        fields.setdefault(name, [])
        fields[name] += [value]  # type: ignore[operator]
    fields |= changed
    return {name: value for name, value in fields.items() if value is not None}


def stored(session: Session, task: Task) -> dict[str, object] | None:
    session.rollback()
    return session.get_one(Plan, task.plan_id).reminder_changes


def test_the_page_shows_the_usual_rules(visitor: Visitor, usual: Usual, task: Task) -> None:
    page = visitor.enter(usual.chen).get(f"/plans/{task.plan_id}/reminders").text

    assert "现在全部是通用规则" in page
    assert "时限前 10 个工作日" in page
    assert "异议裁定：提出异议后 1 个工作日" in page


def test_the_task_to_try_is_sent_once(visitor: Visitor, usual: Usual, task: Task) -> None:
    page = visitor.enter(usual.chen).get(f"/plans/{task.plan_id}/reminders").text

    assert page.count('name="task_id"') == 1


def test_saving_without_a_change_keeps_the_usual_rules(
    visitor: Visitor, usual: Usual, task: Task, session: Session
) -> None:
    path = f"/plans/{task.plan_id}/reminders"
    visitor.enter(usual.chen)

    answer = visitor.post(path, **filled(visitor, path))

    assert answer.status_code == 303
    assert stored(session, task) is None


def test_a_change_is_kept_and_stands_in_the_trail(visitor: Visitor, usual: Usual, task: Task, session: Session) -> None:
    path = f"/plans/{task.plan_id}/reminders"
    visitor.enter(usual.chen)

    answer = visitor.post(path, **filled(visitor, path, **{"on:due_10": None, "days:due_3": "5"}))

    assert "有 2 条与通用规则不同" in visitor.get(answer.location).text
    assert set(stored(session, task) or {}) == {"due_10", "due_3"}
    entry = session.scalars(select(HistoryEntry).where(HistoryEntry.subject == Subject.PLAN)).one()
    assert (entry.actor_id, entry.entrance) == (usual.chen.id, "web")
    assert entry.after is not None
    assert "due_3" in entry.after["reminder_changes"]


@pytest.mark.parametrize(
    "case",
    [
        ({"on:overdue_1": None}, "交办和逾期的提醒不能关"),
        ({"days:due_3": "0"}, "请填 1 到 20 的整数"),
        ({"days:due_3": "三"}, "请填整数"),
        ({"to:due_3": []}, "至少选一种收件人"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_rule_with_the_form_as_typed(
    visitor: Visitor, usual: Usual, task: Task, session: Session, case: tuple[dict[str, object], str]
) -> None:
    changed, words = case
    path = f"/plans/{task.plan_id}/reminders"
    visitor.enter(usual.chen)

    answer = visitor.post(path, **filled(visitor, path, **changed, **{"days:due_10": "12"}))

    assert answer.status_code == 422
    assert words in answer.text
    assert 'name="days:due_10" value="12"' in answer.text
    assert stored(session, task) is None


def test_trying_shows_who_is_told_what_and_when_and_saves_nothing(
    visitor: Visitor, usual: Usual, task: Task, session: Session
) -> None:
    path = f"/plans/{task.plan_id}/reminders"
    visitor.enter(usual.chen)

    answer = visitor.post(path, **filled(visitor, path, **{"days:due_3": "5", "try": "1", "task_id": str(task.id)}))

    assert answer.status_code == 303
    page = visitor.get(answer.location).text
    assert 'name="days:due_3" value="5"' in page
    told = page[page.index('id="told"') :]
    assert "2026年12月24日" in told
    assert "时限前 5 个工作日" in told
    assert usual.li.name in told
    assert "预估" in told  # what comes in 2027
    assert stored(session, task) is None


def test_a_second_click_saves_nothing_more_and_is_no_change_by_somebody_else(
    visitor: Visitor, usual: Usual, task: Task, session: Session
) -> None:
    path = f"/plans/{task.plan_id}/reminders"
    visitor.enter(usual.chen)
    form = filled(visitor, path, **{"days:due_3": "5"})

    answers = [visitor.post(path, **form) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert set(stored(session, task) or {}) == {"due_3"}
    assert len(session.scalars(select(HistoryEntry).where(HistoryEntry.subject == Subject.PLAN)).all()) == 1


def test_two_supervisors_at_once_see_each_others_change(
    visitor: Visitor, usual: Usual, task: Task, session: Session
) -> None:
    path = f"/plans/{task.plan_id}/reminders"
    visitor.enter(usual.chen)
    first, second = filled(visitor, path, **{"days:due_3": "5"}), filled(visitor, path, **{"days:due_3": "4"})
    visitor.post(path, **first)

    answer = visitor.post(path, **second)

    assert answer.status_code == 409
    assert 'name="days:due_3" value="4"' in answer.text
    assert (stored(session, task) or {})["due_3"] == {"is_on": True, "days": 5, "to": None}


@pytest.mark.parametrize("name", ["li", "gao", "zhao"])
def test_departments_do_not_find_the_page(visitor: Visitor, usual: Usual, task: Task, name: str) -> None:
    answer = visitor.enter(getattr(usual, name)).get(f"/plans/{task.plan_id}/reminders")

    assert answer.status_code in (403, 404)
