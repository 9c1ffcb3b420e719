"""The page on which a department splits its part of a task."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.decomposition import MOST_SUBTASKS_AT_ONCE
from taskboard.domain.errors import Invalid
from taskboard.extensions import now, read_session, today, transaction
from taskboard.services import decomposition, tasks
from taskboard.services.cases import Acting
from taskboard.services.decomposition import Below, SubtaskRefused
from taskboard.services.tasks import Branch, TaskDetail
from taskboard.web.decomposition.forms import MORE_ROWS, ROWS_SHOWN, DecomposeForm, SubtaskRows
from taskboard.web.forms import key_of
from taskboard.web.guards import current_actor
from taskboard.web.once import current_calendar

blueprint = Blueprint("decomposition", __name__)
ADDRESS = "/tasks/<int:task_id>/assignments/<int:assignment_id>/decompose"


@blueprint.get(ADDRESS)
def split(task_id: int, assignment_id: int) -> ResponseReturnValue:
    """Empty lines, or with ``each`` one for every department directly below; ``rows`` says how many."""
    shown, branch = _load(task_id, assignment_id)
    below = decomposition.departments_below(read_session(), branch.department_id)
    direct = [one for one in below if one.is_direct] if "each" in request.args else []
    rows = SubtaskRows(below, max(len(direct), _count(request.args.get("rows"))))
    rows.offer(direct)
    return _page(shown, branch, below, DecomposeForm(formdata=None), rows)


@blueprint.post(ADDRESS)
def carry_out(task_id: int, assignment_id: int) -> ResponseReturnValue:
    """Make the sub-tasks and issue them; with ``more`` only show further lines, with what was typed."""
    shown, branch = _load(task_id, assignment_id)
    below = decomposition.departments_below(read_session(), branch.department_id)
    form = DecomposeForm()
    count = _count(request.form.get("rows"))
    if "more" in request.form:
        return _page(shown, branch, below, form, SubtaskRows(below, count + MORE_ROWS, request.form))
    rows = SubtaskRows(below, count, request.form)
    if not (form.validate() and rows.validate()):
        return _page(shown, branch, below, form, rows, status=422)
    orders = [row.order() for row in rows.meant]
    by: Acting = {
        "actor": current_actor(),
        "now": now(),
        "entrance": "web",
        "request_key": key_of(form.request_key.data, {"orders": orders}),
    }
    try:
        with transaction() as session:
            decomposition.decompose(session, assignment_id, orders=orders, **by)
    except SubtaskRefused as refused:
        rows.show_problem(refused)
        return _page(shown, branch, below, form, rows, status=422)
    except Invalid as error:
        form.show_problem(error)
        return _page(shown, branch, below, form, rows, status=422)
    flash(f"已分解为 {len(orders)} 项任务，并交办给下级单位。", "success")
    return redirect(url_for("tasks.task", task_id=task_id, _anchor="subtasks"), 303)


def _load(task_id: int, assignment_id: int) -> tuple[TaskDetail, Branch]:
    """The task and the part, where this person may split it now; raises what keeps them from it."""
    session = read_session()
    shown = tasks.get_task(session, task_id, current_actor(), today=today(), calendar=current_calendar())
    branch = shown.find_branch(assignment_id)
    decomposition.check_permission(branch)
    return shown, branch


def _count(text: str | None) -> int:
    """How many lines are asked for, within what one act takes."""
    if text is None or not (text.isascii() and text.isdecimal() and len(text) <= 4):
        return ROWS_SHOWN
    return min(max(ROWS_SHOWN, int(text)), MOST_SUBTASKS_AT_ONCE)


def _page(
    shown: TaskDetail,
    branch: Branch,
    below: list[Below],
    form: DecomposeForm,
    rows: SubtaskRows,
    *,
    status: int = 200,
) -> ResponseReturnValue:
    page = render_template(
        "decomposition/split.html",
        task=shown,
        branch=branch,
        below=below,
        most_below=decomposition.MOST_BELOW,
        form=form,
        rows=rows.rows,
        today=today(),
    )
    return page, status
