"""What people decided about a plan that comes again, carried out: all of it or nothing.

A draft is applied to a plan once: a second time gives the same plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from taskboard.domain.errors import DomainError, Invalid, NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.permissions import Actor
from taskboard.domain.plan_comparison import Field
from taskboard.models import ImportDraft, Measure, Plan, Task
from taskboard.services import task_acts
from taskboard.services.cases import Acting
from taskboard.services.corrections import correct_departments, correct_wording, discard_draft_task
from taskboard.services.history import Writing, record_change
from taskboard.services.import_confirmation import add_tasks, make_measure, reading_of, settle_departments
from taskboard.services.import_review import Identity, ReviewRow
from taskboard.services.imports import get_draft
from taskboard.services.open_drafts import open_draft
from taskboard.services.revisions import Known, Revision, Running, compare_with, get_plan, is_ongoing


@dataclass(frozen=True)
class RevisionDecisions:
    """What people decided. Whatever is not named stays as it is.

    ``added`` are keys of rows to become draft tasks, also of a changed row that is another measure after all;
    ``taken`` are fields to take over by row key; ``ended`` are ids of tasks to end; ``versions`` those of the tasks
    that the person saw.
    """

    added: frozenset[str] = frozenset()
    taken: Mapping[str, frozenset[Field]] = field(default_factory=dict)
    ended: frozenset[int] = frozenset()
    versions: Mapping[int, int] = field(default_factory=dict)
    takes_title: bool = False
    leads_are_checked: bool = False
    reason: str = ""

    @property
    def has_any(self) -> bool:
        return bool(self.added or self.ended or self.takes_title or any(self.taken.values()))


class RowRefused(Invalid):
    """One decision cannot be carried out, so none was; ``task_id`` says at which task, ``error`` why."""

    def __init__(self, task_id: int, title: str, error: DomainError) -> None:
        super().__init__("decisions", "row_refused", title=title)
        self.task_id = task_id
        self.error = error


def apply_revision(
    session: Session,
    draft_id: int,
    plan_id: int,
    decisions: RevisionDecisions,
    *,
    version: int,
    actor: Actor,
    now: datetime,
    entrance: str,
) -> Plan:
    """Carry out what was decided, all of it or nothing; again, give the same plan and change nothing.

    Raises :class:`Stale` where the draft or a task was changed since it was shown, :class:`Invalid` where the draft
    still has hindrances or nothing was decided of all that could be, :class:`RowRefused` where the workflow refuses one
    of the decisions.
    """
    get_draft(session, draft_id, actor)
    draft = session.get_one(ImportDraft, draft_id, with_for_update=True, populate_existing=True)
    plan = get_plan(session, plan_id, draft, actor)
    if draft.plan_id == plan.id:
        return plan
    if draft.plan_id is not None or draft.version != version:
        raise Stale(subject="import_draft", version=draft.version, plan_id=draft.plan_id)
    session.get_one(Plan, plan.id, with_for_update=True, populate_existing=True)
    _lock_tasks(session, compare_with(session, draft, plan), decisions)
    # Compared again now that nobody else can change what is decided about.
    revision = compare_with(session, draft, plan)
    _check(revision, decisions)
    by: Acting = {"actor": actor, "now": now, "entrance": entrance}
    _Application(session, draft, plan, revision, decisions, by).carry_out()
    draft.plan_id, draft.updated_at = plan.id, now
    session.flush()
    record_change(
        session,
        subject=Subject.PLAN,
        subject_id=plan.id,
        act=Change.REVISED,
        after={"source_name": draft.source_name, "sha256": draft.source_sha256},
        actor=actor,
        now=now,
        entrance=entrance,
    )
    return plan


def _lock_tasks(session: Session, revision: Revision, decisions: RevisionDecisions) -> None:
    """Lock the tasks that are decided about; raise :class:`Stale` where one is not what the person saw."""
    taken = {one.running.task_id for one in revision.changed if decisions.taken.get(one.key)}
    concerned = taken | decisions.ended
    query = select(Task).where(Task.id.in_(concerned)).order_by(Task.id).with_for_update()
    for task in session.scalars(query.execution_options(populate_existing=True)):
        if task.version != decisions.versions.get(task.id):
            raise Stale(subject="task", task_id=task.id, version=task.version)


def _check(revision: Revision, decisions: RevisionDecisions) -> None:
    if not revision.can_apply:
        raise Invalid("import", "unresolved", hindrances=list(revision.review.hindrances))
    changed = {one.key: one for one in revision.changed}
    new = {one.row.key: one for one in revision.added} | {key: one.row for key, one in changed.items()}
    # A decision must be about what is shown: what is gone from the comparison was changed by somebody meanwhile.
    if not decisions.added <= set(new) or not set(decisions.taken) <= set(changed):
        raise Stale(subject="import_draft", version=revision.version)
    if not decisions.ended <= {one.task_id for one in revision.removed}:
        raise Stale(subject="import_draft", version=revision.version)
    if any(not names <= set(changed[key].offers) for key, names in decisions.taken.items()):
        raise Stale(subject="import_draft", version=revision.version)
    if revision.asks_for_decisions and not decisions.has_any:
        # Applied, the draft would be used up, and whoever forgot a tick would have to begin anew.
        raise Invalid("decisions", "nothing_ticked")
    for key in sorted(decisions.added & set(decisions.taken)):
        raise Invalid("decisions", "add_or_take", title=changed[key].running.title)
    rows = [new[key] for key in decisions.added] + [
        changed[key].row for key, names in decisions.taken.items() if Field.LEAD in names
    ]
    if any(one.row.has_inferred_lead for one in rows) and not decisions.leads_are_checked:
        raise Invalid("leads_are_checked", "leads_unchecked")


@dataclass
class _Application:
    """One revision being carried out."""

    session: Session
    draft: ImportDraft
    plan: Plan
    revision: Revision
    decisions: RevisionDecisions
    by: Acting

    def carry_out(self) -> None:
        taken = [one for one in self.revision.changed if self.decisions.taken.get(one.key)]
        rows = {one.key: one.row for one in taken}
        added = [one for one in self.revision.review.included if one.row.key in self.decisions.added]
        departments = self._settle([*rows.values(), *added])
        for one in taken:
            self._attempt(one.running, partial(self._take_over, one, departments))
        for running in self.revision.removed:
            if running.task_id in self.decisions.ended:
                self._attempt(running, partial(self._end, running))
        if added:
            add_tasks(
                self.session,
                self.plan,
                replace(self.revision.review, rows=tuple(added)),
                departments,
                open_draft(self.draft).readings,
                now=self.by["now"],
                first_position=self._next_position(),
            )
        if self.decisions.takes_title:
            self._take_facts()

    def _settle(self, rows: Sequence[ReviewRow]) -> Mapping[Identity, int]:
        """The departments of these rows alone: what nobody takes over creates no department."""
        part = replace(self.revision.review, rows=tuple(rows), defaults=())
        by: Writing = {"actor": self.by["actor"], "now": self.by["now"], "entrance": self.by["entrance"]}
        return settle_departments(self.session, part, body_id=self.plan.body_id, **by)

    def _attempt(self, running: Running, act: Callable[[], None]) -> None:
        try:
            act()
        except (NotFound, Stale):
            raise
        except DomainError as error:
            raise RowRefused(running.task_id, running.title, error) from error

    def _take_over(self, one: Known, departments: Mapping[Identity, int]) -> None:
        fields = self.decisions.taken[one.key]
        task_id, reason = one.running.task_id, self.decisions.reason
        if Field.WORDING in fields:
            reading = reading_of(one.row.row, open_draft(self.draft).readings)
            measure = make_measure(self.plan, self._next_position(), one.row.row, reading)
            self.session.add(measure)
            self.session.flush()
            correct_wording(
                self.session, task_id, measure=measure, title=one.row.row.entry.title, reason=reason, **self.by
            )
        if Field.DEADLINE in fields:
            task_acts.correct_deadline(
                self.session,
                task_id,
                due_on=one.row.due.due_on,
                is_ongoing=is_ongoing(one.row),
                reason=reason,
                **self.by,
            )
        if fields & {Field.LEAD, Field.PARTNERS}:
            leads, partners = list(one.running.leads), list(one.running.partners)
            if Field.LEAD in fields:
                leads = [departments[unit.identity] for unit in one.row.lead]
                partners = [department_id for department_id in partners if department_id not in leads]
            if Field.PARTNERS in fields:
                partners = [departments[unit.identity] for unit in one.row.partners]
            correct_departments(self.session, task_id, leads=leads, partners=partners, reason=reason, **self.by)

    def _end(self, running: Running) -> None:
        if running.is_draft:
            discard_draft_task(self.session, running.task_id, **self.by)
        else:
            task_acts.terminate(self.session, running.task_id, reason=self.decisions.reason, **self.by)

    def _next_position(self) -> int:
        """Behind all measures of the plan; numbers that people know are not given anew."""
        query = select(func.max(Measure.position)).where(Measure.plan_id == self.plan.id)
        return (self.session.scalar(query) or 0) + 1

    def _take_facts(self) -> None:
        facts = self.revision.review.facts
        self.plan.title = facts.title
        self.plan.issuer = facts.issuer or self.plan.issuer
        self.plan.document_number = facts.document_number or self.plan.document_number
        self.plan.dated_on = facts.dated_on or self.plan.dated_on
        self.plan.horizon_on = facts.horizon_on or self.plan.horizon_on
