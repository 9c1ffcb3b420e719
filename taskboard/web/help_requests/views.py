"""Requests for help: the queue with its meetings, one request with what can be done to it, one meeting's agenda."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.errors import Invalid, Stale
from taskboard.domain.help_requests import HelpState
from taskboard.domain.history import Change
from taskboard.domain.roles import Role
from taskboard.extensions import now, read_session, today, transaction
from taskboard.models import HistoryEntry
from taskboard.services import help_requests, meetings
from taskboard.services.cases import Acting
from taskboard.services.help_requests import HelpRow
from taskboard.services.meetings import MeetingRow
from taskboard.web.forms import Form, VersionedForm, choices
from taskboard.web.guards import current_actor, requires
from taskboard.web.help_requests.forms import DecideForm, EndForm, FinishForm, MeetingForm, WithdrawForm

ENTRANCE = "web"

blueprint = Blueprint("help_requests", __name__)


@blueprint.app_context_processor
def share_with_task_pages() -> dict[str, object]:
    return {"task_help_requests": _of_task}


def _of_task(task_id: int) -> list[HelpRow]:
    return help_requests.list_task_requests(read_session(), task_id, current_actor(), today=today())


# The queue and the meetings


@blueprint.get("/help-requests")
@requires(Role.SUPERVISOR, Role.LEADER, Role.AUDITOR)
def queue() -> ResponseReturnValue:
    return _queue(MeetingForm(formdata=None))


def _queue(form: MeetingForm, *, status: int = 200) -> ResponseReturnValue:
    session, actor = read_session(), current_actor()
    bodies = meetings.list_bodies(session, actor)
    form.body_id.choices = choices((str(number), name) for number, name in bodies)
    page = render_template(
        "help_requests/queue.html",
        waiting=help_requests.list_requests(session, actor, HelpState.OPEN, today=today()),
        decided=help_requests.list_requests(session, actor, HelpState.DECIDED, today=today()),
        meetings=meetings.list_meetings(session, actor, today=today()),
        form=form if bodies else None,
        has_bodies=len(bodies) > 1,
    )
    return page, status


@blueprint.get("/coordination-meetings")
@requires(Role.SUPERVISOR, Role.LEADER, Role.AUDITOR)
def meeting_list() -> ResponseReturnValue:
    """Meetings are listed beside the queue; this is their address on a page that came back, and in addresses of one."""
    return redirect(url_for("help_requests.queue", _anchor="meetings"))


@blueprint.post("/coordination-meetings")
@requires(Role.SUPERVISOR)
def plan_meeting() -> ResponseReturnValue:
    form = MeetingForm()
    bodies = meetings.list_bodies(read_session(), current_actor())
    # Where there is one body only, nobody is asked for it.
    body_id = form.body_id.data if len(bodies) > 1 else bodies[0][0]
    try:
        if form.validate():
            with transaction() as session:
                entry = meetings.plan_meeting(
                    session,
                    body_id=body_id or 0,
                    title=form.title.data or "",
                    held_on=form.held_on.day,
                    **_by(form),
                )
                meeting_id = entry.subject_id
            flash("已安排联席会议。", "success")
            return redirect(url_for("help_requests.meeting", meeting_id=meeting_id), 303)
    except Invalid as error:
        form.show_problem(error)
    return _queue(form, status=422)


@blueprint.get("/coordination-meetings/<int:meeting_id>")
def meeting(meeting_id: int) -> ResponseReturnValue:
    session, actor = read_session(), current_actor()
    shown = meetings.get_meeting(session, meeting_id, actor, today=today())
    agenda = help_requests.list_agenda(session, shown.body_path, actor, today=today()) if not shown.ended_at else []
    forms: dict[int, Form] = {}
    if shown.may_decide:
        forms = {one.id: _decide_form(one, [shown], meeting_id) for one in agenda if one.may_decide}
    return render_template(
        "help_requests/meeting.html",
        meeting=shown,
        agenda=agenda,
        decided=help_requests.list_decided_at(session, meeting_id, actor, today=today()),
        forms=forms,
        end_form=EndForm(formdata=None),
    )


@blueprint.post("/coordination-meetings/<int:meeting_id>/end")
def end_meeting(meeting_id: int) -> ResponseReturnValue:
    form = EndForm()
    with transaction() as session:
        meetings.end_meeting(session, meeting_id, **_by(form))
    flash("会议已结束；没有议定的事项留给下一次会议。", "success")
    return redirect(url_for("help_requests.meeting", meeting_id=meeting_id), 303)


# One request


@blueprint.get("/help-requests/<int:request_id>")
def help_request(request_id: int) -> ResponseReturnValue:
    return _page(_load(request_id))


@blueprint.post("/help-requests/<int:request_id>/decide")
def decide(request_id: int) -> ResponseReturnValue:
    form = DecideForm()

    def service(session: Any, number: int, **by: Any) -> HistoryEntry:
        return help_requests.decide(session, number, form.decided(), **by)

    back = None
    if request.args.get("from") == "meeting" and form.meeting_id.data:
        back = url_for("help_requests.meeting", meeting_id=form.meeting_id.data)
    return _act("decide", request_id, form, service, back=back)


@blueprint.post("/help-requests/<int:request_id>/done")
def finish(request_id: int) -> ResponseReturnValue:
    form = FinishForm()

    def service(session: Any, number: int, **by: Any) -> HistoryEntry:
        return help_requests.confirm_done(session, number, outcome=form.outcome.data or "", **by)

    return _act("finish", request_id, form, service)


@blueprint.post("/help-requests/<int:request_id>/withdraw")
def withdraw(request_id: int) -> ResponseReturnValue:
    form = WithdrawForm()

    def service(session: Any, number: int, **by: Any) -> HistoryEntry:
        return help_requests.withdraw(session, number, reason=form.reason.data or "", **by)

    return _act("withdraw", request_id, form, service)


DONE = {
    "decide": (Change.HELP_DECIDED, "已记录议定意见，并通知有关单位。"),
    "finish": (Change.HELP_DONE, "已确认落实。"),
    "withdraw": (Change.HELP_WITHDRAWN, "已撤销。"),
}
"""what is recorded, and what is said after it"""


def _act(
    slug: str,
    request_id: int,
    form: VersionedForm,
    service: Callable[..., HistoryEntry],
    *,
    back: str | None = None,
) -> ResponseReturnValue:
    """Do what the form asks for; a form that is refused comes back as it was typed."""
    act, done = DONE[slug]
    help_requests.check_permission(read_session(), request_id, act, current_actor(), today=today())
    status = 422
    try:
        if form.validate():
            by = _by(form)
            by["version"] = form.known_version if form.version.raw_data else None
            with transaction() as session:
                service(session, request_id, **by)
            flash(done, "success")
            return redirect(back or url_for("help_requests.help_request", request_id=request_id), 303)
    except Invalid as error:
        form.show_problem(error)
    except Stale:
        status = 409
        flash("没有保存：您打开页面之后，有人办理过这件事。请对照下面的最新内容再操作。", "warning")
        form.show_version(_load(request_id).version)
    return _page(_load(request_id), {slug: form}, status=status)


def _page(shown: HelpRow, sent: Mapping[str, Form] | None = None, *, status: int = 200) -> ResponseReturnValue:
    forms: dict[str, Form] = dict(sent or {})
    open_meetings = meetings.list_open_meetings(read_session(), current_actor(), shown.body_path, today=today())
    if shown.may_decide:
        forms.setdefault("decide", _decide_form(shown, open_meetings, None))
    if shown.may_finish:
        forms.setdefault("finish", _versioned(FinishForm(formdata=None), shown))
    if shown.may_withdraw:
        forms.setdefault("withdraw", _versioned(WithdrawForm(formdata=None), shown))
    if isinstance(forms.get("decide"), DecideForm):
        _offer(forms["decide"], open_meetings)
    page = render_template("help_requests/request.html", help=shown, forms=forms)
    return page, status


def _decide_form(shown: HelpRow, open_meetings: list[MeetingRow], meeting_id: int | None) -> DecideForm:
    form = DecideForm(formdata=None)
    form.version.data = shown.version
    _offer(form, open_meetings)
    form.decision.data, form.owner.data, form.act_by.data = shown.decision or "", shown.owner or "", shown.act_by
    form.meeting_id.data = meeting_id or shown.meeting_id
    form.keep_apart(f"request-{shown.id}")
    return form


def _offer(form: Form, open_meetings: list[MeetingRow]) -> None:
    if isinstance(form, DecideForm):
        form.offer(open_meetings)


def _versioned(form: VersionedForm, shown: HelpRow) -> VersionedForm:
    form.version.data = shown.version
    return form


def _load(request_id: int) -> HelpRow:
    return help_requests.get_help_request(read_session(), request_id, current_actor(), today=today())


def _by(form: Form) -> Acting:
    return {"actor": current_actor(), "now": now(), "entrance": ENTRANCE, "request_key": form.request_key.data}
