"""One's own tasks, one task with the forms that this person may use, and the issue of a plan's drafts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.deadlines import days_left, default_correction_day, latest_review_day
from taskboard.domain.errors import Invalid, NotFound, NotNow, Stale
from taskboard.domain.roles import Role
from taskboard.domain.workflow import OPEN_ASSIGNMENT, OWING, UNDER_WAY, Act, AssignmentState, TaskState
from taskboard.extensions import current_settings, now, read_session, today, transaction
from taskboard.labels.errors import problem_words
from taskboard.labels.targets import target_words
from taskboard.services import assignment_acts, expansion, issuing, reports, tasks
from taskboard.services import drafts as plan_drafts
from taskboard.services.cases import Acting
from taskboard.services.drafts import Drafts
from taskboard.services.issuing import BatchRefused, IssuedBatch
from taskboard.services.my_tasks import Show, TaskRow, list_my_tasks
from taskboard.services.snoozing import list_snoozes
from taskboard.services.targets import list_targets
from taskboard.services.tasks import Branch, TaskDetail
from taskboard.web.forms import key_of, light_argument, page_number, read_id
from taskboard.web.guards import current_actor, holds_any, requires
from taskboard.web.once import current_calendar, once
from taskboard.web.shared import STAFF
from taskboard.web.tasks.acts import ON_BRANCH, ON_TASK, Offer
from taskboard.web.tasks.forms import (
    ActForm,
    CloseForm,
    DispatchForm,
    EvidenceForm,
    ExpandForm,
    ExpandIssuedForm,
    IssueForm,
    IssueRow,
    SubmitForm,
)
from taskboard.web.uploads import stored

ENTRANCE = "web"

blueprint = Blueprint("tasks", __name__)


# My tasks


@blueprint.get("/my-tasks")
@requires(Role.HEAD, Role.LIAISON, Role.OFFICER, Role.SUPERVISOR)
def my_tasks() -> ResponseReturnValue:
    """What the person's departments work on; who only supervises finds their work where decisions wait."""
    session, actor = read_session(), current_actor()
    if not holds_any(actor, *STAFF):
        return redirect(url_for("waiting.waiting"))
    asked = request.args.get("show", "")
    show = Show(asked) if asked in {one.value for one in Show} else Show.ALL
    found = list_my_tasks(
        session,
        actor,
        today=today(),
        calendar=current_calendar(),
        show=show,
        light=light_argument(),
        number=page_number(),
    )
    return render_template(
        "tasks/mine.html",
        found=found,
        show=show,
        headings=list(Show),
        light_shown=light_argument(),
        no_change={row.assignment_id: ActForm(formdata=None) for row in found.page.rows if _may_report(row)},
    )


def _may_report(row: TaskRow) -> bool:
    """Whether one click may say here that nothing changed: by who works on it, while a report is owed."""
    if row.report_due is None or row.report_due.is_reported or row.state is not AssignmentState.IN_PROGRESS:
        return False
    actor = current_actor()
    return any(actor.holds(role, row.department_id) for role in (Role.HEAD, Role.LIAISON, Role.OFFICER))


# One task


@blueprint.get("/tasks/<int:task_id>")
def task(task_id: int) -> ResponseReturnValue:
    return _task_page(_load(task_id, reports_before=read_id(request.args.get("before")), subtasks_page=page_number()))


def _load(task_id: int, *, reports_before: int | None = None, subtasks_page: int = 1) -> TaskDetail:
    session = read_session()
    return tasks.get_task(
        session,
        task_id,
        current_actor(),
        today=today(),
        calendar=current_calendar(),
        reports_before=reports_before,
        subtasks_page=subtasks_page,
    )


FormKey = tuple[str, int | None]
"""slug of the offer, and the assignment it is on"""

COURSE = {
    "correct-deadline": "调整时限",
    "suspend": "中止",
    "resume": "恢复办理",
    "terminate": "终止",
    "reopen": "复查重启",
    "archive": "归档",
    "unarchive": "取消归档",
}
"""acts of the supervisors that change a task's course"""

ELSEWHERE = frozenset({"bring-forward", "set-red", "lift-red"})
"""acts on a branch that do not stand in a panel of its own"""

AT_WORK = UNDER_WAY - {TaskState.SUBMITTED}
"""the clock runs for the lead"""


