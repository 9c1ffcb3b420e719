"""What a task's page offers: for each act its address, its form and the service that carries it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from taskboard.domain.workflow import Act, TaskState
from taskboard.models import HistoryEntry
from taskboard.services import assignment_acts, corrections, extensions, hand_lights, objections, reports, task_acts
from taskboard.web.tasks.forms import (
    ActForm,
    AskExtensionForm,
    BringForwardForm,
    CloseForm,
    CorrectDeadlineForm,
    CorrectDepartmentsForm,
    DecisionForm,
    DispatchForm,
    GrantExtensionForm,
    ObjectForm,
    ReasonForm,
    ReopenForm,
    ReportForm,
    ReturnForm,
    SubmitForm,
    SuspendForm,
    UpholdForm,
)


@dataclass(frozen=True)
class Offer:
    """One act: ``slug`` ends its address, ``done`` is said when it was carried out.

    ``states`` narrows down where the page offers it, when its form is not for all that the act is for.
    """

    slug: str
    act: Act
    form: type[ActForm]
    service: Callable[..., HistoryEntry]
    done: str
    states: frozenset[TaskState] = frozenset(TaskState)


ON_BRANCH = (
    Offer("acknowledge", Act.ACKNOWLEDGE, ActForm, assignment_acts.acknowledge, "已签收。"),
    Offer("report", Act.REPORT, ReportForm, reports.report_progress, "已反馈进展。"),
    Offer("no-change", Act.REPORT, ActForm, reports.report_no_change, "已反馈：无变化。"),
    Offer("set-red", Act.SET_RED, ReasonForm, hand_lights.set_red, "已亮红灯，三十天后自动解除。"),
    Offer("lift-red", Act.LIFT_RED, ActForm, hand_lights.lift_red, "已解除人工红灯。"),
    Offer("dispatch", Act.DISPATCH, DispatchForm, assignment_acts.dispatch, "已指定承办人。"),
    Offer("submit", Act.SUBMIT, SubmitForm, assignment_acts.submit, "已申请办结。"),
    Offer("sign-off", Act.SIGN_OFF, DecisionForm, assignment_acts.sign_off, "已审签报送。"),
    Offer("return-inside", Act.RETURN_INSIDE, ReasonForm, assignment_acts.return_inside, "已退回修改。"),
    Offer("withdraw", Act.WITHDRAW, ActForm, assignment_acts.withdraw, "已撤回。"),
    Offer("accept", Act.ACCEPT_SUBMISSION, DecisionForm, assignment_acts.accept_submission, "已采纳配合单位的报送。"),
    Offer(
        "return-submission", Act.RETURN_SUBMISSION, ReturnForm, assignment_acts.return_submission, "已退回配合单位。"
    ),
    Offer("object", Act.OBJECT, ObjectForm, objections.raise_objection, "已提出异议，等待裁定。"),
    Offer("refuse-objection", Act.REFUSE_OBJECTION, ReasonForm, objections.refuse_objection, "已驳回异议。"),
    Offer("uphold-objection", Act.UPHOLD_OBJECTION, UpholdForm, objections.uphold_objection, "已采纳异议。"),
    Offer("ask-extension", Act.ASK_EXTENSION, AskExtensionForm, extensions.ask_extension, "已申请延期，等待审批。"),
    Offer("grant-extension", Act.GRANT_EXTENSION, GrantExtensionForm, extensions.grant_extension, "已同意延期。"),
    Offer("refuse-extension", Act.REFUSE_EXTENSION, ReasonForm, extensions.refuse_extension, "已答复：不同意延期。"),
    Offer(
        "bring-forward", Act.BRING_FORWARD, BringForwardForm, assignment_acts.bring_forward, "已设定配合单位的时限。"
    ),
)

ON_TASK = (
    Offer("close", Act.CLOSE, CloseForm, task_acts.close, "已销号。"),
    Offer("return", Act.RETURN, ReturnForm, task_acts.return_task, "已退回牵头单位。"),
    Offer("correct-deadline", Act.CORRECT, CorrectDeadlineForm, task_acts.correct_deadline, "已调整时限。"),
    Offer("correct-departments", Act.CORRECT, CorrectDepartmentsForm, corrections.name_departments, "已调整责任单位。"),
    Offer("suspend", Act.SUSPEND, SuspendForm, task_acts.suspend, "已中止。"),
    Offer("resume", Act.RESUME, DecisionForm, task_acts.resume, "已恢复办理，时限按中止天数顺延。"),
    Offer("terminate", Act.TERMINATE, ReasonForm, task_acts.terminate, "已终止。"),
    Offer("reopen", Act.REOPEN, ReopenForm, task_acts.reopen, "已复查重启。"),
    Offer("archive", Act.ARCHIVE, DecisionForm, task_acts.archive, "已归档。"),
    Offer("unarchive", Act.UNARCHIVE, DecisionForm, task_acts.unarchive, "已取消归档。"),
)
