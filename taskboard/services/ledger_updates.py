"""An exported ledger that comes back: what its rows ask for, what is wrong with some of them, and carrying it out.

Rows are known by their task numbers, so a ledger never makes a second task of one. Deadline, lead and partners are
read; everything else in the file is for reading only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.documents.document import Document, DocumentKind
from taskboard.documents.isolation import read_document_safely
from taskboard.domain.errors import DomainError, Invalid, NotAllowed, NotFound, Stale
from taskboard.domain.imports import split_names
from taskboard.domain.ledger_updates import RowProblem, Verdict, judge_row, read_day, read_number
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import Actor
from taskboard.domain.plan_parsing.blocks import Table
from taskboard.domain.terms import Term, Terms
from taskboard.domain.workflow import Act
from taskboard.labels import label
from taskboard.labels.ledger import ONGOING, Column
from taskboard.models import Department, Task
from taskboard.services import task_acts
from taskboard.services.cases import Acting
from taskboard.services.corrections import CORRECTABLE, correct_departments
from taskboard.services.department_names import match_names
from taskboard.services.ledger import Ledger, LedgerRow
from taskboard.services.revision_decisions import RowRefused
from taskboard.services.visibility import visible_tasks

NEEDED = (Column.TASK, Column.LEAD, Column.PARTNERS, Column.DEADLINE)


class SheetRow(NamedTuple):
    """A row of an uploaded ledger, as its cells say it; ``line`` counts the rows below the header from 1."""

    line: int
    number: str
    lead: str
    partners: str
    deadline: str
    fingerprint: str


@dataclass(frozen=True)
class Refused:
    """A row that cannot be taken over, and why; ``text`` is what stood there."""

    line: int
    problem: RowProblem
    text: str = ""
    title: str | None = None


@dataclass(frozen=True)
class Update:
    """What a row asks for; ``version`` is that of the task when it was compared."""

    task_id: int
    version: int
    asked: Terms


@dataclass(frozen=True)
class Reading:
    """What an uploaded ledger asks for as a whole."""

    updates: list[Update]
    refused: list[Refused]
    untouched: int


class Change(NamedTuple):
    """One update beside the task as it stands, in words for a page."""

    update: Update
    row: LedgerRow
    terms: tuple[Term, ...]
    leads: list[str]
    partners: list[str]


def read_sheet(content: bytes, name: str) -> list[SheetRow]:
    """The rows of an uploaded ledger, read in a process of its own; call it outside every transaction.

    Raises ``DocumentError``, and :class:`Invalid` for a file that is no workbook or lacks the ledger's columns.
    """
    return rows_of(read_document_safely(content, name))


def rows_of(document: Document) -> list[SheetRow]:
    """The rows of the first table that has the ledger's columns, in whatever order they stand."""
    if document.kind is not DocumentKind.XLSX:
        raise Invalid("file", "ledger_not_workbook")
    for table in document.blocks:
        if isinstance(table, Table) and table.rows:
            places = {"".join(cell.text.split()): place for place, cell in enumerate(table.rows[0])}
            if all(column in places for column in NEEDED):
                return list(_sheet_rows(table, places))
    raise Invalid("file", "ledger_columns")


def _sheet_rows(table: Table, places: Mapping[str, int]) -> Iterator[SheetRow]:
    for line, row in enumerate(table.rows[1:], start=1):
        texts = [cell.text for cell in row]
        if any(texts):
            end = places.get(Column.FINGERPRINT)
            yield SheetRow(
                line,
                number=texts[places[Column.TASK]],
                lead=texts[places[Column.LEAD]],
                partners=texts[places[Column.PARTNERS]],
                deadline=texts[places[Column.DEADLINE]],
                fingerprint=texts[end].strip() if end is not None else "",
            )


# Comparing


