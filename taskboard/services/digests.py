"""The scheduled mails of a day: one for each person who has something to hear, made from the reminders that are due.

A round is prepared by reading only; its mails are then queued in portions, and its decisions are written down last. If
it breaks off in between, the next try finds the same reminders due and the mails that were queued already there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypedDict

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.absences import deputy_facts
from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.digest_facts import part_facts, section_facts
from taskboard.domain.digests import (
    Hat,
    Part,
    compose_leadership,
    compose_supervision,
    compose_work,
    daily_sections,
    replies_owed,
    replies_supervised,
    replies_to,
    week_words,
)
from taskboard.domain.local_time import at_local
from taskboard.domain.mail_items import Item
from taskboard.domain.outbox import SCHEDULED, MailKind
from taskboard.domain.permissions import DEPARTMENT_WIDE
from taskboard.domain.reminders import DueReminder
from taskboard.domain.reply_reminders import DueReply, OwedReply
from taskboard.domain.roles import Role
from taskboard.models import OutboxMessage
from taskboard.services import put_off, reply_reminders, snoozing
from taskboard.services import reminders as reminding
from taskboard.services.calendar import load_calendar
from taskboard.services.digest_rows import (
    STAFF,
    DepartmentsOfTasks,
    count_all_overdue,
    mark_rows,
    name_departments,
    name_the_absent,
)
from taskboard.services.mail_items import load_items
from taskboard.services.notice_wishes import without_digest
from taskboard.services.outbox import Outgoing, expire_waiting_digests, queue_all
from taskboard.services.periods import load_rhythms
from taskboard.services.postholders import Holder, Postholders, load_postholders
from taskboard.services.put_off import PutOff, Reader
from taskboard.services.reminders import Addressed, PlanRules
from taskboard.services.reply_reminders import AddressedReply

MORNING = time(8, 30)
USUAL_GAP = timedelta(days=7)
HATS: Mapping[Hat, frozenset[Role]] = {
    Hat.WORK: STAFF,
    Hat.SUPERVISOR: frozenset({Role.SUPERVISOR}),
    Hat.LEADER: frozenset({Role.LEADER}),
}


@dataclass(frozen=True)
class ScheduledMail:
    """One mail of the round, not yet in the outbox."""

    person_id: int
    to_address: str | None
    kind: MailKind
    facts: Mapping[str, Any]
    is_for_notices: bool = False
    """it says nothing but the notices that were put off to it"""
    is_away: bool = False
    """its person reads it in the product; what it says of goes to others"""


@dataclass(frozen=True)
class Round:
    """All that one morning brings."""

    today: date
    valid_until: datetime
    desk: _Desk
    person_ids: tuple[int, ...]
    """everybody who may have something to hear"""
    decisions: tuple[DueReminder, ...]
    reply_decisions: tuple[DueReply, ...]
    said_again: frozenset[tuple[int, int]]
    """persons and assignments whose reminders come again after a day without"""
    departments: DepartmentsOfTasks
    """filled as the mails are made"""


def changes_since(today: date, last_digest_on: date | None) -> date:
    """The day from which a digest counts changes: that of the last one, else a week back."""
    if last_digest_on is None or last_digest_on >= today:
        return today - USUAL_GAP
    return last_digest_on


def prepare_round(
    session: Session,
    *,
    today: date,
    since: date,
    is_digest: bool,
    jobs: Mapping[str, Any],
    trail: Mapping[str, Any] | None = None,
) -> Round:
    """What the scheduled mails of a working day are made of, as ``is_digest`` the weekly digests; reads only.

    Changes are counted from ``since``; ``jobs`` are the facts of the jobs that the supervisors' digest carries,
    ``trail`` the head of the audit trail that the auditors' does (:func:`taskboard.services.jobs.trail_facts`). People
    who have a scheduled mail of that day already are left out.
    """
    calendar = load_calendar(session)
    people = load_postholders(session, today=today)
    replies = reply_reminders.load_replies(session)
    readers = {one.person_id: one for one in put_off.list_readers(session, today=today)}
    found = _find_reminders(session, people, replies, today, calendar)
    served, digested = _served(session, today), _digested(session, today)
    desk = _Desk(
        people,
        today,
        since,
        calendar,
        found=found,
        replies=replies,
        readers=readers,
        is_digest=is_digest,
        without_digest=without_digest(session),
        digested=digested,
        jobs=jobs,
        trail=trail,
    )
    if is_digest:
        desk.take_items(load_items(session, reminding.open_or_left_since(at_local(since, time(0)))))
    return Round(
        today=today,
        valid_until=at_local(calendar.add(today, 1), MORNING),
        desk=desk,
        person_ids=tuple(sorted((desk.person_ids | readers.keys()) - served)),
        decisions=tuple(found.decisions),
        reply_decisions=tuple(found.reply_decisions),
        said_again=found.said_again,
        departments=DepartmentsOfTasks(),
    )


def compose_mails(session: Session, round_: Round, person_ids: Iterable[int]) -> list[ScheduledMail]:
    """The mails of some of the round's people; who has nothing to hear gets none. Reads only.

    A portion at a time: all mails of a province together take more memory than a small machine has.
    """
    made = (round_.desk.make_mail(person_id) for person_id in person_ids)
    mails = [mail for mail in made if mail is not None]
    name_departments(session, (mail.facts for mail in mails), round_.departments)
    return mails


def queue_mails(session: Session, round_: Round, mails: Sequence[ScheduledMail], *, now: datetime) -> int:
    """Put some of the round's mails into the outbox; how many were new. Older ones that still wait give way.

    Notices that were put off come along, read and marked in this transaction so that each comes once.
    """
    person_ids = [mail.person_id for mail in mails]
    expire_waiting_digests(session, person_ids, for_day=round_.today)
    notices = put_off.load_waiting(session, person_ids, today=round_.today)
    wanted = [mail for mail in mails if not mail.is_for_notices or mail.person_id in notices]
    new_keys = queue_all(
        session, [_outgoing(round_, mail, notices.get(mail.person_id, []), now) for mail in wanted], now=now
    )
    for mail in wanted:
        key = _key(mail, round_.today)
        if mail.person_id in notices and key in new_keys:
            put_off.mark_told(session, notices[mail.person_id], key)
    return len(new_keys)


def _outgoing(round_: Round, mail: ScheduledMail, notices: Sequence[PutOff], now: datetime) -> Outgoing:
    return Outgoing(
        key=_key(mail, round_.today),
        kind=mail.kind,
        person_id=mail.person_id,
        to_address=mail.to_address,
        template=mail.kind.value,
        facts={**mail.facts, "notices": [one.as_facts() for one in notices]},
        valid_until=max(round_.valid_until, now + timedelta(days=1)),
        for_day=round_.today,
        is_away=mail.is_away,
    )


def _key(mail: ScheduledMail, today: date) -> str:
    when = week_words(today) if mail.kind is MailKind.WEEKLY_DIGEST else today.isoformat()
    return f"{mail.kind.value}:{mail.person_id}:{when}"


def _served(session: Session, today: date) -> frozenset[int]:
    query = select(OutboxMessage.person_id).where(OutboxMessage.kind.in_(SCHEDULED), OutboxMessage.for_day == today)
    return frozenset(session.scalars(query))


def _digested(session: Session, today: date) -> frozenset[int]:
    """Who has the digest of this week already, from a round that broke off."""
    monday = today - timedelta(days=today.weekday())
    query = select(OutboxMessage.person_id).where(
        OutboxMessage.kind == MailKind.WEEKLY_DIGEST, OutboxMessage.for_day.between(monday, today)
    )
    return frozenset(session.scalars(query))


@dataclass
class _Found:
    """The reminders of each person, and what is decided with them."""

    addressed: dict[int, list[Addressed]]
    replies: dict[int, list[AddressedReply]]
    decisions: list[DueReminder]
    reply_decisions: list[DueReply]
    said_again: frozenset[tuple[int, int]] = frozenset()


def _find_reminders(
    session: Session, people: Postholders, replies: Sequence[OwedReply], today: date, calendar: WorkingCalendar
) -> _Found:
    """Everything that is due; whoever the last mails did not reach gets again what those said."""
    unreached = reminding.find_unreached(session, today=today)
    rules = reminding.load_rules(session)
    snoozes = snoozing.load_snoozes(session, today=today)
    condition = reminding.may_be_due(
        session,
        today,
        calendar=calendar,
        rhythms=load_rhythms(session),
        own_rules=rules.plan_ids,
        made_up_from=min(unreached.values(), default=None),
        besides=snoozes.over_ids,
    )
    items = load_items(session, condition)
    decided = reminding.load_decided(session, items)
    decided_replies = reply_reminders.load_decided_replies(session)

    def find(made_up_from: date | None) -> _Found:
        asked: _Asked = {"today": today, "calendar": calendar, "rules": rules, "made_up_from": made_up_from}
        due = reminding.find_due(items, decided, **asked)
        due_replies = reply_reminders.find_due_replies(replies, decided_replies, **asked)
        return _Found(
            reminding.address(due, people, reminding.load_leads(session, due)),
            reply_reminders.address_replies(due_replies, people),
            [reminder for _, reminder in due],
            due_replies,
        )

    found = find(None)
    for day in sorted(set(unreached.values())):
        again = find(day)
        for person_id in (person_id for person_id, first in unreached.items() if first == day):
            if person_id in again.addressed:
                found.addressed[person_id] = again.addressed[person_id]
            if person_id in again.replies:
                found.replies[person_id] = again.replies[person_id]
    for day in _last_said(decided, snoozes.over_ids):
        _say_again(found.addressed, find(day).addressed, snoozes.over)
    for person_id in {person_id for person_id, _ in snoozes.active} & found.addressed.keys():
        lines = found.addressed[person_id]
        kept = [one for one in lines if (person_id, one.item.assignment_id) not in snoozes.active]
        found.addressed[person_id] = kept
    found.said_again = snoozes.over
    return found


def _last_said(decided: reminding.Decided, assignment_ids: Iterable[int]) -> list[date]:
    """The days on which something was last said of these assignments."""
    return sorted({max(on for _, on in decided[one]) for one in assignment_ids if one in decided})


def _say_again(
    addressed: dict[int, list[Addressed]], again: Mapping[int, Sequence[Addressed]], over: Collection[tuple[int, int]]
) -> None:
    """Add the lines of who wanted to hear no more on a day that is over, where none about the same comes anyway."""
    for person_id, lines in again.items():
        there = {(one.item.assignment_id, one.reminder.rule.anchor) for one in addressed.get(person_id, ())}
        for one in lines:
            assignment_id, anchor = one.item.assignment_id, one.reminder.rule.anchor
            if (person_id, assignment_id) in over and (assignment_id, anchor) not in there:
                addressed.setdefault(person_id, []).append(one)
                there.add((assignment_id, anchor))


class _Asked(TypedDict):
    """By what reminders are looked for."""

    today: date
    calendar: WorkingCalendar
    rules: PlanRules
    made_up_from: date | None


class _Desk:
    """Where the mails of one morning are put together; parts for the same departments are composed once."""

    def __init__(
        self,
        people: Postholders,
        today: date,
        since: date,
        calendar: WorkingCalendar,
        *,
        found: _Found,
        replies: Sequence[OwedReply],
        readers: Mapping[int, Reader],
        is_digest: bool,
        without_digest: Collection[int],
        digested: Collection[int],
        jobs: Mapping[str, Any],
        trail: Mapping[str, Any] | None,
    ) -> None:
        self._found = found
        self._readers = readers
        self._is_digest = is_digest
        self._without_digest = without_digest
        self._digested = digested
        self._jobs = jobs
        self._trail = trail
        self._replies = replies
        self._today = today
        self._since = since
        self._calendar = calendar
        self._people = people
        self._posts: dict[int, list[Holder]] = defaultdict(list)
        for holder in people.all:
            self._posts[holder.person_id].append(holder)
        self._by_department: dict[int, list[Item]] = defaultdict(list)
        self._items: list[Item] = []
        self._overviews: dict[tuple[Hat, tuple[str, ...], frozenset[int]], Part] = {}
        self._works: dict[tuple[frozenset[int], frozenset[tuple[int, int]]], Part] = {}

    @property
    def person_ids(self) -> set[int]:
        return set(self._posts)

    def take_items(self, items: Sequence[Item]) -> None:
        """Give it the assignments that digests speak of."""
        self._items = list(items)
        for item in items:
            self._by_department[item.department_id].append(item)

    def make_mail(self, person_id: int) -> ScheduledMail | None:
        """The mail of one person, None where there is nothing to say."""
        addressed, replies = self._found.addressed.get(person_id, []), self._found.replies.get(person_id, [])
        reader, trail = self._readers.get(person_id), self._trail
        is_digest = self._is_digest and person_id not in self._digested
        posts = self._posts[person_id]
        daily = daily_sections([(one.item, one.reminder) for one in addressed], [one.reminder for one in replies])
        parts = self._parts_besides(posts, addressed, replies) if is_digest else []
        is_optional = any(part.hat is not Hat.SUPERVISOR for part in parts)
        if person_id in self._without_digest:
            parts, is_optional = [kept for part in parts if (kept := part.duty_only())], False
        audits = {post for post in posts if post.role is Role.AUDITOR} if is_digest and trail else set[Holder]()
        is_for_notices = not daily and not parts and not audits
        if is_for_notices and reader is None:
            return None
        person = reader or Reader(person_id, posts[0].name, posts[0].email)
        is_supervisor = any(part.hat is Hat.SUPERVISOR for part in parts)
        holders = [*(one.holder for one in addressed), *(one.holder for one in replies)]
        used = (
            {one._replace(is_away=False) for one in _distinct(holders)}
            | audits
            | {post for part in parts for post in posts if post.role in HATS[part.hat]}
        )
        sections = [section_facts(one, today=self._today, calendar=self._calendar) for one in daily]
        mark_rows(sections, addressed)
        name_the_absent(sections, [*addressed, *replies])
        count_all_overdue(sections, parts)
        facts = {
            "person": person.name,
            "day": self._today.isoformat(),
            "week": list(self._today.isocalendar()[:2]),
            "since": self._since.isoformat(),
            "is_estimated": self._calendar.is_estimated(self._today),
            "posts": [
                {
                    "department": post.department,
                    "role": post.role.value,
                    "is_stand_in": post.is_stand_in,
                    **deputy_facts(post.deputy_for),
                }
                for post in [*(one for one in posts if one in used), *_as_deputy(holders)]
            ],
            "sections": sections,
            "parts": [part_facts(one, today=self._today, calendar=self._calendar) for one in parts],
            "jobs": dict(self._jobs) if is_supervisor else None,
            "trail": dict(trail) if audits and trail else None,
            "is_optional": is_optional,
        }
        wants_digest = person_id not in self._without_digest and not is_for_notices
        kind = MailKind.WEEKLY_DIGEST if is_digest and (wants_digest or parts or audits) else MailKind.MORNING
        is_away = self._reads_later(person_id, holders)
        return ScheduledMail(person_id, person.email, kind, facts, is_for_notices, is_away)

    def _reads_later(self, person_id: int, holders: Iterable[Holder]) -> bool:
        """Who is away gets a mail only of what nobody else is there to hear."""
        return person_id in self._people.away_on() and all(one.is_away for one in holders)

    def _parts_besides(
        self, posts: Sequence[Holder], addressed: Iterable[Addressed], replies: Iterable[AddressedReply]
    ) -> list[Part]:
        """The digest by hats, less what the mail says above it."""
        shown = {one.item.mark for one in addressed} | {one.reminder.owed.mark for one in replies}
        return [part.without(shown) for part in self._parts(posts)]

    def _parts(self, posts: Sequence[Holder]) -> list[Part]:
        """The digest by hats. Empty ones are left out; only a supervisor's comes all the same."""
        parts = []
        work = self._work(posts)
        answering = {post.department_id for post in posts if post.role in DEPARTMENT_WIDE}
        work = work.with_replies(replies_owed(self._replies, answering))
        if work.sections:
            parts.append(work)
        if supervised := self._overview(Hat.SUPERVISOR, posts):
            paths = _watched(Hat.SUPERVISOR, posts)
            parts.append(supervised.with_replies(replies_supervised(self._replies, paths, self._today)))
        if led := self._overview(Hat.LEADER, posts):
            led = led.with_replies(replies_to(self._replies, posts[0].person_id, self._today))
            if led.sections:
                parts.append(led)
        return parts

    def _work(self, posts: Sequence[Holder]) -> Part:
        """What these posts work on: all of a head's or liaison's department, what is an officer's own."""
        departments = frozenset(post.department_id for post in posts if post.role in DEPARTMENT_WIDE)
        own = frozenset(
            (post.department_id, post.person_id)
            for post in posts
            if post.role is Role.OFFICER and post.department_id not in departments
        )
        if (departments, own) not in self._works:
            held = [item for one in sorted(departments) for item in self._by_department[one]]
            for one, officer_id in sorted(own):
                held += [item for item in self._by_department[one] if item.officer_id == officer_id]
            self._works[departments, own] = compose_work(
                held, today=self._today, since=self._since, calendar=self._calendar
            )
        return self._works[departments, own]

    def _overview(self, hat: Hat, posts: Sequence[Holder]) -> Part | None:
        watching = [post for post in posts if post.role in HATS[hat]]
        if not watching:
            return None
        paths = _watched(hat, posts)
        plan_ids = frozenset[int]().union(*(post.watched_plans for post in watching))
        key = (hat, paths, plan_ids)
        if key not in self._overviews:
            compose = compose_supervision if hat is Hat.SUPERVISOR else compose_leadership
            # A matter counts once: sub-tasks are seen at the task above.
            matters = [item for item in self._items if item.issuer_id is None]
            items = [item for item in matters if item.plan_id in plan_ids or _is_below(item, hat, paths)]
            self._overviews[key] = compose(items, today=self._today, since=self._since, calendar=self._calendar)
        return self._overviews[key]


def _distinct(holders: Iterable[Holder]) -> Iterable[Holder]:
    """Each object once: a post comes with every line, and its hash goes through all its fields."""
    return {id(one): one for one in holders}.values()


def _as_deputy(holders: Iterable[Holder]) -> list[Holder]:
    """The posts of others for whom somebody hears, each once."""
    return list(dict.fromkeys(one for one in _distinct(holders) if one.deputy_for is not None))


def _watched(hat: Hat, posts: Sequence[Holder]) -> tuple[str, ...]:
    """The places that somebody watches over under this hat."""
    return tuple(sorted({path for post in posts if post.role in HATS[hat] for path in post.watched_paths}))


def _is_below(item: Item, hat: Hat, paths: tuple[str, ...]) -> bool:
    if item.body_path.startswith(paths):
        return True
    return hat is Hat.LEADER and item.department_path.startswith(paths)
