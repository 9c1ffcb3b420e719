"""The overdue list."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from taskboard.extensions import read_session, today
from taskboard.services.overdue import list_overdue
from taskboard.web.forms import LARGEST_ID, page_number
from taskboard.web.guards import current_actor

blueprint = Blueprint("overdue", __name__)


@blueprint.get("/overdue")
def overdue_list() -> ResponseReturnValue:
    department_id, plan_id = _chosen("department"), _chosen("plan")
    found = list_overdue(
        read_session(),
        current_actor(),
        today=today(),
        department_id=department_id,
        plan_id=plan_id,
        number=page_number(),
    )
    return render_template(
        "overdue/list.html",
        found=found,
        department_id=department_id,
        plan_id=plan_id,
        today=today(),
        is_outside=current_actor().only_administers,
        may_remind=current_actor().is_supervisor,
    )


def _chosen(name: str) -> int | None:
    """The id that the address asks for; None where it asks for all."""
    text = request.args.get(name, "")
    is_id = text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= LARGEST_ID
    return int(text) if is_id else None
