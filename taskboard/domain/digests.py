"""What a scheduled mail says: which assignments in which section, the figures, and the change since the last digest.

Plain data, so that the wording can be looked at apart from the choice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from msgspec.structs import replace as replace_in

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.instructions import Addressee
from taskboard.domain.mail_items import Item
from taskboard.domain.periods import DuePeriod, Rhythm, last_due, missed_in_a_row
from taskboard.domain.reminders import DueReminder, Topic
from taskboard.domain.reply_reminders import DueReply, OwedReply
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.suspensions import review_is_near
from taskboard.domain.workflow import UNDER_WAY, AssignmentRole, AssignmentState

MOST_ROWS = 20
MOST_BARS = 20
COMING_WORKING_DAYS = 10
SHORTEST_GAP_DAYS = 3


class SectionCode(StrEnum):
    """The sections of a digest; those of the morning mail are the topics of its reminders."""

    LASTING = "lasting"
    COMING = "coming"
    TO_ACKNOWLEDGE = "to_acknowledge"
    NEW_OVERDUE = "new_overdue"
    TO_REVIEW = "to_review"
    TO_DECIDE = "to_decide"
    RESOLVED = "resolved"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    NOT_REPORTED = "not_reported"
    REPLIES = "replies"
    """replies to instructions that are owed, or, of a leader, that are late or wait for the leader"""


Row = Item | OwedReply


@dataclass(frozen=True)
class Section:
    """The first rows, and how many there are in all."""

    code: str
    items: tuple[Row, ...]
    count: int

    def without(self, shown: Collection[str]) -> Section:
        """The same, less the rows with these marks."""
        kept = tuple(item for item in self.items if item.mark not in shown)
        return Section(self.code, kept, self.count - len(self.items) + len(kept))


class FigureCode(StrEnum):
    OPEN = "open"
    OVERDUE = "overdue"
    COMING = "coming"
    WAITING = "waiting"
    DONE = "done"


@dataclass(frozen=True)
class Figure:
    """A number, and what it was at the last digest where that is known."""

    code: FigureCode
    now: int
    before: int | None = None


@dataclass(frozen=True)
class Bar:
    """One department by its overdue assignments."""

    department: str
    now: int
    before: int


class Hat(StrEnum):
    """In which capacity somebody gets a part of a digest."""

    WORK = "work"
    SUPERVISOR = "supervisor"
    LEADER = "leader"


@dataclass(frozen=True)
class Part:
    """The digest of one hat."""

    hat: Hat
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]
    bars: tuple[Bar, ...] = ()

    def without(self, shown: Collection[str]) -> Part:
        """The same, less what stands above it already, by its marks; its figures count them all."""
        rest = (section.without(shown) for section in self.sections)
        return replace(self, sections=_filled(rest))

    def duty_only(self) -> Part | None:
        """What stays of it for somebody who wants no digest, None where nothing does.

        A supervisor's comes whole, for silence must not look like health; who works on something is still told what
        is long overdue (domain rule: what is late cannot be switched off).
        """
        if self.hat is Hat.SUPERVISOR:
            return self
        kept = tuple(one for one in self.sections if self.hat is Hat.WORK and one.code == SectionCode.LASTING)
        return replace(self, sections=kept) if kept else None

    def with_replies(self, replies: Sequence[OwedReply]) -> Part:
        """The same with the replies that concern its reader, before what is done."""
        if not replies:
            return self
        ordered = sorted(replies, key=lambda one: (one.due_on, one.duty_id))
        section = Section(SectionCode.REPLIES, tuple(ordered[:MOST_ROWS]), len(ordered))
        done = tuple(one for one in self.sections if one.code == SectionCode.RESOLVED)
        return replace(self, sections=(*self.sections[: len(self.sections) - len(done)], section, *done))


def is_digest_day(today: date, *, last_on: date | None, calendar: WorkingCalendar) -> bool:
    """Whether today's morning mail is the weekly digest: the first one of an ISO week that is made.

    On an ordinary week that is its first working day. ``last_on`` is the day of the last digest. Where that first
    working day comes less than three days after it, such as after a make-up Sunday, the week has none: what it would
    say is folded into the next. Made a second time the same day it is still that day's digest.
    """
    if last_on is None or today == last_on:
        return True
    if today.isocalendar()[:2] == last_on.isocalendar()[:2]:
        return False
    monday = today - timedelta(days=today.weekday())
    return (calendar.on_or_after(monday) - last_on).days >= SHORTEST_GAP_DAYS


def week_words(day: date) -> str:
    """The key of a week: ``2026-W48``, by ISO year and week."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def daily_sections(reminders: Sequence[tuple[Item, DueReminder]], replies: Sequence[DueReply] = ()) -> list[Section]:
    """The reminders of one person by what they are about, in the order of :class:`Topic`; the oldest day first."""
    by_topic: dict[Topic, list[Row]] = {topic: [] for topic in Topic}
    for one in replies:
        by_topic[one.rule.topic].append(one.owed)
    for item, reminder in reminders:
        is_report = reminder.topic is Topic.REPORT
        by_topic[reminder.topic].append(replace_in(item, report_due_on=reminder.anchor_on) if is_report else item)
    return [_section(topic, items) for topic, items in by_topic.items() if items]


