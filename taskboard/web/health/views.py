"""What monitors ask: whether the database answers, and whether a scheduler is at work. Nothing else is told."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from taskboard.extensions import now, read_session
from taskboard.services.jobs import find_heartbeat
from taskboard.web.guards import public

blueprint = Blueprint("health", __name__, url_prefix="/healthz")

WORKING, FAILING = 200, 503
SILENT_SECONDS = 60


@blueprint.get("")
@public
def health() -> ResponseReturnValue:
    """200 while the database answers; the scheduler is told of beside it."""
    age = _seconds_since_heartbeat()
    if isinstance(age, SQLAlchemyError):
        return jsonify(database="failing"), FAILING
    return jsonify(database="working", scheduler=_scheduler_words(age)), WORKING


@blueprint.get("/scheduler")
@public
def scheduler() -> ResponseReturnValue:
    """200 while a scheduler was heard of within the last minute."""
    age = _seconds_since_heartbeat()
    if isinstance(age, SQLAlchemyError) or age is None or age > SILENT_SECONDS:
        return jsonify(scheduler="silent"), FAILING
    return jsonify(scheduler="working", seconds_since_heartbeat=round(age)), WORKING


def _seconds_since_heartbeat() -> float | SQLAlchemyError | None:
    try:
        heartbeat = find_heartbeat(read_session(), now=now())
    except SQLAlchemyError as error:
        return error
    return None if heartbeat is None else max(0.0, (now() - heartbeat.at).total_seconds())


def _scheduler_words(age: float | None) -> str:
    return "working" if age is not None and age <= SILENT_SECONDS else "silent"
