"""The page of what waits for the person at work: the first one of supervisors, heads and liaisons."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from taskboard.domain.roles import Role
from taskboard.extensions import read_session, today
from taskboard.services.waiting import list_waiting
from taskboard.web.guards import current_actor, requires
from taskboard.web.once import current_calendar
from taskboard.web.shared import STAFF

blueprint = Blueprint("waiting", __name__)


@blueprint.get("/waiting")
@requires(*STAFF, Role.SUPERVISOR, Role.LEADER)
def waiting() -> ResponseReturnValue:
    session = read_session()
    parts = list_waiting(session, current_actor(), today=today(), calendar=current_calendar())
    return render_template("waiting/waiting.html", parts=parts)
