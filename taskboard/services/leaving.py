"""Leaving: what hangs on somebody alone goes to new holders, and then they go, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.history import Change, Subject
from taskboard.domain.outbox import MailKind
from taskboard.domain.roles import Role
from taskboard.models import Assignment, Person, PersonPost, Task
from taskboard.services import people
from taskboard.services.accounts import normal_username
from taskboard.services.actors import require_role
from taskboard.services.assignment_acts import list_officers
from taskboard.services.history import Writing, record_change
from taskboard.services.holdings import DispatchedWork, Holdings, SolePost, find_holdings
from taskboard.services.outbox import queue_mail
from taskboard.services.posts import add_post, close_post, end_post

MOST_TASKS_IN_A_MAIL = 20
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Succession:
    """Who takes a post over and for how long; without a successor it is left to whoever stands in."""

    successor_id: int | None
    from_on: date | None = None
    to_on: date | None = None


@dataclass(frozen=True)
class Handover:
    """What an administrator decided. An officer of None gives the assignment back to the department's liaison.

    ``officers`` is by department, ``assignments`` says otherwise for single ones, ``posts`` is by post.
    """

    officers: Mapping[int, int | None] = field(default_factory=dict)
    assignments: Mapping[int, int | None] = field(default_factory=dict)
    posts: Mapping[int, Succession] = field(default_factory=dict)

    def officer_for(self, work: DispatchedWork) -> int | None:
        """Who gets this assignment; raises :class:`Invalid` where nothing was chosen."""
        if work.assignment_id in self.assignments:
            return self.assignments[work.assignment_id]
        if work.department_id in self.officers:
            return self.officers[work.department_id]
        raise Invalid(f"officer_{work.department_id}", "handover_incomplete")


class Leaving(NamedTuple):
    """What stands on the page of somebody who leaves; officers by department, without the one who goes."""

    person: Person
    post: PersonPost | None
    holdings: Holdings
    officers: dict[int, list[tuple[int, str]]]


def prepare_leaving(
    session: Session, person_id: int, *, gone_on: date, post_id: int | None = None, **by: Unpack[Writing]
) -> Leaving:
    """What somebody holds alone, and to whom it can go; raises :class:`NotFound`."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    person, post = session.get(Person, person_id), _post(session, person_id, post_id)
    if person is None:
        raise NotFound()
    holdings = find_holdings(session, person_id, gone_on=gone_on, post_id=post_id)
    officers = {
        department_id: [one for one in list_officers(session, department_id, today=gone_on) if one[0] != person_id]
        for department_id in {work.department_id for work in holdings.work}
    }
    return Leaving(person, post, holdings, officers)


def find_successor(session: Session, words: str, *, field: str) -> Person:
    """The person with this account name, or the only one with this name; raises :class:`Invalid`."""
    active = select(Person).where(Person.is_active)
    found = session.scalars(active.where(Person.username == normal_username(words))).all()
    found = found or session.scalars(active.where(Person.name == words)).all()
    if len(found) != 1:
        raise Invalid(field, "successor_unknown", name=words)
    return found[0]


