"""Report periods: who has reported on a plan, its rhythm, and a task's trajectory."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.roles import Role
from taskboard.domain.workflow import Act
from taskboard.extensions import now, read_session, today, transaction
from taskboard.labels.errors import problem_words
from taskboard.labels.periods import period_words
from taskboard.labels.targets import RHYTHM_ORIGINS, figure_words, rhythm_words, target_words
from taskboard.services import hand_lights, periods, report_panels, tasks, trajectories
from taskboard.services.cases import Acting
from taskboard.services.report_panels import ReportPanel
from taskboard.services.targets import list_targets
from taskboard.services.tasks import Branch, TaskDetail
from taskboard.web.forms import page_number, read_id
from taskboard.web.guards import current_actor, requires
from taskboard.web.once import current_calendar, once
from taskboard.web.periods.forms import RhythmForm, TrajectoryForm, cell_name

ENTRANCE = "web"

blueprint = Blueprint("periods", __name__)
blueprint.add_app_template_filter(period_words, "period")
blueprint.add_app_template_filter(figure_words, "figure")


@blueprint.app_context_processor
def share_with_task_pages() -> dict[str, object]:
    return {
        "report_panel": _report_panel,
        "task_figures": _task_figures,
        "burning_lights": _burning_lights,
        "plan_rhythm": _plan_rhythm,
    }


def _plan_rhythm(plan_id: int) -> tuple[str, str]:
    """How often reports on the plan are due, and how that is known, in words."""
    rhythm, origin = periods.get_rhythm(read_session(), plan_id)
    return rhythm_words(rhythm.kind, rhythm.due_day), RHYTHM_ORIGINS[origin]


def _report_panel(task_id: int, assignment_id: int) -> ReportPanel:
    """What stands beside the report form; asked once for all branches of the page."""
    ask = partial(report_panels.report_panels, read_session(), task_id, today=today(), calendar=current_calendar())
    return once(ask, "report_panels", task_id)[assignment_id]


def _task_figures(task_id: int) -> list[tuple[int, str, str, list[trajectories.ReachedFigure]]]:
    """The targets of a task, each with what was reached."""
    return once(lambda: _find_figures(task_id), "task_figures", task_id)


def _find_figures(task_id: int) -> list[tuple[int, str, str, list[trajectories.ReachedFigure]]]:
    session = read_session()
    targets = once(lambda: list_targets(session, task_id), "targets", task_id)
    reached = trajectories.list_reached(session, [one.id for one in targets]) if targets else {}
    return [(one.id, target_words(one), one.unit, reached[one.id]) for one in targets]


def _burning_lights(shown: TaskDetail) -> dict[int, hand_lights.BurningLight]:
    return hand_lights.list_burning(read_session(), [one.id for one in shown.branches], today=today())


# Who reported


@blueprint.get("/plans/<int:plan_id>/reports")
@requires(Role.SUPERVISOR)
def overview(plan_id: int) -> ResponseReturnValue:
    return _overview_page(plan_id, RhythmForm(formdata=None), is_new=True)


@blueprint.post("/plans/<int:plan_id>/rhythm")
@requires(Role.SUPERVISOR)
def rhythm(plan_id: int) -> ResponseReturnValue:
    """Decide how often the departments report on the plan."""
    form = RhythmForm()
    if not form.validate():
        return _overview_page(plan_id, form, status=422)
    try:
        with transaction() as session:
            periods.set_rhythm(
                session,
                plan_id,
                rhythm=form.rhythm.data or PlanRhythm.NONE,
                day=form.day.data,
                version=form.known_version,
                actor=current_actor(),
                now=now(),
                entrance=ENTRANCE,
            )
    except Invalid as error:
        form.show_problem(error)
        return _overview_page(plan_id, form, status=422)
    except Stale as error:
        form.show_version(error.facts["version"])
        return _overview_page(plan_id, form, status=409, is_stale=True)
    flash("已保存报送频次。", "success")
    return redirect(url_for("periods.overview", plan_id=plan_id), 303)


def _overview_page(
    plan_id: int, form: RhythmForm, *, status: int = 200, is_new: bool = False, is_stale: bool = False
) -> ResponseReturnValue:
    session = read_session()
    only_missing = request.args.get("show") == "missing"
    found = periods.get_overview(
        session,
        plan_id,
        current_actor(),
        today=today(),
        calendar=current_calendar(),
        department_id=read_id(request.args.get("department")),
        only_missing=only_missing,
        number=page_number(),
    )
    if is_new:
        form.rhythm.data, form.day.data, form.version.data = found.rhythm.kind, found.rhythm.day, found.version
    page = render_template(
        "periods/overview.html",
        found=found,
        form=form,
        rhythm=rhythm_words(found.rhythm.kind, found.rhythm.due_day),
        only_missing=only_missing,
        department_id=read_id(request.args.get("department")),
        is_stale=is_stale,
    )
    return page, status


# What is planned


@blueprint.get("/tasks/<int:task_id>/trajectory")
def trajectory(task_id: int) -> ResponseReturnValue:
    shown, lead = _planned_by(task_id)
    return _trajectory_page(shown, lead, TrajectoryForm(formdata=None), is_new=True)


@blueprint.post("/tasks/<int:task_id>/trajectory")
def save_trajectory(task_id: int) -> ResponseReturnValue:
    """Set what is planned for the end of each period."""
    shown, lead = _planned_by(task_id)
    form = TrajectoryForm()
    is_valid = form.validate()
    form.read(
        trajectories.list_planned(read_session(), task_id),
        [one.id for one in list_targets(read_session(), task_id)],
        request.form,
    )
    if not is_valid or form.wrong:
        return _trajectory_page(shown, lead, form, status=422)
    by: Acting = {
        "actor": current_actor(),
        "now": now(),
        "entrance": ENTRANCE,
        "request_key": form.request_key.data,
    }
    try:
        with transaction() as session:
            trajectories.plan_progress(session, lead.id, planned=form.planned, **by)
    except Invalid as error:
        form.mark(error.field, problem_words(error))
        return _trajectory_page(shown, lead, form, status=422)
    flash("已保存计划进度。", "success")
    return redirect(url_for("tasks.task", task_id=task_id), 303)


def _planned_by(task_id: int) -> tuple[TaskDetail, Branch]:
    """The task and the lead's branch on which this person may plan; :class:`NotFound` where there is none."""
    session = read_session()
    shown = tasks.get_task(session, task_id, current_actor(), today=today(), calendar=current_calendar())
    for branch in shown.leads:
        if Act.PLAN_PROGRESS in branch.acts:
            return shown, branch
    raise NotFound(subject="task")


def _trajectory_page(
    shown: TaskDetail, lead: Branch, form: TrajectoryForm, *, status: int = 200, is_new: bool = False
) -> ResponseReturnValue:
    session = read_session()
    planned = trajectories.list_planned(session, shown.id)
    targets = list_targets(session, shown.id)
    if is_new:
        form.read(planned, [one.id for one in targets], None)
    page = render_template(
        "periods/trajectory.html",
        task=shown,
        lead=lead,
        form=form,
        periods=[one.period for one in planned],
        columns=[(None, "完成比例（%）"), *((one.id, target_words(one)) for one in targets)],
        cell_name=cell_name,
    )
    return page, status