def compose_work(items: Sequence[Item], *, today: date, since: date, calendar: WorkingCalendar) -> Part:
    """The digest of a department, or of what one person holds."""
    sections = (
        _section(SectionCode.LASTING, [item for item in items if item.is_overdue(today)]),
        _section(SectionCode.COMING, [item for item in items if _is_coming(item, today, calendar)]),
        _section(SectionCode.TO_ACKNOWLEDGE, [item for item in items if _awaits_acknowledgement(item)]),
        _section(SectionCode.RESOLVED, [item for item in items if item.left_since(since)]),
    )
    return Part(Hat.WORK, _figures(items, today, since, calendar), _filled(sections))


def compose_supervision(items: Sequence[Item], *, today: date, since: date, calendar: WorkingCalendar) -> Part:
    """The digest of a supervision office: everything below its body."""
    overdue = [item for item in items if item.is_overdue(today)]
    late_receipt = [item for item in items if _is_late_receipt(item, today, calendar)]
    missed = _Missed(today, calendar)
    sections = (
        _section(SectionCode.NEW_OVERDUE, [item for item in overdue if not item.was_overdue(since)]),
        _section(SectionCode.LASTING, [item for item in overdue if item.was_overdue(since)]),
        _section(SectionCode.TO_REVIEW, [item for item in items if _awaits_review(item, today, calendar)]),
        _section(SectionCode.NOT_ACKNOWLEDGED, late_receipt),
        missed.with_days(_section(SectionCode.NOT_REPORTED, [item for item in items if missed.last_report(item)])),
        _section(SectionCode.RESOLVED, [item for item in items if item.left_since(since)]),
    )
    bars = _bars(items, today, since)
    return Part(Hat.SUPERVISOR, _figures(items, today, since, calendar), _filled(sections), bars)


def compose_leadership(items: Sequence[Item], *, today: date, since: date, calendar: WorkingCalendar) -> Part:
    """The digest of a leader: what waits for a decision too long, new and resolved reds."""
    overdue = [item for item in items if item.is_overdue(today)]
    sections = (
        _section(SectionCode.TO_DECIDE, [item for item in items if _waits_too_long(item, today, calendar)]),
        _section(SectionCode.NEW_OVERDUE, [item for item in overdue if not item.was_overdue(since)]),
        _section(
            SectionCode.RESOLVED, [item for item in items if item.was_overdue(since) and not item.is_overdue(today)]
        ),
    )
    bars = _bars(items, today, since)
    return Part(Hat.LEADER, _figures(items, today, since, calendar), _filled(sections), bars)


# What belongs where

WAITING_STATES = frozenset({AssignmentState.SUBMITTED, AssignmentState.OBJECTED})
DECISION_WORKING_DAYS = 2
ACKNOWLEDGE_WORKING_DAYS = 2


def _is_coming(item: Item, today: date, calendar: WorkingCalendar) -> bool:
    if not item.is_open or item.due_on is None or item.due_on < today:
        return False
    return item.due_on <= calendar.add(today, COMING_WORKING_DAYS)


def _awaits_acknowledgement(item: Item) -> bool:
    return item.task_state in UNDER_WAY and item.state is AssignmentState.PENDING


def _is_late_receipt(item: Item, today: date, calendar: WorkingCalendar) -> bool:
    return _awaits_acknowledgement(item) and calendar.add(item.issued_on, ACKNOWLEDGE_WORKING_DAYS) < today


