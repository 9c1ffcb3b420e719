"""Many people at once: several processes write to one database and nothing of it is lost."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from multiprocessing.queues import Queue

import pytest
from sqlalchemy import Engine, create_engine, func, make_url, select
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotNow
from taskboard.domain.permissions import Actor
from taskboard.domain.workflow import Act, AssignmentState
from taskboard.extensions import IS_WRITING, make_sqlite_transactional
from taskboard.models import Assignment, HistoryEntry, ProgressReport
from taskboard.services import assignment_acts, reports
from tests.support import factories
from tests.support.editing import Editor, Told, edit
from tests.support.factories import NOW

PROCESSES = 4
REPORTS_EACH = {"sqlite": 150, "postgresql": 40}
"""one file with one writer at a time is the hard case"""


def writing_engine(database_url: str) -> Engine:
    """Connections whose transactions take the write lock when they begin, as those of the application do."""
    engine = create_engine(database_url)
    if engine.dialect.name == "sqlite":
        make_sqlite_transactional(engine)
    return engine.execution_options(**{IS_WRITING: True})


def report_many(
    told: Queue[str], *, database_url: str, assignment_id: int, actor: Actor, number: int, many: int
) -> None:
    """What one process does: each report in a transaction of its own."""
    try:
        engine = writing_engine(database_url)
        for count in range(many):
            with Session(engine) as session, session.begin():
                reports.report_progress(
                    session,
                    assignment_id,
                    done=f"进程 {number} 第 {count} 次",
                    percent=count % 101,
                    why_lower="按实核减",
                    actor=actor,
                    now=NOW,
                    entrance="test",
                    request_key=f"{number}-{count}",
                )
    except BaseException as error:
        told.put(f"{type(error).__name__}: {error}")
        raise
    told.put("done")


def at_once(count: int, act: Callable[[], str]) -> list[str]:
    """What several threads answer that start at the same moment."""
    start = threading.Barrier(count)

    def wait_and_act() -> str:
        start.wait(timeout=30)
        return act()

    with ThreadPoolExecutor(count) as pool:
        return [future.result(timeout=60) for future in [pool.submit(wait_and_act) for _ in range(count)]]


@pytest.fixture
def writers(database_url: str) -> Iterator[Engine]:
    engine = writing_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def branch(session: Session) -> tuple[int, Actor]:
    usual = factories.usual_people(session)
    plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
    task = factories.make_task(session, plan=plan, lead=usual.lead, due_on=date(2026, 12, 31))
    found = session.scalars(select(Assignment.id).where(Assignment.task_id == task.id)).one()
    actor = usual.actor("li")
    # Last of all, so that this session holds no older view of the database while others write.
    session.commit()
    return found, actor


def test_four_processes_report_hundreds_of_times_and_none_is_lost(
    database_url: str, session: Session, branch: tuple[int, Actor]
) -> None:
    assignment_id, actor = branch
    many = REPORTS_EACH[make_url(database_url).get_backend_name()]
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    processes = [
        context.Process(
            target=report_many,
            args=(told,),
            kwargs={
                "database_url": database_url,
                "assignment_id": assignment_id,
                "actor": actor,
                "number": number,
                "many": many,
            },
        )
        for number in range(PROCESSES)
    ]

    for process in processes:
        process.start()
    answers = [told.get(timeout=120) for _ in processes]
    for process in processes:
        process.join(timeout=30)

    assert answers == ["done"] * PROCESSES
    texts = session.scalars(select(ProgressReport.done)).all()
    assert len(texts) == PROCESSES * many
    assert set(texts) == {f"进程 {n} 第 {c} 次" for n in range(PROCESSES) for c in range(many)}
    recorded = session.scalar(select(func.count()).where(HistoryEntry.act == Act.REPORT))
    assert recorded == PROCESSES * many


def test_of_two_who_acknowledge_at_the_same_moment_one_does(
    writers: Engine, session: Session, branch: tuple[int, Actor]
) -> None:
    assignment_id, actor = branch
    assignment = session.get_one(Assignment, assignment_id)
    assignment.state = AssignmentState.PENDING
    session.commit()

    def acknowledge() -> str:
        try:
            with Session(writers) as own, own.begin():
                assignment_acts.acknowledge(own, assignment_id, actor=actor, now=NOW, entrance="test")
        except NotNow:
            return "refused"
        return "done"

    assert sorted(at_once(2, acknowledge)) == ["done", "refused"]
    session.expire_all()
    assert assignment.state is AssignmentState.IN_PROGRESS
    assert session.scalar(select(func.count()).where(HistoryEntry.act == Act.ACKNOWLEDGE)) == 1


def test_one_form_sent_by_several_clicks_at_once_acts_once(
    writers: Engine, session: Session, branch: tuple[int, Actor]
) -> None:
    assignment_id, actor = branch

    def click() -> str:
        with Session(writers) as own, own.begin():
            entry = reports.report_progress(
                own, assignment_id, done="已办", actor=actor, now=NOW, entrance="test", request_key="once"
            )
            return str(entry.id)

    answers = at_once(4, click)

    assert len(set(answers)) == 1
    assert session.scalar(select(func.count()).select_from(ProgressReport)) == 1


# Two applications of four processes each, on the same tasks

APPLICATIONS = ("first", "second")
TASKS = 4


def edited_by_eight(database_url: str, session: Session, *, acts: int) -> list[Told]:
    """What eight processes were told of their acts on the same tasks."""
    usual = factories.usual_people(session)
    plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
    tasks = [factories.make_task(session, plan=plan, lead=usual.lead, due_on=date(2026, 12, 31)) for _ in range(TASKS)]
    ids = tuple(task.id for task in tasks)
    people = (usual.actor("li"), usual.actor("chen"))
    session.commit()
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    editors = [
        Editor(f"{application}-{number}", database_url, ids, *people, acts)
        for application in APPLICATIONS
        for number in range(PROCESSES)
    ]
    processes = [context.Process(target=edit, args=(editor, told)) for editor in editors]
    for process in processes:
        process.start()
    answers = [told.get(timeout=280) for _ in processes]
    for process in processes:
        process.join(timeout=30)
    assert [one for one in answers if isinstance(one, str)] == []
    return [one for many in answers for one in many]


def check_nothing_is_lost(session: Session, told: list[Told], *, acts: int) -> None:
    assert len(told) == acts * PROCESSES * len(APPLICATIONS)
    done = {one.request_key: one for one in told if one.entry_id is not None}
    query = select(HistoryEntry.request_key, HistoryEntry.id, HistoryEntry.task_id)
    written = [(key, number, task_id) for key, number, task_id in session.execute(query) if key]
    assert sorted(number for _, number, _ in written) == sorted(one.entry_id or 0 for one in done.values())
    for task_id in {one.task_id for one in told}:
        moves = sorted((one for one in done.values() if one.task_id == task_id), key=lambda one: one.entry_id or 0)
        versions = [one.versions for one in moves if one.act != "report"]
        assert versions == sorted(set(versions)), "each change raises the version"
    refused = {one.refusal for one in told if one.entry_id is None}
    assert refused <= {"Stale", "NotNow", "Invalid"}
    assert {one.act for one in done.values()} == {"report", "submit", "return", "correct"}
    reported = session.scalars(select(ProgressReport.done).where(ProgressReport.done.contains("-"))).all()
    assert sorted(reported) == sorted(one.request_key for one in done.values() if one.act == "report")


def test_eight_processes_of_two_applications_edit_the_same_tasks_and_nothing_is_lost(
    database_url: str, session: Session
) -> None:
    told = edited_by_eight(database_url, session, acts=12)

    check_nothing_is_lost(session, told, acts=12)


@pytest.mark.deep
def test_eight_processes_of_two_applications_edit_the_same_tasks_for_long(database_url: str, session: Session) -> None:
    told = edited_by_eight(database_url, session, acts=200)

    check_nothing_is_lost(session, told, acts=200)
    assert any(one.refusal == "Stale" for one in told)
