"""Fill a migrated database with many tasks, of which a fixed number is overdue.

python -m bench.seed DATABASE_URL TASKS
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import Connection, create_engine, func, insert, select

from taskboard.domain.department_names import match_key
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentRole, AssignmentState, DeadlineOrigin, TaskState
from taskboard.models import (
    Assignment,
    Department,
    DepartmentName,
    HistoryEntry,
    Measure,
    Person,
    PersonPost,
    Plan,
    ProgressReport,
    Task,
)

DEPARTMENTS = 300
PLAN_SIZE = 200
OVERDUE_TASKS = 2_000
"""the same at every size, so that a list that reads only what it shows costs the same"""
PASSWORD = "bench-password-of-everybody"
TODAY = datetime.now(UTC).date()
NOW = datetime.now(UTC)
BATCH = 5_000


def fill(url: str, tasks: int) -> None:
    """Add departments, people, plans and ``tasks`` tasks, each with a lead, two partners and a report of the lead."""
    engine = create_engine(url)
    with engine.begin() as connection:
        _add_directory(connection)
        _add_plans(connection, tasks)
        for start in range(0, tasks, BATCH):
            _add_tasks(connection, range(start, min(start + BATCH, tasks)))
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")


def _add_directory(connection: Connection) -> None:
    names = ["云泽市人民政府", *(f"市第{number}局" for number in range(1, DEPARTMENTS + 1))]
    _insert(
        connection,
        Department,
        [
            {
                "id": number,
                "name": name,
                "parent_id": 1 if number > 1 else None,
                "path": f"/1/{number}/" if number > 1 else "/1/",
                "kind": "unit",
                "needs_sign_off": False,
                "is_active": True,
                "version": 1,
            }
            for number, name in enumerate(names, 1)
        ],
    )
    _insert(
        connection,
        DepartmentName,
        [
            {"department_id": number, "name": name, "key": match_key(name), "is_official": True}
            for number, name in enumerate(names, 1)
        ],
    )
    secret = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).hash(PASSWORD)
    people = [(1, "chen", Role.SUPERVISOR)]
    people += [(number, f"liaison{number}", Role.LIAISON) for number in range(2, DEPARTMENTS + 2)]
    _insert(
        connection,
        Person,
        [
            {
                "id": number,
                "username": username,
                "name": f"联络员{number}",
                "email": f"{username}@example.org",
                "password_hash": secret,
                "is_active": True,
                "session_epoch": 0,
                "version": 1,
            }
            for number, (_, username, _) in enumerate(people, 1)
        ],
    )
    _insert(
        connection,
        PersonPost,
        [
            {"person_id": number, "department_id": department, "role": role.value, "from_on": date(2020, 1, 1)}
            for number, (department, _, role) in enumerate(people, 1)
        ],
    )


def _add_plans(connection: Connection, tasks: int) -> None:
    _insert(
        connection,
        Plan,
        [
            {
                "id": number,
                "title": f"第{number}号工作要点",
                "body_id": 1,
                "imported_at": NOW,
                "imported_by_id": 1,
                "source_name": "要点.txt",
                "source_sha256": f"{number:064x}",
                "version": 1,
            }
            for number in range(1, tasks // PLAN_SIZE + 2)
        ],
    )


def _add_tasks(connection: Connection, numbers: range) -> None:
    rows = [_task_row(number) for number in numbers]
    _insert(connection, Measure, [_measure_row(row) for row in rows])
    _insert(connection, Task, rows)
    assignments = [assignment for row in rows for assignment in _assignment_rows(row)]
    _insert(connection, Assignment, assignments)
    leads = [row for row in assignments if row["role"] == AssignmentRole.LEAD.value]
    _insert(
        connection,
        ProgressReport,
        [
            {
                "assignment_id": row["id"],
                "author_id": row["department_id"],
                "reported_at": NOW - timedelta(days=10),
                "is_unchanged": False,
                "done": "已完成方案起草并征求意见，正在修改完善。",
                "problems": "",
                "next_step": "按程序报批。",
                "help_needed": "",
                "percent": 40,
            }
            for row in leads
        ],
    )
    _insert(
        connection,
        HistoryEntry,
        [
            {"task_id": row["id"], "act": "issue", "at": NOW - timedelta(days=60), "actor_id": 1, "entrance": "web"}
            for row in rows
        ],
    )


def _task_row(number: int) -> dict[str, Any]:
    is_overdue = number < OVERDUE_TASKS
    due_on = TODAY - timedelta(days=1 + number % 60) if is_overdue else TODAY + timedelta(days=1 + number % 300)
    is_closed = not is_overdue and number % 2 == 0
    return {
        "id": number + 1,
        "plan_id": number // PLAN_SIZE + 1,
        "measure_id": number + 1,
        "body_id": 1,
        "position": number % PLAN_SIZE + 1,
        "title": f"推进第{number + 1}项重点改革任务落地见效",
        "created_at": NOW - timedelta(days=61),
        "state": (TaskState.CLOSED if is_closed else TaskState.IN_PROGRESS).value,
        "is_ongoing": False,
        "due_on": due_on,
        "original_due_on": due_on,
        "deadline_origin": DeadlineOrigin.STATED.value,
        "deadline_version": 1,
        "issued_at": NOW - timedelta(days=60),
        "version": 1,
    }


def _measure_row(task: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": task["measure_id"],
        "plan_id": task["plan_id"],
        "position": task["position"],
        "path": ["一", str(task["position"])],
        "heading": task["title"],
        "text": task["title"] + "。细化工作措施，明确时间节点，加强部门协同，确保按期完成。",
        "units_as_written": "责任单位：市第1局、市第2局、市第3局",
        "deadline_text": None,
        "reading": {},
    }


def _assignment_rows(task: dict[str, Any]) -> list[dict[str, Any]]:
    state = AssignmentState.ACCEPTED if task["state"] == TaskState.CLOSED.value else AssignmentState.IN_PROGRESS
    first = task["id"] * 3 - 2
    departments = [(task["id"] * 7 + step * 101) % DEPARTMENTS + 2 for step in range(3)]
    return [
        {
            "id": first + place,
            "task_id": task["id"],
            "department_id": department,
            "role": (AssignmentRole.PARTNER if place else AssignmentRole.LEAD).value,
            "name_as_written": f"市第{department - 1}局",
            "is_confirmed": True,
            "position": place,
            "state": state.value,
            "due_on": task["due_on"],
            "acknowledged_at": NOW - timedelta(days=59),
            "days_late": 0,
            "percent": None if place else 40,
            "last_reported_at": None if place else NOW - timedelta(days=10),
            "version": 1,
        }
        for place, department in enumerate(departments)
    ]


def _insert(connection: Connection, model: Any, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    connection.execute(insert(model), rows)
    if connection.dialect.name == "postgresql" and "id" in rows[0]:
        _restart_sequence(connection, model)


def _restart_sequence(connection: Connection, model: Any) -> None:
    """Rows with given ids leave PostgreSQL's sequence where it was: move it past them."""
    table = model.__tablename__
    highest = connection.scalar(select(func.max(model.id)))
    connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {highest})")


if __name__ == "__main__":
    fill(sys.argv[1], int(sys.argv[2]))
