"""The sender is killed while it hands mails to a real SMTP server: what arrives, how often, and what is known of it."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from taskboard.domain.outbox import MailKind
from taskboard.models import OutboxMessage, Person
from tests.support.smtp import ReceivedMail, SmtpServer, running_smtp_server
from tools.chaos.stage import START_SECONDS, Child, Stage, stage, wait_for
from tools.chaos.table import Row

WAITING = "SELECT count(*) FROM outbox_message WHERE state IN ('queued', 'claimed', 'sending', 'retry')"
FACTS = {
    "person": "李联络",
    "day": "2026-11-23",
    "week": [2026, 48],
    "since": "2026-11-16",
    "is_estimated": False,
    "posts": [{"department": "市教育局", "role": "liaison", "is_stand_in": False}],
    "sections": [],
    "parts": [],
    "notices": [],
    "jobs": None,
}


@dataclass(frozen=True)
class Form:
    mails: int
    kills: int


LONG, SHORT = Form(5000, 100), Form(90, 3)


def queue_mails(play: Stage, many: int) -> None:
    """Half of them notices, half scheduled, in turn; each to an address of its own."""
    now = datetime.now(UTC)
    with Session(play.engine) as session:
        person = Person(username="li", name="李联络", email="li@example.org")
        session.add(person)
        session.flush()
        session.add_all(
            OutboxMessage(
                key=f"chaos:{number}",
                kind=MailKind.MORNING if number % 2 else MailKind.NOTICE,
                person_id=person.id,
                to_address=f"{'scheduled' if number % 2 else 'notice'}-{number}@example.org",
                template="morning",
                facts=FACTS,
                message_id=f"chaos-{number}",
                created_at=now,
                next_attempt_at=now,
            )
            for number in range(many)
        )
        session.commit()


class Trial:
    """Some senders; the one in charge is killed each time some more mails have arrived."""

    def __init__(self, play: Stage, server: SmtpServer, form: Form) -> None:
        self.play, self.server, self.form = play, server, form
        self.children: dict[int, Child] = {}
        for _ in range(3):
            self._add()

    def _add(self) -> None:
        child = self.play.start(
            is_real=("deliver-mail",), smtp_url=self.server.url, heartbeat_seconds=0.2, silence_seconds=1.5
        )
        self.children[child.pid] = child

    def carry_out(self) -> int:
        """How often a sender was killed while there was something to send."""
        kills = 0
        between = self.form.mails // (self.form.kills + 1)
        for number in range(1, self.form.kills + 1):
            wait_for(
                lambda number=number: len(self.server.received) >= number * between or not self._is_waiting(),  # type: ignore[misc]
                seconds=START_SECONDS,
                what="more mails",
            )
            # At another point of the way of a mail each time.
            time.sleep(0.0007 * (number % 17))
            # Right after a kill the lease still names who was killed.
            wait_for(lambda: self.play.leader()[0] in self.children, seconds=60, what="the next sender")
            pid, _ = self.play.leader()
            self.children.pop(pid).kill()
            kills += self._is_waiting()
            self._add()
        wait_for(lambda: not self._is_waiting(), seconds=600, what="the last mail")
        return kills

    def _is_waiting(self) -> bool:
        return bool(self.play.value(WAITING))


def message_id_of(mail: ReceivedMail) -> str:
    """By which the outbox knows a mail that the server took."""
    return str(mail.message["Message-ID"]).strip("<>").partition("@")[0]


def run(kind: str, *, is_short: bool) -> list[Row]:
    form = SHORT if is_short else LONG
    with stage(kind) as play, running_smtp_server() as server:
        queue_mails(play, form.mails)
        trial = Trial(play, server, form)
        kills = trial.carry_out()
        states: dict[str, str] = dict(map(tuple, play.rows("SELECT to_address, state FROM outbox_message")))
    copies = Counter(address for mail in server.received for address in mail.recipients)
    ids = {(mail.recipients, str(mail.message["Message-ID"])) for mail in server.received}
    return [
        _notices(kind, form, copies, states, kills=kills, same_ids=len(ids) == len(copies)),
        _scheduled(kind, copies, states),
    ]


def _notices(kind: str, form: Form, copies: Counter[str], states: dict[str, str], *, kills: int, same_ids: bool) -> Row:
    notices = [address for address in states if address.startswith("notice")]
    lost = sum(copies[address] == 0 or states[address] != "sent" for address in notices)
    most = max(copies[address] for address in notices)
    more = sum(max(0, copies[address] - 1) for address in notices)
    return Row(
        f"{kind}: sender killed ×{kills}, {form.mails} mails: at once",
        "0 lost, ≤ 2 copies, duplicates ≤ kills, same Message-ID",
        f"{lost} lost, {most} copies at most, {more} duplicates, {'same' if same_ids else 'other'} Message-ID",
        lost == 0 and most <= 2 and more <= kills and same_ids and kills == form.kills,
    )


def _scheduled(kind: str, copies: Counter[str], states: dict[str, str]) -> Row:
    scheduled = {address: state for address, state in states.items() if address.startswith("scheduled")}
    twice = sum(copies[address] > 1 for address in scheduled)
    unknown = sum(state == "unknown" for state in scheduled.values())
    sent_and_arrived = sum(state == "sent" and copies[address] == 1 for address, state in scheduled.items())
    return Row(
        f"{kind}: the same: scheduled",
        "0 twice, every one sent or unknown",
        f"{twice} twice, {sent_and_arrived} sent, {unknown} unknown",
        twice == 0 and sent_and_arrived + unknown == len(scheduled),
    )
