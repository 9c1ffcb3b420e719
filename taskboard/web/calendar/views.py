"""The working calendar: the years, the days of one, and the yearly notice with its preview."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from taskboard.domain.errors import Invalid
from taskboard.domain.holiday_notices import read_notice
from taskboard.domain.roles import Role
from taskboard.extensions import read_session, today, transaction
from taskboard.labels.calendar import festival_words
from taskboard.services import arrangements
from taskboard.services.arrangements import Preview
from taskboard.web.calendar.forms import NoticeForm
from taskboard.web.guards import current_actor, requires
from taskboard.web.kept_forms import keep_and_show, kept_form
from taskboard.web.writing import writing

MOST_MOVES_SHOWN = 20

blueprint = Blueprint("calendar", __name__, url_prefix="/calendar")


@blueprint.get("")
@requires(*arrangements.READERS)
def years() -> ResponseReturnValue:
    session, actor = read_session(), current_actor()
    return render_template(
        "calendar/years.html",
        years=arrangements.list_years(session, actor=actor, today=today()),
        missing=arrangements.missing_year(session, today=today()),
        may_edit=actor.is_administrator,
    )


@blueprint.get("/<int:year>")
@requires(*arrangements.READERS)
def days(year: int) -> ResponseReturnValue:
    session, actor = read_session(), current_actor()
    summaries = {one.year: one for one in arrangements.list_years(session, actor=actor, today=today())}
    if year not in summaries:
        raise NotFound
    rows = [(one, festival_words(one.note)) for one in arrangements.list_days(session, year, actor=actor)]
    return render_template("calendar/days.html", summary=summaries[year], rows=rows)


@blueprint.route("/notice", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
def notice() -> ResponseReturnValue:
    """Paste the notice, look at what it would change, take it over."""
    if request.method == "GET":
        kept = kept_form()
        form = NoticeForm(formdata=kept)
        return _notice_page(form, _preview(form) if kept is not None else None)
    form = NoticeForm()
    if not form.validate():
        return _notice_page(form)
    try:
        arrangement = read_notice(form.text.data or "")
        if "adopt" not in request.form:
            return keep_and_show("calendar.notice")
        with transaction() as session:
            is_new = arrangements.adopt_arrangement(session, arrangement, **writing())
    except Invalid as error:
        form.show_problem(error)
        return _notice_page(form)
    flash(
        f"已录入 {arrangement.year} 年的放假安排。"
        if is_new
        else f"{arrangement.year} 年的放假安排已经录入过，日历没有变化。",
        "success",
    )
    return redirect(url_for("calendar.years"))


def _preview(form: NoticeForm) -> Preview | None:
    try:
        arrangement = read_notice(form.text.data or "")
    except Invalid as error:
        form.show_problem(error)
        return None
    return arrangements.preview_arrangement(read_session(), arrangement, actor=current_actor(), today=today())


def _notice_page(form: NoticeForm, preview: Preview | None = None) -> Response:
    page = render_template("calendar/notice.html", form=form, preview=preview, most=MOST_MOVES_SHOWN)
    return make_response(page, 422 if form.errors else 200)
