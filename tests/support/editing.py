"""One of several processes that edit the same tasks: it tells in the end what it was answered to each act."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.queues import Queue
from typing import Any, NamedTuple

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from taskboard.domain.errors import DomainError
from taskboard.domain.permissions import Actor
from taskboard.extensions import IS_WRITING, make_sqlite_transactional
from taskboard.models import Assignment, HistoryEntry, Task
from taskboard.services import assignment_acts, reports, task_acts
from tests.support.factories import NOW


class Told(NamedTuple):
    """What one act was answered: the number of its entry and both versions after it, or the name of the refusal."""

    request_key: str
    act: str
    task_id: int
    entry_id: int | None
    versions: int
    refusal: str = ""


@dataclass(frozen=True)
class Editor:
    """A process of one application: who acts in it, on which tasks, how often."""

    name: str
    database_url: str
    task_ids: tuple[int, ...]
    liaison: Actor
    supervisor: Actor
    acts: int


def edit(editor: Editor, told: Queue[Any]) -> None:
    """Act at random, each time in a transaction of its own; tells a list of :class:`Told`, or what went wrong."""
    try:
        told.put(_edit(editor))
    except BaseException as error:
        told.put(f"{editor.name}: {type(error).__name__}: {error}")
        raise


def _edit(editor: Editor) -> list[Told]:
    engine = create_engine(editor.database_url)
    if engine.dialect.name == "sqlite":
        make_sqlite_transactional(engine)
    dice = random.Random(editor.name)
    answers = []
    for number in range(editor.acts):
        answers.append(_act(Session(engine), editor, dice, f"{editor.name}-{number}"))
    engine.dispose()
    return answers


def _act(session: Session, editor: Editor, dice: random.Random, key: str) -> Told:
    """Look at a task as a page does, and act on what was seen in a transaction of its own."""
    task_id = dice.choice(editor.task_ids)
    with session:
        task = session.get_one(Task, task_id)
        lead = session.scalars(select(Assignment).where(Assignment.task_id == task_id)).one()
        seen = {"task": task.version, "lead": lead.version}
        lead_id = lead.id
        session.rollback()
        by: dict[str, Any] = {"now": NOW, "entrance": "test", "request_key": key}
        li, chen = {**by, "actor": editor.liaison}, {**by, "actor": editor.supervisor, "version": seen["task"]}
        # So many days that no correction sets the day that stands already, which would raise no version.
        day = NOW.date() + timedelta(days=dice.randint(5, 10_000))
        ways: dict[str, Callable[[], HistoryEntry]] = {
            "report": lambda: reports.report_progress(session, lead_id, done=key, **li),
            "submit": lambda: assignment_acts.submit(session, lead_id, version=seen["lead"], **li),
            "return": lambda: task_acts.return_task(session, task_id, reason=key, **chen),
            "correct": lambda: task_acts.correct_deadline(session, task_id, due_on=day, reason=key, **chen),
        }
        act = dice.choice(list(ways))
        try:
            session.connection(execution_options={IS_WRITING: True})
            entry = ways[act]()
            session.flush()
            versions = session.get_one(Task, task_id).version + session.get_one(Assignment, lead_id).version
            entry_id = entry.id
            session.commit()
        except DomainError as refusal:
            session.rollback()
            return Told(key, act, task_id, None, 0, type(refusal).__name__)
    return Told(key, act, task_id, entry_id, versions)
