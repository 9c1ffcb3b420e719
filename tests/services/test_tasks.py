"""One's own tasks and the page of one task: what stands on them, for whom, and what they cost."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import NotFound
from taskboard.domain.lights import Light, LightReason
from taskboard.domain.workflow import Act, AssignmentState, TaskState
from taskboard.models import Assignment, Department, Task
from taskboard.services import assignment_acts, corrections, reports, task_acts, tasks
from taskboard.services.department_names import rename
from taskboard.services.drafts import list_drafts
from taskboard.services.my_tasks import MyTasks, Show, list_my_tasks
from taskboard.services.suspensions import Suspension
from taskboard.services.task_history import Named
from taskboard.services.tasks import TaskDetail
from taskboard.services.waiting import list_waiting
from taskboard.services.waiting_rows import Kind
from tests.support import factories
from tests.support.factories import NOW, Usual
from tests.support.queries import counted_queries
from tests.support.successions import merge

TODAY = date(2026, 11, 23)
CALENDAR = WorkingCalendar()


class Office:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.engine: Engine = session.get_bind()  # type: ignore[assignment]
        self.usual: Usual = factories.usual_people(session)
        self.plan = factories.make_plan(session, body=self.usual.body, imported_by=self.usual.chen)

    def task(self, due_in: int | None = 30, state: str = "in_progress", own: str = "in_progress", **more: Any) -> Task:
        more = {"lead": self.usual.lead, "partners": (self.usual.partner,), **more}
        return factories.make_task(
            self.session,
            plan=self.plan,
            due_on=None if due_in is None else TODAY + timedelta(days=due_in),
            state=TaskState(state),
            assignment_state=AssignmentState(own),
            **more,
        )

    def branch(self, task: Task, department: Department | None = None) -> Assignment:
        department = department or self.usual.lead
        query = select(Assignment).where(Assignment.task_id == task.id, Assignment.department_id == department.id)
        return self.session.scalars(query).one()

    def mine(self, who: str, show: Show = Show.ALL, **more: int) -> MyTasks:
        actor = self.usual.actor(who)
        return list_my_tasks(self.session, actor, today=TODAY, calendar=CALENDAR, show=show, **more)

    def ids(self, who: str, show: Show = Show.ALL) -> list[int]:
        return [row.task_id for row in self.mine(who, show).page.rows]

    def decides(self, who: str) -> set[int]:
        """The tasks with a submission that waits for this person's decision."""
        self.session.flush()
        parts = list_waiting(self.session, self.usual.actor(who), today=TODAY, calendar=CALENDAR)
        kinds = (Kind.SIGN_OFF, Kind.PARTNER, Kind.REVIEW)
        return {row.task_id for part in parts if part.kind in kinds for row in part.rows if row.task_id}

    def open(self, task: Task, who: str, **more: int) -> TaskDetail:
        return tasks.get_task(self.session, task.id, self.usual.actor(who), today=TODAY, calendar=CALENDAR, **more)


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


# My tasks


def test_what_is_due_first_stands_on_top_and_ongoing_tasks_at_the_end(office: Office) -> None:
    ongoing, later, sooner = office.task(None), office.task(20), office.task(-2)

    rows = office.mine("li").page.rows

    assert [row.task_id for row in rows] == [sooner.id, later.id, ongoing.id]
    assert (rows[0].light.light, rows[0].light.days) == (Light.RED, 2)
    assert rows[0].plan == office.plan.title


def test_each_department_finds_its_own_branch(office: Office) -> None:
    task = office.task()

    assert [row.department for row in office.mine("wang").page.rows] == [office.usual.partner.name]
    assert office.ids("gao") == [task.id]
    assert office.ids("zhao") == office.ids("liu") == office.ids("sun") == office.ids("qian") == []


def test_an_officer_finds_what_was_dispatched_to_them(office: Office) -> None:
    task = office.task()
    office.task()
    office.branch(task).officer_id = office.usual.qian.id

    assert office.ids("qian") == [task.id]


@pytest.mark.parametrize(
    ("state", "own"), [("draft", "pending"), ("closed", "accepted"), ("terminated", "withdrawn"), ("issued", "waived")]
)
def test_what_is_not_open_is_not_among_them(office: Office, state: str, own: str) -> None:
    office.task(state=state, own=own)

    assert office.ids("li") == []


def test_a_suspended_task_stays_in_sight_without_pressing(office: Office) -> None:
    task = office.task(-5, state="suspended")

    assert office.ids("li") == [task.id]
    assert office.mine("li").counts[Show.OVERDUE] == 0


