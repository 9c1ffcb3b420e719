"""A province with two cities, in each of which there is one of everything that the address of a page can name.

Trials walk all pages through it: :class:`City` says who works there and which ids its things have. The texts of a city
carry marks, so that what leaks can be found by looking for a word.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.history import Change, Subject
from taskboard.domain.instructions import Addressee
from taskboard.domain.jobs import JobName
from taskboard.domain.orders import OrderGround, OrderKind, OrderState
from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.domain.robots import RobotKind
from taskboard.domain.roles import Role
from taskboard.domain.roundups import RoundupKind
from taskboard.domain.scans import ScanState
from taskboard.domain.workflow import Act, AssignmentState, TaskState
from taskboard.models import (
    Assignment,
    Attachment,
    CoordinationMeeting,
    Department,
    DepartmentMember,
    DepartmentName,
    DepartmentRenaming,
    DirectoryUpload,
    Extension,
    HelpRequest,
    HistoryEntry,
    ImportDraft,
    Instruction,
    InstructionDuty,
    Objection,
    OutboxMessage,
    Person,
    PersonAbsence,
    PersonPost,
    Plan,
    PlanSource,
    PortfolioItem,
    ProgressReport,
    Robot,
    Roundup,
    Scan,
    SupervisionOrder,
    Task,
)
from taskboard.services import attachment_files, imports
from taskboard.services.decomposition import SubtaskOrder, decompose
from tests.support import factories
from tests.support.factories import LONG_AGO, NOW

Ids = dict[str, int | str]
DUE_ON = date(2026, 12, 31)
NO_FIGURES: dict[str, Any] = {
    "total": {"name": "", "open": 0, "overdue": 0, "due": 0, "on_time": 0},
    "tasks_issued": 0,
    "tasks_closed": 0,
    **{name: [] for name in ("departments", "plans", "overdue", "coming", "closed")},
}
OFFICE = {"supervisor": Role.SUPERVISOR, "leader": Role.LEADER, "auditor": Role.AUDITOR}
SECTIONS = ("north", "south")
DEPARTMENT = {"head": Role.HEAD, "liaison": Role.LIAISON, "officer": Role.OFFICER}


@dataclass
class City:
    """One city. ``marks`` are the words that stand in every text of its office, of its work, and of the neighbour's.

    ``people`` are named by place and role: ``"supervisor"``, ``"lead.head"``, ``"partner.officer"``.
    Lead and partner share a task; the other department of the city has work of its own and nothing to do with theirs.
    Below the lead stand two sections, north and south; between them it has split its part of a further task.
    """

    name: str
    people: dict[str, Person] = field(default_factory=dict)
    departments: dict[str, Department] = field(default_factory=dict)
    ids: Ids = field(default_factory=dict)
    """by the name that an address has for it"""
    tasks: list[Task] = field(default_factory=list)

    @property
    def marks(self) -> dict[str, str]:
        letters = {"office": "WJX", "work": "ZQX", "other": "VKX", "north": "NHX", "south": "SGX"}
        return {one: f"{letter}{self.name}7" for one, letter in letters.items()}


@dataclass(frozen=True)
class Province:
    own: City
    foreign: City
    administrator: Person
    stranger: Person
    """has an account and no post"""


def make_province(session: Session, instance_dir: Path) -> Province:
    """Both cities, flushed; the files of their attachments lie in the instance folder."""
    root = factories.make_department(session, "云泽省人民政府")
    administrator = factories.make_person(session, "孙管理", (Role.ADMINISTRATOR, root), username="sun")
    stranger = factories.make_person(session, "无职务", username="nobody")
    folder = instance_dir / attachment_files.FOLDER_NAME
    cities = [_make_city(session, name, root, administrator, folder) for name in ("A", "B")]
    return Province(*cities, administrator, stranger)


def _make_city(session: Session, name: str, root: Department, administrator: Person, folder: Path) -> City:
    city = City(name)
    marks = city.marks
    body = factories.make_department(session, f"{marks['office']}市人民政府", parent=root)
    city.departments["body"] = body
    for one, mark in (("lead", "work"), ("partner", "work"), ("other", "other")):
        city.departments[one] = factories.make_department(
            session, f"{marks[mark]}{one}局", parent=body, needs_sign_off=True
        )
        for post, role in DEPARTMENT.items():
            _add_person(session, city, f"{one}.{post}", marks[mark], (role, city.departments[one]))
    for one in SECTIONS:
        city.departments[one] = factories.make_department(session, f"{marks[one]}科", parent=city.departments["lead"])
        for post, role in DEPARTMENT.items():
            _add_person(session, city, f"{one}.{post}", marks[one], (role, city.departments[one]))
    for post, role in OFFICE.items():
        _add_person(session, city, post, marks["office"], (role, body))

    for one, mark in (("other", "other"), ("lead", "work")):
        partners = (city.departments["partner"],) if one == "lead" else ()
        plan = _make_plan(session, city, marks[mark])
        common: dict[str, Any] = {"mark": marks[mark], "lead": one, "partners": partners}
        made = {
            (state, own): _make_task(session, city, plan, **common, state=state, own=own) for state, own in SITUATIONS
        }
        running = made[TaskState.IN_PROGRESS, AssignmentState.IN_PROGRESS]
        submitted = made[TaskState.SUBMITTED, AssignmentState.SUBMITTED]
        _fill(session, city, running, mark=marks[mark], place=one, folder=folder)
        if one == "lead":
            _split(
                session,
                city,
                _make_task(session, city, plan, **common, state=SITUATIONS[0][0], own=SITUATIONS[0][1]),
                folder,
            )
        city.ids |= {
            "plan_id": plan.id,
            "task_id": running.id,
            "assignment_id": _branch(session, running, city.departments[one]).id,
            "submitted_task_id": submitted.id,
            "submitted_assignment_id": _branch(session, submitted, city.departments[one]).id,
        }
        if partners:
            city.ids["partner_assignment_id"] = _branch(session, running, partners[0]).id
    city.ids["year"] = NOW.year
    _fill_office(session, city, administrator)
    return city


SITUATIONS = (
    (TaskState.IN_PROGRESS, AssignmentState.IN_PROGRESS),
    (TaskState.ISSUED, AssignmentState.PENDING),
    (TaskState.IN_PROGRESS, AssignmentState.HEAD_REVIEW),
    (TaskState.IN_PROGRESS, AssignmentState.OBJECTED),
    (TaskState.SUBMITTED, AssignmentState.SUBMITTED),
    (TaskState.SUSPENDED, AssignmentState.IN_PROGRESS),
    (TaskState.CLOSED, AssignmentState.ACCEPTED),
    (TaskState.TERMINATED, AssignmentState.WITHDRAWN),
    (TaskState.DRAFT, AssignmentState.PENDING),
)


def _add_person(session: Session, city: City, place: str, mark: str, post: tuple[Role, Department]) -> None:
    username = f"{mark}.{place}".lower()
    person = factories.make_person(session, f"{mark}{place}某", post, username=username)
    person.email = f"{mark}.{place}@example.org"
    city.people[place] = person


def _make_plan(session: Session, city: City, mark: str) -> Plan:
    plan = factories.make_plan(
        session, body=city.departments["body"], imported_by=city.people["supervisor"], title=f"{mark}工作要点"
    )
    plan.source_name = f"{mark}.txt"
    plan.issuer, plan.document_number = f"{mark}办公室", f"{mark}〔2026〕1号"
    session.add(PlanSource(plan_id=plan.id, content=f"{mark}全文".encode(), blocks=[]))
    session.flush()
    return plan


def _make_task(
    session: Session,
    city: City,
    plan: Plan,
    *,
    mark: str,
    lead: str,
    partners: tuple[Department, ...],
    state: TaskState,
    own: AssignmentState,
) -> Task:
    task = factories.make_task(
        session,
        plan=plan,
        lead=city.departments[lead],
        partners=partners,
        state=state,
        assignment_state=own,
        due_on=DUE_ON if state is not TaskState.ISSUED else NOW.date() - timedelta(days=3),
        issued_at=NOW - timedelta(days=3) if state is TaskState.ISSUED else None,
        title=f"{mark}{state.value}任务",
    )
    for one in session.scalars(select(Assignment).where(Assignment.task_id == task.id)):
        place = next(key for key, department in city.departments.items() if department.id == one.department_id)
        if state is not TaskState.DRAFT:
            one.officer_id = city.people[f"{place}.officer"].id
        if own in (AssignmentState.HEAD_REVIEW, AssignmentState.SUBMITTED):
            one.submitted_by_id = city.people[f"{place}.liaison"].id
        if own is AssignmentState.SUBMITTED:
            one.submitted_at = NOW - timedelta(days=4)
        if own is AssignmentState.OBJECTED:
            session.add(
                Objection(
                    assignment_id=one.id,
                    raised_by_id=city.people[f"{place}.head"].id,
                    raised_at=NOW,
                    reason=f"{mark}异议",
                    state_before=AssignmentState.IN_PROGRESS,
                )
            )
    city.tasks.append(task)
    session.flush()
    return task


def _branch(session: Session, task: Task, department: Department) -> Assignment:
    query = select(Assignment).where(Assignment.task_id == task.id, Assignment.department_id == department.id)
    return session.scalars(query).one()


def _split(session: Session, city: City, task: Task, folder: Path) -> None:
    """The lead splits its part of the task between its sections, which write on what they got."""
    part = _branch(session, task, city.departments["lead"])
    by = factories.actor_of(city.people["lead.head"], (Role.HEAD, city.departments["lead"]))
    orders = [SubtaskOrder(city.departments[one].id, title=f"{city.marks[one]}分项") for one in SECTIONS]
    decompose(session, part.id, orders=orders, actor=by, now=NOW, entrance="test")
    for one in SECTIONS:
        mark = city.marks[one]
        query = select(Task).where(Task.parent_id == task.id, Task.title == f"{mark}分项")
        subtask = session.scalars(query).one()
        subtask.state = TaskState.IN_PROGRESS
        _branch(session, subtask, city.departments[one]).state = AssignmentState.IN_PROGRESS
        _fill_work(session, city, subtask, mark=mark, place=one, folder=folder)
        city.tasks.append(subtask)
    session.flush()


def _fill_work(
    session: Session, city: City, task: Task, *, mark: str, place: str, folder: Path
) -> tuple[ProgressReport, str]:
    """A report, a request for more time, the record, a file and a mail; the report and the id of the file."""
    branch = _branch(session, task, city.departments[place])
    liaison, head = city.people[f"{place}.liaison"], city.people[f"{place}.head"]
    report = ProgressReport(
        assignment_id=branch.id,
        author_id=liaison.id,
        reported_at=NOW,
        done=f"{mark}进展",
        problems=f"{mark}问题",
        next_step=f"{mark}下一步",
        help_needed=f"{mark}需协调",
    )
    session.add(report)
    session.add(
        Extension(
            assignment_id=branch.id,
            asked_by_id=head.id,
            asked_at=NOW,
            cause=f"{mark}原因",
            progress=f"{mark}进展",
            due_on=DUE_ON,
            asked_due_on=DUE_ON + timedelta(days=30),
        )
    )
    branch.is_held = True
    session.add(
        HistoryEntry(
            act=Act.REPORT,
            at=NOW,
            actor_id=liaison.id,
            entrance="web",
            subject_id=task.id,
            task_id=task.id,
            assignment_id=branch.id,
            after={"act": {"departments_after": {"lead": [f"{mark}记录"], "partner": []}}},
            reason=f"{mark}理由",
        )
    )
    content = f"{mark}附件内容".encode()
    file_id = sha256(content).hexdigest()[:32]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file_id).write_bytes(content)
    session.add(
        Attachment(
            id=file_id,
            task_id=task.id,
            name=f"{mark}附件.txt",
            media_type="text/plain",
            size=len(content),
            sha256=sha256(content).hexdigest(),
            uploaded_by_id=liaison.id,
            uploaded_at=NOW,
            assignment_id=branch.id,
        )
    )
    session.add(
        OutboxMessage(
            key=f"{mark}-mail",
            kind=MailKind.NOTICE,
            person_id=liaison.id,
            to_address=str(liaison.email),
            template="issued",
            facts={},
            message_id=f"{mark}-id",
            created_at=NOW,
            next_attempt_at=NOW,
            state=OutboxState.DEAD,
            subject=f"{mark}主题",
            text=f"{mark}正文",
            html=f"<p>{mark}正文</p>",
        )
    )
    session.flush()
    return report, file_id


def _fill(session: Session, city: City, task: Task, *, mark: str, place: str, folder: Path) -> None:
    """Everything that can be written on a task, by who works on it and by who watches over it."""
    report, file_id = _fill_work(session, city, task, mark=mark, place=place, folder=folder)
    branch = _branch(session, task, city.departments[place])
    liaison, head = city.people[f"{place}.liaison"], city.people[f"{place}.head"]
    order = SupervisionOrder(
        body_id=task.body_id,
        kind=OrderKind.YELLOW,
        year=NOW.year,
        number=task.id,
        assignment_id=branch.id,
        ground=OrderGround.DECIDED,
        title=f"{mark}任务",
        task_due_on=task.due_on,
        deadline_version=branch.deadline_version,
        text=f"{mark}督办要求",
        due_on=DUE_ON,
        confirmed_by_id=city.people["supervisor"].id,
        confirmed_at=NOW,
        state=OrderState.REPLIED,
        reply=f"{mark}答复",
        replied_by_id=head.id,
        replied_at=NOW,
    )
    meeting = CoordinationMeeting(
        body_id=task.body_id,
        title=f"{mark}联席会议",
        held_on=NOW.date(),
        planned_by_id=city.people["supervisor"].id,
        planned_at=NOW,
    )
    instruction = Instruction(
        plan_id=task.plan_id,
        task_id=task.id,
        author_id=city.people["leader"].id,
        given_at=NOW,
        text=f"{mark}批示",
        reply_due_on=DUE_ON,
    )
    session.add_all([order, meeting, instruction])
    session.flush()
    duty = InstructionDuty(
        instruction_id=instruction.id,
        addressee=Addressee.LEADS,
        department_id=branch.department_id,
        due_on=DUE_ON,
    )
    request = HelpRequest(
        task_id=task.id,
        assignment_id=branch.id,
        report_id=report.id,
        text=f"{mark}请协调",
        asked_by_id=liaison.id,
        asked_at=NOW,
        asked_on=NOW.date(),
    )
    session.add_all([duty, request])
    session.flush()
    city.ids |= {
        "meeting_id": meeting.id,
        "instruction_id": instruction.id,
        "duty_id": duty.id,
        "request_id": request.id,
    }
    city.ids |= {"attachment_id": file_id, "order_id": order.id}


def _fill_office(session: Session, city: City, administrator: Person) -> None:
    """What stands in the directory and in the office of the supervisors."""
    mark, body, lead = city.marks["office"], city.departments["body"], city.departments["lead"]
    supervisor, leader = city.people["supervisor"], city.people["leader"]
    group = factories.make_department(session, f"各{mark}县", parent=body, kind=DepartmentKind.COLLECTIVE)
    member = DepartmentMember(group_id=group.id, member_id=lead.id, from_on=LONG_AGO)
    alias = DepartmentName(department_id=group.id, name=f"{mark}诸县", key=factories.match_key(f"{mark}诸县"))
    renaming = DepartmentRenaming(old_names=f"{mark}旧局", new_names=f"{mark}新局", from_on=LONG_AGO, note=f"{mark}注")
    upload = DirectoryUpload(sent_by_id=administrator.id, sent_at=NOW, name=f"{mark}.csv", content=b"", sheets=[])
    absence = PersonAbsence(
        person_id=leader.id, from_on=date(2026, 12, 21), to_on=date(2026, 12, 25), note=f"{city.marks['office']}学习"
    )
    roundup = Roundup(
        body_id=body.id,
        kind=RoundupKind.MONTHLY,
        first_on=date(2026, 10, 1),
        last_on=date(2026, 10, 31),
        as_of=NOW,
        figures=NO_FIGURES,
        words=f"{mark}调度",
    )
    item = PortfolioItem(person_id=leader.id, department_id=body.id)
    draft = _import_draft(session, city, supervisor)
    revision = _import_draft(session, city, supervisor)
    revision.plan_id = int(city.ids["plan_id"])
    scan = Scan(
        body_id=body.id,
        created_by_id=supervisor.id,
        created_at=NOW,
        source_name=f"{mark}扫描.pdf",
        source_sha256=mark.ljust(64, "0"),
        content=b"%PDF-",
        state=ScanState.FAILED,
        problem="no_text",
    )
    entry = HistoryEntry(
        act=Change.CHANGED,
        at=NOW,
        actor_id=administrator.id,
        entrance="web",
        subject=Subject.DEPARTMENT,
        subject_id=group.id,
        after={"name": f"{mark}名"},
    )
    robot = Robot(
        name=f"{mark}群",
        kind=RobotKind.WECOM,
        key=sha256(mark.encode()).hexdigest(),
        department_id=city.departments["lead"].id,
    )
    session.add_all([member, alias, renaming, upload, absence, roundup, item, scan, entry, robot])
    session.flush()
    post = session.scalars(select(PersonPost.id).where(PersonPost.person_id == leader.id)).one()
    mail = session.scalars(select(OutboxMessage.id).where(OutboxMessage.key == f"{city.marks['work']}-mail")).one()
    city.ids |= {
        "department_id": group.id,
        "absence_id": absence.id,
        "roundup_id": roundup.id,
        "robot_id": robot.id,
        "lead_department_id": city.departments["lead"].id,
        "member_id": member.id,
        "name_id": alias.id,
        "renaming_id": renaming.id,
        "upload_id": upload.id,
        "item_id": item.id,
        "draft_id": draft.id,
        "revision_id": revision.id,
        "scan_id": scan.id,
        "person_id": leader.id,
        "post_id": post,
        "mail_id": mail,
        "name": JobName.MORNING_MAIL.value,
        "filename": "taskboard.css",
        "bootstrap_filename": "css/bootstrap.min.css",
    }


def _import_draft(session: Session, city: City, supervisor: Person) -> ImportDraft:
    mark = city.marks["office"]
    text = f"{mark}工作要点\n\n1. 推进{mark}事项。\n责任单位：{mark}局\n完成时限：2026年12月31日\n"
    source = imports.read_pasted(text)
    actor = factories.actor_of(supervisor, (Role.SUPERVISOR, city.departments["body"]))
    body_id = city.departments["body"].id
    return imports.start_import(session, source, body_id=body_id, actor=actor, now=NOW, entrance="web")
