"""Group robots as administrators keep them, and what each says: made once, handed over at most once.

A robot's key and secret come in here and go out only to whoever hands a message over. What is shown, recorded or told
of an address is :attr:`Webhook.shown`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Unpack

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.outbox import Outcome, Result
from taskboard.domain.robots import (
    LEASE,
    LIMITS,
    VENDORS,
    RobotDigest,
    RobotKind,
    RobotMessageState,
    Webhook,
    checked_secret,
    fit,
    parse_webhook,
    state_after,
)
from taskboard.domain.roles import Role
from taskboard.labels.robots import HEADS, LEFT_OUT, LINK
from taskboard.models import Department, Robot, RobotMessage
from taskboard.services.actors import require_role
from taskboard.services.history import Writing, find_repeated, record_change
from taskboard.services.inserts import change_rows, insert_where_free
from taskboard.services.setting_versions import hold_settings

TROUBLED = (RobotMessageState.REFUSED, RobotMessageState.UNKNOWN, RobotMessageState.EXPIRED)
A_MINUTE = timedelta(minutes=1)
KEEP_MESSAGES = timedelta(days=180)


@dataclass(frozen=True)
class RobotValues:
    """What an administrator fills in. An empty address keeps the one that is there, and its secret with it."""

    name: str
    department_id: int
    address: str = ""
    secret: str = ""
    sends_weekly: bool = True
    sends_daily: bool = False
    is_on: bool = True


@dataclass(frozen=True)
class RobotLine:
    """A robot as pages show it, with what became of its last message; nothing of its key but the end."""

    id: int
    name: str
    kind: RobotKind
    shown: str
    is_signed: bool
    department: str
    sends_weekly: bool
    sends_daily: bool
    is_on: bool
    last: RobotMessage | None

    @property
    def is_troubled(self) -> bool:
        return self.last is not None and (self.last.state in TROUBLED or self.last.last_error is not None)


def list_robots(session: Session) -> list[RobotLine]:
    """All robots; two queries."""
    newest = select(func.max(RobotMessage.id)).group_by(RobotMessage.robot_id)
    last = {one.robot_id: one for one in session.scalars(select(RobotMessage).where(RobotMessage.id.in_(newest)))}
    rows = session.execute(
        select(Robot, Department.name).join(Department, Department.id == Robot.department_id).order_by(Robot.id)
    )
    return [
        RobotLine(
            id=robot.id,
            name=robot.name,
            kind=robot.kind,
            shown=Webhook(robot.kind, robot.key).shown,
            is_signed=robot.secret is not None,
            department=department,
            sends_weekly=robot.sends_weekly,
            sends_daily=robot.sends_daily,
            is_on=robot.is_on,
            last=last.get(robot.id),
        )
        for robot, department in rows
    ]


def get_robot(session: Session, robot_id: int) -> Robot:
    """Raises :class:`NotFound`."""
    robot = session.get(Robot, robot_id)
    if robot is None:
        raise NotFound(subject="robot", id=robot_id)
    return robot


def list_messages(session: Session, robot_id: int, *, limit: int = 20) -> Sequence[RobotMessage]:
    """What a robot said lately, the newest first."""
    newest = select(RobotMessage).where(RobotMessage.robot_id == robot_id).order_by(RobotMessage.id.desc())
    return session.scalars(newest.limit(limit)).all()


# Keeping them


def add_robot(session: Session, values: RobotValues, *, request_key: str | None = None, **by: Unpack[Writing]) -> Robot:
    """Let a robot speak in its group; raises :class:`Invalid` for an address that is none, or is there already.

    A request that was answered already gives the robot that came of it.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    # Two at once: the second waits for the first, and finds what it did.
    hold_settings(session)
    done = find_repeated(session, request_key, act=Change.ADDED, task_id=None, actor=by["actor"])
    if done is not None and done.subject_id is not None:
        return get_robot(session, done.subject_id)
    webhook = parse_webhook(values.address)
    _require_new(session, webhook)
    robot = Robot(
        name=values.name,
        kind=webhook.kind,
        key=webhook.key,
        secret=checked_secret(webhook.kind, values.secret),
        department_id=values.department_id,
        sends_weekly=values.sends_weekly,
        sends_daily=values.sends_daily,
        is_on=values.is_on,
    )
    session.add(robot)
    session.flush()
    _record(session, robot, Change.ADDED, None, _told(session, robot), request_key=request_key, **by)
    return robot


