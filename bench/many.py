"""Fill a migrated database with very many tasks by a few statements: what a province has after some years.

Most of them are closed. What is open lies before and after one day, so that on it a fixed number has something due;
what fell due before that day is on record as decided, as it is after so many mornings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Date,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    insert,
    text,
)
from sqlalchemy.orm import Session

from bench.bulk import loading
from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.local_time import at_local
from taskboard.domain.reminders import RULES, Anchor
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentRole, AssignmentState, TaskState
from taskboard.models import Department, Person, PersonPost, Plan
from taskboard.models.base import UtcDateTime
from taskboard.services.calendar import load_calendar, seed_calendar

PLAN_SIZE = 200
NOON = time(12)
ISSUED_BEFORE = timedelta(days=200)
FAR_DAYS = range(60, 360)
STAFF = (Role.HEAD, Role.LIAISON, Role.OFFICER)


@dataclass(frozen=True)
class Size:
    """How many tasks in all, how many of them open, and of these how many with something due, long late, or near."""

    tasks: int
    open: int
    due: int
    late: int
    near: int
    departments: int
    supervisors: int = 3
    leaders: int = 3


@dataclass(frozen=True)
class Pattern:
    """What many tasks have in common."""

    due_on: date
    state: AssignmentState = AssignmentState.IN_PROGRESS
    issued_on: date | None = None
    submitted_on: date | None = None


def fill(engine: Engine, size: Size, today: date) -> None:
    """Add departments with three people each, plans, and tasks with a lead and a partner."""
    with Session(engine) as session:
        seed_calendar(session)
        calendar = load_calendar(session)
        session.commit()
    groups = _groups(today, calendar)
    patterns = [one for group in groups for one in group]
    with loading(engine, ("measure", "task", "assignment")) as connection:
        _add_directory(connection, size)
        _add_plans(connection, size, today)
        table = _add_patterns(connection, patterns, today)
        _add_tasks(connection, size, [len(group) for group in groups])
        table.drop(connection)
    with loading(engine, ("reminder",)) as connection:
        for pattern in patterns:
            _add_decisions(connection, pattern, today, calendar)
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")


def _groups(today: date, calendar: WorkingCalendar) -> tuple[Sequence[Pattern], ...]:
    """With something due today; long late; near, with nothing due; far; closed."""
    near = (calendar.add(today, count) for count in (1, 3, 10, -1, -3))
    due = [Pattern(day) for day in (today, *near, today + timedelta(days=30))]
    far = [Pattern(today + timedelta(days=days)) for days in FAR_DAYS]
    later = [today + timedelta(days=FAR_DAYS.stop + count) for count in range(3)]
    due += [
        Pattern(later[0], AssignmentState.PENDING, issued_on=calendar.add(today, -1)),
        Pattern(later[1], AssignmentState.SUBMITTED, submitted_on=calendar.add(today, -1)),
        Pattern(later[2], AssignmentState.SUBMITTED, submitted_on=calendar.add(today, -2)),
    ]
    taken = {one.due_on for one in due}
    days = (today + timedelta(days=count) for count in range(5, 45))
    quiet = [Pattern(day) for day in days if day not in taken and not _is_milestone(day, today, calendar)]
    late = [Pattern(today - timedelta(days=days)) for days in range(30, 90)]
    closed = [Pattern(today - timedelta(days=400), AssignmentState.ACCEPTED)]
    return due, late, quiet, far, closed


def _is_milestone(due_on: date, today: date, calendar: WorkingCalendar) -> bool:
    return any(rule.milestone(due_on, calendar) == today for rule in RULES if rule.anchor is Anchor.DEADLINE)


def _add_directory(connection: Connection, size: Size) -> None:
    units = range(2, size.departments + 2)
    rows = [{"id": 1, "name": "云泽市人民政府", "parent_id": None, "path": "/1/"}]
    rows += [{"id": n, "name": f"市第{n - 1}局", "parent_id": 1, "path": f"/1/{n}/"} for n in units]
    more = {"kind": "unit", "needs_sign_off": False, "is_active": True, "version": 1}
    connection.execute(insert(Department), [row | more for row in rows])
    posts = [(1, role) for role in [Role.SUPERVISOR] * size.supervisors + [Role.LEADER] * size.leaders]
    posts += [(unit, role) for unit in units for role in STAFF]
    connection.execute(insert(Person), [_person(number) for number in range(1, len(posts) + 1)])
    connection.execute(
        insert(PersonPost),
        [
            {"person_id": number, "department_id": department, "role": role, "from_on": date(2020, 1, 1)}
            for number, (department, role) in enumerate(posts, 1)
        ],
    )


def _person(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "username": f"person{number}",
        "name": f"干部{number}",
        "email": f"person{number}@example.org",
        "is_active": True,
        "session_epoch": 0,
        "must_change_password": False,
        "version": 1,
    }


def _add_plans(connection: Connection, size: Size, today: date) -> None:
    rows = [
        {
            "id": number,
            "title": f"第{number}号工作要点",
            "body_id": 1,
            "imported_at": at_local(today - ISSUED_BEFORE, NOON),
            "imported_by_id": 1,
            "source_name": "要点.txt",
            "source_sha256": f"{number:064x}",
            "version": 1,
        }
        for number in range(1, size.tasks // PLAN_SIZE + 2)
    ]
    connection.execute(insert(Plan), rows)


def _add_patterns(connection: Connection, patterns: Sequence[Pattern], today: date) -> Table:
    table = Table(
        "bench_pattern",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("due_on", Date),
        Column("state", String(32)),
        Column("task_state", String(32)),
        Column("issued_at", UtcDateTime),
        Column("submitted_at", UtcDateTime),
        Column("accepted_at", UtcDateTime),
        UniqueConstraint("due_on", "task_state", "issued_at"),
    )
    table.create(connection)
    connection.execute(insert(table), [_pattern_row(number, one, today) for number, one in enumerate(patterns)])
    return table


def _pattern_row(number: int, one: Pattern, today: date) -> dict[str, Any]:
    is_closed = one.state is AssignmentState.ACCEPTED
    issued_on = one.issued_on or today - ISSUED_BEFORE - timedelta(days=400 if is_closed else 0)
    return {
        "id": number,
        "due_on": one.due_on,
        "state": one.state.value,
        "task_state": (TaskState.CLOSED if is_closed else TaskState.IN_PROGRESS).value,
        "issued_at": at_local(issued_on, NOON),
        "submitted_at": at_local(one.submitted_on, NOON) if one.submitted_on else None,
        "accepted_at": at_local(one.due_on, NOON) if is_closed else None,
    }


NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)"
"""0, 1, 2, … in both databases; what is joined to them is told by CROSS JOIN that they come first"""
ADD_MEASURES = f"""
    INSERT INTO measure (id, plan_id, position, path, text, reading)
    {NUMBERS}
    SELECT n + 1, n / {PLAN_SIZE} + 1, n % {PLAN_SIZE} + 1, '[]', '推进第' || (n + 1) || '项重点任务', '{{}}'
    FROM numbers
