"""Everybody in post today, in memory: for jobs that resolve the recipients of thousands of reminders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.absences import HEARS_FOR, Absence, Away, away_on, both_names, is_reached, with_deputies
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.instructions import Addressee
from taskboard.domain.mail_items import Item
from taskboard.domain.permissions import DEPARTMENT_WIDE, Portfolio
from taskboard.domain.reminders import BEFORE_IT_IS_LATE, Recipient, Topic
from taskboard.domain.reply_reminders import OwedReply
from taskboard.domain.roles import Role
from taskboard.models import Department, Person, PersonPost
from taskboard.services.absences import load_absences
from taskboard.services.actors import held_on, load_portfolios

OF_DEPARTMENT = frozenset({Recipient.LIAISON, Recipient.OFFICER, Recipient.HEAD, Recipient.LEAD_LIAISON})
"""who is looked for in a department: one of them is enough for it to know, but for what its head must know"""


class Holder(NamedTuple):
    """Somebody who holds a post; ``path`` is the department's place in the tree.

    ``is_stand_in`` where the department has nobody in that role and it fell to the holder at its parent. With
    ``deputy_for`` the post is that of those named, for whom this person hears; who ``is_away`` gets no mail of it.
    """

    person_id: int
    name: str
    email: str | None
    role: Role
    department_id: int
    department: str
    path: str
    is_stand_in: bool = False
    portfolio: Portfolio | None = None
    deputy_for: str | None = None
    is_away: bool = False

    def away(self) -> Holder:
        return self._replace(is_away=True)

    def hearing_for(self, absent: Holder) -> Holder:
        names = both_names(self.deputy_for, absent.name)
        return absent._replace(person_id=self.person_id, name=self.name, email=self.email, deputy_for=names)

    @property
    def watched_paths(self) -> tuple[str, ...]:
        """The places that somebody watches over who holds this post to watch over something."""
        return (self.path,) if self.portfolio is None else self.portfolio.paths

    @property
    def watched_plans(self) -> frozenset[int]:
        return frozenset() if self.portfolio is None else self.portfolio.plan_ids

    def supervises(self, path: str) -> bool:
        return self.role is Role.SUPERVISOR and path.startswith(self.path)

    def watches(self, item: Item) -> bool:
        """Whether a supervisor or a leader sees this assignment."""
        return self.supervises(item.body_path) or (self.role is Role.LEADER and self.leads(item))

    def leads(self, item: Item) -> bool:
        """Whether a leader watches over this assignment."""
        paths = self.watched_paths
        return (
            item.body_path.startswith(paths)
            or item.department_path.startswith(paths)
            or (item.plan_id in self.watched_plans)
        )


class Postholders:
    """Who is reached through which post: holders first, then the same post of the parent, then the supervisors.

    Those who are away are found, too, and marked: a deputy hears for them, or the others of the post, or the
    supervisors. The department above does not: its people may not see what a post sees that has a holder.
    """

    def __init__(self, holders: Iterable[Holder], absences: Iterable[Absence] = (), *, today: date) -> None:
        self.all = tuple(holders)
        self._absences = tuple(absences)
        self._today = today
        self._away: dict[date, Away] = {}
        self._at: dict[tuple[int, Role], list[Holder]] = defaultdict(list)
        self._overseeing: dict[Role, list[Holder]] = defaultdict(list)
        for one in self.all:
            self._at[one.department_id, one.role].append(one)
            self._overseeing[one.role].append(one)
        self._above: dict[tuple[Role, str], list[Holder]] = {}

    def away_on(self, day: date | None = None) -> Away:
        """Who is away on the day, today where none is said."""
        day = day or self._today
        if day not in self._away:
            self._away[day] = away_on(self._absences, day)
        return self._away[day]

    def find(
        self,
        item: Item,
        topic: Topic,
        recipients: Collection[Recipient],
        *,
        lead_ids: Iterable[int] = (),
        on: date | None = None,
    ) -> list[Holder]:
        """The people to reach about an assignment; ``lead_ids`` are the lead departments of its task.

        Where nobody of the department is there to be reached, the supervisors are; where it has no head, they are for
        what a head must know. ``on`` is the day, if not today.
        """
        found = {recipient: self._find_one(item, recipient, lead_ids) for recipient in recipients}
        asked = OF_DEPARTMENT & found.keys()
        has_no_head = topic not in BEFORE_IT_IS_LATE and not found.get(Recipient.HEAD, True)
        if asked and (has_no_head or not any(found[recipient] for recipient in asked)):
            found[Recipient.SUPERVISOR] = self._deciding(item)
        if away := self.away_on(on):
            found = self._hearing(found, item, away)
        return [holder for recipient in Recipient for holder in found.get(recipient, ())]

    def _hearing(self, found: dict[Recipient, list[Holder]], item: Item, away: Away) -> dict[Recipient, list[Holder]]:
        """The same without those who are away, but in their inboxes."""

        def find_deputy(absent: Holder, deputy_id: int) -> Holder | None:
            return self._deputy(absent, deputy_id, lambda one: one.watches(item))

        hearing = {recipient: with_deputies(holders, away, find_deputy) for recipient, holders in found.items()}
        asked = OF_DEPARTMENT & hearing.keys()
        if asked and not any(is_reached(hearing[recipient]) for recipient in asked):
            hearing[Recipient.SUPERVISOR] = with_deputies(self._deciding(item), away, find_deputy)
        # Rather to the mailbox of who is away than to nobody's.
        return hearing if any(map(is_reached, hearing.values())) else found

    def _deputy(self, absent: Holder, deputy_id: int, watches: Callable[[Holder], bool]) -> Holder | None:
        """The deputy at the post's own department, if one of their posts there sees what it sees."""
        for role in sorted(HEARS_FOR.get(absent.role, ())):
            for one in self._at[absent.department_id, role]:
                if one.person_id == deputy_id and (absent.role is not Role.LEADER or watches(one)):
                    return one
        return None

    def find_for_reply(self, owed: OwedReply, recipients: Collection[Recipient]) -> list[Holder]:
        """The people to reach about a reply to an instruction.

        The supervisors stand in for a department without anybody, and for an author who leads no more.
        """
        found: list[Holder] = []
        supervisors = self._overseers(Role.SUPERVISOR, owed.body_path)
        away = self.away_on()

        def hearing(people: list[Holder]) -> list[Holder]:
            return with_deputies(people, away, find_deputy) if away else people

        def find_deputy(absent: Holder, deputy_id: int) -> Holder | None:
            return self._deputy(absent, deputy_id, lambda one: one.supervises(owed.body_path))

        if Recipient.ADDRESSEE in recipients:
            is_theirs = owed.addressee is Addressee.LEADS
            answering = [one for role in sorted(DEPARTMENT_WIDE) for one in self._at[owed.department_id, role]]
            owing = hearing(answering) if is_theirs else []
            found += owing if is_reached(owing) else [*owing, *hearing(supervisors)]
        if Recipient.AUTHOR in recipients:
            author = hearing([one for one in self._overseeing[Role.LEADER] if one.person_id == owed.author_id][:1])
            found += author if is_reached(author) else [*author, *hearing(supervisors)]
        if Recipient.SUPERVISOR in recipients:
            found += hearing(supervisors)
        return found if is_reached(found) else [one._replace(is_away=False) for one in found]

    def _find_one(self, item: Item, recipient: Recipient, lead_ids: Iterable[int]) -> list[Holder]:
        match recipient:
            case Recipient.LIAISON:
                return self._at[item.department_id, Role.LIAISON]
            case Recipient.HEAD:
                return self._at[item.department_id, Role.HEAD]
            case Recipient.OFFICER:
                officers = self._at[item.department_id, Role.OFFICER]
                return [one for one in officers if one.person_id == item.officer_id]
            case Recipient.LEAD_LIAISON:
                return [holder for lead in lead_ids for holder in self._at[lead, Role.LIAISON]]
            case Recipient.SUPERVISOR:
                return self._deciding(item)
            case Recipient.LEADER:
                # What a leader hears of a sub-task is heard of the task above.
                watching = self._overseeing[Role.LEADER] if item.issuer_id is None else []
                return [one for one in watching if one.leads(item)]
            case Recipient.ADDRESSEE | Recipient.AUTHOR:
                raise AssertionError("an assignment is nobody's reply to an instruction")

    def _deciding(self, item: Item) -> list[Holder]:
        """The supervisors; of a sub-task who speaks for the department that issued it, where anybody does."""
        if item.issuer_id is not None:
            issuing = [one for role in sorted(DEPARTMENT_WIDE) for one in self._at[item.issuer_id, role]]
            if issuing:
                return issuing
        return self._overseers(Role.SUPERVISOR, item.body_path)

    def _overseers(self, role: Role, path: str) -> list[Holder]:
        if (role, path) not in self._above:
            self._above[role, path] = [one for one in self._overseeing[role] if path.startswith(one.path)]
        return self._above[role, path]


