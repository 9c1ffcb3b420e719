"""Roundups: drafts made by a job, read and edited by the body's supervisors, sent once by an explicit act."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Unpack

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.local_time import at_local, local_date
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.domain.roundups import Branch, Figures, Group, Line, Stretch, compose, due_stretches
from taskboard.labels.roundups import opening_words, roundup_title
from taskboard.labels.times import moment_words
from taskboard.models import Assignment, Department, Person, PersonPost, Plan, Roundup, Task
from taskboard.services.actors import Holder, held_on, load_portfolios
from taskboard.services.answerable import supervisors_hearing
from taskboard.services.history import Writing, find_repeated, record_change
from taskboard.services.inserts import insert_where_free
from taskboard.services.notice_recipients import Recipient
from taskboard.services.telling import Telling, tell

LONGEST_WORDS = 5000
MOST_GROUPS_IN_A_MAIL = 20
NO_ACTOR = Actor(person_id=0, name="")
"""the job that makes drafts: no person acted"""


# Making drafts


def make_due(session: Session, *, day: date, calendar: WorkingCalendar, now: datetime) -> int:
    """Make every draft that was to be there by that day, each once, and tell its supervisors; how many were new.

    A body has one where a task of its own was issued before the month or quarter was over. The day says only which
    months and quarters: the figures are those of now, whatever day a run makes up for, and a day ahead of now asks for
    no more than today does.
    """
    today = local_date(now)
    return sum(
        _make(session, body, stretch, today=today, now=now)
        for stretch in due_stretches(min(day, today), calendar)
        for body in _bodies_without(session, stretch)
    )


def _bodies_without(session: Session, stretch: Stretch) -> list[Department]:
    made = exists().where(
        Roundup.body_id == Department.id, Roundup.kind == stretch.kind, Roundup.first_on == stretch.first_on
    )
    begun_by = at_local(stretch.last_on, datetime.max.time())
    has_work = exists().where(Task.body_id == Department.id, Task.issued_at <= begun_by)
    query = select(Department).where(Department.is_active, has_work, ~made).order_by(Department.id)
    return list(session.scalars(query))


def _make(session: Session, body: Department, stretch: Stretch, *, today: date, now: datetime) -> int:
    figures = compose(_branches(session, body.id), stretch, today)
    row = {
        "body_id": body.id,
        "kind": stretch.kind,
        "first_on": stretch.first_on,
        "last_on": stretch.last_on,
        "as_of": now,
        "figures": _plain(figures),
        "words": opening_words(body.name, stretch, figures, today),
        "version": 1,
    }
    # Two processes at once: the unique key lets one of them make it.
    if not insert_where_free(session, Roundup, [row]):
        return 0
    query = select(Roundup.id).where(
        Roundup.body_id == body.id, Roundup.kind == stretch.kind, Roundup.first_on == stretch.first_on
    )
    roundup_id = session.scalars(query).one()
    record_change(
        session,
        subject=Subject.ROUNDUP,
        subject_id=roundup_id,
        act=Change.ADDED,
        actor=None,
        now=now,
        entrance="job",
        after={"title": roundup_title(stretch), "body_id": body.id},
    )
    people = [
        Recipient(one, Role.SUPERVISOR, body.name) for one in supervisors_hearing(session, body.path, today=today)
    ]
    facts = {"title": roundup_title(stretch), "body": body.name, "path": f"/roundups/{roundup_id}"}
    tell(Telling(session, NO_ACTOR, now), people, f"roundup-drafted:{roundup_id}", "roundup_drafted", facts)
    return 1


def _branches(session: Session, body_id: int) -> list[Branch]:
    """The body's own issued tasks by department; a matter counts once, so sub-tasks do not."""
    query = (
        select(
            Task.id,
            Task.title,
            Plan.title.label("plan"),
            Department.name.label("department"),
            Assignment.role,
            Task.state.label("task_state"),
            Assignment.state,
            Assignment.due_on,
            Assignment.is_held,
            Assignment.days_late,
            Assignment.issued_at.label("own_issued_at"),
            Task.issued_at,
            Task.closed_at,
        )
        .join(Task, Task.id == Assignment.task_id)
        .join(Plan, Plan.id == Task.plan_id)
        .join(Department, Department.id == Assignment.department_id)
        .where(Task.body_id == body_id, Task.issued_at.is_not(None), Task.parent_id.is_(None))
        .where(Department.kind == DepartmentKind.UNIT)
        .order_by(Task.plan_id, Task.position, Assignment.position)
    )
    return [
        Branch(
            task_id=row.id,
            title=row.title,
            plan=row.plan,
            department=row.department,
            role=row.role,
            task_state=row.task_state,
            state=row.state,
            due_on=row.due_on,
            is_held=row.is_held,
            days_late=row.days_late,
            issued_on=local_date(row.own_issued_at or row.issued_at),
            closed_on=local_date(row.closed_at) if row.closed_at else None,
        )
        for row in session.execute(query)
    ]


