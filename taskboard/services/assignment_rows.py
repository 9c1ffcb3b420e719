"""What a list says of each assignment: its task and plan, its department and officer, by one query."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from taskboard.models import Assignment, Department, Person, Plan, Task

DUE_FIRST = (Assignment.due_on.asc().nulls_last(), Assignment.id)
"""the order of such lists"""

# Built once: for a page of a few rows, building a statement takes longer than running it.
ASSIGNMENT_ROWS = (
    select(
        Assignment.id,
        Assignment.task_id,
        Task.title,
        Plan.title.label("plan"),
        Assignment.department_id,
        Department.name.label("department"),
        Assignment.role,
        Assignment.state,
        Assignment.due_on,
        Person.name.label("officer"),
    )
    .join(Task, Task.id == Assignment.task_id)
    .join(Plan, Plan.id == Task.plan_id)
    .join(Department, Department.id == Assignment.department_id)
    .outerjoin(Person, Person.id == Assignment.officer_id)
    .where(Assignment.id.in_(bindparam("assignment_ids", expanding=True)))
    .order_by(*DUE_FIRST)
)
"""the assignments of these ``assignment_ids``; a list adds the columns that it alone shows"""
