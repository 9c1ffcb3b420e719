"""The auditor's list is read through an index, whichever way it is narrowed down, and never sorted."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from taskboard.domain.history import Subject
from taskboard.domain.roles import Role
from taskboard.services.audit import Filter, list_entries
from tests.support import factories

DAY = date(2026, 11, 20)
FILTERS = {
    "everything": Filter(),
    "a day": Filter(first_day=DAY, last_day=DAY),
    "an entrance": Filter(entrance="cli"),
    "an entrance on a day": Filter(entrance="cli", first_day=DAY, last_day=DAY),
    "a person": Filter(person="李联络"),
    "a task": Filter(subject=Subject.TASK, subject_id=7),
    "a person on a task": Filter(person="李联络", subject=Subject.TASK, subject_id=7),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("which", FILTERS)
def test_the_trail_is_read_through_an_index(session: Session, which: str) -> None:
    usual = factories.usual_people(session)
    post = (Role.AUDITOR, usual.body)
    auditor = factories.actor_of(factories.make_person(session, "审计员", post), post)
    asked: list[tuple[str, Any]] = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda _c, _cursor, sql, values, *_: asked.append((sql, values)))

    list_entries(session, FILTERS[which], actor=auditor)

    [(sql, values)] = [one for one in asked if "FROM history_entry" in one[0]]
    steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert "USING INDEX ix_history_entry_" in steps[0]
    assert not [step for step in steps if "TEMP B-TREE" in step]
