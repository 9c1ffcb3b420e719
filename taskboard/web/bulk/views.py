"""All tasks with filters, and what is done to many of them at once: chosen, shown, done."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.bulk import BulkAct
from taskboard.domain.errors import Invalid, NotAllowed
from taskboard.domain.lights import SEVERITY
from taskboard.domain.permissions import DEPARTMENT_WIDE, Actor
from taskboard.domain.roles import Role
from taskboard.domain.workflow import TaskState
from taskboard.extensions import now, read_session, today, transaction
from taskboard.labels.errors import why_not
from taskboard.services import bulk
from taskboard.services.assignment_acts import list_officers
from taskboard.services.bulk import BulkPreview, BulkResult
from taskboard.services.cases import Acting
from taskboard.services.liaisons import MOST_AT_ONCE, departments_to_change
from taskboard.services.task_search import TaskFilter, find_task_ids, search_tasks
from taskboard.services.visibility import department_ids
from taskboard.web.bulk.forms import BulkForm, read_ids
from taskboard.web.forms import choices, light_argument, page_number, read_id, search_words
from taskboard.web.guards import current_actor, requires
from taskboard.web.typed import read_day

ENTRANCE = "web"
READERS = tuple(role for role in Role if role is not Role.ADMINISTRATOR)
ACTORS = (Role.SUPERVISOR, Role.HEAD, Role.LIAISON)
NAMING = (Role.SUPERVISOR, Role.HEAD)
"""who may say who is liaison"""
CHANGE_LIAISONS = "change_liaisons"
"""done to the departments of the chosen tasks, on a page of its own"""

blueprint = Blueprint("bulk", __name__)


@blueprint.get("/tasks")
@requires(*READERS)
def task_list() -> ResponseReturnValue:
    """All tasks that this person may see, narrowed down."""
    wanted = _filter()
    found = search_tasks(read_session(), current_actor(), wanted, today=today(), number=page_number())
    return render_template(
        "bulk/list.html",
        found=found,
        wanted=wanted,
        states=list(TaskState),
        lights=SEVERITY,
        acts=_acts(current_actor()),
        change_liaisons=CHANGE_LIAISONS if any(current_actor().holds(role) for role in NAMING) else None,
        asked=_asked(),
    )


def _filter() -> TaskFilter:
    state = request.args.get("state", "")
    return TaskFilter(
        plan_id=read_id(request.args.get("plan")),
        department_id=read_id(request.args.get("department")),
        state=TaskState(state) if state in {one.value for one in TaskState} else None,
        is_overdue=request.args.get("overdue") == "1",
        due_from=_day("from"),
        due_to=_day("to"),
        words=search_words(),
        light=light_argument(),
    )


FILTERS = ("q", "plan", "department", "state", "overdue", "from", "to", "light")


def _asked() -> dict[str, Any]:
    """The filter as it stands in the address; nothing else that came with it."""
    return {name: request.args[name] for name in FILTERS if request.args.get(name)}


def _day(name: str) -> date | None:
    try:
        return read_day(request.args.get(name))
    except ValueError:
        return None


def _acts(actor: Actor) -> list[BulkAct]:
    """What this person may do to many tasks: the supervisors urge and issue, the departments hand out."""
    found: list[BulkAct] = []
    if actor.is_supervisor:
        found += [BulkAct.REMIND, BulkAct.ISSUE_DRAFTS, BulkAct.SET_RHYTHM]
    if any(actor.holds(role) for role in DEPARTMENT_WIDE):
        found.append(BulkAct.SET_OFFICER)
    return found


# What was chosen, and what would be done to it


@blueprint.get("/tasks/bulk")
@requires(*ACTORS)
def preview() -> ResponseReturnValue:
    """What was ticked, or all that fits the filter, with what the act would do.

    All of it stands in the address: the page can be opened again, and shows what is so then.
    """
    if request.args.get("act") == CHANGE_LIAISONS:
        return _to_liaisons(_chosen_ids())
    form = BulkForm(formdata=request.args)
    ids = _chosen_ids()
    if not ids:
        flash("请先勾选任务，或点“处理筛选出的全部”。", "warning")
        return redirect(url_for("bulk.task_list", **_asked()), 303)
    form.task_ids.raw_data = None
    form.task_ids.data = ",".join(str(one) for one in ids)
    form.department_id.raw_data = None
    form.department_id.data = read_id(request.args.get("department"))
    return _page(form)


def _chosen_ids() -> list[int]:
    """The tasks that were ticked, or all that fit the filter."""
    if request.args.get("everything") == "1":
        return find_task_ids(read_session(), current_actor(), _filter(), today=today())
    return list(read_ids(",".join(request.args.getlist("task_id"))))


def _to_liaisons(task_ids: list[int]) -> ResponseReturnValue:
    """Lead on to the departments with work on these tasks; what nobody may see has none."""
    departments = departments_to_change(read_session(), task_ids, actor=current_actor())
    if not departments:
        flash("所选任务没有可以更换联络员的单位：只能更换您督查范围内、或您任负责人的单位的联络员。", "warning")
        return redirect(url_for("bulk.task_list", **_asked()), 303)
    if len(departments) > MOST_AT_ONCE:
        flash(
            f"所选任务涉及 {len(departments)} 个单位，一次最多更换 {MOST_AT_ONCE} 个单位的联络员。"
            f"下面是前 {MOST_AT_ONCE} 个，其余单位请少选一些任务，另行更换。",
            "warning",
        )
    return redirect(url_for("liaisons.start", department_id=departments[:MOST_AT_ONCE]), 303)


@blueprint.post("/tasks/bulk")
@requires(*ACTORS)
def confirm() -> ResponseReturnValue:
    """Do what was shown, to the tasks that were shown."""
    form = BulkForm()
    if not form.validate():
        return _page(form, status=422)
    try:
        with transaction() as session:
            result = bulk.carry_out(session, form.order(), **_by(form))
    except Invalid as error:
        form.show_problem(error)
        return _page(form, status=422)
    _say(result)
    return redirect(url_for("bulk.task_list", **_asked()), 303)


def _page(form: BulkForm, *, status: int = 200) -> ResponseReturnValue:
    actor = current_actor()
    form.officer.choices = choices(_officers(actor))
    act = form.act.data
    if act not in _acts(actor):
        raise NotAllowed()
    shown: BulkPreview | None = None
    if act is not BulkAct.SET_OFFICER or form.officer.data:
        try:
            shown = bulk.preview(read_session(), form.order(), **_by(form))
        except Invalid as error:
            status = 422
            if not form.errors:
                form.show_problem(error)
    skipped = [(one, why_not(one.problem)) for one in shown.skipped] if shown else []
    return render_template(
        "bulk/preview.html",
        form=form,
        chosen=act,
        shown=shown,
        skipped=skipped,
        count=len(read_ids(form.task_ids.data or "")),
        asked=_asked(),
        chosen_by=[(name, value) for name, value in request.args.items(multi=True) if name not in ("act", "officer")],
    ), status


def _officers(actor: Actor) -> list[tuple[str, str]]:
    """The officers of the departments for which this person speaks."""
    session = read_session()
    found = []
    for department_id in department_ids(actor, DEPARTMENT_WIDE):
        for person_id, name in list_officers(session, department_id, today=today()):
            found.append((f"{department_id}-{person_id}", name))
    return [("", "请选择"), *found]


NAMES_SAID = 8
"""A message travels in a cookie, which has no room for more."""


def _say(result: BulkResult) -> None:
    if result.is_repeated:
        flash("这次操作已经办理过，没有重复办理，也没有重复通知。", "info")
        return
    told = f"，通知了 {result.told} 人" if result.told else ""
    flash(f"已办理 {result.done} 项任务{told}。", "success" if result.done else "warning")
    if result.skipped:
        names = "、".join(one.title[:20] for one in result.skipped[:NAMES_SAID])
        more = "等" if len(result.skipped) > NAMES_SAID else ""
        flash(f"没有办理 {len(result.skipped)} 项：{names}{more}。", "warning")


def _by(form: BulkForm) -> Acting:
    return {"actor": current_actor(), "now": now(), "entrance": ENTRANCE, "request_key": form.request_key.data}
