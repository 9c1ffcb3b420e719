"""Instructions: the list, one with its replies, and the form to write one about a task or a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.errors import Invalid, NotAllowed, Stale
from taskboard.domain.history import Change
from taskboard.domain.instructions import REPLY_WORKING_DAYS
from taskboard.domain.roles import Role
from taskboard.extensions import now, read_session, today, transaction
from taskboard.models import HistoryEntry
from taskboard.services import instruction_views, instructions, plans, tasks
from taskboard.services.cases import Acting
from taskboard.services.instruction_views import InstructionView
from taskboard.web.forms import Form, VersionedForm, page_number
from taskboard.web.guards import current_actor, requires
from taskboard.web.instructions.forms import AcceptForm, InstructionForm, ReplyForm, ReturnForm, WithdrawForm
from taskboard.web.once import current_calendar

ENTRANCE = "web"
FormKey = tuple[str, int]
"""what is done, and the duty it is done to"""

blueprint = Blueprint("instructions", __name__)


@blueprint.app_context_processor
def share_with_pages() -> dict[str, object]:
    return {"task_instructions": _of_task, "plan_instructions": _of_plan, "may_instruct_on_task": _may_on_task}


def _of_task(task_id: int) -> list[InstructionView]:
    return instruction_views.list_task_instructions(read_session(), task_id, current_actor(), today=today())


def _of_plan(plan_id: int) -> tuple[list[InstructionView], bool]:
    session, actor = read_session(), current_actor()
    found = instruction_views.list_plan_instructions(session, plan_id, actor, today=today())
    return found, instructions.may_instruct_on_plan(session, plan_id, actor)


def _may_on_task(task_id: int) -> bool:
    return instructions.may_instruct_on_task(read_session(), task_id, current_actor())


@blueprint.get("/instructions")
@requires(Role.LEADER, Role.SUPERVISOR, Role.HEAD, Role.LIAISON)
def instruction_list() -> ResponseReturnValue:
    is_unsettled = request.args.get("show") != "all"
    page = instruction_views.list_instructions(
        read_session(), current_actor(), today=today(), is_unsettled=is_unsettled, number=page_number()
    )
    return render_template("instructions/list.html", page=page, is_unsettled=is_unsettled)


@blueprint.get("/instructions/<int:instruction_id>")
def instruction(instruction_id: int) -> ResponseReturnValue:
    return _page(_load(instruction_id))


# Writing one


@blueprint.route("/tasks/<int:task_id>/instructions/new", methods=["GET", "POST"])
def on_task(task_id: int) -> ResponseReturnValue:
    session = read_session()
    shown = tasks.get_task(session, task_id, current_actor(), today=today(), calendar=current_calendar())
    if not _may_on_task(task_id):
        raise NotAllowed(act=Change.INSTRUCTED)
    leads = [one.department for one in shown.leads]
    back = url_for("tasks.task", task_id=task_id)
    return _write(instructions.instruct_on_task, task_id, title=shown.title, body=shown.body, leads=leads, back=back)


@blueprint.route("/plans/<int:plan_id>/instructions/new", methods=["GET", "POST"])
def on_plan(plan_id: int) -> ResponseReturnValue:
    session = read_session()
    shown = plans.get_plan(session, plan_id, current_actor(), today=today(), calendar=current_calendar())
    if not instructions.may_instruct_on_plan(session, plan_id, current_actor()):
        raise NotAllowed(act=Change.INSTRUCTED)
    back = url_for("plans.plan", plan_id=plan_id)
    return _write(instructions.instruct_on_plan, plan_id, title=shown.title, body=shown.body, leads=[], back=back)


def _write(service: Callable[..., HistoryEntry], subject_id: int, **about: Any) -> ResponseReturnValue:
    form = InstructionForm()
    status = 200
    if request.method == "GET":
        form.reply_due_on.data = current_calendar().add(today(), REPLY_WORKING_DAYS)
        form.to_leads.data = True
    else:
        status = 422
        try:
            if form.validate():
                with transaction() as session:
                    service(session, subject_id, form.wish(), **_by(form))
                flash("批示已发出，已通知回复单位。", "success")
                return redirect(about["back"], 303)
        except Invalid as error:
            form.show_problem(error)
    return render_template("instructions/new.html", form=form, **about), status


# Taking one back


@blueprint.post("/instructions/<int:instruction_id>/withdraw")
def withdraw(instruction_id: int) -> ResponseReturnValue:
    shown = _load(instruction_id)
    form = WithdrawForm()
    try:
        # Who may not is told so by the service, whatever the form says.
        if form.validate() or not shown.may_withdraw:
            with transaction() as session:
                instructions.withdraw_instruction(session, instruction_id, reason=form.reason.data or "", **_by(form))
            flash("批示已撤回，已通知应回复的单位。", "success")
            return redirect(url_for("instructions.instruction", instruction_id=instruction_id), 303)
    except Invalid as error:
        form.show_problem(error)
    return _page(_load(instruction_id), withdrawal=form, status=422)


# Replies


@dataclass(frozen=True)
class Offer:
    """What may be done to a reply that is owed or given."""

    slug: str
    act: Change
    form: type[Form]
    service: Callable[..., HistoryEntry]
    done: str


REPLY = Offer("reply", Change.INSTRUCTION_REPLIED, ReplyForm, instructions.reply, "已回复。")
ACCEPT = Offer("accept", Change.INSTRUCTION_ACCEPTED, AcceptForm, instructions.accept_reply, "已认可。")
RETURN = Offer("return", Change.INSTRUCTION_RETURNED, ReturnForm, instructions.return_reply, "已退回，请对方重新回复。")


@blueprint.post("/instructions/<int:instruction_id>/duties/<int:duty_id>/reply")
def reply(instruction_id: int, duty_id: int) -> ResponseReturnValue:
    return _act(REPLY, instruction_id, duty_id)


@blueprint.post("/instructions/<int:instruction_id>/duties/<int:duty_id>/accept")
def accept(instruction_id: int, duty_id: int) -> ResponseReturnValue:
    return _act(ACCEPT, instruction_id, duty_id)


@blueprint.post("/instructions/<int:instruction_id>/duties/<int:duty_id>/return")
def return_(instruction_id: int, duty_id: int) -> ResponseReturnValue:
    return _act(RETURN, instruction_id, duty_id)


def _act(offer: Offer, instruction_id: int, duty_id: int) -> ResponseReturnValue:
    """Do what the form asks for; a form that is refused comes back as it was typed."""
    _load(instruction_id).find_duty(duty_id)
    instructions.check_permission(read_session(), duty_id, offer.act, current_actor(), today=today())
    form = offer.form()
    values = {name: form[name].data or "" for name in ("text", "reason") if name in form}
    if isinstance(form, ReturnForm):
        values["reply_due_on"] = form.reply_due_on.data
    by = _by(form)
    if isinstance(form, VersionedForm):
        by["version"] = form.known_version if form.version.raw_data else None
    status = 422
    try:
        if form.validate():
            with transaction() as session:
                offer.service(session, duty_id, **values, **by)
            flash(offer.done, "success")
            return redirect(url_for("instructions.instruction", instruction_id=instruction_id), 303)
    except Invalid as error:
        form.show_problem(error)
    except Stale:
        status = 409
        flash("没有保存：您打开页面之后，有人办理过这件事。请对照下面的最新内容再操作。", "warning")
        if isinstance(form, VersionedForm):
            form.show_version(_load(instruction_id).find_duty(duty_id).version)
    return _page(_load(instruction_id), {(offer.slug, duty_id): form}, status=status)


def _page(
    shown: InstructionView,
    sent: Mapping[FormKey, Form] | None = None,
    *,
    withdrawal: Form | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    forms: dict[FormKey, Form] = dict(sent or {})
    for duty in shown.duties:
        if duty.may_reply:
            forms.setdefault(("reply", duty.id), ReplyForm(formdata=None))
        if duty.may_decide:
            accepting, returning = AcceptForm(formdata=None), ReturnForm(formdata=None)
            accepting.version.data = returning.version.data = duty.version
            returning.reply_due_on.data = current_calendar().add(today(), REPLY_WORKING_DAYS)
            forms.setdefault(("accept", duty.id), accepting)
            forms.setdefault(("return", duty.id), returning)
    for (slug, duty_id), form in forms.items():
        form.keep_apart(f"{slug}-{duty_id}")
    if withdrawal is None and shown.may_withdraw:
        withdrawal = WithdrawForm(formdata=None)
    page = render_template("instructions/instruction.html", instruction=shown, forms=forms, withdrawal=withdrawal)
    return page, status


def _load(instruction_id: int) -> InstructionView:
    return instruction_views.get_instruction(read_session(), instruction_id, current_actor(), today=today())


def _by(form: Form) -> Acting:
    return {"actor": current_actor(), "now": now(), "entrance": ENTRANCE, "request_key": form.request_key.data}
