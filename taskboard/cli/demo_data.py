"""The demo's data: an office in the middle of its work, made by the same services that a person's clicks call.

Days are counted from the day the demo is filled, so that something is overdue, due today and due soon on any day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.imports import Decisions, NameChoice, NameDecision
from taskboard.domain.instructions import Addressee
from taskboard.domain.local_time import at_local, local_date
from taskboard.domain.orders import OrderKind
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentRole, Closure, Verification
from taskboard.labels import label
from taskboard.models import Assignment, Department, Instruction, InstructionDuty, Person, PersonPost, Plan, Task
from taskboard.services import (
    assignment_acts,
    decomposition,
    extensions,
    imports,
    instructions,
    issuing,
    meetings,
    orders,
    reports,
    task_acts,
)
from taskboard.services.accounts import hash_password
from taskboard.services.actors import load_actor
from taskboard.services.calendar import load_calendar
from taskboard.services.cases import Acting
from taskboard.services.decomposition import SubtaskOrder
from taskboard.services.departments import create_department
from taskboard.services.import_review import review_draft
from taskboard.services.instructions import Wish

PASSWORD = "taskboard-demo"
PLAN = Path(__file__).with_name("demo_plan.txt")
ENTRANCE = "demo"
BODY = "云泽市人民政府"
ISSUED_DAYS_AGO = 50
SECTION = "市发展改革委价格收费管理科"


@dataclass(frozen=True)
class Account:
    """An account that the demo offers for signing in."""

    username: str
    name: str
    role: Role
    department: str


ACCOUNTS = (
    Account("chen", "陈思远", Role.SUPERVISOR, BODY),
    Account("liu", "刘文海", Role.LEADER, BODY),
    Account("gao", "高明", Role.HEAD, "市发展和改革委员会"),
    Account("li", "李晓雯", Role.LIAISON, "市发展和改革委员会"),
    Account("qian", "钱进", Role.OFFICER, "市发展和改革委员会"),
    Account("wang", "王丽", Role.LIAISON, "市财政局"),
    Account("shi", "石磊", Role.LIAISON, SECTION),
    Account("zhou", "周正", Role.AUDITOR, BODY),
    Account("sun", "孙浩", Role.ADMINISTRATOR, BODY),
)
SIGNS_OFF = "市发展和改革委员会"
"""the one department with a head in the demo"""

DEPARTMENTS: Mapping[str, str | None] = {
    "市发展和改革委员会": None,
    "市财政局": None,
    "市政务服务和数据局": "唐静",
    "市市场监督管理局": "罗兵",
    "市人力资源和社会保障局": "韩雪",
    "市自然资源和规划局": "邓超然",
    "市税务局": "沈岚",
    "市住房和城乡建设局": "曹阳",
    "市信访局": "彭飞",
    "市工业和信息化局": "曾琳",
    "市科学技术局": "肖波",
    "市委金融办": "蒋涛",
    "市司法局": "余慧",
    "市城市管理局": "潘越",
    "市生态环境局": "杜鹃",
    "市工商业联合会": "戴维明",
    "国网云泽供电公司": "夏雨",
    "中国人民银行云泽市分行": "钟海",
}
"""department → its liaison, where the list of accounts does not name one"""

SECTIONS: Mapping[str, str] = {SECTION: SIGNS_OFF, "市发展改革委能源科": SIGNS_OFF}
"""section → the department that it belongs to and that splits a task for it"""

ALIASES: Mapping[str, tuple[str, ...]] = {"市工商业联合会": ("市工商联",)}


@dataclass(frozen=True)
class Course:
    """What the lead of one measure has done so far: reports as (days ago, done, percent), then how it ended."""

    reports: tuple[tuple[int, str, int], ...] = ()
    acknowledged: bool = True
    submitted: int | None = None
    """days ago"""
    returned: int | None = None
    closed: int | None = None


COURSES: Mapping[int, Course] = {
    1: Course(((30, "已梳理20项主题服务清单，完成12项流程再造。", 55), (6, "累计上线14项，其余6项正在联调。", 70))),
    2: Course(((21, "系统改造方案已确定，完成与税务系统的接口开发。", 60),)),
    3: Course(((15, "整合投诉电话9条。", 80),), submitted=1),
    4: Course(((10, "已梳理政策72项，正在征求部门意见。", 65),)),
    5: Course(((26, "建立台账，涉及企业34家。", 30), (12, "已清偿21家。", 60))),
    6: Course(((8, "实施细则已完成起草，报请审议。", 75),)),
    7: Course(((5, "三季度检查已完成，公布典型案例3起。", 75),)),
    8: Course(((20, "已供应工业用地2350亩。", 70),)),
    9: Course(),
    10: Course(((18, "7个零工市场投入使用。", 70),), submitted=9, returned=7),
    11: Course(((25, "清单初稿已完成。", 90),), submitted=12, closed=10),
    12: Course(acknowledged=False),
}
"""by the measure's place in the plan"""


