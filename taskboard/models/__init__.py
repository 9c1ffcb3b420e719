"""Mapped classes, one module per subject."""

from taskboard.models.absence import PersonAbsence
from taskboard.models.attachment import Attachment
from taskboard.models.base import Base
from taskboard.models.calendar import CalendarDay, CalendarYear
from taskboard.models.department import (
    Department,
    DepartmentMember,
    DepartmentName,
    DepartmentRenaming,
    DepartmentSuccession,
    DepartmentSuccessor,
    DirectoryUpload,
    SuccessionWork,
)
from taskboard.models.extension import Extension
from taskboard.models.help_request import CoordinationMeeting, HelpRequest
from taskboard.models.history import HistoryEntry, HistorySeal
from taskboard.models.instruction import Instruction, InstructionDuty, InstructionReply
from taskboard.models.job import JobRun, SchedulerEvent, SchedulerLease
from taskboard.models.kept_form import KeptForm
from taskboard.models.mail import MailAddress, MailGate, OutboxMessage, Reminder, ReminderSnooze, ReplyReminder
from taskboard.models.objection import Objection
from taskboard.models.order import OrderSeries, SupervisionOrder
from taskboard.models.period import HandLight, PeriodReport, PlannedValue, ReportFigure
from taskboard.models.person import AccountLink, FailedSignIn, Person, PersonPost, PortfolioItem, ResetRequest
from taskboard.models.plan import ImportDraft, Measure, Plan, PlanDefaultDepartment, PlanSource
from taskboard.models.robot import Robot, RobotMessage
from taskboard.models.roundup import Roundup
from taskboard.models.scan import Scan
from taskboard.models.setting import Setting, SetupDraft
from taskboard.models.target import TaskTarget
from taskboard.models.task import Assignment, ProgressReport, Task, TaskLineage

__all__ = [
    "AccountLink",
    "Assignment",
    "Attachment",
    "Base",
    "CalendarDay",
    "CalendarYear",
    "CoordinationMeeting",
    "Department",
    "DepartmentMember",
    "DepartmentName",
    "DepartmentRenaming",
    "DepartmentSuccession",
    "DepartmentSuccessor",
    "DirectoryUpload",
    "Extension",
    "FailedSignIn",
    "HandLight",
    "HelpRequest",
    "HistoryEntry",
    "HistorySeal",
    "ImportDraft",
    "Instruction",
    "InstructionDuty",
    "InstructionReply",
    "JobRun",
    "KeptForm",
    "MailAddress",
    "MailGate",
    "Measure",
    "Objection",
    "OrderSeries",
    "OutboxMessage",
    "PeriodReport",
    "Person",
    "PersonAbsence",
    "PersonPost",
    "Plan",
    "PlanDefaultDepartment",
    "PlanSource",
    "PlannedValue",
    "PortfolioItem",
    "ProgressReport",
    "Reminder",
    "ReminderSnooze",
    "ReplyReminder",
    "ReportFigure",
    "ResetRequest",
    "Robot",
    "RobotMessage",
    "Roundup",
    "Scan",
    "SchedulerEvent",
    "SchedulerLease",
    "Setting",
    "SetupDraft",
    "SuccessionWork",
    "SupervisionOrder",
    "Task",
    "TaskLineage",
    "TaskTarget",
]
