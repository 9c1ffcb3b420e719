"""The page behind 下一个工作日再提醒 of a mail and of a task's page: it asks, and the button puts off."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.errors import Invalid
from taskboard.domain.snoozing import MOST_IN_A_ROW
from taskboard.extensions import read_session, today, transaction
from taskboard.labels.errors import PROBLEMS
from taskboard.labels.times import day_words, weekday_words
from taskboard.services import snoozing
from taskboard.web.forms import Form
from taskboard.web.guards import current_actor
from taskboard.web.once import current_calendar
from taskboard.web.writing import writing

blueprint = Blueprint("snoozing", __name__)


@blueprint.route("/assignments/<int:assignment_id>/snooze", methods=["GET", "POST"])
def snooze(assignment_id: int) -> ResponseReturnValue:
    session = read_session()
    matter = snoozing.get_matter(session, assignment_id, current_actor())
    if not matter.is_open:
        # The link stands in a mail that may be days old.
        flash(PROBLEMS["nothing_to_snooze"], "info")
        return redirect(url_for("tasks.task", task_id=matter.task_id), 303)
    form, calendar = Form(), current_calendar()
    holds_until = snoozing.find_day_of_return(session, assignment_id, current_actor(), today=today())
    status = 200
    if form.validate_on_submit():
        try:
            with transaction() as changing:
                span = snoozing.snooze(changing, assignment_id, calendar=calendar, **writing())
        except Invalid as error:
            form.show_problem(error)
            status = 422
        else:
            until = f"{day_words(span.until_on)} {weekday_words(span.until_on)}"
            flash(f"{until}再提醒您这项任务，在此之前不提醒；督查员看得到。", "success")
            return redirect(url_for("tasks.task", task_id=matter.task_id), 303)
    page = render_template(
        "snoozing/snooze.html",
        form=form,
        matter=matter,
        until_on=holds_until or calendar.add(today(), 1),
        holds=holds_until is not None,
        most=MOST_IN_A_ROW,
    )
    return make_response(page, status)
