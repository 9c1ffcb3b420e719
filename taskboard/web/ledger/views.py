"""The ledger of a plan as a workbook, and what comes back in one."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from taskboard.documents.document import DocumentError
from taskboard.domain.errors import Invalid, NotAllowed, Stale
from taskboard.domain.roles import Role
from taskboard.domain.workflow import Act
from taskboard.extensions import now, read_session, today, transaction
from taskboard.labels.documents import describe_table_problem
from taskboard.labels.errors import PROBLEMS
from taskboard.labels.ledger import ROW_PROBLEMS
from taskboard.services import ledger_updates
from taskboard.services.ledger import Ledger, load_ledger
from taskboard.services.ledger_updates import Reading, Update
from taskboard.services.ledger_workbook import write_ledger
from taskboard.services.revision_decisions import RowRefused
from taskboard.web.guards import current_actor, requires
from taskboard.web.ledger.forms import LedgerFileForm, LedgerUpdateForm, update_to_text, updates_of
from taskboard.web.once import current_calendar
from taskboard.web.refusals import show_refused_row

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NAME_LENGTH = 80
ENTRANCE = "web"
CHANGED_MEANWHILE = "没有变更：您打开页面之后，有人变更过其中的任务。请重新导出台账，对照最新内容再填。"

blueprint = Blueprint("ledger", __name__)


@blueprint.get("/plans/<int:plan_id>/ledger.xlsx")
def export(plan_id: int) -> ResponseReturnValue:
    """The ledger with every task of the plan that this person may see."""
    session = read_session()
    ledger = load_ledger(session, plan_id, current_actor(), now=now(), calendar=current_calendar())
    name = f"{_file_name(ledger.plan)}-台账-{today():%Y%m%d}.xlsx"
    return send_file(BytesIO(write_ledger(ledger)), mimetype=WORKBOOK, as_attachment=True, download_name=name)


@blueprint.get("/plans/<int:plan_id>/ledger")
@requires(Role.SUPERVISOR)
def upload_page(plan_id: int) -> ResponseReturnValue:
    """Where an exported ledger is uploaded again."""
    return _upload_page(_load(plan_id), LedgerFileForm(formdata=None))


@blueprint.post("/plans/<int:plan_id>/ledger")
@requires(Role.SUPERVISOR)
def preview(plan_id: int) -> ResponseReturnValue:
    """What the uploaded ledger would change. Nothing is changed yet."""
    ledger = _load(plan_id)
    form = LedgerFileForm()
    upload = form.file.data
    if not isinstance(upload, FileStorage) or not upload.filename:
        form.file.errors = [PROBLEMS["ledger_file_missing"]]
        return _upload_page(ledger, form, status=422)
    # Reading may take seconds: no transaction stays open meanwhile.
    read_session().rollback()
    try:
        rows = ledger_updates.read_sheet(upload.read(), upload.filename)
    except Invalid as error:
        form.show_problem(error)
        return _upload_page(ledger, form, status=422)
    except DocumentError as error:
        form.file.errors = [describe_table_problem(error.problem, error.facts)]
        return _upload_page(ledger, form, status=422)
    ledger = _load(plan_id)
    reading = ledger_updates.compare_ledger(read_session(), ledger, rows, actor=current_actor())
    confirm = LedgerUpdateForm(formdata=None)
    ticked = {one.task_id for one in reading.updates}
    return _preview_page(ledger, reading.updates, ticked, confirm, reading=reading)


@blueprint.post("/plans/<int:plan_id>/ledger/apply")
@requires(Role.SUPERVISOR)
def apply(plan_id: int) -> ResponseReturnValue:
    """Carry out the confirmed rows together; what is refused comes back with everything still ticked."""
    form = LedgerUpdateForm()
    updates, ticked = updates_of(request.form)
    confirmed = [one for one in updates if one.task_id in ticked]
    if not confirmed:
        form.form_errors.append(PROBLEMS["ledger_nothing_chosen"])
    if not form.validate() or not confirmed:
        return _preview_page(_load(plan_id), updates, ticked, form, status=422)
    try:
        with transaction() as session:
            ledger = load_ledger(session, plan_id, current_actor(), now=now(), calendar=current_calendar())
            count = ledger_updates.apply_updates(
                session,
                ledger,
                confirmed,
                reason=form.reason.data or "",
                actor=current_actor(),
                now=now(),
                entrance=ENTRANCE,
            )
    except RowRefused as refused:
        show_refused_row(form, refused)
        return _preview_page(_load(plan_id), updates, ticked, form, status=422)
    except Stale:
        form.form_errors.append(CHANGED_MEANWHILE)
        return _preview_page(_load(plan_id), updates, ticked, form, status=409)
    flash(f"已按台账变更 {count} 项任务。" if count else "这些任务已经是台账里的样子，没有变更。", "success")
    return redirect(url_for("plans.plan", plan_id=plan_id), 303)


def _load(plan_id: int) -> Ledger:
    """The ledger for a person who may correct all of it; others are told that they may not."""
    session = read_session()
    ledger = load_ledger(session, plan_id, current_actor(), now=now(), calendar=current_calendar())
    if not ledger.is_whole:
        raise NotAllowed(act=Act.CORRECT)
    return ledger


def _upload_page(ledger: Ledger, form: LedgerFileForm, *, status: int = 200) -> ResponseReturnValue:
    return render_template("ledger/upload.html", ledger=ledger, form=form), status


def _preview_page(
    ledger: Ledger,
    updates: list[Update],
    ticked: set[int],
    form: LedgerUpdateForm,
    *,
    reading: Reading | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    problems = [(one, ROW_PROBLEMS[one.problem].format(text=one.text)) for one in reading.refused] if reading else []
    page = render_template(
        "ledger/preview.html",
        ledger=ledger,
        changes=ledger_updates.describe_updates(read_session(), ledger, updates),
        ticked=ticked,
        form=form,
        problems_of_rows=problems,
        untouched=reading.untouched if reading else None,
        update_to_text=update_to_text,
    )
    return page, status


def _file_name(title: str) -> str:
    """The title as part of a file name: without what file systems refuse."""
    return "".join(" " if char in '\\/:*?"<>|' or not char.isprintable() else char for char in title)[:NAME_LENGTH]
