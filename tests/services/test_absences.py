"""While somebody is away: whom mornings and notices reach, who may enter it, and what stays on record."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.history import Change, Subject
from taskboard.domain.instructions import Addressee
from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.labels.mails import way_words
from taskboard.models import (
    Assignment,
    HistoryEntry,
    Instruction,
    InstructionDuty,
    OutboxMessage,
    Person,
    PersonAbsence,
    PersonPost,
    Plan,
    Task,
)
from taskboard.services import absences, task_acts
from taskboard.services.absences import AbsenceValues, Ending, add_absence, end_absence, list_absences, list_colleagues
from taskboard.services.calendar import load_calendar
from taskboard.services.plan_reminders import preview
from tests.support.factories import (
    NOW,
    Usual,
    make_person,
    make_plan,
    make_task,
    usual_people,
    writing_by,
)
from tests.support.mornings import FRIDAY, MONDAY, THURSDAY, TUESDAY, WEDNESDAY, deliver_all, run, scheduled, told

TODAY = MONDAY


@pytest.fixture
def usual(session: Session) -> Usual:
    usual = usual_people(session)
    session.commit()
    return usual


@pytest.fixture
def plan(session: Session, usual: Usual) -> Plan:
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    session.commit()
    return plan


@pytest.fixture
def mornings(app: APIFlask, session: Session, usual: Usual) -> APIFlask:
    """The digest of the week is over."""
    run(app, MONDAY)
    deliver_all(session)
    return app


def away(session: Session, person: Person, deputy: Person | None = None, *, to_on: date = FRIDAY) -> int:
    absence = PersonAbsence(person_id=person.id, from_on=TUESDAY, to_on=to_on, deputy_id=deputy.id if deputy else None)
    session.add(absence)
    session.commit()
    return absence.id


def due_on_wednesday(session: Session, plan: Plan, usual: Usual) -> Task:
    task = make_task(session, plan=plan, lead=usual.lead, due_on=WEDNESDAY)
    session.commit()
    return task


def mailed(session: Session, day: date) -> set[str]:
    """Who gets the scheduled mail of the day as a mail."""
    return {name for name, mail in scheduled(session, day).items() if mail.state is not OutboxState.INBOX_ONLY}


# Mornings


def test_the_deputy_gets_the_reminders_and_reads_for_whom(
    mornings: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    task = due_on_wednesday(session, plan, usual)
    away(session, usual.li, usual.gao)

    facts = run(mornings, WEDNESDAY)

    assert facts["without_address"] == 0
    mails = scheduled(session, WEDNESDAY)
    assert told(session, WEDNESDAY) == {"li": {"due_today": [task.id]}, "gao": {"due_today": [task.id]}}
    assert mailed(session, WEDNESDAY) == {"gao"}
    assert way_words(mails["li"].state, mails["li"].to_address) == "按您的设置或外出登记，不发邮件"
    [row] = mails["gao"].facts["sections"][0]["rows"]
    assert row["deputy_for"] == usual.li.name
    assert {"department": usual.lead.name, "role": "liaison", "is_stand_in": False, "deputy_for": usual.li.name} in (
        mails["gao"].facts["posts"]
    )
    assert "deputy_for" not in mails["li"].facts["sections"][0]["rows"][0]


def test_on_the_day_after_the_absence_everything_is_as_before(
    mornings: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    make_task(session, plan=plan, lead=usual.lead, due_on=FRIDAY)
    away(session, usual.li, usual.gao, to_on=THURSDAY)

    run(mornings, FRIDAY)

    assert mailed(session, FRIDAY) == {"li", "gao"}


@pytest.mark.parametrize("why", ["nobody named", "away", "switched off", "post over", "each other"])
def test_without_a_deputy_who_is_there_the_others_of_the_post_hear(
    mornings: APIFlask, session: Session, usual: Usual, plan: Plan, why: str
) -> None:
    second = make_person(session, "孙副职", (Role.LIAISON, usual.lead), username="second")
    make_task(session, plan=plan, lead=usual.lead, assignment_state=AssignmentState.PENDING, issued_at=NOW)
    away(session, usual.li, None if why == "nobody named" else usual.gao)
    if why in ("away", "each other"):
        away(session, usual.gao, usual.li if why == "each other" else second)
    elif why == "switched off":
        usual.gao.is_active = False
    elif why == "post over":
        session.execute(update(PersonPost).where(PersonPost.person_id == usual.gao.id).values(to_on=MONDAY))
    session.commit()

    run(mornings, TUESDAY)

    assert mailed(session, TUESDAY) == {"second"}
    assert told(session, TUESDAY).keys() == {"li", "second"}


def test_where_the_whole_post_is_away_the_supervisors_see_it(
    mornings: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    make_task(session, plan=plan, lead=usual.lead, assignment_state=AssignmentState.PENDING, issued_at=NOW)
    away(session, usual.li)

    run(mornings, TUESDAY)

    assert mailed(session, TUESDAY) == {"chen"}
    [row] = scheduled(session, TUESDAY)["chen"].facts["sections"][0]["rows"]
    assert row["is_vacant"]
    assert told(session, TUESDAY).keys() == {"li", "chen"}


def test_what_nobody_else_could_hear_goes_to_the_mailbox_of_who_is_away(
    mornings: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    make_task(session, plan=plan, lead=usual.lead, assignment_state=AssignmentState.PENDING, issued_at=NOW)
    away(session, usual.li)
    away(session, usual.chen)

    run(mornings, TUESDAY)

    assert mailed(session, TUESDAY) == {"li"}


def test_a_leader_may_be_heard_for_by_a_supervisor_of_the_same_body(
    mornings: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    make_task(session, plan=plan, lead=usual.lead, due_on=FRIDAY - timedelta(days=7))
    away(session, usual.liu, usual.chen)

    run(mornings, WEDNESDAY)

    assert mailed(session, WEDNESDAY) >= {"chen"}
    assert "liu" not in mailed(session, WEDNESDAY)
    rows = [row for one in scheduled(session, WEDNESDAY)["chen"].facts["sections"] for row in one["rows"]]
    assert [row["deputy_for"] for row in rows] == [usual.liu.name]


def test_an_overdue_reply_of_a_department_comes_to_the_deputy(
    mornings: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    instruction = Instruction(plan_id=plan.id, author_id=usual.liu.id, text="请抓紧", given_at=NOW, reply_due_on=MONDAY)
    session.add(instruction)
    session.flush()
    session.add(
        InstructionDuty(
            instruction_id=instruction.id, department_id=usual.lead.id, addressee=Addressee.LEADS, due_on=MONDAY
        )
    )
    away(session, usual.gao, usual.li)

    run(mornings, TUESDAY)

    assert mailed(session, TUESDAY) == {"li"}
    [row] = scheduled(session, TUESDAY)["li"].facts["sections"][0]["rows"]
    assert row["deputy_for"] == usual.gao.name


def test_the_digest_of_who_is_away_stands_in_the_inbox_alone(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    make_task(session, plan=plan, lead=usual.lead, due_on=FRIDAY)
    session.add(PersonAbsence(person_id=usual.li.id, from_on=MONDAY, to_on=MONDAY))
    session.commit()

    run(app, MONDAY)

    assert scheduled(session, MONDAY)["li"].kind is MailKind.WEEKLY_DIGEST
    assert "li" not in mailed(session, MONDAY)
    assert "gao" in mailed(session, MONDAY)


def test_the_preview_of_a_rule_goes_by_who_is_away_on_its_day(session: Session, usual: Usual, plan: Plan) -> None:
    task = make_task(session, plan=plan, lead=usual.lead, due_on=FRIDAY)
    away(session, usual.li, usual.gao, to_on=WEDNESDAY)

    calendar = load_calendar(session)
    lines = preview(session, plan.id, task.id, {}, actor=usual.actor("chen"), today=MONDAY, calendar=calendar)

    people = {one.day: one.people for one in lines if one.rule.code.startswith("due_")}
    assert people[TUESDAY] == [f"{usual.gao.name}（代{usual.li.name}）", usual.gao.name]
    assert people[FRIDAY] == [usual.li.name, usual.gao.name]


# Notices of acts


def notices(session: Session) -> dict[str, OutboxMessage]:
    names = {person.id: person.username for person in session.scalars(select(Person))}
    query = select(OutboxMessage).where(OutboxMessage.kind == MailKind.NOTICE)
    return {names[mail.person_id]: mail for mail in session.scalars(query)}


def submit_and_return(session: Session, usual: Usual, task: Task) -> dict[str, OutboxMessage]:
    """The supervisor returns what the department submitted: its liaison is told."""
    session.execute(update(Assignment).values(state=AssignmentState.SUBMITTED, submitted_at=NOW))
    task.state = TaskState.SUBMITTED
    session.commit()
    by: dict[str, Any] = {"actor": usual.actor("chen"), "now": NOW + timedelta(days=1), "entrance": "test"}
    task_acts.return_task(session, task.id, reason="请补充材料", correct_by=FRIDAY, **by)
    session.commit()
    return notices(session)


def test_a_notice_goes_to_the_deputy_and_into_the_inbox_of_who_is_away(
    session: Session, usual: Usual, plan: Plan
) -> None:
    task = due_on_wednesday(session, plan, usual)
    away(session, usual.li, usual.gao)

    found = submit_and_return(session, usual, task)

    assert {name: mail.state for name, mail in found.items()} == {
        "gao": OutboxState.QUEUED,
        "li": OutboxState.INBOX_ONLY,
    }
    assert found["gao"].facts["posts"][0]["deputy_for"] == usual.li.name


def test_a_notice_nobody_of_the_department_could_hear_goes_to_the_supervisors(
    session: Session, usual: Usual, plan: Plan
) -> None:
    second = make_person(session, "马督查", (Role.SUPERVISOR, usual.body), username="ma")
    task = due_on_wednesday(session, plan, usual)
    away(session, usual.li)

    found = submit_and_return(session, usual, task)

    assert found.keys() == {"ma", "li"}
    assert (found["ma"].state, found["li"].state) == (OutboxState.QUEUED, OutboxState.INBOX_ONLY)
    assert second.id == found["ma"].person_id


def test_what_an_absent_officer_alone_is_told_is_mailed_where_no_deputy_is(
    session: Session, usual: Usual, plan: Plan
) -> None:
    task = due_on_wednesday(session, plan, usual)
    session.execute(update(Assignment).values(officer_id=usual.qian.id))
    away(session, usual.qian)

    found = submit_and_return(session, usual, task)

    assert found["qian"].state is OutboxState.QUEUED


# What is nobody's business


def test_no_deputy_hears_of_a_department_in_which_they_hold_no_post(
    mornings: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    """Li is liaison of another department, too; who hears for the first does not hear of the second."""
    session.add(PersonPost(person_id=usual.li.id, department_id=usual.other.id, role=Role.LIAISON, from_on=MONDAY))
    session.execute(update(PersonPost).where(PersonPost.person_id == usual.zhao.id).values(to_on=MONDAY))
    task = make_task(session, plan=plan, lead=usual.other, due_on=WEDNESDAY)
    away(session, usual.li, usual.gao)

    run(mornings, WEDNESDAY)

    today = {"due_today": [task.id]}
    assert told(session, WEDNESDAY) == {"li": today, "chen": today}
    assert mailed(session, WEDNESDAY) == {"chen"}


@pytest.mark.parametrize("who", ["qian", "wang", "zhao", "chen", "sun", "li"])
def test_a_deputy_has_to_see_what_the_post_sees(session: Session, usual: Usual, who: str) -> None:
    values = AbsenceValues(TUESDAY, FRIDAY, getattr(usual, who).id)

    with pytest.raises(Invalid) as refused:
        add_absence(session, usual.li.id, values, **writing_by(usual.actor("li")))

    assert (refused.value.field, refused.value.problem) == ("deputy", "deputy_unfit")


def test_those_who_see_the_same_are_offered(session: Session, usual: Usual) -> None:
    offered = {
        who: {one.name for one in list_colleagues(session, getattr(usual, who).id, today=TODAY)}
        for who in ("li", "gao", "qian", "liu", "chen", "wang")
    }

    assert offered == {
        "li": {usual.gao.name},
        "gao": {usual.li.name},
        "qian": {usual.li.name, usual.gao.name},
        "liu": {usual.chen.name},
        "chen": set(),
        "wang": set(),
    }


# Entering


@pytest.mark.parametrize("who", ["li", "gao", "sun"])
def test_oneself_the_head_and_administrators_enter_it_on_record(session: Session, usual: Usual, who: str) -> None:
    values = AbsenceValues(TUESDAY, FRIDAY, usual.gao.id, "出差")
    by = writing_by(usual.actor(who))

    add_absence(session, usual.li.id, values, request_key="once", **by)
    add_absence(session, usual.li.id, values, request_key="once", **by)

    [row] = list_absences(session, usual.li.id, today=TODAY)
    assert (row.from_on, row.to_on, row.deputy, row.note) == (TUESDAY, FRIDAY, usual.gao.name, "出差")
    [entry] = session.scalars(select(HistoryEntry).where(HistoryEntry.act == Change.ABSENCE_ADDED))
    assert (entry.subject, entry.subject_id, entry.actor_id) == (
        Subject.PERSON,
        usual.li.id,
        usual.actor(who).person_id,
    )
    assert entry.after == {"from_on": "2026-11-24", "to_on": "2026-11-27", "note": "出差", "deputy": usual.gao.name}


@pytest.mark.parametrize("who", ["qian", "wang", "zhao", "chen", "liu"])
def test_nobody_else_enters_or_ends_it(session: Session, usual: Usual, who: str) -> None:
    absence_id = away(session, usual.li)
    by = writing_by(usual.actor(who))

    with pytest.raises(NotFound):
        add_absence(session, usual.li.id, AbsenceValues(FRIDAY, FRIDAY), **by)
    with pytest.raises(NotFound):
        end_absence(session, usual.li.id, absence_id, **by)


def test_an_absence_is_not_ended_in_the_name_of_somebody_else(session: Session, usual: Usual) -> None:
    absence_id = away(session, usual.wang)

    assert end_absence(session, usual.li.id, absence_id, **writing_by(usual.actor("li"))) is Ending.OVER
    assert session.get(PersonAbsence, absence_id) is not None


def test_days_that_overlap_are_refused_and_the_next_day_is_not(session: Session, usual: Usual) -> None:
    away(session, usual.li, to_on=THURSDAY)
    by = writing_by(usual.actor("li"))

    with pytest.raises(Invalid) as refused:
        add_absence(session, usual.li.id, AbsenceValues(THURSDAY, FRIDAY), **by)
    add_absence(session, usual.li.id, AbsenceValues(FRIDAY, FRIDAY), **by)

    assert refused.value.problem == "absence_overlaps"
    assert len(list_absences(session, usual.li.id, today=TODAY)) == 2


def test_an_absence_that_runs_ends_yesterday_and_one_to_come_is_taken_back(session: Session, usual: Usual) -> None:
    running = PersonAbsence(person_id=usual.li.id, from_on=date(2026, 11, 16), to_on=FRIDAY)
    coming = PersonAbsence(person_id=usual.li.id, from_on=date(2026, 12, 7), to_on=date(2026, 12, 8))
    session.add_all([running, coming])
    session.flush()
    coming_id = coming.id

    endings = [
        end_absence(session, usual.li.id, absence_id, **writing_by(usual.actor("li")))
        for absence_id in (running.id, coming_id, running.id, coming_id)
    ]

    assert endings == [Ending.ENDED, Ending.CANCELLED, Ending.OVER, Ending.OVER]
    assert running.to_on == date(2026, 11, 22)
    assert session.get(PersonAbsence, coming_id) is None
    assert absences.away_today(session, [usual.li.id], today=TODAY) == {}
    entries = session.scalars(select(HistoryEntry).where(HistoryEntry.act == Change.ABSENCE_ENDED)).all()
    assert len(entries) == 2


def test_a_deputy_who_has_left_is_marked(session: Session, usual: Usual) -> None:
    away(session, usual.li, usual.gao)
    usual.gao.is_active = False
    session.flush()

    assert [one.is_deputy_gone for one in list_absences(session, usual.li.id, today=TODAY)] == [True]
