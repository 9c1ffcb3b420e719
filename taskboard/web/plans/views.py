"""Plans: the list, one plan with its measures, and the document it came from."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, render_template, request, send_file
from flask.typing import ResponseReturnValue

from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.roles import Role
from taskboard.extensions import read_session, today
from taskboard.labels.targets import rhythm_words
from taskboard.services import plans
from taskboard.services.decomposition import progress_of
from taskboard.web.forms import light_argument, page_number
from taskboard.web.guards import current_actor, holds_any
from taskboard.web.once import current_calendar

blueprint = Blueprint("plans", __name__, url_prefix="/plans")


@blueprint.get("")
def index() -> ResponseReturnValue:
    actor = current_actor()
    page = plans.list_plans(read_session(), actor, today=today(), number=page_number())
    return render_template(
        "plans/index.html",
        page=page,
        may_import=holds_any(actor, Role.SUPERVISOR),
        is_outside=actor.only_administers,
    )


@blueprint.get("/<int:plan_id>")
def plan(plan_id: int) -> ResponseReturnValue:
    session = read_session()
    is_archive = request.args.get("archived") == "1"
    found = plans.get_plan(
        session,
        plan_id,
        current_actor(),
        today=today(),
        calendar=current_calendar(),
        light=light_argument(),
        archived=is_archive,
        number=page_number(),
    )
    has_rhythm = found.report_rhythm is not PlanRhythm.NONE
    rhythm = rhythm_words(found.report_rhythm, found.report_day) if has_rhythm else ""
    shown_ids = [one.task_id for one in found.tasks.rows]
    return render_template(
        "plans/plan.html",
        plan=found,
        report_rhythm=rhythm,
        light_shown=light_argument(),
        is_archive=is_archive,
        subtasks=progress_of(session, shown_ids, current_actor(), today=today()),
    )


@blueprint.get("/<int:plan_id>/source")
def source(plan_id: int) -> ResponseReturnValue:
    """The document as it was imported; always to keep, never to open inside this site."""
    return _kept(*plans.get_source(read_session(), plan_id, current_actor()))


@blueprint.get("/<int:plan_id>/revisions/<int:draft_id>/source")
def revised_source(plan_id: int, draft_id: int) -> ResponseReturnValue:
    """A document by which the plan was revised, in the same way."""
    return _kept(*plans.get_revised_source(read_session(), plan_id, draft_id, current_actor()))


def _kept(name: str, content: bytes) -> ResponseReturnValue:
    return send_file(BytesIO(content), mimetype="application/octet-stream", as_attachment=True, download_name=name)
