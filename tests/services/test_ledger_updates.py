"""An exported ledger that comes back: updates by task number, never a second task."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from taskboard.documents.reader import read_document
from taskboard.domain.errors import Invalid, NotAllowed, NotFound, Stale
from taskboard.domain.ledger_updates import RowProblem
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.models import HistoryEntry, Task
from taskboard.services import workflow
from taskboard.services.calendar import package_calendar
from taskboard.services.ledger import load_ledger
from taskboard.services.ledger_updates import apply_updates, compare_ledger, rows_of
from taskboard.services.ledger_workbook import write_ledger
from taskboard.services.revisions import RowRefused
from tests.support import factories
from tests.support.factories import NOW
from tests.support.queries import counted_queries
from tests.support.tables import assignment_of

DUE = date(2026, 12, 31)


@pytest.fixture
def people(session):
    return factories.usual_people(session)


@pytest.fixture
def plan(session, people):
    return factories.make_plan(session, body=people.body, imported_by=people.chen)


@pytest.fixture
def task(session, people, plan):
    return factories.make_task(session, plan=plan, lead=people.lead, partners=(people.partner,), due_on=DUE)


def by(people, name="chen"):
    return {"actor": people.actor(name), "now": NOW, "entrance": "test"}


def load(session, plan, people, name="chen"):
    session.flush()
    return load_ledger(session, plan.id, people.actor(name), now=NOW, calendar=package_calendar())


def exported(session, plan, people):
    """The rows as they come back out of the workbook."""
    return rows_of(read_document(write_ledger(load(session, plan, people))))


def compare(session, plan, people, rows):
    return compare_ledger(session, load(session, plan, people), rows, actor=people.actor("chen"))


def apply(session, plan, people, updates, *, reason="台账核对", name="chen"):
    return apply_updates(session, load(session, plan, people, name), updates, reason=reason, **by(people, name))


def problems(reading):
    return [(one.problem, one.text) for one in reading.refused]


def test_a_ledger_that_nobody_touched_asks_for_nothing(session, people, plan, task):
    factories.make_task(session, plan=plan, lead=people.lead, state=TaskState.DRAFT)
    factories.make_task(session, plan=plan, lead=people.lead, state=TaskState.TERMINATED)

    reading = compare(session, plan, people, exported(session, plan, people))

    assert (reading.updates, reading.refused, reading.untouched) == ([], [], 3)


def test_deadline_lead_and_partners_are_updated_by_the_task_number(session, people, plan, task):
    [row] = exported(session, plan, people)
    row = row._replace(deadline="2027年3月31日", lead="市财政局", partners="市发展改革委、市教育局")

    apply(session, plan, people, compare(session, plan, people, [row]).updates)

    assert session.scalar(select(func.count(Task.id))) == 1
    assert (task.due_on, task.original_due_on) == (date(2027, 3, 31), DUE)
    [current] = load(session, plan, people).rows
    assert [one.name for one in current.leads] == ["市财政局"]
    assert [one.name for one in current.partners] == ["市发展改革委", "市教育局"]
    assert assignment_of(session, task, people.other).state is AssignmentState.PENDING


def test_applied_twice_it_changes_once(session, people, plan, task):
    [row] = exported(session, plan, people)
    updates = compare(session, plan, people, [row._replace(deadline="2027-03-31")]).updates

    counts = [apply(session, plan, people, updates) for _ in range(2)]

    assert counts == [1, 0]
    assert session.scalar(select(func.count(HistoryEntry.id))) == 1


def test_the_same_file_again_asks_for_nothing(session, people, plan, task):
    [row] = exported(session, plan, people)
    row = row._replace(deadline="2027-03-31")
    apply(session, plan, people, compare(session, plan, people, [row]).updates)

    assert compare(session, plan, people, [row]).untouched == 1


def test_a_row_untouched_in_the_file_does_not_undo_what_the_system_changed(session, people, plan, task):
    rows = exported(session, plan, people)
    workflow.correct_deadline(session, task.id, due_on=date(2027, 6, 30), reason="延期", **by(people))

    assert compare(session, plan, people, rows).untouched == 1


def test_a_row_changed_on_both_sides_is_a_problem(session, people, plan, task):
    [row] = exported(session, plan, people)
    workflow.correct_deadline(session, task.id, due_on=date(2027, 6, 30), reason="延期", **by(people))

    reading = compare(session, plan, people, [row._replace(deadline="2027-03-31")])

    assert problems(reading) == [(RowProblem.CHANGED_SINCE, "")]


def test_a_task_changed_after_the_preview_is_a_conflict(session, people, plan, task):
    [row] = exported(session, plan, people)
    updates = compare(session, plan, people, [row._replace(deadline="2027-03-31")]).updates
    workflow.correct_deadline(session, task.id, due_on=date(2027, 6, 30), reason="延期", **by(people))

    with pytest.raises(Stale):
        apply(session, plan, people, updates)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"number": "abc"}, (RowProblem.NUMBER_UNREADABLE, "abc")),
        ({"number": "999999"}, (RowProblem.UNKNOWN, "999999")),
        ({"deadline": "尽快"}, (RowProblem.DAY_UNREADABLE, "尽快")),
        ({"deadline": ""}, (RowProblem.DAY_EMPTY, "")),
        ({"deadline": "2020-01-01"}, (RowProblem.DAY_PAST, "2020-01-01")),
        ({"lead": ""}, (RowProblem.LEAD_EMPTY, "")),
        ({"lead": "没有的局"}, (RowProblem.DEPARTMENT_UNKNOWN, "没有的局")),
        ({"partners": "市发展改革委"}, (RowProblem.DEPARTMENT_TWICE, "市发展改革委")),
        ({"fingerprint": "", "deadline": "2027-03-31"}, (RowProblem.NO_FINGERPRINT, "")),
    ],
)
@pytest.mark.usefixtures("task")
def test_what_cannot_be_taken_over_is_listed(session, people, plan, changed, expected):
    [row] = exported(session, plan, people)

    reading = compare(session, plan, people, [row._replace(**changed)])

    assert problems(reading) == [expected]
    assert reading.updates == []


def test_the_number_of_a_task_of_another_plan_is_a_problem(session, people, plan, task):
    other = factories.make_plan(session, body=people.body, imported_by=people.chen)
    [row] = exported(session, plan, people)

    assert problems(compare(session, other, people, [row])) == [(RowProblem.OTHER_PLAN, str(task.id))]
    with pytest.raises(NotFound):
        apply(session, other, people, compare(session, plan, people, [row._replace(deadline="2027-03-31")]).updates)


def test_a_number_that_stands_twice_is_not_taken_at_all(session, people, plan, task):
    [row] = exported(session, plan, people)

    reading = compare(session, plan, people, [row, row._replace(line=2, deadline="2027-03-31")])

    assert problems(reading) == [(RowProblem.TWICE, str(task.id))] * 2


def test_a_task_that_ended_is_not_corrected(session, people, plan, task):
    task.state = TaskState.CLOSED
    [row] = exported(session, plan, people)

    assert problems(compare(session, plan, people, [row._replace(deadline="2027-03-31")])) == [
        (RowProblem.ENDED, "已办结")
    ]


def test_one_refusal_names_its_task(session, people, plan, task):
    [row] = exported(session, plan, people)
    updates = compare(session, plan, people, [row._replace(deadline="2027-03-31")]).updates

    with pytest.raises(RowRefused) as refused:
        apply(session, plan, people, updates, reason="")

    assert refused.value.facts["title"] == task.title


@pytest.mark.parametrize("name", ["li", "liu", "gao"])
def test_who_only_sees_the_ledger_cannot_send_it_back(session, people, plan, task, name):
    rows = exported(session, plan, people)
    updates = compare(session, plan, people, [rows[0]._replace(deadline="2027-03-31")]).updates

    with pytest.raises(NotAllowed):
        compare_ledger(session, load(session, plan, people, name), rows, actor=people.actor(name))
    with pytest.raises(NotAllowed):
        apply(session, plan, people, updates, name=name)


def test_a_text_or_another_table_is_no_ledger():
    with pytest.raises(Invalid) as refused:
        rows_of(read_document("任务号\n1".encode()))

    assert refused.value.problem == "ledger_not_workbook"


def test_comparing_asks_a_fixed_number_of_queries(session, engine, people, plan):
    counts = []
    for _ in range(2):
        for _ in range(3):
            factories.make_task(session, plan=plan, lead=people.lead, partners=(people.partner,), due_on=DUE)
        rows, ledger = exported(session, plan, people), load(session, plan, people)
        with counted_queries(engine) as statements:
            compare_ledger(session, ledger, rows, actor=people.actor("chen"))
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 3
