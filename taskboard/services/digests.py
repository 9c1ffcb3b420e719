"""The scheduled mails of a day: one for each person who has something to hear, made from the reminders that are due.

A round is prepared by reading only; its mails are then queued in portions, and its decisions are written down last. If
it breaks off in between, the next try finds the same reminders due and the mails that were queued already there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypedDict

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.digests import week_words
from taskboard.domain.local_time import at_local
from taskboard.domain.outbox import SCHEDULED, MailKind
from taskboard.domain.reminders import DueReminder
from taskboard.domain.reply_reminders import DueReply, OwedReply
from taskboard.models import OutboxMessage
from taskboard.services import put_off, reply_reminders, snoozing
from taskboard.services import reminders as reminding
from taskboard.services.calendar import load_calendar
from taskboard.services.digest_desk import Desk, Found, ScheduledMail
from taskboard.services.digest_rows import DepartmentsOfTasks, name_departments
from taskboard.services.mail_items import load_items
from taskboard.services.notice_wishes import without_digest
from taskboard.services.outbox import Outgoing, expire_waiting_digests, queue_all
from taskboard.services.periods import load_rhythms
from taskboard.services.postholders import Postholders, load_postholders
from taskboard.services.put_off import PutOff
from taskboard.services.reminders import Addressed, PlanRules

MORNING = time(8, 30)
USUAL_GAP = timedelta(days=7)


@dataclass(frozen=True)
class Round:
    """All that one morning brings."""

    today: date
    valid_until: datetime
    desk: Desk
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
    desk = Desk(
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


def _find_reminders(
    session: Session, people: Postholders, replies: Sequence[OwedReply], today: date, calendar: WorkingCalendar
) -> Found:
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

    def find(made_up_from: date | None) -> Found:
        asked: _Asked = {"today": today, "calendar": calendar, "rules": rules, "made_up_from": made_up_from}
        due = reminding.find_due(items, decided, **asked)
        due_replies = reply_reminders.find_due_replies(replies, decided_replies, **asked)
        return Found(
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