class _Missed:
    """Which assignments missed their last report; the periods of a rhythm are looked up once for all of them."""

    def __init__(self, today: date, calendar: WorkingCalendar) -> None:
        self._today = today
        self._calendar = calendar
        self._due: dict[tuple[Rhythm, AssignmentRole], list[DuePeriod]] = {}

    def last_report(self, item: Item) -> bool:
        if not item.is_open or item.rhythm.kind is PlanRhythm.NONE:
            return False
        return missed_in_a_row(self._last(item), item.owing_since or item.issued_on, item.reported_on) > 0

    def with_days(self, section: Section) -> Section:
        """The section of those that missed it, each row with the day on which its report was due."""
        items = (one for one in section.items if isinstance(one, Item))
        return replace(section, items=tuple(replace_in(one, report_due_on=self._last(one)[0].due_on) for one in items))

    def _last(self, item: Item) -> list[DuePeriod]:
        key = (item.rhythm, item.role)
        if key not in self._due:
            self._due[key] = last_due(*key, self._today, self._calendar, count=1)
        return self._due[key]


def _awaits_review(item: Item, today: date, calendar: WorkingCalendar) -> bool:
    """Whether the supervisors must decide: on a lead's submission, an objection, a request for time or for help.

    And whether a suspended task goes on, when its day has come or is near.
    """
    if item.review_on is not None:
        return review_is_near(item.review_on, today, calendar)
    if item.task_state not in UNDER_WAY:
        return False
    if item.extension_asked_on is not None or item.help_asked_on is not None:
        return True
    is_submitted = item.state is AssignmentState.SUBMITTED and item.role is AssignmentRole.LEAD
    return is_submitted or item.state is AssignmentState.OBJECTED


def _waits_too_long(item: Item, today: date, calendar: WorkingCalendar) -> bool:
    days = (item.extension_asked_on, item.help_asked_on, item.waiting_since)
    asked = [day for day in ((item.review_on,) if item.review_on else days) if day is not None]
    if not _awaits_review(item, today, calendar) or not asked:
        return False
    return calendar.add(min(asked), DECISION_WORKING_DAYS) <= today


# Replies to instructions


def replies_owed(replies: Iterable[OwedReply], department_ids: Collection[int]) -> list[OwedReply]:
    """What these departments owe a leader."""
    owed = (one for one in replies if one.is_owed and one.addressee is Addressee.LEADS)
    return [one for one in owed if one.department_id in department_ids]


def replies_supervised(replies: Iterable[OwedReply], paths: tuple[str, ...], today: date) -> list[OwedReply]:
    """What the supervisors of these places owe, and the replies of departments that are late."""
    below = [one for one in replies if one.is_owed and one.body_path.startswith(paths)]
    return [one for one in below if one.addressee is Addressee.SUPERVISORS or one.is_overdue(today)]


def replies_to(replies: Iterable[OwedReply], author_id: int, today: date) -> list[OwedReply]:
    """What came back to a leader and waits, and what did not come in time."""
    own = [one for one in replies if one.author_id == author_id]
    return [one for one in own if one.replied_on is not None or one.is_overdue(today)]


def _order(row: Row) -> tuple[date, int, int]:
    if isinstance(row, OwedReply):
        return row.due_on, row.instruction_id, row.duty_id
    return row.due_on or date.max, row.task_id, row.assignment_id


def _section(code: str, items: Iterable[Row]) -> Section:
    ordered = sorted(items, key=_order)
    return Section(code, tuple(ordered[:MOST_ROWS]), len(ordered))


def _filled(sections: Iterable[Section]) -> tuple[Section, ...]:
    return tuple(section for section in sections if section.count)


def _figures(items: Sequence[Item], today: date, since: date, calendar: WorkingCalendar) -> tuple[Figure, ...]:
    return (
        Figure(FigureCode.OPEN, sum(item.is_open for item in items)),
        Figure(
            FigureCode.OVERDUE,
            sum(item.is_overdue(today) for item in items),
            sum(item.was_overdue(since) for item in items),
        ),
        Figure(FigureCode.COMING, sum(_is_coming(item, today, calendar) for item in items)),
        Figure(FigureCode.WAITING, sum(_awaits_review(item, today, calendar) for item in items)),
        Figure(FigureCode.DONE, sum(item.left_since(since) for item in items)),
    )


def _bars(items: Sequence[Item], today: date, since: date) -> tuple[Bar, ...]:
    now = Counter(item.department for item in items if item.is_overdue(today))
    before = Counter(item.department for item in items if item.was_overdue(since))
    worst_first = sorted(now, key=lambda name: (-now[name], name))
    return tuple(Bar(name, now[name], before[name]) for name in worst_first[:MOST_BARS])
