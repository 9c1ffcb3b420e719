"""Renamings of kinds of departments: the list, and the form to keep it."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm.exc import StaleDataError

from taskboard.domain.errors import Invalid, Stale
from taskboard.domain.roles import Role
from taskboard.extensions import read_session, transaction
from taskboard.labels import yes_or_no
from taskboard.labels.times import day_words
from taskboard.services import department_access, renamings
from taskboard.web.forms import differing, page_number, search_words
from taskboard.web.guards import current_actor, requires
from taskboard.web.renamings.forms import RenamingForm
from taskboard.web.writing import writing

blueprint = Blueprint("renamings", __name__, url_prefix="/departments/renamings")


@blueprint.get("")
@requires(*department_access.READERS)
def renaming_list() -> ResponseReturnValue:
    words = search_words()
    actor = current_actor()
    page = renamings.list_renamings(read_session(), actor=actor, words=words, number=page_number())
    return render_template("renamings/list.html", page=page, words=words, may_edit=actor.is_administrator)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
def new_renaming() -> ResponseReturnValue:
    form = RenamingForm()
    if not form.validate_on_submit():
        return _form_page(form, None)
    try:
        with transaction() as session:
            renamings.add_renaming(session, form.values, **writing())
    except Invalid as error:
        form.show_problem(error)
        return _form_page(form, None)
    flash("已添加更名。", "success")
    return redirect(url_for("renamings.renaming_list"))


@blueprint.route("/<int:renaming_id>/edit", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
def edit_renaming(renaming_id: int) -> ResponseReturnValue:
    form = RenamingForm()
    if not form.is_submitted():
        form.process(obj=renamings.get_renaming(read_session(), renaming_id, actor=current_actor()))
    if not form.validate_on_submit():
        return _form_page(form, renaming_id)
    try:
        with transaction() as session:
            renamings.change_renaming(session, renaming_id, form.values, version=form.known_version, **writing())
    except Invalid as error:
        form.show_problem(error)
        return _form_page(form, renaming_id)
    except (Stale, StaleDataError):
        return _conflict_page(form, renaming_id)
    flash("已保存。", "success")
    return redirect(url_for("renamings.renaming_list"))


def _form_page(form: RenamingForm, renaming_id: int | None) -> Response:
    page = render_template("renamings/form.html", form=form, renaming_id=renaming_id, changes=None)
    return make_response(page, 422 if form.errors else 200)


def _conflict_page(form: RenamingForm, renaming_id: int) -> Response:
    """What stands there now beside what was typed; saving again puts the typed in its place."""
    current = renamings.get_renaming(read_session(), renaming_id, actor=current_actor())
    typed = form.values
    pairs = [
        ("旧名称", current.old_names, typed.old_names),
        ("新名称", current.new_names, typed.new_names),
        ("更名日期", day_words(current.from_on), day_words(typed.from_on)),
        ("备注", current.note or "无", typed.note or "无"),
        ("在用", yes_or_no(current.is_active), yes_or_no(typed.is_active)),
    ]
    form.show_version(current.version)
    changes = differing(pairs)
    page = render_template("renamings/form.html", form=form, renaming_id=renaming_id, changes=changes)
    return make_response(page, 409)
