"""A draft under review beside a plan that runs, and what of it is taken over."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.errors import Invalid, Stale
from taskboard.domain.roles import Role
from taskboard.extensions import now, read_session, transaction
from taskboard.labels.revisions import FIELD_WORDS
from taskboard.services import imports, revisions
from taskboard.services.revision_decisions import RowRefused, apply_revision
from taskboard.services.revisions import Revision
from taskboard.web.guards import current_actor, requires
from taskboard.web.refusals import show_refused_row
from taskboard.web.revisions.forms import RevisionForm, decisions_of, shown_decisions, usual_decisions

ENTRANCE = "web"

blueprint = Blueprint("revisions", __name__)


@blueprint.get("/imports/<int:draft_id>/compare/<int:plan_id>")
@requires(Role.SUPERVISOR)
def compare(draft_id: int, plan_id: int) -> ResponseReturnValue:
    """What the new document adds, changes, removes and moves, beside the tasks as they stand."""
    draft = imports.get_draft(read_session(), draft_id, current_actor())
    if draft.plan_id is not None:
        return redirect(url_for("plans.plan", plan_id=draft.plan_id), 303)
    shown = revisions.compare(read_session(), draft_id, plan_id, actor=current_actor())
    form = RevisionForm(formdata=None)
    form.version.data = shown.version
    return _page(shown, form, usual_decisions(shown))


@blueprint.post("/imports/<int:draft_id>/compare/<int:plan_id>")
@requires(Role.SUPERVISOR)
def apply(draft_id: int, plan_id: int) -> ResponseReturnValue:
    """Carry out the decisions together; what is refused comes back with everything still ticked."""
    form = RevisionForm()
    decisions = decisions_of(form, request.form)
    if not form.validate():
        return _again(draft_id, plan_id, form, status=422)
    try:
        with transaction() as session:
            apply_revision(
                session,
                draft_id,
                plan_id,
                decisions,
                version=form.known_version,
                actor=current_actor(),
                now=now(),
                entrance=ENTRANCE,
            )
    except RowRefused as refused:
        show_refused_row(form, refused)
        return _again(draft_id, plan_id, form, status=422)
    except Invalid as error:
        form.show_problem(error)
        return _again(draft_id, plan_id, form, status=422)
    except Stale as stale:
        if stale.facts.get("plan_id"):
            return redirect(url_for("plans.plan", plan_id=stale.facts["plan_id"]), 303)
        return _again(draft_id, plan_id, form, status=409)
    if decisions.has_any:
        flash("已按核对结果变更。新增的举措是草稿，交办后各单位才能看到。", "success")
    else:
        flash("新文件与计划没有差别，已记下这次对照，没有变更。", "success")
    return redirect(url_for("plans.plan", plan_id=plan_id), 303)


def _again(draft_id: int, plan_id: int, form: RevisionForm, *, status: int) -> ResponseReturnValue:
    shown = revisions.compare(read_session(), draft_id, plan_id, actor=current_actor())
    form.show_version(shown.version)
    chosen = shown_decisions(decisions_of(form, request.form))
    return _page(shown, form, chosen, status=status, is_stale=status == 409)


def _page(
    shown: Revision, form: RevisionForm, chosen: dict[str, Any], *, status: int = 200, is_stale: bool = False
) -> ResponseReturnValue:
    page = render_template(
        "revisions/compare.html",
        revision=shown,
        form=form,
        chosen=chosen,
        field_words={name.value: words for name, words in FIELD_WORDS.items()},
        is_stale=is_stale,
    )
    return page, status