def _task_page(
    shown: TaskDetail,
    sent: Mapping[FormKey, ActForm] | None = None,
    *,
    status: int = 200,
    stale_key: FormKey | None = None,
    expansion_sent: ExpandForm | None = None,
) -> ResponseReturnValue:
    """The page with a form for each act that this person may do now; ``sent`` is one that came back.

    ``stale_key`` names the form that met a conflict, ``expansion_sent`` is the form of an expansion that came back.
    """
    forms = dict(sent or {})
    for key, offer, branch in _offers(shown):
        if key not in forms:
            forms[key] = offer.form(_place(key), formdata=None)
            forms[key].fill_in(shown, branch)
        _offer_choices(forms[key], shown, branch)
    snoozes = list_snoozes(read_session(), [one.id for one in shown.branches], current_actor(), today=today())
    page = render_template(
        "tasks/task.html",
        task=shown,
        forms=forms,
        stale_key=stale_key,
        expansions=_expansions(shown, expansion_sent),
        own=[one for one in shown.branches if any(key[1] == one.id and key[0] not in ELSEWHERE for key in forms)],
        course=[(slug, words) for slug, words in COURSE.items() if (slug, None) in forms],
        owing_partners=[one for one in shown.partners if one.state in OWING],
        days_left=days_left(shown.due_on, today()) if shown.due_on and shown.state in AT_WORK else None,
        correct_by=default_correction_day(shown.due_on, today(), current_calendar()),
        latest_review=latest_review_day(today()),
        leaderless=_is_leaderless(shown),
        may_issue=Act.ISSUE in shown.acts,
        snoozes=snoozes,
        snoozed_by_me={
            assignment_id: one.until_on
            for assignment_id, of_branch in snoozes.items()
            for one in of_branch
            if one.person_id == current_actor().person_id
        },
        targets=[
            (target_words(one), one.words)
            for one in once(lambda: list_targets(read_session(), shown.id), "targets", shown.id)
        ],
    )
    return page, status


def _is_leaderless(shown: TaskDetail) -> bool:
    """Whether no lead works on it at the moment, because each of them objects."""
    standing = [one for one in shown.leads if one.state is not AssignmentState.WITHDRAWN]
    return shown.state in UNDER_WAY and bool(standing) and all(one.objection for one in standing)


def _offers(shown: TaskDetail) -> Iterable[tuple[FormKey, Offer, Branch | None]]:
    for offer in ON_TASK:
        if offer.act in shown.acts and shown.state in offer.states:
            yield (offer.slug, None), offer, None
    for branch in shown.branches:
        for offer in ON_BRANCH:
            if offer.act in branch.acts:
                yield (offer.slug, branch.id), offer, branch


def _place(key: FormKey) -> str:
    slug, assignment_id = key
    return f"{slug}-{assignment_id}" if assignment_id else slug


def _offer_choices(form: ActForm, shown: TaskDetail, branch: Branch | None) -> None:
    if isinstance(form, DispatchForm) and branch is not None:
        form.offer(assignment_acts.list_officers(read_session(), branch.department_id, today=today()))
    if isinstance(form, SubmitForm):
        form.fit(shown, branch)
    if isinstance(form, CloseForm):
        ended = OPEN_ASSIGNMENT - {AssignmentState.SUBMITTED}
        form.offer(one for one in shown.branches if one.state in ended)


def _carry_out(offer: Offer, task_id: int, assignment_id: int | None = None) -> ResponseReturnValue:
    """Do what the form asks for; a form that is refused comes back as it was typed."""
    shown = _load(task_id)
    branch = None if assignment_id is None else shown.find_branch(assignment_id)
    key = (offer.slug, assignment_id)
    form = offer.form(_place(key))
    _offer_choices(form, shown, branch)
    if not form.validate():
        if key not in (one for one, _, _ in _offers(shown)):
            # There is no place for the form any more; the page of the refusal gives back what was typed.
            raise NotNow(act=offer.act, state=branch.state if branch else shown.state)
        _ask_for_files_again(form)
        return _task_page(shown, {key: form}, status=422)
    try:
        with _evidence(form) as files:
            values = {**form.values(), **files}
            by: Acting = {
                "actor": current_actor(),
                "now": now(),
                "entrance": ENTRANCE,
                "request_key": key_of(form.request_key.data, values),
            }
            with transaction() as session:
                entry = offer.service(session, assignment_id or task_id, **values, **by)
    except Invalid as error:
        form.show_problem(error)
        _ask_for_files_again(form)
        return _task_page(_load(task_id), {key: form}, status=422)
    except Stale:
        shown = _load(task_id)
        if key not in (one for one, _, _ in _offers(shown)):
            raise NotNow(act=offer.act, state=shown.state) from None
        form.take_over(shown, None if assignment_id is None else shown.find_branch(assignment_id))
        return _task_page(shown, {key: form}, status=409, stale_key=key)
    if offer.act is Act.REPORT and reports.said_the_same(entry):
        flash("内容与上次反馈相同，已记作“无变化”。", "info")
    else:
        flash(offer.done, "success")
    if request.args.get("back") == "my-tasks":
        return redirect(url_for("tasks.my_tasks"), 303)
    return redirect(url_for("tasks.task", task_id=task_id), 303)


