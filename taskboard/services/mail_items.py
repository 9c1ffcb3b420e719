"""Assignments as mails know them, read in great numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from operator import itemgetter
from typing import Any, NamedTuple

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Row, Select, case, func, select
from sqlalchemy.orm import Session, aliased

from taskboard.domain.help_requests import HelpState
from taskboard.domain.local_time import local_date
from taskboard.domain.mail_items import Item
from taskboard.domain.periods import Rhythm
from taskboard.domain.workflow import Act, AssignmentState
from taskboard.models import (
    Assignment,
    Department,
    Extension,
    HelpRequest,
    HistoryEntry,
    Plan,
    Task,
    TaskLineage,
)
from taskboard.services.among import among
from taskboard.services.suspensions import load_review_days
from taskboard.services.turns import days_of_return

_Part = aliased(Assignment, name="part")
_ISSUER = (
    select(_Part.department_id)
    .join(TaskLineage, TaskLineage.assignment_id == _Part.id)
    .where(TaskLineage.task_id == Assignment.task_id, TaskLineage.distance == 1)
    .correlate(Assignment)
    .scalar_subquery()
)

_ITEM_COLUMNS: Select[*tuple[Any, ...]] = select(
    Assignment.id.label("assignment_id"),
    Assignment.task_id,
    Task.title,
    Task.plan_id,
    Assignment.department_id,
    Task.body_id,
    Assignment.role,
    Assignment.state,
    Task.state.label("task_state"),
    func.coalesce(Assignment.issued_at, Task.issued_at).label("issued_at"),
    Assignment.is_held,
    Assignment.due_on,
    Assignment.deadline_version,
    Task.deadline_origin.label("origin"),
    Task.is_ongoing,
    Assignment.officer_id,
    Assignment.submitted_at,
    func.coalesce(Assignment.accepted_at, Task.closed_at).label("ended_at"),
    Assignment.owing_since,
    Assignment.last_reported_at,
    case((Task.parent_id.is_not(None), _ISSUER)).label("issuer_id"),
).join(Task, Task.id == Assignment.task_id)
_AT = {name: itemgetter(place) for place, name in enumerate(_ITEM_COLUMNS.selected_columns.keys())}
ROWS_AT_ONCE = 2000


def load_items(session: Session, condition: ColumnElement[bool]) -> list[Item]:
    """Assignments of issued tasks as mails know them, by a condition on :class:`Assignment` and :class:`Task`."""
    asked = _Asked(_waiting_since(session), _extension_asked(session), _help_asked(session), load_review_days(session))
    plans, places = _Plans(session), Places(session)
    query = _ITEM_COLUMNS.where(Task.issued_at.is_not(None), condition).order_by(Assignment.id)
    items: list[Item] = []
    # Plain rows: a tenth of a million of them are read in one morning.
    for rows in session.connection().execute(query).partitions(ROWS_AT_ONCE):
        plans.know(set(map(_AT["plan_id"], rows)))
        places.know({*map(_AT["department_id"], rows), *map(_AT["body_id"], rows)})
        items += [_item(row, asked, plans, places) for row in rows]
    _mark_returned(session, items)
    return items


def _mark_returned(session: Session, items: list[Item]) -> None:
    """Write down what came back to be corrected: asked of the history only for what was not always owed."""
    places = {
        item.assignment_id: place
        for place, item in enumerate(items)
        if item.owing_since is not None and item.state is AssignmentState.IN_PROGRESS
    }
    for assignment_id, day in days_of_return(session, sorted(places)).items():
        place = places[assignment_id]
        items[place] = replace(items[place], returned_on=day)


class _Plans(dict[int, tuple[str, Rhythm]]):
    """Titles and rhythms of plans by their ids: read once, and not with each of their tasks."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def know(self, plan_ids: Collection[int]) -> None:
        asked = sorted(plan_ids - self.keys())
        if not asked:
            return
        query = select(Plan.id, Plan.title, Plan.report_rhythm, Plan.report_day)
        for plan_id, title, kind, day in self._session.execute(query.where(among(self._session, Plan.id, asked))):
            self[plan_id] = title, Rhythm(kind, day)


