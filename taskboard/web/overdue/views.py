"""The overdue list."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from taskboard.extensions import read_session, today
from taskboard.services.overdue import list_overdue
from taskboard.services.snoozing import list_snoozes
from taskboard.web.forms import page_number, read_id
from taskboard.web.guards import current_actor

blueprint = Blueprint("overdue", __name__)


@blueprint.get("/overdue")
def overdue_list() -> ResponseReturnValue:
    department_id, plan_id = read_id(request.args.get("department")), read_id(request.args.get("plan"))
    found = list_overdue(
        read_session(),
        current_actor(),
        today=today(),
        department_id=department_id,
        plan_id=plan_id,
        number=page_number(),
    )
    ids = [row.assignment_id for row in found.page.rows]
    return render_template(
        "overdue/list.html",
        found=found,
        snoozes=list_snoozes(read_session(), ids, current_actor(), today=today()),
        department_id=department_id,
        plan_id=plan_id,
        today=today(),
        is_outside=current_actor().only_administers,
        may_remind=current_actor().is_supervisor,
    )