def test_each_heading_shows_what_it_counts(office: Office) -> None:
    late, soon, far = office.task(-1), office.task(3), office.task(60)
    pending = office.task(60, state="issued", own="pending")

    found = office.mine("li")

    assert found.counts == {
        Show.ALL: 4,
        Show.OVERDUE: 1,
        Show.DUE_SOON: 1,
        Show.TO_ACKNOWLEDGE: 1,
        Show.ISSUED: 0,
    }
    assert office.ids("li", Show.OVERDUE) == [late.id]
    assert office.ids("li", Show.DUE_SOON) == [soon.id]
    assert office.ids("li", Show.TO_ACKNOWLEDGE) == [pending.id]
    assert set(office.ids("li")) == {late.id, soon.id, far.id, pending.id}


def test_due_soon_is_what_its_light_says(office: Office) -> None:
    for due_in in range(-1, 8):
        office.task(due_in)

    by_light = [row.task_id for row in office.mine("li").page.rows if row.light.reason is LightReason.DUE_SOON]

    assert by_light == office.ids("li", Show.DUE_SOON)


def test_what_waits_for_a_post_that_nobody_holds_is_shown_to_the_supervisor(office: Office) -> None:
    lost = factories.make_department(office.session, "新设局", parent=office.usual.body)
    pending = office.task(state="issued", own="pending", lead=lost)
    in_review = office.task(own="head_review", lead=lost, partners=())

    assert set(office.ids("chen")) == {pending.id, in_review.id}
    assert office.ids("chen", Show.TO_ACKNOWLEDGE) == [pending.id]
    assert office.decides("chen") == {in_review.id}


def test_what_may_be_decided_is_what_is_listed_to_decide(office: Office) -> None:
    for state, own in (("in_progress", "head_review"), ("in_progress", "submitted"), ("submitted", "submitted")):
        office.task(state=state, own=own)
    decisions = {Act.SIGN_OFF, Act.ACCEPT_SUBMISSION, Act.CLOSE}

    for who in ("li", "wang", "zhao", "gao", "qian", "chen", "liu", "sun"):
        listed = office.decides(who)
        allowed = set()
        for task in office.session.scalars(select(Task)):
            try:
                found = office.open(task, who)
            except NotFound:
                continue
            acts = found.acts.union(*(one.acts for one in found.branches))
            if acts & decisions:
                allowed.add(task.id)
        assert listed == allowed, who


def test_long_lists_come_in_pages(office: Office) -> None:
    for due_in in range(5):
        office.task(due_in)

    found = office.mine("li", size=2, number=9)

    assert (found.page.number, found.page.last, found.page.total, len(found.page.rows)) == (3, 3, 5, 1)


@pytest.mark.parametrize(("who", "queries"), [("li", 10), ("qian", 6), ("chen", 8)])
def test_my_tasks_ask_as_many_queries_for_many_as_for_few(office: Office, who: str, queries: int) -> None:
    counted = []
    for many in (1, 30):
        for _ in range(many):
            office.branch(office.task(state="submitted", own="submitted")).officer_id = office.usual.qian.id
        office.session.flush()
        with counted_queries(office.engine) as statements:
            office.mine(who, Show.TO_ACKNOWLEDGE)
            office.mine(who)
        counted.append(len(statements))

    assert counted == [queries, queries]


# Drafts of a plan


def test_drafts_ask_as_many_queries_for_many_as_for_few_and_name_who_has_no_liaison(office: Office) -> None:
    counted = []
    for many in (1, 20):
        for _ in range(many):
            office.task(state="draft", own="pending", partners=[factories.make_department(office.session)])
        office.session.flush()
        with counted_queries(office.engine) as statements:
            drafts = list_drafts(office.session, office.plan.id, office.usual.actor("chen"), today=TODAY)
        counted.append(len(statements))

    assert counted == [5, 5]
    assert [row.without_liaison for row in drafts.rows] == [row.partners for row in drafts.rows]
    assert drafts.without_liaison == [name for row in drafts.rows for name in row.partners]


# One task