def change_robot(session: Session, robot_id: int, values: RobotValues, *, version: int, **by: Unpack[Writing]) -> None:
    """Save what an administrator changed; raises :class:`Stale`, and :class:`Invalid` as :func:`add_robot`.

    What stands there already is saved again by nobody: a second click is no change by somebody else.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    hold_settings(session)
    robot = _locked(session, robot_id)
    before, secrets_before = _told(session, robot), (robot.key, robot.secret)
    if values.address:
        webhook = parse_webhook(values.address)
        if (webhook.kind, webhook.key) != (robot.kind, robot.key):
            _require_new(session, webhook)
        robot.kind, robot.key = webhook.kind, webhook.key
        robot.secret = checked_secret(webhook.kind, values.secret)
    elif values.secret and values.secret != robot.secret:
        # A secret alone is meant for the address that its page told of.
        if robot.version != version:
            raise Stale()
        robot.secret = checked_secret(robot.kind, values.secret)
    robot.name, robot.department_id = values.name, values.department_id
    robot.sends_weekly, robot.sends_daily, robot.is_on = values.sends_weekly, values.sends_daily, values.is_on
    after = _told(session, robot)
    if (robot.key, robot.secret) != secrets_before:
        # Where only what is not told differs, nothing else would say that something was changed.
        after["secret"] = True
    if after == before:
        return
    if robot.version != version:
        raise Stale()
    robot.version += 1
    session.flush()
    _record(session, robot, Change.CHANGED, before, after, **by)


def remove_robot(session: Session, robot_id: int, **by: Unpack[Writing]) -> None:
    """Forget a robot, its key and what it said; one that is gone already is no error."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    robot = session.get(Robot, robot_id, with_for_update=True)
    if robot is None:
        return
    _record(session, robot, Change.REMOVED, _told(session, robot), None, **by)
    session.execute(delete(RobotMessage).where(RobotMessage.robot_id == robot_id))
    session.delete(robot)
    session.flush()


def _locked(session: Session, robot_id: int) -> Robot:
    robot = session.get(Robot, robot_id, with_for_update=True)
    if robot is None:
        raise NotFound(subject="robot", id=robot_id)
    return robot


def _require_new(session: Session, webhook: Webhook) -> None:
    """No unique key stands behind this: it holds for whoever holds the settings."""
    same = select(Robot.name).where(Robot.kind == webhook.kind, Robot.key == webhook.key)
    if (name := session.scalar(same)) is not None:
        raise Invalid("address", "robot_is_there", name=name)


def _told(session: Session, robot: Robot) -> dict[str, Any]:
    """What the trail may tell of a robot."""
    return {
        "name": robot.name,
        "kind": robot.kind,
        "address": Webhook(robot.kind, robot.key).shown,
        "department": session.scalar(select(Department.name).where(Department.id == robot.department_id)),
        "sends_weekly": robot.sends_weekly,
        "sends_daily": robot.sends_daily,
        "is_on": robot.is_on,
    }


def _record(
    session: Session,
    robot: Robot,
    act: Change,
    before: Any,
    after: Any,
    *,
    request_key: str | None = None,
    **by: Unpack[Writing],
) -> None:
    told = {"before": before, "after": after, "request_key": request_key}
    record_change(session, subject=Subject.ROBOT, subject_id=robot.id, act=act, **told, **by)


# Speaking


@dataclass(frozen=True)
class Speech:
    """One message in the hands of who sends it: where to, and what."""

    message_id: int
    robot_id: int
    digest: RobotDigest
    webhook: Webhook
    secret: str | None
    text: str


def queue_message(
    session: Session,
    robot: Robot,
    digest: RobotDigest,
    text: str,
    *,
    key: str,
    now: datetime,
    valid_until: datetime,
) -> bool:
    """Keep what a robot is to say; ``False`` where it has, or was to, already."""
    row = {
        "robot_id": robot.id,
        "message_key": key,
        "digest": digest,
        "text": text,
        "created_at": now,
        "valid_until": valid_until,
        "state": RobotMessageState.WAITING,
    }
    return insert_where_free(session, RobotMessage, [row]) == 1


