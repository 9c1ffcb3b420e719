"""Acts on many tasks at once: shown first, then done to what can be, with one mail a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from taskboard import paths
from taskboard.domain.bulk import BulkAct, BulkOrder
from taskboard.domain.errors import Invalid, NotAllowed, NotFound
from taskboard.domain.history import Change
from taskboard.domain.lights import Light
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.workflow import Act, AssignmentState, TaskState
from taskboard.mail.rendering import MailRenderer
from taskboard.models import Assignment, HistoryEntry, OutboxMessage, Plan, Task
from taskboard.services import bulk
from taskboard.services.bulk import BulkPreview, BulkResult
from taskboard.services.task_search import TaskFilter, find_task_ids, search_tasks
from tests.support import factories
from tests.support.factories import NOW, Usual
from tests.support.tables import assignment_of

TODAY = date(2026, 11, 23)
LATE = TODAY - timedelta(days=4)
LATER = TODAY + timedelta(days=30)


class Office:
    """Three tasks of one lead and one partner: late, not late, and a draft."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.usual: Usual = factories.usual_people(session)
        self.plan = factories.make_plan(session, body=self.usual.body, imported_by=self.usual.chen)
        self.late = self.make_task(LATE, "压减审批时限")
        self.open = self.make_task(LATER, "推行并联审批")
        self.draft = self.make_task(LATER, "清理收费项目", TaskState.DRAFT)

    def make_task(self, due_on: date | None, title: str, state: TaskState = TaskState.IN_PROGRESS) -> Task:
        return factories.make_task(
            self.session,
            plan=self.plan,
            lead=self.usual.lead,
            partners=(self.usual.partner,),
            due_on=due_on,
            title=title,
            state=state,
        )

    def order(self, act: BulkAct, *tasks: Task, **more: Any) -> BulkOrder:
        chosen = tasks or (self.late, self.open, self.draft)
        return BulkOrder(act, tuple(one.id for one in chosen), **more)

    def by(self, who: str, **more: Any) -> dict[str, Any]:
        return {"actor": self.usual.actor(who), "now": NOW, "entrance": "test", **more}

    def show(self, order: BulkOrder, who: str = "chen") -> BulkPreview:
        return bulk.preview(self.session, order, **self.by(who))

    def do(self, order: BulkOrder, who: str = "chen", key: str | None = "k") -> BulkResult:
        return bulk.carry_out(self.session, order, **self.by(who, request_key=key))

    def mails(self) -> list[tuple[str, str, int]]:
        query = select(OutboxMessage.to_address, OutboxMessage.template, OutboxMessage.facts)
        return sorted((row[0].partition("@")[0], row[1], row[2]["total"]) for row in self.session.execute(query))

    def count(self, act: Any) -> int:
        return self.session.scalar(select(func.count()).where(HistoryEntry.act == act)) or 0


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


# Reminding


def test_a_reminder_reaches_each_person_once_with_all_their_tasks(office: Office) -> None:
    order = office.order(BulkAct.REMIND, remark="周五前报送")
    shown = office.show(order)

    assert [(one.title, one.departments) for one in shown.doing] == [
        ("压减审批时限", ["市发展改革委", "市财政局"]),
        ("推行并联审批", ["市发展改革委", "市财政局"]),
    ]
    assert [one.title for one in shown.skipped] == ["清理收费项目"]
    assert [(one.department, sorted(one.people), one.tasks) for one in shown.notices] == [
        ("市发展改革委", ["李联络", "高主任"], 2),
        ("市财政局", ["王配合"], 2),
    ]
    assert office.mails() == []

    result = office.do(order)

    # The head gets what is overdue, the liaisons everything.
    assert office.mails() == [("gao", "reminded", 1), ("li", "reminded", 2), ("wang", "reminded", 2)]
    assert (result.done, result.told, len(result.skipped)) == (2, 3, 1)
    assert office.count(Change.REMINDED) == 2


def test_a_reminder_to_one_department_leaves_the_others_in_peace(office: Office) -> None:
    office.do(office.order(BulkAct.REMIND, office.late, department_id=office.usual.partner.id))

    assert office.mails() == [("wang", "reminded", 1)]