class Places(dict[int, tuple[str, str]]):
    """Names and paths of departments by their ids."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def know(self, department_ids: Collection[int]) -> None:
        asked = sorted(department_ids - self.keys())
        if not asked:
            return
        query = select(Department.id, Department.name, Department.path)
        for department_id, name, path in self._session.execute(query.where(among(self._session, Department.id, asked))):
            self[department_id] = name, path


class _Asked(NamedTuple):
    """Per assignment the days from which decisions are waited for."""

    waiting: Mapping[int, date]
    extension: Mapping[int, date]
    help: Mapping[int, date]
    review: Mapping[int, date]
    """when the suspended task for which it stands is to be looked at again"""


def _item(row: Row[*tuple[Any, ...]], asked: _Asked, plans: _Plans, places: Places) -> Item:
    # Taken apart in the order of the columns: to look thirty of them up by their names takes as long as to read them.
    (
        assignment_id,
        task_id,
        title,
        plan_id,
        department_id,
        body_id,
        role,
        state,
        task_state,
        issued_at,
        is_held,
        due_on,
        deadline_version,
        origin,
        is_ongoing,
        officer_id,
        submitted_at,
        ended_at,
        owing_since,
        last_reported_at,
        issuer_id,
    ) = row
    plan, rhythm = plans[plan_id]
    department, department_path = places[department_id]
    submitted_on = _day_of(submitted_at)
    return Item(
        assignment_id=assignment_id,
        task_id=task_id,
        title=title,
        plan=plan,
        department_id=department_id,
        department=department,
        department_path=department_path,
        body_path=places[body_id][1],
        role=role,
        state=state,
        task_state=task_state,
        issued_on=local_date(issued_at),
        due_on=due_on,
        deadline_version=deadline_version,
        origin=origin,
        is_ongoing=is_ongoing,
        officer_id=officer_id,
        submitted_on=submitted_on,
        ended_on=_day_of(ended_at),
        waiting_since=asked.waiting.get(assignment_id, submitted_on),
        is_held=is_held,
        extension_asked_on=asked.extension.get(assignment_id),
        plan_id=plan_id,
        issuer_id=issuer_id,
        help_asked_on=asked.help.get(assignment_id),
        rhythm=rhythm,
        owing_since=_day_of(owing_since),
        reported_on=_day_of(last_reported_at),
        review_on=asked.review.get(assignment_id),
    )


def _day_of(moment: datetime | None) -> date | None:
    return local_date(moment) if moment is not None else None


def _waiting_since(session: Session) -> dict[int, date]:
    """The day on which head reviews and objections began; only their history knows it."""
    query = (
        select(HistoryEntry.assignment_id, func.max(HistoryEntry.at))
        .join(Assignment, Assignment.id == HistoryEntry.assignment_id)
        .where(Assignment.state.in_((AssignmentState.HEAD_REVIEW, AssignmentState.OBJECTED)))
        .where(HistoryEntry.act.in_((Act.SUBMIT, Act.OBJECT)))
        .group_by(HistoryEntry.assignment_id)
    )
    rows = session.execute(query)
    return {assignment_id: local_date(at) for assignment_id, at in rows if assignment_id is not None}


def _extension_asked(session: Session) -> dict[int, date]:
    """The day on which each request for more time that is not decided was made."""
    query = select(Extension.assignment_id, Extension.asked_at).where(Extension.decided_at.is_(None))
    return {assignment_id: local_date(asked_at) for assignment_id, asked_at in session.execute(query)}


def _help_asked(session: Session) -> dict[int, date]:
    """The day of each assignment's oldest request for help that nobody answered."""
    query = select(HelpRequest.assignment_id, func.min(HelpRequest.asked_on)).where(HelpRequest.state == HelpState.OPEN)
    rows = session.execute(query.group_by(HelpRequest.assignment_id))
    return {assignment_id: asked_on for assignment_id, asked_on in rows if asked_on is not None}