def compare_ledger(session: Session, ledger: Ledger, rows: Sequence[SheetRow], *, actor: Actor) -> Reading:
    """What the rows ask for beside the ledger as it stands; for supervisors of the plan only.

    Raises :class:`NotAllowed`. Three queries, however many rows there are.
    """
    _require_supervisor(ledger)
    names = sorted({name for row in rows for name in (*split_names(row.lead), *split_names(row.partners))})
    reader = _RowReader(
        ledger={one.task_id: one for one in ledger.rows},
        departments=match_names(session, names) if names else {},
        counts=Counter(read_number(row.number) for row in rows),
        elsewhere=_elsewhere(session, rows, actor),
        today=local_date(ledger.as_of),
    )
    results = [reader.read(row) for row in rows]
    updates = [one for one in results if isinstance(one, Update)]
    refused = [one for one in results if isinstance(one, Refused)]
    return Reading(updates, refused, untouched=len(results) - len(updates) - len(refused))


def _require_supervisor(ledger: Ledger) -> None:
    if not ledger.is_whole:
        raise NotAllowed(act=Act.CORRECT)


def _elsewhere(session: Session, rows: Iterable[SheetRow], actor: Actor) -> frozenset[int]:
    """Those of the task numbers that this person sees, in whatever plan."""
    numbers = {number for row in rows if (number := read_number(row.number)) is not None}
    return frozenset(session.scalars(select(Task.id).where(Task.id.in_(numbers), visible_tasks(actor))))


@dataclass(frozen=True)
class _RowReader:
    ledger: Mapping[int, LedgerRow]
    departments: Mapping[str, Department | None]
    counts: Counter[int | None]
    elsewhere: frozenset[int]
    today: date

    def read(self, row: SheetRow) -> Update | Refused | None:
        """What the row asks for; ``None`` where it asks for nothing."""
        number = read_number(row.number)
        if number is None:
            return Refused(row.line, RowProblem.NUMBER_UNREADABLE, row.number)
        if self.counts[number] > 1:
            return Refused(row.line, RowProblem.TWICE, str(number))
        current = self.ledger.get(number)
        if current is None:
            problem = RowProblem.OTHER_PLAN if number in self.elsewhere else RowProblem.UNKNOWN
            return Refused(row.line, problem, str(number))
        asked = self._terms(row, current)
        if isinstance(asked, Refused):
            return asked
        return self._judge(row, current, asked)

    def _judge(self, row: SheetRow, current: LedgerRow, asked: Terms) -> Update | Refused | None:
        verdict = judge_row(current.task_id, exported=row.fingerprint, asked=asked, current=current.terms)
        if verdict is Verdict.NOTHING:
            return None
        refused = self._find_problem(row, current, asked, verdict)
        if refused is not None:
            return Refused(row.line, *refused, title=current.title)
        return Update(current.task_id, current.version, asked)

    def _find_problem(
        self, row: SheetRow, current: LedgerRow, asked: Terms, verdict: Verdict
    ) -> tuple[RowProblem, str] | None:
        is_day_new = Term.DEADLINE in asked.differences(current.terms)
        both = self._names_of(row, asked.leads & asked.partners)
        day = asked.due_on
        checks = (
            (verdict is Verdict.CHANGED_SINCE, RowProblem.CHANGED_SINCE, ""),
            (verdict is Verdict.NO_FINGERPRINT, RowProblem.NO_FINGERPRINT, ""),
            (current.state not in CORRECTABLE, RowProblem.ENDED, label(current.state)),
            (is_day_new and day is None and not asked.is_ongoing, RowProblem.DAY_EMPTY, ""),
            (is_day_new and day is not None and day < self.today, RowProblem.DAY_PAST, day.isoformat() if day else ""),
            (not asked.leads, RowProblem.LEAD_EMPTY, ""),
            (bool(both), RowProblem.DEPARTMENT_TWICE, both),
        )
        return next(((problem, text) for holds, problem, text in checks if holds), None)

    def _terms(self, row: SheetRow, current: LedgerRow) -> Terms | Refused:
        day = read_day(row.deadline, ongoing=ONGOING)
        if day is None:
            return Refused(row.line, RowProblem.DAY_UNREADABLE, row.deadline, current.title)
        names = {Column.LEAD: split_names(row.lead), Column.PARTNERS: split_names(row.partners)}
        ids: dict[Column, frozenset[int]] = {}
        for column, ones in names.items():
            found = {name: self.departments.get(name) for name in ones}
            unknown = [name for name, department in found.items() if department is None]
            if unknown:
                return Refused(row.line, RowProblem.DEPARTMENT_UNKNOWN, "、".join(unknown), current.title)
            ids[column] = frozenset(one.id for one in found.values() if one is not None)
        return Terms(day.due_on, day.is_ongoing, ids[Column.LEAD], ids[Column.PARTNERS])

    def _names_of(self, row: SheetRow, ids: frozenset[int]) -> str:
        names = split_names(row.lead)
        return "、".join(name for name in names if (one := self.departments.get(name)) is not None and one.id in ids)