def test_who_submitted_is_not_urged(office: Office) -> None:
    for department in (office.usual.lead, office.usual.partner):
        assignment_of(office.session, office.late, department).state = AssignmentState.SUBMITTED
    office.session.flush()

    shown = office.show(office.order(BulkAct.REMIND, office.late))

    assert shown.doing == []
    assert isinstance(shown.skipped[0].problem, Invalid)


def test_a_click_twice_reminds_once_and_another_form_reminds_again(office: Office) -> None:
    order = office.order(BulkAct.REMIND, office.late)
    office.do(order)

    assert office.do(order).is_repeated
    assert office.count(Change.REMINDED) == 1
    assert not office.do(order, key="another").is_repeated
    assert office.count(Change.REMINDED) == 2


@pytest.mark.parametrize("who", ["li", "gao", "liu"])
def test_only_supervisors_remind(office: Office, who: str) -> None:
    shown = office.show(office.order(BulkAct.REMIND, office.late), who)

    assert shown.doing == []
    assert isinstance(shown.skipped[0].problem, NotAllowed)
    office.do(office.order(BulkAct.REMIND, office.late), who)
    assert office.mails() == []


def test_a_task_that_one_may_not_see_stops_everything(office: Office) -> None:
    with pytest.raises(NotFound):
        office.do(office.order(BulkAct.REMIND, office.late), "zhao")


@pytest.mark.parametrize("act", [BulkAct.REMIND, BulkAct.SET_OFFICER])
def test_the_combined_mails_can_be_read(office: Office, act: BulkAct) -> None:
    more = {"department_id": office.usual.lead.id, "officer_id": office.usual.qian.id}
    office.do(
        office.order(act, office.late, office.open, **(more if act is BulkAct.SET_OFFICER else {"remark": "请抓紧"})),
        "chen" if act is BulkAct.REMIND else "li",
    )

    mail = office.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).first()
    assert mail is not None
    rendered = MailRenderer(paths.TEMPLATES, "http://taskboard.test").render(mail.template, mail.facts)

    assert "压减审批时限" in rendered.text
    assert "推行并联审批" in rendered.html
    assert ("催办：2 项任务（1 项逾期）" if act is BulkAct.REMIND else "由您承办：2 项任务") in rendered.subject
    assert "您收到此邮件" in rendered.text


# Issuing


def test_drafts_that_can_be_issued_are_and_the_others_are_named(office: Office) -> None:
    unclear = office.make_task(None, "没有时限的草稿", TaskState.DRAFT)
    order = office.order(BulkAct.ISSUE_DRAFTS, office.draft, unclear, office.open)
    shown = office.show(order)
    assert [one.title for one in shown.doing] == ["清理收费项目"]
    assert {one.title for one in shown.skipped} == {"没有时限的草稿", "推行并联审批"}

    result = office.do(order)

    assert (result.done, office.draft.state, unclear.state) == (1, TaskState.ISSUED, TaskState.DRAFT)
    assert office.mails() == [("li", "issued", 1), ("wang", "issued", 1)]
    assert office.do(order).is_repeated


# Officers


def test_a_liaison_puts_many_tasks_into_one_officers_hands(office: Office) -> None:
    lead = office.usual.lead
    order = office.order(
        BulkAct.SET_OFFICER, office.late, office.open, department_id=lead.id, officer_id=office.usual.qian.id
    )
    assert [one.departments for one in office.show(order, "li").doing] == [["市发展改革委"]] * 2

    office.do(order, "li")

    officers = office.session.scalars(select(Assignment.officer_id).where(Assignment.department_id == lead.id)).all()
    assert sorted(officers, key=str) == sorted([office.usual.qian.id, office.usual.qian.id, None], key=str)
    assert office.mails() == [("qian", "handed", 2)]
    assert office.count(Act.DISPATCH) == 2


@pytest.mark.parametrize("who", ["chen", "wang", "qian"])
def test_nobody_else_hands_a_departments_tasks_out(office: Office, who: str) -> None:
    assignment_of(office.session, office.late, office.usual.lead).officer_id = office.usual.qian.id
    more = {"department_id": office.usual.lead.id, "officer_id": office.usual.qian.id}

    with pytest.raises(NotAllowed):
        office.do(office.order(BulkAct.SET_OFFICER, office.late, **more), who)