"""
ADD_TASKS = f"""
    INSERT INTO task (
        id, plan_id, measure_id, body_id, position, title, created_at, state, is_ongoing, due_on, original_due_on,
        deadline_origin, deadline_version, issued_at, closed_at, weight, version
    )
    {NUMBERS}
    SELECT n + 1, n / {PLAN_SIZE} + 1, n + 1, 1, n % {PLAN_SIZE} + 1, '推进第' || (n + 1) || '项重点改革任务落地见效',
        issued_at, task_state, FALSE, due_on, due_on, 'stated', 1, issued_at, accepted_at, 1, 1
    FROM numbers CROSS JOIN bench_pattern AS pattern WHERE pattern.id = CASE
"""
ADD_ASSIGNMENTS = """
    INSERT INTO assignment (
        id, task_id, department_id, role, name_as_written, is_confirmed, position, state, due_on, deadline_version,
        is_held, acknowledged_at, submitted_at, accepted_at, days_late, version
    )
    SELECT 2 * task.id - :partner, task.id, (task.id * 7 + :partner * 101) % :departments + 2, :role, '有关单位',
        TRUE, :partner, pattern.state, task.due_on, 1, FALSE, task.issued_at, submitted_at, accepted_at, 0, 1
    FROM task CROSS JOIN bench_pattern AS pattern
    WHERE pattern.due_on = task.due_on AND pattern.task_state = task.state AND pattern.issued_at = task.issued_at
"""
ADD_DECISIONS = """
    INSERT INTO reminder (rule, assignment_id, deadline_version, anchor_on, due_on, decided_on)
    SELECT :rule, id, :version, :anchor_on, :fell_due, :fell_due FROM assignment
    WHERE due_on = :due_on AND state = :state
"""


def _add_tasks(connection: Connection, size: Size, lengths: Sequence[int]) -> None:
    last = {"last": size.tasks - 1}
    connection.execute(text(ADD_MEASURES), last)
    connection.execute(text(ADD_TASKS + _which_pattern(size, lengths)), last)
    for partner, role in enumerate((AssignmentRole.LEAD, AssignmentRole.PARTNER)):
        values = {"partner": partner, "role": role.value, "departments": size.departments}
        connection.execute(text(ADD_ASSIGNMENTS), values)


def _which_pattern(size: Size, lengths: Sequence[int]) -> str:
    """The number of a task's pattern, its group by where it stands from the end: what is open is young."""
    closed = size.tasks - size.open
    ends = [closed, closed + size.due, closed + size.due + size.late, closed + size.due + size.late + size.near]
    firsts = [sum(lengths[:place]) for place in range(len(lengths))]
    due, late, near, far = range(4)
    lines = [f"WHEN n < {ends[0]} THEN {firsts[-1]}"]
    lines += [f"WHEN n < {ends[group + 1]} THEN {firsts[group]} + n % {lengths[group]}" for group in (due, late, near)]
    return "\n".join([*lines, f"ELSE {firsts[far]} + n % {lengths[far]} END"])


def _add_decisions(connection: Connection, pattern: Pattern, today: date, calendar: WorkingCalendar) -> None:
    """What was decided of these tasks on the mornings before today."""
    if pattern.state is AssignmentState.ACCEPTED:
        return
    for rule in RULES:
        if pattern.state not in rule.states or rule.anchor not in (Anchor.DEADLINE, Anchor.WAITING):
            continue
        anchor_on = pattern.due_on if rule.anchor is Anchor.DEADLINE else pattern.submitted_on
        if anchor_on is None or (fell_due := rule.milestone(anchor_on, calendar)) >= today:
            continue
        _run(
            connection,
            ADD_DECISIONS,
            rule=rule.code,
            version=1 if rule.anchor is Anchor.DEADLINE else 0,
            anchor_on=anchor_on,
            fell_due=fell_due,
            due_on=pattern.due_on,
            state=pattern.state.value,
        )


def _run(connection: Connection, statement: str, **values: Any) -> None:
    days = [bindparam(name, type_=Date) for name, value in values.items() if isinstance(value, date)]
    connection.execute(text(statement).bindparams(*days), values)
