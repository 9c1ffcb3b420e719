"""Where the scheduled mails of one morning are put together: what each person hears, by the hats they wear."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

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
)
from taskboard.domain.mail_items import Item
from taskboard.domain.outbox import MailKind
from taskboard.domain.permissions import DEPARTMENT_WIDE
from taskboard.domain.reminders import DueReminder
from taskboard.domain.reply_reminders import DueReply, OwedReply
from taskboard.domain.roles import Role
from taskboard.services.digest_rows import STAFF, count_all_overdue, mark_rows, name_the_absent
from taskboard.services.postholders import Holder, Postholders
from taskboard.services.put_off import Reader
from taskboard.services.reminders import Addressed
from taskboard.services.reply_reminders import AddressedReply

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


@dataclass
class Found:
    """The reminders of each person, and what is decided with them."""

    addressed: dict[int, list[Addressed]]
    replies: dict[int, list[AddressedReply]]
    decisions: list[DueReminder]
    reply_decisions: list[DueReply]
    said_again: frozenset[tuple[int, int]] = frozenset()


class Desk:
    """Where the mails of one morning are put together; parts for the same departments are composed once."""

    def __init__(
        self,
        people: Postholders,
        today: date,
        since: date,
        calendar: WorkingCalendar,
        *,
        found: Found,
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