# Reading


class RoundupRow(NamedTuple):
    """One roundup in the list."""

    id: int
    title: str
    body: str
    as_of: datetime
    sent_at: datetime | None


@dataclass(frozen=True)
class RoundupPage:
    """One roundup with all that is shown, printed or mailed of it."""

    id: int
    stretch: Stretch
    body_id: int
    body: str
    as_of: datetime
    figures: Figures
    words: str
    version: int
    sent_at: datetime | None
    sent_by: str | None
    sent_to: list[str]
    supervises: bool
    """whether the reader is one of those who edit and send it"""

    @property
    def may_edit(self) -> bool:
        return self.supervises and self.sent_at is None

    @property
    def title(self) -> str:
        return roundup_title(self.stretch)


def list_roundups(session: Session, actor: Actor) -> list[RoundupRow]:
    """Those of the bodies that this person supervises, the newest first."""
    query = (
        select(Roundup, Department.name, Department.path)
        .join(Department, Department.id == Roundup.body_id)
        .order_by(Roundup.first_on.desc(), Roundup.kind, Department.path)
    )
    return [
        RoundupRow(one.id, roundup_title(Stretch(one.kind, one.first_on, one.last_on)), body, one.as_of, one.sent_at)
        for one, body, path in session.execute(query)
        if actor.supervises(path)
    ]


def get_roundup(session: Session, roundup_id: int, *, actor: Actor) -> RoundupPage:
    """For the body's supervisors, and, once it was sent, for those to whom it was; raises :class:`NotFound`."""
    roundup, body = _find(session, roundup_id)
    supervises = actor.supervises(body.path)
    sent_to = roundup.sent_to or []
    if not supervises and actor.person_id not in sent_to:
        raise NotFound(subject="roundup", id=roundup_id)
    names = _names(session, {*sent_to, roundup.sent_by_id or 0})
    return RoundupPage(
        id=roundup.id,
        stretch=Stretch(roundup.kind, roundup.first_on, roundup.last_on),
        body_id=body.id,
        body=body.name,
        as_of=roundup.as_of,
        figures=_figures(roundup.figures),
        words=roundup.words,
        version=roundup.version,
        sent_at=roundup.sent_at,
        sent_by=names.get(roundup.sent_by_id or 0),
        sent_to=[names[one] for one in sent_to],
        supervises=supervises,
    )


class Reader(NamedTuple):
    """Somebody to whom it may be sent."""

    id: int
    name: str
    email: str | None
    role: Role
    department: str


def list_readers(session: Session, roundup_id: int, *, actor: Actor, today: date) -> list[Reader]:
    """Who sees everything of the body anyway: its supervisors and those above it, and leaders of all of it."""
    _roundup, body = _find(session, roundup_id, actor)
    query = (
        select(Person.id, Person.name, Person.email, PersonPost.role, Department.name, Department.path)
        .join(PersonPost, PersonPost.person_id == Person.id)
        .join(Department, Department.id == PersonPost.department_id)
        .where(PersonPost.role.in_((Role.SUPERVISOR, Role.LEADER)), Person.is_active, held_on(today))
        .order_by(PersonPost.role, Department.path, Person.id)
    )
    rows = [row for row in session.execute(query) if body.path.startswith(row.path)]
    portfolios = load_portfolios(session, {row.id for row in rows if row.role is Role.LEADER})
    found: dict[int, Reader] = {}
    for row in rows:
        listed = portfolios.get(row.id) if row.role is Role.LEADER else None
        if listed is None or body.path.startswith(listed.paths or ("-",)):
            found.setdefault(row.id, Reader(row.id, row[1], row.email, row.role, row[4]))
    return list(found.values())


def _find(
    session: Session, roundup_id: int, actor: Actor | None = None, *, lock: bool = False
) -> tuple[Roundup, Department]:
    """The roundup and its body; for who edits or sends it the actor is asked. Raises :class:`NotFound`."""
    query = select(Roundup).where(Roundup.id == roundup_id)
    roundup = session.scalar(query.with_for_update() if lock else query)
    body = session.get_one(Department, roundup.body_id) if roundup else None
    if roundup is None or body is None or (actor is not None and not actor.supervises(body.path)):
        raise NotFound(subject="roundup", id=roundup_id)
    return roundup, body


def _names(session: Session, person_ids: Collection[int]) -> dict[int, str]:
    return dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(person_ids))).all())


# Editing and sending