def test_a_task_shows_its_source_its_branches_and_what_was_reported(office: Office) -> None:
    task = office.task(2)
    branch = office.branch(task)
    by: dict[str, Any] = {"actor": office.usual.actor("li"), "now": NOW, "entrance": "test"}
    assignment_acts.dispatch(office.session, branch.id, officer_id=office.usual.qian.id, **by)
    reports.report_progress(office.session, branch.id, done="已印发", problems="缺人", percent=40, **by)

    found = office.open(task, "wang")

    assert found.source.text.startswith(task.title)
    assert found.source.units_as_written == f"责任单位：{office.usual.lead.name}、{office.usual.partner.name}"
    lead, partner = found.branches
    assert (lead.department, lead.officer, lead.percent, lead.light.reason) == (
        office.usual.lead.name,
        "钱承办",
        40,
        LightReason.DUE_SOON,
    )
    assert partner.liaisons == ["王配合"]
    assert [(one.department, one.author, one.done, one.percent) for one in found.reports] == [
        (office.usual.lead.name, "李联络", "已印发", 40)
    ]
    assert [(one.act, one.actor, one.department) for one in found.history] == [
        (Act.REPORT, "李联络", office.usual.lead.name),
        (Act.DISPATCH, "李联络", office.usual.lead.name),
    ]


def test_the_history_says_what_changed(office: Office) -> None:
    task = office.task(partners=())
    by: dict[str, Any] = {"actor": office.usual.actor("chen"), "now": NOW, "entrance": "test"}
    assignment_acts.submit(office.session, office.branch(task).id, **{**by, "actor": office.usual.actor("li")})
    task_acts.correct_deadline(office.session, task.id, due_on=TODAY, reason="提前", **by)

    correction, submission = office.open(task, "chen").history

    assert correction.due_days == (TODAY + timedelta(days=30), TODAY)
    assert correction.overdue_days == 0
    assert (correction.reason, correction.states, correction.task_states) == ("提前", None, None)
    assert submission.states == (AssignmentState.IN_PROGRESS, AssignmentState.SUBMITTED)
    assert submission.task_states == (TaskState.IN_PROGRESS, TaskState.SUBMITTED)


def test_what_came_back_says_who_returned_it_and_why_until_it_is_submitted_again(office: Office) -> None:
    task = office.task(partners=())
    li, chen = ({"actor": office.usual.actor(who), "now": NOW, "entrance": "test"} for who in ("li", "chen"))
    assignment_acts.submit(office.session, office.branch(task).id, **li)
    before = office.open(task, "li").branches[0].returned
    task_acts.return_task(office.session, task.id, reason="请补充数据", **chen)

    [returned] = [one.returned for one in office.open(task, "li").branches]
    assignment_acts.submit(office.session, office.branch(task).id, **li)

    assert before is None
    assert returned is not None
    assert (returned.act, returned.actor, returned.reason) == (Act.RETURN, "陈督查", "请补充数据")
    assert office.open(task, "li").branches[0].returned is None


def test_a_suspended_task_says_since_when_why_and_when_it_is_looked_at_again(office: Office) -> None:
    task = office.task()
    by: dict[str, Any] = {"actor": office.usual.actor("chen"), "now": NOW, "entrance": "test"}
    task_acts.suspend(office.session, task.id, reason="等待批复", review_on=TODAY + timedelta(days=30), **by)

    rest = office.open(task, "li").suspension
    task_acts.resume(office.session, task.id, **by)

    assert rest == Suspension(NOW, "陈督查", "等待批复", TODAY + timedelta(days=30))
    assert office.open(task, "li").suspension is None


def test_the_history_names_into_whose_hands_an_assignment_went(office: Office) -> None:
    task = office.task()
    usual = office.usual
    by: dict[str, Any] = {"actor": usual.actor("li"), "now": NOW, "entrance": "test"}
    assignment_acts.dispatch(office.session, office.branch(task).id, officer_id=usual.qian.id, **by)
    assignment_acts.dispatch(office.session, office.branch(task).id, officer_id=None, **by)

    taken, given = office.open(task, "li").history

    assert given.officers == (None, "钱承办")
    assert taken.officers == ("钱承办", None)


def test_the_history_names_the_departments_before_and_after_a_correction(office: Office) -> None:
    task = office.task()
    usual = office.usual
    by: dict[str, Any] = {"actor": usual.actor("chen"), "now": NOW, "entrance": "test", "reason": "分工调整"}
    corrections.correct_departments(office.session, task.id, leads=[usual.partner.id], partners=[usual.other.id], **by)
    task_acts.correct_deadline(office.session, task.id, due_on=TODAY, **by)

    deadline, departments = office.open(task, "chen").history

    assert departments.departments == (
        Named(leads=[usual.lead.name], partners=[usual.partner.name]),
        Named(leads=[usual.partner.name], partners=[usual.other.name]),
    )
    assert deadline.departments is None


