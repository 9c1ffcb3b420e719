"""When somebody is away: their own page of it, the same page for their head and for administrators."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.errors import Invalid
from taskboard.extensions import read_session, today, transaction
from taskboard.services import absences
from taskboard.services.absences import Ending
from taskboard.web.absences.forms import AbsenceForm
from taskboard.web.guards import current_actor
from taskboard.web.writing import writing

blueprint = Blueprint("absences", __name__)

ENDINGS = {
    Ending.ENDED: "这次外出已提前结束，今天起恢复由本人接收。",
    Ending.CANCELLED: "这次外出登记已取消。",
    Ending.OVER: "这次外出登记此前已经取消或结束，没有再改动。",
}


@blueprint.route("/account/absences", methods=["GET", "POST"])
def own() -> ResponseReturnValue:
    return _page_of(current_actor().person_id)


@blueprint.route("/people/<int:person_id>/absences", methods=["GET", "POST"])
def of_person(person_id: int) -> ResponseReturnValue:
    return _page_of(person_id)


@blueprint.post("/people/<int:person_id>/absences/<int:absence_id>/end")
def end(person_id: int, absence_id: int) -> ResponseReturnValue:
    """The way back to the page also for who comes second: from another window, or at the same time."""
    with transaction() as session:
        ending = absences.end_absence(session, person_id, absence_id, **writing())
    flash(ENDINGS[ending], "info" if ending is Ending.OVER else "success")
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
