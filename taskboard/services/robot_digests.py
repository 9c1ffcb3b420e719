"""What group robots say of a day or a week: figures and departments by overdue, no task and no person by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.digests import Part, compose_supervision
from taskboard.domain.local_time import at_local
from taskboard.domain.mail_items import Item
from taskboard.domain.robots import VENDORS, RobotDigest, digest_of_day, fit, message_key
from taskboard.labels.robots import FIGURES, HEADS, LEFT_OUT, LINK, NOTHING_OVERDUE, OVERDUE_HEAD, OVERDUE_LINE, SINCE
from taskboard.labels.times import day_words, moment_words
from taskboard.models import Department, Robot
from taskboard.services import reminders as reminding
from taskboard.services.calendar import load_calendar
from taskboard.services.mail_items import load_items
from taskboard.services.robots import queue_message

UNTIL = time(18)
"""a digest of the morning is none in the evening"""


@dataclass(frozen=True)
class PreparedMessage:
    """One message of the day, not yet kept."""

    robot: Robot
    digest: RobotDigest
    text: str
    key: str


def prepare_messages(
    session: Session, *, today: date, since: date, is_digest_day: bool, public_url: str, now: datetime
) -> list[PreparedMessage]:
    """What each robot that is on says on this working day; reads only, and reads no work where none says anything.

    Changes of the week are counted from ``since``, those of a day from the working day before.
    """
    wanted = [
        (robot, department, digest)
        for robot, department in _robots_that_are_on(session)
        if (
            digest := digest_of_day(
                is_digest_day=is_digest_day, sends_weekly=robot.sends_weekly, sends_daily=robot.sends_daily
            )
        )
    ]
    if not wanted:
        return []
    calendar = load_calendar(session)
    yesterday = calendar.on_or_before(today - timedelta(days=1))
    earliest = min(since, yesterday)
    items = load_items(session, reminding.open_or_left_since(at_local(earliest, time(0))))
    # A matter counts once: sub-tasks are seen at the task above.
    matters = [item for item in items if item.issuer_id is None]
    messages = []
    for robot, department, digest in wanted:
        from_on = since if digest is RobotDigest.WEEKLY else yesterday
        own = _below(matters, department)
        part = compose_supervision(own, today=today, since=from_on, calendar=calendar)
        text = fit(
            _lines(part, digest, department.name, today=today, since=from_on, now=now),
            LINK.format(address=f"{public_url.rstrip('/')}/overdue"),
            VENDORS[robot.kind].most_bytes,
            cut=LEFT_OUT,
        )
        messages.append(PreparedMessage(robot, digest, text, message_key(digest, robot.id, today)))
    return messages


def queue_messages(session: Session, prepared: Sequence[PreparedMessage], *, today: date, now: datetime) -> int:
    """Keep what is to be said, each once; how many were new."""
    return sum(
        queue_message(
            session, one.robot, one.digest, one.text, key=one.key, now=now, valid_until=at_local(today, UNTIL)
        )
        for one in prepared
    )


def _robots_that_are_on(session: Session) -> list[tuple[Robot, Department]]:
    query = (
        select(Robot, Department)
        .join(Department, Department.id == Robot.department_id)
        .where(Robot.is_on, Department.is_active)
        .order_by(Robot.id)
    )
    return [(robot, department) for robot, department in session.execute(query)]


def _below(items: Iterable[Item], department: Department) -> list[Item]:
    """What a body watches over, or what is a department's own work and that of those below it."""
    path = department.path
    return [item for item in items if item.body_path.startswith(path) or item.department_path.startswith(path)]


def _lines(part: Part, digest: RobotDigest, department: str, *, today: date, since: date, now: datetime) -> list[str]:
    year, week, _ = today.isocalendar()
    figures = [FIGURES[one.code].format(now=one.now, before=one.before) for one in part.figures]
    lines = [
        HEADS[digest].format(department=department, year=year, week=week, day=day_words(today)),
        SINCE.format(moment=moment_words(now), since=day_words(since)),
        *figures,
    ]
    if not part.bars:
        return [*lines, NOTHING_OVERDUE]
    bars = [OVERDUE_LINE.format(department=one.department, now=one.now, before=one.before) for one in part.bars]
    return [*lines, OVERDUE_HEAD, *bars]
