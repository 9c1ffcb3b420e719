"""Files that several people add and take away at the same moment."""

from __future__ import annotations

import hashlib
import multiprocessing
from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.history import Change
from taskboard.models import Assignment, Attachment, HistoryEntry
from tests.support import factories
from tests.support.uploading import Told, Uploader, upload_and_remove

PROCESSES = 4
ACTS = 25
PLAN_LIMIT = 1500
"""bytes, so that the plan is full now and then"""


def acted_at_once(database_url: str, session: Session, folder: Path) -> list[Told]:
    usual = factories.usual_people(session)
    plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
    task = factories.make_task(session, plan=plan, lead=usual.lead, due_on=date(2026, 12, 31))
    lead = session.scalars(select(Assignment.id).where(Assignment.task_id == task.id)).one()
    common = (database_url, folder, task.id, lead, usual.actor("li"), PLAN_LIMIT, ACTS)
    session.commit()
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    processes = [
        context.Process(target=upload_and_remove, args=(Uploader(f"process{number}", *common), told))
        for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    answers = [told.get(timeout=200) for _ in processes]
    for process in processes:
        process.join(timeout=30)
    assert [one for one in answers if isinstance(one, str)] == []
    return answers


def test_files_added_and_removed_by_four_processes_are_whole_and_on_record(
    database_url: str, session: Session, tmp_path: Path
) -> None:
    folder = tmp_path / "attachments"

    told = acted_at_once(database_url, session, folder)

    added = [one for process in told for one in process.added]
    removed = [one for process in told for one in process.removed]
    assert len(removed) == len(set(removed)), "a file is taken away once"
    rows = session.scalars(select(Attachment)).all()
    assert {one.id for one in rows} == set(added) - set(removed)
    assert sum(one.size for one in rows) <= PLAN_LIMIT
    # The bytes of what was taken away stay until the next clean-up.
    assert {path.name for path in folder.iterdir()} == set(added)
    for one in rows:
        assert hashlib.sha256((folder / one.id).read_bytes()).hexdigest() == one.sha256
    acts = session.scalars(select(HistoryEntry.act)).all()
    assert (acts.count(Change.ATTACHED), acts.count(Change.DETACHED)) == (len(added), len(removed))
    refused = {one for process in told for one in process.refused}
    assert refused >= {"attachments_plan_full"}
    assert refused <= {"attachments_plan_full", "gone"}