def describe_updates(session: Session, ledger: Ledger, updates: Iterable[Update]) -> list[Change]:
    """The updates beside their tasks, in the ledger's order; one query. What is not in the ledger is left out."""
    asked = {one.task_id: one for one in updates}
    wanted = {department_id for one in asked.values() for department_id in one.asked.leads | one.asked.partners}
    query = select(Department.id, Department.name).where(Department.id.in_(wanted))
    names = {row.id: row.name for row in session.execute(query)}
    return [
        Change(
            update=asked[row.task_id],
            row=row,
            terms=asked[row.task_id].asked.differences(row.terms),
            leads=[names[one] for one in sorted(asked[row.task_id].asked.leads) if one in names],
            partners=[names[one] for one in sorted(asked[row.task_id].asked.partners) if one in names],
        )
        for row in ledger.rows
        if row.task_id in asked
    ]


# Carrying it out


def apply_updates(
    session: Session,
    ledger: Ledger,
    updates: Sequence[Update],
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    entrance: str,
) -> int:
    """Correct the tasks, all of them or none; how many they were. What already is as asked for is left alone.

    ``ledger`` is loaded in the same transaction. Raises :class:`NotAllowed`, :class:`NotFound` for a task of another
    plan, :class:`Stale` where a task was changed since it was shown, :class:`RowRefused` where the workflow refuses.
    """
    _require_supervisor(ledger)
    rows = {one.task_id: one for one in ledger.rows}
    if not {one.task_id for one in updates} <= set(rows):
        raise NotFound(subject="task")
    by: Acting = {"actor": actor, "now": now, "entrance": entrance}
    return sum(_apply(session, one, rows[one.task_id], reason, by) for one in sorted(updates, key=_task_id))


def _task_id(update: Update) -> int:
    return update.task_id


def _apply(session: Session, update: Update, row: LedgerRow, reason: str, by: Acting) -> bool:
    asked, terms = update.asked, update.asked.differences(row.terms)
    by = {**by, "version": update.version}
    try:
        if Term.DEADLINE in terms:
            task_acts.correct_deadline(
                session,
                row.task_id,
                due_on=asked.due_on,
                is_ongoing=asked.is_ongoing,
                reason=reason,
                **by,
            )
            # The row is ours now, and its version no longer the one that the person saw.
            by = {**by, "version": None}
        if {Term.LEAD, Term.PARTNERS} & set(terms):
            correct_departments(
                session,
                row.task_id,
                leads=_in_order(asked.leads, row),
                partners=_in_order(asked.partners, row),
                reason=reason,
                **by,
            )
    except (NotFound, Stale):
        raise
    except DomainError as error:
        raise RowRefused(row.task_id, row.title, error) from error
    return bool(terms)


def _in_order(department_ids: frozenset[int], row: LedgerRow) -> list[int]:
    """Departments that were on the task before in their order, then the new ones."""
    known = [one.department_id for one in row.units if one.department_id in department_ids]
    return [*known, *sorted(department_ids - set(known))]
