"""Coordination meetings (联席会议): planned with a day and a title, open for decisions from that day until ended."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple, Unpack

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotAllowed, NotFound, NotNow
from taskboard.domain.help_requests import HelpState
from taskboard.domain.history import Change, Subject
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.models import CoordinationMeeting, Department, HelpRequest, HistoryEntry, Person
from taskboard.services.cases import Acting
from taskboard.services.department_tree import in_subtree
from taskboard.services.history import find_repeated, record_change

MOST_MEETINGS = 30


class MeetingRow(NamedTuple):
    """A meeting with what became of its decisions."""

    id: int
    title: str
    held_on: date
    body: str
    body_path: str
    planned_by: str
    ended_at: datetime | None
    decided: int
    done: int
    may_decide: bool
    """it has begun and is not ended, and this person supervises its body"""
    may_end: bool


def list_bodies(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """The bodies where this person is supervisor and may call a meeting."""
    ids = {post.department_id for post in actor.posts if post.role is Role.SUPERVISOR}
    query = select(Department.id, Department.name).where(Department.id.in_(ids)).order_by(Department.path)
    return [(row.id, row.name) for row in session.execute(query)]


def plan_meeting(session: Session, *, body_id: int, title: str, held_on: date, **by: Unpack[Acting]) -> HistoryEntry:
    """Call a meeting of a body; one that was held already may be entered, too.

    Raises :class:`NotAllowed` for who is no supervisor there, and :class:`Invalid`.
    """
    if not by["actor"].holds(Role.SUPERVISOR, body_id):
        raise NotAllowed(act=Change.MEETING_PLANNED)
    if earlier := _find_earlier(session, by, Change.MEETING_PLANNED):
        return earlier
    if not title.strip():
        raise Invalid("title", "required")
    meeting = CoordinationMeeting(
        body_id=body_id,
        title=title.strip(),
        held_on=held_on,
        planned_by_id=by["actor"].person_id,
        planned_at=by["now"],
    )
    session.add(meeting)
    session.flush()
    return _record(session, meeting, Change.MEETING_PLANNED, by)


def end_meeting(session: Session, meeting_id: int, **by: Unpack[Acting]) -> HistoryEntry:
    """Nothing is decided at this meeting any more; what it left open waits for the next one.

    Raises :class:`NotFound`, :class:`NotAllowed` and :class:`NotNow`.
    """
    row = session.execute(
        select(CoordinationMeeting, Department.path)
        .join(Department, Department.id == CoordinationMeeting.body_id)
        .where(CoordinationMeeting.id == meeting_id, visible_meetings(by["actor"]))
        .with_for_update(of=CoordinationMeeting)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound(subject="meeting")
    meeting, path = row
    if not by["actor"].supervises(path):
        raise NotAllowed(act=Change.MEETING_ENDED)
    if earlier := _find_earlier(session, by, Change.MEETING_ENDED):
        return earlier
    if meeting.ended_at is not None:
        raise NotNow(act=Change.MEETING_ENDED)
    meeting.ended_at, meeting.ended_by_id = by["now"], by["actor"].person_id
    session.flush()
    return _record(session, meeting, Change.MEETING_ENDED, by)


def require_agenda(session: Session, meeting_id: int, task_path: str, actor: Actor, *, today: date) -> None:
    """Whether the meeting can decide about a task whose body stands at this place.

    Raises :class:`Invalid` before its day, after its end, and for a meeting of other bodies.
    """
    row = session.execute(
        select(CoordinationMeeting.held_on, CoordinationMeeting.ended_at, Department.path)
        .join(Department, Department.id == CoordinationMeeting.body_id)
        # Who ends it meanwhile waits for what is being decided.
        .where(CoordinationMeeting.id == meeting_id, visible_meetings(actor))
        .with_for_update(of=CoordinationMeeting, read=True)
    ).one_or_none()
    if row is None or not task_path.startswith(row.path):
        raise Invalid("meeting_id", "meeting_of_others")
    if row.ended_at is not None:
        raise Invalid("meeting_id", "meeting_over")
    if today < row.held_on:
        raise Invalid("meeting_id", "meeting_not_yet", held_on=row.held_on)


def visible_meetings(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`CoordinationMeeting` with its body's :class:`Department`: those of bodies watched over."""
    places = sorted(actor.overseen_paths)
    return or_(*(in_subtree(path) for path in places)) if places else Department.id.in_([])


def list_meetings(session: Session, actor: Actor, *, today: date) -> list[MeetingRow]:
    """The meetings that exist for this person, the latest first, at most :data:`MOST_MEETINGS`."""
    return _meeting_rows(session, visible_meetings(actor), actor, today)


def list_open_meetings(session: Session, actor: Actor, task_path: str, *, today: date) -> list[MeetingRow]:
    """The meetings at which this person can decide about a task whose body stands at this place."""
    rows = list_meetings(session, actor, today=today)
    return [one for one in rows if one.may_decide and task_path.startswith(one.body_path)]


def get_meeting(session: Session, meeting_id: int, actor: Actor, *, today: date) -> MeetingRow:
    """One meeting; raises :class:`NotFound`."""
    condition = visible_meetings(actor) & (CoordinationMeeting.id == meeting_id)
    rows = _meeting_rows(session, condition, actor, today)
    if not rows:
        raise NotFound(subject="meeting")
    return rows[0]


def _meeting_rows(session: Session, condition: ColumnElement[bool], actor: Actor, today: date) -> list[MeetingRow]:
    decided = (
        select(func.count()).where(HelpRequest.meeting_id == CoordinationMeeting.id).correlate(CoordinationMeeting)
    )
    query = (
        select(
            CoordinationMeeting,
            Department.name,
            Department.path,
            Person.name,
            decided.scalar_subquery(),
            decided.where(HelpRequest.state == HelpState.DONE).scalar_subquery(),
        )
        .join(Department, Department.id == CoordinationMeeting.body_id)
        .join(Person, Person.id == CoordinationMeeting.planned_by_id)
        .where(condition)
        .order_by(CoordinationMeeting.held_on.desc(), CoordinationMeeting.id.desc())
        .limit(MOST_MEETINGS)
    )
    return [
        MeetingRow(
            id=one.id,
            title=one.title,
            held_on=one.held_on,
            body=body,
            body_path=path,
            planned_by=planned_by,
            ended_at=one.ended_at,
            decided=decided_count,
            done=done_count,
            may_decide=actor.supervises(path) and one.ended_at is None and one.held_on <= today,
            may_end=actor.supervises(path) and one.ended_at is None,
        )
        for one, body, path, planned_by, decided_count, done_count in session.execute(query)
    ]


def _find_earlier(session: Session, by: Acting, act: Change) -> HistoryEntry | None:
    return find_repeated(session, by.get("request_key"), act=act, task_id=None, actor=by["actor"])


def _record(session: Session, meeting: CoordinationMeeting, act: Change, by: Acting) -> HistoryEntry:
    return record_change(
        session,
        subject=Subject.MEETING,
        subject_id=meeting.id,
        act=act,
        actor=by["actor"],
        now=by["now"],
        entrance=by["entrance"],
        after={"title": meeting.title, "held_on": meeting.held_on, "body_id": meeting.body_id},
        request_key=by.get("request_key"),
    )