def load_postholders(session: Session, *, today: date) -> Postholders:
    """All posts held today by people whose account is active, and who is away from now on; four queries."""
    posts = (
        select(Person.id, Person.name, Person.email, PersonPost.role, Department.id, Department.name, Department.path)
        .distinct()
        .join(PersonPost, PersonPost.person_id == Person.id)
        .join(Department, Department.id == PersonPost.department_id)
        .where(Person.is_active, held_on(today))
        .order_by(Person.id, Department.id)
    )
    own = [Holder(*row) for row in session.execute(posts)]
    portfolios = load_portfolios(session, {one.person_id for one in own if one.role is Role.LEADER})
    own = [one._replace(portfolio=portfolios.get(one.person_id)) if one.role is Role.LEADER else one for one in own]
    return Postholders([*own, *_stand_ins(session, own)], load_absences(session, since=today), today=today)


def _stand_ins(session: Session, own: Iterable[Holder]) -> Iterable[Holder]:
    held: dict[tuple[int, Role], list[Holder]] = defaultdict(list)
    for one in own:
        held[one.department_id, one.role].append(one)
    children = select(Department.id, Department.name, Department.path, Department.parent_id).where(
        Department.is_active, Department.kind == DepartmentKind.UNIT, Department.parent_id.is_not(None)
    )
    for department_id, name, path, parent_id in session.execute(children):
        for role in DEPARTMENT_WIDE:
            if parent_id is not None and not held.get((department_id, role)):
                for one in held.get((parent_id, role), ()):
                    yield one._replace(department_id=department_id, department=name, path=path, is_stand_in=True)