def test_only_an_officer_of_the_department_can_be_chosen(office: Office) -> None:
    more = {"department_id": office.usual.lead.id, "officer_id": office.usual.wang.id}

    with pytest.raises(Invalid) as refusal:
        office.do(office.order(BulkAct.SET_OFFICER, office.late, **more), "li")

    assert refusal.value.problem == "not_officer"


# Rhythm


def test_the_rhythm_is_set_on_the_plans_of_the_tasks(office: Office) -> None:
    office.do(office.order(BulkAct.SET_RHYTHM, office.late, office.open, rhythm=PlanRhythm.MONTHLY, rhythm_day=25))

    plan = office.session.get_one(Plan, office.plan.id, populate_existing=True)
    assert (plan.report_rhythm, plan.report_day) == (PlanRhythm.MONTHLY, 25)
    assert office.count(Change.CHANGED) == 1


def test_a_rhythm_needs_a_day_that_it_has(office: Office) -> None:
    order = office.order(BulkAct.SET_RHYTHM, office.late, rhythm=PlanRhythm.WEEKLY, rhythm_day=25)

    with pytest.raises(Invalid) as refusal:
        office.show(order)

    assert refusal.value.problem == "rhythm_day_wrong"


def test_only_supervisors_set_a_rhythm(office: Office) -> None:
    office.do(office.order(BulkAct.SET_RHYTHM, office.late, rhythm=PlanRhythm.WEEKLY), "li")

    assert office.session.get_one(Plan, office.plan.id).report_rhythm is PlanRhythm.NONE


def test_an_act_on_nothing_is_refused(office: Office) -> None:
    with pytest.raises(Invalid) as refusal:
        office.show(BulkOrder(BulkAct.REMIND, ()))

    assert refusal.value.problem == "bulk_nothing_chosen"


# Finding


@pytest.mark.parametrize(
    ("wanted", "titles"),
    [
        (TaskFilter(), {"压减审批时限", "推行并联审批", "清理收费项目"}),
        (TaskFilter(is_overdue=True), {"压减审批时限"}),
        (TaskFilter(state=TaskState.DRAFT), {"清理收费项目"}),
        (TaskFilter(due_to=TODAY), {"压减审批时限"}),
        (TaskFilter(due_from=TODAY), {"推行并联审批", "清理收费项目"}),
        (TaskFilter(words="审批"), {"压减审批时限", "推行并联审批"}),
        (TaskFilter(words="100%"), set()),
    ],
)
def test_tasks_are_found_by_what_is_asked_for(office: Office, wanted: TaskFilter, titles: set[str]) -> None:
    actor = office.usual.actor("chen")
    found = search_tasks(office.session, actor, wanted, today=TODAY)

    assert {one.title for one in found.page.rows} == titles
    assert len(find_task_ids(office.session, actor, wanted, today=TODAY)) == len(titles)


def test_a_task_is_found_by_the_worst_light_of_its_branches_and_each_by_one_light_only(office: Office) -> None:
    assignment_of(office.session, office.open, office.usual.partner).due_on = TODAY + timedelta(days=1)
    office.session.flush()
    actor = office.usual.actor("chen")
    shown = {one.id: one.light for one in search_tasks(office.session, actor, TaskFilter(), today=TODAY).page.rows}
    expected = {office.late.id: Light.RED, office.open.id: Light.YELLOW, office.draft.id: Light.IDLE}
    assert {one: light.light for one, light in shown.items() if light} == expected

    for light in Light:
        found = search_tasks(office.session, actor, TaskFilter(light=light), today=TODAY).page
        assert {one.id for one in found.rows} == {one for one, known in expected.items() if known is light}
        assert find_task_ids(office.session, actor, TaskFilter(light=light), today=TODAY) == [
            one.id for one in found.rows
        ]


def test_a_department_is_shown_its_own_light_and_not_its_partners(office: Office) -> None:
    assignment_of(office.session, office.late, office.usual.partner).due_on = LATER
    office.session.flush()

    def light_for(who: str) -> Light | None:
        rows = search_tasks(office.session, office.usual.actor(who), TaskFilter(), today=TODAY).page.rows
        return next((one.light.light for one in rows if one.id == office.late.id and one.light), None)

    assert (light_for("li"), light_for("wang")) == (Light.RED, Light.GREEN)
    wang = office.usual.actor("wang")
    assert office.late.id not in find_task_ids(office.session, wang, TaskFilter(light=Light.RED), today=TODAY)


