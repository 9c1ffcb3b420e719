"""The page on which an administrator hands over what somebody holds, and lets them go."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.errors import Invalid
from taskboard.domain.roles import Role
from taskboard.extensions import read_session, today, transaction
from taskboard.services import leaving
from taskboard.services.posts import list_posts
from taskboard.web.guards import requires
from taskboard.web.leaving.forms import HandoverForm, LastDayForm, handover_form
from taskboard.web.writing import writing

blueprint = Blueprint("leaving", __name__, url_prefix="/people/<int:person_id>/leaving")

ONE_DAY = timedelta(days=1)


@blueprint.route("", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
def leave(person_id: int) -> ResponseReturnValue:
    """Switch the account off, after everything that hangs on it has a new holder."""
    form = _form(person_id, gone_on=today())
    if not form.validate_on_submit():
        return _page(form)
    try:
        with transaction() as session:
            leaving.hand_over(session, person_id, form.order(session), today=today(), **writing())
    except Invalid as error:
        return _refused(person_id, error, gone_on=today())
    flash("工作已交接，账号已停用。", "success")
    return redirect(url_for("people.person", person_id=person_id))


@blueprint.route("/posts/<int:post_id>", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
def end_post(person_id: int, post_id: int) -> ResponseReturnValue:
    """End one post on a day, after what hangs on it has a new holder."""
    last_day = _last_day()
    gone_on = last_day + ONE_DAY
    form = _form(person_id, gone_on=gone_on, post_id=post_id)
    if not form.validate_on_submit():
        return _page(form, last_day)
    try:
        with transaction() as session:
            order = form.order(session)
            leaving.hand_over(session, person_id, order, today=today(), post_id=post_id, last_day=last_day, **writing())
    except Invalid as error:
        return _refused(person_id, error, gone_on=gone_on, post_id=post_id, last_day=last_day)
    flash("工作已交接，任期结束日已设置。", "success")
    return redirect(url_for("people.person", person_id=person_id))


def _last_day() -> date:
    """The day in the address or the form; today where there is none that can be meant."""
    form = LastDayForm(request.values, meta={"csrf": False})
    return form.last_day.data if form.validate() and form.last_day.data else today()


def _form(person_id: int, *, gone_on: date, post_id: int | None = None) -> HandoverForm:
    found = leaving.prepare_leaving(read_session(), person_id, gone_on=gone_on, post_id=post_id, **writing())
    return handover_form(found, gone_on=gone_on)


def _refused(
    person_id: int, error: Invalid, *, gone_on: date, post_id: int | None = None, last_day: date | None = None
) -> Response:
    """The page anew, with what they hold by now, what was chosen, and what was wrong."""
    form = _form(person_id, gone_on=gone_on, post_id=post_id)
    form.validate()
    form.show_problem(error)
    return _page(form, last_day)


def _page(form: HandoverForm, last_day: date | None = None) -> Response:
    posts = [
        one for one in list_posts(read_session(), form.leaving.person.id) if one.to_on is None or one.to_on >= today()
    ]
    page = render_template("leaving/leave.html", form=form, leaving=form.leaving, last_day=last_day, posts=posts)
    return make_response(page, 422 if form.errors else 200)
