"""Whom an act on many tasks reaches: worked out before the act for the preview, and after it for the mails.

One mail a person however many of the tasks concern them: the people of one department get one combined notice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from taskboard.domain.absences import is_reached
from taskboard.domain.deadlines import days_late, is_overdue
from taskboard.domain.roles import Role
from taskboard.models import Assignment
from taskboard.services.actors import Holder
from taskboard.services.answerable import officers_hearing, people_hearing, supervisors_hearing
from taskboard.services.cases import Case
from taskboard.services.notice_recipients import Recipient
from taskboard.services.plan_access import plan_titles
from taskboard.services.telling import MOST_TASKS_IN_A_MAIL, Telling, tell

Branch = tuple[Case, Assignment]


class Letter(NamedTuple):
    """What one person gets: for which posts, and about which assignments."""

    posts: list[Recipient]
    branches: list[Branch]

    @property
    def person(self) -> Holder:
        return self.posts[0].person

    @property
    def is_for_the_inbox(self) -> bool:
        """Whether its person is away: others hear of it, or nobody could."""
        return not is_reached(one.person for one in self.posts)


class DepartmentNotice(NamedTuple):
    """The combined notice of one department, as the preview shows it."""

    department: str
    people: list[str]
    without_address: list[str]
    """who get no mail, only a message in the product"""
    tasks: int


def letters(branches: Sequence[Branch], *, with_workers: bool) -> list[Letter]:
    """Who is told about these assignments: the liaisons, the supervisors in the place of missing ones.

    ``with_workers`` adds the officer, and the head of a department that is overdue: who is urged.
    """
    if not branches:
        return []
    session, today = branches[0][0].session, branches[0][0].today
    departments = {one.department_id for _, one in branches}
    liaisons = people_hearing(session, departments, Role.LIAISON, today=today)
    heads = people_hearing(session, departments, Role.HEAD, today=today) if with_workers else {}
    officers = _officers(branches) if with_workers else {}
    supervisors: dict[str, list[Holder]] = {}
    posts: defaultdict[int, dict[tuple[str, Role], Recipient]] = defaultdict(dict)
    concerned: defaultdict[int, dict[int, Branch]] = defaultdict(dict)
    for case, one in branches:
        name = case.departments[one.department_id].name
        told = [Recipient(person, Role.LIAISON, name) for person in liaisons[one.department_id]]
        if with_workers and is_overdue(case.task.state, one.state, one.due_on, today, is_held=one.is_held):
            told += [Recipient(person, Role.HEAD, name) for person in heads[one.department_id]]
        told += [Recipient(person, Role.OFFICER, name) for person in officers.get(one.officer_id or 0, ())]
        if not is_reached(recipient.person for recipient in told):
            path = case.situation.body_path
            if path not in supervisors:
                supervisors[path] = supervisors_hearing(session, path, today=today)
            body = case.departments[case.task.body_id].name
            told += [Recipient(person, Role.SUPERVISOR, body) for person in supervisors[path]]
        for recipient in told:
            posts[recipient.person.person_id].setdefault((recipient.department, recipient.role), recipient)
            concerned[recipient.person.person_id][one.id] = (case, one)
    return [Letter(list(held.values()), list(concerned[person_id].values())) for person_id, held in posts.items()]


def _officers(branches: Sequence[Branch]) -> dict[int, list[Holder]]:
    case = branches[0][0]
    working = {one.officer_id: one.department_id for _, one in branches if one.officer_id is not None}
    return officers_hearing(case.session, working, today=case.today) if working else {}


def officer_letters(branches: Sequence[Branch], officer_id: int | None) -> list[Letter]:
    """The one letter to the officer who gets all these assignments, or to who hears for them, too."""
    if not branches:
        return []
    case, one = branches[0]
    name = case.departments[one.department_id].name
    people = officers_hearing(case.session, {officer_id or 0: one.department_id}, today=case.today)[officer_id or 0]
    return [Letter([Recipient(person, Role.OFFICER, name)], list(branches)) for person in people]


def by_department(found: Iterable[Letter], *, actor_id: int) -> list[DepartmentNotice]:
    """The letters as the preview lists them; who acts gets none."""
    people: defaultdict[str, dict[int, Holder]] = defaultdict(dict)
    tasks: defaultdict[str, set[int]] = defaultdict(set)
    for letter in found:
        if letter.person.person_id == actor_id or letter.is_for_the_inbox:
            continue
        for case, one in letter.branches:
            name = case.departments[one.department_id].name
            people[name][letter.person.person_id] = letter.person
            tasks[name].add(one.id)
    return [
        DepartmentNotice(
            name,
            [_shown(one) for one in holders.values()],
            [one.name for one in holders.values() if one.email is None],
            len(tasks[name]),
        )
        for name, holders in people.items()
    ]


def _shown(person: Holder) -> str:
    return person.name if person.deputy_for is None else f"{person.name}（代{person.deputy_for}）"


def reminded(found: Sequence[Letter], *, subject: str, remark: str) -> int:
    """Queue the reminders, each with all that concerns its person; how many people that are."""
    return _queue(found, subject, "reminded", path="/my-tasks", remark=remark)


def handed(found: Sequence[Letter], *, subject: str) -> int:
    """Tell the officer once of everything that is theirs now."""
    return _queue(found, subject, "handed", path="/my-tasks", remark="")


def _queue(found: Sequence[Letter], subject: str, template: str, *, path: str, remark: str) -> int:
    if not found:
        return 0
    first = found[0].branches[0][0]
    plans = plan_titles(first.session, (case.task.plan_id for letter in found for case, _ in letter.branches))
    count = 0
    for letter in found:
        tasks = [_facts(case, one, plans) for case, one in letter.branches[:MOST_TASKS_IN_A_MAIL]]
        facts = {
            "total": len(letter.branches),
            "late": sum(_days_late(case, one) > 0 for case, one in letter.branches),
            "tasks": tasks,
            "remark": remark,
            "path": path if len(letter.branches) > 1 else tasks[0]["path"],
        }
        tell(Telling(first.session, first.actor, first.now), letter.posts, subject, template, facts)
        count += letter.person.person_id != first.actor.person_id and not letter.is_for_the_inbox
    return count


def _facts(case: Case, one: Assignment, plans: dict[int, str]) -> dict[str, object]:
    task = case.task
    by_role: dict[str, list[str]] = {"lead": [], "partner": []}
    for other in case.assignments:
        by_role[other.role.value].append(case.departments[other.department_id].name)
    return {
        "title": task.title,
        "path": f"/tasks/{task.id}",
        "plan": plans[task.plan_id],
        "department": case.departments[one.department_id].name,
        "role": one.role.value,
        "departments": by_role,
        "due_on": one.due_on.isoformat() if one.due_on else None,
        "is_ongoing": task.is_ongoing,
        "deadline_origin": task.deadline_origin.value,
        "days_late": _days_late(case, one),
    }


def _days_late(case: Case, one: Assignment) -> int:
    if not is_overdue(case.task.state, one.state, one.due_on, case.today, is_held=one.is_held):
        return 0
    return days_late(one.due_on, None, case.today)