def test_a_reminder_whose_record_names_departments_only_is_passed_over(office: Office) -> None:
    order = office.order(BulkAct.REMIND, office.late)
    old = HistoryEntry(
        act=Change.REMINDED,
        at=NOW,
        actor_id=office.usual.chen.id,
        entrance="web",
        subject_id=office.late.id,
        task_id=office.late.id,
        after={"departments": ["市发展改革委"]},
    )
    office.session.add(old)
    office.session.flush()

    assert office.show(order).urged_before == []


def test_who_was_urged_within_a_day_is_named_before_they_are_urged_again(office: Office) -> None:
    office.do(office.order(BulkAct.REMIND, office.late, department_id=office.usual.lead.id), key="first")

    again = office.show(office.order(BulkAct.REMIND, office.late, office.open))
    assert [(one.title, one.departments, one.by) for one in again.urged_before] == [
        ("压减审批时限", ["市发展改革委"], "陈督查")
    ]
    partner = office.order(BulkAct.REMIND, office.late, department_id=office.usual.partner.id)
    assert office.show(partner).urged_before == []
    tomorrow = {**office.by("chen"), "now": NOW + timedelta(days=1)}
    assert bulk.preview(office.session, office.order(BulkAct.REMIND, office.late), **tomorrow).urged_before == []


def test_department_and_lateness_are_asked_of_one_and_the_same_assignment(office: Office) -> None:
    assignment_of(office.session, office.late, office.usual.partner).state = AssignmentState.SUBMITTED
    office.session.flush()
    actor = office.usual.actor("chen")

    def found(department_id: int) -> int:
        wanted = TaskFilter(department_id=department_id, is_overdue=True)
        return len(find_task_ids(office.session, actor, wanted, today=TODAY))

    assert (found(office.usual.lead.id), found(office.usual.partner.id)) == (1, 0)


@pytest.mark.parametrize(("who", "count"), [("chen", 3), ("liu", 2), ("li", 2), ("wang", 2), ("zhao", 0), ("sun", 0)])
def test_everybody_finds_what_they_may_see(office: Office, who: str, count: int) -> None:
    found = search_tasks(office.session, office.usual.actor(who), TaskFilter(), today=TODAY)

    assert found.page.total == count
    assert bool(found.plans) is bool(count)
    plan_of_others = replace(TaskFilter(), plan_id=office.plan.id)
    assert len(find_task_ids(office.session, office.usual.actor(who), plan_of_others, today=TODAY)) == count


# Many


def test_two_thousand_tasks_are_reminded_of_in_seconds(office: Office) -> None:
    tasks = factories.make_tasks(
        office.session,
        [f"任务{number}" for number in range(2000)],
        plan=office.plan,
        lead=office.usual.lead,
        partners=(office.usual.partner,),
        due_on=LATE,
    )
    order = office.order(BulkAct.REMIND, *tasks)
    office.session.flush()

    begun = perf_counter()
    result = office.do(order)
    taken = perf_counter() - begun

    assert (result.done, len(office.mails())) == (2000, 3)
    # Seconds on an idle machine; the bound is for busy ones.
    assert taken < 30


@pytest.mark.parametrize(("who", "plans", "departments"), [("chen", 2, 3), ("li", 1, 2), ("zhao", 1, 1), ("sun", 0, 0)])
def test_the_filter_offers_the_plans_and_departments_of_what_is_seen(
    office: Office, who: str, plans: int, departments: int
) -> None:
    usual = office.usual
    other = factories.make_plan(office.session, body=usual.body, imported_by=usual.chen, title="另一个计划")
    factories.make_task(office.session, plan=other, lead=usual.other, due_on=LATER, state=TaskState.IN_PROGRESS)
    factories.make_department(office.session, name="没有任务的局", parent=usual.body)

    found = search_tasks(office.session, usual.actor(who), TaskFilter(), today=TODAY)

    assert (len(found.plans), len(found.departments)) == (plans, departments)