def hand_over(
    session: Session,
    person_id: int,
    order: Handover,
    *,
    today: date,
    post_id: int | None = None,
    last_day: date | None = None,
    **by: Unpack[Writing],
) -> None:
    """Hand over what hangs on somebody alone, then switch the account off, or end the one post on ``last_day``.

    What came to them since the page was made needs a choice too: :class:`Invalid` names the field, and nothing is done.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    person = session.get(Person, person_id, with_for_update=True)
    if person is None:
        raise NotFound()
    gone_on = today if post_id is None or last_day is None else last_day + ONE_DAY
    _lock_tasks(session, person_id)
    holdings = find_holdings(session, person_id, gone_on=gone_on, post_id=post_id)
    step = _Step(session, person, gone_on, by)
    for work in holdings.work:
        step.dispatch(work, order.officer_for(work))
    vacated = []
    for held in holdings.posts:
        if held.post_id not in order.posts:
            raise Invalid(f"post_{held.post_id}", "handover_incomplete")
        succession = order.posts[held.post_id]
        if succession.successor_id is None:
            vacated.append(held.post_id)
        step.pass_on(held, succession)
    if post_id is None:
        for held in holdings.posts:
            step.close(held)
        people.switch_off(session, person_id, today=today, vacated=vacated, **by)
    else:
        end_post(session, person_id, post_id, last_day=gone_on - ONE_DAY, today=today, vacated=vacated, **by)
    step.tell()


def _post(session: Session, person_id: int, post_id: int | None) -> PersonPost | None:
    if post_id is None:
        return None
    post = session.get(PersonPost, post_id)
    if post is None or post.person_id != person_id:
        raise NotFound()
    return post


def _lock_tasks(session: Session, person_id: int) -> None:
    """Acts on these tasks wait until it is done; in the order of their ids, as every act locks them."""
    own = select(Assignment.task_id).where(Assignment.officer_id == person_id)
    session.execute(select(Task.id).where(Task.id.in_(own)).order_by(Task.id).with_for_update())


class _Step:
    """One handover while it is carried out, and what each new holder will be told."""

    def __init__(self, session: Session, person: Person, gone_on: date, by: Writing) -> None:
        self._session = session
        self._person = person
        self._gone_on = gone_on
        self._by = by
        self._work: dict[int, list[DispatchedWork]] = defaultdict(list)
        self._posts: dict[int, list[SolePost]] = defaultdict(list)

    def dispatch(self, work: DispatchedWork, officer_id: int | None) -> None:
        """Put an assignment into other hands, and write it into the task's history."""
        field = f"officer_{work.department_id}"
        if officer_id == self._person.id:
            raise Invalid(field, "handover_to_oneself")
        if officer_id is not None:
            if officer_id not in dict(list_officers(self._session, work.department_id, today=self._gone_on)):
                raise Invalid(field, "not_officer")
            self._work[officer_id].append(work)
        assignment = self._session.get_one(Assignment, work.assignment_id, populate_existing=True)
        assignment.officer_id = officer_id
        self._session.flush()
        part = f"assignment:{work.assignment_id}"
        record_change(
            self._session,
            subject=Subject.TASK,
            subject_id=work.task_id,
            act=Change.WORK_HANDED_OVER,
            before={part: {"officer_id": self._person.id}},
            after={part: {"officer_id": officer_id}},
            **self._by,
        )

    def pass_on(self, held: SolePost, succession: Succession) -> None:
        """Give the post to a successor without a day between; the old one is closed by the caller."""
        if succession.successor_id is None:
            self._record({"vacated": held.department, "role": held.role})
            return
        if succession.successor_id == self._person.id:
            raise Invalid(f"successor_{held.post_id}", "handover_to_oneself")
        from_on = succession.from_on or self._gone_on
        if from_on > self._gone_on:
            raise Invalid(f"from_{held.post_id}", "handover_gap", latest=self._gone_on)
        add_post(
            self._session,
            succession.successor_id,
            role=held.role,
            department_id=held.department_id,
            from_on=from_on,
            to_on=succession.to_on,
            **self._by,
        )
        self._record({"role": held.role, "department": held.department, "successor_id": succession.successor_id})
        self._posts[succession.successor_id].append(held)

    def close(self, held: SolePost) -> None:
        """End the post on the last day, so that it does not come back with the account."""
        post = self._session.get_one(PersonPost, held.post_id)
        close_post(self._session, post, last_day=max(post.from_on, self._gone_on - ONE_DAY), **self._by)

    def tell(self) -> None:
        """One mail to each new holder for everything they took over."""
        for person_id in sorted({*self._work, *self._posts}):
            person = self._session.get_one(Person, person_id)
            if person.id == self._by["actor"].person_id:
                continue
            work, posts = self._work[person_id], self._posts[person_id]
            named = dict.fromkeys(
                [*((one.department, one.role) for one in posts), *((one.department, Role.OFFICER) for one in work)]
            )
            queue_mail(
                self._session,
                key=f"taking-over:{self._person.id}:{self._person.version}:{self._by['now'].isoformat()}:{person_id}",
                kind=MailKind.NOTICE,
                person_id=person_id,
                to_address=person.email,
                template="taking_over",
                facts={
                    "person": person.name,
                    "actor": self._by["actor"].name,
                    "from_person": self._person.name,
                    "gone_on": self._gone_on.isoformat(),
                    "posts": [
                        {"department": department, "role": role.value, "is_stand_in": False}
                        for department, role in named
                    ],
                    "taken": [
                        {"department": one.department, "role": one.role.value, "open_work": one.open_work}
                        for one in posts
                    ],
                    "total": len(work),
                    "tasks": [_task_facts(one) for one in work[:MOST_TASKS_IN_A_MAIL]],
                    "path": "/my-tasks",
                },
                now=self._by["now"],
            )

    def _record(self, after: dict[str, Any]) -> None:
        record_change(
            self._session,
            subject=Subject.PERSON,
            subject_id=self._person.id,
            act=Change.WORK_HANDED_OVER,
            after=after,
            **self._by,
        )


def _task_facts(work: DispatchedWork) -> dict[str, Any]:
    return {
        "title": work.title,
        "path": f"/tasks/{work.task_id}",
        "department": work.department,
        "due_on": work.due_on.isoformat() if work.due_on else None,
    }
