"""From a document to a confirmed plan, and what must not happen on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import func, select

from taskboard.documents.document import DocumentError, DocumentProblem
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotAllowed, NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.import_arrangement import Rearrangement
from taskboard.domain.imports import DeadlineChoice, Decisions, NameChoice, NameDecision, Obstacle, RowKind
from taskboard.domain.workflow import AssignmentRole, DeadlineOrigin, TaskState
from taskboard.models import (
    Assignment,
    Department,
    DepartmentName,
    HistoryEntry,
    ImportDraft,
    Measure,
    Plan,
    PlanDefaultDepartment,
    PlanSource,
    Task,
    TaskTarget,
)
from taskboard.services import imports
from taskboard.services.department_names import match_names
from taskboard.services.import_review import find_places, review_draft
from tests.support import factories
from tests.support.factories import NOW

PLANS = Path(__file__).parents[1] / "data" / "plans"
TEXT = """云泽市优化营商环境2026—2027年行动方案

一、重点任务
1.推进一网通办。2026年底前，高频事项全部上线。（责任单位：市发改委、市财政局）
2.清理收费项目。全面清理涉企收费。（市财政局牵头，各县（市、区）人民政府配合）
3.健全督查机制。长期坚持。（责任单位：市督查考核中心）
"""


@pytest.fixture
def chen(usual):
    return usual.actor("chen")


@cache
def read(text):
    """The reading of a text, made once: each takes a process of its own."""
    return imports.read_pasted(text)


def start(session, usual, text=TEXT):
    source = read(text)
    return imports.start_import(
        session, source, body_id=usual.body.id, actor=usual.actor("chen"), now=NOW, entrance="test"
    )


def review(session, draft):
    return review_draft(session, draft)


def row(session, draft, key):
    return next(one for one in review(session, draft).rows if one.row.key == key)


def change(session, draft, key, chen, **fields):
    entry = replace(row(session, draft, key).row.entry, **fields)
    return imports.save_decisions(
        session, draft.id, Decisions(entries={key: entry}), version=draft.version, actor=chen, now=NOW
    )


def name_it(session, draft, name, decision, chen):
    key = next(one.key for one in review(session, draft).unknown if name in one.names)
    return imports.save_decisions(
        session, draft.id, Decisions(names={key: decision}), version=draft.version, actor=chen, now=NOW
    )


def confirm(session, draft, chen, *, leads_are_checked=True):
    return imports.confirm_import(
        session,
        draft.id,
        version=draft.version,
        leads_are_checked=leads_are_checked,
        actor=chen,
        now=NOW,
        entrance="test",
    )


def tasks_of(session, plan):
    return list(session.scalars(select(Task).where(Task.plan_id == plan.id).order_by(Task.position)))


def units_of(session, task):
    query = (
        select(Assignment.role, Department.name)
        .join(Department, Department.id == Assignment.department_id)
        .where(Assignment.task_id == task.id)
        .order_by(Assignment.position)
    )
    return [(role, name) for role, name in session.execute(query)]


def counts(session):
    tables = (Plan, PlanSource, Measure, Task, Assignment, Department, DepartmentName, PlanDefaultDepartment)
    return {table.__name__: session.scalar(select(func.count()).select_from(table)) for table in tables}


# Reading and drafts


def test_nothing_of_a_draft_is_stored_as_a_plan_before_it_is_confirmed(session, usual, chen):
    before = counts(session)

    draft = start(session, usual)
    change(session, draft, "m1", chen, lead=("市新办",))

    assert counts(session) == before
    assert [one.title for one in imports.list_drafts(session, chen)] == ["云泽市优化营商环境2026—2027年行动方案"]


def test_what_was_read_can_be_reviewed_after_a_round_trip_through_the_database(session, usual):
    draft = start(session, usual)
    session.commit()
    session.expire_all()

    found = review(session, draft)

    assert [one.row.entry.title for one in found.rows] == ["推进一网通办", "清理收费项目", "健全督查机制"]
    assert found.rows[0].due.due_on == date(2026, 12, 31)
    assert [unit.department_name for unit in found.rows[0].lead] == ["市发展改革委"]


def test_a_reading_stored_by_an_earlier_release_can_still_be_reviewed(session, usual):
    draft = start(session, usual)
    older = {key: value for key, value in draft.reading.items() if key not in {"horizon", "candidates"}}
    older["measures"] = [{k: v for k, v in one.items() if k != "targets"} for one in older["measures"]]
    draft.reading = older
    session.flush()

    assert len(review(session, draft).rows) == 3


def test_targets_kept_as_bare_words_by_an_earlier_release_do_not_stop_a_review(session, usual):
    draft = start(session, usual)
    draft.reading = {
        **draft.reading,
        "measures": [{**one, "targets": ["8000家"]} for one in draft.reading["measures"]],
    }
    session.flush()

    assert len(review(session, draft).rows) == 3


def test_only_a_supervisor_of_the_body_may_import_for_it(session, usual):
    source = read(TEXT)

    with pytest.raises(NotAllowed):
        imports.start_import(session, source, body_id=usual.body.id, actor=usual.actor("li"), now=NOW, entrance="test")
    with pytest.raises(NotAllowed):
        imports.start_import(
            session, source, body_id=usual.lead.id, actor=usual.actor("chen"), now=NOW, entrance="test"
        )


def test_a_draft_of_another_body_does_not_exist(session, usual):
    draft = start(session, usual)
    elsewhere = factories.make_department(session, "海原市人民政府")
    stranger = factories.actor_of(usual.zhao, (factories.Role.SUPERVISOR, elsewhere))

    assert imports.list_drafts(session, stranger) == []
    with pytest.raises(NotFound):
        imports.get_draft(session, draft.id, stranger)
    with pytest.raises(NotFound):
        confirm(session, draft, stranger)
    with pytest.raises(NotFound):
        imports.get_draft(session, 999_999, usual.actor("chen"))


def test_a_document_that_is_under_review_or_imported_is_known_again(session, usual, chen):
    sha = imports.fingerprint(TEXT.encode())
    assert not imports.find_same(session, sha, actor=chen)

    draft = start(session, usual)
    under_review = imports.find_same(session, sha, actor=chen)
    plan = confirm(session, draft, chen)
    imported = imports.find_same(session, sha, actor=chen)

    assert [one.id for one in under_review.drafts] == [draft.id]
    assert [one.id for one in imported.plans] == [plan.id]
    assert imported.drafts == []
    assert not imports.find_same(session, sha, actor=usual.actor("li"))


def test_a_document_met_before_can_be_read_again_without_a_second_upload(session, usual, chen):
    draft = start(session, usual)
    from_draft = imports.read_again(session, draft_id=draft.id, plan_id=None, actor=chen)
    plan = confirm(session, draft, chen)
    from_plan = imports.read_again(session, draft_id=None, plan_id=plan.id, actor=chen)
    from_confirmed = imports.read_again(session, draft_id=draft.id, plan_id=None, actor=chen)

    assert from_draft == from_plan == from_confirmed == (TEXT.encode(), "粘贴的文本.txt")
    with pytest.raises(NotFound):
        imports.read_again(session, draft_id=None, plan_id=plan.id, actor=usual.actor("li"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "shown"),
    [("C:\\计划\\要点.txt", "要点.txt"), ("../../etc/passwd", "passwd"), ("", "未命名"), ("a\x00b\n.txt", "ab.txt")],
)
def test_a_file_name_is_shown_without_its_folders(session, name, shown):
    assert imports.read_file(TEXT.encode(), name).name == shown


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_cannot_be_read_says_why(session):
    with pytest.raises(DocumentError) as refusal:
        imports.read_file(b"\x7fELF" + bytes(2000), "a.txt")

    assert refusal.value.problem in {DocumentProblem.BINARY, DocumentProblem.UNSUPPORTED}


def test_a_draft_can_be_discarded(session, usual, chen):
    draft = start(session, usual)

    imports.discard_draft(session, draft.id, actor=chen, now=NOW, entrance="test")

    assert session.scalar(select(func.count()).select_from(ImportDraft)) == 0


def trail_of_imports(session):
    query = select(HistoryEntry).where(HistoryEntry.subject == Subject.IMPORT).order_by(HistoryEntry.id)
    return list(session.scalars(query))


def test_reading_and_discarding_a_document_is_on_record_with_its_fingerprint(session, usual, chen):
    draft = start(session, usual)
    draft_id, sha = draft.id, draft.source_sha256

    imports.discard_draft(session, draft_id, actor=chen, now=NOW, entrance="web")

    read, gone = trail_of_imports(session)
    assert [(one.act, one.subject_id, one.actor_id, one.entrance) for one in (read, gone)] == [
        (Change.READ, draft_id, chen.person_id, "test"),
        (Change.DISCARDED, draft_id, chen.person_id, "web"),
    ]
    assert read.after == gone.before == {"source_name": "粘贴的文本.txt", "sha256": sha, "body_id": usual.body.id}


def test_the_trail_tells_from_which_entrance_a_plan_was_confirmed(session, usual, chen):
    plan = confirm(session, start(session, usual), chen)

    query = select(HistoryEntry).where(HistoryEntry.subject == Subject.PLAN, HistoryEntry.subject_id == plan.id)
    assert session.scalars(query).one().entrance == "test"


def test_drafts_untouched_for_thirty_days_are_removed_and_plans_are_not(session, usual, chen):
    old, confirmed, fresh = (start(session, usual, TEXT + "\n" * n) for n in range(3))
    plan = confirm(session, confirmed, chen)
    fresh.updated_at = NOW + timedelta(days=20)
    session.flush()

    removed = imports.remove_untouched_drafts(session, now=NOW + timedelta(days=30, seconds=1))

    assert removed == 1
    assert session.get(ImportDraft, old.id) is None
    assert [one.id for one in imports.list_drafts(session, chen)] == [fresh.id]
    last = trail_of_imports(session)[-1]
    assert (last.act, last.subject_id, last.actor_id, last.entrance) == (Change.DISCARDED, old.id, None, "job")
    assert confirm(session, confirmed, chen).id == plan.id


# Deciding


def test_a_decision_is_kept_and_what_was_read_stays_beside_it(session, usual, chen):
    draft = start(session, usual)

    change(session, draft, "m1", chen, lead=("市教育局",), title="一网通办")
    session.commit()
    session.expire_all()
    found = row(session, draft, "m1")

    assert found.row.entry.lead == ("市教育局",)
    assert found.row.proposal.lead == ("市发改委",)
    assert found.row.is_decided("title") and not found.row.is_decided("partners")


def test_saving_nothing_new_leaves_the_version_alone(session, usual, chen):
    draft = start(session, usual)
    version = draft.version

    change(session, draft, "m1", chen)

    assert draft.version == version


def test_a_stale_version_is_refused_and_the_other_decision_stays(session, usual, chen):
    draft = start(session, usual)
    version = draft.version
    entry = row(session, draft, "m1").row.entry
    change(session, draft, "m1", chen, lead=("市教育局",))

    with pytest.raises(Stale):
        imports.save_decisions(
            session,
            draft.id,
            Decisions(entries={"m1": replace(entry, lead=("市财政局",))}),
            version=version,
            actor=chen,
            now=NOW,
        )
    with pytest.raises(Stale):
        imports.confirm_import(
            session, draft.id, version=version, leads_are_checked=True, actor=chen, now=NOW, entrance="test"
        )

    assert row(session, draft, "m1").row.entry.lead == ("市教育局",)


def test_saving_and_confirming_need_a_supervisor_of_the_body(session, usual):
    draft = start(session, usual)

    with pytest.raises(NotFound):
        change(session, draft, "m1", usual.actor("gao"), title="别人的")
    with pytest.raises(NotFound):
        confirm(session, draft, usual.actor("sun"))
    with pytest.raises(NotFound):
        imports.discard_draft(session, draft.id, actor=usual.actor("li"), now=NOW, entrance="test")


# Names


def test_an_abbreviation_and_the_full_name_end_as_one_new_department(session, usual, chen):
    text = TEXT.replace("市督查考核中心", "省发改委、省发展改革委、省发展和改革委员会").replace(
        "市发改委", "省发展改革委"
    )
    draft = start(session, usual, text)
    unknown = [one for one in review(session, draft).unknown if "省发改委" in one.names]
    for one in unknown:
        name_it(session, draft, one.name, NameDecision(NameChoice.CREATE_UNIT), chen)
    for key in ("m3",):
        change(session, draft, key, chen, lead=("省发改委",), partners=("市财政局",))

    plan = confirm(session, draft, chen)
    found = match_names(session, ["省发改委", "省发展改革委", "省发展和改革委员会"])

    assert len({department.id for department in found.values()}) == 1
    first, _, third = tasks_of(session, plan)
    assert units_of(session, first)[0] == units_of(session, third)[0]


def test_an_unknown_name_is_listed_once_with_the_items_that_name_it(session, usual):
    text = TEXT.replace("市财政局", "市大数据中心")

    unknown = {one.name: one for one in review(session, start(session, usual, text)).unknown}

    assert unknown["市大数据中心"].numbers == (1, 2)
    assert unknown["各县（市、区）人民政府"].guessed_kind is DepartmentKind.COLLECTIVE
    assert unknown["市督查考核中心"].effective == NameDecision(NameChoice.CREATE_UNIT)


def test_a_name_that_resembles_a_known_department_is_never_created_without_a_decision(session, usual, chen):
    draft = start(session, usual, TEXT.replace("市督查考核中心", "市财政厅"))
    found = review(session, draft)
    unknown = next(one for one in found.unknown if one.name == "市财政厅")

    assert [one.name for one in unknown.suggestions] == ["市财政局"]
    assert unknown.effective is None
    assert Obstacle.NAME_UNDECIDED in {one.obstacle for one in found.hindrances}
    with pytest.raises(Invalid):
        confirm(session, draft, chen)


def test_mapping_a_name_makes_it_an_alias_of_the_department(session, usual, chen):
    draft = start(session, usual, TEXT.replace("市督查考核中心", "市财政厅"))
    name_it(session, draft, "市财政厅", NameDecision(NameChoice.SAME_AS, "市财政局"), chen)

    plan = confirm(session, draft, chen)

    assert match_names(session, ["市财政厅"])["市财政厅"].id == usual.partner.id
    assert units_of(session, tasks_of(session, plan)[2]) == [(AssignmentRole.LEAD, "市财政局")]
    assignment = session.scalars(select(Assignment).where(Assignment.task_id == tasks_of(session, plan)[2].id)).one()
    assert assignment.name_as_written == "市财政厅"


def test_an_unknown_name_can_be_the_same_as_another_new_one(session, usual, chen):
    draft = start(session, usual, TEXT.replace("各县（市、区）人民政府", "督查中心"))
    name_it(session, draft, "督查中心", NameDecision(NameChoice.SAME_AS, "市督查考核中心"), chen)

    plan = confirm(session, draft, chen)

    _, second, third = tasks_of(session, plan)
    assert units_of(session, second)[1] == (AssignmentRole.PARTNER, "市督查考核中心")
    assert units_of(session, third) == [(AssignmentRole.LEAD, "市督查考核中心")]


def test_names_that_point_at_each_other_are_refused(session, usual, chen):
    draft = start(session, usual, TEXT.replace("各县（市、区）人民政府", "督查中心"))
    name_it(session, draft, "督查中心", NameDecision(NameChoice.SAME_AS, "市督查考核中心"), chen)
    name_it(session, draft, "市督查考核中心", NameDecision(NameChoice.SAME_AS, "督查中心"), chen)

    assert {Obstacle.TARGET_UNKNOWN} == {one.obstacle for one in review(session, draft).hindrances}


def test_a_name_mapped_to_nothing_known_is_refused(session, usual, chen):
    draft = start(session, usual)
    name_it(session, draft, "市督查考核中心", NameDecision(NameChoice.SAME_AS, "没有的单位"), chen)

    with pytest.raises(Invalid):
        confirm(session, draft, chen)


def test_names_only_in_items_left_out_are_not_asked_for_and_not_created(session, usual, chen):
    draft = start(session, usual)
    change(session, draft, "m3", chen, is_included=False)

    confirm(session, draft, chen)

    assert match_names(session, ["市督查考核中心"])["市督查考核中心"] is None


# Confirming


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


# Arranging


def arrange(session, draft, chen, act, *place):
    key, at = (*place, None)[:2]
    return imports.rearrange_measures(
        session, draft.id, Rearrangement(act), key, at=at, version=draft.version, actor=chen, now=NOW
    )


def keys_of(session, draft):
    return [one.row.key for one in review(session, draft).rows]


def test_a_split_measure_becomes_two_tasks_that_keep_the_documents_words(session, usual, chen):
    draft = start(session, usual)
    (point,) = row(session, draft, "m1").row.split_points

    arrange(session, draft, chen, "split", "m1", point)
    change(session, draft, f"m1_{point}", chen, title="全部上线", lead=("市财政局",), partners=())
    plan = confirm(session, draft, chen)

    measures = session.scalars(select(Measure).where(Measure.plan_id == plan.id).order_by(Measure.position)).all()
    assert [one.text for one in measures[:2]] == ["推进一网通办。", "2026年底前，高频事项全部上线。"]
    assert [one.title for one in tasks_of(session, plan)[:2]] == ["推进一网通办", "全部上线"]
    assert units_of(session, tasks_of(session, plan)[1]) == [(AssignmentRole.LEAD, "市财政局")]
    assert [one.due_on for one in tasks_of(session, plan)[:2]] == [None, date(2026, 12, 31)]
    assert measures[1].reading["text"] == "推进一网通办。2026年底前，高频事项全部上线。"
    assert measures[1].reading["parts"][0]["start"] == point


def test_joined_measures_become_one_task_with_the_readings_of_both(session, usual, chen):
    draft = start(session, usual)

    arrange(session, draft, chen, "merge", "m2")
    plan = confirm(session, draft, chen)

    measure, _ = session.scalars(select(Measure).where(Measure.plan_id == plan.id).order_by(Measure.position)).all()
    assert measure.text.split("\n") == [
        "推进一网通办。2026年底前，高频事项全部上线。",
        "清理收费项目。全面清理涉企收费。",
    ]
    assert [one["heading"] for one in measure.reading["joined_with"]] == ["清理收费项目"]
    assert row_names(session, tasks_of(session, plan)[0]) == ["市发展改革委", "市财政局", "各县（市、区）人民政府"]


def test_joined_measures_with_targets_become_one_task_that_has_them_all(session, usual, chen):
    text = TEXT.replace("全部上线。", "上线率达到95%以上。").replace("清理涉企收费。", "清理涉企收费，减少收费10项。")
    draft = start(session, usual, text)
    both = [one.row.entry.targets for one in review(session, draft).rows[:2]]

    arrange(session, draft, chen, "merge", "m2")
    plan = confirm(session, draft, chen)

    task = tasks_of(session, plan)[0]
    kept = session.scalars(select(TaskTarget).where(TaskTarget.task_id == task.id).order_by(TaskTarget.position)).all()
    assert all(both)
    assert [one.words for one in kept] == [one.words for one in (*both[0], *both[1])]


def row_names(session, task):
    return [name for _, name in units_of(session, task)]


def test_the_plan_follows_the_order_that_was_decided(session, usual, chen):
    draft = start(session, usual)

    arrange(session, draft, chen, "up", "m3")
    arrange(session, draft, chen, "up", "m3")
    plan = confirm(session, draft, chen)

    assert [one.title for one in tasks_of(session, plan)] == ["健全督查机制", "推进一网通办", "清理收费项目"]
    assert [one.position for one in tasks_of(session, plan)] == [1, 2, 3]


def test_what_was_decided_about_a_measure_stays_with_it_through_arranging_and_back(session, usual, chen):
    draft = start(session, usual)
    change(session, draft, "m1", chen, title="一网通办")
    change(session, draft, "m2", chen, title="清理")

    arrange(session, draft, chen, "merge", "m2")
    change(session, draft, "m3", chen, title="机制")
    arrange(session, draft, chen, "unmerge", "m1")

    found = review(session, draft)
    assert [one.row.entry.title for one in found.rows] == ["一网通办", "清理", "机制"]
    assert found.rows[0].row.entry.partners == ("市财政局",)
    assert keys_of(session, draft) == ["m1", "m2", "m3"]


def test_places_of_a_part_are_those_of_its_own_words(session, usual, chen):
    draft = start(session, usual)
    (point,) = row(session, draft, "m1").row.split_points
    arrange(session, draft, chen, "split", "m1", point)

    places = find_places(draft, review(session, draft).rows)

    (first,), (second,) = places["m1"]["text"], places[f"m1_{point}"]["text"]
    assert first.end == second.start
    assert places[f"m1_{point}"]["lead"] == places["m1"]["lead"]


def test_arranging_is_refused_to_others_and_to_who_saw_an_older_version(session, usual, chen):
    draft = start(session, usual)
    version = draft.version
    change(session, draft, "m1", chen, title="一网通办")

    with pytest.raises(Stale):
        imports.rearrange_measures(session, draft.id, Rearrangement.UP, "m2", version=version, actor=chen, now=NOW)
    with pytest.raises(NotFound):
        imports.rearrange_measures(
            session, draft.id, Rearrangement.UP, "m2", version=draft.version, actor=usual.actor("li"), now=NOW
        )
    with pytest.raises(Invalid):
        arrange(session, draft, chen, "merge", "m1")
