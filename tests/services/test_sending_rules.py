"""How fast and when mails leave, as an administrator keeps it: over the environment's defaults, at once, on record."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.config import Settings
from taskboard.domain.errors import Invalid, NotAllowed
from taskboard.domain.history import Change
from taskboard.domain.outbox import MailKind
from taskboard.models import HistoryEntry, OutboxMessage, Setting
from taskboard.services.outbox import queue_mail
from taskboard.services.sending_rules import SendingRules, change_rules, kept_rules, version_of_rules
from taskboard.services.settings import effective_settings
from tests.support.factories import Usual, usual_people, writing_by

SETTINGS = Settings(secret_key="x" * 40, instance_dir=Path(), database_url="", mails_per_minute=120, mails_per_hour=900)
USUAL = {"usual_per_minute": 120, "usual_per_hour": 900}
EVENING = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
"""Monday, seven o'clock in the evening in Shanghai"""


@pytest.fixture
def usual(session: Session) -> Usual:
    return usual_people(session)


def keep(session: Session, usual: Usual, rules: SendingRules, *, who: str = "sun") -> bool:
    version = version_of_rules(kept_rules(session))
    return change_rules(session, rules, version=version, **USUAL, **writing_by(usual.actor(who)))


def rates(session: Session) -> tuple[int, int]:
    settings = effective_settings(session, SETTINGS)
    return settings.mails_per_minute, settings.mails_per_hour


def test_the_environment_gives_what_is_not_kept(session: Session, usual: Usual) -> None:
    before = rates(session)
    keep(session, usual, SendingRules(per_minute=30))
    kept = rates(session)
    keep(session, usual, SendingRules())

    assert (before, kept, rates(session)) == ((120, 900), (30, 900), (120, 900))
    assert session.scalars(select(Setting)).all() == []


def test_no_limit_is_a_choice_of_its_own(session: Session, usual: Usual) -> None:
    keep(session, usual, SendingRules(per_minute=0, per_hour=0))

    assert rates(session) == (0, 0)


def test_each_change_is_on_record_once(session: Session, usual: Usual) -> None:
    rules = SendingRules(per_hour=600, opens=time(9), closes=time(17, 30))

    assert [keep(session, usual, rules), keep(session, usual, rules)] == [True, False]

    [entry] = session.scalars(select(HistoryEntry).where(HistoryEntry.act == Change.CHANGED))
    assert entry.after == {"mails_per_hour": 600, "office_opens": "09:00", "office_closes": "17:30"}
    assert kept_rules(session) == rules


def test_a_notice_waits_for_the_hours_that_hold_when_it_is_queued(session: Session, usual: Usual) -> None:
    def queue(key: str, now: datetime) -> datetime:
        queue_mail(
            session,
            key=key,
            kind=MailKind.NOTICE,
            person_id=usual.li.id,
            to_address="li@example.org",
            template="returned",
            facts={},
            now=now,
        )
        query = select(OutboxMessage.next_attempt_at).where(OutboxMessage.key == key)
        return session.scalars(query).one()

    before = queue("before", EVENING)
    keep(session, usual, SendingRules(closes=time(20)))
    after = queue("after", EVENING.replace(minute=1))

    assert before == datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
    assert after == EVENING.replace(minute=1)


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        (SendingRules(per_minute=-1), "per_minute"),
        (SendingRules(per_minute=10_001), "per_minute"),
        (SendingRules(per_hour=500_001), "per_hour"),
        (SendingRules(per_minute=60, per_hour=59), "per_hour"),
        (SendingRules(per_hour=119), "per_hour"),
        (SendingRules(opens=time(5)), "opens"),
        (SendingRules(closes=time(11)), "closes"),
    ],
)
def test_what_makes_no_sense_is_refused(session: Session, usual: Usual, rules: SendingRules, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        keep(session, usual, rules)

    assert refused.value.field == field
    assert kept_rules(session) == SendingRules()


@pytest.mark.parametrize("who", ["li", "chen", "liu"])
def test_only_administrators_keep_them(session: Session, usual: Usual, who: str) -> None:
    with pytest.raises(NotAllowed):
        keep(session, usual, SendingRules(per_minute=30), who=who)
