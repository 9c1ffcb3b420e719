"""The morning mail: when it comes, once, and what it says."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard import paths
from taskboard.domain.jobs import JobState
from taskboard.domain.local_time import ZONE
from taskboard.domain.outbox import OutboxState
from taskboard.domain.permissions import AssignmentSituation, TaskSituation, may_see_task
from taskboard.domain.plan_reminders import RuleChange, to_plain
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.mail.rendering import MailRenderer
from taskboard.models import Assignment, Department, JobRun, OutboxMessage, Plan, Reminder, Task
from taskboard.services import assignment_acts, reports, task_acts
from taskboard.services.actors import load_actor
from taskboard.services.calendar import load_calendar
from taskboard.services.mail_items import load_items
from taskboard.services.outbox import queue_all
from taskboard.services.reminders import may_be_due
from tests.support.factories import Usual, make_department, make_person, make_plan
from tests.support.mornings import (
    FRIDAY,
    MONDAY,
    NEXT_MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    add_task,
    deliver_all,
    mails,
    run,
    told,
)


@pytest.fixture
def plan(session: Session, usual: Usual) -> Plan:
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    session.commit()
    return plan


def digest_done(app: APIFlask) -> None:
    """Let Monday's digests be out of the way."""
    run(app, MONDAY)


