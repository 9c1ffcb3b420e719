"""What moves, stops or ends a part of a task carries its sub-tasks along, within the days of the part."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from taskboard import paths
from taskboard.domain.decomposition import CARRIED_FROM
from taskboard.domain.errors import Invalid, NotNow
from taskboard.domain.workflow import Act, AssignmentState, Closure, TaskState, Verification
from taskboard.mail.rendering import MailRenderer
from taskboard.models import OutboxMessage
from taskboard.services import assignment_acts, corrections, decomposition, extensions, objections, task_acts
from taskboard.services.decomposition import SubtaskOrder
from taskboard.services.waiting import list_waiting
from taskboard.services.waiting_rows import Kind
from tests.support import factories
from tests.support.factories import NOW
from tests.support.office import NEXT_WEEK, TODAY
from tests.support.tree import CALENDAR, TOMORROW, Tree

# Days


def test_a_sub_task_cannot_be_moved_behind_its_part(tree: Tree) -> None:
    north, _ = tree.split(tree.task(), SubtaskOrder(tree.north.id, due_on=TOMORROW), SubtaskOrder(tree.south.id))
    later = NEXT_WEEK + timedelta(days=1)

    with pytest.raises(Invalid) as refused:
        tree.act(task_acts.correct_deadline, north.id, "li", due_on=later, reason="放宽")
    assert (refused.value.problem, refused.value.facts["due_on"]) == ("later_than_parent", NEXT_WEEK)
    with pytest.raises(Invalid):
        tree.act(task_acts.correct_deadline, north.id, "li", due_on=None, is_ongoing=True, reason="放宽")
    tree.session.refresh(north)
    tree.act(task_acts.correct_deadline, north.id, "li", due_on=NEXT_WEEK, reason="放宽")

    assert north.due_on == NEXT_WEEK


def test_a_sub_task_is_not_taken_up_with_a_day_behind_the_part_that_moved_meanwhile(tree: Tree) -> None:
    task = tree.task()
    north, _ = tree.split(task)
    tree.submit(north, "hou")
    tree.act(task_acts.close, north.id, "li", closure=Closure.DONE, verification=Verification.VERIFIED)
    tree.act(task_acts.correct_deadline, task.id, "chen", due_on=TOMORROW, reason="提前")

    with pytest.raises(Invalid) as refused, tree.session.begin_nested():
        tree.act(task_acts.reopen, north.id, "li", reason="复查", due_on=north.due_on)
    assert refused.value.problem == "later_than_parent"
    tree.act(task_acts.reopen, north.id, "li", reason="复查", due_on=TOMORROW)


def test_a_head_below_cannot_ask_for_more_than_the_part_has(tree: Tree) -> None:
    north, _ = tree.split(tree.task(), SubtaskOrder(tree.north.id, due_on=TOMORROW), SubtaskOrder(tree.south.id))
    one = tree.own(north)
    tree.act(assignment_acts.acknowledge, one.id, "bei")
    wish = {"reason": "资料未到", "progress": "过半"}

    with pytest.raises(Invalid) as refused:
        tree.act(extensions.ask_extension, one.id, "hou", asked_due_on=NEXT_WEEK + timedelta(days=1), **wish)
    assert refused.value.problem == "later_than_parent"
    tree.act(extensions.ask_extension, one.id, "hou", asked_due_on=NEXT_WEEK, **wish)
    tree.act(extensions.grant_extension, one.id, "li", due_on=NEXT_WEEK)

    assert (north.due_on, one.due_on) == (NEXT_WEEK, NEXT_WEEK)


def test_the_usual_day_for_a_correction_stays_within_the_part(tree: Tree) -> None:
    north, _ = tree.split(tree.task(due_on=TOMORROW))
    tree.submit(north, "bei")

    tree.act(task_acts.return_task, north.id, "li", reason="缺少附表")

    assert (north.due_on, tree.own(north).due_on) == (TOMORROW, TOMORROW)


def test_when_the_part_is_due_earlier_its_sub_tasks_are_and_when_it_is_due_later_they_stay(tree: Tree) -> None:
    task = tree.task()
    north, south = tree.split(task, SubtaskOrder(tree.north.id, due_on=TOMORROW), SubtaskOrder(tree.south.id))

    tree.act(task_acts.correct_deadline, task.id, "chen", due_on=TODAY + timedelta(days=3), reason="提前")
    assert (north.due_on, south.due_on) == (TOMORROW, TODAY + timedelta(days=3))
    assert tree.own(south).due_on == TODAY + timedelta(days=3)
    (entry,) = [one for one in tree.history(south) if one.act is Act.CORRECT]
    assert (entry.reason, entry.actor_id) == ("提前", tree.usual.chen.id)
    assert entry.after is not None and entry.after["act"] == {CARRIED_FROM: task.id}
    assert [one for one in tree.mails() if one[0] == "carried"] == [("carried", "nan")]

    tree.act(task_acts.correct_deadline, task.id, "chen", due_on=NEXT_WEEK, reason="放宽")
    assert (north.due_on, south.due_on) == (TOMORROW, TODAY + timedelta(days=3))


# What happens to the part


def test_sub_tasks_rest_and_go_on_with_the_task_above(tree: Tree) -> None:
    task = tree.task()
    north, south = tree.split(task, SubtaskOrder(tree.north.id, due_on=TOMORROW), SubtaskOrder(tree.south.id))
    tree.submit(north, "bei")
    tree.act(task_acts.suspend, task.id, "chen", reason="等待批复", review_on=NEXT_WEEK)

    assert {north.state, south.state} == {TaskState.SUSPENDED}
    with pytest.raises(NotNow):
        tree.act(task_acts.resume, south.id, "li")
    tree.act(task_acts.resume, task.id, "chen", now=NOW + timedelta(days=2))

    assert (north.state, south.state) == (TaskState.SUBMITTED, TaskState.ISSUED)
    assert south.due_on == NEXT_WEEK + timedelta(days=2) == task.due_on
    assert [one.act for one in tree.history(south)] == [Act.ISSUE, Act.SUSPEND, Act.RESUME]


def test_what_the_department_suspended_by_itself_stays_suspended(tree: Tree) -> None:
    task = tree.task()
    north, _ = tree.split(task)
    tree.act(assignment_acts.acknowledge, tree.own(north).id, "bei")
    tree.act(task_acts.suspend, north.id, "li", reason="分局搬迁", review_on=NEXT_WEEK)

    tree.act(task_acts.suspend, task.id, "chen", reason="等待批复", review_on=NEXT_WEEK)
    tree.act(task_acts.resume, task.id, "chen")
    assert north.state is TaskState.SUSPENDED
    tree.act(task_acts.resume, north.id, "li")

    assert north.state is TaskState.IN_PROGRESS


def test_a_day_that_cannot_move_behind_the_part_does_not_count_as_moved(tree: Tree) -> None:
    task = tree.task()
    north, south = tree.split(task, SubtaskOrder(tree.north.id, due_on=TOMORROW), SubtaskOrder(tree.south.id))
    for one, who in ((north, "bei"), (south, "nan")):
        tree.act(assignment_acts.acknowledge, tree.own(one).id, who)
        tree.act(task_acts.suspend, one.id, "li", reason="分局搬迁", review_on=NEXT_WEEK)
    versions = (south.deadline_version, tree.own(south).deadline_version)

    for one in (north, south):
        tree.act(task_acts.resume, one.id, "li", now=NOW + timedelta(days=2))

    assert (north.due_on, south.due_on) == (TOMORROW + timedelta(days=2), task.due_on)
    assert (south.deadline_version, tree.own(south).deadline_version) == versions


def test_sub_tasks_end_when_the_task_above_is_terminated(tree: Tree) -> None:
    task = tree.task()
    north, south = tree.split(task)
    tree.act(assignment_acts.acknowledge, tree.own(north).id, "bei")
    tree.act(decomposition.decompose, tree.own(north).id, "bei", orders=[SubtaskOrder(tree.institute.id)])
    (institute,) = tree.subtasks(north)

    tree.act(task_acts.terminate, task.id, "chen", reason="机构撤销")

    assert {one.state for one in (north, south, institute)} == {TaskState.TERMINATED}
    assert {tree.own(one).state for one in (north, south, institute)} == {AssignmentState.WITHDRAWN}
    told = [one[1] for one in tree.mails() if one[0] == "carried"]
    assert told == ["bei", "nan", "xin"]


def test_a_mail_about_sub_tasks_says_of_each_what_happened_to_it(tree: Tree) -> None:
    task = tree.task()
    tree.split(task, SubtaskOrder(tree.north.id, "北区落实"), SubtaskOrder(tree.north.id, "北区宣传"))
    tree.act(task_acts.terminate, task.id, "chen", reason="机构撤销")
    mail = tree.session.scalars(select(OutboxMessage).where(OutboxMessage.template == "carried")).one()
    ended, other = mail.facts["tasks"]

    mixed = {**mail.facts, "tasks": [ended, {**other, "act": Act.CORRECT.value}]}
    rendered = MailRenderer(paths.TEMPLATES, "http://taskboard.test").render(mail.template, mixed)

    for text in (rendered.text, re.sub(r"<[^>]+>", "", rendered.html)):
        assert "北区落实：已终止，不需要再办理\n" in text
        assert "北区宣传：时限已提前，请按新的时限办理\n" in text


def test_open_sub_tasks_are_closed_with_the_task_above(tree: Tree) -> None:
    task = tree.task(partners=())
    north, south = tree.split(task)
    tree.submit(north, "bei")
    tree.act(assignment_acts.submit, tree.branch(task).id, "li", why_without_subtasks="南区另行上报")
    tree.act(task_acts.close, task.id, "chen", closure=Closure.DONE, verification=Verification.VERIFIED)

    assert [(one.state, one.closure) for one in (north, south)] == [
        (TaskState.CLOSED, Closure.DONE),
        (TaskState.CLOSED, Closure.ENDED_UNDONE),
    ]
    assert [tree.own(one).state for one in (north, south)] == [AssignmentState.ACCEPTED, AssignmentState.NOT_SUBMITTED]
    with pytest.raises(NotNow):
        tree.act(task_acts.reopen, south.id, "li", reason="补办", due_on=TOMORROW)


def test_sub_tasks_of_a_department_that_leaves_the_task_end(tree: Tree) -> None:
    task = tree.task()
    north, _ = tree.split(task)

    tree.act(
        corrections.correct_departments,
        task.id,
        "chen",
        leads=[tree.usual.other.id],
        partners=[tree.usual.partner.id],
        reason="职责划转",
    )

    assert north.state is TaskState.TERMINATED


def test_an_objection_rests_the_sub_tasks_until_it_is_refused(tree: Tree) -> None:
    task = tree.task(issued_at=NOW)
    north, _ = tree.split(task)
    tree.act(objections.raise_objection, tree.branch(task).id, "gao", reason="不是本单位的事")
    assert north.state is TaskState.SUSPENDED
    # It rests without a day on which to look at it again.
    for who in ("gao", "li", "chen"):
        parts = list_waiting(tree.session, tree.person(who), today=TODAY, calendar=CALENDAR)
        assert Kind.REVIEW_DAY not in {part.kind for part in parts}

    tree.act(objections.refuse_objection, tree.branch(task).id, "chen", reason="属于职责")

    assert north.state is TaskState.ISSUED


def test_a_part_is_not_submitted_while_sub_tasks_owe_unless_it_says_why(tree: Tree) -> None:
    task = tree.task(partners=())
    north, south = tree.split(task)
    part = tree.branch(task)

    with pytest.raises(Invalid) as refused:
        tree.act(assignment_acts.submit, part.id, "li")
    assert (refused.value.field, refused.value.facts["count"]) == ("why_without_subtasks", 2)
    tree.submit(north, "bei")
    entry = tree.act(assignment_acts.submit, part.id, "li", why_without_subtasks="南区另行上报")
    assert entry.reason == "南区另行上报"
    tree.act(assignment_acts.withdraw, part.id, "li")
    tree.submit(south, "nan")

    assert tree.act(assignment_acts.submit, part.id, "li").reason is None


def test_a_partner_that_split_its_part_says_why_too(tree: Tree) -> None:
    below = factories.make_department(tree.session, "市财政局东区分局", parent=tree.usual.partner)
    task = tree.task()
    part = tree.partner_branch(task)
    tree.act(decomposition.decompose, part.id, "wang", orders=[SubtaskOrder(below.id)])

    with pytest.raises(Invalid) as refused:
        tree.act(assignment_acts.submit, part.id, "wang")
    assert refused.value.problem == "subtasks_owe"
    tree.act(assignment_acts.submit, part.id, "wang", why_without_subtasks="分局随后补报")
    tree.act(assignment_acts.accept_submission, part.id, "li")

    (subtask,) = tree.subtasks(task)
    assert (subtask.state, subtask.closure) == (TaskState.CLOSED, Closure.ENDED_UNDONE)


def test_a_revised_wording_is_the_one_of_sub_tasks_too(tree: Tree) -> None:
    task, other = tree.task(), tree.task()
    north, _ = tree.split(task)
    measure = corrections.Measure(
        plan_id=task.plan_id,
        position=900,
        path=[],
        heading=None,
        text="新的表述。",
        units_as_written=None,
        deadline_text=None,
        reading={},
    )
    tree.session.add(measure)
    tree.session.flush()

    tree.act(corrections.correct_wording, task.id, "chen", measure=measure, title="新", reason="文件修订")

    assert (north.measure_id, other.measure_id != measure.id) == (measure.id, True)