def fill(session: Session, *, now: datetime) -> None:
    """Fill an empty, migrated database; the caller commits. Takes a few seconds, most of them for one password."""
    today = local_date(now)
    departments = _add_directory(session)
    people = _add_people(session, departments)
    supervisor = load_actor(session, people["chen"].id, today=today)
    plan = _import_plan(session, supervisor, body=departments[BODY], today=today)
    tasks = list(session.scalars(select(Task).where(Task.plan_id == plan.id).order_by(Task.position)))
    issuing.issue_tasks(
        session,
        [issuing.IssueOrder(task.id, is_ongoing=task.due_on is None) for task in tasks],
        actor=supervisor,
        now=_moment(today, ISSUED_DAYS_AGO, 9),
        entrance=ENTRANCE,
    )
    story = [
        *(
            step
            for number, task in enumerate(tasks, 1)
            for step in _course(session, task, COURSES[number], people, today)
        ),
        *_Desks(session, tasks, people, departments, today).steps(),
    ]
    for step in sorted(story, key=lambda one: one.at):
        step.act(step.at)


def accounts_text() -> str:
    """The accounts as the terminal shows them."""
    lines = [f"  {one.username:<6} {label(one.role)}（{one.department} {one.name}）" for one in ACCOUNTS]
    return "\n".join([*lines, f"  密码均为：{PASSWORD}"])


def _add_directory(session: Session) -> dict[str, Department]:
    body = create_department(session, name=BODY)
    departments = {BODY: body}
    for name in DEPARTMENTS:
        departments[name] = create_department(
            session,
            name=name,
            parent_id=body.id,
            aliases=ALIASES.get(name, ()),
            needs_sign_off=name == SIGNS_OFF,
        )
    for name, above in SECTIONS.items():
        departments[name] = create_department(session, name=name, parent_id=departments[above].id)
    create_department(session, name="各县（市、区）人民政府", kind=DepartmentKind.COLLECTIVE, parent_id=body.id)
    return departments


def _add_people(session: Session, departments: Mapping[str, Department]) -> dict[str, Person]:
    secret = hash_password(PASSWORD)
    liaisons = [
        Account(f"liaison{number}", name, Role.LIAISON, department)
        for number, (department, name) in enumerate(DEPARTMENTS.items(), 1)
        if name is not None
    ]
    people = {}
    for one in (*ACCOUNTS, *liaisons):
        person = Person(
            username=one.username, name=one.name, email=f"{one.username}@yunze.example", password_hash=secret
        )
        session.add(person)
        session.flush()
        department_id = departments[one.department].id
        session.add(
            PersonPost(person_id=person.id, department_id=department_id, role=one.role, from_on=date(2024, 1, 1))
        )
        people[one.username] = person
    session.flush()
    return people


def _import_plan(session: Session, supervisor: Actor, *, body: Department, today: date) -> Plan:
    source = imports.read_file(
        _plan_text(today).encode(), "2026年优化营商环境重点任务.txt", calendar=load_calendar(session)
    )
    now = _moment(today, ISSUED_DAYS_AGO + 1, 15)
    draft = imports.start_import(session, source, body_id=body.id, actor=supervisor, now=now, entrance=ENTRANCE)
    review = review_draft(session, draft)
    names = {
        unknown.key: NameDecision(NameChoice.SAME_AS, unknown.suggestions[0].name)
        for unknown in review.unknown
        if unknown.suggestions
    }
    imports.save_decisions(session, draft.id, Decisions(names=names), version=draft.version, actor=supervisor, now=now)
    return imports.confirm_import(
        session, draft.id, version=draft.version, leads_are_checked=True, actor=supervisor, now=now, entrance=ENTRANCE
    )