def test_who_works_on_it_is_reminded_on_the_day_and_nobody_else(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    digest_done(app)
    task = add_task(session, plan, usual.lead, partners=(usual.partner,), due_on=WEDNESDAY)

    run(app, WEDNESDAY)

    assert told(session, WEDNESDAY) == {
        "li": {"due_today": [task.id]},
        "gao": {"due_today": [task.id]},
        "wang": {"due_today": [task.id]},
    }


def test_running_again_makes_no_second_mail(app: APIFlask, session: Session, usual: Usual, plan: Plan) -> None:
    digest_done(app)
    add_task(session, plan, usual.lead, due_on=WEDNESDAY)

    first, second = run(app, WEDNESDAY), run(app, WEDNESDAY)

    assert (first["queued"], second["queued"]) == (2, 0)
    assert len(mails(session, for_day=WEDNESDAY)) == 2


def test_a_reminder_comes_once_and_the_next_milestone_on_its_own_day(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    digest_done(app)
    task = add_task(session, plan, usual.lead, due_on=FRIDAY)
    deliver_all(session)

    heard = {}
    for day in (TUESDAY, WEDNESDAY, THURSDAY, FRIDAY):
        run(app, day)
        deliver_all(session)
        heard[day] = told(session, day).get("li")

    assert heard == {
        TUESDAY: {"due_soon": [task.id]},
        WEDNESDAY: None,
        THURSDAY: {"due_soon": [task.id]},
        FRIDAY: {"due_today": [task.id]},
    }


def test_a_moved_deadline_is_reminded_of_anew(app: APIFlask, session: Session, usual: Usual, plan: Plan) -> None:
    digest_done(app)
    task = add_task(session, plan, usual.lead, due_on=TUESDAY)
    run(app, TUESDAY)
    deliver_all(session)
    later = date(2026, 12, 1)

    session.execute(update(Assignment).values(due_on=later, deadline_version=2))
    session.commit()
    run(app, WEDNESDAY)
    run(app, later)

    assert "li" not in told(session, WEDNESDAY)
    assert told(session, later)["li"]["due_today"] == [task.id]


def test_after_days_of_downtime_there_is_one_mail_with_one_line(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    digest_done(app)
    task = add_task(session, plan, usual.lead, due_on=FRIDAY)

    run(app, MONDAY + timedelta(days=9))

    day = MONDAY + timedelta(days=9)
    assert told(session, day)["li"] == {"overdue": [task.id]}
    assert Counter(mail.person_id for mail in mails(session, for_day=day)).most_common(1)[0][1] == 1


@pytest.mark.parametrize("day", [date(2026, 11, 21), date(2026, 10, 1)])
def test_no_mail_is_made_on_a_day_off(app: APIFlask, session: Session, usual: Usual, plan: Plan, day: date) -> None:
    add_task(session, plan, usual.lead, due_on=day - timedelta(days=1))

    facts = run(app, day)

    assert facts == {"is_day_off": True}
    assert mails(session) == []


def test_a_new_task_is_to_be_acknowledged_after_a_working_day(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    digest_done(app)
    task = add_task(
        session,
        plan,
        usual.lead,
        state=TaskState.ISSUED,
        assignment_state=AssignmentState.PENDING,
        issued_at=datetime(2026, 11, 24, 2, 0, tzinfo=UTC),
    )

    run(app, WEDNESDAY)

    assert told(session, WEDNESDAY) == {"li": {"acknowledge": [task.id]}}


def test_a_submission_that_waits_is_brought_to_the_supervisors_and_a_partners_to_the_lead(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    digest_done(app)
    task = add_task(session, plan, usual.lead, partners=(usual.partner,), due_on=date(2026, 12, 31))
    submitted_at = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    session.execute(update(Assignment).values(state=AssignmentState.SUBMITTED, submitted_at=submitted_at))
    session.commit()

    run(app, WEDNESDAY)

    assert told(session, WEDNESDAY) == {"li": {"decide": [task.id]}, "chen": {"decide": [task.id]}}


def test_a_report_that_is_due_is_asked_for_of_leads_and_partners_each_on_their_day(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    digest_done(app)
    plan.report_rhythm = PlanRhythm.MONTHLY
    task = add_task(session, plan, usual.lead, partners=(usual.partner,), due_on=date(2027, 6, 30))

    heard = {}
    # The lead's report is due on Wednesday the 25th, the partner's two working days before.
    for day in (TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, NEXT_MONDAY):
        run(app, day)
        deliver_all(session)
        heard[day] = told(session, day)

    assert heard == {
        TUESDAY: {"li": {"report": [task.id]}, "wang": {"report": [task.id]}},
        WEDNESDAY: {"li": {"report": [task.id]}},
        # The partner has no head, who would be told now; the supervisors are.
        THURSDAY: {"li": {"report": [task.id]}, "wang": {"report": [task.id]}, "chen": {"report": [task.id]}},
        FRIDAY: {},
        NEXT_MONDAY: {"li": {"report": [task.id]}, "gao": {"report": [task.id]}, "chen": {}},
    }
    digest = mails(session, for_day=NEXT_MONDAY, person_id=usual.chen.id)[0]
    [section] = [one for one in digest.facts["parts"][0]["sections"] if one["code"] == "not_reported"]
    assert section["count"] == 2


def test_a_plan_with_rules_of_its_own_reminds_by_them(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    digest_done(app)
    ordinary = add_task(session, make_plan(session, body=usual.body, imported_by=usual.chen), usual.lead, due_on=FRIDAY)
    plan.reminder_changes = to_plain({"due_3": RuleChange(days=2), "due_10": RuleChange(is_on=False)})
    own = add_task(session, plan, usual.lead, due_on=FRIDAY)

    heard = {}
    for day in (TUESDAY, WEDNESDAY):
        run(app, day)
        deliver_all(session)
        heard[day] = told(session, day)["li"]

    assert heard == {TUESDAY: {"due_soon": [ordinary.id]}, WEDNESDAY: {"due_soon": [own.id]}}


def test_nobody_is_asked_for_a_report_that_was_made(app: APIFlask, session: Session, usual: Usual, plan: Plan) -> None:
    digest_done(app)
    plan.report_rhythm = PlanRhythm.MONTHLY
    add_task(session, plan, usual.lead, due_on=date(2027, 6, 30))
    session.execute(update(Assignment).values(last_reported_at=datetime(2026, 11, 23, 2, 0, tzinfo=UTC)))
    session.commit()

    run(app, WEDNESDAY)

    assert told(session, WEDNESDAY) == {}


def test_a_request_for_help_that_nobody_answers_is_brought_to_the_supervisors(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    digest_done(app)
    task = add_task(session, plan, usual.lead, due_on=date(2027, 6, 30))
    assignment = session.scalars(select(Assignment)).one()
    reports.report_progress(
        session,
        assignment.id,
        done="已开展摸底",
        help_needed="请市财政局明确资金渠道",
        actor=usual.actor("li"),
        now=datetime(2026, 11, 23, 2, 0, tzinfo=UTC),
        entrance="test",
    )
    session.commit()

    run(app, TUESDAY)

    assert told(session, TUESDAY)["chen"] == {"decide": [task.id]}


def test_a_row_says_who_else_got_it_and_where_its_date_comes_from(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    digest_done(app)
    add_task(session, plan, usual.lead, partners=(usual.partner, usual.other), due_on=WEDNESDAY)

    run(app, WEDNESDAY)

    [mail] = mails(session, person_id=usual.wang.id)
    row = mail.facts["sections"][0]["rows"][0]
    assert row["departments"] == {"lead": ["市发展改革委"], "partner": ["市财政局", "市教育局"]}
    assert (row["department"], row["role"], row["origin"]) == ("市财政局", "partner", "stated")


def test_a_row_says_that_a_submission_came_back_until_it_is_made_again(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    digest_done(app)
    states = {"state": TaskState.IN_PROGRESS, "assignment_state": AssignmentState.IN_PROGRESS}
    tasks = [add_task(session, plan, usual.lead, due_on=FRIDAY, **states) for _ in range(3)]
    now = datetime(2026, 11, 23, 10, tzinfo=ZONE)
    li, chen = ({"actor": usual.actor(who), "now": now, "entrance": "test"} for who in ("li", "chen"))
    for task in tasks[:2]:
        assignment_id = session.scalars(select(Assignment.id).where(Assignment.task_id == task.id)).one()
        assignment_acts.submit(session, assignment_id, **li)
        task_acts.return_task(session, task.id, reason="缺佐证", correct_by=FRIDAY, **chen)
    assignment_acts.submit(session, assignment_id, **li)
    assignment_acts.withdraw(session, assignment_id, **li)
    session.commit()

    run(app, TUESDAY)

    [mail] = mails(session, person_id=usual.li.id, for_day=TUESDAY)
    [section] = mail.facts["sections"]
    assert [(row["task_id"], row["returned_on"]) for row in section["rows"]] == [
        (tasks[0].id, "2026-11-23"),
        (tasks[1].id, None),
        (tasks[2].id, None),
    ]
    text = MailRenderer(paths.TEMPLATES, "http://taskboard.test").render(mail.template, mail.facts).text
    assert text.count("11月23日 被退回，待修改") == 1


def test_what_a_mail_that_never_arrived_said_is_said_in_the_next_one(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    digest_done(app)
    deliver_all(session)
    task = add_task(session, plan, usual.lead, due_on=FRIDAY)
    run(app, TUESDAY)
    session.execute(update(OutboxMessage).where(OutboxMessage.person_id != usual.li.id).values(state=OutboxState.SENT))
    session.commit()

    run(app, WEDNESDAY)

    assert told(session, WEDNESDAY) == {"li": {"due_soon": [task.id]}}
    states = {mail.for_day: mail.state for mail in mails(session, person_id=usual.li.id)}
    assert states[TUESDAY] is OutboxState.EXPIRED
    assert states[WEDNESDAY] is OutboxState.QUEUED


def test_a_mail_whose_fate_is_unknown_is_not_repeated(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    digest_done(app)
    add_task(session, plan, usual.lead, due_on=FRIDAY)
    run(app, TUESDAY)
    session.execute(update(OutboxMessage).values(state=OutboxState.UNKNOWN))
    session.commit()

    run(app, WEDNESDAY)

    assert told(session, WEDNESDAY) == {}


def test_a_round_that_broke_off_is_completed_without_a_second_mail(
    app: APIFlask, session: Session, usual: Usual, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest_done(app)
    task = add_task(session, plan, usual.lead, due_on=WEDNESDAY)
    calls = []

    def break_off_after_the_first(*args: Any, **kwargs: Any) -> set[str]:
        calls.append(1)
        if len(calls) == 2:
            raise OSError("the machine went down")
        return queue_all(*args, **kwargs)

    monkeypatch.setattr("taskboard.jobs.catalogue.MAILS_PER_TRANSACTION", 1)
    monkeypatch.setattr("taskboard.services.digests.queue_all", break_off_after_the_first)
    with pytest.raises(OSError, match="went down"):
        run(app, WEDNESDAY)
    assert len(told(session, WEDNESDAY)) == 1
    assert session.scalars(select(Reminder)).all() == []
    run_state = session.scalars(select(JobRun).order_by(JobRun.id.desc()).limit(1)).one()
    assert run_state.state is JobState.FAILED
    assert "the machine went down" in (run_state.error or "")

    run(app, WEDNESDAY)

    assert told(session, WEDNESDAY) == {"li": {"due_today": [task.id]}, "gao": {"due_today": [task.id]}}


def test_a_deadline_that_is_near_is_read_only_while_something_of_it_is_to_be_told(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    task = add_task(session, plan, usual.lead, due_on=WEDNESDAY)
    digest_done(app)
    run(app, MONDAY)
    calendar = load_calendar(session)

    def read_on(day: date, made_up_from: date | None = None) -> list[int]:
        condition = may_be_due(session, day, calendar=calendar, made_up_from=made_up_from)
        return [item.task_id for item in load_items(session, condition)]

    session.rollback()
    assert read_on(MONDAY) == []
    assert read_on(MONDAY, made_up_from=MONDAY) == [task.id]
    assert read_on(TUESDAY) == [task.id]


def test_everybody_may_see_what_they_are_mailed(app: APIFlask, session: Session, usual: Usual, plan: Plan) -> None:
    office = make_department(session, "市发展改革委能源处", parent=usual.lead)
    section = make_department(session, "市教育局基教科", parent=usual.other)
    make_person(session, "吴科长", (Role.HEAD, section), username="wu")
    for number, (lead, partner) in enumerate(
        [(usual.lead, usual.partner), (office, usual.other), (section, office), (usual.other, section)]
    ):
        add_task(session, plan, lead, partners=(partner,), due_on=MONDAY + timedelta(days=number - 2))
        add_task(
            session,
            plan,
            lead,
            partners=(partner,),
            assignment_state=AssignmentState.SUBMITTED,
            due_on=MONDAY + timedelta(days=number),
        )
    session.execute(update(Assignment).values(submitted_at=datetime(2026, 11, 19, 2, 0, tzinfo=UTC)))
    session.commit()

    run(app, MONDAY)

    seen = 0
    for mail in mails(session):
        actor = load_actor(session, mail.person_id, today=MONDAY)
        parts = [one for part in mail.facts["parts"] for one in part["sections"]]
        for row in (row for one in [*mail.facts["sections"], *parts] for row in one["rows"]):
            assert may_see_task(actor, situation(session, row["task_id"])), (actor.name, row["title"])
            seen += 1
    assert seen > 20


def situation(session: Session, task_id: int) -> TaskSituation:
    task = session.get_one(Task, task_id)
    departments = {one.id: one for one in session.scalars(select(Department))}
    return TaskSituation(
        state=task.state,
        body_path=departments[task.body_id].path,
        assignments=tuple(
            AssignmentSituation(
                id=one.id,
                department_id=one.department_id,
                department_path=departments[one.department_id].path,
                role=one.role,
                state=one.state,
                officer_id=one.officer_id,
            )
            for one in session.scalars(select(Assignment).where(Assignment.task_id == task_id))
        ),
    )
