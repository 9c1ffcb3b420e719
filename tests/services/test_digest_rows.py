"""What the rows of scheduled mails say of the departments on a task."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from taskboard.models import Plan
from taskboard.services.digest_rows import DepartmentsOfTasks
from tests.support.factories import Usual, make_tasks
from tests.support.queries import counted_queries


def test_the_departments_of_tasks_are_looked_up_once_and_told_by_their_roles(
    session: Session, engine: Engine, usual: Usual, plan: Plan
) -> None:
    tasks = make_tasks(session, ["甲", "乙"], plan=plan, lead=usual.lead, partners=(usual.partner, usual.other))
    swapped = make_tasks(session, ["丙"], plan=plan, lead=usual.partner, partners=(usual.lead,))
    session.flush()
    departments = DepartmentsOfTasks()
    departments.know(session, {task.id for task in tasks})

    with counted_queries(engine) as queries:
        departments.know(session, {task.id for task in tasks})
    departments.know(session, {task.id for task in [*tasks, *swapped]})

    assert queries == []
    usual_names = {"lead": [usual.lead.name], "partner": [usual.partner.name, usual.other.name]}
    assert [departments[task.id] for task in tasks] == [usual_names, usual_names]
    assert departments[swapped[0].id] == {"lead": [usual.partner.name], "partner": [usual.lead.name]}