def test_reports_and_acts_from_before_a_succession_keep_the_name_of_then(office: Office) -> None:
    usual = office.usual
    task, untouched = office.task(), office.task(lead=usual.partner, partners=())
    branch_id = office.branch(task).id
    by: dict[str, Any] = {"actor": usual.actor("li"), "entrance": "test"}
    reports.report_progress(office.session, branch_id, done="改革之前", now=NOW, **by)
    third = factories.make_department(office.session, "市政务局", parent=usual.body)
    merge(office.session, usual, usual.lead, usual.other, moment=NOW + timedelta(hours=1))
    zhao = {**by, "actor": usual.actor("zhao")}
    reports.report_progress(office.session, branch_id, done="改革之后", now=NOW + timedelta(hours=2), **zhao)
    merge(office.session, usual, usual.other, third, moment=NOW + timedelta(hours=3))

    found = office.open(task, "chen")

    assert [(one.done, one.department) for one in found.reports] == [
        ("改革之后", usual.other.name),
        ("改革之前", usual.lead.name),
    ]
    assert [(one.department, one.formerly) for one in found.branches] == [
        ("市政务局", [usual.lead.name, usual.other.name]),
        (usual.partner.name, []),
    ]
    assert [(one.act, one.department) for one in found.history] == [
        (Act.CORRECT, "市政务局"),
        (Act.REPORT, usual.other.name),
        (Act.CORRECT, usual.other.name),
        (Act.REPORT, usual.lead.name),
    ]
    assert found.history[0].departments == (Named([usual.other.name], []), Named(["市政务局"], []))
    assert [one.formerly for one in office.open(untouched, "chen").branches] == [[]]


def test_reports_and_acts_from_before_a_renaming_keep_the_name_of_that_day(office: Office) -> None:
    usual = office.usual
    task, old = office.task(), usual.lead.name
    by: dict[str, Any] = {"actor": usual.actor("li"), "entrance": "test"}
    branch_id = office.branch(task).id
    reports.report_progress(office.session, branch_id, done="更名之前", now=NOW - timedelta(days=2), **by)
    rename(office.session, usual.lead, "市发展改革局", renamed_on=TODAY, today=TODAY)
    reports.report_progress(office.session, branch_id, done="更名之后", now=NOW, **by)

    found = office.open(task, "chen")

    assert [(one.done, one.department) for one in found.reports] == [("更名之后", "市发展改革局"), ("更名之前", old)]
    assert [one.department for one in found.history] == ["市发展改革局", old]


@pytest.mark.parametrize("who", ["zhao", "sun", "qian"])
def test_for_outsiders_the_task_does_not_exist(office: Office, who: str) -> None:
    with pytest.raises(NotFound):
        office.open(office.task(), who)


def test_a_draft_does_not_exist_for_its_departments(office: Office) -> None:
    draft = office.task(state="draft")

    with pytest.raises(NotFound):
        office.open(draft, "li")
    assert office.open(draft, "chen").state is TaskState.DRAFT


def test_each_person_gets_exactly_their_acts(office: Office) -> None:
    task = office.task()

    own, others = office.open(task, "li").branches
    assert own.acts == {Act.DISPATCH, Act.DECOMPOSE, Act.REPORT, Act.SUBMIT, Act.PLAN_PROGRESS}
    assert others.acts == {Act.BRING_FORWARD}
    assert office.open(task, "liu").acts == frozenset()
    assert office.open(task, "chen").acts == {Act.SUSPEND, Act.TERMINATE, Act.CORRECT}


def test_older_reports_are_a_click_away(office: Office) -> None:
    task = office.task()
    for number in range(tasks.REPORTS_SHOWN + 2):
        reports.report_progress(
            office.session,
            office.branch(task).id,
            done=f"第{number}次",
            actor=office.usual.actor("li"),
            now=NOW,
            entrance="test",
        )

    newest = office.open(task, "li")
    rest = office.open(task, "li", reports_before=newest.reports[-1].id)

    assert newest.has_older_reports
    assert [one.done for one in rest.reports] == ["第1次", "第0次"]
    assert not rest.has_older_reports


def test_one_task_costs_the_same_however_much_happened(office: Office) -> None:
    counted = []
    for many in (0, 20):
        extra = tuple(factories.make_department(office.session, parent=office.usual.body) for _ in range(many))
        task = office.task(partners=extra)
        for _ in range(many):
            reports.report_no_change(
                office.session, office.branch(task).id, actor=office.usual.actor("li"), now=NOW, entrance="test"
            )
        office.session.flush()
        office.session.expunge_all()
        with counted_queries(office.engine) as statements:
            office.open(task, "li")
        counted.append(len(statements))

    assert counted == [16, 16]
