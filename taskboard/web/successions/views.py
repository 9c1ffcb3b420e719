"""The step by which departments follow another: filled in, shown with all that would move, confirmed."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from taskboard.domain.departments import SuccessionKind
from taskboard.domain.errors import Invalid, Stale
from taskboard.domain.imports import split_names
from taskboard.domain.roles import Role
from taskboard.extensions import read_session, today, transaction
from taskboard.labels.directory import loose_ends_words
from taskboard.services import department_access, department_names, successions
from taskboard.services.successions import SuccessionOrder, SuccessionPreview
from taskboard.web.forms import read_id
from taskboard.web.guards import current_actor, requires
from taskboard.web.kept_forms import keep_and_show, kept_form
from taskboard.web.successions.forms import SuccessionForm
from taskboard.web.writing import writing

blueprint = Blueprint("successions", __name__, url_prefix="/departments")

CHANGED_MEANWHILE = "没有办理：您打开页面之后，有关任务或单位有了变化。下面是最新的内容，请核对后再次确认。"


@blueprint.get("/<int:department_id>/succession")
@requires(Role.ADMINISTRATOR)
def start(department_id: int) -> ResponseReturnValue:
    """What is to be filled in, or with a kept form all that would move."""
    kept = kept_form()
    form = SuccessionForm(formdata=kept)
    if kept is None:
        form.from_on.data = today()
        return _page(department_id, form, None)
    try:
        return _page(department_id, form, _preview(department_id, form), sent=kept)
    except Invalid as error:
        form.show_problem(error)
        return _page(department_id, form, None, sent=kept, status=422)


@blueprint.post("/<int:department_id>/succession")
@requires(Role.ADMINISTRATOR)
def preview(department_id: int) -> ResponseReturnValue:
    """Keep what was filled in, and show all that would move; nothing has moved yet."""
    form = SuccessionForm()
    if not form.validate():
        return _page(department_id, form, None, status=422)
    try:
        _preview(department_id, form)
    except Invalid as error:
        form.show_problem(error)
        return _page(department_id, form, None, status=422)
    return keep_and_show("successions.start", department_id=department_id)


@blueprint.post("/<int:department_id>/succession/confirm")
@requires(Role.ADMINISTRATOR)
def confirm(department_id: int) -> ResponseReturnValue:
    """Move what was shown, all of it or nothing."""
    form = SuccessionForm()
    if not form.validate():
        return _page(department_id, form, None, status=422)
    try:
        with transaction() as session:
            successions.carry_out_succession(
                session, department_id, _order(session, form), request_key=form.request_key.data, **writing()
            )
    except Stale:
        form.form_errors.append(CHANGED_MEANWHILE)
        return _again(department_id, form, status=409)
    except Invalid as error:
        form.show_problem(error)
        return _again(department_id, form, status=422)
    flash("已办理：未办结的任务由接续单位继续办理，已办结的仍在原单位名下。", "success")
    return redirect(url_for("departments.department", department_id=department_id), 303)


def _again(department_id: int, form: SuccessionForm, *, status: int) -> ResponseReturnValue:
    try:
        shown = _preview(department_id, form)
    except Invalid:
        shown = None
    return _page(department_id, form, shown, status=status)


def _preview(department_id: int, form: SuccessionForm) -> SuccessionPreview:
    session = read_session()
    shown = successions.preview_succession(
        session,
        department_id,
        _successor_ids(session, form),
        kind=form.kind.data,
        from_on=form.from_on.day,
        actor=current_actor(),
        today=today(),
    )
    form.mark.raw_data = None
    form.mark.data = shown.mark
    return shown


def _successor_ids(session: Session, form: SuccessionForm) -> list[int]:
    names = split_names(form.successors.data or "")
    return [department_names.find_department(session, name, field="successors").id for name in names]


def _order(session: Session, form: SuccessionForm) -> SuccessionOrder:
    return SuccessionOrder(
        successor_ids=_successor_ids(session, form),
        from_on=form.from_on.day,
        reason=form.reason.data or "",
        mark=form.mark.data or "",
        kind=form.kind.data,
        allotted=_allotted(),
        moves_posts=form.moves_posts.data,
    )


def _allotted() -> dict[int, int]:
    """Which successor was chosen for which assignment; empty choices leave it where it is."""
    sent = {
        name.removeprefix("work-"): value for name, value in request.form.items() if name.startswith("work-") and value
    }
    return {_id(name): _id(value) for name, value in sent.items()}


def _id(text: str) -> int:
    found = read_id(text)
    if found is None:
        raise Invalid("successors", "unknown")
    return found


def _page(
    department_id: int,
    form: SuccessionForm,
    shown: SuccessionPreview | None,
    *,
    sent: MultiDict[str, str] | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    department = department_access.get_department(read_session(), department_id, actor=current_actor())
    page = render_template(
        "successions/succession.html",
        department=department,
        form=form,
        shown=shown,
        chosen={name: value for name, value in (sent or request.form).items() if name.startswith("work-")},
        is_transfer=form.kind.data is SuccessionKind.TRANSFER,
        loose_ends=lambda ends: loose_ends_words(ends._asdict()),
    )
    return page, status
