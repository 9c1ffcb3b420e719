"""The demo's data reads like an office at work."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.cli import demo_data
from taskboard.models import Department, HistoryEntry, Task
from taskboard.services.calendar import seed_calendar
from taskboard.services.renamings import seed_renamings
from tests.support.factories import NOW


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_demo_tells_its_history_in_the_order_of_the_days_with_a_task_that_was_split(session: Session) -> None:
    seed_calendar(session)
    seed_renamings(session)

    demo_data.fill(session, now=NOW)

    moments = list(session.scalars(select(HistoryEntry.at).order_by(HistoryEntry.id)))
    assert moments == sorted(moments)
    assert max(moments) < NOW
    subtasks = session.scalars(select(Task).where(Task.parent_id.is_not(None))).all()
    assert [one.state.value for one in subtasks] == ["in_progress", "issued"]
    above = session.scalars(select(Department).where(Department.name == demo_data.SIGNS_OFF)).one()
    assert session.scalars(select(Department.name).where(Department.parent_id == above.id)).all() == list(
        demo_data.SECTIONS
    )
