"""A revised document beside the plan that runs: what is offered, what a decision does, and what stays."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.import_arrangement import Rearrangement
from taskboard.domain.plan_comparison import Field
from taskboard.domain.workflow import Act, AssignmentRole, AssignmentState, TaskState
from taskboard.models import Assignment, Department, HistoryEntry, ImportDraft, Measure, Plan, Task
from taskboard.services import imports, issuing, task_acts
from taskboard.services.import_review import review_draft
from taskboard.services.revision_decisions import RevisionDecisions, RowRefused, apply_revision
from taskboard.services.revisions import compare, find_resembling
from tests.support import factories
from tests.support.factories import NOW
from tests.support.importing import read
from tests.support.tables import assignment_of

OLD = """云泽市优化营商环境行动方案（征求意见稿）

一、重点任务
1.推进一网通办。2026年底前，高频事项全部上线办理。（牵头单位：市发展改革委；配合单位：市财政局）
2.清理收费项目。全面清理涉企收费，公布目录清单，2027年3月底前完成。（牵头单位：市财政局）
3.健全督查机制。建立任务台账，长期坚持。（牵头单位：市教育局）
4.保护知识产权。设立快速维权中心，2027年6月底前完成。（牵头单位：市发展改革委）
"""
NEW = """云泽市优化营商环境行动方案