def _plan_text(today: date) -> str:
    days = {"late9": -9, "late3": -3, "today": 0, "soon1": 2, "soon3": 5, "later": 40}
    dates = {name: _in_words(today + timedelta(days=offset)) for name, offset in days.items()}
    return PLAN.read_text(encoding="utf-8").format(
        dated=_in_words(today - timedelta(days=ISSUED_DAYS_AGO + 3)), **dates
    )


def _in_words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


class Step(NamedTuple):
    """Something that happened: the trail and the tasks tell it in the order of the days."""

    at: datetime
    act: Callable[[datetime], object]


def _course(session: Session, task: Task, course: Course, people: Mapping[str, Person], today: date) -> Iterable[Step]:
    """What happened to one task."""
    rows = session.scalars(select(Assignment).where(Assignment.task_id == task.id).order_by(Assignment.position))
    actors = {one.id: (one, _liaison(session, one.department_id, today)) for one in rows}
    working = [(one, actor) for one, actor in actors.values() if actor is not None]
    lead, liaison = next((one, actor) for one, actor in working if one.role is AssignmentRole.LEAD)
    supervisor = load_actor(session, people["chen"].id, today=today)

    def step(days_ago: int, actor: Actor, service: Callable[..., object], *ids: int, **facts: Any) -> Step:
        hour = 16 if actor is supervisor else 10
        return Step(
            _moment(today, days_ago, hour),
            lambda at: service(session, *ids, actor=actor, now=at, entrance=ENTRANCE, **facts),
        )

    for one, actor in working:
        if course.acknowledged or one is not lead:
            yield step(ISSUED_DAYS_AGO - 1, actor, assignment_acts.acknowledge, one.id)
    for days_ago, done, percent in course.reports:
        yield step(days_ago, liaison, reports.report_progress, lead.id, done=done, percent=percent)
    if course.submitted is not None:
        why = "配合单位工作已完成，材料后补。"
        yield step(course.submitted, liaison, assignment_acts.submit, lead.id, why_without_partners=why)
    if course.returned is not None:
        yield step(
            course.returned,
            supervisor,
            task_acts.return_task,
            task.id,
            reason="请补充其余3个零工市场的开放时间和佐证材料。",
            correct_by=today + timedelta(days=3),
        )
    if course.closed is not None:
        done_and_seen = {"closure": Closure.DONE, "verification": Verification.VERIFIED}
        yield step(course.closed, supervisor, task_acts.close, task.id, **done_and_seen)


