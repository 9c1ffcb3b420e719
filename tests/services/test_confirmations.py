"""How far a confirmation is: told while it lasts, gone when it ends, and nothing half-made when it fails."""

from __future__ import annotations

import os
import time

import pytest
from sqlalchemy import func, select

from taskboard.domain.imports import Decisions, NameChoice, NameDecision
from taskboard.models import Assignment, Department, HistoryEntry, ImportDraft, Measure, Plan, Task, TaskTarget
from taskboard.services import imports
from taskboard.services.confirmations import Progress, find_progress, telling
from taskboard.services.import_review import review_draft
from tests.support.factories import NOW
from tests.support.importing import many, read

MADE = (Plan, Measure, Task, Assignment, TaskTarget, Department, HistoryEntry)


@pytest.fixture
def draft(session, usual):
    """250 measures, nothing in the way of confirming them."""
    by = {"actor": usual.actor("chen"), "now": NOW}
    draft = imports.start_import(session, read(many(250)), body_id=usual.body.id, entrance="test", **by)
    names = {one.key: NameDecision(NameChoice.CREATE_UNIT) for one in review_draft(session, draft).unknown}
    imports.save_decisions(session, draft.id, Decisions(names=names), version=draft.version, **by)
    session.commit()
    return draft


def confirm(session, draft, usual, tell):
    return imports.confirm_import(
        session,
        draft.id,
        version=draft.version,
        leads_are_checked=True,
        units_are_checked=True,
        actor=usual.actor("chen"),
        now=NOW,
        entrance="test",
        tell=tell,
    )


def rows(session):
    return {table.__name__: session.scalar(select(func.count()).select_from(table)) for table in MADE}


def test_a_confirmation_tells_how_many_measures_are_made_of_all(session, draft, usual):
    told = []

    confirm(session, draft, usual, lambda done, total: told.append((done, total)))

    assert told == [(0, 250), (100, 250), (200, 250), (250, 250)]


def test_tasks_made_together_are_whole_and_can_be_changed_like_any_others(session, draft, usual):
    plan = confirm(session, draft, usual, lambda _done, _total: None)
    session.commit()

    tasks = session.scalars(select(Task).where(Task.plan_id == plan.id).order_by(Task.position)).all()
    measures = session.scalars(select(Measure).where(Measure.plan_id == plan.id).order_by(Measure.position)).all()
    assert [task.position for task in tasks] == list(range(1, 251))
    assert [task.measure_id for task in tasks] == [measure.id for measure in measures]
    assert [task.title for task in tasks[98:102]] == [f"推进第{number}项改革" for number in range(99, 103)]
    tasks[100].title = "别的"
    session.commit()
    assert (tasks[99].version, tasks[100].version) == (1, 2)
    per_task = select(Assignment.task_id, func.count()).group_by(Assignment.task_id)
    assert {count for _, count in session.execute(per_task)} == {2}


def test_an_error_half_way_leaves_nothing_of_the_plan(session, draft, usual, tmp_path):
    before = rows(session)

    def fail_half_way(done, _total):
        tell(done, _total)
        if done == 200:
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError), telling(tmp_path / "confirming", draft.id) as tell:
        confirm(session, draft, usual, fail_half_way)
    session.rollback()

    assert rows(session) == before
    assert session.get_one(ImportDraft, draft.id).plan_id is None
    assert list((tmp_path / "confirming").iterdir()) == []
    assert confirm(session, draft, usual, lambda _done, _total: None).id is not None


def test_progress_is_there_for_others_while_a_confirmation_lasts_and_gone_after_it(tmp_path):
    folder = tmp_path / "confirming"
    assert find_progress(folder, 7) is None

    with telling(folder, 7) as tell:
        tell(100, 250)
        during = find_progress(folder, 7), find_progress(folder, 8)

    assert during == (Progress(100, 250), None)
    assert find_progress(folder, 7) is None


def test_a_second_press_that_only_waits_takes_nothing_of_the_first_away(tmp_path):
    with telling(tmp_path, 7) as tell:
        tell(100, 250)
        with telling(tmp_path, 7):
            pass

        assert find_progress(tmp_path, 7) == Progress(100, 250)


@pytest.mark.parametrize("content", ["", "[1]", "{}", "nonsense"])
def test_a_file_that_says_nothing_is_no_progress(tmp_path, content):
    (tmp_path / "7").write_text(content)

    assert find_progress(tmp_path, 7) is None


def test_what_a_process_that_was_killed_left_counts_no_longer_after_a_minute(tmp_path):
    (tmp_path / "7").write_text("[100, 250]")
    assert find_progress(tmp_path, 7) == Progress(100, 250)

    os.utime(tmp_path / "7", times=(time.time() - 61, time.time() - 61))

    assert find_progress(tmp_path, 7) is None
