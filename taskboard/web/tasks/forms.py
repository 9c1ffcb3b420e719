"""Forms of a task's page, one for each act, and of the page on which drafts are issued."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, Field, HiddenField, SelectField, SelectMultipleField
from wtforms import Form as PlainForm
from wtforms.validators import NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from taskboard.domain.decomposition import RollUp
from taskboard.domain.errors import DomainError, Invalid, Stale
from taskboard.domain.imports import split_names
from taskboard.domain.workflow import AssignmentState, Closure, PastDeadline, Verification
from taskboard.labels.errors import problem_words, wording
from taskboard.services.drafts import Draft
from taskboard.services.issuing import IssueOrder
from taskboard.services.tasks import Branch, TaskDetail
from taskboard.web.forms import (
    DayField,
    EnumField,
    Form,
    IdField,
    LineField,
    MaxLength,
    PercentField,
    Required,
    TextField,
    VersionedForm,
    VersionField,
    choices,
    chosen_id,
)
from taskboard.web.typed import read_figure
from taskboard.web.uploads import chosen

LONGEST_TEXT = 5000
LONGEST_REASON = 1000
LONGEST_NAME = 200


class ActForm(Form):
    """The form of one act; without fields of its own it is a button.

    ``place`` keeps the ids of the fields apart where several forms stand on one page; the names stay plain.
    """

    def __init__(self, place: str = "", **more: Any) -> None:
        super().__init__(**more)
        self.place = place
        if place:
            self.keep_apart(place)

    def fill_in(self, task: TaskDetail, branch: Branch | None) -> None:
        """Show what is known before anybody typed."""

    def take_over(self, task: TaskDetail, branch: Branch | None) -> None:
        """After a conflict: go by what is shown now, so that sending again is a decision and not a refusal."""

    def values(self) -> dict[str, Any]:
        """What the service is called with."""
        return {}


class DecisionForm(ActForm, VersionedForm):
    """An act that decides about what the person saw, and nothing else."""

    def fill_in(self, task: TaskDetail, branch: Branch | None) -> None:
        self.version.data = branch.version if branch else task.version

    def take_over(self, task: TaskDetail, branch: Branch | None) -> None:
        self.show_version(branch.version if branch else task.version)

    def values(self) -> dict[str, Any]:
        # None where no version came; 0, which no row has, where it was not a number.
        return {"version": self.known_version if self.version.raw_data else None}


class FiguresField(Field):
    """What was reached of the task's targets: one input each, named ``figure-`` and the target's id."""

    data: dict[int, float]

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        self.process_errors, self.data, self.typed = [], {}, {}
        for name in formdata or ():
            sent = formdata.get(name)
            target_id = chosen_id(name.removeprefix("figure-"))
            # A file may have been sent under any name.
            text = sent.strip() if isinstance(sent, str) else ""
            if not name.startswith("figure-") or not text or not target_id:
                continue
            self.typed[target_id] = text
            try:
                figure = read_figure(text)
            except ValueError:
                self.process_errors.append("指标的实际值请填数字。")
            else:
                if figure is not None:
                    self.data[target_id] = figure


class EvidenceForm(ActForm):
    """An act that may bring files along."""

    files = MultipleFileField("佐证材料（可不附）")

    def ask_for_files_again(self) -> None:
        """A form that comes back has lost its files: no browser fills them in."""
        if chosen(self.files):
            self.files.errors = [*self.files.errors, "文件没有上传，请重新选择。"]


class ReportForm(EvidenceForm):
    figures = FiguresField("指标实际值")
    done = TextField("进展情况", [Required("请填写进展情况；没有变化时请点“无变化”。"), MaxLength(LONGEST_TEXT)])
    percent = PercentField("完成比例（%）", [Optional(), NumberRange(0, 100, "请填 0 到 100 的整数。")])
    why_lower = TextField("比例比上次低的原因", [MaxLength(LONGEST_REASON)])
    problems = TextField("存在问题", [MaxLength(LONGEST_TEXT)])
    next_step = TextField("下一步安排", [MaxLength(LONGEST_TEXT)])
    help_needed = TextField("需协调事项", [MaxLength(LONGEST_TEXT)])

    def fill_in(self, task: TaskDetail, branch: Branch | None) -> None:
        progress = _progress(task, branch)
        is_known = progress is not None and progress.percent is not None
        self.percent.data = progress.percent if progress and is_known else (branch.percent if branch else None)

    def values(self) -> dict[str, Any]:
        return {
            "done": self.done.data or "",
            "percent": self.percent.data,
            "why_lower": self.why_lower.data or "",
            "problems": self.problems.data or "",
            "next_step": self.next_step.data or "",
            "help_needed": self.help_needed.data or "",
            "figures": self.figures.data,
        }


class DispatchForm(DecisionForm):
    officer_id = SelectField("承办人", coerce=chosen_id, validate_choice=False)

    def fill_in(self, task: TaskDetail, branch: Branch | None) -> None:
        super().fill_in(task, branch)
        self.officer_id.data = branch.officer_id if branch else None

    def offer(self, officers: Iterable[tuple[int, str]]) -> None:
        """Put these people up for choice."""
        self.officer_id.choices = choices([("", "不指定"), *((str(number), name) for number, name in officers)])

    def values(self) -> dict[str, Any]:
        return {**super().values(), "officer_id": self.officer_id.data}


def _progress(task: TaskDetail, branch: Branch | None) -> RollUp | None:
    """How far the sub-tasks of this branch are, where there are any."""
    return task.subtasks.progress.get(branch.id) if task.subtasks and branch else None


class SubmitForm(EvidenceForm):
    statement = TextField("办结情况", [MaxLength(LONGEST_TEXT)])
    why_without_partners = TextField("不等配合单位的原因", [MaxLength(LONGEST_REASON)])
    why_without_subtasks = TextField("不等分解任务的原因", [MaxLength(LONGEST_REASON)])

    def fit(self, task: TaskDetail, branch: Branch | None) -> None:
        """Ask about sub-tasks only who has some."""
        if _progress(task, branch) is None:
            del self.why_without_subtasks

    def values(self) -> dict[str, Any]:
        why = self.why_without_subtasks.data if "why_without_subtasks" in self else None
        return {
            "statement": self.statement.data or "",
            "why_without_partners": self.why_without_partners.data or "",
            "why_without_subtasks": why or "",
        }


class ReasonForm(DecisionForm):
    reason = TextField("原因", [Required("请填写原因。"), MaxLength(LONGEST_REASON)])

    def values(self) -> dict[str, Any]:
        return {**super().values(), "reason": self.reason.data or ""}


class ReturnForm(ReasonForm):
    correct_by = DayField("改正时限")

    def values(self) -> dict[str, Any]:
        return {**super().values(), "correct_by": self.correct_by.data}


class CloseForm(DecisionForm):
    closure = EnumField("办理结果", Closure, blank="请选择", validators=[Required("请选择办理结果。")])
    verification = EnumField("核查情况", Verification, blank="请选择", validators=[Required("请选择核查情况。")])
    not_owing = SelectMultipleField(
        "免予报送的单位",
        coerce=chosen_id,
        choices=(),
        validate_choice=False,
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    remark = TextField("说明", [MaxLength(LONGEST_REASON)])

    def offer(self, branches: Iterable[Branch]) -> None:
        """Name the branches that would still be open."""
        self.not_owing.choices = choices((str(one.id), one.department) for one in branches)

    def values(self) -> dict[str, Any]:
        return {
            **super().values(),
            "closure": self.closure.data,
            "verification": self.verification.data,
            "remark": self.remark.data or "",
            "branch_ends": dict.fromkeys(self.not_owing.data or (), AssignmentState.WAIVED),
        }


class ObjectForm(ReasonForm):
    proposed_department = LineField("建议改由哪个单位承担", [MaxLength(LONGEST_NAME)])

    def values(self) -> dict[str, Any]:
        return {**super().values(), "proposed_department": self.proposed_department.data or ""}


class UpholdForm(ReasonForm):
    department = LineField("改由哪个单位承担", [MaxLength(LONGEST_NAME)])
    due_on = DayField("新的时限")

    def fill_in(self, task: TaskDetail, branch: Branch | None) -> None:
        super().fill_in(task, branch)
        self.department.data = branch.objection.proposed if branch and branch.objection else ""

    def values(self) -> dict[str, Any]:
        return {**super().values(), "department": self.department.data or "", "due_on": self.due_on.data}


class AskExtensionForm(ReasonForm):
    asked_due_on = DayField("申请延到", [Required("请填写申请延到的日期。")])
    progress = TextField("目前进展", [Required("请填写目前进展。"), MaxLength(LONGEST_TEXT)])

    def values(self) -> dict[str, Any]:
        return {
            **super().values(),
            "asked_due_on": self.asked_due_on.day,
            "progress": self.progress.data or "",
        }


class GrantExtensionForm(DecisionForm):
    due_on = DayField("同意延到", [Required("请填写同意延到的日期。")])
    reason = TextField("审批意见", [MaxLength(LONGEST_REASON)])

    def fill_in(self, task: TaskDetail, branch: Branch | None) -> None:
        super().fill_in(task, branch)
        self.due_on.data = branch.extension.asked_due_on if branch and branch.extension else None

    def values(self) -> dict[str, Any]:
        return {**super().values(), "due_on": self.due_on.day, "reason": self.reason.data or ""}


class BringForwardForm(DecisionForm):
    due_on = DayField("配合单位的时限", [Required("请填写配合单位的时限。")])
    reason = TextField("说明", [MaxLength(LONGEST_REASON)])

    def fill_in(self, task: TaskDetail, branch: Branch | None) -> None:
        super().fill_in(task, branch)
        self.due_on.data = branch.due_on if branch else None

    def values(self) -> dict[str, Any]:
        return {**super().values(), "due_on": self.due_on.day, "reason": self.reason.data or ""}


class SuspendForm(ReasonForm):
    review_on = DayField("复核日期", [Required("请填写复核日期。")])

    def values(self) -> dict[str, Any]:
        return {**super().values(), "review_on": self.review_on.day}


class ReopenForm(ReasonForm):
    due_on = DayField("新的时限", [Required("请填写新的时限。")])

    def values(self) -> dict[str, Any]:
        return {**super().values(), "due_on": self.due_on.day}


class CorrectDeadlineForm(DecisionForm):
    due_on = DayField("新的时限")
    is_ongoing = BooleanField("改为长期坚持，不设时限")
    reason = TextField("原因", [MaxLength(LONGEST_REASON)])

    def values(self) -> dict[str, Any]:
        return {
            **super().values(),
            "due_on": self.due_on.data,
            "is_ongoing": self.is_ongoing.data,
            "reason": self.reason.data or "",
        }


class CorrectDepartmentsForm(DecisionForm):
    lead = LineField("牵头单位", [Required("请填写牵头单位。"), MaxLength(LONGEST_TEXT)])
    partners = LineField("配合单位", [MaxLength(LONGEST_TEXT)])
    reason = TextField("原因", [MaxLength(LONGEST_REASON)])
    """once the task is issued"""

    def fill_in(self, task: TaskDetail, branch: Branch | None) -> None:
        super().fill_in(task, branch)
        self.lead.data = "、".join(one.department for one in task.leads)
        self.partners.data = "、".join(one.department for one in task.partners)

    def values(self) -> dict[str, Any]:
        return {
            **super().values(),
            "lead": split_names(self.lead.data or ""),
            "partners": split_names(self.partners.data or ""),
            "reason": self.reason.data or "",
        }


class ExpandForm(DecisionForm):
    """A button: the members of a collective unit take its place on the draft."""


class ExpandIssuedForm(ExpandForm, ReasonForm):
    """The same after the issue, which needs a reason."""


# Issuing drafts


class Choice(StrEnum):
    """What is to become of a draft's deadline."""

    KEEP = "keep"
    NEW_DATE = "new_date"
    ONGOING = "ongoing"
    KEEP_AS_LATE = "keep_as_late"
    RECORD = "record"