def change_words(session: Session, roundup_id: int, words: str, *, version: int, **by: Unpack[Writing]) -> None:
    """Keep the words of a draft. Raises :class:`Stale` where somebody saved them since, :class:`Invalid` once sent."""
    roundup, _body = _find(session, roundup_id, by["actor"], lock=True)
    if words == roundup.words:
        return
    _require_draft(roundup)
    if roundup.version != version:
        raise Stale(version=roundup.version)
    if len(words) > LONGEST_WORDS:
        raise Invalid("words", "too_long", limit=LONGEST_WORDS)
    before, roundup.words = roundup.words, words
    session.flush()
    record_change(
        session,
        subject=Subject.ROUNDUP,
        subject_id=roundup.id,
        act=Change.CHANGED,
        before={"text": before},
        after={"text": words},
        **by,
    )


def send(
    session: Session,
    roundup_id: int,
    person_ids: Collection[int],
    *,
    version: int,
    request_key: str | None = None,
    **by: Unpack[Writing],
) -> int:
    """Mail it to these people, once; how many. A request that was answered already sends nothing.

    Raises :class:`Invalid` where nobody was chosen, somebody may not have it, or it was sent, and :class:`Stale` where
    its words were changed since they were read.
    """
    actor, today = by["actor"], local_date(by["now"])
    roundup, body = _find(session, roundup_id, actor, lock=True)
    if find_repeated(session, request_key, act=Change.ROUNDUP_SENT, task_id=None, actor=actor):
        return len(roundup.sent_to or [])
    _require_draft(roundup)
    if roundup.version != version:
        raise Stale(version=roundup.version)
    readers = {one.id: one for one in list_readers(session, roundup_id, actor=actor, today=today)}
    chosen = [readers[one] for one in dict.fromkeys(person_ids) if one in readers]
    if not chosen or len(chosen) < len(set(person_ids)):
        raise Invalid("people", "roundup_to_nobody")
    roundup.sent_at, roundup.sent_by_id = by["now"], actor.person_id
    roundup.sent_to = [one.id for one in chosen]
    session.flush()
    record_change(
        session,
        subject=Subject.ROUNDUP,
        subject_id=roundup.id,
        act=Change.ROUNDUP_SENT,
        after={"addressees": [one.name for one in chosen]},
        request_key=request_key,
        **by,
    )
    people = [Recipient(Holder(one.id, one.name, one.email), one.role, one.department) for one in chosen]
    tell(
        Telling(session, actor, by["now"]),
        people,
        f"roundup-sent:{roundup.id}",
        "roundup_sent",
        _mail_facts(roundup, body),
    )
    return len(chosen)


def _require_draft(roundup: Roundup) -> None:
    if roundup.sent_at is not None:
        raise Invalid("words", "roundup_sent", at=moment_words(roundup.sent_at))


def _mail_facts(roundup: Roundup, body: Department) -> dict[str, Any]:
    figures = roundup.figures
    return {
        "title": roundup_title(Stretch(roundup.kind, roundup.first_on, roundup.last_on)),
        "body": body.name,
        "as_of": roundup.as_of.isoformat(),
        "words": roundup.words,
        "total": figures["total"],
        "departments": figures["departments"][:MOST_GROUPS_IN_A_MAIL],
        "more_departments": max(0, len(figures["departments"]) - MOST_GROUPS_IN_A_MAIL),
        "path": f"/roundups/{roundup.id}",
    }


# As JSON keeps it


def _plain(figures: Figures) -> dict[str, Any]:
    def line(one: Line) -> dict[str, Any]:
        days = {"due_on": one.due_on, "closed_on": one.closed_on}
        return {**one._asdict(), **{name: day.isoformat() if day else None for name, day in days.items()}}

    return {
        **asdict(figures),
        "total": figures.total._asdict(),
        "departments": [one._asdict() for one in figures.departments],
        "plans": [one._asdict() for one in figures.plans],
        **{name: [line(one) for one in getattr(figures, name)] for name in LISTS},
    }


LISTS = ("overdue", "coming", "closed")


def _figures(plain: dict[str, Any]) -> Figures:
    def line(one: dict[str, Any]) -> Line:
        days = {name: date.fromisoformat(one[name]) if one[name] else None for name in ("due_on", "closed_on")}
        return Line(**{**one, **days})

    return Figures(
        total=Group(**plain["total"]),
        tasks_issued=plain["tasks_issued"],
        tasks_closed=plain["tasks_closed"],
        departments=tuple(Group(**one) for one in plain["departments"]),
        plans=tuple(Group(**one) for one in plain["plans"]),
        **{name: tuple(line(one) for one in plain[name]) for name in LISTS},
    )