@contextmanager
def _evidence(form: ActForm) -> Iterator[dict[str, Any]]:
    """What the service is called with for the files that came with the form."""
    if not isinstance(form, EvidenceForm):
        yield {}
        return
    with stored(form.files) as uploads:
        yield {"uploads": uploads, "plan_limit": current_settings().max_plan_attachments_bytes}


def _ask_for_files_again(form: ActForm) -> None:
    if isinstance(form, EvidenceForm):
        form.ask_for_files_again()


def _add_act(offer: Offer, rule: str) -> None:
    def act(task_id: int, assignment_id: int | None = None) -> ResponseReturnValue:
        return _carry_out(offer, task_id, assignment_id)

    endpoint = offer.slug.replace("-", "_")
    blueprint.add_url_rule(f"{rule}/{offer.slug}", endpoint, act, methods=["POST"])


for _offer in ON_TASK:
    _add_act(_offer, "/tasks/<int:task_id>")
for _offer in ON_BRANCH:
    _add_act(_offer, "/tasks/<int:task_id>/assignments/<int:assignment_id>")


# Expanding a collective unit


def _expansions(shown: TaskDetail, sent: ExpandForm | None = None) -> list[tuple[Branch, ExpandForm]]:
    """The collective units on the task that have members to put in their place; ``sent`` is a form that came back."""
    if Act.CORRECT not in shown.acts:
        return []
    standing = [one for one in shown.branches if one.state is not AssignmentState.WITHDRAWN]
    expandable = expansion.expandable_ids(read_session(), [one.department_id for one in standing], today=today())
    found = []
    for branch in standing:
        if branch.department_id not in expandable:
            continue
        place = _expand_place(branch.department_id)
        form = sent if sent and sent.place == place else _expand_form(shown, place, formdata=None)
        if form is not sent:
            form.fill_in(shown, None)
        found.append((branch, form))
    return found


def _expand_place(department_id: int) -> str:
    return f"expand-{department_id}"


def _expand_form(shown: TaskDetail, place: str, **more: Any) -> ExpandForm:
    """On a draft it is a button; after the issue it asks why."""
    kind = ExpandForm if shown.state is TaskState.DRAFT else ExpandIssuedForm
    return kind(place, **more)


@blueprint.post("/tasks/<int:task_id>/expand/<int:department_id>")
def expand(task_id: int, department_id: int) -> ResponseReturnValue:
    """Put the members of the collective unit in its place."""
    shown = _load(task_id)
    form = _expand_form(shown, _expand_place(department_id))
    if not form.validate():
        return _task_page(shown, expansion_sent=form, status=422)
    values = form.values()
    by: Acting = {
        "actor": current_actor(),
        "now": now(),
        "entrance": ENTRANCE,
        "request_key": form.request_key.data,
        "version": values["version"],
    }
    try:
        with transaction() as session:
            expansion.expand_collective(
                session, [task_id], department_id=department_id, reason=values.get("reason", ""), **by
            )
        flash("已展开为成员单位。", "success")
    except Invalid as error:
        flash(problem_words(error), "danger")
    except Stale:
        shown = _load(task_id)
        if shown.state is TaskState.DRAFT:
            flash("没有展开：您打开页面之后，有人修改过这项任务。请对照下面的最新内容再操作。", "warning")
        else:
            form.take_over(shown, None)
            form.form_errors.append("没有展开：您打开页面之后，有人修改过这项任务。请对照最新内容再提交。")
            return _task_page(shown, expansion_sent=form, status=409)
    return redirect(url_for("tasks.task", task_id=task_id), 303)