CHOICES = {
    Choice.KEEP: "按此时限",
    Choice.NEW_DATE: "另定时限",
    Choice.ONGOING: "长期坚持",
    Choice.KEEP_AS_LATE: "按逾期办理",
    Choice.RECORD: "作历史记录，不再办理",
}


def choices_for(draft: Draft) -> list[tuple[str, str]]:
    """What can become of this draft's deadline; one that is missing or past must be decided upon."""
    if not draft.has_deadline:
        offered = [Choice.NEW_DATE, Choice.ONGOING]
    elif draft.is_past:
        offered = [Choice.KEEP_AS_LATE, Choice.NEW_DATE, Choice.RECORD, Choice.ONGOING]
    else:
        return [(one.value, CHOICES[one]) for one in (Choice.KEEP, Choice.NEW_DATE, Choice.ONGOING)]
    return [("", "请选择"), *((one.value, CHOICES[one]) for one in offered)]


class IssueForm(Form):
    """What the rows share: the token against forgery."""


class IssueRow(PlainForm):
    """One draft on the page where drafts are issued."""

    task_id = IdField()
    version = VersionField()
    choice = SelectField("时限处理", validate_choice=False)
    due_on = DayField("新的时限")
    confirms_lead = BooleanField("确认牵头单位无误")
    problem = HiddenField()

    @classmethod
    def of(cls, draft: Draft, formdata: Any = None) -> IssueRow:
        """The row of this draft as it was sent, or as it stands where it was not."""
        row = cls(formdata, prefix=f"task-{draft.id}-")
        row.draft = draft
        row.task_id.data = draft.id
        if row.version.data is None:
            row.version.data = draft.version
        row.choice.choices = choices(choices_for(draft))
        return row

    draft: Draft

    def order(self) -> IssueOrder:
        """What was decided. A day that was typed is meant, whatever the choice beside it still says."""
        chosen = self.choice.data
        decided = {Choice.KEEP_AS_LATE: PastDeadline.KEEP_AS_LATE, Choice.RECORD: PastDeadline.RECORD}
        wants_new_day = chosen == Choice.NEW_DATE
        return IssueOrder(
            task_id=self.draft.id,
            due_on=self.due_on.data if wants_new_day or not chosen or chosen == Choice.KEEP else None,
            is_ongoing=chosen == Choice.ONGOING,
            past_deadline=PastDeadline.NEW_DATE if wants_new_day else decided.get(chosen),
            confirms_lead=self.confirms_lead.data,
            version=self.version.data,
        )

    def show_problem(self, error: DomainError) -> None:
        """Say beside the row, or beside its field, why it cannot be issued so."""
        words = problem_words(error) if isinstance(error, Invalid) else wording(error).advice
        field = {"due_on": self.due_on, "past_deadline": self.choice}.get(getattr(error, "field", ""), self.problem)
        if getattr(error, "problem", "") == "lead_unconfirmed":
            field = self.confirms_lead
        field.errors = [*field.errors, words]
        if isinstance(error, Stale):
            self.version.data = self.draft.version
