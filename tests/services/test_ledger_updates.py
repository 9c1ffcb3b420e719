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
from taskboard.services import task_acts
from taskboard.services.calendar import package_calendar
from taskboard.services.ledger import load_ledger
from taskboard.services.ledger_updates import apply_updates, compare_ledger, rows_of
from taskboard.services.ledger_workbook import write_ledger
from taskboard.services.revision_decisions import RowRefused
from tests.support import factories
from tests.support.factories import NOW
from tests.support.queries import counted_queries
from tests.support.tables import assignment_of

DUE = date(2026, 12, 31)


@pytest.fixture
def task(session, usual, plan):
    return factories.make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,), due_on=DUE)


def by(usual, name="chen"):
    return {"actor": usual.actor(name), "now": NOW, "entrance": "test"}


def load(session, plan, usual, name="chen"):
    session.flush()
    return load_ledger(session, plan.id, usual.actor(name), now=NOW, calendar=package_calendar())


def exported(session, plan, usual):
    """The rows as they come back out of the workbook."""
    return rows_of(read_document(write_ledger(load(session, plan, usual))))


def compare(session, plan, usual, rows):
    return compare_ledger(session, load(session, plan, usual), rows, actor=usual.actor("chen"))


def apply(session, plan, usual, updates, *, reason="台账核对", name="chen"):
    return apply_updates(session, load(session, plan, usual, name), updates, reason=reason, **by(usual, name))


def problems(reading):
    return [(one.problem, one.text) for one in reading.refused]


def test_a_ledger_that_nobody_touched_asks_for_nothing(session, usual, plan, task):
    factories.make_task(session, plan=plan, lead=usual.lead, state=TaskState.DRAFT)
    factories.make_task(session, plan=plan, lead=usual.lead, state=TaskState.TERMINATED)

    reading = compare(session, plan, usual, exported(session, plan, usual))

    assert (reading.updates, reading.refused, reading.untouched) == ([], [], 3)


def test_deadline_lead_and_partners_are_updated_by_the_task_number(session, usual, plan, task):
    [row] = exported(session, plan, usual)
    row = row._replace(deadline="2027年3月31日", lead="市财政局", partners="市发展改革委、市教育局")

    apply(session, plan, usual, compare(session, plan, usual, [row]).updates)

    assert session.scalar(select(func.count(Task.id))) == 1
    assert (task.due_on, task.original_due_on) == (date(2027, 3, 31), DUE)
    [current] = load(session, plan, usual).rows
    assert [one.name for one in current.leads] == ["市财政局"]
    assert [one.name for one in current.partners] == ["市发展改革委", "市教育局"]
    assert assignment_of(session, task, usual.other).state is AssignmentState.PENDING


def test_applied_twice_it_changes_once(session, usual, plan, task):
    [row] = exported(session, plan, usual)
    updates = compare(session, plan, usual, [row._replace(deadline="2027-03-31")]).updates

    counts = [apply(session, plan, usual, updates) for _ in range(2)]

    assert counts == [1, 0]
    assert session.scalar(select(func.count(HistoryEntry.id))) == 1


def test_the_same_file_again_asks_for_nothing(session, usual, plan, task):
    [row] = exported(session, plan, usual)
    row = row._replace(deadline="2027-03-31")
    apply(session, plan, usual, compare(session, plan, usual, [row]).updates)

    assert compare(session, plan, usual, [row]).untouched == 1


def test_a_row_untouched_in_the_file_does_not_undo_what_the_system_changed(session, usual, plan, task):
    rows = exported(session, plan, usual)
    task_acts.correct_deadline(session, task.id, due_on=date(2027, 6, 30), reason="延期", **by(usual))

    assert compare(session, plan, usual, rows).untouched == 1


def test_a_row_changed_on_both_sides_is_a_problem(session, usual, plan, task):
    [row] = exported(session, plan, usual)
    task_acts.correct_deadline(session, task.id, due_on=date(2027, 6, 30), reason="延期", **by(usual))

    reading = compare(session, plan, usual, [row._replace(deadline="2027-03-31")])

    assert problems(reading) == [(RowProblem.CHANGED_SINCE, "")]


def test_a_task_changed_after_the_preview_is_a_conflict(session, usual, plan, task):
    [row] = exported(session, plan, usual)
    updates = compare(session, plan, usual, [row._replace(deadline="2027-03-31")]).updates
    task_acts.correct_deadline(session, task.id, due_on=date(2027, 6, 30), reason="延期", **by(usual))

    with pytest.raises(Stale):
        apply(session, plan, usual, updates)


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
def test_what_cannot_be_taken_over_is_listed(session, usual, plan, changed, expected):
    [row] = exported(session, plan, usual)

    reading = compare(session, plan, usual, [row._replace(**changed)])

    assert problems(reading) == [expected]
    assert reading.updates == []


def test_the_number_of_a_task_of_another_plan_is_a_problem(session, usual, plan, task):
    other = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
    [row] = exported(session, plan, usual)

    assert problems(compare(session, other, usual, [row])) == [(RowProblem.OTHER_PLAN, str(task.id))]
    with pytest.raises(NotFound):
        apply(session, other, usual, compare(session, plan, usual, [row._replace(deadline="2027-03-31")]).updates)


def test_a_number_that_stands_twice_is_not_taken_at_all(session, usual, plan, task):
    [row] = exported(session, plan, usual)

    reading = compare(session, plan, usual, [row, row._replace(line=2, deadline="2027-03-31")])

    assert problems(reading) == [(RowProblem.TWICE, str(task.id))] * 2


def test_a_task_that_ended_is_not_corrected(session, usual, plan, task):
    task.state = TaskState.CLOSED
    [row] = exported(session, plan, usual)

    assert problems(compare(session, plan, usual, [row._replace(deadline="2027-03-31")])) == [
        (RowProblem.ENDED, "已办结")
    ]


def test_one_refusal_names_its_task(session, usual, plan, task):
    [row] = exported(session, plan, usual)
    updates = compare(session, plan, usual, [row._replace(deadline="2027-03-31")]).updates

    with pytest.raises(RowRefused) as refused:
        apply(session, plan, usual, updates, reason="")

    assert refused.value.facts["title"] == task.title


@pytest.mark.parametrize("name", ["li", "liu", "gao"])
def test_who_only_sees_the_ledger_cannot_send_it_back(session, usual, plan, task, name):
    rows = exported(session, plan, usual)
    updates = compare(session, plan, usual, [rows[0]._replace(deadline="2027-03-31")]).updates

    with pytest.raises(NotAllowed):
        compare_ledger(session, load(session, plan, usual, name), rows, actor=usual.actor(name))
    with pytest.raises(NotAllowed):
        apply(session, plan, usual, updates, name=name)


def test_a_text_or_another_table_is_no_ledger():
    with pytest.raises(Invalid) as refused:
        rows_of(read_document("任务号\n1".encode()))

    assert refused.value.problem == "ledger_not_workbook"


def test_comparing_asks_a_fixed_number_of_queries(session, engine, usual, plan):
    counts = []
    for _ in range(2):
        for _ in range(3):
            factories.make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,), due_on=DUE)
        rows, ledger = exported(session, plan, usual), load(session, plan, usual)
        with counted_queries(engine) as statements:
            compare_ledger(session, ledger, rows, actor=usual.actor("chen"))
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 3
