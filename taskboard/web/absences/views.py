"""When somebody is away: their own page of it, the same page for their head and for administrators."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.errors import Invalid
from taskboard.extensions import read_session, today, transaction
from taskboard.services import absences
from taskboard.web.absences.forms import AbsenceForm
from taskboard.web.guards import current_actor
from taskboard.web.writing import writing

blueprint = Blueprint("absences", __name__)


@blueprint.route("/account/absences", methods=["GET", "POST"])
def own() -> ResponseReturnValue:
    return _page_of(current_actor().person_id)


@blueprint.route("/people/<int:person_id>/absences", methods=["GET", "POST"])
def of_person(person_id: int) -> ResponseReturnValue:
    return _page_of(person_id)


@blueprint.post("/absences/<int:absence_id>/end")
def end(absence_id: int) -> ResponseReturnValue:
    with transaction() as session:
        person_id = absences.end_absence(session, absence_id, **writing())
    flash("这次外出登记已结束。", "success")
    return redirect(_address(person_id), 303)


def _page_of(person_id: int) -> ResponseReturnValue:
    """What is entered, and the form for more; what was wrong comes back as it was typed."""
    session = read_session()
    person = absences.get_person(session, person_id, actor=current_actor(), today=today())
    form = AbsenceForm()
    form.offer(absences.list_colleagues(session, person_id, today=today()))
    if form.is_submitted() and form.validate():
        try:
            with transaction() as writer:
                key = form.request_key.data
                absences.add_absence(writer, person_id, form.values, request_key=key, **writing())
        except Invalid as error:
            form.show_problem(error)
        else:
            flash("已登记。", "success")
            return redirect(_address(person_id), 303)
    session = read_session()
    is_own = person_id == current_actor().person_id
    team = absences.list_team(session, current_actor(), today=today()) if is_own else []
    page = render_template(
        "absences/absences.html",
        person=person,
        form=form,
        rows=absences.list_absences(session, person_id, today=today()),
        is_own=is_own,
        may_read_people=current_actor().is_administrator,
        team=team,
        away=absences.away_today(session, [one.id for one in team], today=today()),
        today=today(),
        has_somebody=len(form.deputy.choices or ()) > 1,
    )
    return make_response(page, 422 if form.errors else 200)


def _address(person_id: int) -> str:
    if person_id == current_actor().person_id:
        return url_for("absences.own")
    return url_for("absences.of_person", person_id=person_id)
