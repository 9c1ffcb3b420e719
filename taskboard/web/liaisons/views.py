"""Liaisons changed for many departments at once: filled in, shown with who is told, confirmed."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.roles import Role
from taskboard.extensions import read_session, today, transaction
from taskboard.services import liaisons
from taskboard.services.liaisons import LiaisonPreview
from taskboard.web.forms import read_id
from taskboard.web.guards import current_actor, requires
from taskboard.web.kept_forms import keep_and_show, kept_form
from taskboard.web.liaisons.forms import LiaisonsForm, liaisons_form
from taskboard.web.writing import writing

blueprint = Blueprint("liaisons", __name__, url_prefix="/liaisons")

ACTORS = (Role.ADMINISTRATOR, Role.SUPERVISOR, Role.HEAD)
CHANGED_MEANWHILE = "没有办理：您打开页面之后，有人改过这些单位的联络员。下面是最新的内容，请核对后再次确认。"
NOBODY_CHOSEN = "请至少为一个单位填写新联络员。"


@blueprint.get("")
@requires(*ACTORS)
def start() -> ResponseReturnValue:
    """The departments in the address with their liaisons, and what is to be filled in or was kept to be looked at."""
    if not request.args.getlist("department_id"):
        return _choose_first()
    kept = kept_form()
    form = _form(formdata=kept)
    return _page(form, None) if kept is None else _shown(form, status=200)


@blueprint.post("")
@requires(*ACTORS)
def preview() -> ResponseReturnValue:
    """Keep what was filled in, and show what would change and who is told; nothing has changed yet."""
    if not request.args.getlist("department_id"):
        return _choose_first()
    form = _form()
    if not form.validate():
        return _page(form, None, status=422)
    shown = _shown(form, status=200)
    return shown if form.errors else keep_and_show("liaisons.start", department_id=_ids())


@blueprint.post("/confirm")
@requires(*ACTORS)
def confirm() -> ResponseReturnValue:
    """Do what was shown, all of it or nothing."""
    if not request.args.getlist("department_id"):
        return _choose_first()
    form = _form()
    if not form.validate():
        return _page(form, None, status=422)
    try:
        with transaction() as session:
            result = liaisons.change_liaisons(
                session, form.chosen, mark=form.mark.data or "", request_key=form.request_key.data, **writing()
            )
    except Stale:
        form.form_errors.append(CHANGED_MEANWHILE)
        return _shown(form, status=409)
    except Invalid as error:
        form.show_problem(error)
        return _page(form, None, status=422)
    if result.is_repeated:
        flash("这次操作已经办理过，没有重复办理，也没有重复通知。", "info")
    else:
        flash(f"已更换 {result.done} 个单位的联络员，通知了 {result.told} 人。", "success")
    return redirect(url_for("liaisons.start", department_id=_ids()), 303)


def _choose_first() -> ResponseReturnValue:
    """Where departments are chosen: administrators from the directory, others by their tasks."""
    flash("请先选择要更换联络员的单位。", "warning")
    at = "departments.department_list" if current_actor().is_administrator else "bulk.task_list"
    return redirect(url_for(at), 303)


def _ids() -> list[int]:
    """The departments in the address; what can be no id is no department."""
    found = [read_id(one) for one in request.args.getlist("department_id")]
    if None in found:
        raise NotFound(subject="department")
    return [one for one in found if one is not None]


def _form(**more: MultiDict[str, str] | None) -> LiaisonsForm:
    rows = liaisons.list_liaisons(read_session(), _ids(), actor=current_actor(), today=today())
    return liaisons_form(rows, **more)


def _shown(form: LiaisonsForm, *, status: int) -> ResponseReturnValue:
    if not form.chosen:
        form.form_errors.append(NOBODY_CHOSEN)
        return _page(form, None, status=422)
    try:
        shown = liaisons.preview_liaisons(read_session(), form.chosen, actor=current_actor(), today=today())
    except Invalid as error:
        form.show_problem(error)
        return _page(form, None, status=422)
    form.mark.raw_data = None
    form.mark.data = shown.mark
    return _page(form, shown, status=status)


def _page(form: LiaisonsForm, shown: LiaisonPreview | None, *, status: int = 200) -> ResponseReturnValue:
    page = render_template("liaisons/change.html", form=form, shown=shown, department_ids=_ids())
    return page, status
