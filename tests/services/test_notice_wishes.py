"""How people want notices: what is duty cannot be chosen, what is put off comes with one morning mail."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard import paths
from taskboard.domain.history import Change, Subject
from taskboard.domain.local_time import ZONE
from taskboard.domain.notice_kinds import NOTICES, NoticeWish, Stream, leave_token, read_leave_token
from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.labels.notices import NOTICE_WORDS
from taskboard.models import HistoryEntry, OutboxMessage, Person
from taskboard.services.notice_wishes import Wishes, leave, set_wishes
from taskboard.services.outbox import queue_mail
from tests.support.factories import NOW, Usual, make_plan, make_task, usual_people
from tests.support.mornings import (
    FRIDAY,
    MONDAY,
    NEXT_MONDAY,
    TUESDAY,
    WEDNESDAY,
    deliver_all,
    parts_of,
    run,
    scheduled,
)

SECRET = "a secret key of some length for tests"


@pytest.fixture
def usual(session: Session) -> Usual:
    usual = usual_people(session)
    session.commit()
    return usual


def wish(session: Session, person: Person, notices: NoticeWish, *, digest: bool = True) -> None:
    session.rollback()
    set_wishes(session, person.id, Wishes(notices, digest), now=NOW, entrance="test")
    session.commit()


def notify(session: Session, person: Person, template: str = "accepted", *, key: str = "act:1") -> OutboxMessage:
    session.rollback()
    queue_mail(
        session,
        key=key,
        kind=MailKind.NOTICE,
        person_id=person.id,
        to_address=person.email,
        template=template,
        facts={"task": {"title": "压减审批时限"}, "path": "/tasks/1", "plan": "工作要点", "reason": None},
        now=NOW,
    )
    session.commit()
    return session.scalars(select(OutboxMessage).where(OutboxMessage.key == key)).one()


def told_notices(mail: OutboxMessage) -> list[str]:
    return [one["template"] for one in mail.facts["notices"]]


@pytest.mark.parametrize(
    ("chosen", "state"),
    [
        (NoticeWish.AT_ONCE, OutboxState.QUEUED),
        (NoticeWish.MORNING, OutboxState.PUT_OFF),
        (NoticeWish.NONE, OutboxState.INBOX_ONLY),
    ],
)
def test_a_personal_notice_comes_as_it_is_wanted(
    session: Session, usual: Usual, chosen: NoticeWish, state: OutboxState
) -> None:
    wish(session, usual.li, chosen)

    assert notify(session, usual.li).state is state


@pytest.mark.parametrize("template", ["issued", "reminded", "ordered", "returned", "invitation", "reset"])
def test_duty_goes_out_whatever_somebody_wants(session: Session, usual: Usual, template: str) -> None:
    wish(session, usual.li, NoticeWish.NONE, digest=False)

    assert notify(session, usual.li, template).state is OutboxState.QUEUED


def test_what_was_put_off_stands_in_one_morning_mail_and_in_no_other(
    app: APIFlask, session: Session, usual: Usual
) -> None:
    run(app, MONDAY)
    wish(session, usual.li, NoticeWish.MORNING)
    notice = notify(session, usual.li)

    run(app, TUESDAY)
    deliver_all(session)
    run(app, WEDNESDAY)

    mail = scheduled(session, TUESDAY)["li"]
    assert (mail.kind, told_notices(mail)) == (MailKind.MORNING, ["accepted"])
    assert scheduled(session, WEDNESDAY) == {}
    session.refresh(notice)
    assert (notice.state, notice.told_in_id) == (OutboxState.TOLD, mail.id)


def test_it_comes_with_what_the_mail_says_anyway(app: APIFlask, session: Session, usual: Usual) -> None:
    run(app, MONDAY)
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    make_task(session, plan=plan, lead=usual.lead, due_on=TUESDAY)
    session.commit()
    wish(session, usual.li, NoticeWish.MORNING)
    notify(session, usual.li)

    run(app, TUESDAY)

    mail = scheduled(session, TUESDAY)["li"]
    assert [one["code"] for one in mail.facts["sections"]] == ["due_today"]
    assert told_notices(mail) == ["accepted"]
    assert told_notices(scheduled(session, TUESDAY)["gao"]) == []


@pytest.mark.parametrize("later", [NoticeWish.AT_ONCE, NoticeWish.NONE])
def test_what_was_put_off_is_told_though_something_else_is_wanted_meanwhile(
    app: APIFlask, session: Session, usual: Usual, later: NoticeWish
) -> None:
    run(app, MONDAY)
    wish(session, usual.li, NoticeWish.MORNING)
    notify(session, usual.li)
    wish(session, usual.li, later)

    run(app, TUESDAY)

    assert told_notices(scheduled(session, TUESDAY)["li"]) == ["accepted"]


@pytest.mark.parametrize(
    ("fate", "is_told_again"),
    [
        (OutboxState.DEAD, True),
        (OutboxState.EXPIRED, True),
        (OutboxState.QUEUED, True),
        (OutboxState.SENT, False),
        (OutboxState.UNKNOWN, False),
    ],
)
def test_it_is_told_again_only_where_the_mail_that_told_it_did_not_arrive(
    app: APIFlask, session: Session, usual: Usual, fate: OutboxState, is_told_again: bool
) -> None:
    run(app, MONDAY)
    wish(session, usual.li, NoticeWish.MORNING)
    notify(session, usual.li)
    run(app, TUESDAY)
    session.rollback()
    session.execute(update(OutboxMessage).where(OutboxMessage.for_day == TUESDAY).values(state=fate))
    session.commit()

    run(app, WEDNESDAY)
    deliver_all(session)
    run(app, FRIDAY)

    again = scheduled(session, WEDNESDAY)
    assert [told_notices(mail) for mail in again.values()] == ([["accepted"]] if is_told_again else [])
    assert scheduled(session, FRIDAY) == {}


def test_running_the_morning_again_tells_nothing_twice(app: APIFlask, session: Session, usual: Usual) -> None:
    run(app, MONDAY)
    wish(session, usual.li, NoticeWish.MORNING)
    notify(session, usual.li)
    run(app, TUESDAY)
    notify(session, usual.li, "closed", key="act:2")

    run(app, TUESDAY)

    assert told_notices(scheduled(session, TUESDAY)["li"]) == ["accepted"]
    run(app, WEDNESDAY)
    assert told_notices(scheduled(session, WEDNESDAY)["li"]) == ["accepted", "closed"]


def test_who_wants_no_digest_is_still_told_what_is_long_overdue_and_supervisors_read_theirs(
    app: APIFlask, session: Session, usual: Usual
) -> None:
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    make_task(session, plan=plan, lead=usual.lead, due_on=MONDAY - timedelta(days=60))
    make_task(session, plan=plan, lead=usual.partner, due_on=NEXT_MONDAY + timedelta(days=4))
    session.commit()
    run(app, MONDAY)
    deliver_all(session)
    for person in (usual.li, usual.wang, usual.chen, usual.liu):
        wish(session, person, NoticeWish.AT_ONCE, digest=False)

    run(app, NEXT_MONDAY)

    found = scheduled(session, NEXT_MONDAY)
    assert {name: list(parts_of(mail)) for name, mail in found.items()} == {
        "li": ["work"],
        "gao": ["work"],
        "chen": ["supervisor"],
    }
    assert list(parts_of(found["li"])["work"]) == ["lasting"]
    assert [name for name, mail in found.items() if mail.facts["is_optional"]] == ["gao"]


def test_a_choice_is_on_the_trail_and_the_same_choice_again_is_not(session: Session, usual: Usual) -> None:
    wish(session, usual.li, NoticeWish.MORNING)
    wish(session, usual.li, NoticeWish.MORNING)

    [entry] = session.scalars(select(HistoryEntry).where(HistoryEntry.subject == Subject.ACCOUNT))
    assert (entry.act, entry.actor_id, entry.subject_id) == (Change.CHANGED, usual.li.id, usual.li.id)
    assert (entry.before, entry.after) == ({"notice_wish": "at_once"}, {"notice_wish": "morning"})


def test_leaving_twice_is_leaving_once(session: Session, usual: Usual) -> None:
    moment = datetime(2026, 11, 23, 10, tzinfo=ZONE)

    first = leave(session, usual.li.id, Stream.NOTICES, now=moment, entrance="mail")
    second = leave(session, usual.li.id, Stream.NOTICES, now=moment, entrance="mail")

    assert (first, second) == (True, False)
    assert session.get_one(Person, usual.li.id).notice_wish is NoticeWish.NONE


def test_every_notice_has_its_class_its_words_and_its_template() -> None:
    folders = {folder.name for folder in Path(paths.TEMPLATES, "mail").iterdir() if folder.is_dir()}
    scheduled_kinds = {MailKind.MORNING.value, MailKind.WEEKLY_DIGEST.value}

    assert set(NOTICES) == set(NOTICE_WORDS) == folders - scheduled_kinds


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token.replace("7.", "8.", 1),
        lambda token: token.replace("notices", "digest"),
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token + "A",
        lambda token: token.replace(".", "", 1),
        lambda _: "",
        lambda _: "7.notices.",
        lambda token: "９" + token,
    ],
)
def test_a_link_that_was_changed_is_none(change: Any) -> None:
    token = leave_token(SECRET, 7, Stream.NOTICES)

    assert read_leave_token(SECRET, token) == (7, Stream.NOTICES)
    assert read_leave_token(SECRET, change(token)) is None
    assert read_leave_token(SECRET + "!", token) is None
