"""The draft becomes a plan with its tasks, or nothing at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.imports import DeadlineChoice, Decisions, NameChoice, NameDecision, Obstacle, RowKind
from taskboard.domain.workflow import AssignmentRole, DeadlineOrigin, TaskState
from taskboard.models import (
    Assignment,
    Department,
    HistoryEntry,
    ImportDraft,
    Measure,
    PlanDefaultDepartment,
    PlanSource,
    Task,
)
from taskboard.services import imports
from taskboard.services.department_names import match_names
from tests.support.drafts import change, confirm, counts, name_it, review, row, start, tasks_of, units_of
from tests.support.factories import NOW
from tests.support.importing import PLANS, TEXT


def test_confirming_makes_the_plan_with_its_tasks_in_one_go(session, usual, chen):
    draft = start(session, usual)

    plan = confirm(session, draft, chen)
    tasks = tasks_of(session, plan)

    assert (plan.title, plan.body_id, plan.imported_by_id) == (
        "云泽市优化营商环境2026—2027年行动方案",
        usual.body.id,
        usual.chen.id,
    )
    assert session.get_one(PlanSource, plan.id).content == TEXT.encode()
    assert [(one.state, one.position) for one in tasks] == [
        (TaskState.DRAFT, 1),
        (TaskState.DRAFT, 2),
        (TaskState.DRAFT, 3),
    ]
    assert units_of(session, tasks[0]) == [
        (AssignmentRole.LEAD, "市发展改革委"),
        (AssignmentRole.PARTNER, "市财政局"),
    ]
    measure = session.get_one(Measure, tasks[0].measure_id)
    assert "高频事项全部上线" in measure.text
    assert measure.reading["deadline"] == "2026-12-31"


def test_each_task_says_where_its_deadline_comes_from(session, usual, chen):
    draft = start(session, usual)
    horizon = date(2027, 12, 31)
    facts = replace(review(session, draft).facts, horizon_on=horizon)
    imports.save_decisions(session, draft.id, Decisions(facts=facts), version=draft.version, actor=chen, now=NOW)
    change(session, draft, "m2", chen, deadline=DeadlineChoice.INHERITED)

    tasks = tasks_of(session, confirm(session, draft, chen))

    assert [(one.due_on, one.is_ongoing, one.deadline_origin) for one in tasks] == [
        (date(2026, 12, 31), False, DeadlineOrigin.STATED),
        (horizon, False, DeadlineOrigin.INHERITED),
        (None, True, DeadlineOrigin.ONGOING),
    ]


def test_a_measure_without_a_date_becomes_a_task_without_one(session, usual, chen):
    draft = start(session, usual)
    change(session, draft, "m3", chen, deadline=DeadlineChoice.DATE, decided_on=date(2026, 6, 30))

    tasks = tasks_of(session, confirm(session, draft, chen))

    assert (tasks[1].due_on, tasks[1].deadline_origin) == (None, DeadlineOrigin.MISSING)
    assert (tasks[2].due_on, tasks[2].deadline_origin) == (date(2026, 6, 30), DeadlineOrigin.DECIDED)


def test_inferred_leads_need_the_persons_word(session, usual, chen):
    draft = start(session, usual)

    with pytest.raises(Invalid) as refusal:
        confirm(session, draft, chen, leads_are_checked=False)
    plan = confirm(session, draft, chen)

    assert [one.obstacle for one in refusal.value.facts["hindrances"]] == [Obstacle.LEADS_UNCHECKED]
    confirmed = session.scalars(select(Assignment.is_confirmed)).all()
    assert (len(confirmed), set(confirmed)) == (5, {True})
    assert len(tasks_of(session, plan)) == 3


def test_an_import_without_inferred_leads_needs_no_such_word(session, usual, chen):
    draft = start(
        session,
        usual,
        TEXT.replace("责任单位：市发改委、市财政局", "市发改委牵头，市财政局配合").replace(
            "责任单位：市督查考核中心", "市督查考核中心牵头"
        ),
    )

    assert len(tasks_of(session, confirm(session, draft, chen, leads_are_checked=False))) == 3


def test_a_second_confirmation_leads_to_the_same_plan(session, usual, chen):
    draft = start(session, usual)
    version = draft.version
    plan = confirm(session, draft, chen)

    again = imports.confirm_import(
        session, draft.id, version=version, leads_are_checked=True, actor=chen, now=NOW, entrance="test"
    )

    assert again.id == plan.id
    assert session.scalar(select(func.count()).select_from(Task)) == 3


def test_a_confirmed_draft_can_neither_be_changed_nor_discarded(session, usual, chen):
    draft = start(session, usual)
    plan = confirm(session, draft, chen)

    with pytest.raises(Stale):
        change(session, draft, "m1", chen, title="太晚了")
    imports.discard_draft(session, draft.id, actor=chen, now=NOW, entrance="test")

    assert session.get_one(ImportDraft, draft.id).plan_id == plan.id


def test_measures_left_out_become_no_task(session, usual, chen):
    draft = start(session, usual)
    change(session, draft, "m2", chen, is_included=False)

    tasks = tasks_of(session, confirm(session, draft, chen))

    assert [one.title for one in tasks] == ["推进一网通办", "健全督查机制"]


def test_leaving_everything_out_is_refused(session, usual, chen):
    draft = start(session, usual)
    for key in ("m1", "m2", "m3"):
        change(session, draft, key, chen, is_included=False)

    with pytest.raises(Invalid):
        confirm(session, draft, chen)


@pytest.mark.parametrize(
    ("fields", "obstacle"),
    [
        ({"lead": ()}, Obstacle.LEAD_EMPTY),
        ({"title": ""}, Obstacle.TITLE_EMPTY),
        ({"partners": ("市发展和改革委员会",)}, Obstacle.SAME_DEPARTMENT),
        ({"deadline": DeadlineChoice.DATE}, Obstacle.DATE_EMPTY),
    ],
)
def test_a_measure_that_is_not_fit_stops_the_import_and_nothing_is_made(session, usual, chen, fields, obstacle):
    draft = start(session, usual)
    change(session, draft, "m1", chen, **fields)
    before = counts(session)

    with pytest.raises(Invalid) as refusal:
        confirm(session, draft, chen)

    assert [(one.obstacle, one.row_key) for one in refusal.value.facts["hindrances"]] == [(obstacle, "m1")]
    assert counts(session) == before


def test_the_same_new_unit_under_two_spellings_cannot_be_lead_and_partner(session, usual, chen):
    draft = start(session, usual)
    change(session, draft, "m3", chen, lead=("省发展改革委",), partners=("省发改委",))

    assert Obstacle.SAME_DEPARTMENT in row(session, draft, "m3").obstacles


def test_a_department_that_was_switched_off_is_not_assigned(session, usual, chen):
    usual.partner.is_active = False
    session.flush()
    draft = start(session, usual)

    assert Obstacle.DEPARTMENT_INACTIVE in row(session, draft, "m1").obstacles


def test_a_collective_lead_is_allowed_in_the_draft_and_marked(session, usual, chen):
    draft = start(session, usual)
    change(session, draft, "m2", chen, lead=("各县（市、区）人民政府",), partners=())
    found = review(session, draft)

    plan = confirm(session, draft, chen)

    assert [one.row.key for one in found.with_collective_lead] == ["m2"]
    created = match_names(session, ["各县（市、区）人民政府"])["各县（市、区）人民政府"]
    assert created.kind is DepartmentKind.COLLECTIVE
    assert units_of(session, tasks_of(session, plan)[1]) == [(AssignmentRole.LEAD, "各县（市、区）人民政府")]


def test_two_spellings_of_one_partner_are_one_assignment(session, usual, chen):
    draft = start(session, usual)
    change(session, draft, "m3", chen, partners=("市财政局", "市 财 政 局", "市教育局"))

    task = tasks_of(session, confirm(session, draft, chen))[2]

    assert [name for _, name in units_of(session, task)] == ["市督查考核中心", "市财政局", "市教育局"]


def test_default_units_stand_beside_the_plan_and_not_on_every_task(session, usual, chen):
    draft = start(session, usual)
    facts = replace(review(session, draft).facts, defaults=("各市人民政府", "各市政府"))
    imports.save_decisions(session, draft.id, Decisions(facts=facts), version=draft.version, actor=chen, now=NOW)

    plan = confirm(session, draft, chen)

    defaults = session.execute(
        select(Department.name, Department.kind)
        .join(PlanDefaultDepartment, PlanDefaultDepartment.department_id == Department.id)
        .where(PlanDefaultDepartment.plan_id == plan.id)
    ).all()
    assert defaults == [("各市人民政府", DepartmentKind.COLLECTIVE)]
    assert all("各市" not in name for task in tasks_of(session, plan) for _, name in units_of(session, task))


def test_a_new_department_belongs_below_the_body_and_stands_in_the_trail(session, usual, chen):
    confirm(session, start(session, usual), chen)

    created = match_names(session, ["市督查考核中心"])["市督查考核中心"]

    assert created.path.startswith(usual.body.path)
    [entry] = session.scalars(
        select(HistoryEntry).where(HistoryEntry.subject == Subject.DEPARTMENT, HistoryEntry.subject_id == created.id)
    )
    assert (entry.act, entry.actor_id) == (Change.ADDED, chen.person_id)


def test_candidates_can_be_taken_in_and_stand_where_their_text_stands(session, usual, chen):
    text = TEXT + "\n二、保障措施\n（一）加强组织领导。各级各部门要高度重视。\n"
    draft = start(
        session,
        usual,
        text.replace("3.健全督查机制。长期坚持。（责任单位：市督查考核中心）", "3.健全督查机制。建立台账。"),
    )
    candidates = [one for one in review(session, draft).rows if one.row.kind is RowKind.CANDIDATE]
    assert candidates, "the document has an item without a clause"
    change(session, draft, candidates[0].row.key, chen, is_included=True, lead=("市教育局",))

    tasks = tasks_of(session, confirm(session, draft, chen))

    assert len(tasks) == 3
    assert tasks[2].title == candidates[0].row.entry.title


@pytest.mark.parametrize("name", ["04_state_council.txt", "30_docx_table_merged.docx"])
def test_a_whole_document_becomes_a_plan(session, usual, chen, name):
    source = imports.read_file((PLANS / name).read_bytes(), name)
    draft = imports.start_import(session, source, body_id=usual.body.id, actor=chen, now=NOW, entrance="test")
    found = review(session, draft)
    for unknown in found.unknown:
        if unknown.effective is None:
            name_it(session, draft, unknown.name, NameDecision(NameChoice.CREATE_UNIT), chen)

    plan = confirm(session, draft, chen)

    assert len(tasks_of(session, plan)) == len(found.included)
    leads = session.scalar(select(func.count()).select_from(Assignment).where(Assignment.role == AssignmentRole.LEAD))
    assert leads >= len(found.included)