# Issuing a plan's drafts


@blueprint.get("/plans/<int:plan_id>/issue")
@requires(Role.SUPERVISOR)
def issue_page(plan_id: int) -> ResponseReturnValue:
    """The drafts that were chosen, or all of them, with what must be settled before they are issued."""
    chosen = _chosen_ids(request.args.getlist("task_id"))
    drafts = _drafts(plan_id, chosen or None)
    return _issue_page(drafts, [IssueRow.of(one) for one in drafts.rows], IssueForm(formdata=None))


@blueprint.post("/plans/<int:plan_id>/issue")
@requires(Role.SUPERVISOR)
def issue(plan_id: int) -> ResponseReturnValue:
    """Issue the chosen drafts together; where something is still to be decided the page asks for it."""
    chosen = _chosen_ids(request.form.getlist("task_id"))
    drafts = _drafts(plan_id, chosen)
    rows = {one.id: IssueRow.of(one, request.form) for one in drafts.rows}
    form = IssueForm()
    # Every row is checked, so that all that is wrong shows at once.
    are_valid = [row.validate() for row in rows.values()]
    if not (form.validate() and all(are_valid)):
        return _issue_page(drafts, rows.values(), form, status=422)
    if not chosen:
        flash("请先勾选要交办的任务。", "warning")
        return redirect(url_for("tasks.issue_page", plan_id=plan_id), 303)
    # A draft is issued once in its life, so who issued it is key enough against a second click.
    # What another click or another supervisor issued meanwhile is no draft any more: the service knows what to say.
    orders = [rows[task_id].order() if task_id in rows else issuing.IssueOrder(task_id) for task_id in chosen]
    by: Acting = {
        "actor": current_actor(),
        "now": now(),
        "entrance": ENTRANCE,
        "request_key": f"issue-{current_actor().person_id}",
    }
    try:
        with transaction() as session:
            batch = issuing.issue_tasks(session, orders, plan_id=plan_id, **by)
    except BatchRefused as refused:
        for task_id, problem in refused.problems.items():
            if task_id in rows:
                rows[task_id].show_problem(problem)
        return _issue_page(_drafts(plan_id, chosen), rows.values(), form, refused=refused, status=422)
    _say_what_was_issued(batch)
    return redirect(url_for("plans.plan", plan_id=plan_id), 303)


NAMES_SAID = 12
"""A message travels in a cookie, which has no room for the names of a whole province."""


def _say_what_was_issued(batch: IssuedBatch) -> None:
    """How many tasks went out and how many people know of it; and which departments have nobody who could."""
    if not batch.issued:
        flash("这些任务已经交办过，没有重复通知。", "info")
        return
    told = batch.told
    notified = f"通知了 {told.people} 人" if told.people else "没有通知到任何人"
    flash(f"已交办 {batch.issued} 项任务，{notified}。", "success")
    if told.without_liaison:
        count = len(told.without_liaison)
        flash(
            f"其中 {count} 个单位没有联络员：{_some(told.without_liaison)}；"
            "他们的签收由督查室代办，或请管理员配备联络员。",
            "warning",
        )
    if told.without_address:
        flash(f"{_some(told.without_address)}没有填写邮箱，只在站内消息中看到，请另行告知。", "warning")


def _some(names: Sequence[str]) -> str:
    return "、".join(names[:NAMES_SAID]) + ("等" if len(names) > NAMES_SAID else "")


def _chosen_ids(texts: Iterable[str]) -> list[int]:
    """The ids that were sent, each once; raises :class:`NotFound` for what no id can be."""
    found = dict.fromkeys(read_id(text) for text in texts)
    if None in found:
        raise NotFound(subject="task")
    return [one for one in found if one is not None]


def _drafts(plan_id: int, chosen: list[int] | None) -> Drafts:
    return plan_drafts.list_drafts(read_session(), plan_id, current_actor(), today=today(), task_ids=chosen)


def _issue_page(
    drafts: Drafts,
    rows: Iterable[IssueRow],
    form: IssueForm,
    *,
    refused: BatchRefused | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    page = render_template("tasks/issue.html", drafts=drafts, rows=list(rows), form=form, refused=refused)
    return page, status