@dataclass(frozen=True)
class _Desks:
    """What lies on the desk of each account today, so that every page has something to show to everybody."""

    session: Session
    tasks: Sequence[Task]
    people: Mapping[str, Person]
    departments: Mapping[str, Department]
    today: date

    def steps(self) -> Iterable[Step]:
        """What came there, and when; each act is done by the one of that account."""
        return (
            self._step(40, "li", self._dispatch),
            self._step(36, "li", self._split),
            self._step(35, "shi", self._take_on_the_subtask),
            self._step(14, "shi", self._report_on_the_subtask),
            self._step(5, "liu", self._ask_for_reasons),
            self._step(3, "wang", self._ask_for_help),
            self._step(2, "liu", self._ask_for_figures),
            self._step(2, "chen", self._plan_meeting),
            self._step(1, "wang", self._reply),
            self._step(1, "qian", self._ask_for_sign_off),
            self._step(1, "gao", self._ask_for_more_time),
            self._step(1, "chen", self._order),
        )

    def _step(self, days_ago: int, username: str, act: Callable[[Acting], object]) -> Step:
        # In the afternoon: what the tasks' courses have on a day comes first.
        def play(at: datetime) -> object:
            actor = load_actor(self.session, self.people[username].id, today=self.today)
            return act({"actor": actor, "now": at, "entrance": ENTRANCE})

        return Step(_moment(self.today, days_ago, 17), play)

    def _branch(self, number: int, department: str) -> int:
        """The assignment of a department on the measure of this number."""
        return self._branch_on(self.tasks[number - 1].id, department)

    def _branch_on(self, task_id: int, department: str) -> int:
        query = select(Assignment.id).where(
            Assignment.task_id == task_id, Assignment.department_id == self.departments[department].id
        )
        return self.session.scalars(query).one()

    def _dispatch(self, by: Acting) -> None:
        """The officer works on three tasks of the department."""
        for number in (6, 7, 8):
            assignment_acts.dispatch(
                self.session, self._branch(number, SIGNS_OFF), officer_id=self.people["qian"].id, **by
            )

    def _split(self, by: Acting) -> None:
        """Two sections of the department have a part of its work each."""
        first, second = (
            SubtaskOrder(self.departments[section].id, title, weight=weight)
            for section, title, weight in (
                (SECTION, "起草小微企业接入外线工程零投资的价格政策", 2),
                ("市发展改革委能源科", "与供电企业商定接入范围和时限", 1),
            )
        )
        decomposition.decompose(self.session, self._branch(6, SIGNS_OFF), orders=[first, second], **by)

    def _subtask_branch(self) -> int:
        task_id = self.session.scalars(
            select(Task.id).where(Task.parent_id == self.tasks[5].id).order_by(Task.id).limit(1)
        ).one()
        return self._branch_on(task_id, SECTION)

    def _take_on_the_subtask(self, by: Acting) -> None:
        assignment_acts.acknowledge(self.session, self._subtask_branch(), **by)

    def _report_on_the_subtask(self, by: Acting) -> None:
        words = "价格政策初稿已完成，正在测算财政负担。"
        reports.report_progress(self.session, self._subtask_branch(), done=words, percent=60, **by)

    def _ask_for_sign_off(self, by: Acting) -> None:
        """The head has a submission to sign off."""
        assignment_acts.submit(self.session, self._branch(7, SIGNS_OFF), statement="三季度检查的配合工作已完成。", **by)

    def _ask_for_more_time(self, by: Acting) -> None:
        """The supervisors have a request for more time to decide on."""
        extensions.ask_extension(
            self.session,
            self._branch(6, SIGNS_OFF),
            asked_due_on=self.today + timedelta(days=35),
            reason="实施细则涉及接入价格，须再征求一轮意见。",
            progress="实施细则已完成起草，报请审议。",
            **by,
        )

    def _ask_for_figures(self, by: Acting) -> None:
        """Head and liaison owe the leader a reply …"""
        words, day = "请报零投资政策的落实范围和预计惠及的企业户数。", self.today + timedelta(days=4)
        instructions.instruct_on_task(
            self.session, self.tasks[5].id, Wish(words, day, frozenset({Addressee.LEADS})), **by
        )

    def _ask_for_reasons(self, by: Acting) -> None:
        """… and the leader has one to decide on."""
        words, day = "请说明哪些政策还不能免申即享，原因是什么。", self.today + timedelta(days=2)
        instructions.instruct_on_task(
            self.session, self.tasks[3].id, Wish(words, day, frozenset({Addressee.LEADS})), **by
        )

    def _reply(self, by: Acting) -> None:
        query = (
            select(InstructionDuty.id)
            .join(Instruction, Instruction.id == InstructionDuty.instruction_id)
            .where(Instruction.task_id == self.tasks[3].id)
        )
        words = "还有12项政策须企业提供佐证，正在与有关部门对接数据。"
        instructions.reply(self.session, self.session.scalars(query).one(), text=words, **by)

    def _ask_for_help(self, by: Acting) -> None:
        """The next coordination meeting has something to work through."""
        reports.report_progress(
            self.session,
            self._branch(4, "市财政局"),
            done="征求意见已收回8个部门。",
            help_needed="请协调市税务局提供纳税信用数据接口。",
            percent=65,
            **by,
        )

    def _plan_meeting(self, by: Acting) -> None:
        held_on = self.today + timedelta(days=3)
        meetings.plan_meeting(
            self.session, body_id=self.departments[BODY].id, title="优化营商环境联席会议", held_on=held_on, **by
        )

    def _order(self, by: Acting) -> None:
        """A formal order waits for the answer of a liaison."""
        orders.confirm_order(
            self.session,
            self._branch(5, "市财政局"),
            kind=OrderKind.YELLOW,
            text="清理拖欠中小企业账款一项已逾期，请说明未完成的原因和下一步措施，并抓紧办理。",
            due_on=self.today + timedelta(days=4),
            **by,
        )


def _liaison(session: Session, department_id: int, today: date) -> Actor | None:
    person_id = session.scalar(
        select(PersonPost.person_id).where(PersonPost.department_id == department_id, PersonPost.role == Role.LIAISON)
    )
    return None if person_id is None else load_actor(session, person_id, today=today)


def _moment(today: date, days_ago: int, hour: int) -> datetime:
    return at_local(today - timedelta(days=days_ago), time(hour, 20))
