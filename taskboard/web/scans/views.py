"""Scans on their way: how far the recognition is, cancelling it, trying again."""

from __future__ import annotations

from flask import Blueprint, flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.roles import Role
from taskboard.domain.scans import ScanState
from taskboard.extensions import now, read_session, transaction
from taskboard.labels.documents import describe_document_problem
from taskboard.services import imports, scans
from taskboard.services.jobs import find_heartbeat
from taskboard.services.scans import ScanStatus
from taskboard.web.forms import Form
from taskboard.web.guards import current_actor, requires
from taskboard.web.writing import writing

blueprint = Blueprint("scans", __name__, url_prefix="/scans")


class ScanForm(Form):
    """The press of a button."""


@blueprint.get("/<int:scan_id>")
@requires(Role.SUPERVISOR)
def scan(scan_id: int) -> ResponseReturnValue:
    """How far the recognition is; once it is done, the way leads on to the review."""
    found = scans.get_scan(read_session(), scan_id, current_actor())
    status = scans.status_of(read_session(), found)
    if status.draft_id is not None:
        return redirect(_review(status.draft_id), 303)
    return render_template("scans/scan.html", scan=found, form=ScanForm(), **_shown(status))


@blueprint.get("/<int:scan_id>/state")
@requires(Role.SUPERVISOR)
def state(scan_id: int) -> ResponseReturnValue:
    """The same for the page's script, which asks every few seconds."""
    found = scans.get_scan(read_session(), scan_id, current_actor())
    status = scans.status_of(read_session(), found)
    return jsonify(
        state=status.state.value,
        html=render_template("scans/_state.html", **_shown(status)),
        review=_review(status.draft_id) if status.draft_id is not None else None,
    )


@blueprint.post("/<int:scan_id>/cancel")
@requires(Role.SUPERVISOR)
def cancel(scan_id: int) -> ResponseReturnValue:
    """Throw the scan away; one that was recognised meanwhile is shown instead."""
    with transaction() as session:
        is_cancelled = scans.cancel_scan(session, scan_id, **writing())
    if not is_cancelled:
        flash("已经识别完了，没有取消。", "success")
        return redirect(url_for("scans.scan", scan_id=scan_id), 303)
    flash("已取消识别，上传的文件已删除。", "success")
    return redirect(url_for("imports.new"), 303)


@blueprint.post("/<int:scan_id>/retry")
@requires(Role.SUPERVISOR)
def retry(scan_id: int) -> ResponseReturnValue:
    with transaction() as session:
        scans.retry_scan(session, scan_id, actor=current_actor())
    return redirect(url_for("scans.scan", scan_id=scan_id), 303)


@blueprint.post("/of-draft/<int:draft_id>")
@requires(Role.SUPERVISOR)
def of_draft(draft_id: int) -> ResponseReturnValue:
    """Recognise the scanned pages of a document that was read without them, as an import of its own."""
    with transaction() as session:
        draft = imports.get_draft(session, draft_id, current_actor())
        if draft.plan_id is not None:
            return redirect(url_for("plans.plan", plan_id=draft.plan_id), 303)
        kept = scans.keep_scan(
            session,
            draft.content,
            name=draft.source_name,
            sha=draft.source_sha256,
            body_id=draft.body_id,
            actor=current_actor(),
            now=now(),
        )
        scan_id = kept.id
    return redirect(url_for("scans.scan", scan_id=scan_id), 303)


def _review(draft_id: int) -> str:
    return url_for("imports.review", draft_id=draft_id)


def _shown(status: ScanStatus) -> dict[str, object]:
    heartbeat = find_heartbeat(read_session(), now=now())
    problem = describe_document_problem(status.problem, status.facts) if status.problem else ""
    return {
        "status": status,
        "problem": problem,
        "is_failed": status.state is ScanState.FAILED,
        "is_stalled": heartbeat is None or not heartbeat.is_alive,
    }
