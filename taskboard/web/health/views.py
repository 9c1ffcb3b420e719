"""What monitors ask: whether the database answers, whether a scheduler is at work, and the figures of both.

The database is asked in a thread of its own, for one that hangs must not keep the answer from being "failing".
"""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from typing import Any, TypeVar

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotFound
from taskboard.extensions import current_settings, now, read_session
from taskboard.services.jobs import find_heartbeat
from taskboard.services.metrics import figures_text, read_figures
from taskboard.web.guards import public

blueprint = Blueprint("health", __name__)

WORKING, FAILING = 200, 503
ANSWER_SECONDS = 5.0
"""a database that takes longer to say who is in charge counts as failing"""

R = TypeVar("R")


class NoAnswer(Exception):
    """The database fails, or has not answered in time."""


@blueprint.get("/healthz")
@public
def health() -> ResponseReturnValue:
    """200 while the database answers; the scheduler is told of beside it."""
    try:
        heartbeat = _asked(lambda session: find_heartbeat(session, now=now()))
    except NoAnswer:
        return jsonify(database="failing"), FAILING
    return jsonify(database="working", scheduler="working" if heartbeat and heartbeat.is_alive else "silent"), WORKING


@blueprint.get("/healthz/scheduler")
@public
def scheduler() -> ResponseReturnValue:
    """200 while a scheduler is at work, as people are told of it."""
    try:
        heartbeat = _asked(lambda session: find_heartbeat(session, now=now()))
    except NoAnswer:
        heartbeat = None
    if heartbeat is None or not heartbeat.is_alive:
        return jsonify(scheduler="silent"), FAILING
    return jsonify(scheduler="working", seconds_since_heartbeat=round((now() - heartbeat.at).total_seconds())), WORKING


@blueprint.get("/metrics")
@public
def metrics() -> ResponseReturnValue:
    """Figures in the text format of Prometheus, for who shows the token; without one set there is no such page."""
    token = current_settings().metrics_token
    if not token:
        raise NotFound()
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(shown.encode(), token.encode()):
        return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
    try:
        figures = _asked(lambda session: read_figures(session, now=now(), folder=current_settings().instance_dir))
    except NoAnswer:
        return Response(status=FAILING)
    return Response(figures_text(figures), content_type="text/plain; version=0.0.4; charset=utf-8")


_prober = ThreadPoolExecutor(max_workers=1, thread_name_prefix="health")
_asking: list[tuple[Future[Any], float]] = []
"""questions that may be unanswered still, oldest first, with the moment of the monotonic clock when they were asked"""
_asking_lock = threading.Lock()


def _asked(question: Callable[[Session], R]) -> R:
    """The database's answer; raises :class:`NoAnswer`. One waits for another, but not for one that hangs."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def ask() -> R:
        with app.app_context():
            return question(read_session())

    with _asking_lock:
        asked_at = time.monotonic()
        _asking[:] = [one for one in _asking if not one[0].done()]
        if _asking and asked_at - _asking[0][1] >= ANSWER_SECONDS:
            raise NoAnswer()
        future = _prober.submit(ask)
        _asking.append((future, asked_at))
    try:
        return future.result(timeout=ANSWER_SECONDS)
    except (SQLAlchemyError, TookTooLong) as error:
        future.cancel()
        raise NoAnswer() from error
