"""Handing over one message of a group robot, at most once: what is begun is written down before it leaves."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy.orm import Session

from taskboard.domain.outbox import Result
from taskboard.domain.robots import RobotMessageState
from taskboard.mail.robots import Connect, RobotAccess, speak
from taskboard.services import robots

log = logging.getLogger(__name__)


def speak_once(
    message_id: int,
    *,
    begin: Callable[[], AbstractContextManager[Session]],
    now: Callable[[], datetime],
    connect: Connect,
) -> RobotMessageState:
    """Hand the message over between two transactions; where it may not go now it is still waiting.

    Who dies in between leaves it as being sent, and after a while its fate is not known: it is not sent again.
    """
    with begin() as session:
        speech = robots.begin(session, message_id, now=now())
    if speech is None:
        return RobotMessageState.WAITING
    outcome = speak(RobotAccess(speech.webhook, speech.secret), speech.text, now=now(), connect=connect)
    with begin() as session:
        state = robots.settle(session, speech, outcome, now=now())
    if outcome.result is not Result.ACCEPTED:
        log.warning("robot %s, message %s: %s, %s", speech.robot_id, message_id, state, outcome.detail)
    return state