def queue_trial(session: Session, robot_id: int, *, key: str, public_url: str, now: datetime) -> int:
    """Keep a message that tries the robot out, once a key; its id. Raises :class:`Invalid` beyond the robot's limit."""
    robot = _locked(session, robot_id)
    kept = select(RobotMessage.id).where(RobotMessage.message_key == key)
    if (known := session.scalar(kept)) is not None:
        return known
    if not _may_speak(session, robot_id, now):
        raise Invalid("robot", "robot_throttled")
    department = session.get_one(Department, robot.department_id).name
    text = fit(
        [HEADS[RobotDigest.TRIAL].format(department=department)],
        LINK.format(address=public_url),
        VENDORS[robot.kind].most_bytes,
        cut=LEFT_OUT,
    )
    queue_message(session, robot, RobotDigest.TRIAL, text, key=key, now=now, valid_until=now + LEASE)
    return session.scalars(kept).one()


def list_waiting(session: Session, *, now: datetime) -> list[int]:
    """Messages of robots that are on and may speak, the oldest first."""
    query = (
        select(RobotMessage.id)
        .join(Robot, Robot.id == RobotMessage.robot_id)
        .where(RobotMessage.state == RobotMessageState.WAITING, RobotMessage.valid_until >= now, Robot.is_on)
        .where(RobotMessage.digest != RobotDigest.TRIAL)
        .order_by(RobotMessage.id)
    )
    return list(session.scalars(query))


def begin(session: Session, message_id: int, *, now: datetime) -> Speech | None:
    """Write down that a message is being handed over from now on; to be committed before it is.

    ``None`` where somebody else has it, or its robot may not speak within this minute. The limit is counted here, with
    the robot's row locked, so that several senders keep it together.
    """
    message = session.get(RobotMessage, message_id)
    if message is None:
        return None
    robot = session.get(Robot, message.robot_id, with_for_update=True)
    if robot is None or not _may_speak(session, robot.id, now):
        return None
    ours = update(RobotMessage).where(RobotMessage.id == message_id, RobotMessage.state == RobotMessageState.WAITING)
    if not change_rows(session, ours.values(state=RobotMessageState.SENDING, started_at=now)):
        return None
    return Speech(message_id, robot.id, message.digest, Webhook(robot.kind, robot.key), robot.secret, message.text)


def _may_speak(session: Session, robot_id: int, now: datetime) -> bool:
    lately = select(func.count()).where(
        RobotMessage.robot_id == robot_id, RobotMessage.started_at > now - A_MINUTE, RobotMessage.started_at <= now
    )
    return LIMITS.allowance(in_last_minute=session.scalar(lately) or 0, in_last_hour=0, wanted=1) > 0


def settle(session: Session, speech: Speech, outcome: Outcome, *, now: datetime) -> RobotMessageState:
    """Write down how it went; what was said of it meanwhile (that its fate is not known) stands."""
    state = state_after(outcome.result, speech.digest)
    is_sent = outcome.result is Result.ACCEPTED
    ours = update(RobotMessage).where(
        RobotMessage.id == speech.message_id, RobotMessage.state == RobotMessageState.SENDING
    )
    values = {"state": state, "sent_at": now if is_sent else None, "last_error": outcome.detail or None}
    change_rows(session, ours.values(values))
    return state


class TidiedRobots(NamedTuple):
    unknown: int
    expired: int


def tidy_messages(session: Session, *, now: datetime) -> TidiedRobots:
    """Look after what a sender that died left behind, and what is past its time."""
    sending = update(RobotMessage).where(
        RobotMessage.state == RobotMessageState.SENDING, RobotMessage.started_at < now - LEASE
    )
    waiting = update(RobotMessage).where(
        RobotMessage.state == RobotMessageState.WAITING, RobotMessage.valid_until < now
    )
    return TidiedRobots(
        unknown=change_rows(session, sending.values(state=RobotMessageState.UNKNOWN)),
        expired=change_rows(session, waiting.values(state=RobotMessageState.EXPIRED)),
    )


def remove_old_messages(session: Session, *, now: datetime) -> int:
    """Delete what was said long ago; how many."""
    return change_rows(session, delete(RobotMessage).where(RobotMessage.created_at < now - KEEP_MESSAGES))