一、重点任务
1.保护知识产权。设立快速维权中心，2027年6月底前完成。（牵头单位：市发展改革委）
2.推进一网通办。2026年底前，高频事项全部上线办理。（牵头单位：市发展改革委；配合单位：市财政局）
3.清理收费项目。全面清理涉企收费，公布目录清单，2027年6月底前完成。（牵头单位：市财政局；配合单位：市教育局）
4.开展屋顶光伏试点。建成装机二十万千瓦，2027年底前完成。（牵头单位：市发展改革委；配合单位：市能源局）
"""


def start(session, usual, text):
    return imports.start_import(
        session, read(text), body_id=usual.body.id, actor=usual.actor("chen"), now=NOW, entrance="test"
    )


@pytest.fixture
def plan(session, usual):
    draft = start(session, usual, OLD)
    return imports.confirm_import(
        session,
        draft.id,
        version=draft.version,
        leads_are_checked=True,
        actor=usual.actor("chen"),
        now=NOW,
        entrance="test",
    )


@pytest.fixture
def draft(session, usual, plan):
    return start(session, usual, NEW)


def by(usual, name="chen"):
    return {"actor": usual.actor(name), "now": NOW, "entrance": "test"}


def tasks_of(session, plan):
    return {
        task.title: task
        for task in session.scalars(select(Task).where(Task.plan_id == plan.id).order_by(Task.position))
    }


def issue_all(session, usual, plan):
    orders = [issuing.IssueOrder(task.id) for task in tasks_of(session, plan).values()]
    issuing.issue_tasks(session, orders, **by(usual))
    return tasks_of(session, plan)


def shown(session, usual, draft, plan):
    return compare(session, draft.id, plan.id, actor=usual.actor("chen"))


def apply(session, usual, draft, plan, *, version=None, **decided):
    current = {task.id: task.version for task in session.scalars(select(Task).where(Task.plan_id == plan.id))}
    decisions = RevisionDecisions(**{"versions": current, "reason": "正式稿已印发", **decided})
    return apply_revision(session, draft.id, plan.id, decisions, version=version or draft.version, **by(usual))


def everything(session):
    """All that runs, as plain values."""
    tasks = session.execute(select(Task.id, Task.version, Task.state, Task.due_on, Task.measure_id, Task.title)).all()
    units = session.execute(select(Assignment.id, Assignment.version, Assignment.state, Assignment.role)).all()
    return tasks, units, session.scalars(select(HistoryEntry.id).where(HistoryEntry.task_id.is_not(None))).all()


# What is offered


def test_the_comparison_tells_added_changed_removed_moved_and_unchanged(session, usual, plan, draft):
    revision = shown(session, usual, draft, plan)

    assert [one.row.entry.title for one in revision.added] == ["开展屋顶光伏试点"]
    assert [(one.running.title, one.offers) for one in revision.changed] == [
        ("清理收费项目", (Field.WORDING, Field.DEADLINE, Field.PARTNERS))
    ]
    assert [one.title for one in revision.removed] == ["健全督查机制"]
    assert [one.running.title for one in revision.moved] == ["保护知识产权"]
    assert [one.running.title for one in revision.unchanged] == ["推进一网通办"]


def test_the_draft_finds_the_plan_it_revises(session, usual, plan, draft):
    other = factories.make_plan(session, body=usual.body, imported_by=usual.chen, title="绿色低碳城市建设三年行动计划")

    found = find_resembling(session, draft, "云泽市优化营商环境行动方案", actor=usual.actor("chen"))

    assert [one.id for one in found] == [plan.id]
    assert other.id not in {one.id for one in found}


def test_what_the_supervisors_changed_since_is_no_change_of_the_document(session, usual, plan, draft):
    task = issue_all(session, usual, plan)["推进一网通办"]
    task_acts.correct_deadline(session, task.id, due_on=date(2027, 5, 1), reason="延期", **by(usual))

    assert "推进一网通办" in [one.running.title for one in shown(session, usual, draft, plan).unchanged]


def test_what_a_closed_task_could_take_over_is_not_offered(session, usual, plan, draft):
    task = tasks_of(session, plan)["清理收费项目"]
    task.state = TaskState.CLOSED
    tasks_of(session, plan)["健全督查机制"].state = TaskState.CLOSED
    session.flush()

    revision = shown(session, usual, draft, plan)

    assert revision.changed == () and revision.removed == ()


def test_plans_of_others_and_drafts_of_others_do_not_exist(session, usual, plan, draft):
    elsewhere = factories.make_department(session, "海原市人民政府")
    foreign = factories.make_plan(session, body=elsewhere, imported_by=usual.chen)

    with pytest.raises(NotFound):
        shown(session, usual, draft, foreign)
    for name in ("li", "zhao", "sun", "liu"):
        with pytest.raises(NotFound):
            compare(session, draft.id, plan.id, actor=usual.actor(name))
        with pytest.raises(NotFound):
            apply_revision(session, draft.id, plan.id, RevisionDecisions(), version=draft.version, **by(usual, name))


# What decisions do


def test_without_decisions_nothing_that_runs_changes_and_the_draft_is_kept(session, usual, plan, draft):
    issue_all(session, usual, plan)
    [changed] = shown(session, usual, draft, plan).changed
    before = everything(session)

    with pytest.raises(Invalid) as refused:
        apply(session, usual, draft, plan, taken={changed.key: frozenset()}, reason="修订")

    assert refused.value.problem == "nothing_ticked"
    assert everything(session) == before
    assert draft.plan_id is None


def test_a_document_that_differs_in_nothing_is_recorded_without_decisions(session, usual, plan):
    same = start(session, usual, OLD)

    apply(session, usual, same, plan)

    assert same.plan_id == plan.id


def test_an_added_measure_becomes_a_draft_behind_the_others(session, usual, plan, draft):
    [added] = shown(session, usual, draft, plan).added

    apply(session, usual, draft, plan, added=frozenset({added.row.key}))

    task = tasks_of(session, plan)["开展屋顶光伏试点"]
    assert (task.state, task.position, task.due_on) == (TaskState.DRAFT, 5, date(2027, 12, 31))
    assert session.get_one(Measure, task.measure_id).text.startswith("开展屋顶光伏试点。")
    assert assignment_of(session, task, usual.lead).role is AssignmentRole.LEAD


def test_a_department_is_created_only_for_what_is_taken_over(session, usual, plan, draft):
    apply(session, usual, draft, plan, takes_title=True)

    assert session.scalar(select(Department.id).where(Department.name == "市能源局")) is None


def test_a_running_task_takes_over_what_was_chosen_through_the_workflow(session, usual, plan, draft):
    task = issue_all(session, usual, plan)["清理收费项目"]
    old_measure = session.get_one(Measure, task.measure_id)
    [changed] = shown(session, usual, draft, plan).changed

    apply(session, usual, draft, plan, taken={changed.key: frozenset(changed.offers)})

    assert (task.due_on, task.original_due_on) == (date(2027, 6, 30), date(2027, 3, 31))
    assert assignment_of(session, task, usual.other).state is AssignmentState.PENDING
    assert "6月底前" in session.get_one(Measure, task.measure_id).text
    assert "3月底前" in session.get_one(Measure, old_measure.id).text
    entries = session.scalars(
        select(HistoryEntry).where(HistoryEntry.task_id == task.id, HistoryEntry.act == Act.CORRECT)
    )
    assert {one.reason for one in entries} == {"正式稿已印发"}


def test_only_the_chosen_field_is_taken_over(session, usual, plan, draft):
    task = issue_all(session, usual, plan)["清理收费项目"]
    [changed] = shown(session, usual, draft, plan).changed

    apply(session, usual, draft, plan, taken={changed.key: frozenset({Field.DEADLINE})})

    assert task.due_on == date(2027, 6, 30)
    assert "3月底前" in session.get_one(Measure, task.measure_id).text
    units = session.scalars(select(Assignment.department_id).where(Assignment.task_id == task.id)).all()
    assert units == [usual.partner.id]


def test_a_removed_task_is_terminated_with_the_reason_and_a_removed_draft_goes(session, usual, plan, draft):
    issued = issue_all(session, usual, plan)
    [removed] = shown(session, usual, draft, plan).removed

    apply(session, usual, draft, plan, ended=frozenset({removed.task_id}))

    assert issued["健全督查机制"].state is TaskState.TERMINATED
    assert issued["推进一网通办"].state is TaskState.ISSUED


def test_a_removed_draft_is_taken_away(session, usual, plan, draft):
    [removed] = shown(session, usual, draft, plan).removed

    apply(session, usual, draft, plan, ended=frozenset({removed.task_id}), reason="")

    assert "健全督查机制" not in tasks_of(session, plan)


def test_a_revision_is_applied_once(session, usual, plan, draft):
    [added] = shown(session, usual, draft, plan).added
    first = apply(session, usual, draft, plan, added=frozenset({added.row.key}))
    before = everything(session)

    again = apply(session, usual, draft, plan, added=frozenset({added.row.key}), version=1)

    assert again is first
    assert everything(session) == before
    assert draft.plan_id == plan.id


def test_the_same_document_again_finds_nothing_left_to_change(session, usual, plan, draft):
    revision = shown(session, usual, draft, plan)
    apply(
        session,
        usual,
        draft,
        plan,
        added=frozenset(one.row.key for one in revision.added),
        taken={one.key: frozenset(one.offers) for one in revision.changed},
        ended=frozenset(one.task_id for one in revision.removed),
        takes_title=True,
    )

    again = shown(session, usual, start(session, usual, NEW), plan)

    assert not (again.added or again.changed or again.removed)
    assert session.get_one(Plan, plan.id).title == "云泽市优化营商环境行动方案"


def test_a_task_that_changed_since_it_was_shown_is_a_conflict(session, usual, plan, draft):
    task = issue_all(session, usual, plan)["清理收费项目"]
    [changed] = shown(session, usual, draft, plan).changed
    seen = {task.id: task.version}
    task_acts.correct_deadline(session, task.id, due_on=date(2027, 5, 1), reason="延期", **by(usual))

    with pytest.raises(Stale):
        apply(session, usual, draft, plan, taken={changed.key: frozenset({Field.DEADLINE})}, versions=seen)


def test_a_draft_that_changed_since_it_was_shown_is_a_conflict(session, usual, plan, draft):
    with pytest.raises(Stale):
        apply(session, usual, draft, plan, version=draft.version + 1)


def test_a_decision_that_was_never_offered_is_refused(session, usual, plan, draft):
    running = tasks_of(session, plan)["推进一网通办"].id

    for decided in (
        {"added": frozenset({"m99"})},
        {"taken": {"m1": frozenset({Field.LEAD})}},
        {"ended": frozenset({running})},
    ):
        with pytest.raises(Stale):
            apply(session, usual, draft, plan, **decided)


def test_a_running_task_is_not_changed_without_a_reason(session, usual, plan, draft):
    issue_all(session, usual, plan)
    [changed] = shown(session, usual, draft, plan).changed

    with pytest.raises(RowRefused) as refused:
        apply(session, usual, draft, plan, taken={changed.key: frozenset({Field.DEADLINE})}, reason=" ")

    assert refused.value.facts["title"] == "清理收费项目"


def test_a_draft_with_open_questions_is_not_applied(session, usual, plan):
    unclear = start(session, usual, NEW.replace("市能源局", "市发展改革局"))

    with pytest.raises(Invalid) as refused:
        apply(session, usual, unclear, plan)

    assert refused.value.problem == "unresolved"


def arrange(session, usual, draft, act, key, *, at=None):
    imports.rearrange_measures(
        session, draft.id, act, key, at=at, version=draft.version, actor=usual.actor("chen"), now=NOW
    )


def confirmed(session, usual, text, *, joined=None):
    """A plan of this document, one of its measures joined with the one before it."""
    draft = start(session, usual, text)
    if joined:
        arrange(session, usual, draft, Rearrangement.MERGE, joined)
    return imports.confirm_import(session, draft.id, version=draft.version, leads_are_checked=True, **by(usual))


def in_order(session, plan):
    return list(tasks_of(session, plan).values())


def cut(session, usual, draft, key, words):
    """Cut a measure where these words begin; the key of the new one."""
    row = next(one.row for one in review_draft(session, draft).rows if one.row.key == key)
    at = row.parsed.text.index(words) + row.parts[0].start
    arrange(session, usual, draft, Rearrangement.SPLIT, key, at=at)
    return f"{row.parts[0].source}_{at}"


LONG = OLD.replace(
    "建立任务台账，长期坚持。", "全面建立任务台账并逐项落实。每季度通报一次进展情况。年终向全市公布结果并接受评议。"
)


def test_a_running_task_goes_on_in_the_first_part_of_its_measure_and_the_others_are_new(session, usual):
    plan = confirmed(session, usual, LONG)
    third = in_order(session, plan)[2]
    draft = start(session, usual, LONG)
    cut(session, usual, draft, cut(session, usual, draft, "m3", "每季度"), "年终")

    revision = compare(session, draft.id, plan.id, actor=usual.actor("chen"))

    (known,) = revision.changed
    assert (known.running.task_id, known.key, known.is_certain) == (third.id, "m3", True)
    assert known.offers == (Field.WORDING,)
    assert [one.row.parsed.text[:3] for one in revision.added] == ["每季度", "年终向"]
    assert {task.task_id for task in revision.parted.values()} == {third.id}
    assert len(revision.parted) == 2
    assert (revision.removed, revision.joined) == ((), {})


def test_taking_the_parts_over_leaves_the_task_its_history_and_adds_the_others(session, usual):
    plan = confirmed(session, usual, LONG)
    third = in_order(session, plan)[2]
    draft = start(session, usual, LONG)
    key = cut(session, usual, draft, "m3", "每季度")

    apply(session, usual, draft, plan, added={key}, taken={"m3": {Field.WORDING}}, reason="按修订稿拆分")

    tasks = in_order(session, plan)
    assert [task.position for task in tasks] == [1, 2, 3, 4, 6]  # the new wording of the third is the fifth measure
    assert tasks[2].id == third.id
    assert session.get_one(Measure, third.measure_id).text == "健全督查机制。全面建立任务台账并逐项落实。"
    assert session.get_one(Measure, tasks[4].measure_id).text.startswith("每季度通报")
    again = start(session, usual, LONG)
    cut(session, usual, again, "m3", "每季度")
    found = compare(session, again.id, plan.id, actor=usual.actor("chen"))
    assert (found.added, found.changed, found.removed) == ((), (), ())


def test_of_tasks_whose_measures_were_joined_one_goes_on_and_the_other_says_into_which(session, usual, plan):
    first, second, *_ = in_order(session, plan)
    draft = start(session, usual, OLD)
    arrange(session, usual, draft, Rearrangement.MERGE, "m2")

    revision = compare(session, draft.id, plan.id, actor=usual.actor("chen"))

    (known,) = revision.changed
    (gone,) = revision.removed
    assert {known.running.task_id, gone.task_id} == {first.id, second.id}
    assert Field.WORDING in known.offers
    assert {task: one.task_id for task, one in revision.joined.items()} == {gone.task_id: known.running.task_id}
    assert revision.added == ()


def test_what_was_joined_once_is_unchanged_when_the_same_document_is_joined_again(session, usual):
    plan = confirmed(session, usual, OLD, joined="m2")
    draft = start(session, usual, OLD)
    arrange(session, usual, draft, Rearrangement.MERGE, "m2")
    task = in_order(session, plan)[0]
    extra = session.scalars(select(Assignment).where(Assignment.task_id == task.id)).all()[-1]
    session.delete(extra)  # the supervisors changed it since
    session.flush()

    revision = compare(session, draft.id, plan.id, actor=usual.actor("chen"))

    assert (revision.added, revision.changed, revision.removed) == ((), (), ())


def test_the_revised_document_is_kept_with_its_draft(session, usual, plan, draft):
    apply(session, usual, draft, plan, takes_title=True)

    assert session.get_one(ImportDraft, draft.id).content == NEW.encode()
